"""What every generator of a column is: values that depend on the place of a row alone.

Must not know any table, nor any database.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from itertools import permutations
from typing import Any

import msgspec

VERSION = 1
"""Of the values: those of one version are the same in every release."""


class Kind(Enum):
    """What values a column holds."""

    INTEGER = "whole numbers"
    DECIMAL = "decimal numbers"
    FLOAT = "floating-point numbers"
    TEXT = "text"
    UUID = "UUIDs"
    BOOLEAN = "true or false"
    TIMESTAMP = "dates with times"
    DATE = "dates"
    JSON = "JSON"
    BYTES = "bytes"
    ANY = "values of a function"


class Shape(msgspec.Struct, frozen=True):
    """What is known of all values of a column before any is made."""

    kind: Kind
    low: float | None = None
    high: float | None = None
    """The least and the greatest number (inclusive); an int for INTEGER."""
    longest: int | None = None
    """Characters of the longest TEXT, bytes of the longest BYTES; None when that is not known."""
    scale: int | None = None
    """Digits after the point of DECIMAL."""
    nulls: bool = False
    unique: bool = False
    """No value stands in two rows."""
    distinct_in: int | None = None
    """No value stands twice in a run of so many rows; the first run begins with the first row."""
    alike_in: int | None = None
    """Each value stands in one such run alone, and in all of its rows."""
    aware: bool = False
    """TIMESTAMP values that say their offset from UTC."""


def unique_together(shapes: Iterable[Shape]) -> bool:
    """Do no two rows have the same values in all of some columns? False where their shapes do not say so."""
    columns = list(shapes)
    return any(one.unique for one in columns) or any(
        outer.alike_in and inner.distinct_in and inner.distinct_in % outer.alike_in == 0
        for outer, inner in permutations(columns, 2)
    )


class Place(msgspec.Struct, frozen=True):
    """Where values stand: all that they depend on, but for the number of the row."""

    seed: int
    table: str
    column: str
    others: Callable[[str, Sequence[int]], list[Any]] | None = None
    """Returns the values of another column of the table in some rows, for what is computed of them. Not a part of the
    key: each column has a place of its own."""

    @property
    def key(self) -> int:
        """64 bits for this column; those of other columns, tables and seed numbers are unlike them."""
        return _key(self.seed, self.table, self.column)

    def part(self, name: str) -> "Place":
        """Return the place of a generator inside of another."""
        return Place(self.seed, self.table, f"{self.column}/{name}", self.others)


@lru_cache(maxsize=4096)
def _key(seed: int, table: str, column: str) -> int:
    text = "\0".join((str(VERSION), str(seed), table, column))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class Generator(msgspec.Struct, frozen=True, tag_field="is"):
    """Makes the values of a column."""

    @property
    def numbered(self) -> bool:
        """Can a key be made of it: never null, and made again from what is kept of it as JSON."""
        return False

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:
        """Return the values of these rows, in any order; numbers of rows begin at 0."""
        raise NotImplementedError

    def texts(self, rows: Sequence[int], place: Place) -> list[str] | None:  # noqa: ARG002 - for those that override it
        """Return the values as texts of a bulk load, where that is much faster than from values; else None."""
        return None

    def shape(self, rows: int) -> Shape:
        """Return what is known of the values in a table of so many rows."""
        raise NotImplementedError

    def misfit(self, rows: int) -> str | None:  # noqa: ARG002 - for those that override it
        """Say why it cannot make values for so many rows: what was expected and what was found. None where it can."""
        return None
