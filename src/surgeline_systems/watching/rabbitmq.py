"""What RabbitMQ says of a queue while it is under load: how many messages wait in it, and how fast they come and go.

All of that is known to its management API, where that is switched on; over AMQP only how many wait. It must not know
what the messages are.
"""

import json
from asyncio import to_thread
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPException

from surgeline_systems.watching.figures import Figure, Growth, Level
from surgeline_systems.watching.source import AwayError

MANAGEMENT_PORT = 15672
TIMEOUT_SECONDS = 0.5
# What comes of a broker that is not there, does not let us in, or has no such queue; and of somebody else in its place.
ERRORS = (OSError, AMQPException, ValueError, KeyError)


class RabbitMQ:
    """A queue of a RabbitMQ server, asked by its management API where it answers at `management`, else over AMQP."""

    name = "RabbitMQ"
    tags: Mapping[str, str] = {}
    figures: Sequence[Figure] = (
        Level("queue_ready", unit="messages"),
        Level("queue_unacknowledged", unit="messages"),
        Level("queue_consumers"),
        Growth("queue_published", unit="messages"),
        Growth("queue_acknowledged", unit="messages"),
    )

    def __init__(self, url: str, queue: str, management: str = "") -> None:
        parts = urlsplit(url)
        self._url, self._queue = url, queue
        base = management or f"http://{parts.hostname}:{MANAGEMENT_PORT}"
        self._about = f"{base}/api/queues/{quote(unquote(parts.path[1:]) or '/', safe='')}/{quote(queue, safe='')}"
        secret = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
        self._proof = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        """None while the management API answers."""

    async def open(self) -> None:
        """Find out who answers. Raises: AwayError."""
        try:
            await to_thread(self._by_management)
        except ERRORS:
            await self._connect()

    async def look(self) -> Mapping[str, float]:
        """How the queue is now. Raises: AwayError."""
        try:
            return await (to_thread(self._by_management) if self._channel is None else self._by_amqp(self._channel))
        except ERRORS as error:
            raise AwayError(str(error)) from error

    async def close(self) -> None:
        """Close the connection, if it is not lost already."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(*ERRORS):
                await connection.close()

    async def details(self) -> Sequence[str]:
        """What would tell more."""
        if self._channel is None:
            return ()
        return [
            "how fast messages come and go only its management API tells: rabbitmq-plugins enable rabbitmq_management"
        ]

    async def _connect(self) -> None:
        try:
            self._connection = await aio_pika.connect(self._url)
            self._channel = await self._connection.channel()
        except ERRORS as error:
            raise AwayError(str(error)) from error

    def _by_management(self) -> Mapping[str, float]:
        with urlopen(Request(self._about, headers=self._proof), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            told: dict[str, Any] = json.loads(answer.read())
        counted = told.get("message_stats", {})
        return {
            "queue_ready": told["messages_ready"],
            "queue_unacknowledged": told["messages_unacknowledged"],
            "queue_consumers": told["consumers"],
            "queue_published": counted.get("publish", 0),
            "queue_acknowledged": counted.get("ack", 0),
        }

    async def _by_amqp(self, channel: AbstractChannel) -> Mapping[str, float]:
        told = (await channel.declare_queue(self._queue, passive=True)).declaration_result
        return {"queue_ready": told.message_count or 0, "queue_consumers": told.consumer_count or 0}
