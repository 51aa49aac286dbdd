"""Brings the tables of a system up to date: numbered SQL files, each once and in one transaction.

It must not know what they make, nor what goes into it.
"""

from importlib.resources import files

import asyncpg

from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.postgres import POSTGRES_ERRORS

MIGRATIONS = "migrations"
MADE = """
    CREATE TABLE IF NOT EXISTS surgeline_migrations (
        name text PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


async def migrate(database_url: str, package: str) -> list[str]:
    """Apply the files of the package's folder `migrations` that are missing; gives their names.

    Raises: ServerError when the server refuses.
    """
    try:
        return await _migrate(database_url, package)
    except POSTGRES_ERRORS as error:
        raise ServerError(
            f"expected to make the tables of {package.rpartition('.')[2]} in its database, found: {error}. "
            "The database must be yours: a new one, or one that belongs to the user of the URL."
        ) from error


async def _migrate(database_url: str, package: str) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            # "IF NOT EXISTS" says so on every further run; nobody needs to read that.
            await connection.execute("SET LOCAL client_min_messages = warning")
            # Two that make the same table at the same moment would both find it missing.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('surgeline migrations'))")
            await connection.execute(MADE)
            return await _apply_missing(connection, package)
    finally:
        await connection.close()


async def _apply_missing(connection: asyncpg.Connection, package: str) -> list[str]:
    there = {row["name"] for row in await connection.fetch("SELECT name FROM surgeline_migrations")}
    steps = {file.name: file for file in files(package).joinpath(MIGRATIONS).iterdir() if file.name.endswith(".sql")}
    missing = sorted(steps.keys() - there)
    for name in missing:
        await connection.execute(steps[name].read_text())
        await connection.execute("INSERT INTO surgeline_migrations (name) VALUES ($1)", name)
    return missing
