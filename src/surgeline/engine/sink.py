"""What is fed with the samples of each second while the load goes on. Knows none of those who are fed."""

from typing import Any, Protocol

from surgeline.metrics.registry import Series

Blocks = list[tuple[Series, Any]]
"""Series, and what each came to in one second: a sum; (passes, count); (value, min, max); a histogram."""


class Sink(Protocol):
    """Takes blocks on the loop's own thread: it must return soon, and never raise."""

    def take(self, second: int, blocks: Blocks) -> None:
        """Take some series of a second, which counts from 0, or is `SETUP` or `TEARDOWN`.

        Histograms are valid during the call.
        """

    def end_second(self, second: int, seconds: float) -> None:
        """All of the second has been given; `seconds` have passed since the load began."""
