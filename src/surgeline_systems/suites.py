"""Runs the load suites of a system that is up.

It must not know the load generator, only a callable that runs a script.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from surgeline import ExitCode
from surgeline_systems.stands import Stand
from surgeline_systems.system import Bench, RunScript, Suite, System

STOPPED_BY_SIGNAL = ExitCode.STOPPED_BY_SIGNAL
SEVERITY = (
    ExitCode.PASSED,
    ExitCode.INCONCLUSIVE,
    ExitCode.THRESHOLDS_FAILED,
    ExitCode.ABORTED,
    ExitCode.SETUP_FAILED,
    ExitCode.WRONG_INPUT,
    ExitCode.STOPPED_BY_SIGNAL,
)
"""Exit codes from good to bad. Any other is a defect, and worse than all of them."""

Options = Mapping[str, object]
Planned = tuple[Suite, Mapping[str, str], Options]
"""A suite, the values that its script is given by `-e`, and other options."""


def run_suites(system: System, planned: Sequence[Planned], stand: Stand, run_script: RunScript) -> dict[str, int]:
    """Run suites one after the other, each from the same data, until a signal stops one; gives their exit codes."""
    codes: dict[str, int] = {}
    for suite, values, options in planned:
        stand.put_back()
        told = {
            "env": tuple(f"{name}={value}" for name, value in {**suite.values, **stand.sizes, **values}.items()),
            **options,
        }
        bench = Bench(
            base_url=stand.base_url,
            run_script=run_script,
            options=told,
            urls=stand.urls,
            restarted=stand.restarted,
            put_back=stand.put_back,
        )
        codes[suite.name] = run_suite(system, suite, bench)
        if codes[suite.name] == STOPPED_BY_SIGNAL:
            break
    return codes


def run_suite(system: System, suite: Suite, bench: Bench) -> int:
    """Run a suite as it wants to be run; gives its exit code."""
    return suite.conduct(system, suite, bench) if suite.conduct else run_once(system, suite, bench)


def run_once(system: System, suite: Suite, bench: Bench, options: Options | None = None) -> int:
    """Run the script of a suite; `options` go over those of the bench. Gives the exit code."""
    chosen = {"scenario": (suite.scenario,)} if suite.scenario else {}
    told = {"base_url": bench.base_url, **chosen, **bench.options, **(options or {})}
    _forget_declarations(system)
    with _environment({**bench.urls, "BASE_URL": bench.base_url}):
        return bench.run_script(system.script(suite), f"{system.name}: {suite.name}", told)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Scripts, and the processes that run them, read URLs with passwords from here: nothing stores it."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _forget_declarations(system: System) -> None:
    """Let the next script import anew what declares: to it belong metrics and values, as in a process of its own."""
    for module in list(sys.modules):
        if module == f"{system.package}.seeds" or f"{module}.".startswith(f"{system.package}.load."):
            del sys.modules[module]


def worst(codes: Iterable[int]) -> int:
    """The exit code that stands for all of them."""
    return max(codes, key=lambda code: SEVERITY.index(code) if code in SEVERITY else len(SEVERITY))
