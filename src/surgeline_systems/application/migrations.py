"""Brings the tables of a system up to date: numbered SQL files, each once.

A package has `migrations/*.sql` for PostgreSQL; one that runs on either `migrations/postgres/` and
`migrations/mariadb/`. This module must not know what they make, nor what goes into it.
"""

import asyncio
from collections.abc import Mapping
from importlib.resources import files

import asyncpg
from pymysql.constants import CLIENT
from pymysql.cursors import Cursor

from surgeline_systems.application.database import database_of, is_mariadb
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.mariadb import MARIADB_ERRORS, connected
from surgeline_systems.servers.postgres import POSTGRES_ERRORS

MIGRATIONS = "migrations"
POSTGRES, MARIADB = "postgres", "mariadb"
MADE = """
    CREATE TABLE IF NOT EXISTS surgeline_migrations (
        name text PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""
MADE_ON_MARIADB = """
    CREATE TABLE IF NOT EXISTS surgeline_migrations (
        name varchar(200) PRIMARY KEY,
        applied_at datetime NOT NULL DEFAULT now()
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    CREATE TABLE IF NOT EXISTS surgeline_identity (identity char(36) PRIMARY KEY);
    INSERT INTO surgeline_identity SELECT uuid() FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM surgeline_identity);
"""
LOCK_SECONDS = 60
LOCK = "SELECT get_lock(concat('surgeline migrations ', md5(database())), %s)"
Steps = Mapping[str, str]
"""The SQL of each file, by its name."""


async def migrate(database_url: str, package: str) -> list[str]:
    """Apply the package's files that are missing, of the kind of the database; gives their names.

    PostgreSQL takes all or nothing. MariaDB commits each CREATE: what a file made before it failed stays.
    Raises: ServerError when the server refuses.
    """
    try:
        if is_mariadb(database_url):
            return await asyncio.to_thread(_migrate_mariadb, database_url, _steps(package, MARIADB))
        return await _migrate_postgres(database_url, _steps(package, POSTGRES))
    except (*POSTGRES_ERRORS, *MARIADB_ERRORS) as error:
        raise ServerError(
            f"expected to make the tables of {package.rpartition('.')[2]} in its database, found: {error}. "
            "The database must be yours: a new one, or one that belongs to the user of the URL."
        ) from error


def _steps(package: str, kind: str) -> Steps:
    folder = files(package).joinpath(MIGRATIONS)
    if kind == MARIADB or folder.joinpath(kind).is_dir():
        folder = folder.joinpath(kind)
    return {file.name: file.read_text() for file in folder.iterdir() if file.name.endswith(".sql")}


async def _migrate_postgres(database_url: str, steps: Steps) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            # "IF NOT EXISTS" says so on every further run; nobody needs to read that.
            await connection.execute("SET LOCAL client_min_messages = warning")
            # Two that make the same table at the same moment would both find it missing.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('surgeline migrations'))")
            await connection.execute(MADE)
            there = {row["name"] for row in await connection.fetch("SELECT name FROM surgeline_migrations")}
            missing = sorted(steps.keys() - there)
            for name in missing:
                await connection.execute(steps[name])
                await connection.execute("INSERT INTO surgeline_migrations (name) VALUES ($1)", name)
            return missing
    finally:
        await connection.close()


def _migrate_mariadb(database_url: str, steps: Steps) -> list[str]:
    with connected(database_url, database=database_of(database_url), flags=CLIENT.MULTI_STATEMENTS) as cursor:
        cursor.execute(LOCK, [LOCK_SECONDS])
        if cursor.fetchone() != (1,):
            raise ServerError(f"expected others to have made their tables within {LOCK_SECONDS} s, found them at it")
        _execute_all(cursor, MADE_ON_MARIADB)
        cursor.execute("SELECT name FROM surgeline_migrations")
        missing = sorted(steps.keys() - {name for (name,) in cursor.fetchall()})
        for name in missing:
            _execute_all(cursor, steps[name])
            cursor.execute("INSERT INTO surgeline_migrations (name) VALUES (%s)", [name])
        return missing


def _execute_all(cursor: Cursor, statements: str) -> None:
    """The error of a statement comes with its result."""
    cursor.execute(statements)
    while cursor.nextset():
        pass
