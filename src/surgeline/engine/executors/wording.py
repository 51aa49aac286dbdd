"""How executors speak of themselves."""

from surgeline.schedule.duration import NANOSECONDS, format_duration


def count_of(number: int, noun: str) -> str:
    """Return `1 iteration`, `2,000 iterations`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def rate_of(rate: int, unit_ns: int) -> str:
    """Return `1,200/s`, `5 per 1m`."""
    return f"{rate:,}/s" if unit_ns == NANOSECONDS else f"{rate:,} per {format_duration(unit_ns)}"


def process_of(arrivals: str) -> str:
    """Return what to say of starts that are not evenly spread."""
    return " as a Poisson process" if arrivals == "poisson" else ""
