"""The buffer between events and the table: what it writes when, and that it loses nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from surgeline_systems.challenges.change_buffer import BufferClosedError, BufferFullError, Change, ChangeBuffer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG = 3_600.0


def reached(value: int | None, later: float = 0, user: int = 1, statistic: str = "won") -> Change:
    return Change(UUID(int=user), statistic, value, NOON + timedelta(seconds=later))


class Table:
    """Remembers what is written; is away for the first `failures` attempts."""

    def __init__(self, *failures: Exception) -> None:
        self.batches: list[list[Change]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self._failures = list(failures)

    async def write(self, batch: int, changes: Sequence[Change]) -> None:
        self.asked.set()
        await self.open.wait()
        if self._failures:
            raise self._failures.pop()
        assert batch == len(self.batches)
        self.batches.append(list(changes))


def run(scenario: Callable[[Table, ChangeBuffer], Awaitable[None]], *failures: Exception, **options: float) -> Table:
    """The table after a scenario, and after the end of the buffer."""

    async def finished() -> Table:
        table = Table(*failures)
        buffer = ChangeBuffer(table.write, **{"interval": LONG, "capacity": 3, "retry": 0, **options})
        await scenario(table, buffer)
        table.open.set()
        assert await buffer.close(LONG) == 0
        return table

    return asyncio.run(finished())


def test_all_that_came_in_an_interval_is_written_at_once():
    async def scenario(table: Table, buffer: ChangeBuffer) -> None:
        for user in range(3):
            buffer.add(reached(1, user=user))
        await table.asked.wait()

    assert run(scenario, interval=0.001).batches == [[reached(1, user=user) for user in range(3)]]


def test_nothing_is_written_when_nothing_came():
    async def scenario(table: Table, _buffer: ChangeBuffer) -> None:
        await asyncio.sleep(0.01)
        assert not table.asked.is_set()

    assert run(scenario, interval=0.001).batches == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "late"])
def test_the_latest_value_of_a_statistic_stands_for_all(order: tuple[int, int]):
    async def scenario(_table: Table, buffer: ChangeBuffer) -> None:
        for later in order:
            buffer.add(reached(10 + later, later))
        assert len(buffer) == 1

    assert run(scenario).batches == [[reached(11, 1)]]


def test_a_day_counts_once_and_two_days_are_two_batches():
    day = timedelta(days=1).total_seconds()

    async def scenario(_table: Table, buffer: ChangeBuffer) -> None:
        for later in (0, 0, day, day):
            buffer.add(reached(None, later))
        assert len(buffer) == 2

    assert run(scenario).batches == [[reached(None)], [reached(None, day)]]


def test_a_full_buffer_takes_nothing_new_but_later_values_of_what_it_has():
    async def scenario(_table: Table, buffer: ChangeBuffer) -> None:
        for user in range(3):
            buffer.add(reached(1, user=user))
        with pytest.raises(BufferFullError):
            buffer.add(reached(1, user=3))
        buffer.add(reached(2, 1, user=2))

    assert run(scenario).batches == [[reached(1, user=0), reached(1, user=1), reached(2, 1, user=2)]]


def test_what_comes_while_a_batch_is_being_written_is_in_the_next():
    async def scenario(table: Table, buffer: ChangeBuffer) -> None:
        table.open.clear()
        buffer.add(reached(1))
        await table.asked.wait()
        buffer.add(reached(2, 1))
        assert len(buffer) == 2

    assert run(scenario, interval=0.001).batches == [[reached(1)], [reached(2, 1)]]


@pytest.mark.parametrize("error", [ConnectionRefusedError, ZeroDivisionError])
def test_a_batch_is_tried_until_it_is_written(error: type[Exception]):
    async def scenario(_table: Table, buffer: ChangeBuffer) -> None:
        buffer.add(reached(1))

    assert run(scenario, error(), error()).batches == [[reached(1)]]


def test_after_the_end_nothing_is_taken_and_what_is_left_is_told():
    async def scenario() -> None:
        table = Table()
        table.open.clear()
        buffer = ChangeBuffer(table.write, interval=LONG, capacity=3)
        buffer.add(reached(1))
        assert await buffer.close(0.01) == 1
        with pytest.raises(BufferClosedError):
            buffer.add(reached(2, 1))

    asyncio.run(scenario())
