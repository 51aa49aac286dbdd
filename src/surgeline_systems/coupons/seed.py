"""Fills the coupons system: users, coupons, uses; in seconds, the same rows for the same seed number.

Rows are made as text in chunks while the database takes in the chunks before, so memory stays flat and making them
costs little time of its own. What earlier seedings made is replaced, nothing else: see `bulk`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import asyncpg

from surgeline import SurgelineError
from surgeline_systems.coupons.bulk import replacing
from surgeline_systems.coupons.catalogue import Catalogue, Coupon, Usage, splitmix64, table_key, user_id
from surgeline_systems.coupons.people import PEOPLE
from surgeline_systems.coupons.progress import Advance, Steps

TABLES = ("users", "coupons", "coupon_usage")
CHUNK_ROWS = 1_000
USER_COLUMNS = ("id", "email", "name", "created_at", "seeded")
COUPON_COLUMNS = (
    "id", "code", "type", "status", "user_id", "valid_from", "valid_until", "max_uses", "uses_per_user", "seeded",
)  # fmt: skip
USAGE_COLUMNS = ("id", "coupon_id", "user_id", "used_at", "seeded")

# Moments at which users came to be: 4,096 over five years. As text, for a row is put together from text.
SIGN_UPS = [
    (datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=640 * number)).isoformat() for number in range(1 << 12)
]

# A number of rows, and their text.
Chunk = tuple[int, bytes]


@dataclass(frozen=True)
class Filling:
    """What goes into one table."""

    table: str
    columns: Sequence[str]
    rows: int
    chunks: Iterator[Chunk]


class SeedingError(SurgelineError):
    """The rows cannot be put in without touching rows that are not ours; nothing has been changed."""


async def seed(connection: asyncpg.Connection, catalogue: Catalogue, steps: Steps) -> dict[str, int]:
    """Put the catalogue into the database in the place of earlier ones; gives the number of rows for each table.

    Raises: SeedingError when rows that people made are in the way.
    """
    fillings = _fillings(catalogue)
    try:
        async with replacing(connection, TABLES):
            for filling in fillings:
                await _fill(connection, filling, steps)
    except (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError) as error:
        raise SeedingError(
            f"expected that rows which no seeding made can stay beside the seeded ones, found: {error.detail} "
            f"(table {error.table_name}, {error.constraint_name}). Nothing was changed. Remove or rename that row."
        ) from error
    for table in TABLES:
        # Left to itself, PostgreSQL would do this in the midst of the load test.
        await connection.execute(f"VACUUM (ANALYZE) {table}")
    return {filling.table: filling.rows for filling in fillings}


async def fill(database_url: str, catalogue: Catalogue, steps: Steps) -> dict[str, int]:
    """`seed` over a connection of its own."""
    connection = await asyncpg.connect(database_url)
    try:
        return await seed(connection, catalogue, steps)
    finally:
        await connection.close()


def user_chunks(catalogue: Catalogue) -> Iterator[Chunk]:
    """All users. This loop makes a million rows: it is written for speed."""
    key = table_key(catalogue.seed, "users")
    for first in range(0, catalogue.users, CHUNK_ROWS):
        rows = []
        for number in range(first, min(first + CHUNK_ROWS, catalogue.users)):
            bits = splitmix64(key + number)
            name, address = PEOPLE[bits & 0xFFF]
            signed_up = SIGN_UPS[bits >> 12 & 0xFFF]
            rows.append(f"user_{number:07d}\t{address}.{number}@example.com\t{name}\t{signed_up}\tt\n")
        yield len(rows), "".join(rows).encode()


def coupon_chunks(catalogue: Catalogue) -> Iterator[Chunk]:
    """All coupons."""
    return _chunks(_coupon_row(catalogue.coupon(number)) for number in range(catalogue.coupons))


def usage_chunks(usages: Iterable[Usage]) -> Iterator[Chunk]:
    """All uses."""
    return _chunks(_usage_row(usage) for usage in usages)


def _fillings(catalogue: Catalogue) -> list[Filling]:
    """The tables in the order in which they refer to each other."""
    usages = list(catalogue.usages())
    return [
        Filling("users", USER_COLUMNS, catalogue.users, user_chunks(catalogue)),
        Filling("coupons", COUPON_COLUMNS, catalogue.coupons, coupon_chunks(catalogue)),
        Filling("coupon_usage", USAGE_COLUMNS, len(usages), usage_chunks(usages)),
    ]


async def _fill(connection: asyncpg.Connection, filling: Filling, steps: Steps) -> None:
    with steps.counting(filling.table, filling.rows) as advance:
        source = _counted(filling.chunks, advance)
        await connection.copy_to_table(filling.table, source=source, columns=filling.columns)


async def _counted(chunks: Iterator[Chunk], advance: Advance) -> AsyncIterator[bytes]:
    for rows, text in chunks:
        yield text
        advance(rows)


def _chunks(rows: Iterator[str]) -> Iterator[Chunk]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield len(chunk), "".join(chunk).encode()


def _coupon_row(coupon: Coupon) -> str:
    owner = r"\N" if coupon.owner is None else user_id(coupon.owner)
    return (
        f"{coupon.id}\t{coupon.code}\t{coupon.type}\t{coupon.status}\t{owner}\t{coupon.valid_from.isoformat()}\t"
        f"{coupon.valid_until.isoformat()}\t{coupon.max_uses}\t{coupon.uses_per_user}\tt\n"
    )


def _usage_row(usage: Usage) -> str:
    return f"{usage.id}\t{usage.coupon_id}\t{user_id(usage.user)}\t{usage.used_at.isoformat()}\tt\n"
