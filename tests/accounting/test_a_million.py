"""A million planned iterations: completed + interrupted + dropped is a million, however the run goes and ends."""

import textwrap
from functools import partial

import pytest

from surgeline.errors import ExitCode
from surgeline.run import RunOptions, run_plan
from surgeline.script.plan import Overrides
from surgeline.workers.recipe import script_plan

MILLION = 1_000_000
IMPORTS = "import asyncio, os, signal\nfrom surgeline import *\n"

STEADY = """
    @scenario(constant_arrival_rate(rate=250_000, duration="4s", max_vus=100))
    async def steady(vu): ...
"""
ALL_TAKEN = """
    @scenario(shared_iterations(vus=100, iterations=1_000_000))
    async def all_taken(vu): ...
"""
OVERLOAD = """
    @scenario(ramping_arrival_rate(start_rate=0, stages=[("1s", 2_000_000)], max_vus=50), graceful_stop=0.05)
    async def overload(vu):
        await vu.sleep(0.01 if vu.scenario_iteration % 10 else 1000)
"""
ABORT = """
    @scenario(constant_arrival_rate(rate=1_000_000, duration="1s", max_vus=500))
    async def aborts(vu):
        if vu.scenario_iteration == 2_000:
            abort("that is enough")
        await vu.sleep(0.02)
"""
SIGINT = """
    @scenario(per_vu_iterations(vus=1_000, iterations=1_000), graceful_stop=0.05)
    async def stopped(vu):
        if vu.scenario_iteration == 5_000:
            os.kill(os.getpid(), signal.SIGINT)
        await vu.sleep(0.001 if vu.number > 10 else 1000)
"""
WORKER_KILLED = """
    @scenario(constant_arrival_rate(rate=250_000, duration="4s", max_vus=1_000))
    async def killed(vu):
        if vu.number == 2 and vu.elapsed > 2.2:
            os.kill(os.getpid(), signal.SIGKILL)
        await vu.sleep(0.05)
"""


def run(folder, text, workers=1):
    path = folder / "script.py"
    path.write_text(IMPORTS + textwrap.dedent(text))
    recipe = partial(script_plan, path, {}, {}, Overrides())
    return run_plan(recipe(), RunOptions(lambda _: None, lambda _: None, workers=workers, recipe=recipe))


@pytest.mark.parametrize(
    ("text", "workers", "code", "interrupted", "dropped"),
    [
        pytest.param(STEADY, 1, None, False, None, id="steady"),
        pytest.param(ALL_TAKEN, 1, ExitCode.PASSED, False, False, id="all taken"),
        pytest.param(OVERLOAD, 1, None, True, True, id="overload"),
        pytest.param(ABORT, 1, ExitCode.ABORTED, True, True, id="abort"),
        pytest.param(SIGINT, 1, ExitCode.STOPPED_BY_SIGNAL, True, True, id="SIGINT"),
        pytest.param(OVERLOAD, 2, None, True, True, id="overload of two workers"),
        pytest.param(WORKER_KILLED, 2, ExitCode.INCONCLUSIVE, True, True, id="worker killed"),
    ],
)
def test_every_planned_iteration_is_accounted_for(tmp_path, text, workers, code, interrupted, dropped):
    report = run(tmp_path, text, workers)

    metrics = report.result.metrics
    counts = [metrics.value(f"{name}iterations") for name in ("", "interrupted_", "dropped_")]
    completed, broken_off, never_started = (0 if value is None else int(value.stat("count")) for value in counts)
    assert completed + broken_off + never_started == MILLION
    assert completed > 0
    assert code in (None, report.exit_code)
    assert interrupted is (broken_off > 0)
    assert dropped in (None, never_started > 0)
