"""The tables of a system: numbered files, each applied once, all or nothing."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import query
from surgeline_systems.application.migrations import migrate
from surgeline_systems.servers.launch import ServerError
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
