"""A real PostgreSQL for the tests of the systems; without one they are skipped, or fail where it must be there."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import asyncpg
import pytest

from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Unseen
from surgeline_systems.coupons import SEEDS
from surgeline_systems.coupons.schema import apply_schema
from surgeline_systems.coupons.server import running_service
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.postgres import Postgres, postgres, with_database

Result = TypeVar("Result")
SIZES = {"USERS": "2000", "COUPONS": "400"}


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(postgres("postgres"))
        except ServerError as error:
            if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
                raise
            pytest.skip(f"no PostgreSQL: {error}")
        yield found


@contextmanager
def temporary_database(server: Postgres, name: str) -> Iterator[str]:
    """A database with the schema of the coupons system, dropped at the end."""
    name = f"surgeline_test_{name}_{os.getpid()}"
    url = with_database(server, name).url
    try:
        run(url, apply_schema)
        yield url
    finally:
        run(server.url, lambda connection: connection.execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_database(server: Postgres) -> Iterator[str]:
    with temporary_database(server, "empty") as url:
        yield url


@pytest.fixture(scope="session")
def seeded_database(server: Postgres) -> Iterator[str]:
    with temporary_database(server, "seeded") as url:
        with connect(url) as database:
            apply(database, load_declarations(SEEDS, SIZES), Unseen())
        yield url


@pytest.fixture(scope="session")
def service(seeded_database: str) -> Iterator[str]:
    with running_service(seeded_database) as base_url:
        yield base_url


def run(url: str, work: Callable[[asyncpg.Connection], Coroutine[Any, Any, Result]]) -> Result:
    """Do the work over a connection of its own."""

    async def connected() -> Result:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


def query(url: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
    return run(url, lambda connection: connection.fetch(sql, *arguments))
