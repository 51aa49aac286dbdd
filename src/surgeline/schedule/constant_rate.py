"""The constant arrival rate: the k-th intended start, from k alone. Pure; integers in, integers out."""

from collections.abc import Iterator
from dataclasses import dataclass

from surgeline.schedule.arrivals import RatePoint
from surgeline.schedule.duration import NANOSECONDS
from surgeline.schedule.share import Share


@dataclass(frozen=True, slots=True)
class ConstantRate:
    """Starts at `rate` for each `unit_ns`, the first at 0, none at or after `duration_ns`.

    The k-th start is k · unit / rate, rounded down to a nanosecond: computed from k and never from a rounded period,
    so no error adds up however long the run is.
    """

    rate: int
    unit_ns: int
    duration_ns: int

    @property
    def total(self) -> int:
        """How many starts there are: those whose time is before the duration's end."""
        return self.planned_before(self.duration_ns)

    def start_ns(self, k: int) -> int:
        """Return when start `k`, counted from 0, is intended, in nanoseconds from the scenario's start."""
        return k * self.unit_ns // self.rate

    def starts(self, share: Share) -> Iterator[int]:
        """Yield when each start of the share is intended, in order."""
        return (k * self.unit_ns // self.rate for k in share.items(self.total))

    def planned_before(self, t_ns: int) -> int:
        """Return how many starts are intended before `t_ns`."""
        return -(-min(max(t_ns, 0), self.duration_ns) * self.rate // self.unit_ns)

    @property
    def points_per_start(self) -> int:
        """A point is the rate over one nanosecond, for one start in each unit."""
        return self.unit_ns

    @property
    def points(self) -> int:
        """The integral over the whole duration."""
        return self.duration_ns * self.rate

    def time_of(self, point: int) -> int:
        """Return when the integral reaches `point`, rounded down to a nanosecond."""
        return point // self.rate

    def points_before(self, t_ns: int) -> int:
        """Return the integral up to `t_ns`."""
        return min(max(t_ns, 0), self.duration_ns) * self.rate

    def curve(self) -> list[RatePoint]:
        """Return the rate over time: a level line."""
        per_second = self.rate * NANOSECONDS / self.unit_ns
        return [(0, per_second), (self.duration_ns, per_second)]
