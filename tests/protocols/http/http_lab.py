"""Runs a scene with our HTTP client against a scripted server, both on our loop.

The server does what its handler says, byte for byte. Because both live on one loop and loopback delivers at once, a
piece that was sent has been read by the client after a turn of the loop: no clock and no sleep is needed.
"""

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from surgeline._native.cells import CounterCell, RateCell
from surgeline._native.iteration import UserState
from surgeline.engine.loop import new_loop
from surgeline.engine.scope import Scope
from surgeline.metrics import names
from surgeline.metrics.registry import Registry
from surgeline.metrics.values import CounterValue, RateValue, TrendValue
from surgeline.protocols.http.client import HttpClient
from surgeline.protocols.http.options import HttpOptions
from surgeline.protocols.http.origins import Origins
from surgeline.protocols.http.scenario import HttpScenario

PATIENCE = 20
"""Seconds after which a scene that hangs fails."""

Handler = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: "Server", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """Read one request, all of it; b"" when the client closed before it."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            return error.partial
        body = await self.reader.readexactly(content_length(head))
        self.server.requests.append(head + body)
        return head + body

    async def send(self, *pieces: bytes) -> None:
        """Send each piece so that the client reads it by itself."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await turns()

    async def end(self) -> None:
        """Wait until the client has closed the connection."""
        while await self.reader.read(65536):
            pass

    async def close(self) -> None:
        """Close in order: with a FIN, after TLS's end mark."""
        self.writer.close()
        await self.writer.wait_closed()

    def cut(self) -> None:
        """Close with a FIN but without TLS's end mark."""
        self.writer.transport.abort()

    def reset(self) -> None:
        """Close with an RST."""
        peer_socket = self.writer.get_extra_info("socket")
        peer_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Server:
    """A server on 127.0.0.1 that plays a handler for each connection."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        """All of each request, as received."""
        self.connections = 0
        self.errors: list[BaseException] = []
        self.port = 0
        self._handler = handler
        self._tls = tls
        self._peers: dict[asyncio.Task[None], Peer] = {}

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for task, peer in list(self._peers.items()):
            task.cancel()
            peer.writer.transport.abort()
        if self._peers:
            await asyncio.wait(self._peers)
        await self._server.wait_closed()
        await turns()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections += 1
        peer = self._peers[task] = Peer(self, reader, writer)
        try:
            await self._handler(peer)
        except (asyncio.CancelledError, ConnectionError):
            return  # the scene is over, or its client has left, which is its own affair
        except Exception as error:
            self.errors.append(error)
        finally:
            del self._peers[task]
            if not writer.transport.is_closing():
                writer.close()


class Lab:
    """What a scene works with."""

    def __init__(self, server: Server | None, options: HttpOptions, base_url: str | None) -> None:
        loop = asyncio.get_running_loop()
        self.poller = loop._selector._poller
        self.registry = Registry()
        self.origins = Origins(loop, options)
        self.notes: list[str] = []
        self.user = UserState()
        if base_url is None and server is not None:
            base_url = server.url
        self.scenario = HttpScenario(
            self.poller,
            self.origins,
            Scope(self.registry, {"scenario": "lab"}),
            self.notes.append,
            base_url=base_url,
            options=options,
        )
        self.http = HttpClient(self.scenario, self.user)
        self._server = server

    @property
    def server(self) -> Server:
        assert self._server is not None
        return self._server

    def series(self, metric: Any = names.HTTP_REQS) -> list[tuple[dict[str, str], Any]]:
        """Return (tags, value) of each series of a metric that has samples."""
        self.registry.rotate()
        return [(dict(series.tags), _value(series.cell)) for series in self.registry.select(metric.name)]

    def only(self, metric: Any = names.HTTP_REQS) -> tuple[dict[str, str], Any]:
        """Return the one series of a metric."""
        (found,) = self.series(metric)
        return found


def _value(cell: Any) -> CounterValue | RateValue | TrendValue:
    match cell:
        case CounterCell():
            return CounterValue(cell.total, 1.0)
        case RateCell():
            return RateValue(cell.passes, cell.count - cell.passes)
        case _:
            return TrendValue(cell.total)


def play(
    handler: Handler | None,
    scene: Callable[[Lab], Awaitable[Any]],
    *,
    tls: ssl.SSLContext | None = None,
    insecure: bool = False,
    base_url: str | None = None,
    options: HttpOptions | None = None,
) -> Any:
    """Run a scene; return what it returns. Fails on anything that went to the loop's exception handler."""
    loop, _ = new_loop()
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        options = options or HttpOptions()
        result = runner.run(_play(handler, scene, tls, options.insecure() if insecure else options, base_url))
    assert complaints == []
    return result


async def _play(handler: Any, scene: Any, tls: Any, options: HttpOptions, base_url: str | None) -> Any:
    server = None
    if handler is not None:
        server = Server(handler, tls)
        await server.start()
    lab = Lab(server, options, base_url)
    try:
        async with asyncio.timeout(PATIENCE):
            return await scene(lab)
    finally:
        lab.http.close()
        await turns()
        if server is not None:
            await server.stop()
            if server.errors:
                raise server.errors[0]


def answering(*answers: bytes | tuple[bytes, ...]) -> Handler:
    """Answer the n-th request of a connection with the n-th answer, then with the last; a tuple is sent in pieces."""

    async def handler(peer: Peer) -> None:
        number = 0
        while await peer.request():
            answer = answers[min(number, len(answers) - 1)]
            number += 1
            await peer.send(*(answer if isinstance(answer, tuple) else (answer,)))

    return handler


def once(*pieces: bytes) -> Handler:
    """Answer one request and close."""

    async def handler(peer: Peer) -> None:
        if await peer.request():
            await peer.send(*pieces)
            await peer.close()

    return handler


async def silence(peer: Peer) -> None:
    """Read and say nothing."""
    await peer.end()


def ok(body: bytes = b"", *fields: str) -> bytes:
    """Return a 200 with a Content-Length."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def turns(count: int = 4) -> None:
    """Let the loop go round, so that what has been sent is read."""
    for _ in range(count):
        await asyncio.sleep(0)


def get(path: str = "/", **options: Any) -> Callable[[Lab], Awaitable[Any]]:
    """Return a scene of one GET."""

    async def scene(lab: Lab) -> Any:
        return await lab.http.get(path, **options)

    return scene


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVICE_TIMES = (
    names.HTTP_REQ_DURATION,
    names.HTTP_REQ_SENDING,
    names.HTTP_REQ_WAITING,
    names.HTTP_REQ_RECEIVING,
)
"""Not sampled for a request that was never sent."""


async def assert_one_failure(lab: Lab, response: Any, code: int) -> None:
    """A failed request is a response that says why, and exactly one sample that says the same."""
    assert (response.status, response.error_code, response.ok, response.body) == (0, code, False, b"")
    assert response.error
    tags, value = lab.only()
    assert value.count == 1
    assert tags["error_code"] == str(code)
    assert tags["error"] == response.error
    assert (tags["status"], tags["expected_response"]) == ("0", "false")
    failed_tags, failed = lab.only(names.HTTP_REQ_FAILED)
    assert (failed.passes, failed.fails) == (1, 0)
    assert failed_tags == tags
    assert lab.only(names.HTTP_REQ_RESPONSE_TIME)[1].histogram.count == 1
    was_sent = response.sending_ns + response.waiting_ns + response.receiving_ns > 0
    for metric in SERVICE_TIMES:
        assert len(lab.series(metric)) == was_sent, metric.name


def open_descriptors() -> set[int]:
    """Return this process's descriptors; the one that lists them is gone by then."""
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir() if entry.exists()}


async def left_open(before: set[int]) -> set[tuple[int, str]]:
    """Return the sockets that were not open before, with what they are.

    The server closes its own within some turns of the loop; files may be another thread's.
    """
    for _ in range(500):
        if not _new_sockets(before):
            break
        await turns()
    return _new_sockets(before)


def _new_sockets(before: set[int]) -> set[tuple[int, str]]:
    found = set()
    for number in open_descriptors() - before:
        with suppress(OSError):
            if str(Path(f"/proc/self/fd/{number}").readlink()).startswith("socket:"):
                with socket.socket(fileno=os.dup(number)) as copy:
                    found.add((number, f"{copy.family.name} at {copy.getsockname()}"))
    return found


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) if socket.has_ipv6 else socket.socket() as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
        return True
