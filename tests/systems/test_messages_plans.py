"""How the database finds the rows of the messages system's statements, from the first moment on: by an index."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from surgeline_systems.application.database import ALWAYS_BY_INDEX, connect_pool
from surgeline_systems.messages import claims, message_log

SYSTEM = "messages"
ID = UUID(int=1)
MESSAGE = (ID, "BIRTHDAY", "key", None)
STATEMENTS: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "twin": (message_log.TWIN, MESSAGE, "message_logs_idempotency_key_unique"),
    "find": (message_log.FIND, (ID,), "message_logs_pkey"),
    "counts": (message_log.COUNTS, (), "message_logs_unfinished"),
    "claim": (claims.CLAIM, (20, timedelta(seconds=60)), "message_logs_unfinished"),
    "finish": (claims.FINISH, ([ID], ["sent"]), "message_logs_pkey"),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_rows_are_found_by_an_index_though_the_table_was_empty_when_the_plan_was_made(empty_database: str, name: str):
    statement, arguments, index = STATEMENTS[name]

    async def explain() -> str:
        pool = await connect_pool(empty_database, 1, "test", ALWAYS_BY_INDEX)
        lines = await pool.fetch("EXPLAIN " + statement, *arguments)
        await pool.close()
        return "\n".join(line[0] for line in lines)

    plan = asyncio.run(explain())
    assert f"Index Scan using {index} on message_logs" in plan
    assert "Seq Scan on message_logs" not in plan
    assert "Bitmap" not in plan
