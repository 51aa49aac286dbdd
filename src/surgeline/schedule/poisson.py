"""A Poisson process of any rate: starts that come as independent users do, random but the same for the same seed. Pure.

Where time is measured by the integral of the rate, every Poisson process is that of one start per unit. That one is
made in blocks: how many starts a block has is drawn from the Poisson distribution, where they are in it uniformly;
then the integral's inverse turns each place into a time. Blocks do not depend on each other, so any of them can be made
by itself, by any number of workers, and a longer run begins as a shorter one does.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from math import floor, lgamma, log, sqrt
from random import Random

from surgeline.schedule.arrivals import Rate
from surgeline.schedule.share import Share

BLOCK = 1_000
"""How many starts a block has on average."""


@dataclass(frozen=True, slots=True)
class PoissonArrivals:
    """Starts at `rate`, drawn by `seed`."""

    rate: Rate
    seed: str
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """How many starts there are up to the end of each block, the last one as if the rate went on."""
    total: int = field(init=False, repr=False, compare=False)
    """How many starts there are."""

    def __post_init__(self) -> None:
        blocks = -(-self.rate.points // self._block_points)
        counts = Random(f"{self.seed}/starts in a block")
        object.__setattr__(self, "_ends", tuple(accumulate(poisson(counts, BLOCK) for _ in range(blocks))))
        object.__setattr__(self, "total", self._first(blocks - 1) + self._kept(blocks - 1) if blocks else 0)

    def starts(self, share: Share) -> Iterator[int]:
        """Yield when each start of the share is intended, in order, in nanoseconds from the scenario's start."""
        for block in range(len(self._ends)):
            first = self._first(block)
            for place in self._places(block)[(share.index - first) % share.of : self.total - first : share.of]:
                yield self.rate.time_of(place)

    def planned_before(self, t_ns: int) -> int:
        """Return how many starts are intended before `t_ns`."""
        block = max(0, self.rate.points_before(t_ns) - 1) // self._block_points
        if t_ns >= self.rate.duration_ns or block >= len(self._ends):
            return self.total
        first = self._first(block)
        kept = self._places(block)[: self.total - first]
        return first + bisect_left(kept, t_ns, key=self.rate.time_of)

    @property
    def _block_points(self) -> int:
        return BLOCK * self.rate.points_per_start

    def _first(self, block: int) -> int:
        """Return the number of a block's first start."""
        return self._ends[block - 1] if block else 0

    def _kept(self, block: int) -> int:
        """Return how many starts of the last block are before the rate ends."""
        return bisect_left(self._places(block), self.rate.points)

    def _places(self, block: int) -> list[int]:
        """Return where the starts of a block are, in points and in order: after its beginning, up to its end."""
        count = self._ends[block] - self._first(block)
        random = Random(f"{self.seed}/block {block}").random
        size = self._block_points
        first = block * size + 1
        return [first + int(place * size) for place in sorted(random() for _ in range(count))]


def poisson(random: Random, mean: float) -> int:
    """Draw from the Poisson distribution of a mean from 10 up.

    The transformed rejection method PTRS of W. Hörmann, "The transformed rejection method for generating Poisson random
    variables", Insurance: Mathematics and Economics 12 (1993) 39-45.
    """
    b = 0.931 + 2.53 * sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    while True:
        u, v = random.random() - 0.5, 1 - random.random()
        us = 0.5 - abs(u)
        if us < 1e-9:
            continue
        k = floor((2 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2):
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        if log(v * inverse_alpha / (a / (us * us) + b)) <= k * log(mean) - mean - lgamma(k + 1):
            return k
