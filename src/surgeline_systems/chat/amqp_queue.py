"""The queue in RabbitMQ, or another broker that speaks AMQP 0-9-1: durable, and connected again whenever it was lost.

It must not know what it carries.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aio_pika import DeliveryMode, Message, connect_robust
from aio_pika.abc import (
    AbstractIncomingMessage,
    AbstractQueue,
    AbstractRobustChannel,
    AbstractRobustConnection,
)
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, DeliveryError
from pamqp.commands import Queue

from surgeline_systems.chat.message_queue import Delivery, QueueAwayError

# How long a publisher waits for a confirmation, and others for an answer; also while the connection is made anew.
TIMEOUT_SECONDS = 5.0
RECONNECT_SECONDS = 0.5
ASIDE = ".aside"
# A broker that is not there, or refuses; a timeout is an OSError.
AMQP_ERRORS = (OSError, AMQPError, ChannelInvalidStateError)

Take = Callable[[Delivery], None]


async def open_amqp_queue(url: str, name: str) -> "AmqpQueue":
    """The queue of this name, made if it is missing. Raises: QueueAwayError."""
    async with _in_time():
        connection = await connect_robust(url, reconnect_interval=RECONNECT_SECONDS)
        try:
            # Who publishes to a queue that somebody has deleted is told, and makes it anew.
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            made = [await channel.declare_queue(one, durable=True) for one in (name, name + ASIDE)]
        except BaseException:
            await connection.close()
            raise
    assert isinstance(channel, AbstractRobustChannel)
    return AmqpQueue(connection, channel, *made)


@dataclass(frozen=True, slots=True)
class AmqpDelivery:
    """As the protocol `Delivery` says."""

    message: AbstractIncomingMessage

    @property
    def payload(self) -> bytes:
        """As `Delivery` says."""
        return self.message.body

    @property
    def has_lapsed(self) -> bool:
        """As `Delivery` says."""
        try:
            return bool(self.message.channel.is_closed)
        except ChannelInvalidStateError:
            return True


class AmqpQueue:
    """As the protocol `MessageQueue` says; while it is connected anew, whoever asks waits for it, in vain at last."""

    def __init__(
        self,
        connection: AbstractRobustConnection,
        channel: AbstractRobustChannel,
        queue: AbstractQueue,
        aside: AbstractQueue,
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._queue = queue
        self._aside = aside
        self._consumer: str | None = None

    async def publish(self, payload: bytes) -> None:
        """As `MessageQueue` says."""
        await self._publish(payload, self._queue)

    async def set_aside(self, payload: bytes) -> None:
        """As `MessageQueue` says; the queue for it has this one's name, and `.aside`."""
        await self._publish(payload, self._aside)

    async def consume(self, take: Take, most: int) -> None:
        """As `MessageQueue` says."""

        async def deliver(message: AbstractIncomingMessage) -> None:
            take(AmqpDelivery(message))

        async with _in_time():
            await self._channel.set_qos(most)
            self._consumer = await self._queue.consume(deliver)

    async def stop_consuming(self) -> None:
        """As `MessageQueue` says."""
        if self._consumer is not None:
            with suppress(QueueAwayError):  # then nothing comes any more
                async with _in_time():
                    await self._queue.cancel(self._consumer)

    async def acknowledge(self, delivery: Delivery) -> None:
        """As `MessageQueue` says."""
        assert isinstance(delivery, AmqpDelivery)
        with suppress(*AMQP_ERRORS):  # it has lapsed, and comes again
            await delivery.message.ack(multiple=True)

    async def depth(self) -> int:
        """As `MessageQueue` says."""
        return (await self._declared()).message_count or 0

    async def consumers(self) -> int:
        """As `MessageQueue` says."""
        return (await self._declared()).consumer_count or 0

    async def purge(self) -> None:
        """As `MessageQueue` says."""
        async with _in_time():
            await self._channel.ready()
            await self._queue.purge()

    async def close(self) -> None:
        """As `MessageQueue` says."""
        with suppress(QueueAwayError):
            async with _in_time():
                await self._connection.close()

    async def _declared(self) -> Queue.DeclareOk:
        async with _in_time():
            await self._channel.ready()
            return await self._queue.declare()

    async def _publish(self, payload: bytes, queue: AbstractQueue) -> None:
        message = Message(payload, delivery_mode=DeliveryMode.PERSISTENT)
        async with _in_time():
            await self._channel.ready()
            try:
                await self._channel.default_exchange.publish(message, queue.name)
            except DeliveryError:
                await queue.declare()
                raise


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """What a block asks of the broker has its time; what goes wrong becomes an error of ours."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            yield
    except AMQP_ERRORS as error:
        raise QueueAwayError(f"RabbitMQ: {str(error) or f'no answer in {TIMEOUT_SECONDS:g} s'}") from error
