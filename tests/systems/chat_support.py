"""Asking the chat service over HTTP, and what it stands on: what several tests share."""

import asyncio
import http.client
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from chat_stores import chat_database
from json_client import JsonClient
from ways_support import eventually

from surgeline_systems.application.redis_pipeline import RedisPipeline
from surgeline_systems.application.server import running_service
from surgeline_systems.servers import rabbitmq, redis
from surgeline_systems.servers.launch import ServerError

PACKAGE = "surgeline_systems.chat"
PASSWORD = "secret enough"
Result = TypeVar("Result")
_numbers = itertools.count(1)


@contextmanager
def found(server: Any) -> Iterator[str]:
    """The URL of a server, else the test is skipped."""
    try:
        with server as one:
            yield one.url
    except ServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with found(redis.redis_server()) as url:
        yield url


@pytest.fixture(scope="module")
def rabbitmq_url() -> Iterator[str]:
    with found(rabbitmq.rabbitmq_server()) as url:
        yield url


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with chat_database("MariaDB") as url:
        yield url


@contextmanager
def serving(database_url: str, redis_url: str, rabbitmq_url: str = "", **settings: object) -> Iterator[str]:
    """The base URL of a service of our own."""
    given = {name: str(value) for name, value in settings.items()}
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "RABBITMQ_URL": rabbitmq_url}
    with running_service(PACKAGE, {**urls, **given}) as base_url:
        yield base_url


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: http.client.HTTPMessage


class Client(JsonClient):
    """One keep-alive connection, of somebody who is signed in or not."""

    cookie: str | None = None
    email = ""

    def ask(self, method: str, path: str, body: object = None, *, raw: bytes | None = None) -> Answer:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        sent = raw if body is None else json.dumps(body).encode()
        self._connection.request(method, path, sent, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        return Answer(answer.status, json.loads(text) if text else None, answer.headers)

    def get(self, path: str) -> Any:
        """What is there."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def made(self, path: str, **body: object) -> Any:
        """What was made."""
        answer = self.ask("POST", path, body)
        assert answer.status == 201, answer
        return answer.body

    def sign_up(self) -> "Client":
        self.email = f"{uuid4()}@chat.example"
        self.made("/api/v1/users", name="Ann", email=self.email, password=PASSWORD)
        return self.sign_in(self.email)

    def sign_in(self, email: str) -> "Client":
        answer = self.ask("POST", "/api/v1/sessions", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return self

    def session(self) -> str:
        """What the cookie holds."""
        assert self.cookie is not None
        return self.cookie.partition("=")[2]

    def application(self) -> str:
        """The path of a new application."""
        return "/api/v1/applications/" + self.made("/api/v1/applications", name="Shop")["token"]

    def chat(self) -> str:
        """The path of the messages of a new chat, of an application of its own."""
        application = self.application()
        return f"{application}/chats/{self.made(f'{application}/chats')['number']}/messages"

    def say(self, chat: str, body: str = "Hello") -> int:
        """The number of a new message."""
        return int(self.made(chat, body=body)["number"])


def all_written(client: Client) -> None:
    """Wait until all that was accepted is in the database."""
    eventually(lambda: client.get("/api/health")["backlog"] == 0)


def bodies(client: Client, chat: str, limit: int = 100) -> list[str]:
    """What was said, oldest first."""
    return [message["body"] for message in reversed(client.get(f"{chat}?limit={limit}"))]


def with_redis(url: str, story: Callable[[RedisPipeline, str], Awaitable[Result]]) -> Result:
    """Let a story happen with keys of its own in a Redis."""
    prefix = f"surgeline-test:{uuid4().hex}:"

    async def played() -> Result:
        pipeline = RedisPipeline(url)
        try:
            return await story(pipeline, prefix)
        finally:
            await pipeline.close()

    try:
        return asyncio.run(played())
    finally:
        redis.forget(url, prefix)
