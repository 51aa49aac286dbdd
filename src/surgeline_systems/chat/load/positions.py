"""Which rows of a table have not been seen yet, by the positions in which they were written. Pure.

Positions are given out when a writer begins to write, and can be seen when it has committed: of two writers, one may
overtake the other. And MariaDB gives out more than a batch has rows. It must not know how the table is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Longer than a writer takes to commit. What is missing after that was given out for nothing.
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions that were passed over at a time in seconds: those from `first` to `last`."""

    first: int
    last: int
    since: float


class Positions:
    """What has been seen of a table: everything up to `top`, but for some gaps."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.gaps: list[Gap] = []

    def seen(self, positions: Sequence[int], now: float) -> None:
        """Take positions in order that had not been seen, at a time in seconds; forget gaps that will not be filled."""
        for position in positions:
            if position > self.top:
                self._pass_over(position, now)
            else:
                self._fill(position)
        self.gaps = [gap for gap in self.gaps if now - gap.since <= PATIENCE_SECONDS]

    def _pass_over(self, position: int, now: float) -> None:
        if position > self.top + 1:
            self.gaps.append(Gap(self.top + 1, position - 1, now))
        self.top = position

    def _fill(self, position: int) -> None:
        """Split the gap that it was in."""
        gap = next(gap for gap in self.gaps if gap.first <= position <= gap.last)
        self.gaps.remove(gap)
        parts = Gap(gap.first, position - 1, gap.since), Gap(position + 1, gap.last, gap.since)
        self.gaps.extend(part for part in parts if part.first <= part.last)
