"""Asking the conversations service over HTTP, and what it stands on: what several tests share.

A test module makes the fixtures its own: `people, redis_url, service = FIXTURES`.
"""

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from signal import SIGTERM
from typing import Any
from uuid import uuid4

import pytest
from json_client import JsonClient
from ways_support import needed

from surgeline_systems.application.server import running_service
from surgeline_systems.conversations.seeds import PASSWORD
from surgeline_systems.conversations.system import SYSTEM
from surgeline_systems.servers import redis
from surgeline_systems.servers.launch import Launch, ServerError, launched

CHURCHES = 4
MEMBERS = 5
SMALL = {"CHURCHES": str(CHURCHES), "USERS": str(CHURCHES * MEMBERS)}
CONVERSATIONS = "/messages/conversations"


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Redis: the one that runs, else one of our own."""
    try:
        with redis.redis_server() as server:
            yield server.url
    except ServerError as error:
        if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(f"no Redis: {error}")


@pytest.fixture(scope="module")
def service(seeded_database: str, redis_url: str) -> Iterator[str]:
    """The base URL of the service on the seeded database."""
    with serving(seeded_database, redis_url) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def people(service: str) -> Iterator["People"]:
    with People(service) as people:
        yield people


FIXTURES = people, redis_url, service


@contextmanager
def serving(database_url: str, redis_url: str, **settings: object) -> Iterator[str]:
    """The base URL of a service of our own, with these settings."""
    given = {name: str(value) for name, value in settings.items()}
    with running_service(SYSTEM.package, {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **given}) as base_url:
        yield base_url


@contextmanager
def redis_at(port: int) -> Iterator[None]:
    """A Redis of our own at this port: started again, it has forgotten everything."""
    binary = redis.host_binary() or redis.wheel_binary()
    needed(binary, "no Redis of the host's, no wheel")
    url = f"redis://127.0.0.1:{port}/0"
    launch = Launch(
        name="a Redis",
        commands=[[str(binary), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]],
        ready=lambda: redis.KIND.answers(url),
        stop_signals=[SIGTERM],
        grace_seconds=5,
    )
    with launched(launch):
        yield


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: http.client.HTTPMessage


class Client(JsonClient):
    """One keep-alive connection, of somebody who is logged in or not."""

    def __init__(self, base_url: str, token: str | None = None) -> None:
        super().__init__(base_url)
        self.token = token

    def request(self, method: str, path: str, body: object = None, *, raw: bytes | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent = raw if body is None else json.dumps(body).encode()
        self._connection.request(method, path, sent, headers)
        answer = self._connection.getresponse()
        return Answer(answer.status, json.loads(answer.read()), answer.headers)

    def get(self, path: str) -> Any:
        """What is there."""
        answer = self.request("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def send(self, **message: object) -> Answer:
        return self.request("POST", "/messages/send", {"body": "Hello", **message})

    def begun(self, **message: object) -> str:
        """The id of a new conversation."""
        answer = self.send(**message)
        assert answer.status == 202, answer
        return str(answer.body["conversationId"])

    def reply(self, conversation: str, body: str = "I see") -> Answer:
        return self.request("POST", f"{CONVERSATIONS}/{conversation}/reply", {"body": body})

    def read(self, conversation: str) -> Answer:
        return self.request("POST", f"{CONVERSATIONS}/{conversation}/read")


class People:
    """Those who talk to a service, each over a connection of their own."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._clients = ExitStack()

    def __enter__(self) -> "People":
        return self

    def __exit__(self, *_: object) -> None:
        self._clients.close()

    def nobody(self) -> Client:
        return self.with_token(None)

    def with_token(self, token: str | None) -> Client:
        return self._clients.enter_context(Client(self._base_url, token))

    def logged_in(self, email: str, password: str = PASSWORD) -> Client:
        client = self.nobody()
        answer = client.request("POST", "/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer
        client.token = answer.body["token"]
        return client

    def member(self, church: int = 1, number: int = 1) -> Client:
        """A seeded user; both numbers are from 1 on. The first member is the church's admin."""
        return self.logged_in(email_of(church, number))


def email_of(church: int, member: int = 1) -> str:
    """The address of a seeded user."""
    return f"user.{(church - 1) * MEMBERS + member}@churches.example"


def seeded_conversation(church: int, number: int = 1) -> str:
    return f"c0000000-0000-4000-8000-{(church - 1) * 3 + number:012d}"


def registration(**changes: object) -> dict[str, object]:
    """What somebody new says."""
    return {"email": f"{uuid4()}@loadtest.example", "password": "secret enough", "name": "Somebody", **changes}
