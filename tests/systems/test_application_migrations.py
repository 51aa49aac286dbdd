"""The tables of a system: numbered files, each applied once, all or nothing."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ways_support import needed

from conftest import query
from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.migrations import migrate
from surgeline_systems.servers import mariadb as mariadb_ways
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.mariadb import ask, fresh_database
from surgeline_systems.servers.postgres import Postgres, with_database

PACKAGE = "package_with_migrations"
DATABASE = "surgeline_test_migrations"


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / PACKAGE / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / PACKAGE / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    (folder / "0001_users.sql").write_text("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE more (id int)")
    (folder / "notes.txt").write_text("no SQL")
    return folder


@pytest.fixture
def database(own_server: Postgres) -> Iterator[str]:
    yield with_database(own_server, DATABASE).url
    query(own_server.url, f"DROP DATABASE {DATABASE} WITH (FORCE)")


def made(database: str) -> list[str]:
    return asyncio.run(migrate(database, PACKAGE))


def test_each_file_is_applied_once_in_order(database: str, migrations: Path):
    assert made(database) == ["0001_users.sql"]
    assert made(database) == []
    (migrations / "0003_name.sql").write_text("ALTER TABLE users ADD name text NOT NULL DEFAULT ''")
    (migrations / "0002_row.sql").write_text("INSERT INTO users (id) VALUES (1)")
    assert made(database) == ["0002_row.sql", "0003_name.sql"]
    assert query(database, "SELECT id, name FROM users") == [(1, "")]


def test_one_that_fails_leaves_nothing_of_those_beside_it(database: str, migrations: Path):
    (migrations / "0002_wrong.sql").write_text("CREATE TABLE late (id int); SELECT * FROM nowhere")
    with pytest.raises(ServerError, match=r'make the tables of package_with_migrations .* "nowhere" does not exist'):
        made(database)
    assert query(database, "SELECT to_regclass('users') AS users, to_regclass('late') AS late") == [(None, None)]


@pytest.mark.usefixtures("migrations")
def test_two_at_once_apply_it_once(database: str):
    async def both() -> list[list[str]]:
        return await asyncio.gather(migrate(database, PACKAGE), migrate(database, PACKAGE))

    assert sorted(asyncio.run(both())) == [[], ["0001_users.sql"]]


# MariaDB


@pytest.fixture(scope="module")
def maria() -> Iterator[str]:
    """The URL of a server."""
    needed(mariadb_ways.standing_server() or mariadb_ways.host_programs(), "no MariaDB on this machine")
    with mariadb_ways.mariadb() as server:
        yield server.url


@pytest.fixture
def on_maria(maria: str) -> Iterator[str]:
    with fresh_database(maria, f"{DATABASE}_{os.getpid()}") as url:
        yield url


@pytest.fixture
def of_maria(migrations: Path) -> Path:
    """Files for it, beside those for PostgreSQL."""
    folder = migrations / "mariadb"
    folder.mkdir()
    (folder / "0001_users.sql").write_text("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE more (id int);\n")
    return folder


def tables(url: str) -> list[str]:
    database = url.partition("?")[0].rpartition("/")[2]
    return [name for (name,) in ask(url, f"SHOW TABLES IN {database}")]


def test_a_package_has_files_for_each_kind_of_database(on_maria: str, database: str, of_maria: Path):
    assert made(on_maria) == ["0001_users.sql"]
    assert made(on_maria) == []
    (of_maria / "0003_last.sql").write_text("CREATE TABLE last (id int)")
    (of_maria / "0002_name.sql").write_text("ALTER TABLE users ADD name varchar(9); INSERT INTO users VALUES (1, '%s')")
    assert made(on_maria) == ["0002_name.sql", "0003_last.sql"]
    assert ask(on_maria, f"SELECT id, name FROM {DATABASE}_{os.getpid()}.users") == ((1, "%s"),)
    postgres = of_maria.parent / "postgres"
    postgres.mkdir()
    (postgres / "0001_other.sql").write_text("CREATE TABLE other (id int)")
    assert made(database) == ["0001_other.sql"]


def test_of_a_file_that_fails_it_is_told_and_it_is_not_taken_for_made(on_maria: str, of_maria: Path):
    wrong = of_maria / "0002_wrong.sql"
    wrong.write_text("CREATE TABLE late (id int); SELECT * FROM nowhere; CREATE TABLE never (id int)")
    with pytest.raises(ServerError, match=r"make the tables of package_with_migrations .*nowhere' doesn't exist"):
        made(on_maria)
    assert {"users", "late"} <= set(tables(on_maria))
    assert "never" not in tables(on_maria)
    wrong.write_text("DROP TABLE late")
    assert made(on_maria) == ["0002_wrong.sql"]


@pytest.mark.usefixtures("of_maria")
def test_two_at_once_apply_it_once_on_mariadb_too(on_maria: str):
    async def both() -> list[list[str]]:
        return await asyncio.gather(migrate(on_maria, PACKAGE), migrate(on_maria, PACKAGE))

    assert sorted(asyncio.run(both())) == [[], ["0001_users.sql"]]


@pytest.mark.usefixtures("of_maria")
def test_a_database_is_known_by_what_it_is_and_not_by_its_name(maria: str):
    def prefix() -> str:
        with fresh_database(maria, f"{DATABASE}_same_{os.getpid()}") as url:
            made(url)
            first = asyncio.run(key_prefix(url, "trial"))
            assert asyncio.run(key_prefix(url, "trial")) == first
            return first

    first, second = prefix(), prefix()
    assert first.startswith("trial:")
    assert first != second
