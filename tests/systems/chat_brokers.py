"""Queues of the chat system in a real broker, and a wire to it that a test can cut."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from typing import TypeVar
from urllib.parse import urlsplit

from surgeline_systems.chat.message_queue import Delivery, MessageQueue, QueueAwayError
from surgeline_systems.servers.rabbitmq import delete_queue

Result = TypeVar("Result")

_numbers = itertools.count(1)


@contextmanager
def queue_name(broker_url: str) -> Iterator[str]:
    """The name of a queue, which is deleted at the end with the one for what is set aside."""
    name = f"surgeline_test_{os.getpid()}_{next(_numbers)}"
    try:
        yield name
    finally:
        for one in (name, f"{name}.aside"):
            delete_queue(broker_url, one)


class Consumer:
    """Takes what a queue gives."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self._came = asyncio.Event()

    def take(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._came.set()

    async def has(self, count: int) -> list[bytes]:
        """The payloads, once there are so many."""
        await self._until(lambda: len(self.deliveries) >= count)
        return self.payloads()

    async def has_payload(self, payload: bytes) -> list[bytes]:
        """The payloads, once this is among them."""
        await self._until(lambda: payload in self.payloads())
        return self.payloads()

    def payloads(self) -> list[bytes]:
        """What has come."""
        return [delivery.payload for delivery in self.deliveries]

    async def _until(self, is_there: Callable[[], bool]) -> None:
        while not is_there():
            self._came.clear()
            await self._came.wait()


async def until_depth(queue: MessageQueue, depth: int) -> None:
    """The broker counts what has come back a moment after it has."""
    while await queue.depth() != depth:  # noqa: ASYNC110 - what happens in a broker sets no event
        await asyncio.sleep(0.01)


async def until_published(queue: MessageQueue, payload: bytes) -> None:
    """As whoever has accepted something does."""
    while True:
        try:
            await queue.publish(payload)
        except QueueAwayError:
            await asyncio.sleep(0.01)
        else:
            return


@asynccontextmanager
async def beside(server: AbstractContextManager[Result]) -> AsyncIterator[Result]:
    """Start and stop a server while the event loop goes on."""
    yield await asyncio.to_thread(server.__enter__)
    await asyncio.to_thread(server.__exit__, None, None, None)


class Wire:
    """Carries bytes between clients and a broker; see `wire_to`."""

    def __init__(self, url: str) -> None:
        self.url = ""
        self._broker = urlsplit(url)
        self._carries = asyncio.Event()
        self._carries.set()
        self._ends: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def freeze(self) -> None:
        """Carry nothing more, and tell nobody."""
        self._carries.clear()

    def cut(self) -> None:
        """End all connections at once; new ones can be made."""
        self._carries.set()
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client has come."""
        there = await asyncio.open_connection(self._broker.hostname, self._broker.port or 5672)
        self._ends += [writer, there[1]]
        for source, target in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._carries.wait()
                target.write(data)
        target.close()


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    """A wire to a broker; clients take its URL."""
    wire = Wire(url)
    listening = await asyncio.start_server(wire.connect, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    wire.url = parts._replace(netloc=f"{user}{at}127.0.0.1:{port}").geturl()
    try:
        yield wire
    finally:
        listening.close()
        wire.cut()
        await asyncio.sleep(0)
