"""With a real database: what doctor says of it before and after it is seeded, and what a run says of foreign keys."""

import asyncio
import os
import sqlite3
import uuid
from contextlib import closing

import pytest
from doctor_support import surgeline
from plans import one_scenario

SEEDS = """
from surgeline.seeding import *
users = table("users", rows={rows}, key="id", columns={{"id": sequence(), "email": email()}})
"""
SCRIPT = "from surgeline import *\nfrom seeds import users\nids = pool.table(users, 'id')\n" + one_scenario()


@pytest.fixture
def database(tmp_path):
    """A database with an empty table, a file of declarations and a script that draws from them."""
    path = tmp_path / "shop_test.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
    declare(tmp_path, 100)
    (tmp_path / "script.py").write_text(SCRIPT)
    return path


def declare(folder, rows):
    (folder / "seeds.py").write_text(SEEDS.format(rows=rows))


def execute(database, statement):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(statement)
        connection.commit()


def seed(database):
    done = surgeline("seed", "apply", "seeds.py", "--database", f"sqlite:///{database}", cwd=database.parent)
    assert done.returncode == 0, done.stderr


def doctor(database):
    done = surgeline("doctor", "script.py", cwd=database.parent, DATABASE_URL=f"sqlite:///{database}")
    return done, " ".join(done.stdout.split())


def assert_wrong(database, what, remedy=None):
    done, text = doctor(database)
    assert done.returncode == 99, done.stdout
    assert f"✗ pools users: {what}" in text
    if remedy is None:
        assert f"> surgeline seed apply {database.parent / 'seeds.py'} --database URL\n" in done.stdout
    else:
        assert f"> {remedy}" in text


def test_a_table_that_is_not_seeded(database):
    assert_wrong(database, "not seeded")


def test_a_seeded_table(database):
    seed(database)

    done, text = doctor(database)

    assert done.returncode == 0, done.stdout
    assert "✓ pools users: all 100 rows are there" in text


def test_a_table_that_was_seeded_in_another_size(database):
    seed(database)
    declare(database.parent, 90)

    assert_wrong(database, "another version")


def test_a_table_of_which_rows_are_gone(database):
    seed(database)
    execute(database, "DELETE FROM users WHERE id = 7")

    assert_wrong(database, "incomplete; 99 of 100 rows")


def test_a_table_that_is_not_there(database):
    execute(database, "DROP TABLE users")

    assert_wrong(
        database,
        "no such table; its migrations have not run, or this is another database",
        "run the service's migrations, or give the URL of its database (--database, DATABASE_URL)",
    )


def test_doctor_changes_nothing(database):
    seed(database)
    execute(database, "DELETE FROM users WHERE id = 7")
    before = database.read_bytes()

    doctor(database)

    assert database.read_bytes() == before


def test_a_wrong_database_url_is_a_wrong_option(database):
    done = surgeline("doctor", "script.py", "--database", "nonsense://me:secret@x", cwd=database.parent)

    assert done.returncode == 104
    assert "secret" not in done.stderr


@pytest.fixture
def postgres():
    """The URL of a PostgreSQL database of our own, with a parent and a child table."""
    asyncpg = pytest.importorskip("asyncpg")
    servers = pytest.importorskip("surgeline_systems.servers.postgres")
    name = f"surgeline_test_doctor_{os.getpid()}"

    async def on(url, *statements):
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    try:
        with servers.postgres("postgres") as found:
            url = f"{found.url.rpartition('/')[0]}/{name}"
            asyncio.run(on(found.url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
            try:
                parent = "CREATE TABLE users (id uuid PRIMARY KEY)"
                asyncio.run(on(url, parent, "CREATE TABLE logs (user_id uuid NOT NULL REFERENCES users (id))"))
                yield url
            finally:
                asyncio.run(on(found.url, f"DROP DATABASE {name} WITH (FORCE)"))
    except servers.ServerError as error:
        if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {error}")


def test_what_asyncpg_raises_in_a_script_leads_to_advice(postgres, tmp_path):
    key = uuid.UUID(int=7)
    (tmp_path / "script.py").write_text(f"""
from surgeline import *
import asyncpg

@vu_start
async def connect(vu):
    vu.connection = await asyncpg.connect(env("DATABASE_URL"))

@vu_stop
async def close(vu):
    await vu.connection.close()

@scenario(shared_iterations(vus=1, iterations=2))
async def insert(vu):
    await vu.connection.execute("INSERT INTO logs VALUES ($1)", "{key}")
""")
    done = surgeline("run", "script.py", "--quiet", cwd=tmp_path, DATABASE_URL=postgres)

    assert "ForeignKeyViolationError" in done.stdout
    text = " ".join(done.stdout.split())
    assert "iterations of insert: the database refused rows whose parents are not in table 'users'" in text
    assert f"no row with the key {key} (as user_id)" in text
