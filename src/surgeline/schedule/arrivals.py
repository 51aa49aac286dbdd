"""What a rate over time has in common, whatever its shape. Pure; integers in, integers out.

A rate is known by its integral: how many starts are due by t. The integral is counted in points, the smallest whole
parts of a start that the shape can be computed in exactly, so that nothing is ever rounded but the time of a start.
"""

from collections.abc import Iterator
from typing import Protocol

from surgeline.schedule.share import Share

RatePoint = tuple[int, float]
"""Nanoseconds from the scenario's start, and starts per second then; in between the rate is a straight line."""


class Arrivals(Protocol):
    """When the iterations of a scenario are intended to start."""

    @property
    def total(self) -> int:
        """How many starts there are."""

    def starts(self, share: Share) -> Iterator[int]:
        """Yield when each start of the share is intended, in order, in nanoseconds from the scenario's start."""

    def planned_before(self, t_ns: int) -> int:
        """Return how many starts are intended before `t_ns`."""


class Rate(Arrivals, Protocol):
    """A rate over time. Frozen."""

    def __hash__(self) -> int: ...

    @property
    def duration_ns(self) -> int:
        """How long it goes on."""

    @property
    def points_per_start(self) -> int:
        """How many points make one start."""

    @property
    def points(self) -> int:
        """The integral over the whole duration."""

    def time_of(self, point: int) -> int:
        """Return when the integral reaches `point` (up to `points`), rounded down to a nanosecond."""

    def points_before(self, t_ns: int) -> int:
        """Return the integral up to `t_ns`, rounded down to a point."""

    def curve(self) -> list[RatePoint]:
        """Return the rate over time, as the corners of its line."""
