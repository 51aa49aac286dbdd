"""What a script says, as frozen data: the plan that a run carries out. And how the command line changes one."""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from surgeline.engine.executors import ConstantArrivalRate, ConstantVUs, SharedIterations
from surgeline.engine.scenario import Executor, Scenario
from surgeline.errors import OptionError
from surgeline.judge.grammar import Threshold

DEFAULT_MAX_DURATION_NS = 600_000_000_000
DEFAULT_MAX_VUS = 10_000
SECOND_NS = 1_000_000_000

Hook = Callable[..., Awaitable[Any] | Any]


@dataclass(frozen=True, slots=True)
class TestPlan:
    """A whole test, ready to run."""

    title: str
    scenarios: tuple[Scenario, ...]
    thresholds: tuple[Threshold, ...] = ()
    setup: Hook | None = None
    teardown: Hook | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """What `env` reads while the plan is carried out."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says instead of the script; None leaves the script's."""

    scenarios: tuple[str, ...] = ()
    vus: int | None = None
    duration_ns: int | None = None
    iterations: int | None = None
    rate: int | None = None
    base_url: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    no_thresholds: bool = False


def apply_overrides(plan: TestPlan, overrides: Overrides) -> TestPlan:
    """Return the plan with the command line's options over the script's. Raises OptionError where they do not fit."""
    scenarios = [
        replace(
            scenario,
            executor=_override(scenario.name, scenario.executor, overrides),
            base_url=overrides.base_url or scenario.base_url,
        )
        for scenario in _selected(plan.scenarios, overrides.scenarios)
    ]
    return replace(
        plan,
        scenarios=tuple(scenarios),
        thresholds=() if overrides.no_thresholds else plan.thresholds,
        tags={**plan.tags, **overrides.tags},
    )


def _selected(scenarios: tuple[Scenario, ...], chosen: tuple[str, ...]) -> list[Scenario]:
    known = [scenario.name for scenario in scenarios]
    for name in chosen:
        if name not in known:
            raise OptionError(f"--scenario: expected one of {', '.join(known)}, found {name!r}")
    return [scenario for scenario in scenarios if not chosen or scenario.name in chosen]


def _override(name: str, executor: Executor, options: Overrides) -> Executor:
    if options.rate is not None:
        return _as_rate(executor, options)
    if options.iterations is not None:
        return _as_iterations(executor, options)
    if options.vus is not None and options.duration_ns is not None:
        return ConstantVUs(options.vus, options.duration_ns)
    if options.duration_ns is not None:
        return _with_duration(executor, options.duration_ns)
    if options.vus is not None:
        return _with_vus(name, executor, options.vus)
    return executor


def _as_rate(executor: Executor, options: Overrides) -> Executor:
    if options.iterations is not None:
        raise OptionError("--rate and --iterations: expected one of them, found both")
    assert options.rate is not None
    max_vus = options.vus or (executor.max_vus if isinstance(executor, ConstantArrivalRate) else DEFAULT_MAX_VUS)
    duration_ns = options.duration_ns or executor.planned_ns or 10 * SECOND_NS
    return ConstantArrivalRate(options.rate, SECOND_NS, duration_ns, 0, max_vus)


def _as_iterations(executor: Executor, options: Overrides) -> Executor:
    assert options.iterations is not None
    vus = min(options.vus or executor.max_vus, options.iterations)
    return SharedIterations(vus, options.iterations, options.duration_ns or DEFAULT_MAX_DURATION_NS)


def _with_duration(executor: Executor, duration_ns: int) -> Executor:
    if isinstance(executor, SharedIterations):
        return replace(executor, max_duration_ns=duration_ns)
    assert isinstance(executor, ConstantVUs | ConstantArrivalRate)
    return replace(executor, duration_ns=duration_ns)


def _with_vus(name: str, executor: Executor, vus: int) -> Executor:
    if isinstance(executor, ConstantArrivalRate):
        raise OptionError(
            f"--vus: scenario {name!r} starts {executor.describe()}; expected --duration beside --vus (to run it with "
            "constant_vus), or --rate"
        )
    assert isinstance(executor, ConstantVUs | SharedIterations)
    return replace(executor, vus=vus)
