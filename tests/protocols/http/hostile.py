"""What the tests of servers at their worst share, on top of `http_lab`: the worst server meets one client, and the same
things must hold afterwards, whatever it did: one sample in each metric, the connection closed, no descriptor left, and
a client whose next request works.
"""

import asyncio
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import trustme
from http_lab import Handler, Lab, Peer, answering, assert_one_failure, left_open, ok, open_descriptors, play, turns

from surgeline.metrics import names

LATER = b"later"

SENT_TRENDS = (
    names.HTTP_REQ_DURATION,
    names.HTTP_REQ_SENDING,
    names.HTTP_REQ_WAITING,
    names.HTTP_REQ_RECEIVING,
)
TRENDS = (
    names.HTTP_REQ_RESPONSE_TIME,
    names.HTTP_REQ_BLOCKED,
    names.HTTP_REQ_CONNECTING,
    names.HTTP_REQ_TLS_HANDSHAKING,
)

Ask = Callable[[Lab], Awaitable[Any]]


@cache
def server_tls() -> ssl.SSLContext:
    """Return a server's context whose certificate nobody knows: clients of it are insecure ones."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def samples(lab: Lab) -> dict[str, int]:
    """Return how many samples each metric of requests that were sent has."""
    found = {metric.name: sum(value.histogram.count for _, value in lab.series(metric)) for metric in TRENDS}
    found |= {metric.name: sum(value.histogram.count for _, value in lab.series(metric)) for metric in SENT_TRENDS}
    found[names.HTTP_REQS.name] = sum(int(value.count) for _, value in lab.series())
    found[names.HTTP_REQ_FAILED.name] = sum(v.passes + v.fails for _, v in lab.series(names.HTTP_REQ_FAILED))
    return found


def assert_each_was_counted(lab: Lab, requests: int) -> None:
    """So many requests, all of which were sent at least in part, have so many samples in each metric."""
    assert set(samples(lab).values()) == {requests}, samples(lab)


def code_of(status: int) -> int:
    """Return the error code of a response that came."""
    if 200 <= status < 400:
        return 0
    return 1000 + status if 400 <= status <= 599 else 1000


def survives(worst: Handler, ask: Ask | None = None, *, code: int = 0, closes: bool = True, tls: bool = False) -> Any:
    """Let `worst` play the first connection and `ask` (by default a GET) make one request; return its response.

    Asserts the request's one sample, with the error code `code` (0: it was answered), that the connection was closed
    (or kept, unless `closes`), that the next request works, and that no descriptor is left.
    """

    async def handler(peer: Peer) -> None:
        await (worst if peer.server.connections == 1 else answering(ok(LATER)))(peer)

    async def scene(lab: Lab) -> Any:
        before = open_descriptors()
        response = await (lab.http.get("/") if ask is None else ask(lab))
        assert_each_was_counted(lab, 1)
        if code:
            await assert_one_failure(lab, response, code)
        else:
            assert (response.error, response.error_code) == (None, code_of(response.status))
        await turns(20)
        assert (await lab.http.get("/later")).body == LATER
        assert lab.server.connections == 1 + closes
        assert_each_was_counted(lab, 2)
        lab.http.close()
        await turns(40)
        assert await left_open(before) == set()
        return response

    return play(handler, scene, tls=server_tls() if tls else None, insecure=tls)


# Servers without a stream between them and the socket


class RawPeer:
    """The server's end of a connection, as a socket from which nothing was read that was not asked for."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        connection.setblocking(False)

    async def read(self, size: int) -> bytes:
        """Read exactly `size` bytes, and leave the rest in the kernel."""
        loop = asyncio.get_running_loop()
        data = b""
        while len(data) < size:
            piece = await loop.sock_recv(self.socket, size - len(data))
            if not piece:
                break
            data += piece
        return data

    async def send(self, *pieces: bytes) -> None:
        """Send each piece so that the client reads it by itself."""
        for piece in pieces:
            await asyncio.get_running_loop().sock_sendall(self.socket, piece)
            await turns()

    async def end(self) -> None:
        """Wait until the client has closed the connection."""
        while await self.read(1):
            pass

    def reset(self) -> None:
        """Close with an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@asynccontextmanager
async def raw_server(handler: Callable[[RawPeer], Awaitable[None]]) -> AsyncIterator[str]:
    """Play a handler for each connection; gives the server's URL. At the end it stops to listen before it leaves."""
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    async def serve(connection: socket.socket) -> None:
        with connection:
            try:
                await handler(RawPeer(connection))
            except ConnectionError:
                return  # the client left first, which is its own affair

    async def accept() -> None:
        while True:
            connection, _ = await loop.sock_accept(listener)
            tasks.append(asyncio.create_task(serve(connection)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        accepting = asyncio.create_task(accept())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            accepting.cancel()
            await asyncio.wait([accepting])
            listener.close()  # whoever is cut off below finds nobody here
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error for error in ended if isinstance(error, Exception)] == []


# What a strict server takes

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(%b) (/[A-Za-z0-9._~!$&'()*+,;=:@%%/?\[\]-]*) HTTP/1\.1" % _TOKEN)
_FIELD = re.compile(rb"(%b):[ \t]*([\t\x20-\x7e\x80-\xff]*)" % _TOKEN)


def strictly_parsed(data: bytes) -> tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]:
    """Return (method, target, fields, body) of the one request that `data` is.

    By RFC 9112's grammar: CRLF alone ends a line, no field is folded, no control characters, one length at most, which
    is the body's. Raises ValueError for anything else, and for a byte too few or too many.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    request_line = _REQUEST_LINE.fullmatch(first)
    matches = [_FIELD.fullmatch(line) for line in lines]
    if not end or request_line is None or None in matches:
        raise ValueError(f"expected one request by the grammar, found {data!r}")
    fields = [(match[1], match[2]) for match in matches if match is not None]
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    if any(name.lower() == b"transfer-encoding" for name, _ in fields) or lengths not in ([], [b"%d" % len(body)]):
        raise ValueError(f"expected the length of the body, of {len(body)} bytes, found {data!r}")
    if body and not lengths:
        raise ValueError(f"expected nothing after the head, found {data!r}")
    return request_line[1], request_line[2], fields, body


# Programs whose limits are not those of the tests


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, beside these modules."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
