"""The queue in a table: who works on what, when the table is asked, and that nothing is lost or done twice."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from virtual_time import now, run_at_once

from surgeline_systems.application.work_queue import WorkQueue

WORK_SECONDS = 0.005
LONG = 3_600.0


class Table:
    """Stands for the table: numbers that are pending, claimed or finished. It is away for as many calls as told."""

    def __init__(self, rows: int = 0) -> None:
        self.pending = list(range(rows))
        self.claimed: list[int] = []
        self.finished: list[int] = []
        self.worked: list[int] = []
        self.workers: Counter[Any] = Counter()
        self.claims: list[float] = []
        self.most_claimed = 0
        self.away = {"claim": 0, "finish": 0}
        self.error: Exception = ConnectionRefusedError("the database is away")
        self.poisoned: set[int] = set()
        self.news = asyncio.Event()

    async def claim(self, most: int) -> Sequence[int]:
        self.claims.append(now())
        self._answer("claim")
        taken, self.pending = self.pending[:most], self.pending[most:]
        self.claimed += taken
        self.most_claimed = max(self.most_claimed, len(self.claimed) - len(self.finished))
        return taken

    async def work(self, row: int) -> None:
        await asyncio.sleep(WORK_SECONDS)
        if row in self.poisoned:
            raise ValueError(f"{row} cannot be done")
        self.worked.append(row)
        self.workers[asyncio.current_task()] += 1

    async def finish(self, rows: Sequence[int]) -> None:
        self._answer("finish")
        self.finished += rows
        self.news.set()

    async def until_finished(self, rows: int) -> None:
        while len(self.finished) < rows:
            await self.news.wait()
            self.news.clear()

    def queue(self, workers: int = 2, **options: Any) -> WorkQueue[int]:
        return WorkQueue(claim=self.claim, work=self.work, finish=self.finish, workers=workers, **options)

    def _answer(self, call: str) -> None:
        if self.away[call]:
            self.away[call] -= 1
            raise self.error


def test_works_off_all_rows_once_the_first_first():
    async def scenario() -> None:
        table = Table(rows=300)
        queue = table.queue(workers=4)
        await table.until_finished(300)
        assert await queue.close(LONG) == 0
        assert table.claimed == list(range(300))
        assert table.finished == table.worked
        assert sorted(table.worked) == table.claimed

    run_at_once(scenario())


@pytest.mark.parametrize(("workers", "rows"), [(8, 8), (8, 16), (8, 800), (3, 300), (1, 50)])
def test_workers_share_the_rows_evenly_however_few_there_are(workers: int, rows: int):
    async def scenario() -> None:
        table = Table(rows)
        queue = table.queue(workers)
        await table.until_finished(rows)
        await queue.close(LONG)
        assert sorted(table.workers.values()) == [rows // workers] * workers

    run_at_once(scenario())


@pytest.mark.parametrize("workers", [1, 2, 4, 8, 16])
def test_n_workers_are_n_times_as_fast(workers: int):
    async def scenario() -> float:
        table = Table(rows=1_600)
        queue = table.queue(workers)
        await table.until_finished(1_600)
        took = now()
        await queue.close(LONG)
        return took

    assert run_at_once(scenario()) == pytest.approx(1_600 * WORK_SECONDS / workers, rel=0.01)


def test_never_claims_more_than_a_batch_for_each_worker():
    async def scenario() -> None:
        table = Table(rows=500)
        queue = table.queue(workers=3, batch=7)
        await table.until_finished(500)
        await queue.close(LONG)
        assert table.most_claimed == 21
        # A claim takes at least half of that: few rows at a time would cost as much as many.
        assert len(table.claims) <= 500 / 10 + 1

    run_at_once(scenario())


def test_a_row_that_is_added_is_worked_on_at_once():
    async def scenario() -> None:
        table = Table()
        queue = table.queue(idle_seconds=LONG)
        await asyncio.sleep(10)
        table.pending.append(1)
        queue.wake()
        await table.until_finished(1)
        assert now() == pytest.approx(10 + WORK_SECONDS, abs=WORK_SECONDS)
        await queue.close(LONG)

    run_at_once(scenario())


def test_a_row_that_is_added_while_the_table_is_asked_is_not_overlooked():
    async def scenario() -> None:
        table = Table()
        asked = table.claim

        async def claim_slowly(most: int) -> Sequence[int]:
            rows = await asked(most)
            table.pending.append(1)
            queue.wake()
            return rows

        table.claim = claim_slowly
        queue = table.queue(idle_seconds=LONG)
        await table.until_finished(1)
        assert now() < 1
        await queue.close(LONG)

    run_at_once(scenario())


def test_rows_that_others_left_are_found_without_being_told():
    async def scenario() -> None:
        table = Table()
        queue = table.queue(idle_seconds=1)
        await asyncio.sleep(10.5)
        assert table.claims == pytest.approx(range(11))
        table.pending.append(1)
        await table.until_finished(1)
        assert now() < 12
        await queue.close(LONG)

    run_at_once(scenario())


@pytest.mark.parametrize("call", ["claim", "finish"])
def test_nothing_is_lost_or_done_twice_while_the_database_is_away(call: str, caplog: pytest.LogCaptureFixture):
    async def scenario() -> None:
        table = Table(rows=100)
        table.away[call] = 5
        queue = table.queue(retry_seconds=2)
        await table.until_finished(100)
        assert await queue.close(LONG) == 0
        assert sorted(table.finished) == sorted(table.worked) == list(range(100))
        assert now() > 5 * 2

    with caplog.at_level(logging.WARNING):
        run_at_once(scenario())
    assert [record.getMessage() for record in caplog.records] == [
        "the queue waits for the database: the database is away"
    ] * 5


def test_a_defect_is_told_and_does_not_end_the_deliveries(caplog: pytest.LogCaptureFixture):
    async def scenario() -> None:
        table = Table(rows=50)
        table.away["finish"], table.error = 1, KeyError("status")
        queue = table.queue()
        await table.until_finished(50)
        await queue.close(LONG)
        assert sorted(table.finished) == list(range(50))

    run_at_once(scenario())
    (told,) = caplog.records
    assert (told.levelno, told.message) == (logging.ERROR, "the queue stumbles")
    assert told.exc_info is not None


def test_its_close_finishes_what_is_claimed_and_leaves_the_rest():
    async def scenario() -> None:
        table = Table(rows=1_000)
        queue = table.queue(workers=2, batch=10)
        await table.until_finished(100)
        assert await queue.close(LONG) == len(queue) == 0
        assert sorted(table.finished) == sorted(table.worked) == table.claimed
        assert len(table.finished) + len(table.pending) == 1_000
        assert 100 <= len(table.finished) <= 120

    run_at_once(scenario())


def test_its_close_says_how_much_it_could_not_finish():
    async def scenario() -> None:
        table = Table(rows=10)
        table.away["finish"] = 1_000
        queue = table.queue()
        await asyncio.sleep(1)
        assert await queue.close(5) == 10
        assert (len(table.worked), table.finished) == (10, [])
        assert now() == pytest.approx(6)

    run_at_once(scenario())


def test_an_idle_queue_closes_at_once():
    async def scenario() -> None:
        queue = Table().queue(workers=5, idle_seconds=LONG)
        await asyncio.sleep(1)
        assert queue.workers == 5
        assert await queue.close(LONG) == 0
        assert now() == 1

    run_at_once(scenario())


def test_a_row_that_cannot_be_done_is_left_and_the_rest_goes_on(caplog: pytest.LogCaptureFixture):
    async def scenario() -> None:
        table = Table(rows=200)
        table.poisoned = {3, 77}
        queue = table.queue()
        await table.until_finished(198)
        assert await queue.close(LONG) == 0
        assert sorted(table.finished) == [row for row in range(200) if row not in table.poisoned]

    run_at_once(scenario())
    assert [str(record.exc_info[1]) for record in caplog.records] == ["3 cannot be done", "77 cannot be done"]
