"""What a pool is drawn from, as far as others are told: who checks a plan looks there whether the data is to be had.

Must not know how anything is drawn.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class IdsSource:
    """Texts made from numbers."""

    pattern: str
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class RowsSource:
    """Values that the script had."""


@dataclass(frozen=True, slots=True)
class TableSource:
    """Rows of a declared seeding table."""

    table: Any
    """The declaration: a `surgeline.seeding.declaration.Table`."""
    columns: tuple[str, ...]
    """Those that are drawn, by name; all of them where the script named none."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """Records of a file."""

    path: Path
    """As it was opened, the script's folder before it."""


Source = IdsSource | RowsSource | TableSource | FileSource
