"""The sum of the last seconds, second by second: a queue of tallies whose sum costs the same however long it is.

Two stacks, as in a queue made of stacks: the newer seconds with their running sum, the older ones with the sum of each
and all that came after it. Each tally is merged twice in its life. Must not know what is counted.
"""

from collections.abc import Callable

from surgeline.judge.tally import Tally


class SlidingSum:
    """A queue of the tallies of seconds; None where a second has no samples."""

    def __init__(self, new: Callable[[], Tally]) -> None:
        self._new = new
        self._older: list[Tally | None] = []
        """The oldest last, each merged with all of the older ones that came after it."""
        self._newer: list[Tally | None] = []
        self._newer_sum = new()

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def push(self, tally: Tally | None) -> None:
        """Add the newest second, which is copied."""
        if tally is None:
            self._newer.append(None)
            return
        own = self._new()
        own.merge(tally)
        self._newer.append(own)
        self._newer_sum.merge(tally)

    def drop(self) -> None:
        """Forget the oldest second. Raises IndexError when there is none."""
        if not self._older:
            self._turn_over()
        self._older.pop()

    def _turn_over(self) -> None:
        after: Tally | None = None
        while self._newer:
            tally = self._newer.pop()
            if tally is not None and after is not None:
                tally.merge(after)
            after = after if tally is None else tally
            self._older.append(after)
        self._newer_sum = self._new()

    def total(self) -> Tally:
        """Return the sum of all seconds, a tally of its own."""
        total = self._new()
        total.merge(self._newer_sum)
        if self._older and self._older[-1] is not None:
            total.merge(self._older[-1])
        return total
