"""Executors as scripts write them: options checked and turned into nanoseconds."""

from surgeline.engine.executors import ConstantArrivalRate, ConstantVUs, SharedIterations
from surgeline.errors import OptionError
from surgeline.schedule.duration import parse_duration
from surgeline.script.plan import DEFAULT_MAX_VUS

MOST_VUS = 1_000_000
MOST_RATE = 10_000_000


def constant_vus(*, vus: int = 1, duration: str | float) -> ConstantVUs:
    """`vus` virtual users iterate for `duration`. k6's `constant-vus`.

    Raises OptionError for fewer than one user or a duration of nothing.
    """
    return ConstantVUs(whole(vus, "vus", 1, MOST_VUS), positive_duration(duration, "duration"))


def shared_iterations(*, vus: int = 1, iterations: int = 1, max_duration: str | float = "10m") -> SharedIterations:
    """`vus` virtual users share `iterations`; those not started after `max_duration` are dropped.

    k6's `shared-iterations`. Raises OptionError for fewer iterations than users.
    """
    vus = whole(vus, "vus", 1, MOST_VUS)
    if whole(iterations, "iterations", 1, 10**12) < vus:
        raise OptionError(f"iterations: expected at least as many as there are vus ({vus}), found {iterations}")
    return SharedIterations(vus, iterations, positive_duration(max_duration, "max_duration"))


def constant_arrival_rate(
    *,
    rate: int,
    duration: str | float,
    time_unit: str | float = "1s",
    pre_allocated_vus: int = 0,
    max_vus: int | None = None,
) -> ConstantArrivalRate:
    """`rate` iterations start in each `time_unit`, over `duration`, however long they take.

    Users are made when they are needed, up to `max_vus` (10,000 unless given); a start for which none is free is
    dropped and counted. k6's `constant-arrival-rate`. Raises OptionError for a rate below one.
    """
    pre_allocated_vus = whole(pre_allocated_vus, "pre_allocated_vus", 0, MOST_VUS)
    if max_vus is None:
        max_vus = max(pre_allocated_vus, DEFAULT_MAX_VUS)
    if whole(max_vus, "max_vus", 1, MOST_VUS) < pre_allocated_vus:
        raise OptionError(f"max_vus: expected at least pre_allocated_vus ({pre_allocated_vus}), found {max_vus}")
    return ConstantArrivalRate(
        whole(rate, "rate", 1, MOST_RATE),
        positive_duration(time_unit, "time_unit"),
        positive_duration(duration, "duration"),
        pre_allocated_vus,
        max_vus,
    )


def whole(value: object, option: str, least: int, most: int) -> int:
    """Return a whole number between bounds. Raises OptionError naming the option."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise OptionError(f"{option}: expected a whole number from {least:,} to {most:,}, found {value!r}")
    return value


def positive_duration(value: str | float, option: str) -> int:
    """Return nanoseconds, at least one. Raises OptionError naming the option."""
    nanoseconds = parse_duration(value, option)
    if not nanoseconds:
        raise OptionError(f"{option}: expected a duration above 0, found {value!r}")
    return nanoseconds
