"""The number of virtual users over time, on a straight line from stage to stage. Pure; integers in, integers out.

k6's semantics: on the way up a user starts when the line reaches its number, on the way down it stops when the line
reaches the number below its own, so the number is rounded towards where the stage began.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from surgeline.schedule.share import Share
from surgeline.schedule.stages import Stage, corners, length_ns

Step = tuple[int, int]
"""Nanoseconds from the scenario's start, and how many users there are from then on."""


@dataclass(frozen=True, slots=True)
class RampingUsers:
    """From `start_vus` through `stages`, whose targets are numbers of users."""

    start_vus: int
    stages: tuple[Stage, ...]

    @property
    def duration_ns(self) -> int:
        """How long all stages take."""
        return length_ns(self.stages)

    @property
    def most(self) -> int:
        """The most users at any time."""
        return max([self.start_vus, *(stage.target for stage in self.stages)])

    def count_at(self, t_ns: int) -> int:
        """Return how many users there are at `t_ns`; of several numbers at the same time, the last."""
        count, start_ns = self.start_vus, 0
        for stage in self.stages:
            if t_ns < start_ns + stage.duration_ns:
                change = stage.target - count
                taken = (t_ns - start_ns) * abs(change) // stage.duration_ns
                return count + (taken if change > 0 else -taken)
            count = stage.target
            start_ns += stage.duration_ns
        return count

    def steps(self, share: Share) -> Iterator[Step]:
        """Yield when the share's own number of users changes and to what, its first number at 0 first.

        A time comes once: of several numbers at the same time, the last.
        """
        due_ns, own = 0, share.count(self.start_vus)
        yielded = -1
        for t_ns, count in self._changes():
            if t_ns > due_ns and own != yielded:
                yield due_ns, own
                yielded = own
            due_ns, own = t_ns, share.count(count)
        if own != yielded:
            yield due_ns, own

    def _changes(self) -> Iterator[Step]:
        """Yield every change by one user, and every jump."""
        count, start_ns = self.start_vus, 0
        for stage in self.stages:
            change = stage.target - count
            steps, sign = abs(change), 1 if change > 0 else -1
            if stage.duration_ns:
                for step in range(1, steps + 1):
                    yield start_ns - (-stage.duration_ns * step // steps), count + sign * step
            else:
                yield start_ns, stage.target
            count = stage.target
            start_ns += stage.duration_ns

    def curve(self) -> list[Step]:
        """Return the line that the number of users follows."""
        return corners(self.start_vus, self.stages)
