"""A rate that somebody changes while it goes on: when the k-th start is due, as known so far. Pure."""

from surgeline.schedule.duration import NANOSECONDS


class AdjustableRate:
    """Starts at `rate` a second, the first at `begin_ns`; a rate of 0 is a pause.

    The integral of the rate is kept in points of a billionth of a start. A change begins where the rate before it has
    come to: what was waited for the next start counts, at the pace it was waited at, so a change makes no burst.
    """

    __slots__ = ("_base_ns", "_points", "rate")

    def __init__(self, rate: int, begin_ns: int) -> None:
        self.rate = rate
        self._base_ns = begin_ns
        self._points = 0

    def change(self, rate: int, now_ns: int) -> None:
        """Go on at another rate."""
        self._points += (now_ns - self._base_ns) * self.rate
        self._base_ns = now_ns
        self.rate = rate

    def start_ns(self, k: int) -> int | None:
        """Return when start `k`, counted from 0, is due at the present rate, rounded down; None in a pause."""
        return self._base_ns + (k * NANOSECONDS - self._points) // self.rate if self.rate else None

    def planned_before(self, t_ns: int) -> int:
        """Return how many starts are due before `t_ns`, which is not before the last change."""
        return -(-(self._points + (t_ns - self._base_ns) * self.rate) // NANOSECONDS)
