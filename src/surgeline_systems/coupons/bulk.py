"""Replaces marked rows of whole tables in one transaction, at the speed of COPY.

Indexes and constraints are dropped before and rebuilt after, which is faster than keeping them up to date a row at a
time. They are read from the database and rebuilt as they were, so that those which people added survive. This module
must not know any table by name; it knows that the rows to be replaced are those WHERE seeded.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

CONSTRAINTS = """
    SELECT contype = 'f' AS foreign_key,
           format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
    FROM pg_constraint
    WHERE conrelid = ANY ($1::text[]::regclass[]) AND contype IN ('p', 'u', 'x', 'f')
       OR confrelid = ANY ($1::text[]::regclass[])
    ORDER BY contype = 'f', oid
"""
INDEXES = """
    SELECT false AS foreign_key, format('DROP INDEX %s', indexrelid::regclass) AS drop,
           pg_get_indexdef(indexrelid) AS make
    FROM pg_index
    WHERE indrelid = ANY ($1::text[]::regclass[])
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY indexrelid
"""


@asynccontextmanager
async def replacing(connection: asyncpg.Connection, tables: Sequence[str]) -> AsyncIterator[None]:
    """Empty the tables of their marked rows; the block fills them, without indexes, in the same transaction.

    If the block fails, everything is as it was before. Nobody else can use the tables meanwhile.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
        await connection.execute("SET LOCAL client_min_messages = warning")
        # First of all: a row that somebody adds after we looked at what to keep would be lost.
        await connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        rebuild = await _drop_indexes(connection, tables)
        for table in tables:
            await _empty(connection, table)
        yield
        for table in tables:
            await connection.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # noqa: S608 our own names
        for statement in rebuild:
            await connection.execute(statement)


async def _drop_indexes(connection: asyncpg.Connection, tables: Sequence[str]) -> list[str]:
    """Drop the constraints and indexes; gives the statements that make them again."""
    constraints = await connection.fetch(CONSTRAINTS, tables)
    indexes = await connection.fetch(INDEXES, tables)
    # A foreign key leans on the unique index of the other table: first to go, last to come back.
    foreign = [row for row in constraints if row["foreign_key"]]
    others = [row for row in constraints if not row["foreign_key"]]
    for row in [*foreign, *others, *indexes]:
        await connection.execute(row["drop"])
    return [row["make"] for row in [*others, *indexes, *foreign]]


async def _empty(connection: asyncpg.Connection, table: str) -> None:
    """Truncating and putting the few rows to be kept back is far cheaper than deleting the many that go."""
    kept = f"SELECT * FROM {table} WHERE NOT seeded"  # noqa: S608 our own names
    await connection.execute(f"CREATE TEMPORARY TABLE kept_{table} ON COMMIT DROP AS {kept}")
    await connection.execute(f"TRUNCATE {table}")
