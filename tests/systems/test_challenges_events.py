"""The event handler, asked over gRPC: what it takes in, what gets into the table, and with how many statements."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import grpc
import pytest
from challenges_support import LOGIN, STATISTIC, Game, user

from conftest import query
from surgeline_systems.application.database import connect_pool
from surgeline_systems.challenges import event_handler
from surgeline_systems.challenges.catalogue import load_catalogue
from surgeline_systems.challenges.settings import Settings
from surgeline_systems.servers.launch import free_port

SYSTEM = "challenges"
CATALOGUE = load_catalogue("")
DAY_MS = 86_400_000
AT = 1_767_225_600_000  # midnight, UTC


class CountingPool:
    """A pool that remembers what is executed."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.statements: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def execute(self, statement: str, *arguments: object) -> str:
        self.statements.append(statement)
        return str(await self._pool.execute(statement, *arguments))


Scenario = Callable[[Game], Awaitable[None]]


@pytest.fixture
def handled(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Runs a scenario with an event handler in this process; gives the statements that it executed."""
    pools: list[CountingPool] = []

    async def connect_counting_pool(*options: Any) -> CountingPool:
        pools.append(CountingPool(await connect_pool(*options)))
        return pools[-1]

    async def serve(scenario: Scenario, settings: Settings) -> None:
        async def play() -> None:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{settings.event_port}") as channel:
                await scenario(Game(channel))

        await event_handler.serve(settings, play)

    def run(*scenarios: Scenario, **options: int) -> list[str]:
        given = {"event_port": free_port(), "event_metrics_port": 0, "flush_ms": 60_000, **options}
        for scenario in scenarios:
            asyncio.run(serve(scenario, Settings(database_url=empty_database, **given)))
        return [statement for pool in pools for statement in pool.statements]

    monkeypatch.setattr(event_handler, "connect_pool", connect_counting_pool)
    return run


def goals_of(statistic: str) -> dict[str, int]:
    """The targets of the goals that ask for a statistic."""
    requirements = {goal.id: goal.requirement for goal in CATALOGUE.goals.values()}
    return {goal_id: one.target_value for goal_id, one in requirements.items() if one.stat_code == statistic}


def progress_of(database: str, number: int) -> dict[str, tuple[int, bool]]:
    """Progress and whether it is completed, by goal."""
    rows = query(database, "SELECT * FROM user_goal_progress WHERE user_id = $1", user(number))
    return {row["goal_id"]: (row["progress"], row["completed_at"] is not None) for row in rows}


def expected(statistic: str, value: int) -> dict[str, tuple[int, bool]]:
    return {goal_id: (value, value >= target) for goal_id, target in goals_of(statistic).items()}


def test_a_thousand_events_of_fifty_users_are_one_statement(handled: Callable[..., list[str]], empty_database: str):
    async def scenario(game: Game) -> None:
        sent = [game.reach(number % 50, number, at_ms=AT + number) for number in range(1_000)]
        assert set(await asyncio.gather(*sent)) == {"OK"}

    assert len(handled(scenario)) == 1
    assert progress_of(empty_database, 7) == expected("matches_won", 957)
    (row,) = query(empty_database, "SELECT count(*) FROM user_goal_progress")
    assert row["count"] == 50 * len(goals_of("matches_won"))


def test_what_comes_again_or_late_changes_nothing(handled: Callable[..., list[str]], empty_database: str):
    async def newer(game: Game) -> None:
        await game.reach(1, 20, at_ms=AT + 2)

    async def older(game: Game) -> None:
        await game.reach(1, 10, at_ms=AT + 1)

    handled(newer, older, newer)
    assert progress_of(empty_database, 1) == expected("matches_won", 20)


def test_a_completed_goal_stays_completed(handled: Callable[..., list[str]], empty_database: str):
    async def up(game: Game) -> None:
        await game.reach(1, 50, at_ms=AT)

    async def down(game: Game) -> None:
        await game.reach(1, 4, at_ms=AT + 1)

    handled(up, down)
    assert progress_of(empty_database, 1) == {
        goal_id: (50, True) if target <= 50 else (4, False) for goal_id, target in goals_of("matches_won").items()
    }


def test_logins_count_once_a_day(handled: Callable[..., list[str]], empty_database: str):
    async def three_days(game: Game) -> None:
        for day in range(3):
            for hour in range(2):
                assert await game.log_in(1, at_ms=AT + day * DAY_MS + hour) == "OK"

    assert len(handled(three_days, three_days)) == 6
    assert progress_of(empty_database, 1) == expected("days_logged_in", 3)


def test_a_login_without_a_time_is_now(handled: Callable[..., list[str]], empty_database: str):
    async def scenario(game: Game) -> None:
        await game.log_in(1)

    handled(scenario)
    (row,) = query(
        empty_database, "SELECT DISTINCT counted_at = date_trunc('day', now(), 'UTC') FROM user_goal_progress"
    )
    assert row[0] is True


def test_a_statistic_that_no_goal_asks_for_is_ignored(handled: Callable[..., list[str]]):
    async def scenario(game: Game) -> None:
        assert await game.reach(1, 1, "unheard_of") == "OK"

    assert handled(scenario) == []


WRONG = {
    "no user": (LOGIN, {}),
    "user": (LOGIN, {"user_id": "ann"}),
    "before 1970": (LOGIN, {"user_id": user(1), "at_ms": -1}),
    "after 9999": (LOGIN, {"user_id": user(1), "at_ms": 253_402_300_800_000}),
    "below 0": (STATISTIC, {"user_id": user(1), "stat_code": "matches_won", "value": -1}),
    "days": (STATISTIC, {"user_id": user(1), "stat_code": "days_logged_in", "value": 1}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(handled: Callable[..., list[str]], name: str):
    method, fields = WRONG[name]

    async def scenario(game: Game) -> None:
        assert await game.send(*method, **fields) == "INVALID_ARGUMENT"

    assert handled(scenario) == []


def test_a_full_buffer_refuses_and_keeps_what_it_has(handled: Callable[..., list[str]], empty_database: str):
    async def scenario(game: Game) -> None:
        answers = [await game.reach(number, 5) for number in (1, 2, 3, 1)]
        assert answers == ["OK", "OK", "RESOURCE_EXHAUSTED", "OK"]

    assert len(handled(scenario, buffer_capacity=2)) == 1
    assert [bool(progress_of(empty_database, number)) for number in (1, 2, 3)] == [True, True, False]


def test_the_greatest_value_fits(handled: Callable[..., list[str]], empty_database: str):
    async def scenario(game: Game) -> None:
        assert await game.reach(1, 2**63 - 1) == "OK"

    handled(scenario)
    assert progress_of(empty_database, 1) == expected("matches_won", 2**63 - 1)
