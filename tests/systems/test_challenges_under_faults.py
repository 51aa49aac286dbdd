"""The system is stopped, and left without its database, while events come: what was acknowledged is in the table."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

from challenges_support import Game, Player, play, serving, user
from messages_client import wait_until
from restartable import restartable_postgres

from conftest import query
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import is_healthy
from surgeline_systems.challenges.system import SYSTEM as CHALLENGES

SYSTEM = "challenges"
USERS = 8


class Load:
    """Users whose statistic grows by one with each event, until they are refused or told to stop."""

    def __init__(self) -> None:
        self.acknowledged: Counter[int] = Counter()
        self.statuses: Counter[str] = Counter()
        self._stopped = Event()

    @contextmanager
    def on(self, target: str) -> Iterator[None]:
        with ThreadPoolExecutor(1) as thread:
            sending = thread.submit(play, target, self._send)
            try:
                yield
            finally:
                self._stopped.set()
                sending.result()

    async def _send(self, game: Game) -> None:
        await asyncio.gather(*(self._grow(game, number) for number in range(1, USERS + 1)))

    async def _grow(self, game: Game, number: int) -> None:
        status = "OK"
        while status == "OK" and not self._stopped.is_set():
            value = self.acknowledged[number] + 1
            status = await game.reach(number, value, at_ms=value)
            self.statuses[status] += 1
            if status == "OK":
                self.acknowledged[number] = value
            await asyncio.sleep(0.001)

    def wait_for(self, more: int) -> None:
        """Until so many more of each user's events were acknowledged."""
        start = dict(self.acknowledged)
        wait_until(lambda: all(self.acknowledged[one] >= start.get(one, 0) + more for one in range(1, USERS + 1)))


def missing(database: str, load: Load) -> dict[int, int]:
    """The users whose last acknowledged value is not in the table, with what is there."""
    rows = query(database, "SELECT user_id::text, max(progress) AS value FROM user_goal_progress GROUP BY 1")
    there = {row["user_id"]: row["value"] for row in rows}
    found = {number: there.get(user(number), 0) for number in load.acknowledged}
    return {number: value for number, value in found.items() if value < load.acknowledged[number]}


def test_a_stop_under_load_writes_all_that_was_acknowledged(empty_database: str):
    load = Load()
    with ExitStack() as up, ExitStack() as loading:
        # So long that nothing is written before the end.
        service = up.enter_context(serving(empty_database, FLUSH_MS=60_000))
        loading.enter_context(load.on(service.events))
        load.wait_for(20)
        assert query(empty_database, "SELECT FROM user_goal_progress LIMIT 1") == []
        up.close()
    assert missing(empty_database, load) == {}
    assert load.statuses.keys() <= {"OK", "UNAVAILABLE", "CANCELLED"}


def test_while_the_database_is_away_events_are_taken_and_then_written(tmp_path: Path):
    server, load = restartable_postgres(tmp_path), Load()
    with ExitStack() as stack, ExitStack() as up:
        database = up.enter_context(server.running())
        asyncio.run(migrate(database, CHALLENGES.package))
        service = stack.enter_context(serving(database, FLUSH_MS=20))
        with load.on(service.events):
            load.wait_for(20)
            up.close()
            load.wait_for(20)
            assert not is_healthy(service.base_url)
            up.enter_context(server.running())
            load.wait_for(20)
        wait_until(lambda: not missing(database, load))
        assert is_healthy(service.base_url)
        with Player(service.base_url, 1) as player:
            assert player.with_status("completed")
    assert load.statuses.keys() == {"OK"}


def test_a_full_buffer_pushes_back_and_the_events_that_come_again_are_written(empty_database: str):
    async def scenario(game: Game) -> None:
        statuses: Counter[str] = Counter()
        waiting = set(range(1, 41))
        while waiting:
            answers = {number: await game.reach(number, 7) for number in waiting}
            statuses.update(answers.values())
            waiting = {number for number, status in answers.items() if status != "OK"}
        assert statuses.keys() == {"OK", "RESOURCE_EXHAUSTED"}

    with serving(empty_database, BUFFER_CAPACITY=10, FLUSH_MS=200) as service:
        play(service.events, scenario)
        refused = service.counted('events_total{kind="StatisticEvent",result="RESOURCE_EXHAUSTED"}')
        assert sum(refused.values()) > 0
    (row,) = query(empty_database, "SELECT count(DISTINCT user_id) FROM user_goal_progress")
    assert row["count"] == 40
