"""Reads what the tables of a MySQL or MariaDB database are: columns, keys, and the tables that refer to one another.

Must not change anything, nor know how rows are loaded.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from surgeline.seeding.database import DatabaseError, ForeignKey, RealColumn, RealTable, UniqueKey
from surgeline.seeding.generator import Kind

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}
_KINDS = {
    "decimal": Kind.DECIMAL,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "char": Kind.TEXT,
    "varchar": Kind.TEXT,
    "tinytext": Kind.TEXT,
    "text": Kind.TEXT,
    "mediumtext": Kind.TEXT,
    "longtext": Kind.TEXT,
    "enum": Kind.TEXT,
    "json": Kind.JSON,
    "uuid": Kind.UUID,
    "timestamp": Kind.TIMESTAMP,
    "datetime": Kind.TIMESTAMP,
    "date": Kind.DATE,
    "year": Kind.INTEGER,
    "binary": Kind.BYTES,
    "varbinary": Kind.BYTES,
    "tinyblob": Kind.BYTES,
    "blob": Kind.BYTES,
    "mediumblob": Kind.BYTES,
    "longblob": Kind.BYTES,
}
UUID_BYTES = "binary(16)"
"""The type that UUIDs are kept in where there is none for them."""
_YEARS = (1901, 2155)
_JSON_CHECK = re.compile(r"json_valid\(`(.*)`\)", re.IGNORECASE)
"""MariaDB's JSON is a text with this constraint."""
_LABEL = re.compile(r"'((?:[^']|'')*)'")


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return "`" + name.replace("`", "``") + "`"


class Server(Protocol):
    """What is needed of a connection."""

    maria: bool

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows."""

    def literal(self, value: Any) -> str:
        """Return a value as SQL writes it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A table that is there: the name asked for, and where it is."""

    asked: str
    schema: str
    name: str
    here: bool
    """In the database of the connection."""

    @property
    def full(self) -> str:
        return self.name if self.here else f"{self.schema}.{self.name}"


def read_tables(server: Server, names: Iterable[str]) -> dict[str, RealTable]:
    """Return those of the tables that are there, by the names asked for."""
    found = [one for name in names if (one := _find(server, name)) is not None]
    asked: dict[str, str] = {}
    for one in found:
        if one.full in asked:
            raise DatabaseError(f"expected different tables, found that {asked[one.full]} and {one.asked} are the same")
        asked[one.full] = one.asked
    return {one.asked: _read(server, one, asked) for one in found}


def place_of(server: Server, table: str) -> str:
    """Return the condition by which the information schema finds a table."""
    schema, _, name = table.rpartition(".")
    here = server.literal(schema) if schema else "DATABASE()"
    return f"TABLE_SCHEMA = {here} AND TABLE_NAME = {server.literal(name)}"


def _find(server: Server, asked: str) -> _Found | None:
    rows = server.fetch(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_SCHEMA = DATABASE() FROM information_schema.TABLES "
        f"WHERE {place_of(server, asked)} "
        "AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
    )
    return _Found(asked, rows[0][0], rows[0][1], bool(rows[0][2])) if rows else None


def _read(server: Server, found: _Found, asked: dict[str, str]) -> RealTable:
    place = f"TABLE_SCHEMA = {server.literal(found.schema)} AND TABLE_NAME = {server.literal(found.name)}"
    return RealTable(
        name=found.asked,
        columns=_columns(server, found, place),
        unique_keys=_unique_keys(server, place),
        foreign_keys=_foreign_keys(server, place, asked),
        referenced_by=_referenced_by(server, found, asked),
    )


def _columns(server: Server, found: _Found, place: str) -> dict[str, RealColumn]:
    json = _json_columns(server, found) if server.maria else set()
    rows = server.fetch(
        "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, CHARACTER_MAXIMUM_LENGTH, "
        f"NUMERIC_PRECISION, NUMERIC_SCALE FROM information_schema.COLUMNS WHERE {place} ORDER BY ORDINAL_POSITION"
    )
    return {row[0]: _column("json" if row[0] in json else row[1], row) for row in rows}


def _json_columns(server: Server, found: _Found) -> set[str]:
    rows = server.fetch(
        "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS "
        f"WHERE CONSTRAINT_SCHEMA = {server.literal(found.schema)} AND TABLE_NAME = {server.literal(found.name)}"
    )
    return {matched[1].replace("``", "`") for (clause,) in rows if (matched := _JSON_CHECK.fullmatch(clause))}


def _column(data_type: str, row: Sequence[Any]) -> RealColumn:
    name, _, full_type, nullable, default, extra, longest, precision, scale = row
    kind = _kind(data_type, full_type)
    low, high = _range(data_type, full_type, precision)
    extra = extra.upper().replace("DEFAULT_GENERATED", "")
    generated = "GENERATED" in extra
    return RealColumn(
        name=name,
        type=full_type,
        kind=kind,
        nullable=nullable == "YES",
        # MariaDB says the word NULL where NULL is the default.
        has_default=default not in {None, "NULL"} or "AUTO_INCREMENT" in extra or generated,
        generated=generated,
        low=low,
        high=high,
        longest=int(longest) if kind in {Kind.TEXT, Kind.BYTES} and longest is not None else None,
        precision=int(precision) if kind is Kind.DECIMAL else None,
        scale=int(scale) if kind is Kind.DECIMAL else None,
        labels=_labels(full_type) if data_type == "enum" else None,
        aware=data_type == "timestamp",
    )


def _kind(data_type: str, full_type: str) -> Kind | None:
    """Return what values a column takes: none is known of times of day, sets, addresses and shapes."""
    if full_type in {"tinyint(1)", "bit(1)"}:
        return Kind.BOOLEAN
    if full_type == UUID_BYTES:
        return Kind.UUID
    if data_type in _BITS or data_type == "bit":
        return Kind.INTEGER
    return _KINDS.get(data_type)


def _range(data_type: str, full_type: str, precision: int | None) -> tuple[int, int] | tuple[None, None]:
    if data_type == "year":
        return _YEARS
    if data_type == "bit":
        return 0, 2 ** int(precision or 1) - 1
    bits = _BITS.get(data_type)
    if bits is None:
        return None, None
    return (0, 2**bits - 1) if "unsigned" in full_type else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _labels(full_type: str) -> tuple[str, ...]:
    return tuple(label.replace("''", "'") for label in _LABEL.findall(full_type))


def _unique_keys(server: Server, place: str) -> tuple[UniqueKey, ...]:
    """Return the keys of whole columns; those of their beginnings, or of expressions, only the server can judge."""
    rows = server.fetch(
        "SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS "
        f"WHERE {place} AND NON_UNIQUE = 0 ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX"
    )
    judged = {row[0] for row in rows if row[1] is None or row[2] is not None}
    names = [name for name in dict.fromkeys(row[0] for row in rows) if name not in judged]
    return tuple(
        UniqueKey(name, tuple(row[1] for row in rows if row[0] == name), primary=name == "PRIMARY") for name in names
    )


def _foreign_keys(server: Server, place: str, asked: dict[str, str]) -> tuple[ForeignKey, ...]:
    rows = server.fetch(
        "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_COLUMN_NAME, REFERENCED_TABLE_NAME, "
        "REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_SCHEMA = DATABASE() FROM information_schema.KEY_COLUMN_USAGE "
        f"WHERE {place} AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION"
    )
    names = dict.fromkeys(row[0] for row in rows)
    return tuple(_foreign_key([row for row in rows if row[0] == name], asked) for name in names)


def _foreign_key(rows: Sequence[Sequence[Any]], asked: dict[str, str]) -> ForeignKey:
    name, _, _, table, schema, here = rows[0]
    parent = table if here else f"{schema}.{table}"
    return ForeignKey(name, tuple(row[1] for row in rows), asked.get(parent, parent), tuple(row[2] for row in rows))


def _referenced_by(server: Server, found: _Found, asked: dict[str, str]) -> tuple[str, ...]:
    rows = server.fetch(
        "SELECT DISTINCT TABLE_NAME, TABLE_SCHEMA, TABLE_SCHEMA = DATABASE() FROM information_schema.KEY_COLUMN_USAGE "
        f"WHERE REFERENCED_TABLE_SCHEMA = {server.literal(found.schema)} "
        f"AND REFERENCED_TABLE_NAME = {server.literal(found.name)} ORDER BY 1, 2"
    )
    names = [name if here else f"{schema}.{name}" for name, schema, here in rows]
    return tuple(asked.get(name, name) for name in names if name != found.full)
