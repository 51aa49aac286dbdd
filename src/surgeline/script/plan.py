"""What a script says, as frozen data: the plan that a run carries out. And how the command line changes one."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from surgeline.data.drawing import Pool
from surgeline.engine.executors import (
    ConstantArrivalRate,
    ConstantVUs,
    ExternallyControlled,
    PerVUIterations,
    SharedIterations,
)
from surgeline.engine.executors.arrivals import ArrivalRate
from surgeline.engine.flow import DeclaredFlow
from surgeline.engine.scenario import Executor, Hook, Scenario
from surgeline.errors import OptionError, ThresholdError
from surgeline.judge.grammar import Threshold
from surgeline.judge.plan_checks import Target, check_targets, check_warm_up
from surgeline.metrics.names import Metric
from surgeline.protocols.http.options import HttpOptions
from surgeline.schedule.numbers import DEFAULT_MAX_VUS
from surgeline.script.setting import EnvValue, Setting

DEFAULT_MAX_DURATION_NS = 600_000_000_000
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TestPlan:
    """A whole test, ready to run."""

    title: str
    scenarios: tuple[Scenario, ...]
    thresholds: tuple[Threshold, ...] = ()
    setup: Hook | None = None
    teardown: Hook | None = None
    summary: Callable[..., Any] | None = None
    """What adds to the summary when all is over."""
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    """Those of the script's own."""
    flows: tuple[DeclaredFlow, ...] = ()
    path: Path | None = None
    text: str = ""
    """The script's; empty where there is none."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """What `env` reads while the plan is carried out."""
    env_values: tuple[EnvValue, ...] = ()
    """What `env` returned while the script was loaded."""
    options: Mapping[str, Setting] = field(default_factory=dict)
    """What the script declared by `options`."""
    http: HttpOptions = field(default_factory=HttpOptions)
    """What the script declared by `http_options`."""
    pools: tuple[Pool[Any], ...] = ()
    """Those that were made while the script was loaded."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says instead of the script; None leaves the script's."""

    scenarios: tuple[str, ...] = ()
    vus: int | None = None
    duration_ns: int | None = None
    iterations: int | None = None
    rate: int | None = None
    base_url: str | None = None
    default_base_url: str | None = None
    """For scenarios that have none."""
    tags: Mapping[str, str] = field(default_factory=dict)
    no_thresholds: bool = False
    names: Callable[[str], str] = "--{}".format
    """Returns who gave an option, as an error about it begins."""

    @property
    def changes_load(self) -> bool:
        """Is the load another than the script says?"""
        return any(one is not None for one in (self.vus, self.duration_ns, self.iterations, self.rate))


def apply_overrides(plan: TestPlan, overrides: Overrides) -> TestPlan:
    """Return the plan with the command line's options over the script's.

    Raises OptionError where they do not fit, ThresholdError where a threshold could never be judged.
    """
    scenarios = [
        replace(
            scenario,
            executor=_override(scenario.name, scenario.executor, overrides),
            base_url=overrides.base_url or scenario.base_url or overrides.default_base_url,
        )
        for scenario in _selected(plan.scenarios, overrides)
    ]
    thresholds = () if overrides.no_thresholds else _still_judged(plan, scenarios)
    try:
        _refuse_hopeless(thresholds, scenarios)
    except ThresholdError as error:
        advice = "; --no-thresholds runs without judging" if overrides.changes_load else ""
        raise ThresholdError(f"{error}{advice}") from None
    return replace(
        plan,
        scenarios=tuple(scenarios),
        thresholds=thresholds,
        tags={**plan.tags, **overrides.tags},
    )


def _still_judged(plan: TestPlan, scenarios: Sequence[Scenario]) -> tuple[Threshold, ...]:
    """Leave out the thresholds of scenarios that were not selected."""
    gone = {scenario.name for scenario in plan.scenarios} - {scenario.name for scenario in scenarios}
    return tuple(one for one in plan.thresholds if dict(one.selector.tags).get("scenario") not in gone)


def _refuse_hopeless(thresholds: tuple[Threshold, ...], scenarios: Sequence[Scenario]) -> None:
    """Raise ThresholdError for thresholds that this plan could never meet or miss."""
    check_targets(thresholds, {scenario.name: _target(scenario.executor) for scenario in scenarios})
    ends = [(one.start_ns, one.executor.planned_ns) for one in scenarios]
    known = [start + planned for start, planned in ends if planned is not None]
    if len(known) == len(ends):
        check_warm_up(thresholds, max(known))


def _target(executor: Executor) -> Target:
    if executor.rate_over_time() is not None:
        return Target.SCHEDULE
    return Target.NONE if executor.planned_iterations is None else Target.TOTAL


def _selected(scenarios: tuple[Scenario, ...], overrides: Overrides) -> list[Scenario]:
    chosen = overrides.scenarios
    known = [scenario.name for scenario in scenarios]
    for name in chosen:
        if name not in known:
            raise OptionError(f"{overrides.names('scenario')}: expected one of {', '.join(known)}, found {name!r}")
    return [scenario for scenario in scenarios if not chosen or scenario.name in chosen]


def _override(name: str, executor: Executor, options: Overrides) -> Executor:
    if isinstance(executor, ExternallyControlled):
        executor, options = _controlled(executor, options)
    if options.rate is not None:
        return _as_rate(executor, options)
    if options.iterations is not None:
        return _as_iterations(executor, options)
    if options.vus is not None and options.duration_ns is not None:
        return ConstantVUs(options.vus, options.duration_ns)
    if options.duration_ns is not None:
        return _with_duration(name, executor, options.duration_ns, options.names("duration"))
    if options.vus is not None:
        return _with_vus(name, executor, options.vus, options.names("vus"))
    return executor


def _controlled(executor: ExternallyControlled, options: Overrides) -> tuple[ExternallyControlled, Overrides]:
    """Take what the control begins with; return what is left, for which it is no longer under control."""
    if options.iterations is not None:
        return executor, options
    if executor.rate is not None and options.rate is not None:
        max_vus, duration_ns = options.vus or executor.max_vus, options.duration_ns or executor.duration_ns
        executor = replace(executor, rate=options.rate, max_vus=max_vus, duration_ns=duration_ns)
        return executor, replace(options, rate=None, vus=None, duration_ns=None)
    if executor.vus is not None and options.vus is not None and options.rate is None:
        if options.vus > executor.max_vus:
            given = options.names("vus")
            raise OptionError(f"{given}: expected at most its max_vus ({executor.max_vus:,}), found {options.vus:,}")
        executor = replace(executor, vus=options.vus, duration_ns=options.duration_ns or executor.duration_ns)
        return executor, replace(options, vus=None, duration_ns=None)
    return executor, options


def _as_rate(executor: Executor, options: Overrides) -> Executor:
    if options.iterations is not None:
        both = f"{options.names('rate')} and {options.names('iterations')}"
        raise OptionError(f"{both}: expected one of them, found both")
    assert options.rate is not None
    duration_ns = options.duration_ns or executor.planned_ns or 10 * SECOND_NS
    if isinstance(executor, ArrivalRate):
        max_vus = options.vus or executor.max_vus
        return ConstantArrivalRate(options.rate, SECOND_NS, duration_ns, 0, max_vus, executor.arrivals)
    return ConstantArrivalRate(options.rate, SECOND_NS, duration_ns, 0, options.vus or DEFAULT_MAX_VUS)


def _as_iterations(executor: Executor, options: Overrides) -> Executor:
    assert options.iterations is not None
    vus = min(options.vus or executor.max_vus, options.iterations)
    return SharedIterations(vus, options.iterations, options.duration_ns or DEFAULT_MAX_DURATION_NS)


def _with_duration(name: str, executor: Executor, duration_ns: int, given: str) -> Executor:
    if isinstance(executor, SharedIterations | PerVUIterations):
        return replace(executor, max_duration_ns=duration_ns)
    if isinstance(executor, ConstantVUs | ConstantArrivalRate | ExternallyControlled):
        return replace(executor, duration_ns=duration_ns)
    raise OptionError(
        f"{given}: scenario {name!r} runs {executor.describe()}, each with a duration of its own; expected --vus or "
        "--rate beside --duration (to run it at one level), or other stages in the script"
    )


def _with_vus(name: str, executor: Executor, vus: int, given: str) -> Executor:
    if isinstance(executor, ConstantVUs | SharedIterations | PerVUIterations):
        return replace(executor, vus=vus)
    raise OptionError(
        f"{given}: scenario {name!r} runs {executor.describe()}; expected --duration beside --vus (to run it with "
        "constant_vus), or --rate"
    )
