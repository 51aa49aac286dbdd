"""Databases with the tables of the chat system, on each of the servers that it runs on."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import pytest

from conftest import query
from surgeline_systems.application.migrations import migrate
from surgeline_systems.backing import Backing
from surgeline_systems.chat.store import Application, Chat, MessageRow, Store, open_store
from surgeline_systems.chat.system import SYSTEM
from surgeline_systems.servers import mariadb, postgres, rabbitmq, redis
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.ways import Server

KINDS = ("MariaDB", "PostgreSQL")
Result = TypeVar("Result")

_numbers = itertools.count(1)


@contextmanager
def chat_database(kind: str) -> Iterator[str]:
    """The URL of a database with the tables and nothing in them, dropped at the end, with what was kept elsewhere."""
    with _database(kind, f"surgeline_test_chat_{os.getpid()}_{next(_numbers)}") as url:
        asyncio.run(migrate(url, SYSTEM.package))
        try:
            yield url
        finally:
            cache, broker = redis.standing_server(), rabbitmq.standing_server()
            Backing(database=Server(url, ""), redis=cache, rabbitmq=broker).forget(SYSTEM, {})


def play(url: str, story: Callable[[Store], Awaitable[Result]]) -> Result:
    """Let a story happen to a store."""

    async def opened() -> Result:
        store = await open_store(url, 4, "surgeline tests")
        try:
            return await story(store)
        finally:
            await store.close()

    return asyncio.run(opened())


async def new_chat(store: Store) -> tuple[Application, Chat]:
    """A chat with an owner and an application of its own."""
    number = next(_numbers)
    user = await store.add_user("Ann", f"ann.{number}@example.com", "hash")
    application = await store.add_application(user.id, "Shop", f"{number:032}")
    chat = await store.add_chat(application.id, "Orders")
    assert chat is not None
    return application, chat


def rows(chat: Chat, numbers: range, body: str = "Hello") -> list[MessageRow]:
    """Messages of a chat."""
    return [(chat.id, number, 7, f"{body} {number}", 1_700_000_000_000 + number) for number in numbers]


@contextmanager
def _database(kind: str, name: str) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            if kind == "MariaDB":
                found = stack.enter_context(mariadb.mariadb())
                yield stack.enter_context(mariadb.fresh_database(found.url, name))
                return
            server = stack.enter_context(postgres.postgres("postgres"))
        except ServerError as error:
            if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
                raise
            pytest.skip(f"no {kind}: {error}")
        stack.callback(query, server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        yield postgres.with_database(server, name).url
