"""Makes the tables of the coupons system where they are missing. This module must not know what goes into them."""

from importlib.resources import files

import asyncpg

SCHEMA = files(__package__).joinpath("schema.sql").read_text()


async def apply_schema(connection: asyncpg.Connection) -> None:
    """Make the tables and indexes that are missing; what is there stays as it is."""
    async with connection.transaction():
        # "IF NOT EXISTS" says so on every further run; nobody needs to read that.
        await connection.execute("SET LOCAL client_min_messages = warning")
        # Two that make the same table at the same moment would both find it missing.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('surgeline coupons schema'))")
        await connection.execute(SCHEMA)


async def make_schema(database_url: str) -> None:
    """`apply_schema` over a connection of its own."""
    connection = await asyncpg.connect(database_url)
    try:
        await apply_schema(connection)
    finally:
        await connection.close()
