"""Executors as scripts write them: options checked and turned into nanoseconds."""

from collections.abc import Sequence

from surgeline.engine.executors import (
    ConstantArrivalRate,
    ConstantVUs,
    ExternallyControlled,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    SharedIterations,
)
from surgeline.engine.executors.arrivals import Process
from surgeline.errors import OptionError
from surgeline.schedule.duration import parse_duration
from surgeline.schedule.numbers import DEFAULT_MAX_VUS, MOST_RATE, MOST_VUS, whole
from surgeline.schedule.stages import Stage, length_ns
from surgeline.script.explained import explained

MOST_ITERATIONS = 10**12
Stages = Sequence[tuple[str | float, int]]
"""Pairs of a duration and the target to reach in it: `[("30s", 100), ("1m", 0)]`."""


@explained("constant_vus")
def constant_vus(*, vus: int = 1, duration: str | float) -> ConstantVUs:
    """`vus` virtual users iterate for `duration`. k6's `constant-vus`.

    Raises OptionError for fewer than one user or a duration of nothing.
    """
    return ConstantVUs(whole(vus, "vus", 1, MOST_VUS), positive_duration(duration, "duration"))


@explained("ramping_vus")
def ramping_vus(*, start_vus: int = 1, stages: Stages, graceful_ramp_down: str | float = "30s") -> RampingVUs:
    """As many virtual users iterate as the `stages` say, from `start_vus` in a straight line from target to target.

    `stages=[("30s", 100), ("1m", 0)]`: up to 100 users in 30 s, down to none in a minute; a stage of no duration is a
    jump. The user that started last is the first to go: its iteration has `graceful_ramp_down` to end, then it is
    interrupted. k6's `ramping-vus`. Raises OptionError for stages without a duration, or without a user.
    """
    start_vus = whole(start_vus, "start_vus", 0, MOST_VUS)
    ramp = RampingVUs(start_vus, _stages(stages, MOST_VUS), parse_duration(graceful_ramp_down, "graceful_ramp_down"))
    if not ramp.max_vus:
        raise OptionError("stages: expected start_vus or a target above 0, found 0 everywhere: no user would run")
    return ramp


@explained("shared_iterations")
def shared_iterations(*, vus: int = 1, iterations: int = 1, max_duration: str | float = "10m") -> SharedIterations:
    """`vus` virtual users share `iterations`; those not started after `max_duration` are dropped.

    k6's `shared-iterations`. Raises OptionError for fewer iterations than users.
    """
    vus = whole(vus, "vus", 1, MOST_VUS)
    if whole(iterations, "iterations", 1, MOST_ITERATIONS) < vus:
        raise OptionError(f"iterations: expected at least as many as there are vus ({vus}), found {iterations}")
    return SharedIterations(vus, iterations, positive_duration(max_duration, "max_duration"))


@explained("per_vu_iterations")
def per_vu_iterations(*, vus: int = 1, iterations: int = 1, max_duration: str | float = "10m") -> PerVUIterations:
    """Each of `vus` virtual users makes `iterations`; those not started after `max_duration` are dropped.

    k6's `per-vu-iterations`. Raises OptionError for fewer than one of either.
    """
    return PerVUIterations(
        whole(vus, "vus", 1, MOST_VUS),
        whole(iterations, "iterations", 1, MOST_ITERATIONS),
        positive_duration(max_duration, "max_duration"),
    )


@explained("constant_arrival_rate")
def constant_arrival_rate(
    *,
    rate: int,
    duration: str | float,
    time_unit: str | float = "1s",
    pre_allocated_vus: int = 0,
    max_vus: int | None = None,
    arrivals: Process = "constant",
) -> ConstantArrivalRate:
    """`rate` iterations start in each `time_unit`, over `duration`, however long they take.

    Users are made when they are needed, up to `max_vus` (10,000 unless given); a start for which none is free is
    dropped and counted. With `arrivals="poisson"` starts come at random as those of independent users do, `rate` on
    average, the same for the same seed. k6's `constant-arrival-rate`. Raises OptionError for a rate below one.
    """
    pre_allocated_vus, max_vus = _users(pre_allocated_vus, max_vus)
    return ConstantArrivalRate(
        _rate(rate),
        positive_duration(time_unit, "time_unit"),
        positive_duration(duration, "duration"),
        pre_allocated_vus,
        max_vus,
        _process(arrivals),
    )


@explained("ramping_arrival_rate")
def ramping_arrival_rate(
    *,
    start_rate: int = 0,
    stages: Stages,
    time_unit: str | float = "1s",
    pre_allocated_vus: int = 0,
    max_vus: int | None = None,
    arrivals: Process = "constant",
) -> RampingArrivalRate:
    """Iterations start at a rate that goes from `start_rate` in a straight line from target to target.

    `stages=[("1m", 500), ("5m", 500)]`: up to 500 in each `time_unit` over a minute, then 500 for 5 minutes; a stage
    of no duration is a jump. An iteration starts wherever the integral of the rate reaches a whole number. Users and
    `arrivals` as for `constant_arrival_rate`. k6's `ramping-arrival-rate`. Raises OptionError for stages without a
    duration, or without a rate.
    """
    start_rate = whole(start_rate, "start_rate", 0, MOST_RATE)
    checked = _stages(stages, MOST_RATE)
    if not start_rate and not any(stage.target for stage in checked):
        raise OptionError("stages: expected start_rate or a target above 0, found 0 everywhere: nothing would start")
    pre_allocated_vus, max_vus = _users(pre_allocated_vus, max_vus)
    unit_ns = positive_duration(time_unit, "time_unit")
    return RampingArrivalRate(start_rate, unit_ns, checked, pre_allocated_vus, max_vus, _process(arrivals))


@explained("externally_controlled")
def externally_controlled(
    *,
    vus: int | None = None,
    rate: int | None = None,
    max_vus: int | None = None,
    duration: str | float | None = None,
) -> ExternallyControlled:
    """`vus` virtual users iterate, or `rate` iterations start each second, until somebody changes the number.

    Over `duration`, or until the run is stopped; at most `max_vus` users (10,000 unless given), and 0 is a pause.
    k6's `externally-controlled`. Raises OptionError unless one of `vus` and `rate` is given.
    """
    if (vus is None) == (rate is None):
        raise OptionError(f"externally_controlled: expected vus or rate, found {'neither' if vus is None else 'both'}")
    if vus is not None:
        vus = whole(vus, "vus", 0, MOST_VUS)
    max_vus = whole(max(vus or 0, DEFAULT_MAX_VUS) if max_vus is None else max_vus, "max_vus", 1, MOST_VUS)
    return ExternallyControlled(
        None if vus is None else whole(vus, "vus", 0, max_vus),
        None if rate is None else whole(rate, "rate", 0, MOST_RATE),
        max_vus,
        None if duration is None else positive_duration(duration, "duration"),
    )


def positive_duration(value: str | float, option: str) -> int:
    """Return nanoseconds, at least one. Raises OptionError naming the option."""
    nanoseconds = parse_duration(value, option)
    if not nanoseconds:
        raise OptionError(f"{option}: expected a duration above 0, found {value!r}")
    return nanoseconds


def _rate(rate: object) -> int:
    """Return the rate. Raises OptionError, with the way to write a fraction."""
    if isinstance(rate, float) and 0 < rate < MOST_RATE:
        raise OptionError(
            f'rate: expected a whole number, found {rate!r}; a longer time_unit makes it one: rate=30, time_unit="1m" '
            "is one every two seconds"
        )
    return whole(rate, "rate", 1, MOST_RATE)


def _users(pre_allocated_vus: int, max_vus: int | None) -> tuple[int, int]:
    pre_allocated_vus = whole(pre_allocated_vus, "pre_allocated_vus", 0, MOST_VUS)
    if max_vus is None:
        max_vus = max(pre_allocated_vus, DEFAULT_MAX_VUS)
    if whole(max_vus, "max_vus", 1, MOST_VUS) < pre_allocated_vus:
        raise OptionError(f"max_vus: expected at least pre_allocated_vus ({pre_allocated_vus}), found {max_vus}")
    return pre_allocated_vus, max_vus


def _process(arrivals: Process) -> Process:
    if arrivals not in ("constant", "poisson"):
        raise OptionError(f'arrivals: expected "constant" or "poisson", found {arrivals!r}')
    return arrivals


def _stages(stages: Stages, most: int) -> tuple[Stage, ...]:
    if not isinstance(stages, Sequence) or isinstance(stages, str) or not stages:
        raise OptionError(f'stages: expected a list such as [("30s", 100), ("1m", 0)], found {stages!r}')
    checked = tuple(_stage(stage, number, most) for number, stage in enumerate(stages, start=1))
    if not length_ns(checked):
        raise OptionError("stages: expected a duration above 0 in at least one of them, found none")
    return checked


def _stage(stage: tuple[str | float, int], number: int, most: int) -> Stage:
    if not isinstance(stage, Sequence) or isinstance(stage, str) or len(stage) != 2:
        raise OptionError(
            f'stages: expected pairs of duration and target, such as ("30s", 100), found {stage!r} in place {number}'
        )
    duration, target = stage
    duration_ns = parse_duration(duration, f"stages: the duration in place {number}")
    return Stage(duration_ns, whole(target, f"stages: the target in place {number}", 0, most))
