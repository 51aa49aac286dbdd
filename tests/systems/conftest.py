"""A real PostgreSQL for the tests of the systems; without one they are skipped, or fail where it must be there.

A test module says with `SYSTEM = "coupons"` whose tables, seeds and service the fixtures here are, and with `SIZES`
how much is seeded.
"""

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
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import running_service
from surgeline_systems.catalogue import system_named
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.postgres import (
    Postgres,
    host_binaries,
    postgres,
    private_server,
    wheel_binaries,
    with_database,
)
from surgeline_systems.system import System

Result = TypeVar("Result")


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


@pytest.fixture(scope="module")
def own_server() -> Iterator[Postgres]:
    """A server of our own: the databases of systems on it are nobody else's."""
    binaries = host_binaries() or wheel_binaries()
    if binaries is None:
        if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
            pytest.fail("no binaries of PostgreSQL")
        pytest.skip("no binaries of PostgreSQL")
    with private_server(binaries) as found:
        yield found


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest) -> System:
    """The system that the test module is about."""
    return system_named(request.module.SYSTEM)


@pytest.fixture
def empty_database(server: Postgres, system: System) -> Iterator[str]:
    """The URL of a database with the tables of the system, and nothing in them."""
    with migrated_database(server, system, "empty") as url:
        yield url


@pytest.fixture(scope="module")
def seeded_database(server: Postgres, system: System, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with what the system's seeds declare, in the sizes of the test module."""
    with migrated_database(server, system, "seeded") as url:
        with connect(url) as database:
            apply(database, load_declarations(system.seeds, request.module.SIZES), Unseen())
        yield url


@pytest.fixture(scope="module")
def service(system: System, seeded_database: str) -> Iterator[str]:
    """The base URL of the system's service on the seeded database."""
    with running_service(system.package, {"DATABASE_URL": seeded_database}) as base_url:
        yield base_url


@contextmanager
def migrated_database(server: Postgres, system: System, what: str) -> Iterator[str]:
    """The URL of a database with the tables of the system, dropped at the end."""
    name = f"surgeline_test_{system.name}_{what}_{os.getpid()}"
    url = with_database(server, name).url
    try:
        asyncio.run(migrate(url, system.package))
        yield url
    finally:
        query(server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


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
