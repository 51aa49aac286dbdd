"""What is acknowledged is in Redis until it is in the table: an event handler that is killed loses nothing of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from signal import SIGKILL
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from challenges_support import Game, Player, Serving, play, serving, user
from conversations_support import FIXTURES, redis_at
from ways_support import eventually

from conftest import query
from surgeline.doctor.listeners import listening, processes_of
from surgeline_systems.application.redis_link import RedisLink
from surgeline_systems.challenges.app import CHALLENGES
from surgeline_systems.challenges.change_buffer import Change
from surgeline_systems.challenges.journal import Journal
from surgeline_systems.servers.launch import free_port

SYSTEM = "challenges"
_, redis_url, _ = FIXTURES
NEVER = 60_000
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def three_users(game: Game) -> None:
    for number in (1, 2, 3):
        assert await game.reach(number, 7) == "OK"


def reached_by(database: str) -> set[str]:
    """The users of whom the table knows the value that the scenario has told."""
    return {row[0] for row in query(database, "SELECT user_id::text FROM user_goal_progress WHERE progress = 7")}


def kill_event_handler(service: Serving) -> None:
    place = urlsplit(f"http://{service.events}")
    (handler,) = processes_of(listening(str(place.hostname), place.port or 0))
    os.kill(handler.pid, SIGKILL)


def test_a_handler_that_is_killed_loses_nothing_and_the_service_says_that_it_is_gone(
    empty_database: str, redis_url: str
):
    with serving(empty_database, REDIS_URL=redis_url, FLUSH_MS=NEVER) as service, Player(service.base_url, 1) as player:
        play(service.events, three_users)
        assert health_of(player) == ("healthy", "up", "up", 3)
        kill_event_handler(service)
        eventually(lambda: player.get("/api/health")["status"] == "degraded")
        assert health_of(player) == ("degraded", "down", "up", None)
        assert player.get("/challenge/healthz") == {"status": "degraded"}
        assert player.get(CHALLENGES)
    assert reached_by(empty_database) == set()
    with serving(empty_database, REDIS_URL=redis_url, FLUSH_MS=NEVER):
        assert reached_by(empty_database) == {user(1), user(2), user(3)}


def health_of(player: Player) -> tuple[object, ...]:
    told = player.get("/api/health")
    return told["status"], told["eventHandler"], told["redis"], told["bufferedChanges"]


def test_without_redis_events_are_taken_and_written_and_the_health_says_so(empty_database: str):
    port = free_port()
    with ExitStack() as up, ExitStack() as stack:
        up.enter_context(redis_at(port))
        service = stack.enter_context(serving(empty_database, REDIS_URL=f"redis://127.0.0.1:{port}/0", FLUSH_MS=1))
        player = stack.enter_context(Player(service.base_url, 1))
        up.close()
        play(service.events, three_users)
        eventually(lambda: reached_by(empty_database) == {user(1), user(2), user(3)})
        assert health_of(player) == ("degraded", "up", "down", 0)
        with redis_at(port):
            eventually(lambda: health_of(player) == ("healthy", "up", "up", 0))


def test_settings_without_redis_and_event_handler_want_none(empty_database: str):
    with serving(empty_database, EVENT_PORT=0) as service, Player(service.base_url, 1) as player:
        assert health_of(player) == ("healthy", "none", "none", None)


def reached(value: int, number: int = 1, later: float = 0) -> Change:
    return Change(UUID(int=number), "won", value, NOON + timedelta(seconds=later))


Scenario = Callable[[Journal], Awaitable[None]]


def left_after(url: str, *scenarios: Scenario) -> Sequence[Sequence[Change]]:
    """What handlers leave, one after the other, that did this."""

    def handlers_journal() -> Journal:
        return Journal(RedisLink(url, without="no journal"), f"surgeline-test-{os.getpid()}")

    async def played() -> Sequence[Sequence[Change]]:
        for scenario in scenarios:
            journal = handlers_journal()
            await scenario(journal)
            await journal.close()
        last = handlers_journal()
        found = await last.left()
        await last.clear()
        assert await last.left() == []
        await last.close()
        return found

    return asyncio.run(played())


def test_of_a_batch_the_latest_is_kept_and_batches_stay_in_order(redis_url: str):
    async def first(journal: Journal) -> None:
        await journal.keep(9, reached(1))
        await journal.keep(9, reached(2, later=1))
        await journal.keep(10, reached(3, later=2))

    async def second(journal: Journal) -> None:
        await journal.keep(0, reached(4, later=3))

    found = left_after(redis_url, first, second)
    assert found == [[reached(2, later=1)], [reached(3, later=2)], [reached(4, later=3)]]


def test_what_is_in_the_table_is_forgotten_and_the_same_of_a_later_batch_is_not(redis_url: str):
    async def scenario(journal: Journal) -> None:
        for number in (1, 2):
            await journal.keep(0, reached(1, number))
        await journal.keep(1, reached(5, later=1))
        journal.forget(0, [reached(1, 1), reached(1, 2)])

    assert left_after(redis_url, scenario) == [[reached(5, later=1)]]


def test_those_who_wait_are_answered_together(redis_url: str):
    async def scenario(journal: Journal) -> None:
        await asyncio.gather(*(journal.keep(0, reached(1, number)) for number in range(500)))

    (batch,) = left_after(redis_url, scenario)
    assert {one.user_id.int for one in batch} == set(range(500))


@pytest.mark.parametrize("flush_ms", [1, NEVER], ids=["in time", "at the end"])
def test_what_was_written_leaves_nothing_behind(empty_database: str, redis_url: str, flush_ms: int):
    with serving(empty_database, REDIS_URL=redis_url, FLUSH_MS=flush_ms) as service:
        play(service.events, three_users)
    query(empty_database, "DELETE FROM user_goal_progress")
    with serving(empty_database, REDIS_URL=redis_url, FLUSH_MS=NEVER):
        assert reached_by(empty_database) == set()
