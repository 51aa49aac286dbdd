"""The log-linear histogram: at most 0.05 % relative error, a few nanoseconds a record, merged exactly."""

from collections.abc import Iterator

class Histogram:
    """Counts of unsigned 64-bit values, nanoseconds as used here."""

    count: int
    """How many values were recorded."""
    min: int
    """The smallest value, exact; 0 when empty."""
    max: int
    """The largest value, exact; 0 when empty."""
    sum: int
    """The sum of all values, exact."""

    def record(self, value: int, times: int = 1) -> None:
        """Count `value`, `times` times. Raises OverflowError below 0 or from 2**64."""

    def merge(self, other: Histogram) -> None:
        """Add all of `other`; exact: the same as if its values had been recorded here."""

    def clear(self) -> None:
        """Forget all values."""

    def copy(self) -> Histogram:
        """Return a histogram of the same values."""

    def quantile(self, fraction: float) -> float:
        """Return the quantile by linear interpolation at `fraction * (count - 1)`, as k6 and numpy; 0.0 when empty.

        `fraction` is in [0, 1]; others raise ValueError.
        """

    def buckets(self) -> Iterator[tuple[int, int, int]]:
        """Yield (lowest value, width, count) of each bucket that holds any, in order."""

    def encode(self) -> bytes:
        """Return the compact form that `decode` reads."""

    @staticmethod
    def decode(data: bytes) -> Histogram:
        """Return the histogram of an encoded form. Raises ValueError when the bytes are not one."""
