"""The writer of the chat system under mishaps: every message is written once, or set aside, and none is lost."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import chat_support
import pytest
from chat_brokers import Consumer, beside, queue_name, until_depth, wire_to
from chat_stores import KINDS, chat_database, new_chat, play, rows
from restartable import Restartable, restartable_mariadb, restartable_postgres
from virtual_time import now, run_at_once

from surgeline_systems.application.migrations import migrate
from surgeline_systems.chat import queue_writer
from surgeline_systems.chat.batches import Batch, decode, encode
from surgeline_systems.chat.local_queue import LocalQueue
from surgeline_systems.chat.message_queue import MessageQueue, open_queue
from surgeline_systems.chat.queue_writer import GATHER_SECONDS, MOST_ROWS, QueueWriter
from surgeline_systems.chat.store import Chat, MessageRow, Store, StoreAwayError, Written, open_store
from surgeline_systems.chat.system import SYSTEM

broker = chat_support.rabbitmq_url
RETRY_SECONDS = 0.01


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    with chat_database(request.param) as url:
        yield url


class Told:
    """What a writer said that it had written."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self._came = asyncio.Event()

    async def tell(self, written: Written) -> None:
        self.written.append(written)
        self._came.set()

    async def until(self, is_told: Callable[["Told"], bool]) -> None:
        while not is_told(self):
            self._came.clear()
            await self._came.wait()

    @property
    def new(self) -> list[MessageRow]:
        return [row for one in self.written for row in one.new]

    @property
    def there(self) -> list[MessageRow]:
        return [row for one in self.written for row in one.there]


@asynccontextmanager
async def writer_of(queue: MessageQueue, store: Store, told: Told | None = None) -> AsyncIterator[QueueWriter]:
    writer = QueueWriter(queue, store, (told or Told()).tell, retry=RETRY_SECONDS)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.close()


async def publish(queue: MessageQueue, *batches: Sequence[MessageRow]) -> None:
    for batch in batches:
        await queue.publish(encode(Batch("a batch", [*batch])))


async def expect_written(store: Store, chat: Chat, application_id: int, numbers: range) -> None:
    """Each of these once, and counted."""
    assert [one.number for one in await store.messages(chat.id, 10_000)] == [*reversed(numbers)]
    counted = await store.chat(application_id, chat.number)
    assert counted is not None
    assert counted.messages_count == len(numbers)


def test_what_comes_is_written_told_and_acknowledged(database: str):
    async def story(store: Store) -> None:
        queue, told = LocalQueue(), Told()
        application, chat = await new_chat(store)
        batches = [rows(chat, range(start, start + 50)) for start in range(1, 2_001, 50)]
        async with writer_of(queue, store, told):
            await publish(queue, *batches)
            await told.until(lambda one: len(one.new) == 2_000)
        assert told.new == [row for batch in batches for row in batch]
        assert told.written[-1].counts == {chat.id: 2_000}
        assert all(len(one.new) <= MOST_ROWS for one in told.written)
        await expect_written(store, chat, application.id, range(1, 2_001))
        await queue.consume(Consumer().take, 10)
        assert await queue.depth() == 0

    play(database, story)


def test_a_batch_that_comes_twice_is_written_once(database: str):
    async def story(store: Store) -> None:
        queue, told = LocalQueue(), Told()
        application, chat = await new_chat(store)
        batch, more = rows(chat, range(1, 4)), rows(chat, range(4, 6))
        await publish(queue, batch, batch, more)
        async with writer_of(queue, store, told):
            await told.until(lambda one: len(one.new) == 5)
            await publish(queue, more)
        assert told.there == [*batch, *more]
        await expect_written(store, chat, application.id, range(1, 6))
        assert queue.aside == []

    play(database, story)


def test_what_is_no_batch_is_set_aside_and_the_others_are_written(database: str, caplog: pytest.LogCaptureFixture):
    async def story(store: Store) -> None:
        queue = LocalQueue()
        application, chat = await new_chat(store)
        poison = [b"", b"\xc1 no message", encode(Batch("a batch", rows(chat, range(1, 2))))[:-4], b"\x92\xa1a\x91\x90"]
        for payload in poison:
            await queue.publish(payload)
        await publish(queue, rows(chat, range(1, 4)))
        async with writer_of(queue, store):
            pass
        assert queue.aside == poison
        await expect_written(store, chat, application.id, range(1, 4))

    play(database, story)
    assert caplog.text.count("expected messages to write, found no batch of messages; set aside") == 4


def test_another_message_with_the_same_number_is_set_aside(database: str, caplog: pytest.LogCaptureFixture):
    async def story(store: Store) -> list[int]:
        queue = LocalQueue()
        application, chat = await new_chat(store)
        others = rows(chat, range(2, 4), "Other")
        await publish(queue, rows(chat, range(1, 4)), others, rows(chat, range(4, 5)))
        async with writer_of(queue, store):
            pass
        assert [decode(payload).rows for payload in queue.aside] == [others]
        await expect_written(store, chat, application.id, range(1, 5))
        return [chat.id]

    (chat_id,) = play(database, story)
    assert (
        f"found messages whose numbers others have: 2 of chat {chat_id}, 3 of chat {chat_id}; set aside" in caplog.text
    )


def test_a_message_that_no_table_takes_is_set_aside_alone(database: str, caplog: pytest.LogCaptureFixture):
    async def story(store: Store) -> None:
        queue, told = LocalQueue(), Told()
        application, chat = await new_chat(store)
        unfit = rows(chat, range(2**31, 2**31 + 1))
        await publish(queue, rows(chat, range(1, 20)), [*unfit, *rows(chat, range(20, 30))], rows(chat, range(30, 40)))
        async with writer_of(queue, store, told):
            pass
        assert [decode(payload).rows for payload in queue.aside] == [unfit]
        await expect_written(store, chat, application.id, range(1, 40))

    play(database, story)
    assert "found a message that the database does not take" in caplog.text


def test_a_writer_that_is_killed_between_commit_and_acknowledgement_leaves_nothing_to_be_written_twice(
    database: str, broker: str
):
    async def story(store: Store) -> None:
        application, chat = await new_chat(store)
        committed, told = asyncio.Event(), Told()

        async def tell_and_stop(_written: Written) -> None:
            committed.set()
            await asyncio.Event().wait()

        async with wire_to(broker) as wire:
            killed = await open_queue(wire.url, name)
            await publish(killed, rows(chat, range(1, 4)), rows(chat, range(4, 6)))
            writer = QueueWriter(killed, store, tell_and_stop)
            await writer.start()
            await committed.wait()
            await killed.close()
            queue = await open_queue(broker, name)
            async with writer_of(queue, store, told):
                await publish(queue, rows(chat, range(6, 8)))
                await told.until(lambda one: len(one.new) + len(one.there) >= 7)
            assert {*rows(chat, range(1, 4))} <= {*told.there}
            await until_depth(queue, 0)
            await queue.close()
        await expect_written(store, chat, application.id, range(1, 8))

    with queue_name(broker) as name:
        play(database, story)


def test_while_the_connection_to_the_broker_is_lost_again_and_again_nothing_is_lost_or_written_twice(
    database: str, broker: str
):
    async def story(store: Store) -> None:
        application, chat = await new_chat(store)
        told = Told()
        async with wire_to(broker) as wire:
            direct, cut = await open_queue(broker, name), await open_queue(wire.url, name)
            async with writer_of(cut, store, told):
                for start in range(1, 301, 10):
                    await publish(direct, rows(chat, range(start, start + 10)))
                    if start % 100 == 1:
                        wire.cut()
                await told.until(lambda one: len(one.new) == 300)
            await cut.close()
            await until_depth(direct, 0)
            await direct.close()
        await expect_written(store, chat, application.id, range(1, 301))

    with queue_name(broker) as name:
        play(database, story)


@pytest.mark.parametrize("made", [restartable_mariadb, restartable_postgres])
def test_while_the_database_is_away_what_comes_waits(
    made: Callable[[Path], Restartable], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    server = made(tmp_path)

    async def story() -> None:
        queue, told = LocalQueue(), Told()
        async with beside(server.running()) as url:
            await migrate(url, SYSTEM.package)
            store = await open_store(url, 2, "surgeline tests")
            application, chat = await new_chat(store)
            writer = QueueWriter(queue, store, told.tell, retry=RETRY_SECONDS)
            await writer.start()
            await publish(queue, rows(chat, range(1, 4)))
            await told.until(lambda one: len(one.new) == 3)
        with pytest.raises(StoreAwayError):
            await store.last_number(chat.id)
        await publish(queue, rows(chat, range(4, 6)), rows(chat, range(6, 8)))
        async with beside(server.running()):
            await told.until(lambda one: len(one.new) == 7)
            await writer.close()
            await expect_written(store, chat, application.id, range(1, 8))
            await store.close()

    asyncio.run(story())
    assert "batches wait to be written: " in caplog.text


def test_at_the_end_what_has_come_is_written_and_nothing_more_is_taken(database: str, broker: str):
    async def story(store: Store) -> None:
        application, chat = await new_chat(store)
        told = Told()
        queue = await open_queue(broker, name)
        async with writer_of(queue, store, told):
            await publish(queue, *[rows(chat, range(start, start + 5)) for start in range(1, 101, 5)])
        await publish(queue, rows(chat, range(101, 106)))
        await queue.close()
        left, others = await open_queue(broker, name), Consumer()
        await left.consume(others.take, 1_000)
        await others.has_payload(encode(Batch("a batch", rows(chat, range(101, 106)))))
        rest = [row for payload in others.payloads() for row in decode(payload).rows]
        assert sorted([*told.new, *rest]) == rows(chat, range(1, 106))
        await expect_written(store, chat, application.id, range(1, len(told.new) + 1))
        await left.close()

    with queue_name(broker) as name:
        play(database, story)


class AwayStore:
    """A database that cannot be reached, as often as told; then it takes everything."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.writes: list[tuple[float, int]] = []

    async def write(self, wanted: Sequence[MessageRow]) -> Written:
        self.writes.append((now(), len(wanted)))
        await asyncio.sleep(0.001)
        if self._errors:
            raise self._errors.pop(0)
        return Written(wanted, (), (), 1, {})


def happen(story: Callable[[LocalQueue], Awaitable[None]]) -> None:
    run_at_once(story(LocalQueue()))  # type: ignore[arg-type]


def messages(count: int) -> list[MessageRow]:
    return [(1, number, 1, "Hello", 0) for number in range(count)]


def test_transactions_begin_apart_unless_there_are_many_messages():
    async def story(queue: LocalQueue) -> None:
        store = AwayStore()
        async with writer_of(queue, store):  # type: ignore[arg-type]
            for count in (1, 2, 3):
                await publish(queue, messages(count))
                await asyncio.sleep(0.01)
            await asyncio.sleep(1)
            await publish(queue, messages(4))
            await asyncio.sleep(0)
            await publish(queue, messages(MOST_ROWS))
            await asyncio.sleep(0.005)
        (first, second, third, fourth) = store.writes
        assert [rows for _, rows in store.writes] == [1, 5, 4, MOST_ROWS]
        assert second[0] - first[0] == pytest.approx(GATHER_SECONDS)
        assert fourth[0] - third[0] < GATHER_SECONDS

    happen(story)


def test_a_defect_is_told_and_no_reason_to_write_nothing_any_more(caplog: pytest.LogCaptureFixture):
    async def story(queue: LocalQueue) -> None:
        store = AwayStore(ZeroDivisionError("a defect"), StoreAwayError("away"))
        async with writer_of(queue, store):  # type: ignore[arg-type]
            await publish(queue, messages(2))
            await asyncio.sleep(1)
        assert [rows for _, rows in store.writes] == [2, 2, 2]

    happen(story)
    assert "a defect" in caplog.text


def test_the_end_does_not_wait_for_ever_for_a_database_that_is_away(caplog: pytest.LogCaptureFixture):
    async def story(queue: LocalQueue) -> None:
        store = AwayStore(*[StoreAwayError("away")] * 100_000)
        async with writer_of(queue, store):  # type: ignore[arg-type]
            await publish(queue, messages(2), messages(3))
        assert now() == pytest.approx(queue_writer.CLOSE_SECONDS)

    happen(story)
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.getMessage() == "expected to write all that has come before the end, found 2 batches unwritten"
