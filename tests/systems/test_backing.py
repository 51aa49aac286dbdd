"""What a system stands on: which servers are taken, what is said of those that are missing, and what is forgotten."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import aio_pika
import pytest
import redis
from ways_support import UNUSED_PORT, needed

from surgeline.seeding.steps import Unseen
from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.migrations import migrate
from surgeline_systems.backing import Backing, backing, standing_backing
from surgeline_systems.servers import mariadb, rabbitmq
from surgeline_systems.servers.databases import wanted_kinds
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.mariadb import MariaDB, ask
from surgeline_systems.servers.postgres import Postgres
from surgeline_systems.system import System

TRIAL = System(name="trial", about="", suites=(), demo={}, databases=("mariadb", "postgres"), wants_rabbitmq=True)
NO_BROKER = {"RABBITMQ_URL": ""}
QUEUED_IN_SERVICE = "RabbitMQ: none; messages are queued in the service"


class Told(Unseen):
    """Remembers the names of steps, and remarks."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.remarks: list[str] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.steps.append(name)
        yield

    def remark(self, text: str) -> None:
        self.remarks.append(text)


@pytest.fixture(scope="module")
def maria() -> Iterator[MariaDB]:
    programs = mariadb.host_programs()
    needed(programs, "no MariaDB programs on this machine")
    assert programs is not None
    with mariadb.private_server(programs) as server:
        yield server


@pytest.fixture(autouse=True)
def no_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*mariadb.URL_VARIABLES, *rabbitmq.URL_VARIABLES, "SURGELINE_POSTGRES_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_database_is_on_the_first_kind_of_server(maria: MariaDB):
    told = Told()
    with backing(TRIAL, {"SURGELINE_MYSQL_URL": maria.url, **NO_BROKER}, told) as servers:
        assert servers.database.origin.endswith("given by SURGELINE_MYSQL_URL, database surgeline_demo_trial")
        assert servers.urls == {
            "DATABASE_URL": maria.url.replace("/mysql", "/surgeline_demo_trial"),
            "RABBITMQ_URL": "",
        }
        assert servers.redis is None
    assert (told.steps, told.remarks) == (["MariaDB"], [QUEUED_IN_SERVICE])
    assert ask(maria.url, "SHOW DATABASES LIKE 'surgeline_demo_trial'"), "it stays on a server that was there before"


def test_who_may_not_make_databases_is_told_to_have_it_made(maria: MariaDB):
    ask(maria.url, "GRANT SELECT ON test.* TO ann@127.0.0.1 IDENTIFIED BY 'anns'")
    place = maria.url.rpartition("@")[2]
    with pytest.raises(
        ServerError, match=r"administrator: CREATE DATABASE `surgeline_demo_other`.*GRANT ALL .* TO ann;"
    ):
        mariadb.with_database(MariaDB(f"mysql://ann:anns@{place}", "a server"), "surgeline_demo_other")


def test_a_server_that_is_missing_is_said(own_server: Postgres, monkeypatch: pytest.MonkeyPatch):
    for kind, find in ((mariadb, "host_programs"), (rabbitmq, "host_program")):
        monkeypatch.setattr(kind, "running_server", lambda: None)
        monkeypatch.setattr(kind, find, lambda: None)
    monkeypatch.setattr("surgeline_systems.servers.postgres.running_server", lambda: own_server)
    told = Told()
    with backing(TRIAL, {}, told) as servers:
        assert servers.database.url.startswith("postgresql://")
        assert servers.urls["RABBITMQ_URL"] == ""
    assert told.remarks == ["MariaDB: none found or started; PostgreSQL instead", QUEUED_IN_SERVICE]
    assert standing_backing(TRIAL, {}) == servers


@pytest.mark.parametrize("name", ["SURGELINE_MYSQL_URL", "RABBITMQ_URL"])
def test_nothing_stands_in_for_a_server_that_is_given_and_does_not_work(name: str, maria: MariaDB):
    scheme = "mysql" if name == "SURGELINE_MYSQL_URL" else "amqp"
    given = {"SURGELINE_MYSQL_URL": maria.url, name: f"{scheme}://ann:secret@127.0.0.1:{UNUSED_PORT}/"}
    with pytest.raises(ServerError, match=f"given by {name}"), backing(TRIAL, given, Told()):
        pass


@pytest.mark.parametrize(
    ("environment", "kinds"),
    [
        ({}, ["MariaDB", "PostgreSQL"]),
        ({"DATABASE_URL": "postgresql://here/"}, ["PostgreSQL"]),
        ({"DATABASE_URL": "mysql://here/"}, ["MariaDB"]),
        ({"DATABASE_URL": "mysql://here/", "SURGELINE_POSTGRES_URL": "postgresql://there/"}, ["PostgreSQL"]),
    ],
)
def test_a_url_of_the_environment_says_which_kind(environment: dict[str, str], kinds: list[str]):
    assert [kind.name for kind in wanted_kinds(TRIAL.databases, environment)] == kinds


def test_a_url_of_another_kind_is_refused_without_its_secrets():
    with pytest.raises(ServerError, match=r"expected postgresql://\.\.\. in DATABASE_URL, found mysql://") as caught:
        wanted_kinds(["postgres"], {"DATABASE_URL": "mysql://ann:secret@here/"})
    assert "secret" not in str(caught.value)


@pytest.fixture
def servers(maria: MariaDB) -> Iterator[Backing]:
    """What the chat system stands on, with its tables."""
    system = System(
        name="chat", about="", suites=(), demo={}, databases=("mariadb",), wants_rabbitmq=True, needs_redis=True
    )
    with backing(system, {"SURGELINE_MYSQL_URL": maria.url}, Unseen()) as servers:
        asyncio.run(migrate(servers.database.url, system.package))
        yield servers


def test_what_a_service_left_is_forgotten_and_what_is_others_stays(servers: Backing):
    assert servers.redis is not None
    assert servers.rabbitmq is not None
    prefix = asyncio.run(key_prefix(servers.database.url, TRIAL.name))
    queues = [*TRIAL.queues(prefix), "surgeline_test_of_others"]
    with redis.Redis.from_url(servers.redis.url) as client:
        for key in (f"{prefix}one", f"{prefix}two", "surgeline_test_of_others"):
            client.set(key, "kept", ex=60)
        asyncio.run(put_one_into(servers.rabbitmq.url, queues))
        servers.forget(TRIAL, {})
        assert list(client.scan_iter(f"{prefix}*")) == []
        assert client.delete("surgeline_test_of_others") == 1
    assert [rabbitmq.delete_queue(servers.rabbitmq.url, queue) for queue in queues] == [0, 0, 1]


def test_what_a_service_keeps_elsewhere_is_for_its_system_to_forget(servers: Backing):
    told = []
    trial = replace(TRIAL, forget=lambda prefix, environment: told.append((prefix, environment)))
    servers.forget(trial, {"SEARCH_FOLDER": "here"})
    ((prefix, environment),) = told
    assert prefix == asyncio.run(key_prefix(servers.database.url, TRIAL.name))
    assert environment["SEARCH_FOLDER"] == "here"
    assert environment.items() >= servers.urls.items()


async def put_one_into(url: str, queues: list[str]) -> None:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        for queue in queues:
            await channel.declare_queue(queue)
            await channel.default_exchange.publish(aio_pika.Message(b"one"), queue)
