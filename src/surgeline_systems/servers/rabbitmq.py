"""Finds RabbitMQ, or starts one.

The order: the URL of the environment, a server that runs on this machine, the host's programs, started privately. There
is no wheel with them. What is in a server stays as it is: systems share it, each with queues of its own names. This
module must not know the queues of any system.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from aio_pika import connect
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError

from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.rabbitmq_private import private_rabbitmq
from surgeline_systems.servers.ways import Kind, Server

URL_VARIABLES = ("SURGELINE_RABBITMQ_URL", "RABBITMQ_URL")
PORT = 5672
PORTS = {"amqp": PORT, "amqps": 5671}
PROGRAM = "rabbitmq-server"
# These before PATH: what a distribution has there is a script that only works as the user of the machine's own broker.
PROGRAM_FOLDERS = ("/usr/lib/rabbitmq/bin", "/usr/local/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin")
TIMEOUT_SECONDS = 3.0
# What aio-pika raises for a server that is not there, not ready, not ours, or not RabbitMQ.
RABBITMQ_ERRORS = (OSError, AMQPError)
WHAT_TO_DO = (
    f"Set {URL_VARIABLES[0]}=amqp://user:password@host:5672/, start a server on 127.0.0.1:{PORT}, or install RabbitMQ."
)

Answer = TypeVar("Answer")


class RabbitMQ(Server):
    """A server that is ready for use."""


@contextmanager
def rabbitmq_server(environment: Mapping[str, str] | None = None) -> Iterator[RabbitMQ]:
    """Give the first server found; a private one lives while the block runs.

    Raises: ServerError when the environment's URL does not work, NoServerError when there is no way at all.
    """
    with ExitStack() as stack:
        yield standing_server(environment) or KIND.started(stack, [host_program()], private_server)


def standing_server(environment: Mapping[str, str] | None = None) -> RabbitMQ | None:
    """A server that is there without our doing, given or running; None when there is none."""
    return KIND.given(environment) or running_server()


def running_server(port: int = PORT) -> RabbitMQ | None:
    """A server on this machine that lets the guest in whom RabbitMQ brings along; None without one."""
    return KIND.running([f"amqp://guest:guest@127.0.0.1:{port}/%2F"])


def host_program() -> Path | None:
    """The host's server; None when there is none, or no Erlang for it."""
    folders = os.pathsep.join([*PROGRAM_FOLDERS, os.environ.get("PATH", "")])
    found = shutil.which(PROGRAM, path=folders)
    return Path(found) if found and shutil.which("erl") else None


@contextmanager
def private_server(program: Path) -> Iterator[RabbitMQ]:
    """Run a private server from this program while the block runs."""
    with private_rabbitmq(program, answers=KIND.answers) as url:
        yield KIND.private(url, program)


def delete_queue(url: str, queue: str) -> int:
    """Delete a queue with what is in it, if it is there; gives how many messages that were. Raises: ServerError."""

    async def delete(connection: AbstractConnection) -> int:
        channel = await connection.channel()
        return (await channel.queue_delete(queue)).message_count or 0

    try:
        return _ask(url, delete)
    except RABBITMQ_ERRORS as error:
        raise ServerError(
            f"expected to delete the queue {queue} on the RabbitMQ at {_place(url)}, found: {error}. "
            "Start that server, or remove the queue by hand."
        ) from error


def _ask(url: str, question: Callable[[AbstractConnection], Awaitable[Answer]]) -> Answer:
    """Ask over a connection of its own. Raises: RABBITMQ_ERRORS."""

    async def ask() -> Answer:
        async with asyncio.timeout(TIMEOUT_SECONDS), await connect(url) as connection:
            return await question(connection)

    _expect_listening(url)
    try:
        return asyncio.run(ask())
    except TimeoutError:
        raise TimeoutError(f"no answer within {TIMEOUT_SECONDS:.0f} s") from None


def _expect_listening(url: str) -> None:
    """The client logs as an error what is none: that nobody listens yet. Raises: OSError."""
    socket.create_connection(_address(url), TIMEOUT_SECONDS).close()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "localhost", parts.port or PORTS[parts.scheme]


def _place(url: str) -> str:
    """Where the server of a URL is, without who we are there. Raises: ValueError for what is no such URL."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        raise ValueError("another scheme")
    place, virtual_host = ":".join(map(str, _address(url))), unquote(parts.path[1:])
    return place if virtual_host in ("", "/") else f"{place}/{virtual_host}"


def _version(url: str) -> str:
    async def ask(connection: AbstractConnection) -> str:
        assert connection.transport is not None
        about = connection.transport.connection.server_properties
        return f"{about.get('product', 'a broker')!s} {about.get('version', '')!s}".strip()

    return _ask(url, ask)


KIND = Kind(
    found=RabbitMQ,
    name="RabbitMQ",
    url_variables=URL_VARIABLES,
    url_form="amqp://user:password@host:5672/vhost (special characters of a password as %xx)",
    what_to_do=WHAT_TO_DO,
    errors=RABBITMQ_ERRORS,
    place=_place,
    version=_version,
)
