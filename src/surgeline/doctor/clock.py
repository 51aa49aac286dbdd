"""Is reading the clock cheap? It is read several times for each request. Pure, but for `reading_ns`."""

from collections.abc import Callable
from statistics import median

from surgeline._native.poller import now_ns
from surgeline.report.doctor import Finding, Level
from surgeline.report.format import duration

CHECK = "clock"
SLOW_SOURCES = frozenset({"hpet", "acpi_pm", "xen", "jiffies", "refined-jiffies", "pit"})
"""Clock sources that each reading asks the kernel, or a device, for."""
MOST_NS = 500
_ROUNDS = 51
_READINGS = 1_000


def reading_ns(now: Callable[[], int] = now_ns) -> float:
    """Return what a reading costs, in nanoseconds: the median of some rounds, the call from Python included."""
    costs = []
    for _ in range(_ROUNDS):
        started = now()
        for _ in range(_READINGS):
            now()
        costs.append((now() - started) / _READINGS)
    return median(costs)


def clock_findings(source: str, cost_ns: float) -> list[Finding]:
    """Return whether the clock is cheap; an empty source is one that is not known."""
    named = f"clock source {source}, " if source else ""
    message = f"{named}{duration(cost_ns / 1e6)} a reading"
    if source not in SLOW_SOURCES and cost_ns <= MOST_NS:
        return [Finding(Level.OK, CHECK, message)]
    return [
        Finding(
            Level.WARNING,
            CHECK,
            f"{message}: slow, which the generator pays for with each request",
            "use the clock source tsc (or kvm-clock): /sys/devices/system/clocksource/clocksource0/current_clocksource",
        )
    ]
