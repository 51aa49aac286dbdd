"""What a declaration says: tables, the generators of their columns, and the tables that only the test writes.

Must not know any database, nor where a declaration comes from.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any, NamedTuple

import msgspec

from surgeline.engine.frames import is_ours
from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding.checked import whole
from surgeline.seeding.choices import without_nulls
from surgeline.seeding.fingerprint import Versioned, fingerprint
from surgeline.seeding.generator import VERSION, Generator, Place, Shape, unique_together
from surgeline.seeding.references import KEY_GENERATORS, ForeignKeyTo, Numbered

_MOST_ROWS = 10**12


class Site(NamedTuple):
    """Where something is declared."""

    path: str
    line: int
    module: str
    """The file whose own statements were being carried out: that of `path`, or one that calls a function there."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class BoundColumn(Versioned):
    """A column of a declared table, whose values are made when they are asked for."""

    def __init__(self, table: "Table", name: str) -> None:
        self.table = table
        self.name = name
        self.generator = table.columns[name]
        self._place = Place(table.seed, table.name, name, _Others(table, (name,)))

    @property
    def shape(self) -> Shape:
        """What is known of the values before any is made."""
        return self.generator.shape(self.table.rows)

    @property
    def version(self) -> str:
        """The version of its table, and its name."""
        return f"{self.table.version} {self.name}"

    def values(self, rows: Sequence[int]) -> list[Any]:
        """Return the values of these rows. Raises IndexError when the table does not have them."""
        self.table.check_rows(rows)
        return self.generator.values(rows, self._place)

    def texts(self, rows: Sequence[int]) -> list[str] | None:
        """Return the values as texts of a bulk load, where the generator makes them faster; else None."""
        self.table.check_rows(rows)
        return self.generator.texts(rows, self._place)

    def value(self, row: int) -> Any:
        """Return the value of one row; rows are numbered from 0. Raises IndexError when the table does not have it."""
        return self.values((row,))[0]


@dataclass(frozen=True)
class Table(Versioned):
    """A declared table: how many rows it has, and a generator for each of its columns."""

    name: str
    rows: int
    key: tuple[str, ...]
    columns: dict[str, Generator]
    seed: int
    file: Site | None = field(default=None, compare=False, repr=False)
    """Where it is declared."""

    def __len__(self) -> int:
        return self.rows

    def __hash__(self) -> int:
        return hash((self.name, self.rows, self.seed))

    @cached_property
    def version(self) -> str:
        """12 hexadecimal digits: others for other rows, and for another key, by which our rows are told from others."""
        return fingerprint([VERSION, self.name, self.rows, self.key, self.columns, self.seed])

    @property
    def references(self) -> dict[str, ForeignKeyTo]:
        """The columns that refer to other tables, some rows of them or all."""
        found = {name: without_nulls(generator) for name, generator in self.columns.items()}
        return {name: generator for name, generator in found.items() if isinstance(generator, ForeignKeyTo)}

    def column(self, name: str) -> BoundColumn:
        """Return a column. Raises OptionError when the table has none of this name."""
        if name not in self.columns:
            raise OptionError(
                f"table {self.name}: expected one of the columns {', '.join(self.columns)}, found {name!r}"
            )
        return BoundColumn(self, name)

    def row(self, number: int) -> dict[str, Any]:
        """Return a row by its number from 0. Raises IndexError when the table does not have it."""
        return {name: self.column(name).value(number) for name in self.columns}

    def key_table(self) -> "Table":
        """Return the table with the columns of its key alone."""
        columns = {name: self.columns[name] for name in self.key}
        return Table(self.name, self.rows, self.key, columns, self.seed, self.file)

    def key_json(self) -> str:
        """Return what the keys are made of again, as JSON that is the same for the same keys."""
        columns: Any = {name: self.columns[name] for name in self.key}
        key = _Key(VERSION, self.name, self.rows, self.key, columns, self.seed)
        return msgspec.json.encode(key, order="deterministic").decode()

    def check_rows(self, rows: Sequence[int]) -> None:
        """Raise IndexError when not all of these rows are in the table."""
        ends = () if not rows else (rows[0], rows[-1]) if isinstance(rows, range) else (min(rows), max(rows))
        for row in ends:
            if not 0 <= row < self.rows:
                raise IndexError(f"table {self.name}: expected a row from 0 to {self.rows - 1}, found {row}")


class Written(NamedTuple):
    """A table into which only the test writes."""

    name: str
    file: Site | None = None


class _Key(msgspec.Struct, frozen=True):
    """What is kept of a table's key."""

    values: int
    """The version of how values are made."""
    name: str
    rows: int
    key: tuple[str, ...]
    columns: dict[str, Numbered]
    seed: int


@dataclass(frozen=True, slots=True)
class _Others:
    """The columns of a table, for one that is computed from them."""

    table: Table
    within: tuple[str, ...]
    """The columns that are being computed, from the first."""

    def __call__(self, column: str, rows: Sequence[int]) -> list[Any]:
        """Return the values of a column. Raises OptionError when it is computed from itself."""
        if column in self.within:
            circle = " <- ".join((*self.within[self.within.index(column) :], column))
            raise OptionError(f"{self.table.name}.{column}: expected no column computed from itself, found {circle}")
        generator = self.table.column(column).generator
        place = Place(self.table.seed, self.table.name, column, _Others(self.table, (*self.within, column)))
        return generator.values(rows, place)


declaring: ContextVar[list[Table | Written] | None] = ContextVar("declaring", default=None)
"""What the file that is being loaded has declared so far. Without one, a declaration is an ordinary object."""


@explained("table")
def table(
    name: str,
    *,
    rows: int | None = None,
    key: str | Iterable[str],
    columns: Mapping[str, Generator],
    seed: int = 1,
) -> Table:
    """Declare a table: `table("users", rows=10_000, key="id", columns={"id": sequence(), "name": name()})`.

    rows: how many there are; may be left out where a foreign key has `per_parent`, which says how many.
    key: the column, or the columns, by which a row is known again.
    seed: the number from which the values are made; with another one they are all different.

    Raises OptionError, naming table and column, for what cannot be made.
    """
    _check_name(name, "table")
    where = f"table {name!r}"
    _check_columns(columns, where)
    names = _key_columns(key, columns, where)
    count = _rows(rows, columns, where)
    for column, generator in columns.items():
        if (misfit := generator.misfit(count)) is not None:
            raise OptionError(f"{where}, column {column!r}: {misfit}")
    _check_unique(names, columns, count, where)
    declared = Table(name, count, names, dict(columns), whole(seed, f"{where}: seed"), _site())
    _declare(declared)
    return declared


@explained("written")
def written(name: str) -> Written:
    """Declare a table into which only the test writes: it is empty when seeded, and emptied again between runs."""
    _check_name(name, "written")
    declared = Written(name, _site())
    _declare(declared)
    return declared


def table_from_key_json(text: str) -> Table:
    """Return the table with the columns of its key that `Table.key_json` was asked of.

    Raises OptionError for anything else, and for what a release wrote that made other values.
    """
    try:
        key = msgspec.json.decode(text, type=_Key)
    except msgspec.MsgspecError as error:
        raise OptionError(f"expected the declaration of a key as JSON, found {text[:200]!r}: {error}") from None
    if not 1 <= key.rows <= _MOST_ROWS or not key.key or set(key.key) != set(key.columns):
        raise OptionError(f"expected the declaration of a key as JSON, found {text[:200]!r}")
    if key.values != VERSION:
        raise OptionError(
            f"table {key.name!r}: expected a key of values of version {VERSION}, found {key.values}: another release "
            "of surgeline seeded it; clean it with that one"
        )
    return Table(key.name, key.rows, key.key, dict(key.columns), key.seed)


def _declare(declared: Table | Written) -> None:
    collected = declaring.get()
    if collected is not None:
        collected.append(declared)


def _site() -> Site | None:
    """Return where the user's code is that called us; None where no frame is the user's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None:
        return None
    module = frame
    while module.f_code.co_name != "<module>" and module.f_back is not None:
        module = module.f_back
    return Site(frame.f_code.co_filename, frame.f_lineno, module.f_code.co_filename)


def _check_name(name: Any, declaration: str) -> None:
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise OptionError(f'{declaration}: expected the name of a table, such as "users", found {name!r}')


def _check_columns(columns: Any, where: str) -> None:
    if not isinstance(columns, Mapping) or not columns:
        raise OptionError(f'{where}: expected columns={{"id": sequence(), ...}}, found {columns!r}')
    for column, generator in columns.items():
        if not isinstance(column, str) or not column or "\0" in column:
            raise OptionError(f"{where}: expected the name of a column, found {column!r}")
        if not isinstance(generator, Generator):
            raise OptionError(f"{where}, column {column!r}: expected a generator, found {_instead(generator)}")


def _instead(found: Any) -> str:
    """Return what was given instead of a generator, and what to write; functions without their address."""
    called = getattr(found, "__name__", None) if callable(found) else None
    if called is None:
        return f"{found!r}; write constant({found!r})"
    if called == "<lambda>":
        return "a lambda; write computed(lambda row: ...)"
    if (found.__module__ or "").startswith("surgeline."):
        return f"the function {called}; call it: {called}(...)"
    return f"the function {called}; write computed({called}) if it makes the value of a row, or call it: {called}(...)"


def _key_columns(key: Any, columns: Mapping[str, Generator], where: str) -> tuple[str, ...]:
    names = (key,) if isinstance(key, str) else tuple(key) if isinstance(key, Iterable) else ()
    if not names:
        raise OptionError(f"{where}: expected the column that is the key, found {key!r}")
    for name in names:
        if name not in columns:
            raise OptionError(f"{where}: expected key to be one of its columns {', '.join(columns)}; found {name!r}")
        if names.count(name) > 1:
            raise OptionError(f"{where}: expected each column once in its key, found {name!r} twice")
        if not columns[name].numbered:
            raise OptionError(
                f"{where}, column {name!r}: expected a generator that a key can be made of ({KEY_GENERATORS}), found "
                "another one"
            )
    return names


def _rows(rows: Any, columns: Mapping[str, Generator], where: str) -> int:
    """Return how many rows there are: as many as is said, or as foreign keys with `per_parent` say."""
    if rows is not None:
        if not 1 <= whole(rows, f"{where}: rows") <= _MOST_ROWS:
            raise OptionError(f"{where}: expected rows from 1 to {_MOST_ROWS:,}, found {rows:,}")
        return int(rows)
    full = {name: one.parent.rows * one.per_parent for name, one in _full(columns).items() if one.per_parent}
    if not full:
        raise OptionError(
            f"{where}: expected rows, found none; only a foreign key with per_parent says how many there are"
        )
    if len(set(full.values())) > 1:
        found = ", ".join(f"{count:,} for {name!r}" for name, count in full.items())
        raise OptionError(f"{where}: expected rows, or foreign keys that agree on how many there are; found {found}")
    return next(iter(full.values()))


def _full(columns: Mapping[str, Generator]) -> dict[str, ForeignKeyTo]:
    found = {name: without_nulls(generator) for name, generator in columns.items()}
    return {name: one for name, one in found.items() if isinstance(one, ForeignKeyTo) and one.per_parent is not None}


def _check_unique(key: tuple[str, ...], columns: Mapping[str, Generator], rows: int, where: str) -> None:
    """Raise OptionError when two rows may have the same key."""
    if rows > 1 and not unique_together(columns[name].shape(rows) for name in key):
        raise OptionError(
            f"{where}: expected a key that no two rows have in common, found {', '.join(key)}, where the same values "
            "may stand more than once; add a column to it where none does: sequence, uuid, pattern, email, integer "
            "with unique=True, or foreign_key with per_parent=1 of such a column; or make it of foreign_key(..., "
            "per_parent=n) and, with the same n, sequence(every=n) or foreign_key(..., distinct_in=n)"
        )
