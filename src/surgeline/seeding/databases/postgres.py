"""PostgreSQL, by asyncpg behind a synchronous face: COPY for rows, the catalogue for what is there.

Sessions read and write times in UTC. Must not be called while an event loop runs in the same thread.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote as quote_url
from urllib.parse import urlencode

import asyncpg
import msgspec

from surgeline.seeding.database import Batch, DatabaseError, RealColumn, RealTable, RefusedRowsError, Target
from surgeline.seeding.databases.postgres_errors import mapped, mapped_opening
from surgeline.seeding.databases.postgres_indexes import indexes_aside
from surgeline.seeding.databases.postgres_marks import mark, unchanged_since
from surgeline.seeding.databases.postgres_tables import read_tables
from surgeline.seeding.databases.postgres_upkeep import continue_numbers, empty, reset_statistics, rewind_numbers
from surgeline.seeding.encode import COMMON, Spelling, encode, json_text, text_of
from surgeline.seeding.generator import Kind
from surgeline.seeding.url import DatabaseURL

Result = TypeVar("Result")

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 5.0
CHUNK_BYTES = 1 << 17
"""Of a COPY message: the server reads one while the rows of the next are made."""
_SPELLING: Spelling = {**COMMON, bytes: lambda value: f"\\x{value.hex()}"}
# A role may have time limits that suit its application; seeding takes as long as it takes, but for waiting until
# somebody lets go of a table.
_SESSION = (
    "SET TimeZone = 'UTC'; SET standard_conforming_strings = on; SET client_min_messages = warning; "
    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s'; "
    "SET work_mem = '64MB'"
)
# Killed in the middle of a long statement we would else hold our locks until its end. Since PostgreSQL 14, on Linux.
_WATCH = "SET client_connection_check_interval = '1s'"
_LOCK = int.from_bytes(b"surgseed", "big")
# What asyncpg reads of a URL's options; those of other tools (`pgbouncer=true`) it would send to the server.
_OPTIONS = (
    "passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "ssl_min_protocol_version",
    "ssl_max_protocol_version", "target_session_attrs", "krbsrvname", "gsslib", "search_path", "options",
)  # fmt: skip


def open_database(url: DatabaseURL) -> "Postgres":
    """Open a PostgreSQL database. Raises DatabaseError."""
    return Postgres(url)


class Postgres:
    """An open PostgreSQL database; see `Database`."""

    ddl_commits = False

    def __init__(self, url: DatabaseURL) -> None:
        # A loop of its own, set nowhere: whoever has one in this thread keeps it.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        try:
            with mapped_opening(url):
                self._connection = self._runner.run(_connected(url))
        except BaseException:
            self._runner.close()
            raise
        version = self._connection.get_settings().server_version.split()[0]
        self.target = Target("PostgreSQL", version, url.place, url.database)

    def close(self) -> None:
        """See `Database`."""
        try:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                self._runner.run(self._connection.close(timeout=CLOSE_SECONDS))
        finally:
            if not self._connection.is_closed():
                self._connection.terminate()
            self._runner.close()

    def quote(self, name: str) -> str:
        """See `Database`."""
        return ".".join(map(_quoted, name.split(".", 1)))

    def differs(self, table: str, columns: Sequence[str], left: str, right: str) -> str:
        """See `Database`. JSON that holds `\\u0000` cannot be compared: `jsonb` refuses it."""
        real = self._real(table).columns
        unknown = [name for name in columns if name not in real]
        if unknown:
            raise DatabaseError(f"expected a column {unknown[0]!r} in {table}, found {', '.join(real)}")
        casts = [(_quoted(name), _comparable(real[name])) for name in columns]
        parts = [f"{left}.{name}{cast} IS DISTINCT FROM {right}.{name}{cast}" for name, cast in casts]
        return f"({' OR '.join(parts)})"

    def literal(self, value: Any) -> str:
        """See `Database`."""
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        text = text_of(value, _SPELLING)
        if isinstance(value, int) or (isinstance(value, float | Decimal) and math.isfinite(value)):
            return text
        if "\0" in text:
            raise RefusedRowsError(f"expected text without NUL characters, found {text[:80]!r}: PostgreSQL has none")
        return "'" + text.replace("'", "''") + "'"

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with mapped(statement):
            return list(map(tuple, self._wait(self._connection.fetch(statement))))

    def execute(self, statement: str) -> int:
        """See `Database`."""
        count = self._status(statement).rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def stream(self, statement: str, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """See `Database`."""
        if not self._connection.is_in_transaction():  # a cursor lives in one
            with self.transaction():
                yield from self.stream(statement, size)
            return
        with mapped(statement):
            cursor = self._wait(_cursor(self._connection, statement))
            while rows := self._wait(cursor.fetch(size)):
                yield list(map(tuple, rows))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Database`."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        if self._status("COMMIT") != "COMMIT":
            raise DatabaseError("expected the transaction to be committed, found that an error before had undone it")

    def only_writer(self) -> None:
        """See `Database`."""
        if not self.fetch(f"SELECT pg_try_advisory_xact_lock({_LOCK})")[0][0]:
            raise DatabaseError(
                f"expected no other seeding of the database {self.target.database}, found one at work; "
                "wait until it is through, or end it"
            )

    def tables(self, names: Iterable[str]) -> dict[str, RealTable]:
        """See `Database`. A name without a schema is looked for as the search_path says."""
        wanted = ", ".join(f"({self.literal(name)}, to_regclass({self.literal(self.quote(name))}))" for name in names)
        if not wanted:
            return {}
        found = self.fetch(
            f"SELECT w.name, c.oid::bigint FROM (VALUES {wanted}) w (name, relation) "
            "JOIN pg_class c ON c.oid = w.relation WHERE c.relkind IN ('r', 'p')"
        )
        return read_tables(self.fetch, dict(found))

    def relations(self) -> dict[str, bool]:
        """See `Database`. Of all schemas; their names are left out where the search_path finds the table."""
        rows = self.fetch(
            "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END, "
            "c.relkind IN ('v', 'm') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        )
        return dict(rows)

    def make_staging(self, name: str, table: str, columns: Sequence[str]) -> None:
        """See `Database`."""
        end = "ON COMMIT DROP " if self._connection.is_in_transaction() else ""
        self.execute(
            f"CREATE TEMPORARY TABLE {_quoted(name)} {end}AS "
            f"SELECT {_list(columns)} FROM {self.quote(table)} WITH NO DATA"
        )

    def index_staging(self, name: str, columns: Sequence[str]) -> None:
        """See `Database`. Statistics are enough: all of its rows are looked at, and the table itself has an index."""
        self.execute(f"ANALYZE pg_temp.{_quoted(name)} ({_list(columns)})")

    def drop_staging(self, name: str) -> None:
        """See `Database`."""
        self.execute(f"DROP TABLE IF EXISTS pg_temp.{_quoted(name)}")

    def load(self, table: str, columns: Sequence[str], batches: Iterable[Batch], advance: Callable[[int], None]) -> int:
        """See `Database`."""
        sent = 0

        def count(rows: int) -> None:
            nonlocal sent
            sent += rows
            advance(rows)

        schema, _, name = table.rpartition(".") if "." in table else ("", "", table)
        with mapped(f"COPY {table}"):
            status = self._wait(
                _copy(self._connection, schema or None, name, columns, _chunks(batches, columns, count))
            )
        loaded = int(status.rpartition(" ")[2])
        if loaded != sent:
            raise RefusedRowsError(
                f"{table}: expected {sent:,} rows to be loaded, found {loaded:,}: a trigger refuses rows"
            )
        return loaded

    def insert_from(self, table: str, columns: Sequence[str], staging: str, condition: str) -> int:
        """See `Database`."""
        values = ", ".join(f"s.{_quoted(column)}" for column in columns)
        return self.execute(
            # Like COPY, which gives identity columns the values it is given, whatever they are GENERATED.
            f"INSERT INTO {self.quote(table)} ({_list(columns)}) OVERRIDING SYSTEM VALUE "
            f"SELECT {values} FROM {_quoted(staging)} s WHERE {condition}"
        )

    def update_from(self, table: str, columns: Sequence[str], staging: str, key: Sequence[str]) -> int:
        """See `Database`."""
        if not columns:
            return 0
        settings = ", ".join(f"{_quoted(column)} = s.{_quoted(column)}" for column in columns)
        return self.execute(
            f"UPDATE {self.quote(table)} t SET {settings} FROM {_quoted(staging)} s "
            f"WHERE {_matches(key)} AND {self.differs(table, columns, 't', 's')}"
        )

    def delete_matching(self, table: str, staging: str, key: Sequence[str]) -> int:
        """See `Database`."""
        return self.execute(f"DELETE FROM {self.quote(table)} t USING {_quoted(staging)} s WHERE {_matches(key)}")

    def indexes_aside(self, tables: Sequence[str]) -> AbstractContextManager[None]:
        """See `Database`."""
        return indexes_aside(self, list(map(self.quote, tables)))

    def after_load(self, tables: Sequence[str]) -> None:
        """See `Database`."""
        for table in tables:
            self.execute(f"VACUUM (ANALYZE) {self.quote(table)}")

    def continue_numbers(self, table: str, columns: Sequence[str]) -> None:
        """See `Database`. Sequences know no transaction: undone, it leaves a gap in the numbers."""
        continue_numbers(self, table, columns)

    def rewind_numbers(self, table: str) -> None:
        """See `Database`."""
        rewind_numbers(self, table)

    def empty(self, tables: Sequence[str]) -> int:
        """See `Database`. One transaction: all of it, or nothing."""
        return empty(self, tables)

    def mark(self, table: str, earlier: str | None) -> str | None:
        """See `Database`."""
        return mark(self, table, earlier)

    def unchanged_since(self, table: str, mark: str, rows: int) -> bool:
        """See `Database`."""
        return unchanged_since(self, table, mark, rows)

    def reset_statistics(self) -> list[str]:
        """See `Database`. Of this database alone, not of the others on the server."""
        return reset_statistics(self)

    def _wait(self, asked: Coroutine[Any, Any, Result]) -> Result:
        """Run the loop until there is an answer."""
        try:
            if self._connection.is_closed():
                raise DatabaseError(f"expected an open connection to {self.target.database}, found it closed")
            return self._runner.run(asked)
        finally:
            asked.close()  # one that could not be run is not left behind: Python would warn of it

    def _status(self, statement: str) -> str:
        """Carry out a statement; return what the server calls it when it is done, such as `UPDATE 3`."""
        with mapped(statement):
            status: str = self._wait(self._connection.execute(statement))
            return status

    def _roll_back(self) -> None:
        """Without a connection there is nothing to do: the server has undone it."""
        with suppress(DatabaseError):
            self._status("ROLLBACK")

    def _real(self, table: str) -> RealTable:
        found = self.tables([table])
        if table not in found:
            raise DatabaseError(f"expected a table {table} in the database {self.target.database}, found none")
        return found[table]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(columns: Sequence[str]) -> str:
    return ", ".join(map(_quoted, columns))


def _matches(key: Sequence[str]) -> str:
    return " AND ".join(f"t.{name} = s.{name}" for name in map(_quoted, key))


def _comparable(column: RealColumn) -> str:
    """The cast that makes values of a column comparable, exactly: `json` has no equality, `citext` and some collations
    take more for equal than is, and of types that are not known here anything may be true."""
    if column.kind is Kind.JSON:
        return "::jsonb"
    if column.kind is Kind.TEXT or column.kind is None:
        return '::text COLLATE "C"'
    return ""


async def _connected(url: DatabaseURL) -> asyncpg.Connection:
    options = {name: value for name, value in url.options.items() if name in _OPTIONS}
    if "schema" in url.options:  # as Prisma's URLs have it
        options.setdefault("search_path", url.options["schema"])
    connection = await asyncpg.connect(
        f"postgresql:///?{urlencode(options, quote_via=quote_url)}",
        host=url.host or url.options.get("host"),
        port=url.port,
        user=url.user,
        password=url.password,
        database=url.database,
        timeout=CONNECT_SECONDS,
        statement_cache_size=0,  # poolers do not know a session's prepared statements
        server_settings={"application_name": "surgeline"},
    )
    try:
        await _prepare(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _prepare(connection: asyncpg.Connection) -> None:
    """Make the session as seeding wants it."""
    await connection.execute(_SESSION)
    with suppress(asyncpg.PostgresError):
        await connection.execute(_WATCH)
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=json_text, decoder=msgspec.json.decode)


async def _cursor(connection: asyncpg.Connection, statement: str) -> Any:
    return await connection.cursor(statement)


async def _copy(
    connection: asyncpg.Connection,
    schema: str | None,
    table: str,
    columns: Sequence[str],
    chunks: AsyncIterator[memoryview],
) -> str:
    """Send the chunks; return what the server calls it when it is done."""
    copying = asyncio.ensure_future(
        connection.copy_to_table(table, schema_name=schema, columns=columns, source=chunks, format="text")
    )

    # Where the socket's buffer is full, asyncpg would wait for a dead server for ever.
    def stop(_connection: object) -> None:
        copying.cancel()

    connection.add_termination_listener(stop)
    try:
        return str(await copying)
    except asyncio.CancelledError:
        if connection.is_closed():
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation") from None
        raise
    finally:
        connection.remove_termination_listener(stop)


async def _chunks(
    batches: Iterable[Batch], columns: Sequence[str], advance: Callable[[int], None]
) -> AsyncIterator[memoryview]:
    for batch in batches:
        data = memoryview(encode(batch, columns, _SPELLING))
        for start in range(0, len(data), CHUNK_BYTES):
            yield data[start : start + CHUNK_BYTES]
        advance(batch.rows)
        await asyncio.sleep(0)  # the loop's turn: it learns here that the connection is lost, or that we are to stop
