"""The ramping arrival rate: starts where the integral of the rate reaches 1, 2, 3 … Pure; integers in, integers out.

The rate is a straight line over each stage, so its integral is a quadratic, and the time of a start is the root of one.
Everything is computed on whole numbers of any size, with `math.isqrt` for the root: what a stage leaves of a start is
carried to the next stage exactly, and only the time of a start is rounded, down to a nanosecond. k6's semantics:
unlike at a constant rate, the first start is where the integral reaches 1 and not at 0.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isqrt

from surgeline.schedule.arrivals import RatePoint
from surgeline.schedule.duration import NANOSECONDS
from surgeline.schedule.share import Share
from surgeline.schedule.stages import Stage, corners, length_ns


@dataclass(frozen=True, slots=True)
class RampingRate:
    """From `start_rate` for each `unit_ns` through `stages`, whose targets are rates for each `unit_ns` as well."""

    start_rate: int
    unit_ns: int
    stages: tuple[Stage, ...]
    _slopes: tuple["_Slope", ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_slopes", tuple(_slopes(self.start_rate, self.stages)))

    @property
    def duration_ns(self) -> int:
        """How long all stages take."""
        return length_ns(self.stages)

    @property
    def total(self) -> int:
        """How many starts there are: the whole part of the integral. The last may be at the very end."""
        return self.points // self.points_per_start

    def start_ns(self, k: int) -> int:
        """Return when start `k`, counted from 0, is intended, in nanoseconds from the scenario's start."""
        return self.time_of((k + 1) * self.points_per_start)

    def starts(self, share: Share) -> Iterator[int]:
        """Yield when each start of the share is intended, in order."""
        per_start = self.points_per_start
        k = share.index
        for slope in self._slopes:
            until = slope.end_point // per_start
            while k < until:
                yield slope.time_of((k + 1) * per_start)
                k += share.of

    def planned_before(self, t_ns: int) -> int:
        """Return how many starts are intended before `t_ns`."""
        reached = self.points_before(t_ns) // self.points_per_start
        at_that_time = reached and self.start_ns(reached - 1) >= t_ns
        return reached - 1 if at_that_time else reached

    @property
    def points_per_start(self) -> int:
        """A point is half of what a rate of 1 comes to in a nanosecond: the integral of a line has a half in it."""
        return 2 * self.unit_ns

    @property
    def points(self) -> int:
        """The integral over all stages."""
        return self._slopes[-1].end_point if self._slopes else 0

    def time_of(self, point: int) -> int:
        """Return when the integral reaches `point`, rounded down to a nanosecond."""
        return self._slopes[bisect_left(self._slopes, point, key=lambda slope: slope.end_point)].time_of(point)

    def points_before(self, t_ns: int) -> int:
        """Return the integral up to `t_ns`, rounded down to a point."""
        for slope in reversed(self._slopes):
            if t_ns > slope.start_ns:
                return slope.points_before(t_ns)
        return 0

    def curve(self) -> list[RatePoint]:
        """Return the rate over time."""
        line = corners(self.start_rate, self.stages)
        return [(t_ns, rate * NANOSECONDS / self.unit_ns) for t_ns, rate in line]


class _Slope:
    """One stage that takes time: the rate goes from `first` to `last` in a straight line.

    With x nanoseconds into the stage, its integral in points is 2 · first · x + (last - first) · x² / duration.
    """

    __slots__ = ("_duration", "_level", "_level_squared", "_rise", "_start_point", "end_point", "start_ns")

    def __init__(self, start_ns: int, start_point: int, first: int, stage: Stage) -> None:
        self.start_ns = start_ns
        self._start_point = start_point
        self._duration = stage.duration_ns
        self._rise = stage.target - first
        self._level = first * stage.duration_ns
        self._level_squared = self._level * self._level
        self.end_point = start_point + (first + stage.target) * stage.duration_ns

    def time_of(self, point: int) -> int:
        """Solve the quadratic for x, exactly: the root of a whole number rounded to the side that x is rounded to."""
        point -= self._start_point
        rise = self._rise
        if rise > 0:
            root = isqrt(self._level_squared + rise * self._duration * point)
            return self.start_ns + (root - self._level) // rise
        if rise < 0:
            square = self._level_squared + rise * self._duration * point
            root = isqrt(square - 1) + 1 if square > 0 else 0  # rounded up: it is subtracted
            return self.start_ns + (self._level - root) // -rise
        return self.start_ns + point * self._duration // (2 * self._level)

    def points_before(self, t_ns: int) -> int:
        x = min(t_ns - self.start_ns, self._duration)
        return self._start_point + (2 * self._level * x + self._rise * x * x) // self._duration


def _slopes(start_rate: int, stages: tuple[Stage, ...]) -> Iterator[_Slope]:
    """Yield the stages that take time; a jump only changes where the next one begins."""
    start_ns, point, rate = 0, 0, start_rate
    for stage in stages:
        if stage.duration_ns:
            slope = _Slope(start_ns, point, rate, stage)
            yield slope
            start_ns += stage.duration_ns
            point = slope.end_point
        rate = stage.target
