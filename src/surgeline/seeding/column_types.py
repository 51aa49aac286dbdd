"""The declaration of a table against the real one: all that can be refused before a row is written.

Pure: it compares descriptions, and at most makes some values of a column as samples. Must not know any one database.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from surgeline.judge.refusals import either, suggest
from surgeline.seeding.choices import Choice, without_nulls
from surgeline.seeding.database import ForeignKey, RealColumn, RealTable, UniqueKey
from surgeline.seeding.declaration import BoundColumn, Table
from surgeline.seeding.encode import COMMON, text_of
from surgeline.seeding.generator import Kind, Shape, unique_together
from surgeline.seeding.order import same_table
from surgeline.seeding.references import ForeignKeyTo

_SAMPLES = 1_000
"""Values of a column that are looked at where its shape does not say enough."""

_LENGTH_UNKNOWN = (Kind.FLOAT, Kind.TIMESTAMP, Kind.DATE, Kind.JSON)
"""Kinds of whose texts no shape says how long they are."""

Check = Callable[[Shape, RealColumn], str | None]
"""What is wrong with values of one kind for a real column: the sentence after its name; None where all is well."""


def misfits(table: Table, real: RealTable) -> list[str]:
    """Return why the declared rows cannot be put into the real table: one message for each reason."""
    return [
        *_missing_columns(table, real),
        *_forgotten_columns(table, real),
        *_values(table, real),
        *_key(table, real),
        *_repeated_values(table, real),
        *_other_parents(table, real),
    ]


def remarks(table: Table, real: RealTable, tables: Iterable[Table]) -> list[str]:
    """Return what may be meant as it is, but is more often a mistake. `tables` is all that the file declares."""
    names = [one.name for one in tables]
    return [*_unreferenced_parents(table, real, names), *_changed_times(table, real)]


def _present(table: Table, real: RealTable) -> Iterator[tuple[str, BoundColumn, RealColumn]]:
    """Go through the declared columns that the real table has: where each is, in words, and the two."""
    for name in table.columns:
        if name in real.columns:
            yield f"{table.name}.{name}", table.column(name), real.columns[name]


def _missing_columns(table: Table, real: RealTable) -> Iterator[str]:
    for name in table.columns:
        if name not in real.columns:
            advice = suggest(name, real.columns) or f"; the table has {', '.join(real.columns)}"
            yield f"{table.name}.{name}: expected a column, found none{advice}"


def _forgotten_columns(table: Table, real: RealTable) -> Iterator[str]:
    for name, column in real.columns.items():
        if name not in table.columns and not (column.nullable or column.has_default or column.generated):
            yield (
                f"{table.name}.{name}: expected a generator, for the column ({column.type}) is NOT NULL and has no "
                f"default, found none; add it to the columns, such as {_example(table, real, column)}"
            )


def _example(table: Table, real: RealTable, column: RealColumn) -> str:
    """Return a generator for a column; where it refers to another table, one whose values are there."""
    key = next((key for key in real.foreign_keys if column.name in key.columns), None)
    if key is None or same_table(key.parent, table.name):
        return _EXAMPLES.get(column.kind, "constant(...)")
    parent, referred = key.parent.rpartition(".")[2], _parent_column(key, column.name)
    return f"foreign_key({parent}), for the table has the foreign key {key.name} on {key.parent}.{referred}"


def _values(table: Table, real: RealTable) -> Iterator[str]:
    """Go through the columns: does what the generators make go into them?"""
    for where, column, into in _present(table, real):
        if into.generated:
            yield (
                f"{where}: expected no generator, for the database always makes the values of this column itself; "
                "leave it out of the columns"
            )
            continue
        shape = column.shape
        if not into.nullable and _may_be_null(table, column, shape):
            yield (
                f"{where}: expected values in all rows, for the column ({into.type}) is NOT NULL, found a generator "
                "that also makes NULL; leave nulls(...) or None out"
            )
        problem = _unfit(table, column, shape, into)
        if problem:
            yield f"{where}: {problem}"


def _may_be_null(table: Table, column: BoundColumn, shape: Shape) -> bool:
    """Is there, or can there be, a NULL among the values? Of a function only its samples tell."""
    return None in _examples(table, column) if shape.kind is Kind.ANY else shape.nulls


def _unfit(table: Table, column: BoundColumn, shape: Shape, into: RealColumn) -> str | None:
    """Return what is wrong with a generator's values for a column."""
    if shape.kind is Kind.ANY or into.kind is None:
        return None
    if shape.kind is Kind.TEXT and into.kind is Kind.UUID:
        return _no_uuid(_texts(table, column), into)
    check = _FITS[shape.kind].get(into.kind)
    if check is None:
        return (
            f"expected {into.kind.value}, for the column is {into.type}, found a generator of {shape.kind.value}; "
            f"use {_EXAMPLES[into.kind]}"
        )
    return check(shape, into) or _wrong_texts(table, column, shape, into)


def _wrong_texts(table: Table, column: BoundColumn, shape: Shape, into: RealColumn) -> str | None:
    """Return what is wrong with the texts of values, where only these themselves tell."""
    if into.labels is not None:
        return _no_label(_texts(table, column), into.labels)
    if into.kind is Kind.TEXT and shape.kind in _LENGTH_UNKNOWN:
        return _too_long(max(map(len, _texts(table, column)), default=0), into)
    return None


def _examples(table: Table, column: BoundColumn) -> Sequence[Any]:
    """Return all values that a column can have, or those of rows from all over the table."""
    generator = without_nulls(column.generator)
    if isinstance(generator, Choice):
        return generator.options
    return column.values(range(0, table.rows, max(1, table.rows // _SAMPLES)))


def _texts(table: Table, column: BoundColumn) -> list[str]:
    """Return such values as a column of texts gets them, without NULL."""
    return [text_of(value, COMMON) for value in _examples(table, column) if value is not None]


def _no_uuid(texts: Sequence[str], into: RealColumn) -> str | None:
    for text in texts:
        try:
            UUID(text)
        except ValueError:
            return (
                f"expected UUIDs, for the column is {into.type}, found {text!r}; use uuid(), or a template such as "
                'uuid("00000000-0000-4000-8000-{:012d}")'
            )
    return None


def _no_label(texts: Sequence[str], labels: Sequence[str]) -> str | None:
    wrong = next((text for text in texts if text not in labels), None)
    if wrong is None:
        return None
    advice = suggest(wrong, labels)
    return f"expected {either([repr(label) for label in labels])}, all that the column allows, found {wrong!r}{advice}"


def _fine(_shape: Shape, _into: RealColumn) -> None:
    """Values of this kind always fit."""


def _range(shape: Shape, into: RealColumn) -> str | None:
    """Whole numbers into whole numbers of so many bits."""
    low, high = shape.low, shape.high
    if low is None or high is None or into.low is None or into.high is None:
        return None
    if into.low <= low and high <= into.high:
        return None
    return (
        f"expected numbers from {into.low:,} to {into.high:,}, for the column is {into.type}, found {low:,} to "
        f"{high:,}; make the range smaller, or the column larger"
    )


def _only_bits(shape: Shape, into: RealColumn) -> str | None:
    """Whole numbers into true or false; where the column has a range, it is in truth a small number (`tinyint(1)`)."""
    if into.high is not None:
        return _range(shape, into)
    if shape.low is not None and shape.high is not None and shape.low >= 0 and shape.high <= 1:
        return None
    return f"expected true or false, for the column is {into.type}, found other whole numbers; use boolean()"


def _digits(shape: Shape, into: RealColumn) -> str | None:
    """Whole or decimal numbers into decimal numbers: none may be rounded, none be too large."""
    scale = shape.scale or 0
    if into.scale is not None and scale > into.scale:
        return (
            f"expected at most {into.scale} digits after the point, for the column is {into.type}, found {scale}; "
            f"use places={into.scale}"
        )
    if into.precision is None or shape.low is None or shape.high is None:
        return None
    before, room = _digits_before_the_point(shape.low, shape.high), into.precision - (into.scale or 0)
    if before <= room:
        return None
    return (
        f"expected at most {room} digits before the point, for the column is {into.type}, found up to {before}; "
        "make the range smaller, or the column larger"
    )


def _digits_before_the_point(low: float, high: float) -> int:
    largest = int(max(abs(low), abs(high)))
    return len(str(largest)) if largest else 0


def _only_whole(shape: Shape, into: RealColumn) -> str | None:
    """Decimal numbers into whole numbers."""
    if shape.scale != 0:
        return f"expected whole numbers, for the column is {into.type}, found decimal numbers; use integer(low, high)"
    return _range(shape, into)


def _unrounded(_shape: Shape, into: RealColumn) -> str | None:
    """Floating-point numbers into decimal numbers."""
    if into.scale is None:
        return None
    return (
        f"expected at most {into.scale} digits after the point, for the column is {into.type}, found floating-point "
        f"numbers, which would be rounded; use decimal(low, high, places={into.scale})"
    )


def _number_length(shape: Shape, into: RealColumn) -> str | None:
    """Whole or decimal numbers into text."""
    if shape.low is None or shape.high is None:
        return None
    after = shape.scale + 1 if shape.scale else 0
    return _too_long(max(len(str(int(end))) for end in (shape.low, shape.high)) + after, into)


def _uuid_length(_shape: Shape, into: RealColumn) -> str | None:
    return _too_long(36, into)


def _length(shape: Shape, into: RealColumn) -> str | None:
    """Text into text, or bytes into bytes."""
    return None if shape.longest is None else _too_long(shape.longest, into)


def _too_long(longest: int, into: RealColumn) -> str | None:
    if into.longest is None or longest <= into.longest:
        return None
    unit = "bytes" if into.kind is Kind.BYTES else "characters"
    return (
        f"expected at most {into.longest:,} {unit}, for the column is {into.type}, found up to {longest:,}; "
        "make the values shorter, or the column longer"
    )


_FITS: Mapping[Kind, Mapping[Kind, Check]] = {
    Kind.INTEGER: {
        Kind.INTEGER: _range,
        Kind.DECIMAL: _digits,
        Kind.FLOAT: _fine,
        Kind.TEXT: _number_length,
        Kind.BOOLEAN: _only_bits,
    },
    Kind.DECIMAL: {
        Kind.DECIMAL: _digits,
        Kind.FLOAT: _fine,
        Kind.TEXT: _number_length,
        Kind.INTEGER: _only_whole,
    },
    Kind.FLOAT: {Kind.FLOAT: _fine, Kind.DECIMAL: _unrounded, Kind.TEXT: _fine},
    Kind.TEXT: {Kind.TEXT: _length},
    Kind.UUID: {Kind.UUID: _fine, Kind.TEXT: _uuid_length},
    Kind.BOOLEAN: {Kind.BOOLEAN: _fine, Kind.INTEGER: _fine},
    Kind.TIMESTAMP: {Kind.TIMESTAMP: _fine, Kind.DATE: _fine, Kind.TEXT: _fine},
    Kind.DATE: {Kind.DATE: _fine, Kind.TIMESTAMP: _fine, Kind.TEXT: _fine},
    Kind.JSON: {Kind.JSON: _fine, Kind.TEXT: _fine},
    Kind.BYTES: {Kind.BYTES: _length},
}
"""What fits into what: by the kind that a generator makes, the kinds of columns it may go into. TEXT also goes into
UUID where the texts are UUIDs; ANY goes anywhere: only the database can say."""

_EXAMPLES: Mapping[Kind | None, str] = {
    Kind.INTEGER: "integer(0, 100)",
    Kind.DECIMAL: "decimal(0, 100, places=2)",
    Kind.FLOAT: "number(0, 100)",
    Kind.TEXT: "text() or choice([...])",
    Kind.UUID: "uuid()",
    Kind.BOOLEAN: "boolean()",
    Kind.TIMESTAMP: 'timestamp("2024-01-01", "2024-12-31")',
    Kind.DATE: 'date("2024-01-01", "2024-12-31")',
    Kind.JSON: "json({...})",
    Kind.BYTES: 'constant(b"...")',
}


def _key(table: Table, real: RealTable) -> Iterator[str]:
    """Without a key of the database's, rows of ours could not be told from others."""
    if any(set(one.columns) == set(table.key) for one in real.unique_keys):
        return
    there = [_listed(one.columns) for one in real.unique_keys]
    found = f"{either(there)}; take one of them, or make a unique index" if there else "none at all; make one"
    yield (
        f"{table.name}: expected key={_listed(table.key)} to be the primary key or a unique key of the table, for it "
        f"tells the declared rows from all others, found as unique keys {found}"
    )


def _repeated_values(table: Table, real: RealTable) -> Iterator[str]:
    if table.rows < 2:
        return
    for key in real.unique_keys:
        if all(one in table.columns for one in key.columns) and not _made_unique(table, key):
            generators = "a generator that makes" if len(key.columns) == 1 else "generators that make"
            yield (
                f"{table.name}.{_listed(key.columns)}: expected no value twice, for the table has the unique key "
                f"{key.name}, found {generators} some more than once; use sequence(), uuid(), pattern(...), email() or "
                "integer(..., unique=True)"
                f"{'' if len(key.columns) == 1 else ' for one of them'}"
            )


def _made_unique(table: Table, key: UniqueKey) -> bool:
    """Does a column, or the declared key, make the values of these columns unique? In doubt, the database will tell."""
    if set(table.key) <= set(key.columns):
        return True
    shapes = [table.column(one).shape for one in key.columns]
    return unique_together(shapes) or any(shape.kind is Kind.ANY for shape in shapes)


def _other_parents(table: Table, real: RealTable) -> Iterator[str]:
    """Go through the references: a real foreign key of the same column must be on the same column of the same table."""
    for column, reference in table.references.items():
        keys = [one for one in real.foreign_keys if column in one.columns]
        if keys and not any(_is_on(key, column, reference) for key in keys):
            found = f"{keys[0].parent}.{_parent_column(keys[0], column)}"
            yield (
                f"{table.name}.{column}: expected a reference to {found}, for the table has the foreign key "
                f"{keys[0].name} on it, found foreign_key({reference.parent.name}, {reference.column!r}); refer to "
                f"{found}"
            )


def _is_on(key: ForeignKey, column: str, reference: ForeignKeyTo) -> bool:
    return same_table(key.parent, reference.parent.name) and _parent_column(key, column) == reference.column


def _parent_column(key: ForeignKey, column: str) -> str:
    return key.parent_columns[key.columns.index(column)]


def _unreferenced_parents(table: Table, real: RealTable, names: Sequence[str]) -> Iterator[str]:
    """Go through the real foreign keys on declared tables whose columns are filled without looking at these."""
    for key in real.foreign_keys:
        parent = next((name for name in names if same_table(name, key.parent)), None)
        for column in key.columns:
            if parent is not None and column in table.columns and column not in table.references:
                yield (
                    f"{table.name}.{column}: expected foreign_key({parent}), for the table has the foreign key "
                    f"{key.name} on it, found another generator; its values must all be there in the end"
                )


def _changed_times(table: Table, real: RealTable) -> Iterator[str]:
    """Go through the times that the database will keep otherwise than scripts see them."""
    for where, column, into in _present(table, real):
        shape = column.shape
        if shape.kind is not Kind.TIMESTAMP:
            continue
        if into.kind is Kind.DATE:
            yield f"{where}: the column ({into.type}) keeps no time of day, scripts see one; use date(first, last)"
        elif into.kind is Kind.TIMESTAMP and shape.aware and not into.aware:
            yield f"{where}: the column ({into.type}) keeps no offset from UTC, scripts see one; give the times without"
        elif into.kind is Kind.TIMESTAMP and into.aware and not shape.aware:
            yield f"{where}: the column ({into.type}) keeps moments, the times say no offset; add one, such as +00:00"


def _listed(columns: Sequence[str]) -> str:
    """Return a key's columns in words."""
    return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
