"""MySQL and MariaDB, by PyMySQL: LOAD DATA LOCAL for rows, the information schema for what is there.

Sessions read and write times in UTC, and refuse values that do not fit. Every CREATE and ALTER commits, those of
temporary tables' indexes too: so these get their indexes when they are made.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
import pymysql
from pymysql.constants import CLIENT, CR, FIELD_TYPE
from pymysql.converters import conversions, convert_datetime
from pymysql.cursors import Cursor, SSCursor

from surgeline.seeding.database import Batch, DatabaseError, RealColumn, RealTable
from surgeline.seeding.database import Target as Place
from surgeline.seeding.databases.mysql_errors import closed_unless_whole, mapped, mapped_opening
from surgeline.seeding.databases.mysql_load import SPELLING, Column, Target, encoded, insert_lines, load_lines
from surgeline.seeding.databases.mysql_tables import place_of, quoted, read_tables
from surgeline.seeding.databases.references import refuse_references
from surgeline.seeding.encode import text_of
from surgeline.seeding.generator import Kind
from surgeline.seeding.url import DatabaseURL

CONNECT_SECONDS = 10
_SESSION: dict[str, str] = {
    "time_zone": "'+00:00'",
    "sql_mode": "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'",
    "foreign_key_checks": "1",
    "unique_checks": "1",
    # Rows are made while the server waits for them.
    "net_read_timeout": "3600",
    "net_write_timeout": "3600",
    "wait_timeout": "28800",
}
_OFF = {"0", "off", "false"}
_OPTIONS = ("unix_socket", "ssl_ca", "ssl_cert", "ssl_key")
_NORMALIZES_JSON = (10, 7)
_INDEX = "surgeline_key"
_STATISTICS = ("events_statements_summary_by_digest", "table_io_waits_summary_by_table")


def open_database(url: DatabaseURL) -> "MySQL":
    """Open a MySQL or MariaDB database. Raises DatabaseError."""
    return MySQL(url)


class MySQL:
    """An open MySQL or MariaDB database; see `Database`."""

    ddl_commits = True

    def __init__(self, url: DatabaseURL) -> None:
        with mapped_opening(url):
            _refuse_dead_socket(url)
            self._connection = pymysql.connect(
                host=url.host,
                port=url.port or 0,
                user=url.user,
                password=(url.password or "").encode(),
                database=url.database,
                charset="utf8mb4",
                autocommit=True,
                conv=_DECODERS,
                client_flag=CLIENT.LOCAL_FILES,
                connect_timeout=CONNECT_SECONDS,
                init_command="SET SESSION " + ", ".join(f"{name} = {value}" for name, value in _SESSION.items()),
                **{name: url.options[name] for name in _OPTIONS if name in url.options},
            )
        version, local, self._largest = self.fetch("SELECT VERSION(), @@local_infile, @@max_allowed_packet")[0]
        self.maria = "mariadb" in version.lower()
        self._loads_lines = bool(local) and url.options.get("local_infile", "1").lower() not in _OFF
        self._numbers = tuple(map(int, version.split("-")[0].split(".")[:2]))
        self._staged: dict[str, list[tuple[str, ...]]] = {}
        self._lock: str | None = None
        self._in_transaction = False
        self.target = Place("MariaDB" if self.maria else "MySQL", version.split("-")[0], url.place, url.database)

    def close(self) -> None:
        """See `Database`."""
        if self._connection.open:
            self._connection.close()

    def quote(self, name: str) -> str:
        """See `Database`."""
        return ".".join(map(quoted, name.split(".", 1)))

    def differs(self, table: str, columns: Sequence[str], left: str, right: str) -> str:
        """See `Database`."""
        real = self._real(table).columns
        unknown = [name for name in columns if name not in real]
        if unknown:
            raise DatabaseError(f"expected a column {unknown[0]!r} in {table}, found {', '.join(real)}")
        exact = [
            (self._exact(f"{left}.{quoted(name)}", real[name]), self._exact(f"{right}.{quoted(name)}", real[name]))
            for name in columns
        ]
        return f"({' OR '.join(f'NOT ({one} <=> {other})' for one, other in exact)})"

    def _exact(self, expression: str, column: RealColumn) -> str:
        """Return an expression that is equal for equal values alone: collations take some letters for the same."""
        if column.kind is Kind.TEXT:
            return f"CAST({expression} AS BINARY)"
        if column.kind is Kind.JSON and self.maria:
            return f"{'JSON_NORMALIZE' if self._numbers >= _NORMALIZES_JSON else 'JSON_COMPACT'}({expression})"
        return expression

    def literal(self, value: Any) -> str:
        """See `Database`."""
        if value is None:
            return "NULL"
        if isinstance(value, bytes):
            return f"X'{value.hex()}'"
        text = text_of(value, SPELLING)
        return text if isinstance(value, int) else self._connection.escape(text)

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """See `Database`. MariaDB's JSON is text."""
        with self._cursor(statement) as cursor:
            return list(cursor.fetchall())

    def execute(self, statement: str) -> int:
        """See `Database`."""
        with self._cursor(statement) as cursor:
            changed: int = cursor.rowcount
            return changed

    def stream(self, statement: str, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """See `Database`."""
        with self._cursor(statement, SSCursor) as cursor:
            while rows := cursor.fetchmany(size):
                yield list(rows)

    @contextmanager
    def _cursor(self, statement: str, kind: type[Cursor] = Cursor) -> Iterator[Cursor]:
        """Give a cursor that has carried out a statement."""
        with mapped(statement), self._connection.cursor(kind) as cursor:
            with closed_unless_whole(self._connection):
                cursor.execute(statement)
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Database`."""
        self.execute("START TRANSACTION")
        self._in_transaction = True
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with suppress(DatabaseError):  # without a connection the server has done so already
                self.execute("ROLLBACK")
            raise
        finally:
            self._in_transaction = False
            self._let_others_write()

    def _undone_on_failure(self) -> AbstractContextManager[None]:
        """All or nothing, also outside of a transaction."""
        return nullcontext() if self._in_transaction else self.transaction()

    def only_writer(self) -> None:
        """See `Database`."""
        # Names of locks are the whole server's, and have 64 characters at most.
        digest = blake2b(self.target.database.encode(), digest_size=16).hexdigest()
        lock = self.literal(f"surgeline_seed_{digest}")
        if self.fetch(f"SELECT GET_LOCK({lock}, 0)") != [(1,)]:
            raise DatabaseError(
                f"expected no other seeding of {self.target.database}, found one at work; wait until it is through"
            )
        self._lock = lock

    def _let_others_write(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(DatabaseError):  # without a connection there is no lock
                self.fetch(f"SELECT RELEASE_LOCK({lock})")

    def tables(self, names: Iterable[str]) -> dict[str, RealTable]:
        """See `Database`."""
        return read_tables(self, names)

    def relations(self) -> dict[str, bool]:
        """See `Database`. Of the connection's database alone."""
        names = "SELECT TABLE_NAME, TABLE_TYPE = 'VIEW' FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        return {name: bool(view) for name, view in self.fetch(names)}

    def make_staging(self, name: str, table: str, columns: Sequence[str]) -> None:
        """See `Database`. It is joined by keys of the table: those that it has all columns of become indexes now."""
        keys = [key.columns for key in self._real(table).unique_keys if set(key.columns) <= set(columns)]
        self._make_staging(name, f"{self._list(columns)} FROM {self.quote(table)} LIMIT 0", keys)

    def _make_staging(self, name: str, selected: str, keys: list[tuple[str, ...]]) -> None:
        indexes = ", ".join(f"INDEX {_INDEX}_{number} ({self._list(key)})" for number, key in enumerate(keys))
        self.execute(
            f"CREATE TEMPORARY TABLE {self.quote(name)} {f'({indexes})' if indexes else ''} ENGINE = InnoDB "
            f"AS SELECT {selected}"
        )
        self._staged[name] = keys

    def index_staging(self, name: str, columns: Sequence[str]) -> None:
        """See `Database`. Where there is no such index yet, all rows have to move into a table that has it."""
        keys = self._staged[name]
        if any(set(columns) == set(key) for key in keys):
            return
        copy = f"{name}_copy"
        self._make_staging(copy, f"* FROM {self.quote(name)}", [])
        self.drop_staging(name)
        self._make_staging(name, f"* FROM {self.quote(copy)}", [*keys, tuple(columns)])
        self.drop_staging(copy)

    def drop_staging(self, name: str) -> None:
        """See `Database`."""
        self.execute(f"DROP TEMPORARY TABLE IF EXISTS {self.quote(name)}")
        self._staged.pop(name, None)

    def load(self, table: str, columns: Sequence[str], batches: Iterable[Batch], advance: Callable[[int], None]) -> int:
        """See `Database`. Without `local_infile`, of the server or the URL, they come by INSERT. Rows may refer to
        earlier rows of the same table, not to later ones."""
        if table not in self._staged:
            self._refuse_other_engines(table)
        into = Target(self.quote(table), self._loaded_columns(table, columns))
        lines = encoded(into, batches, advance)
        with self._undone_on_failure():
            if self._loads_lines:
                return load_lines(self._connection, into, lines)
            return insert_lines(self._connection, into, lines, self._largest)

    def _loaded_columns(self, table: str, names: Sequence[str]) -> list[Column]:
        """Read what the columns are, also of a temporary table. LOAD DATA passes over values of generated ones."""
        found = {
            name: Column(name, type_, "auto_increment" in extra)
            for name, type_, _, _, _, extra in self.fetch(f"SHOW COLUMNS FROM {self.quote(table)}")
            if "GENERATED" not in extra.upper().replace("DEFAULT_GENERATED", "")
        }
        if unknown := [name for name in names if name not in found]:
            raise DatabaseError(
                f"expected columns of {table} that take values, {', '.join(found)}, found {unknown[0]!r}"
            )
        return [found[name] for name in names]

    def _refuse_other_engines(self, table: str) -> None:
        """Rows in a table without transactions would stay when the rest is undone."""
        found = self.fetch(
            "SELECT ENGINE FROM information_schema.TABLES JOIN information_schema.ENGINES USING (ENGINE) "
            f"WHERE {place_of(self, table)} AND TRANSACTIONS <> 'YES'"
        )
        if found:
            raise DatabaseError(
                f"{table}: expected a table that can undo what is not committed, found one of {found[0][0]}, which "
                f"cannot; ALTER TABLE {self.quote(table)} ENGINE = InnoDB"
            )

    def insert_from(self, table: str, columns: Sequence[str], staging: str, condition: str) -> int:
        """See `Database`."""
        names = self._list(columns)
        rows = f"SELECT {names} FROM {self.quote(staging)} AS s WHERE {condition}"
        return self.execute(f"INSERT INTO {self.quote(table)} ({names}) {rows}")

    def update_from(self, table: str, columns: Sequence[str], staging: str, key: Sequence[str]) -> int:
        """See `Database`."""
        settings = ", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in columns)
        return self.execute(
            f"UPDATE {self._joined(table, staging, key)} SET {settings} WHERE {self.differs(table, columns, 't', 's')}"
        )

    def delete_matching(self, table: str, staging: str, key: Sequence[str]) -> int:
        """See `Database`."""
        return self.execute(f"DELETE t FROM {self._joined(table, staging, key)}")

    def _joined(self, table: str, staging: str, key: Sequence[str]) -> str:
        met = " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in key)
        return f"{self.quote(table)} AS t JOIN {self.quote(staging)} AS s ON {met}"

    @contextmanager
    def indexes_aside(self, tables: Sequence[str]) -> Iterator[None]:  # noqa: ARG002 - of none
        """See `Database`. Dropping an index commits: all stay."""
        yield

    def after_load(self, tables: Sequence[str]) -> None:
        """See `Database`."""
        for table in tables:
            self.fetch(f"ANALYZE TABLE {self.quote(table)}")

    def continue_numbers(self, table: str, columns: Sequence[str]) -> None:
        """See `Database`. The counter follows every number that is put in."""

    def rewind_numbers(self, table: str) -> None:
        """See `Database`. InnoDB takes no number below those that are there."""
        schema, _, name = table.rpartition(".")
        place = self.literal(schema) if schema else "DATABASE()"
        counted = (
            "SELECT 1 FROM information_schema.COLUMNS WHERE EXTRA LIKE '%auto_increment%' "
            f"AND TABLE_SCHEMA = {place} AND TABLE_NAME = {self.literal(name)}"
        )
        if self.fetch(counted):
            self.execute(f"ALTER TABLE {self.quote(table)} AUTO_INCREMENT = 1")

    def empty(self, tables: Sequence[str]) -> int:
        """See `Database`. Every TRUNCATE commits: where one fails, tables before it are empty."""
        refuse_references(self.tables(tables))
        rows = sum(int(self.fetch(f"SELECT count(*) FROM {self.quote(table)}")[0][0]) for table in tables)
        self.execute("SET SESSION foreign_key_checks = 0")
        try:
            for table in tables:
                self.execute(f"TRUNCATE TABLE {self.quote(table)}")
        finally:
            with suppress(DatabaseError):  # without a connection there is no session
                self.execute("SET SESSION foreign_key_checks = 1")
        return rows

    def mark(self, table: str, earlier: str | None) -> str | None:  # noqa: ARG002 - rows of others count here too
        """See `Database`: the number of all rows, and 64 bits of a hash of each, all together."""
        columns = [column for column in self._real(table).columns.values() if not column.generated]
        row = f"CONCAT_WS(',', {', '.join(map(_written, columns))})"
        # A row too long to be hashed gets another number every time.
        hashed = f"CAST(IFNULL(CONV(LEFT(SHA1({row}), 16), 16, 10), UUID_SHORT()) AS UNSIGNED)"
        count, together = self.fetch(f"SELECT COUNT(*), BIT_XOR({hashed}) FROM {self.quote(table)}")[0]
        return f"{count}:{together:016x}"

    def unchanged_since(self, table: str, mark: str, rows: int) -> bool:
        """See `Database`. Where others have rows beside ours, there is doubt."""
        return mark.startswith(f"{rows}:") and self.mark(table, None) == mark

    def reset_statistics(self) -> list[str]:
        """See `Database`."""
        left = self._tried("FLUSH STATUS", "status counters")
        if self.fetch("SELECT @@performance_schema") == [(0,)]:
            return [*left, "statements and tables: the server's performance_schema is off, nothing is counted"]
        for name in _STATISTICS:
            left += self._tried(f"TRUNCATE TABLE performance_schema.{name}", name)
        return left

    def _tried(self, statement: str, name: str) -> list[str]:
        try:
            self.execute(statement)
        except DatabaseError as error:
            return [f"{name}: {error}"]
        return []

    def _real(self, table: str) -> RealTable:
        real = self.tables([table]).get(table)
        if real is None:
            raise DatabaseError(f"expected a table {table} in {self.target.database}, found none")
        return real

    def _list(self, columns: Sequence[str]) -> str:
        return ", ".join(map(quoted, columns))


def _refuse_dead_socket(url: DatabaseURL) -> None:
    """PyMySQL would leave its own end open when nobody listens at the other."""
    path = url.options.get("unix_socket")
    if not path:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError as error:
            raise pymysql.OperationalError(CR.CR_CONNECTION_ERROR, f"no socket {path} ({error.strerror})") from error


def _written(column: RealColumn) -> str:
    """Return a column as text that no other value of it has, nor NULL; as bytes, for not all collations mix."""
    name = quoted(column.name)
    return f"CAST(QUOTE({f'{name} + 0e0' if column.kind is Kind.FLOAT else name}) AS BINARY)"


def _aware(text: Any) -> Any:
    """Return a TIMESTAMP, which is a moment; dates that do not exist stay text."""
    time = convert_datetime(text)
    return time.replace(tzinfo=UTC) if isinstance(time, datetime) else time


def _uuid(value: Any) -> Any:
    """Return what is in a `BINARY(16)` as the UUID that it is."""
    return str(UUID(bytes=value)) if isinstance(value, bytes) and len(value) == 16 else value


_DECODERS: dict[Any, Any] = {
    **conversions,
    FIELD_TYPE.BIT: lambda value: int.from_bytes(value, "big"),
    FIELD_TYPE.JSON: msgspec.json.decode,
    FIELD_TYPE.STRING: _uuid,
    FIELD_TYPE.TIMESTAMP: _aware,
}
