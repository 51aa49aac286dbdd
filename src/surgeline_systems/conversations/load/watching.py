"""How much a service's memory and its database connections have grown since it was warm. Pure.

It must not know how often it is told, nor by whom.
"""

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """What a service says of itself."""

    memory_bytes: int
    database_connections: int


@dataclass(frozen=True, slots=True)
class Growth:
    """The difference between two sizes; negative where it has shrunk."""

    memory_mb: float
    connections: int


class Watch:
    """Compares each size with the first one after the warm-up, in which caches and pools fill."""

    def __init__(self, warm_up: float) -> None:
        self._warm_up = warm_up
        self._first: Size | None = None

    def growth(self, elapsed: float, size: Size) -> Growth | None:
        """The growth since the first size after the warm-up; None before it, and for that size itself."""
        if elapsed < self._warm_up:
            return None
        if self._first is None:
            self._first = size
            return None
        return Growth(
            (size.memory_bytes - self._first.memory_bytes) / MEGABYTE,
            size.database_connections - self._first.database_connections,
        )
