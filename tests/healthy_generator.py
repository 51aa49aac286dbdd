"""A generator that keeps up, however slow or disturbed the machine is, so that a test's load comes to what was planned.

No verdict speaks of the machine, and no start is dropped because it is too late. As a program it is the command line
so: `python tests/healthy_generator.py run script.py`. Must not know which test uses it. What the generator's limits do
is tested with made-up health, and with the fixture `real_limits` by loads that no machine can keep up with.
"""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

from surgeline import collect
from surgeline.engine.executors import arrivals
from surgeline.judge.verdict import judge

COMMAND = (sys.executable, str(Path(__file__).resolve()))
"""How a child process begins that is to be the command line."""
_TEN_MINUTES_NS = 600_000_000_000


def keep_up(assign=setattr):
    """Let the loads of this process be those of such a generator; `assign(module, name, value)` does it."""
    assign(collect, "judge", _judge_as_healthy)
    assign(arrivals, "_LAST_CALL_NS", _TEN_MINUTES_NS)


def _judge_as_healthy(results, health, p50_ms, **more):
    healthy = replace(health, loop_busy=0.0, saturated_seconds=0.0, lateness_p99_ms=0.0)
    return judge(results, healthy, p50_ms, **more)


if __name__ == "__main__":
    keep_up()
    sys.path[0] = str(Path.cwd())  # as with `-m`
    runpy.run_module("surgeline", run_name="__main__", alter_sys=True)
