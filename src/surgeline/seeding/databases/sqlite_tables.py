"""Reads what the tables of a SQLite database are: columns, keys, and the tables that refer to one another.

Must not change anything, nor know how rows are loaded.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from surgeline.seeding.database import DatabaseError, ForeignKey, RealColumn, RealTable, UniqueKey
from surgeline.seeding.generator import Kind

Fetch = Callable[[str], list[tuple[Any, ...]]]

_LOW, _HIGH = -(2**63), 2**63 - 1
"""All whole numbers have 64 bits, whatever their column is called."""
_DECLARED = re.compile(r"([^(]*)(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?(.*)", re.DOTALL)
"""A declared type: its name, one or two numbers, and what follows them."""
_NAMED = {
    "BOOLEAN": Kind.BOOLEAN,
    "BOOL": Kind.BOOLEAN,
    "DATETIME": Kind.TIMESTAMP,
    "TIMESTAMP": Kind.TIMESTAMP,
    "TIMESTAMPTZ": Kind.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": Kind.TIMESTAMP,
    "TIMESTAMP WITHOUT TIME ZONE": Kind.TIMESTAMP,
    "DATE": Kind.DATE,
    "JSON": Kind.JSON,
    "JSONB": Kind.JSON,
    "UUID": Kind.UUID,
    "GUID": Kind.UUID,
    "DECIMAL": Kind.DECIMAL,
    "NUMERIC": Kind.DECIMAL,
}
"""Types that SQLite does not know, but that people and their libraries declare."""
_AFFINITIES = (
    (("INT",), Kind.INTEGER),
    (("CHAR", "CLOB", "TEXT"), Kind.TEXT),
    (("BLOB",), Kind.BYTES),
    (("REAL", "FLOA", "DOUB"), Kind.FLOAT),
)
"""Parts of a type's name, in the order in which SQLite looks for them: https://sqlite.org/datatype3.html, 3.1."""
_VIRTUAL, _STORED = 2, 3
"""What `table_xinfo` calls hidden: columns that are always generated."""


def read_tables(fetch: Fetch, names: Iterable[str]) -> dict[str, RealTable]:
    """Return those of the tables that are there, by the names asked for; `fetch` carries out a query."""
    asked: dict[str, str] = {}
    for name in names:
        real = _real_name(fetch, name)
        if real in asked:
            raise DatabaseError(f"expected different tables, found that {asked[real]} and {name} are the same")
        if real is not None:
            asked[real] = name
    return {name: _read_table(fetch, real, asked) for real, name in asked.items()}


def _real_name(fetch: Fetch, asked: str) -> str | None:
    found = fetch(f"SELECT name FROM sqlite_schema WHERE type = 'table' AND name = {named(asked)} COLLATE NOCASE")
    return found[0][0] if found else None


def read_collations(fetch: Fetch, table: str) -> dict[str, str]:
    """Return the collations of the columns of a table's unique keys; SQLite does not tell those of others."""
    rows = fetch(
        f"SELECT x.name, x.coll FROM pragma_index_list({named(table)}) l JOIN pragma_index_xinfo(l.name) x "
        'WHERE l."unique" AND x.key AND x.name IS NOT NULL'
    )
    return dict(rows)


def read_kinds(fetch: Fetch, table: str) -> dict[str, Kind | None]:
    """Return what the columns of a table hold, also of a temporary one."""
    rows = fetch(f"SELECT name, type FROM pragma_table_xinfo({named(table)})")
    return {name: _meaning(declared)[0] for name, declared in rows}


def named(table: str) -> str:
    """Return a table's name as a text of SQL, without the `main.` that may stand before it."""
    return text(table.removeprefix("main."))


def text(value: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def _read_table(fetch: Fetch, name: str, asked: dict[str, str]) -> RealTable:
    """Read a table; those that were asked for are called as they were asked for."""
    rows = fetch(f'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo({text(name)})')
    key = tuple(row[0] for row in sorted((row for row in rows if row[4]), key=lambda row: row[4]))
    numbered = _row_number(fetch, name, key)
    return RealTable(
        name=asked[name],
        columns={row[0]: _column(row, numbered) for row in rows},
        unique_keys=_unique_keys(fetch, name, key),
        foreign_keys=_foreign_keys(fetch, name, asked),
        referenced_by=tuple(asked.get(one, one) for one in _referenced_by(fetch, name)),
    )


def _row_number(fetch: Fetch, table: str, key: tuple[str, ...]) -> str | None:
    """Return the column that is another name of the row's number, and so is given one when it gets none.

    That is a primary key that needs no index of its own: https://sqlite.org/lang_createtable.html#rowid.
    """
    indexes = fetch(f"SELECT 1 FROM pragma_index_list({text(table)}) WHERE origin = 'pk'")
    return key[0] if key and not indexes else None


def _column(row: tuple[Any, ...], numbered: str | None) -> RealColumn:
    name, declared, not_null, default, key_position, hidden = row
    generated = hidden in {_VIRTUAL, _STORED}
    kind, size, places, aware = _meaning(declared)
    return RealColumn(
        name=name,
        type=declared,
        kind=kind,
        nullable=not (not_null or key_position),
        has_default=default is not None or generated or name == numbered,
        generated=generated,
        low=_LOW if kind is Kind.INTEGER else None,
        high=_HIGH if kind is Kind.INTEGER else None,
        longest=size if kind in {Kind.TEXT, Kind.BYTES} else None,
        precision=size if kind is Kind.DECIMAL else None,
        scale=(places or 0) if kind is Kind.DECIMAL and size is not None else None,
        aware=aware,
    )


def _meaning(declared: str) -> tuple[Kind | None, int | None, int | None, bool]:
    """Return what a declared type holds, its two numbers, and whether its times are moments."""
    matched = _DECLARED.fullmatch(declared)
    assert matched is not None
    before, size, places, after = matched.groups()
    name = " ".join(f"{before} {after}".upper().split())
    aware = name in {"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"}
    return _kind(name), int(size) if size else None, int(places) if places else None, aware


def _kind(name: str) -> Kind | None:
    if name in _NAMED:
        return _NAMED[name]
    return next((kind for parts, kind in _AFFINITIES if any(part in name for part in parts)), None)


def _unique_keys(fetch: Fetch, table: str, key: tuple[str, ...]) -> tuple[UniqueKey, ...]:
    """Return the keys that hold for all rows; those of a part of them, or of expressions, only SQLite can judge."""
    keys = [UniqueKey("PRIMARY KEY", key, primary=True)] if key else []
    indexes = fetch(
        f"SELECT name FROM pragma_index_list({text(table)}) "
        "WHERE \"unique\" AND NOT partial AND origin <> 'pk' ORDER BY name"
    )
    for (name,) in indexes:
        columns = tuple(row[0] for row in fetch(f"SELECT name FROM pragma_index_info({text(name)}) ORDER BY seqno"))
        if None not in columns:
            keys.append(UniqueKey(name, columns, primary=False))
    return tuple(keys)


def _foreign_keys(fetch: Fetch, table: str, asked: dict[str, str]) -> tuple[ForeignKey, ...]:
    rows = fetch(f'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list({text(table)}) ORDER BY id, seq')
    numbers = dict.fromkeys(row[0] for row in rows)
    return tuple(_foreign_key(fetch, [row for row in rows if row[0] == number], asked) for number in numbers)


def _foreign_key(fetch: Fetch, rows: list[tuple[Any, ...]], asked: dict[str, str]) -> ForeignKey:
    """SQLite forgets the names of foreign keys, and leaves out the parent's columns where they are its primary key."""
    parent = _real_name(fetch, rows[0][1]) or rows[0][1]
    columns = tuple(row[2] for row in rows)
    named = tuple(row[3] for row in rows)
    primary = fetch(f"SELECT name FROM pragma_table_info({text(parent)}) WHERE pk ORDER BY pk")
    parent_columns = tuple(row[0] for row in primary) if None in named else named
    return ForeignKey(f"FOREIGN KEY ({', '.join(columns)})", columns, asked.get(parent, parent), parent_columns)


def _referenced_by(fetch: Fetch, table: str) -> tuple[str, ...]:
    rows = fetch(
        "SELECT DISTINCT m.name FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f "
        f"WHERE m.type = 'table' AND f.\"table\" = {text(table)} COLLATE NOCASE AND m.name <> {text(table)} ORDER BY 1"
    )
    return tuple(row[0] for row in rows)
