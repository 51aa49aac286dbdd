"""What a service wants of its database: connections, and an identity. It must not know any table."""

import asyncio
from collections.abc import Awaitable, Mapping
from urllib.parse import unquote, urlsplit

import asyncpg

from surgeline_systems.servers.mariadb import connected

# For a service that fills its own tables, and has an index for each of its statements. A plan is kept as long as its
# connection: one that was made while a table was empty would read all of it, whatever it has become. And only plain
# scans of an index mark what is dead in it, such as the rows of a queue that are done: others visit them all each time.
ALWAYS_BY_INDEX = {"enable_seqscan": "off", "enable_bitmapscan": "off"}

DATABASE_IDENTITY = """
    SELECT system_identifier || '-' || oid FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


def is_mariadb(database_url: str) -> bool:
    """Is it the URL of a MariaDB or MySQL, and not of a PostgreSQL?"""
    return urlsplit(database_url).scheme in {"mysql", "mariadb"}


def database_of(database_url: str) -> str:
    """The name of the database that a URL means."""
    return unquote(urlsplit(database_url).path[1:])


async def key_prefix(database_url: str, name: str) -> str:
    """What the keys in Redis, and the queues of a broker, begin with that a service keeps for this database.

    Several databases may share a Redis, and hold rows of the same ids. The database has been migrated before.
    """
    identify = _identity_on_mariadb if is_mariadb(database_url) else _identity_on_postgres
    return f"{name}:{await identify(database_url)}:"


async def _identity_on_postgres(database_url: str) -> str:
    connection = await asyncpg.connect(database_url)
    try:
        return str(await connection.fetchval(DATABASE_IDENTITY))
    finally:
        await connection.close()


async def _identity_on_mariadb(database_url: str) -> str:
    """A MariaDB has no number of its own for itself, nor one for a database: it was written into the database."""

    def read() -> str:
        with connected(database_url, database=database_of(database_url)) as cursor:
            cursor.execute("SELECT identity FROM surgeline_identity")
            return str(cursor.fetchall()[0][0])

    return await asyncio.to_thread(read)


async def connect_pool(
    database_url: str, max_connections: int, name: str, settings: Mapping[str, str] | None = None
) -> asyncpg.Pool:
    """Connections that are opened now and stay open; each prepares a statement once and keeps its plan.

    `name` is what the database's own views call them; `settings` are of the database, for these connections.
    """
    return await asyncpg.create_pool(
        database_url,
        min_size=max_connections,
        max_size=max_connections,
        # Plans of a fraction of a millisecond do not earn back a compilation.
        server_settings={"jit": "off", "application_name": name, **(settings or {})},
        reset=_keep_session,
    )


async def connect_pools(database_url: str, max_connections: int, name: str) -> tuple[asyncpg.Pool, asyncpg.Pool]:
    """The connections for the clients, and one for the workers, which must not stand in line with them."""

    def connect(connections: int) -> Awaitable[asyncpg.Pool]:
        return connect_pool(database_url, connections, name, ALWAYS_BY_INDEX)

    return await connect(max_connections - 1), await connect(1)


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Nothing to undo when a connection goes back to the pool; asyncpg would spend a query on it each time."""
