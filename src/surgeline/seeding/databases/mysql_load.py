"""Rows into a table of MySQL or MariaDB: LOAD DATA LOCAL with lines that are made on the way, or INSERT of many rows.

LOAD DATA LOCAL never fails for a row: the server leaves rows out, changes values, and warns. Here that is an error.
PyMySQL would send whichever file the server asks for; so its own sending stays off, and what is sent is only ever rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pymysql
from pymysql.connections import Connection
from pymysql.constants import COMMAND

from surgeline.seeding.database import Batch, RefusedRowsError
from surgeline.seeding.databases.moments import days, moment, without_offsets
from surgeline.seeding.databases.mysql_errors import closed_unless_whole, mapped
from surgeline.seeding.databases.mysql_tables import UUID_BYTES, quoted
from surgeline.seeding.encode import COMMON, Spelling, encode, text_of

SPELLING: Spelling = {**COMMON, datetime: moment, bytes: bytes.hex}
EXAMPLES = 5
_PACKET_BYTES = 1 << 16
_INSERT_BYTES = 1 << 20
"""Of a statement: more are no faster."""
_BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is loaded."""

    name: str
    type: str
    counted: bool
    """The server gives numbers to rows that have none."""

    @property
    def expression(self) -> str:
        """How a text becomes a value of this column."""
        if self.type.startswith(_BINARY):
            return "UNHEX({})"
        return "CAST({} AS UNSIGNED)" if self.type.startswith("bit") else "{}"


@dataclass(frozen=True, slots=True)
class Target:
    """What is loaded into."""

    table: str
    """As SQL writes it."""
    columns: Sequence[Column]

    @property
    def names(self) -> list[str]:
        """The names of the columns, as SQL writes them."""
        return [quoted(column.name) for column in self.columns]


def load_lines(connection: Connection, into: Target, lines: Iterable[bytes]) -> int:
    """LOAD DATA LOCAL; return how many rows. Raises RefusedRowsError when any is left out or changed."""
    statement = _load_statement(into)
    with mapped(statement):
        answer = _send(connection, statement, lines)
    if answer.warning_count:
        raise RefusedRowsError(_refusal(connection, into, answer.affected_rows))
    loaded: int = answer.affected_rows
    return loaded


def insert_lines(connection: Connection, into: Target, lines: Iterable[bytes], largest: int) -> int:
    """INSERT the rows, many in a statement of at most `largest` bytes; return how many. Raises RefusedRowsError."""
    expressions = [column.expression for column in into.columns]
    insert = f"INSERT INTO {into.table} ({', '.join(into.names)}) VALUES "
    inserted = 0
    for rows in _statements((_values(line, expressions) for chunk in lines for line in _rows(chunk)), largest):
        with mapped(insert), connection.cursor() as cursor, closed_unless_whole(connection):
            inserted += cursor.execute(insert + rows)
            warned = cursor.execute("SHOW WARNINGS LIMIT 1")
        if warned:
            raise RefusedRowsError(_refusal(connection, into, inserted))
    return inserted


def encoded(into: Target, batches: Iterable[Batch], advance: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the rows of each batch as lines, and tell of those that the server has taken."""
    names = [column.name for column in into.columns]
    for batch in batches:
        values = [_prepared(column, values) for column, values in zip(into.columns, batch.columns, strict=True)]
        yield encode(Batch(batch.rows, values), names, SPELLING)
        advance(batch.rows)


def _prepared(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """Return values in a form that the column's expression reads."""
    if column.type.startswith(_BINARY):
        digits = _uuid_digits if column.type == UUID_BYTES else _hex_digits
        return [None if value is None else digits(value) for value in values]
    if column.type == "date":
        return days(values)
    return without_offsets(values) if column.type.startswith(("datetime", "timestamp")) else values


def _uuid_digits(value: Any) -> str:
    """`BINARY(16)` is where UUIDs are kept; bytes are what they are."""
    try:
        return value.hex() if isinstance(value, bytes) else UUID(str(value)).hex
    except ValueError:
        raise RefusedRowsError(
            f"expected UUIDs, or bytes, for a column of type {UUID_BYTES}, found {value!r}"
        ) from None


def _hex_digits(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else text_of(value, SPELLING).encode().hex()


def _load_statement(into: Target) -> str:
    """A column that the server numbers is set like those with an expression: among these it would take 0 for none."""
    computed = any(column.expression != "{}" for column in into.columns)
    read, settings = [], []
    for number, (column, name) in enumerate(zip(into.columns, into.names, strict=True)):
        if computed and (column.counted or column.expression != "{}"):
            read.append(f"@c{number}")
            settings.append(f"{name} = {column.expression.format(f'@c{number}')}")
        else:
            read.append(name)
    return (
        f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {into.table} CHARACTER SET utf8mb4 "
        "FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' "
        f"({', '.join(read)}){' SET ' if settings else ''}{', '.join(settings)}"
    )


def _send(connection: Connection, statement: str, lines: Iterable[bytes]) -> Any:
    """Carry out the statement with these lines; return the server's answer.

    Where making them fails, the server is told that there are no more, so that the connection stays of use.
    """
    connection._execute_command(COMMAND.COM_QUERY, statement)
    connection._read_packet()  # it asks for the file, or raises
    try:
        for chunk in filter(None, lines):
            _write(connection, chunk)
    except BaseException:
        if connection.open:
            with suppress(pymysql.Error):
                _end(connection)
        raise
    return _end(connection)


def _end(connection: Connection) -> Any:
    _write(connection, b"")
    return connection._read_ok_packet()


def _write(connection: Connection, chunk: bytes) -> None:
    """Send packets; an empty one is the end."""
    with closed_unless_whole(connection):
        for first in range(0, max(1, len(chunk)), _PACKET_BYTES):
            connection.write_packet(chunk[first : first + _PACKET_BYTES])


def _refusal(connection: Connection, into: Target, rows: int) -> str:
    with mapped("SHOW WARNINGS"), connection.cursor() as cursor:
        cursor.execute(f"SHOW WARNINGS LIMIT {EXAMPLES}")
        # The server says the same of each row: without its values where a parent is not there.
        examples = "; ".join(dict.fromkeys(f"{text} (error {number})" for _, number, text in cursor.fetchall()))
    return f"{into.table}: expected all rows to be put in as they are, found {rows:,} in, and warnings: {examples}"


def _rows(chunk: bytes) -> list[str]:
    return chunk.decode().split("\n")[:-1]


def _values(line: str, expressions: Sequence[str]) -> str:
    """Return a line as SQL writes a row: a field's escapes are those of a string, which the quote is not one of."""
    fields = line.replace("'", "''").split("\t")
    texts = ("NULL" if field == "\\N" else f"'{field}'" for field in fields)
    return f"({','.join(map(str.format, expressions, texts))})"


def _statements(rows: Iterable[str], largest: int) -> Iterator[str]:
    """Yield rows together, as many as go into a statement."""
    limit = min(_INSERT_BYTES, largest // 2)
    together: list[str] = []
    size = 0
    for row in rows:
        length = len(row.encode()) + 1
        if together and size + length > limit:
            yield ",".join(together)
            together, size = [], 0
        together.append(row)
        size += length
    if together:
        yield ",".join(together)
