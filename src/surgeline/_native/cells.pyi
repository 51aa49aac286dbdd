"""Where samples are counted: one cell for each series, with the current one-second block beside the total.

`rotate` adds the block to the total, returns the block's value and starts the next block. `absorb` adds a block to the
total that was made elsewhere: in another process, or read from a file.
"""

from surgeline._native.histogram import Histogram
from surgeline._native.samples import Recorded

class CounterCell(Recorded):
    """A sum."""

    total: float
    """All blocks that were rotated."""
    def add(self, amount: float = 1.0) -> None: ...
    def rotate(self) -> float: ...
    def absorb(self, block: float) -> None: ...

class RateCell(Recorded):
    """How many samples were true, and how many there were."""

    passes: int
    count: int
    def add(self, passed: bool) -> None: ...
    def rotate(self) -> tuple[int, int]:
        """Return (passes, count) of the block."""
    def absorb(self, block: tuple[int, int]) -> None: ...

class GaugeCell(Recorded):
    """The last value that was set, and the extremes."""

    value: float
    min: float
    max: float
    count: int
    setting: int
    """Of two gauges, the one that was set last has the higher."""
    def set(self, value: float) -> None: ...
    def rotate(self) -> tuple[float, float, float] | None:
        """Return (value, min, max) of the block, or None when nothing was set."""
    def absorb(self, block: tuple[float, float, float]) -> None: ...

class TrendCell(Recorded):
    """A distribution."""

    total: Histogram
    """All blocks that were rotated."""
    def record(self, value: int) -> None: ...
    def rotate(self) -> Histogram | None:
        """Return the block's histogram, valid until the next rotate, or None when nothing was recorded."""
    def absorb(self, block: Histogram) -> None: ...
