"""The service is stopped, killed and left without its database while clients send: what was accepted is delivered."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from messages_client import (
    PACKAGE,
    Client,
    accepted_by,
    add_users,
    let_claims_run_out,
    message,
    senders,
    unfinished,
    user_id,
    wait_until,
    wait_until_each,
    wait_until_finished,
)
from restartable import restartable_postgres

from conftest import query
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import is_healthy, running_service
from surgeline_systems.messages.message_log import MessageLog
from surgeline_systems.servers.launch import free_port

SYSTEM = "messages"
# So slow that messages wait whenever the service ends.
SLOW = {"WORKERS": "2", "DELIVERY_MS": "50"}
WAITING = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'surgeline messages' AND datname = current_database()
"""


@pytest.fixture
def database(empty_database: str) -> str:
    add_users(empty_database)
    return empty_database


@contextmanager
def service_to_kill(database: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A service that nobody looks after."""
    port = free_port()
    environment = {**os.environ, **SLOW, "DATABASE_URL": database, "PORT": str(port)}
    command = [sys.executable, "-m", "surgeline_systems.application.server", PACKAGE]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    base_url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: is_healthy(base_url))
        yield base_url, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def rows_of(database: str) -> dict[str, str]:
    """The ids of all messages, by their keys."""
    return {row["idempotency_key"]: str(row["id"]) for row in query(database, "SELECT * FROM message_logs")}


def counted(database: str, column: str) -> dict[object, int]:
    rows = query(database, f"SELECT {column} AS value, count(*) FROM message_logs GROUP BY 1")
    return {row["value"]: row["count"] for row in rows}


def expect_all_sent(database: str, accepted: dict[str, str]) -> None:
    """Every accepted message is one row, under the id that was answered, and sent; and it is counted once."""
    rows = rows_of(database)
    assert {key: rows.get(key) for key in accepted} == accepted
    assert counted(database, "status") == {"sent": len(rows)}
    assert [dict(row) for row in query(database, "SELECT * FROM message_counts")] == [
        {"status": "sent", "messages": len(rows)}
    ]


def work_off(database: str) -> None:
    """Start the service once more, until nothing waits."""
    with running_service(PACKAGE, {"DATABASE_URL": database}) as base_url:
        wait_until_finished(base_url)


def test_a_clean_stop_under_load_loses_nothing_and_delivers_nothing_twice(database: str):
    with ExitStack() as stack, running_service(PACKAGE, {**SLOW, "DATABASE_URL": database}) as base_url:
        sending = stack.enter_context(senders(base_url))
        wait_until_each(sending, 202, times=20)
    assert counted(database, "status").keys() == {"pending", "sent"}
    work_off(database)
    expect_all_sent(database, accepted_by(sending))
    assert counted(database, "attempts") == {1: len(rows_of(database))}


def test_a_service_that_is_killed_loses_nothing(database: str):
    with ExitStack() as stack:
        base_url, process = stack.enter_context(service_to_kill(database))
        sending = stack.enter_context(senders(base_url))
        wait_until_each(sending, 202, times=20)
        os.killpg(process.pid, signal.SIGKILL)
    assert counted(database, "status").keys() == {"pending", "processing", "sent"}
    let_claims_run_out(database)
    work_off(database)
    expect_all_sent(database, accepted_by(sending))
    # What the killed one was about to deliver may come a second time; of that it cannot be known.
    claimed = 2 * 20
    assert counted(database, "attempts").get(2, 0) <= claimed


def test_claims_of_a_service_that_lives_are_left_to_it(database: str):
    (row,) = query(
        database,
        """
        INSERT INTO message_logs (user_id, message_type, idempotency_key, status, attempts, claimed_at)
        SELECT id, 'BIRTHDAY', 'claimed', 'processing', 1, now() FROM users RETURNING id
        """,
    )
    with running_service(PACKAGE, {"DATABASE_URL": database}) as base_url, Client(base_url) as client:
        client.send(message("new"))
        wait_until(lambda: unfinished(client) == 1)
        assert client.get(f"/internal/messages/{row['id']}")[1]["status"] == "processing"


def test_two_services_share_the_queue_and_deliver_nothing_twice(database: str):
    with ExitStack() as stack:
        services = [stack.enter_context(running_service(PACKAGE, {"DATABASE_URL": database})) for _ in range(2)]
        with senders(services[0], 4) as one, senders(services[1], 4) as other:
            wait_until_each([*one, *other], 202, times=50)
        wait_until_finished(services[0])
    expect_all_sent(database, accepted_by([*one, *other]))
    assert counted(database, "attempts") == {1: len(rows_of(database))}


def test_connections_that_are_cut_are_made_anew(database: str):
    with running_service(PACKAGE, {"DATABASE_URL": database}) as base_url:
        with senders(base_url) as sending:
            for _ in range(5):
                wait_until_each(sending, 202, times=10)
                query(database, CUT)
            wait_until_each(sending, 202, times=10)
        # A claim whose confirmation was cut off belongs to nobody.
        let_claims_run_out(database)
        wait_until_finished(base_url)
    assert {status for sender in sending for status in sender.statuses} <= {202, 503}
    expect_all_sent(database, accepted_by(sending))


def test_a_database_that_was_away_is_503_meanwhile_and_all_that_was_accepted_is_delivered(tmp_path: Path):
    server = restartable_postgres(tmp_path)
    with ExitStack() as stack, ExitStack() as up:
        database = up.enter_context(server.running())
        asyncio.run(migrate(database, PACKAGE))
        add_users(database)
        base_url = stack.enter_context(running_service(PACKAGE, {"DATABASE_URL": database}))
        with senders(base_url) as sending:
            wait_until_each(sending, 202, times=20)
            up.close()
            wait_until_each(sending, 503, times=2)
            assert not is_healthy(base_url)
            up.enter_context(server.running())
            wait_until_each(sending, 202, times=20)
            assert is_healthy(base_url)
        let_claims_run_out(database)
        wait_until_finished(base_url)
        expect_all_sent(database, accepted_by(sending))
    assert {status for sender in sending for status in sender.statuses} == {202, 503}


def test_a_message_whose_twin_is_deleted_in_that_moment_is_a_new_one(database: str):
    class DeletingPool:
        """Between two statements somebody puts the tables back."""

        def __init__(self, pool: asyncpg.Pool) -> None:
            self._pool = pool
            self.fetchval = pool.fetchval

        async def fetchrow(self, *statement: object) -> asyncpg.Record | None:
            await self._pool.execute("DELETE FROM message_logs")
            return await self._pool.fetchrow(*statement)

    async def scenario() -> None:
        async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
            new = (UUID(user_id(1)), "BIRTHDAY", "twin", None)
            first = await MessageLog(pool).accept(*new)
            second = await MessageLog(DeletingPool(pool)).accept(*new)
            assert not second.duplicate
            assert second.id != first.id

    asyncio.run(scenario())


def test_neither_workers_nor_health_stand_in_line_with_the_clients(database: str):
    insert = """
        INSERT INTO message_logs (user_id, message_type, idempotency_key)
        SELECT id, 'BIRTHDAY', $1 FROM users RETURNING id
    """
    settings = {"DATABASE_URL": database, "DB_MAX_CONNECTIONS": "2"}

    async def scenario(client: Client) -> None:
        connection = await asyncpg.connect(database)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(insert, "held")
        # The only connection for clients waits for the end of that transaction.
        held = asyncio.create_task(asyncio.to_thread(client.send, message("held")))
        await asyncio.to_thread(wait_until, lambda: query(database, WAITING))
        await asyncio.to_thread(query, database, insert, "other")
        await asyncio.to_thread(wait_until, lambda: counted(database, "status") == {"sent": 1})
        assert await asyncio.to_thread(is_healthy, base_url)
        assert not held.done()
        await transaction.rollback()
        await connection.close()
        assert (await held)[0] == 202

    with running_service(PACKAGE, settings) as base_url, Client(base_url) as client:
        asyncio.run(scenario(client))
