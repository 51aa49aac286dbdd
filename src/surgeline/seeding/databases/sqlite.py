"""SQLite: a database in one file, by the standard library's sqlite3.

Times are written as `YYYY-MM-DD HH:MM:SS[.ffffff]`, moments in UTC; decimal numbers and JSON as text, which SQLite
turns into what the column's type asks for. One connection at a time may write: each transaction begins as the writer.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import quote as quote_url

from surgeline.seeding.database import Batch, DatabaseError, RealTable, RefusedRowsError, Target
from surgeline.seeding.databases.references import refuse_references
from surgeline.seeding.databases.sqlite_load import Loading, adapted, in_words, prepared
from surgeline.seeding.databases.sqlite_tables import named, read_collations, read_kinds, read_tables, text
from surgeline.seeding.generator import Kind
from surgeline.seeding.url import DatabaseURL

WAIT_SECONDS = 3.0
"""For another process that is just writing."""
CACHE_KB = 32_000
"""Of pages: keys in no order go in a fifth faster than with SQLite's own 2 MB. Sorting an index takes as much again."""
EXAMPLES = 5
_LEAST_VERSION = (3, 33)
"""UPDATE ... FROM came with it."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PRIMARY = 0xFF
"""The bits of an error's code that say what it is; the others say more of it."""


def open_database(url: DatabaseURL) -> "Sqlite":
    """Open a SQLite database that is there. Raises DatabaseError: a wrong name must not make an empty one."""
    return Sqlite(url)


class Sqlite:
    """An open SQLite database; see `Database`."""

    ddl_commits = False

    def __init__(self, url: DatabaseURL) -> None:
        assert url.file is not None
        file = url.file
        if sqlite3.sqlite_version_info < _LEAST_VERSION:
            raise DatabaseError(f"expected SQLite 3.33 or later, found {sqlite3.sqlite_version}; take a newer Python")
        if not file.is_file():
            raise DatabaseError(
                f"expected a SQLite database, found no file {file}; have the application make it, with its tables"
            )
        self._file = file
        with self._mapped():
            address = f"file:{quote_url(str(file.absolute()))}?mode=rw"
            self._connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT_SECONDS)
        try:
            self.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            self._enforce_foreign_keys(True)
            self.fetch("SELECT count(*) FROM sqlite_schema")
        except DatabaseError:
            self.close()
            raise
        self.target = Target("SQLite", sqlite3.sqlite_version, str(file), url.database)

    def close(self) -> None:
        """See `Database`."""
        self._connection.close()

    def quote(self, name: str) -> str:
        """See `Database`."""
        return ".".join(map(_quoted, name.split(".")))

    def differs(self, table: str, columns: Sequence[str], left: str, right: str) -> str:
        """See `Database`. The order of JSON's names makes a difference here."""
        kinds = {name: column.kind for name, column in self._real(table).columns.items()}
        conditions = [self._column_differs(name, kinds.get(name), left, right) for name in columns]
        return f"({' OR '.join(conditions)})"

    def _column_differs(self, name: str, kind: Kind | None, left: str, right: str) -> str:
        sides = [f"{alias}.{self.quote(name)}" for alias in (left, right)]
        if kind is Kind.JSON:
            sides = [f"CASE WHEN json_valid({side}) THEN json({side}) ELSE {side} END" for side in sides]
        return f"{sides[0]} COLLATE BINARY IS NOT {sides[1]}"

    def literal(self, value: Any) -> str:
        """See `Database`."""
        value = adapted(value)
        if value is None:
            return "NULL"
        if isinstance(value, bytes):
            return f"X'{value.hex()}'"
        if isinstance(value, str):
            # A statement ends at its first NUL character.
            return f"CAST(X'{value.encode().hex()}' AS TEXT)" if "\0" in value else text(value)
        return repr(int(value) if isinstance(value, bool) else value)

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with self._mapped():
            return self._connection.execute(statement).fetchall()

    def execute(self, statement: str) -> int:
        """See `Database`."""
        with self._mapped():
            return max(0, self._connection.execute(statement).rowcount)

    def stream(self, statement: str, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """See `Database`."""
        with self._mapped():
            cursor = self._connection.execute(statement)
            while rows := cursor.fetchmany(size):
                yield rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Database`. Nobody else writes into the file until its end."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite ends it by itself where the disk is full
                self.execute("ROLLBACK")
            raise

    def only_writer(self) -> None:
        """See `Database`. Whoever has a transaction is the only one who writes."""

    def tables(self, names: Iterable[str]) -> dict[str, RealTable]:
        """See `Database`."""
        return read_tables(self.fetch, names)

    def relations(self) -> dict[str, bool]:
        """See `Database`."""
        names = "SELECT name, type = 'view' FROM sqlite_schema WHERE type IN ('table', 'view')"
        return {name: bool(view) for name, view in self.fetch(names)}

    def make_staging(self, name: str, table: str, columns: Sequence[str]) -> None:
        """See `Database`."""
        real = self._real(table)
        collations = read_collations(self.fetch, table)
        # A quoted name of a type is a type all the same; without COLLATE keys would be joined letter by letter.
        types = [(column, real.columns[column].type, collations.get(column, "BINARY")) for column in columns]
        made = [
            f"{_quoted(column)} {_quoted(type_)} COLLATE {_quoted(collation)}" for column, type_, collation in types
        ]
        self.execute(f"CREATE TEMPORARY TABLE {self.quote(name)} ({', '.join(made)})")

    def index_staging(self, name: str, columns: Sequence[str]) -> None:
        """See `Database`."""
        self.execute(f"CREATE INDEX temp.{self.quote(f'{name}_key')} ON {self.quote(name)} ({self._list(columns)})")

    def drop_staging(self, name: str) -> None:
        """See `Database`."""
        self.execute(f"DROP TABLE IF EXISTS temp.{self.quote(name)}")

    def load(self, table: str, columns: Sequence[str], batches: Iterable[Batch], advance: Callable[[int], None]) -> int:
        """See `Database`. Rows may refer to later rows of the same table."""
        kinds = read_kinds(self.fetch, table)
        into, several = f"{self.quote(table)} ({self._list(columns)})", self._may_insert_several(table)
        loading = Loading(self._connection, self._mapped, table, columns, into, several=several)
        loaded = 0
        with nullcontext() if self._connection.in_transaction else self.transaction():
            self.execute("PRAGMA defer_foreign_keys = ON")
            for batch in batches:
                values = [prepared(kinds.get(name), one) for name, one in zip(columns, batch.columns, strict=True)]
                loading.load(values, loaded)
                loaded += batch.rows
                advance(batch.rows)
            self._check_parents(table)
            self.execute("PRAGMA defer_foreign_keys = OFF")
        return loaded

    def _may_insert_several(self, table: str) -> bool:
        """May one statement insert more than one row? See `Loading`."""
        triggers = f"SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = {named(table)} COLLATE NOCASE"
        foreign_keys = f"SELECT 1 FROM pragma_foreign_key_list({named(table)})"
        return not self.fetch(f"{triggers} UNION ALL {foreign_keys}")

    def _check_parents(self, table: str) -> None:
        """Refuse rows without a parent now, with examples; at the commit SQLite would say nothing more than that."""
        real = self.tables([table]).get(table)
        if real is None or not real.foreign_keys:
            return
        orphans = self.fetch(
            f"SELECT rowid, parent, fkid FROM pragma_foreign_key_check({named(table)}) LIMIT {EXAMPLES}"
        )
        if orphans:
            columns = self._foreign_key_columns(table, orphans[0][2])
            examples = self._examples(table, columns, [row[0] for row in orphans if row[0] is not None])
            raise RefusedRowsError(
                f"{table}: expected {', '.join(columns)} to be in {orphans[0][1]}, found rows that are not{examples}"
            )

    def _foreign_key_columns(self, table: str, number: int) -> list[str]:
        rows = self.fetch(
            f'SELECT "from" FROM pragma_foreign_key_list({named(table)}) WHERE id = {number} ORDER BY seq'
        )
        return [row[0] for row in rows]

    def _examples(self, table: str, columns: Sequence[str], rows: Sequence[int]) -> str:
        """Tables without row numbers give none."""
        if not rows:
            return ""
        numbers = ", ".join(map(str, rows))
        found = self.fetch(f"SELECT {self._list(columns)} FROM {self.quote(table)} WHERE rowid IN ({numbers})")
        return ": " + "; ".join(in_words(columns, row) for row in found)

    def insert_from(self, table: str, columns: Sequence[str], staging: str, condition: str) -> int:
        """See `Database`."""
        names = self._list(columns)
        rows = f"SELECT {names} FROM {self.quote(staging)} AS s WHERE {condition}"
        return self.execute(f"INSERT INTO {self.quote(table)} ({names}) {rows}")

    def update_from(self, table: str, columns: Sequence[str], staging: str, key: Sequence[str]) -> int:
        """See `Database`."""
        settings = ", ".join(f"{self.quote(name)} = s.{self.quote(name)}" for name in columns)
        met = " AND ".join(f"t.{self.quote(name)} = s.{self.quote(name)}" for name in key)
        return self.execute(
            f"UPDATE {self.quote(table)} AS t SET {settings} FROM {self.quote(staging)} AS s "
            f"WHERE {met} AND {self.differs(table, columns, 't', 's')}"
        )

    def delete_matching(self, table: str, staging: str, key: Sequence[str]) -> int:
        """See `Database`."""
        names = self._list(key)
        return self.execute(
            f"DELETE FROM {self.quote(table)} WHERE ({names}) IN (SELECT {names} FROM {self.quote(staging)})"
        )

    @contextmanager
    def indexes_aside(self, tables: Sequence[str]) -> Iterator[None]:
        """See `Database`. The unique ones of a table that others refer to stay: every row of those needs them."""
        indexes = [index for table in tables for index in self._droppable(table)]
        for name, _ in indexes:
            self.execute(f"DROP INDEX {_quoted(name)}")
        yield
        for _, made_by in indexes:
            self.execute(made_by)

    def _droppable(self, table: str) -> list[tuple[Any, ...]]:
        real = self._real(table)
        refers_to_itself = any(key.parent == real.name for key in real.foreign_keys)
        kept = 'NOT l."unique"' if real.referenced_by or refers_to_itself else "true"
        return self.fetch(
            f"SELECT m.name, m.sql FROM pragma_index_list({named(table)}) l JOIN sqlite_schema m ON m.name = l.name "
            f"WHERE m.type = 'index' AND m.sql IS NOT NULL AND {kept}"
        )

    def after_load(self, tables: Sequence[str]) -> None:
        """See `Database`."""
        for table in tables:
            self.execute(f"ANALYZE {self.quote(table)}")

    def continue_numbers(self, table: str, columns: Sequence[str]) -> None:
        """See `Database`. SQLite takes every number that is written for one that it gave."""

    def rewind_numbers(self, table: str) -> None:
        """See `Database`. Only AUTOINCREMENT has a counter; other row numbers go on after the last row as it is."""
        if self.fetch("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"):
            last = f"(SELECT ifnull(max(rowid), 0) FROM {self.quote(table)})"
            self.execute(f"UPDATE sqlite_sequence SET seq = {last} WHERE name = {text(self._real(table).name)}")

    def empty(self, tables: Sequence[str]) -> int:
        """See `Database`. Foreign keys are not followed row by row: no table that has one on these keeps a row."""
        self._enforce_foreign_keys(False)
        try:
            with self.transaction():
                refuse_references(self.tables(tables))
                return sum(self._delete_all(table) for table in tables)
        finally:
            self._enforce_foreign_keys(True)

    def _delete_all(self, table: str) -> int:
        if self.fetch("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"):
            self.execute(f"DELETE FROM sqlite_sequence WHERE name = {named(table)} COLLATE NOCASE")
        return self.execute(f"DELETE FROM {self.quote(table)}")

    def mark(self, table: str, earlier: str | None) -> str | None:
        """See `Database`. SQLite counts the changes of the file, not those of a table."""

    def unchanged_since(self, table: str, mark: str, rows: int) -> bool:  # noqa: ARG002 - there never is a mark
        """See `Database`."""
        return False

    def reset_statistics(self) -> list[str]:
        """See `Database`. SQLite keeps none."""
        return []

    def _real(self, table: str) -> RealTable:
        real = self.tables([table]).get(table)
        if real is None:
            raise DatabaseError(f"expected a table {table} in {self._file}, found none")
        return real

    def _list(self, columns: Sequence[str]) -> str:
        return ", ".join(map(self.quote, columns))

    def _enforce_foreign_keys(self, on: bool) -> None:
        self.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        """Turn what sqlite3 raises into errors of ours."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise RefusedRowsError(f"SQLite refuses it: {error}") from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise RefusedRowsError(f"expected whole numbers of 64 bits and texts of Unicode, found: {error}") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
            if code in _BUSY:
                raise DatabaseError(
                    f"expected to be the only one who writes into {self._file}, found that another process writes "
                    f"({error}); end it, or wait until it is through"
                ) from error
            if code == sqlite3.SQLITE_NOTADB:
                raise DatabaseError(f"expected a SQLite database, found another kind of file: {self._file}") from error
            raise DatabaseError(f"SQLite, {self._file}: {error}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
