"""What becomes of messages while something is away, and after an end that nobody expected."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest
import redis
from chat_support import (
    PACKAGE,
    Client,
    all_written,
    bodies,
    database,
    rabbitmq_url,
    redis_url,
    serving,
)
from conversations_support import redis_at
from restartable import restartable_mariadb, restartable_rabbitmq
from ways_support import eventually

from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import is_healthy
from surgeline_systems.servers.launch import free_port
from surgeline_systems.servers.mariadb import ask

fixtures = database, rabbitmq_url, redis_url


class Talker(Thread):
    """Somebody who says one thing after the other, and remembers what was accepted, and under which number."""

    def __init__(self, base_url: str, cookie: str | None, chat: str) -> None:
        super().__init__()
        self._base_url = base_url
        self._cookie = cookie
        self._chat = chat
        self._stopped = Event()
        self.accepted: dict[int, str] = {}
        self.refused = 0

    def run(self) -> None:
        said = 0
        with Client(self._base_url) as client:
            client.cookie = self._cookie
            while not self._stopped.is_set():
                said += 1
                body = f"{self.name} {said}"
                try:
                    answer = client.ask("POST", self._chat, {"body": body})
                except OSError:
                    return
                if answer.status == 201:
                    self.accepted[answer.body["number"]] = body
                else:
                    assert answer.status == 503
                    self.refused += 1

    def stop(self) -> None:
        self._stopped.set()
        self.join()


@contextmanager
def talking(base_url: str, client: Client, chat: str, many: int = 4) -> Iterator[list[Talker]]:
    talkers = [Talker(base_url, client.cookie, chat) for _ in range(many)]
    for talker in talkers:
        talker.start()
    try:
        eventually(lambda: all(talker.accepted for talker in talkers))
        yield talkers
    finally:
        for talker in talkers:
            talker.stop()


def expect_all_there(client: Client, chat: str, talkers: list[Talker]) -> None:
    """In the database, without gaps, each under the number that was told."""
    all_written(client)
    there: dict[int, str] = {}
    while page := client.get(f"{chat}?limit=100" + (f"&before={min(there)}" if there else "")):
        there.update({message["number"]: message["body"] for message in page})
    assert sorted(there) == list(range(1, len(there) + 1))
    for talker in talkers:
        assert talker.accepted.items() <= there.items()


@pytest.mark.parametrize("queue", ["RabbitMQ", "in process"])
def test_what_was_accepted_before_a_stop_under_load_is_written(
    database: str, redis_url: str, request: pytest.FixtureRequest, queue: str
):
    broker = request.getfixturevalue("rabbitmq_url") if queue == "RabbitMQ" else ""
    with ExitStack() as stack:
        service = stack.enter_context(ExitStack())
        base_url = service.enter_context(serving(database, redis_url, broker))
        client = stack.enter_context(Client(base_url)).sign_up()
        chat, email = client.chat(), client.email
        talkers = stack.enter_context(talking(base_url, client, chat))
        service.close()
    with serving(database, redis_url, broker) as base_url, Client(base_url) as client:
        client.sign_in(email)
        expect_all_there(client, chat, talkers)


def test_while_redis_is_away_it_says_so_and_goes_on_when_it_is_back(database: str, rabbitmq_url: str):
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with ExitStack() as up, ExitStack() as stack:
        up.enter_context(redis_at(port))
        base_url = stack.enter_context(serving(database, url, rabbitmq_url))
        client = stack.enter_context(Client(base_url)).sign_up()
        chat = client.chat()
        with talking(base_url, client, chat) as talkers:
            up.close()
            eventually(lambda: all(talker.refused for talker in talkers))
            assert client.ask("GET", chat).status == 503
            assert client.ask("GET", "/api/health").status == 503
        up.enter_context(redis_at(port))
        eventually(lambda: is_healthy(base_url))
        client.sign_in(client.email)  # sessions are gone, numbers are not
        client.say(chat, "Here again")
        expect_all_there(client, chat, talkers)


def test_while_the_database_is_away_messages_are_accepted_and_hot_lists_are_read(
    tmp_path: Path, redis_url: str, rabbitmq_url: str
):
    server = restartable_mariadb(tmp_path)
    with ExitStack() as up, ExitStack() as stack:
        server_url = up.enter_context(server.running())
        ask(server_url, "CREATE DATABASE chat")
        database_url = urlsplit(server_url)._replace(path="/chat").geturl()
        asyncio.run(migrate(database_url, PACKAGE))
        base_url = stack.enter_context(serving(database_url, redis_url, rabbitmq_url))
        client = stack.enter_context(Client(base_url)).sign_up()
        chat = client.chat()
        client.say(chat, "before")
        all_written(client)
        assert bodies(client, chat) == ["before"]
        up.close()
        eventually(lambda: client.ask("GET", "/api/health").status == 503)
        assert client.say(chat, "meanwhile") == 2
        assert bodies(client, chat) == ["before"]
        assert client.ask("GET", f"{chat}/1").status == 503
        up.enter_context(server.running())
        eventually(lambda: is_healthy(base_url))
        all_written(client)
        assert bodies(client, chat) == ["before", "meanwhile"]


def test_what_was_numbered_while_the_broker_was_away_is_published_by_the_next_service(
    tmp_path: Path, database: str, redis_url: str
):
    server = restartable_rabbitmq(tmp_path)
    with ExitStack() as up, ExitStack() as stack:
        broker = up.enter_context(server.running())
        with killed_at_the_end(database, redis_url, broker) as base_url, Client(base_url) as client:
            email, chat = client.sign_up().email, client.chat()
            client.say(chat, "before")
            eventually(lambda: bodies(client, chat) == ["before"])
            up.close()
            refused = client.ask("POST", chat, {"body": "while it is away"})
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
            assert outbox(redis_url, database) >= 1
        up.enter_context(server.running())
        base_url = stack.enter_context(serving(database, redis_url, broker))
        client = stack.enter_context(Client(base_url)).sign_in(email)
        assert client.say(chat, "after") == 3
        all_written(client)
        assert bodies(client, chat) == ["before", "while it is away", "after"]


def outbox(redis_url: str, database: str) -> int:
    """How many batches have numbers and are not known to be in the queue."""
    key = asyncio.run(key_prefix(database, "chat")) + "outbox"
    with redis.Redis.from_url(redis_url) as client:
        return int(client.hlen(key))


@contextmanager
def killed_at_the_end(database: str, redis_url: str, broker: str) -> Iterator[str]:
    """The base URL of a service that is given no time to finish anything."""
    port = free_port()
    urls = {"DATABASE_URL": database, "REDIS_URL": redis_url, "RABBITMQ_URL": broker, "PORT": str(port)}
    command = [sys.executable, "-m", "surgeline_systems.application.server", PACKAGE]
    with subprocess.Popen(command, env={**os.environ, **urls}, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: is_healthy(f"http://127.0.0.1:{port}"))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
