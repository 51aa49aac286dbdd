"""How the database finds the rows of the conversations system's statements, from the first moment on: by an index."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from conftest import migrated_database
from surgeline_systems.application.database import ALWAYS_BY_INDEX, connect_pool
from surgeline_systems.conversations import accounts, analytics, cleanup, conversation_store, sending
from surgeline_systems.servers.postgres import Postgres
from surgeline_systems.system import System

SYSTEM = "conversations"
ID = UUID(int=1)
MOMENT = datetime(2025, 1, 1, tzinfo=UTC)
STATEMENTS: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "by email": (accounts.BY_EMAIL, ("a@b",), "users_email"),
    "by id": (accounts.BY_ID, (ID,), "users_pkey"),
    "reply": (conversation_store.REPLY, ("church", ID, "body", ID), "conversations_pkey"),
    "list": (conversation_store.LIST, ("church", ID, MOMENT, ID, 20), "conversations_of_church"),
    "read marks": (conversation_store.LIST, ("church", ID, MOMENT, ID, 20), "conversation_reads_pkey"),
    "get": (conversation_store.GET, ("church", ID, 50), "messages_of_conversation"),
    "mark read": (conversation_store.MARK_READ, ("church", ID, ID), "conversations_pkey"),
    "conversations in figures": (analytics.SUMMARY, ("church",), "conversations_of_church"),
    "messages in figures": (analytics.SUMMARY, ("church",), "messages_of_church"),
    "members in figures": (analytics.SUMMARY, ("church",), "messages_of_sender"),
    "claim": (sending.CLAIM, (20, timedelta(seconds=5)), "messages_to_send"),
    "finish": (sending.FINISH, ([ID],), "messages_pkey"),
    "clean up": (cleanup.MESSAGES, ("church",), "messages_of_church"),
}


def plan_of(url: str, statement: str, *arguments: object) -> str:
    async def explain() -> str:
        pool = await connect_pool(url, 1, "test", ALWAYS_BY_INDEX)
        lines = await pool.fetch("EXPLAIN " + statement, *arguments)
        await pool.close()
        return "\n".join(line[0] for line in lines)

    return asyncio.run(explain())


@pytest.fixture(scope="module")
def tables(server: Postgres, system: System) -> Iterator[str]:
    """The URL of a database with empty tables."""
    with migrated_database(server, system, "plans") as url:
        yield url


@pytest.mark.parametrize("name", STATEMENTS)
def test_rows_are_found_by_an_index_though_the_table_was_empty_when_the_plan_was_made(tables: str, name: str):
    statement, arguments, index = STATEMENTS[name]
    plan = plan_of(tables, statement, *arguments)
    assert f" {index} " in plan
    assert "Seq Scan" not in plan


def test_a_part_of_the_list_is_read_in_the_order_of_its_index(tables: str):
    assert "Sort" not in plan_of(tables, conversation_store.LIST, "church", ID, MOMENT, ID, 20)
