"""Real databases for the tests of seeding: each test gets a fresh one, on every server that is there.

Without a server its tests are skipped, or fail where it must be there (SURGELINE_REQUIRE_SERVERS=1). To add a kind of
database: a subclass of `Place` that says what is its own way, and its name in `PLACES`.
"""

import asyncio
import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import asyncpg
import pymysql
import pytest

from surgeline.seeding.connect import connect
from surgeline.seeding.database import Database
from surgeline.seeding.encode import json_text
from surgeline.seeding.generator import Kind
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.mariadb import ask, fresh_database, mariadb
from surgeline_systems.servers.postgres import postgres, with_database

_numbers = itertools.count(1)


class Place(ABC):
    """A fresh database, and what is special about its kind."""

    types: ClassVar[dict[Kind, str]]
    """A column type for each kind of value, without limits where there are such."""
    numbered: ClassVar[str]
    """The type and key of a column that the database numbers by itself."""
    takes_nul: ClassVar[bool] = True
    """Can a text have a NUL character in it?"""
    marks: ClassVar[bool] = True
    """Can it tell cheaply that rows have been changed?"""
    also: ClassVar[dict[Kind, tuple[Kind | None, ...]]] = {}
    """For which kinds `types` has a column that may as well be of another (MySQL has no UUID)."""

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    @abstractmethod
    def server(cls, stack: ExitStack) -> str:
        """The URL of the server; what is started for it is entered into the stack. Raises ServerError without one."""

    @classmethod
    @abstractmethod
    def fresh(cls, server: str, name: str) -> Any:
        """A context manager: the URL of an empty database; one that is made has that name, and is dropped."""

    def seen(self, kind: Kind, value: Any) -> Any:
        """What `fetch` gives for a value that was loaded."""
        return value

    def described(self, database: Database, table: str) -> list[Any]:
        """All that the database knows of a table's indexes and constraints."""
        raise NotImplementedError

    def kill(self, victim: Database) -> None:
        """End the connection from outside."""
        pytest.skip("there is no server that could be cut off")


def run(url: str, work: Callable[[asyncpg.Connection], Coroutine[Any, Any, Any]]) -> Any:
    async def connected() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


WIPE = """
    SET lock_timeout = '10s';
    DO $$
        DECLARE schema text;
        BEGIN
            FOR schema IN
                SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
            LOOP
                EXECUTE format('DROP SCHEMA %I CASCADE', schema);
            END LOOP;
            EXECUTE format('ALTER DATABASE %I RESET ALL', current_database());
        END
    $$;
    CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class PostgresPlace(Place):
    types: ClassVar = {
        Kind.INTEGER: "bigint",
        Kind.DECIMAL: "numeric(30, 10)",
        Kind.FLOAT: "double precision",
        Kind.TEXT: "text",
        Kind.UUID: "uuid",
        Kind.BOOLEAN: "boolean",
        Kind.TIMESTAMP: "timestamp",
        Kind.DATE: "date",
        Kind.JSON: "json",
        Kind.BYTES: "bytea",
    }
    numbered: ClassVar = "bigserial PRIMARY KEY"
    takes_nul: ClassVar = False

    @classmethod
    def server(cls, stack: ExitStack) -> str:
        """Of one database for all tests: making and dropping one takes longer than most tests."""
        name = f"surgeline_test_seeding_{os.getpid()}"
        found = stack.enter_context(postgres("postgres"))
        stack.callback(run, found.url, lambda connection: connection.execute(f"DROP DATABASE {name} WITH (FORCE)"))
        return with_database(found, name).url

    @classmethod
    @contextmanager
    def fresh(cls, server: str, name: str) -> Iterator[str]:
        run(server, lambda connection: connection.execute(WIPE))
        yield server

    def described(self, database: Database, table: str) -> list[Any]:
        indexes = database.fetch(
            "SELECT pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisexclusion, i.indimmediate, i.indisvalid, "
            "i.indisclustered, i.indisreplident, c.reloptions, obj_description(i.indexrelid, 'pg_class') "
            "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            f"WHERE i.indrelid = '{table}'::regclass ORDER BY 1"
        )
        constraints = database.fetch(
            "SELECT conrelid::regclass::text, conname, contype::text, condeferrable, condeferred, convalidated, "
            "conislocal, connoinherit, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint') "
            f"FROM pg_constraint WHERE '{table}'::regclass IN (conrelid, confrelid) ORDER BY 1, 2"
        )
        return [*indexes, *constraints]

    def kill(self, victim: Database) -> None:
        # All of ours there: a victim in the middle of something cannot be asked for its number.
        end = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{victim.target.database}' AND application_name = 'surgeline'"
        )
        with ThreadPoolExecutor(1) as thread:  # in this one the victim's loop is running
            thread.submit(run, self.url, lambda connection: connection.execute(end)).result()


class MySQLPlace(Place):
    types: ClassVar = {
        Kind.INTEGER: "bigint",
        Kind.DECIMAL: "decimal(30, 10)",
        Kind.FLOAT: "double",
        Kind.TEXT: "longtext",
        Kind.UUID: "char(36)",
        Kind.BOOLEAN: "boolean",
        Kind.TIMESTAMP: "datetime(6)",
        Kind.DATE: "date",
        Kind.JSON: "json",
        Kind.BYTES: "longblob",
    }
    numbered: ClassVar = "bigint AUTO_INCREMENT PRIMARY KEY"
    also: ClassVar = {Kind.UUID: (Kind.TEXT,)}

    @classmethod
    def server(cls, stack: ExitStack) -> str:
        return stack.enter_context(mariadb()).url

    @classmethod
    def fresh(cls, server: str, name: str) -> AbstractContextManager[str]:
        return fresh_database(server, name)

    def seen(self, kind: Kind, value: Any) -> Any:
        # MariaDB's JSON is a text.
        is_text = kind is Kind.JSON and "MariaDB" in ask(self.url, "SELECT VERSION()")[0][0]
        return json_text(value) if is_text else value

    def described(self, database: Database, table: str) -> list[Any]:
        text = database.fetch(f"SHOW CREATE TABLE {table}")[0][1]
        return [line for line in text.splitlines() if not line.startswith(")")]

    def kill(self, victim: Database) -> None:
        of_it = f"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{victim.target.database}'"
        for (number,) in ask(self.url, of_it):
            ask(self.url, f"KILL {number}")


class InsertingMySQLPlace(MySQLPlace):
    """Where LOAD DATA LOCAL is not allowed, as MySQL has it by default."""

    @classmethod
    @contextmanager
    def fresh(cls, server: str, name: str) -> Iterator[str]:
        with fresh_database(server, name) as url:
            yield f"{url}{'&' if '?' in url else '?'}local_infile=0"


class SqlitePlace(Place):
    types: ClassVar = {
        Kind.INTEGER: "BIGINT",
        Kind.DECIMAL: "TEXT",
        Kind.FLOAT: "DOUBLE PRECISION",
        Kind.TEXT: "TEXT",
        Kind.UUID: "UUID",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.TIMESTAMP: "TIMESTAMP",
        Kind.DATE: "DATE",
        Kind.JSON: "JSON",
        Kind.BYTES: "BLOB",
    }
    numbered: ClassVar = "INTEGER PRIMARY KEY AUTOINCREMENT"
    marks: ClassVar = False
    also: ClassVar = {Kind.DECIMAL: (Kind.TEXT,)}

    @classmethod
    def server(cls, stack: ExitStack) -> str:
        return stack.enter_context(TemporaryDirectory())

    @classmethod
    @contextmanager
    def fresh(cls, server: str, name: str) -> Iterator[str]:
        file = Path(server) / f"{name}.db"
        file.touch()
        yield f"sqlite:///{file}"
        file.unlink()

    def seen(self, kind: Kind, value: Any) -> Any:
        written = {Kind.DECIMAL: str, Kind.TIMESTAMP: str, Kind.DATE: str, Kind.JSON: json_text}
        return written[kind](value) if kind in written else value

    def described(self, database: Database, table: str) -> list[Any]:
        return database.fetch(f"SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = '{table}' ORDER BY name")


PLACES: dict[str, type[Place]] = {
    "postgres": PostgresPlace,
    "mysql": MySQLPlace,
    "mysql-insert": InsertingMySQLPlace,
    "sqlite": SqlitePlace,
}


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """PyMySQL reads all authorities of this machine for each connection, also where it asks for no certificate."""
    make = pymysql.connections.Connection._create_ssl_ctx
    trusting_all = make(None, {})

    def made(connection: Any, options: dict[str, Any]) -> Any:
        return make(connection, options) if options else trusting_all

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pymysql.connections.Connection, "_create_ssl_ctx", made)
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[type[Place]], str]]:
    """Finds each server once."""
    with ExitStack() as stack:
        found: dict[type[Place], str | ServerError] = {}

        def server(kind: type[Place]) -> str:
            if kind not in found:
                try:
                    found[kind] = kind.server(stack)
                except ServerError as error:
                    found[kind] = error
            answer = found[kind]
            if isinstance(answer, str):
                return answer
            if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
                raise answer
            return pytest.skip(f"no server: {answer}")

        yield server


@contextmanager
def _fresh(kind: type[Place], servers: Callable[[type[Place]], str]) -> Iterator[Place]:
    name = f"surgeline_test_seeding_{os.getpid()}_{next(_numbers)}"
    with kind.fresh(servers(kind), name) as url:
        yield kind(url)


@pytest.fixture(params=list(PLACES))
def place(request: pytest.FixtureRequest, servers: Callable[[type[Place]], str]) -> Iterator[Place]:
    """A fresh database of each kind."""
    with _fresh(PLACES[request.param], servers) as found:
        yield found


@pytest.fixture
def postgres_place(servers: Callable[[type[Place]], str]) -> Iterator[Place]:
    with _fresh(PostgresPlace, servers) as found:
        yield found


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    with connect(place.url) as opened:
        yield opened


@pytest.fixture
def postgres_database(postgres_place: Place) -> Iterator[Database]:
    with connect(postgres_place.url) as opened:
        yield opened


@pytest.fixture(params=["mysql", "mysql-insert"])
def mysql_place(request: pytest.FixtureRequest, servers: Callable[[type[Place]], str]) -> Iterator[Place]:
    """A fresh database for either way to load."""
    with _fresh(PLACES[request.param], servers) as found:
        yield found


@pytest.fixture
def mysql_database(mysql_place: Place) -> Iterator[Database]:
    with connect(mysql_place.url) as opened:
        yield opened


@pytest.fixture
def sqlite_place(servers: Callable[[type[Place]], str]) -> Iterator[Place]:
    with _fresh(SqlitePlace, servers) as found:
        yield found


@pytest.fixture
def sqlite_database(sqlite_place: Place) -> Iterator[Database]:
    with connect(sqlite_place.url) as opened:
        yield opened
