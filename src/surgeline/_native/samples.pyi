"""Samples on their way to files, one by one: a log that cells write to, in chunks, and files that take the chunks.

The log belongs to the thread of the load. A chunk that was handed over does not change: any thread may write it.
"""

from collections.abc import Callable
from typing import Any

CHUNK_SAMPLES: int
"""How many samples a chunk holds."""
BYTES_PER_SAMPLE: int

class Chunk:
    """Samples in the order they were recorded."""

    def __len__(self) -> int: ...

class Recorded:
    """What a cell is that can write its samples to a log."""

    def log_to(self, log: SampleLog, number: int) -> None:
        """Write every sample from now on to the log, as of series `number`."""

class SampleLog:
    """Keeps the samples of its series until a chunk is full, and hands that to all who subscribed."""

    series: list[Any]
    """What was enlisted; a sample knows its series by the place here."""
    def enlist(self, series: Any) -> None:
        """Take the samples of `series.cell` from now on."""
    def subscribe(self, take: Callable[[Chunk], object]) -> None:
        """Have `take` called with each chunk, on the thread of the load: it must return soon and not raise."""
    def unsubscribe(self, take: Callable[[Chunk], object]) -> None: ...
    def flush(self) -> None:
        """Hand over what there is; nothing when there is none."""

class SampleFile:
    """Renders samples as lines of k6's JSON or CSV and appends them to a file, whole lines at a time.

    Any number of processes may append to one file: `fd` is open with O_APPEND, and each write is made under a lock; it
    is closed with this object. `wall_offset_ns` is what the wall clock is ahead of the monotonic one. `pack` compresses
    a piece of text, so that the pieces one after the other are compressed text too.
    """

    series: int
    """How many were added."""
    def __init__(
        self, fd: int, wall_offset_ns: int, csv: bool, pack: Callable[[bytes], bytes] | None = None
    ) -> None: ...
    def add_series(self, before: bytes, between: bytes, after: bytes, decimals: int) -> None:
        """Say what the next series' lines have before the time, between time and value, and after the value.

        `decimals` is how many of a whole value's digits are decimals, 0 or 6; -1 for values that are floats.
        """
    def append(self, text: bytes) -> None:
        """Append whole lines. Raises OSError, and then the file is as long as before."""
    def write(self, chunk: Chunk) -> None:
        """Append the chunk's samples. All their series must have been added. Raises OSError as `append` does."""
