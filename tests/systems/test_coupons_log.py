"""The queue of validation logs: when it writes, and that it loses nothing."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event, Thread
from uuid import UUID

import pytest
from coupons_support import Client

from conftest import query
from surgeline_systems.application.database import connect_pool
from surgeline_systems.application.server import running_service
from surgeline_systems.coupons.validation_log import LogClosedError, LogRecord, ValidationLog, writer_to
from surgeline_systems.system import System

SYSTEM = "coupons"
LONG = 3_600.0


def record(number: int) -> LogRecord:
    return LogRecord(UUID(int=number), "CODE", "ann", number % 2 == 0, None, datetime(2025, 1, 1, tzinfo=UTC))


class Table:
    """Stands for the table: remembers batches, is away for the first `failures` attempts, tells when it is asked."""

    def __init__(self, failures: int = 0) -> None:
        self.batches: list[list[LogRecord]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self._failures = failures

    async def write(self, batch: Sequence[LogRecord]) -> None:
        self.asked.set()
        await self.open.wait()
        if self._failures:
            self._failures -= 1
            raise ConnectionRefusedError("the database is away")
        self.batches.append(list(batch))

    @property
    def records(self) -> list[LogRecord]:
        return [record for batch in self.batches for record in batch]


def test_writes_as_soon_as_a_batch_is_full():
    async def scenario() -> None:
        table = Table()
        log = ValidationLog(table.write, batch_size=3, interval=LONG)
        for number in range(3):
            await log.add(record(number))
        await table.asked.wait()
        await asyncio.sleep(0)
        assert table.batches == [[record(0), record(1), record(2)]]
        assert len(log) == 0
        await log.close(LONG)

    asyncio.run(scenario())


def test_writes_a_part_of_a_batch_after_the_interval():
    async def scenario() -> None:
        table = Table()
        log = ValidationLog(table.write, batch_size=3, interval=0.001)
        await log.add(record(0))
        await table.asked.wait()
        await asyncio.sleep(0)
        assert table.batches == [[record(0)]]
        await log.close(LONG)

    asyncio.run(scenario())


def test_keeps_order_and_loses_nothing_while_the_table_is_away():
    async def scenario() -> None:
        table = Table(failures=3)
        log = ValidationLog(table.write, batch_size=2, interval=LONG, retry=0)
        for number in range(7):
            await log.add(record(number))
        assert await log.close(LONG) == 0
        assert table.records == [record(number) for number in range(7)]

    asyncio.run(scenario())


def test_makes_callers_wait_when_it_is_full():
    async def scenario() -> None:
        table = Table()
        table.open.clear()
        log = ValidationLog(table.write, batch_size=2, interval=LONG, capacity=2)
        await log.add(record(0))
        await log.add(record(1))
        third = asyncio.create_task(log.add(record(2)))
        await table.asked.wait()
        assert not third.done()
        assert len(log) == 2
        table.open.set()
        await third
        assert await log.close(LONG) == 0
        assert table.records == [record(0), record(1), record(2)]

    asyncio.run(scenario())


def test_takes_nothing_after_its_close_and_says_what_it_could_not_write():
    async def scenario() -> None:
        table = Table()
        table.open.clear()
        log = ValidationLog(table.write, batch_size=2, interval=LONG)
        await log.add(record(0))
        assert await log.close(0) == 1
        with pytest.raises(LogClosedError):
            await log.add(record(1))

    asyncio.run(scenario())


def test_a_batch_written_twice_is_there_once(empty_database: str):
    async def scenario() -> None:
        pool = await connect_pool(empty_database, 2, "surgeline test")
        write = writer_to(pool)
        await write([record(0), record(1)])
        await write([record(0), record(1)])
        await pool.close()

    asyncio.run(scenario())
    assert [row["id"] for row in query(empty_database, "SELECT id FROM validation_logs ORDER BY id")] == [
        UUID(int=0),
        UUID(int=1),
    ]


class Asker(Thread):
    """Asks until the service no longer answers; counts the answers."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.answered = 0
        self.warm = Event()
        self._base_url = base_url

    def run(self) -> None:
        with Client(self._base_url) as client:
            try:
                while client.validate("CODE", "ann")[0] == 200:
                    self.answered += 1
                    if self.answered == 30:
                        self.warm.set()
            except OSError:
                return


def test_every_answer_is_logged_when_the_service_is_stopped_under_load(system: System, empty_database: str):
    with running_service(system.package, {"DATABASE_URL": empty_database}) as base_url:
        askers = [Asker(base_url) for _ in range(8)]
        for asker in askers:
            asker.start()
        for asker in askers:
            assert asker.warm.wait(60)
    for asker in askers:
        asker.join()
    (logged,) = query(empty_database, "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM validation_logs")
    answered = sum(asker.answered for asker in askers)
    assert (logged["rows"], logged["ids"]) == (answered, answered)


def test_every_answer_is_logged_though_the_connections_are_cut(system: System, empty_database: str):
    cut = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'surgeline coupons' AND datname = current_database()
    """
    answered = 0
    with running_service(system.package, {"DATABASE_URL": empty_database}) as base_url, Client(base_url) as client:
        for number in range(250):
            if number % 50 == 49:
                query(empty_database, cut)
            answered += client.validate("CODE", "ann")[0] == 200
    (logged,) = query(empty_database, "SELECT count(*) AS rows FROM validation_logs")
    assert logged["rows"] == answered
    assert answered >= 200
