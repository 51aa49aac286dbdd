"""A pool of what a seeding table holds: its declaration makes any row again, so neither a file nor a query is needed.

Must not know how values are made, nor any database.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from surgeline.data.drawing import Pool
from surgeline.data.sources import TableSource
from surgeline.errors import OptionError
from surgeline.judge.refusals import suggest


class Column(Protocol):
    """A column of a declared table."""

    def value(self, row: int) -> Any:
        """Return the value in a row; numbers begin at 0."""


class Table(Protocol):
    """A declared seeding table."""

    @property
    def name(self) -> str:
        """What the database calls it."""

    @property
    def columns(self) -> Mapping[str, Any]:
        """Its columns by name."""

    def column(self, name: str) -> Column:
        """Return a column."""

    def __len__(self) -> int: ...


class _Rows(Sequence[Any]):
    """What `read` makes of the number of a row."""

    def __init__(self, count: int, read: Callable[[int], Any]) -> None:
        self._count = count
        self._read = read

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._read(index)


def seeded(table: Table, names: Sequence[str]) -> Pool[Any]:
    """Return the pool of `pool.table`. Raises OptionError for what is no table, and for columns that it has not."""
    if not (hasattr(table, "columns") and hasattr(table, "column")):
        name = getattr(table, "name", None)
        found = f"{name!r} without declared rows" if isinstance(name, str) else repr(table)
        raise OptionError(f"pool.table: expected a table that surgeline.seeding.table made, found {found}")
    if not len(table):
        raise OptionError(f"pool.table: expected a table with declared rows, found none in {table.name!r}")
    for name in names:
        if not isinstance(name, str) or name not in table.columns:
            advice = suggest(name, table.columns) if isinstance(name, str) else ""
            known = ", ".join(table.columns)
            raise OptionError(f"pool.table: expected columns of {table.name!r} ({known}), found {name!r}{advice}")
    return Pool(_Rows(len(table), _reader(table, names)), TableSource(table, tuple(names or table.columns)))


def _reader(table: Table, names: Sequence[str]) -> Callable[[int], Any]:
    """Return what makes a row's value, or tuple, or dict."""
    values = {name: table.column(name).value for name in names or table.columns}
    if not names:
        return lambda row: {name: value(row) for name, value in values.items()}
    if len(names) == 1:
        return values[names[0]]
    several = [values[name] for name in names]
    return lambda row: tuple([value(row) for value in several])
