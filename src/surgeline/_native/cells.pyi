"""Where samples are counted: one cell for each series, with the current one-second block beside the total.

`rotate` adds the block to the total, returns the block's value and starts the next block.
"""

from surgeline._native.histogram import Histogram

class CounterCell:
    """A sum."""

    total: float
    """All blocks that were rotated."""
    def add(self, amount: float = 1.0) -> None: ...
    def rotate(self) -> float: ...

class RateCell:
    """How many samples were true, and how many there were."""

    passes: int
    count: int
    def add(self, passed: bool) -> None: ...
    def rotate(self) -> tuple[int, int]:
        """Return (passes, count) of the block."""

class GaugeCell:
    """The last value that was set, and the extremes."""

    value: float
    min: float
    max: float
    count: int
    def set(self, value: float) -> None: ...

class TrendCell:
    """A distribution."""

    total: Histogram
    """All blocks that were rotated."""
    def record(self, value: int) -> None: ...
    def rotate(self) -> Histogram | None:
        """Return the block's histogram, valid until the next rotate, or None when nothing was recorded."""
