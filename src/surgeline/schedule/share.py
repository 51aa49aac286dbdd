"""Which part of a plan one process carries out, when several share it. Pure; knows no executor.

Item k of a plan (a start, a virtual user, an iteration) belongs to worker k mod `of`: every item to exactly one worker,
any number of items split as evenly as can be, and nothing to agree on while the run goes on.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """The part of worker `index`, counted from 0, of `of` workers. `Share()` is everything."""

    index: int = 0
    of: int = 1

    def count(self, n: int) -> int:
        """Return how many of the items 0 to n - 1 are this share's own."""
        return max(0, -((self.index - n) // self.of))

    def items(self, n: int) -> range:
        """Return which of the items 0 to n - 1 are this share's own, in order."""
        return range(self.index, n, self.of)

    def nth(self, i: int) -> int:
        """Return which item of the whole is this share's own item `i`, counted from 0."""
        return self.index + i * self.of

    def among(self, n: int) -> "Share | None":
        """Return the share of what is split over the first `n` workers only, or over all where there are fewer.

        None for a worker that has no part in it. A scenario of three users is no work for a fourth process.
        """
        if self.of <= n:
            return self
        return Share(self.index, n) if self.index < n else None
