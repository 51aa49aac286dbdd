"""How many writes and reads there have been: counted as they end, and told in lines. Pure.

It must not know a clock, nor what a write or a read is.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """What succeeded so far."""

    writes: int = 0
    reads: int = 0
    _told: tuple[float, int, int] = (0.0, 0, 0)

    def line(self, seconds: float) -> str:
        """What there is after so many seconds, and in brackets how fast that was since the last line."""
        before, writes, reads = self._told
        self._told = seconds, self.writes, self.reads
        past = seconds - before
        return (
            f"[{seconds:.0f}s] Writes: {self.writes} ({(self.writes - writes) / past:.0f}/s)"
            f" | Reads: {self.reads} ({(self.reads - reads) / past:.0f}/s)"
        )
