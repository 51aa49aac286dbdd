"""The queues of the chat system, in a broker and in the process: what was confirmed comes, until it is acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import chat_brokers
import chat_support
import pytest
from chat_brokers import Consumer, beside, queue_name, until_depth, until_published, wire_to
from restartable import restartable_rabbitmq
from virtual_time import run_at_once

from surgeline_systems.chat import amqp_queue
from surgeline_systems.chat.local_queue import PUBLISH_SECONDS, LocalQueue
from surgeline_systems.chat.message_queue import MessageQueue, QueueAwayError, open_queue
from surgeline_systems.servers.launch import free_port

broker = chat_support.rabbitmq_url
PAYLOADS = [b"", b"one", b"two" * 100_000, b"\0\xff", b"five"]

Story = Callable[[MessageQueue], Awaitable[None]]


@pytest.fixture(params=["in a broker", "in the process"])
def play(request: pytest.FixtureRequest) -> Iterator[Callable[[Story], None]]:
    """Lets a story happen to a queue of either kind."""
    url = request.getfixturevalue("broker") if request.param == "in a broker" else ""

    def happen(story: Story) -> None:
        async def opened() -> None:
            async with queue_at(url, name) as queue:
                await story(queue)

        asyncio.run(opened())

    with queue_name(url) if url else nothing() as name:
        yield happen


@contextmanager
def nothing() -> Iterator[str]:
    yield ""


@asynccontextmanager
async def queue_at(url: str, name: str) -> AsyncIterator[MessageQueue]:
    queue = await open_queue(url, name)
    try:
        yield queue
    finally:
        await queue.close()


async def publish(queue: MessageQueue, *payloads: bytes) -> None:
    for payload in payloads:
        await queue.publish(payload)


def test_what_is_published_comes_in_this_order(play: Callable[[Story], None]):
    async def story(queue: MessageQueue) -> None:
        await publish(queue, *PAYLOADS[:2])
        assert await queue.depth() == 2
        consumer = Consumer()
        await queue.consume(consumer.take, 10)
        await publish(queue, *PAYLOADS[2:])
        assert await consumer.has(5) == PAYLOADS
        assert await queue.depth() == 0

    play(story)


def test_only_so_many_come_as_may_be_unacknowledged(play: Callable[[Story], None]):
    async def story(queue: MessageQueue) -> None:
        await publish(queue, *PAYLOADS)
        consumer = Consumer()
        await queue.consume(consumer.take, 2)
        assert await consumer.has(2) == PAYLOADS[:2]
        assert await queue.depth() == 3
        await queue.acknowledge(consumer.deliveries[1])
        assert await consumer.has(4) == PAYLOADS[:4]
        await until_depth(queue, 1)

    play(story)


def test_after_the_last_one_that_was_given_no_more_comes(play: Callable[[Story], None]):
    async def story(queue: MessageQueue) -> None:
        await publish(queue, b"one")
        consumer, other = Consumer(), Consumer()
        await queue.consume(consumer.take, 1)
        await consumer.has(1)
        await queue.stop_consuming()
        await queue.acknowledge(consumer.deliveries[0])
        await publish(queue, b"two")
        await until_depth(queue, 1)
        assert len(consumer.deliveries) == 1
        await queue.consume(other.take, 1)
        assert await other.has(1) == [b"two"]

    play(story)


def test_it_knows_whether_anybody_takes_from_it(play: Callable[[Story], None]):
    async def story(queue: MessageQueue) -> None:
        seen = [await queue.consumers()]
        await queue.consume(Consumer().take, 1)
        seen.append(await queue.consumers())
        await queue.stop_consuming()
        assert [*seen, await queue.consumers()] == [0, 1, 0]

    play(story)


def test_what_waits_can_be_forgotten(play: Callable[[Story], None]):
    async def story(queue: MessageQueue) -> None:
        await publish(queue, *PAYLOADS)
        await queue.purge()
        assert await queue.depth() == 0
        await publish(queue, b"later")
        assert await queue.depth() == 1

    play(story)


def test_what_is_set_aside_does_not_come(play: Callable[[Story], None]):
    async def story(queue: MessageQueue) -> None:
        await queue.set_aside(b"poison")
        assert await queue.depth() == 0

    play(story)


def test_what_is_set_aside_is_in_a_queue_of_its_own(broker: str):
    async def story() -> list[bytes]:
        async with queue_at(broker, name) as queue, queue_at(broker, f"{name}.aside") as aside:
            await queue.set_aside(b"poison")
            consumer = Consumer()
            await aside.consume(consumer.take, 1)
            return await consumer.has(1)

    with queue_name(broker) as name, queue_name(broker):
        try:
            assert asyncio.run(story()) == [b"poison"]
        finally:
            chat_brokers.delete_queue(broker, f"{name}.aside.aside")


def test_in_the_process_what_waits_is_given_at_the_end_and_what_was_given_is_given_again():
    async def story() -> None:
        queue, first, second = LocalQueue(), Consumer(), Consumer()
        await publish(queue, b"one", b"two", b"three")
        await queue.consume(first.take, 1)
        await queue.consume(second.take, 1)
        assert first.deliveries[0].has_lapsed
        await queue.acknowledge(first.deliveries[0])
        assert [one.payload for one in second.deliveries] == [b"one"]
        await queue.stop_consuming()
        assert [one.payload for one in second.deliveries] == [b"one", b"two", b"three"]

    asyncio.run(story())


def test_in_the_process_who_publishes_waits_for_room_and_not_for_ever():
    async def story() -> float:
        queue, consumer = LocalQueue(capacity=2), Consumer()
        await publish(queue, b"one", b"two")
        start = asyncio.get_running_loop().time()
        with pytest.raises(QueueAwayError, match="expected room in the queue, found none in 5 s"):
            await queue.publish(b"three")
        waited = asyncio.get_running_loop().time() - start
        await queue.consume(consumer.take, 10)
        waiting = asyncio.create_task(queue.publish(b"four"))
        await asyncio.sleep(0)
        await queue.acknowledge(consumer.deliveries[0])
        await waiting
        assert await consumer.has(3) == [b"one", b"two", b"four"]
        await queue.purge()
        return waited

    assert run_at_once(story()) == PUBLISH_SECONDS


def test_what_was_not_acknowledged_comes_again_to_another(broker: str):
    async def story() -> None:
        consumer, other = Consumer(), Consumer()
        async with queue_at(broker, name) as queue:
            await publish(queue, b"one", b"two", b"three")
            await queue.consume(consumer.take, 10)
            await consumer.has(3)
            await queue.acknowledge(consumer.deliveries[0])
        assert all(delivery.has_lapsed for delivery in consumer.deliveries)
        async with queue_at(broker, name) as queue:
            await queue.consume(other.take, 10)
            assert await other.has(2) == [b"two", b"three"]

    with queue_name(broker) as name:
        asyncio.run(story())


def test_a_lost_connection_is_made_again_and_what_it_had_given_comes_again(broker: str):
    async def story() -> None:
        consumer = Consumer()
        async with wire_to(broker) as wire, queue_at(wire.url, name) as queue, queue_at(broker, name) as other:
            await publish(queue, b"one", b"two")
            await queue.consume(consumer.take, 10)
            await consumer.has(2)
            wire.cut()
            await publish(other, b"three")
            assert await consumer.has(5) == [b"one", b"two", b"one", b"two", b"three"]
            assert [delivery.has_lapsed for delivery in consumer.deliveries] == [True, True, False, False, False]
            await queue.acknowledge(consumer.deliveries[1])  # of no effect
            await queue.acknowledge(consumer.deliveries[3])
            await publish(queue, b"four")
            await consumer.has(6)
        async with queue_at(broker, name) as queue:
            again = Consumer()
            await queue.consume(again.take, 10)
            assert await again.has(2) == [b"three", b"four"]

    with queue_name(broker) as name:
        asyncio.run(story())


def test_what_was_confirmed_before_the_connection_was_lost_is_in_the_queue(broker: str):
    async def story() -> None:
        async with wire_to(broker) as wire, queue_at(wire.url, name) as queue, queue_at(broker, name) as other:
            payloads = [str(number).encode() for number in range(300)]
            tasks = [asyncio.create_task(queue.publish(payload)) for payload in payloads]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            wire.cut()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(result) for result in results} <= {type(None), QueueAwayError}
            confirmed = {payload for payload, result in zip(payloads, results, strict=True) if result is None}
            assert confirmed
            consumer = Consumer()
            await queue.publish(b"last")
            await other.consume(consumer.take, 500)
            assert confirmed <= {*await consumer.has_payload(b"last")}

    with queue_name(broker) as name:
        asyncio.run(story())


def test_a_broker_that_says_nothing_is_away(broker: str, monkeypatch: pytest.MonkeyPatch):
    async def story() -> None:
        async with wire_to(broker) as wire, queue_at(wire.url, name) as queue:
            monkeypatch.setattr(amqp_queue, "TIMEOUT_SECONDS", 0.1)
            wire.freeze()
            with pytest.raises(QueueAwayError, match=r"RabbitMQ: no answer in 0\.1 s"):
                await queue.publish(b"one")
            for ask in (queue.depth, queue.purge, lambda: queue.set_aside(b"two")):
                with pytest.raises(QueueAwayError):
                    await ask()
            monkeypatch.undo()
            wire.cut()
            await until_published(queue, b"three")

    with queue_name(broker) as name:
        asyncio.run(story())


def test_a_queue_that_somebody_has_deleted_is_made_again(broker: str):
    async def story() -> None:
        consumer = Consumer()
        async with queue_at(broker, name) as queue:
            await queue.consume(consumer.take, 10)
            await asyncio.to_thread(chat_brokers.delete_queue, broker, name)
            await until_published(queue, b"one")
            assert (await consumer.has(1))[-1] == b"one"

    with queue_name(broker) as name:
        asyncio.run(story())


def test_a_broker_that_is_killed_and_comes_back_has_all_that_it_confirmed(tmp_path: Path):
    server = restartable_rabbitmq(tmp_path)

    async def story() -> None:
        consumer = Consumer()
        async with beside(server.running()) as url:
            queue = await open_queue(url, "chat")
            await publish(queue, b"one", b"two")
            await queue.consume(consumer.take, 10)
            await consumer.has(2)
        async with beside(server.running()):
            await until_published(queue, b"three")
            assert (await consumer.has(5))[2:] == [b"one", b"two", b"three"]
            await queue.close()

    asyncio.run(story())


@pytest.mark.parametrize("url", ["amqp://ann:secret@127.0.0.1:{port}/", "amqp://guest:secret@{broker}/"])
def test_a_broker_that_is_not_there_or_lets_nobody_in_is_told_without_secrets(url: str, broker: str):
    place = broker.rpartition("@")[2].rstrip("/").partition("/")[0]
    with pytest.raises(QueueAwayError) as caught:
        asyncio.run(open_queue(url.format(port=free_port(), broker=place), "chat"))
    assert "RabbitMQ: " in str(caught.value)
    assert "secret" not in str(caught.value)
