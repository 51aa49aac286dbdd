"""The ways to a RabbitMQ, each on its own, and that private servers leave nothing behind."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import aiormq
import pytest
import ways_support
from ways_support import AS_ROOT, UNUSED_PORT, commands_with, expect_gone_with_its_owner, needed, nothing_left_in

from surgeline_systems.servers import rabbitmq as ways
from surgeline_systems.servers import rabbitmq_private
from surgeline_systems.servers.identity import nobody
from surgeline_systems.servers.launch import NoServerError, ServerError
from surgeline_systems.servers.rabbitmq import RabbitMQ, delete_queue, rabbitmq_server

QUEUE = f"surgeline_test_ways_{os.getpid()}"
folder = ways_support.folder


def program() -> Path:
    found = ways.host_program()
    needed(found, "no RabbitMQ on this machine")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def private() -> Iterator[RabbitMQ]:
    with ways.private_server(program()) as server:
        yield server


def publish(url: str, *bodies: bytes) -> None:
    """Into the queue, which is made, by the client that the services have."""

    async def confirmed() -> None:
        connection = await aiormq.connect(url)
        channel = await connection.channel()
        await channel.queue_declare(QUEUE, durable=True)
        for body in bodies:
            await channel.basic_publish(body, routing_key=QUEUE)
        await connection.close()

    asyncio.run(confirmed())


def password_of(server: RabbitMQ) -> str:
    password = urlsplit(server.url).password
    assert password
    return password


def test_a_queue_goes_with_what_is_in_it(private: RabbitMQ):
    publish(private.url, b"one", b"two")
    assert delete_queue(private.url, QUEUE) == 2
    assert delete_queue(private.url, QUEUE) == 0


def test_a_queue_of_a_server_that_is_away_is_an_error():
    with pytest.raises(ServerError, match=f"delete the queue {QUEUE} on the RabbitMQ at 127.0.0.1:{UNUSED_PORT}"):
        delete_queue(f"amqp://ann:secret@127.0.0.1:{UNUSED_PORT}/", QUEUE)


@pytest.mark.parametrize("name", ways.URL_VARIABLES)
def test_a_url_of_the_environment_comes_first(private: RabbitMQ, monkeypatch: pytest.MonkeyPatch, name: str):
    for variable in ways.URL_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, private.url)
    with rabbitmq_server() as found:
        assert found.url == private.url
        assert not found.private
        assert found.origin.endswith(f" at 127.0.0.1:{urlsplit(private.url).port}, given by {name}")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"amqp://ann:secret@127.0.0.1:{UNUSED_PORT}/", "Connection refused"),
        ("http://ann:secret@127.0.0.1/", "something else"),
        ("amqp://ann:secret@[::", "something else"),
        ("amqp://ann:secret@127.0.0.1:port/", "something else"),
    ],
)
def test_a_url_that_does_not_work_is_an_error_without_its_secrets(url: str, found: str):
    with pytest.raises(ServerError, match=f"RABBITMQ_URL.* found:? .*{found}") as caught:
        ways.standing_server({"RABBITMQ_URL": url})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("part", "other", "found"),
    [
        ("surgeline:", "ann:", "Login was refused"),
        ("%2F", "nowhere", "/nowhere, given by RABBITMQ_URL, found: Expected"),
    ],
    ids=["user", "vhost"],
)
def test_who_is_refused_is_told_why(private: RabbitMQ, part: str, other: str, found: str):
    with pytest.raises(ServerError, match=found) as caught:
        ways.standing_server({"RABBITMQ_URL": private.url.replace(part, other)})
    assert password_of(private) not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unexpectedly closed"),
        (b"AMQP\x00\x01\x00\x00", "Unexpected AMQP protocol header"),
        (b"", "unexpectedly closed"),
    ],
    ids=["web server", "AMQP 1.0", "nothing"],
)
def test_what_is_not_rabbitmq_is_an_error(answer: bytes, found: str):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=say, args=[listening, answer], daemon=True)
        thread.start()
        url = f"amqp://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(ServerError, match=rf"expected a RabbitMQ server at .* found: .*{found}"):
            ways.standing_server({"RABBITMQ_URL": url})
        thread.join()


def say(listening: socket.socket, answer: bytes) -> None:
    """To the first who asks something; before, somebody looks whether anybody is there."""
    question = b""
    while not question:
        connection, _ = listening.accept()
        with connection:
            question = connection.recv(len(b"AMQP\x00\x00\x09\x01"))
            connection.sendall(answer if question else b"")


def test_a_running_server_is_found_if_it_lets_guests_in(private: RabbitMQ):
    assert ways.running_server(port=UNUSED_PORT) is None
    assert ways.running_server(urlsplit(private.url).port) is None


def test_a_private_server_listens_here_alone_and_keeps_its_password_to_itself(private: RabbitMQ):
    assert private.private
    assert private.origin.endswith(f" of our own at 127.0.0.1:{urlsplit(private.url).port}, from {program()}")
    assert password_of(private) not in private.origin
    assert commands_with(password_of(private)) == []
    assert {address for address, _ in listening_of(private)} == {"127.0.0.1"}


def listening_of(server: RabbitMQ) -> list[tuple[str, str]]:
    """Address and port of all that the server listens on: for clients, and for other nodes."""
    port = str(urlsplit(server.url).port)
    nodes = next(filter(None, (node_port(process, port) for process in Path("/proc").glob("[0-9]*"))))
    found = [(address, one) for address, one in all_listening() if one in {port, nodes}]
    assert {one for _, one in found} == {port, nodes}
    return found


def node_port(process: Path, port: str) -> str | None:
    """Where a process listens for other nodes, if it is that of the server at this port."""
    with suppress(OSError):  # it has just ended
        if f"RABBITMQ_NODE_PORT={port}\0".encode() in (process / "environ").read_bytes():
            _, _, rest = (process / "environ").read_text().partition("-erl_epmd_port ")
            return rest.split()[0]
    return None


def all_listening() -> list[tuple[str, str]]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [as_address(row[1]) for row in rows if row[3] == "0A"]


def as_address(text: str) -> tuple[str, str]:
    address, port = text.split(":")
    return socket.inet_ntoa(bytes.fromhex(address)[::-1]), str(int(port, 16))


@AS_ROOT
def test_it_runs_as_somebody_else_than_root_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rabbitmq_private, "usable_identity", nobody)
    with nothing_left_in(folder), ways.private_server(program()) as server:
        publish(server.url, b"kept")
        assert delete_queue(server.url, QUEUE) == 1


def test_a_private_server_goes_when_its_owner_is_killed(folder: Path):
    program()
    expect_gone_with_its_owner(ways, "host_program", folder)


def test_without_any_way_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ways, "standing_server", lambda _environment: None)
    monkeypatch.setattr(ways, "host_program", lambda: None)
    with pytest.raises(NoServerError, match=f"{ways.URL_VARIABLES[0]}=amqp://"), rabbitmq_server():
        pass
