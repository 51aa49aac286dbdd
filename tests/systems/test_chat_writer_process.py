"""The writer as a process of its own: killed, told to end; and where it, or the service, cannot begin."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from chat_brokers import Consumer
from chat_stores import new_chat, play, rows
from chat_support import PACKAGE, database, rabbitmq_url, redis_url
from ways_support import eventually

from surgeline_systems.application.database import key_prefix
from surgeline_systems.chat.batches import Batch, decode, encode
from surgeline_systems.chat.message_queue import open_queue
from surgeline_systems.chat.settings import NAME, WRITER
from surgeline_systems.chat.store import Chat, MessageRow, Store
from surgeline_systems.servers.launch import free_port
from surgeline_systems.servers.mariadb import ask
from surgeline_systems.servers.rabbitmq import delete_queue

SERVER = "surgeline_systems.application.server"
fixtures = database, rabbitmq_url, redis_url
BATCHES = 400
COUNT = "SELECT count(*) FROM {database}.messages"


class Backing:
    """What a writer stands on, and what it has done there."""

    def __init__(self, database_url: str, broker_url: str, environment: dict[str, str]) -> None:
        self._database_url = database_url
        self._broker_url = broker_url
        self._environment = environment
        self.queue = asyncio.run(key_prefix(database_url, NAME)) + "messages"
        self.application, self.chat = play(database_url, new_chat)

    @contextmanager
    def writer(self) -> Iterator[subprocess.Popen[bytes]]:
        """A writer that nobody looks after."""
        with subprocess.Popen([sys.executable, "-m", WRITER], env=self._environment) as process:
            try:
                yield process
            finally:
                process.kill()

    def publish(self, *batches: Sequence[MessageRow]) -> None:
        async def publish() -> None:
            queue = await open_queue(self._broker_url, self.queue)
            await asyncio.gather(*[queue.publish(encode(Batch("a batch", [*batch]))) for batch in batches])
            await queue.close()

        asyncio.run(publish())

    def written(self) -> int:
        name = self._database_url.rpartition("/")[2]
        ((count,),) = ask(self._database_url, COUNT.format(database=name))
        return int(count)

    def left(self) -> list[int]:
        """The numbers of the messages that are in the queue."""

        async def read() -> list[bytes]:
            queue, consumer = await open_queue(self._broker_url, self.queue), Consumer()
            waiting = await queue.depth()
            await queue.consume(consumer.take, 10_000)
            payloads = await consumer.has(waiting)
            await queue.close()
            return payloads

        return sorted(number for payload in asyncio.run(read()) for _, number, *_ in decode(payload).rows)

    def numbers(self) -> tuple[list[int], int]:
        """Of the messages that are in the database, and how many are counted."""

        async def read(store: Store) -> tuple[list[int], int]:
            messages = await store.messages(self.chat.id, 100_000)
            counted = await store.chat(self.application.id, self.chat.number)
            assert counted is not None
            return sorted(message.number for message in messages), counted.messages_count

        return play(self._database_url, read)


@pytest.fixture
def backing(database: str, rabbitmq_url: str, redis_url: str, tmp_path: Path) -> Iterator[Backing]:
    urls = {"DATABASE_URL": database, "REDIS_URL": redis_url, "RABBITMQ_URL": rabbitmq_url}
    made = Backing(database, rabbitmq_url, {**os.environ, **urls, "SEARCH_FOLDER": str(tmp_path / "index")})
    yield made
    for name in (made.queue, f"{made.queue}.aside"):
        delete_queue(rabbitmq_url, name)


def batches_of(chat: Chat, batches: range, size: int = 20) -> list[list[MessageRow]]:
    return [rows(chat, range(batch * size + 1, (batch + 1) * size + 1)) for batch in batches]


def test_after_a_kill_another_writes_the_rest_and_an_end_leaves_the_rest_in_the_queue(backing: Backing):
    before = backing.written()
    backing.publish(*batches_of(backing.chat, range(BATCHES)))
    with backing.writer() as killed:
        eventually(lambda: backing.written() > before)
        killed.kill()
    with backing.writer() as ended:
        eventually(lambda: backing.written() - before == BATCHES * 20)
        backing.publish(*batches_of(backing.chat, range(BATCHES, 2 * BATCHES)))
        ended.send_signal(signal.SIGTERM)
        assert ended.wait(60) == 0
    numbers, counted = backing.numbers()
    assert sorted(numbers + backing.left()) == list(range(1, 2 * BATCHES * 20 + 1))
    assert counted == len(numbers) >= BATCHES * 20


@pytest.mark.parametrize("command", [[WRITER], [SERVER, PACKAGE]], ids=["writer", "service"])
@pytest.mark.parametrize(
    ("changed", "url", "said"),
    [
        ("DATABASE_URL", "mysql://ann:secret@127.0.0.1:{port}/chat", "MariaDB: "),
        ("RABBITMQ_URL", "amqp://ann:secret@127.0.0.1:{port}/", "RabbitMQ: "),
        ("REDIS_URL", "redis://:secret@127.0.0.1:secret/", "expected redis://"),
    ],
)
def test_it_says_what_is_not_there(
    database: str, rabbitmq_url: str, redis_url: str, command: Sequence[str], changed: str, url: str, said: str
):
    urls = {"DATABASE_URL": database, "REDIS_URL": redis_url, "RABBITMQ_URL": rabbitmq_url}
    missing = {changed: url.format(port=free_port()), "PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, **urls, **missing},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
