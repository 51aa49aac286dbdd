"""A server that answers after delays that it knows, and measures itself: the truth that `accuracy` compares with.

It spins on a core of its own, so that no sleep makes it late, and takes the time from when the kernel has received a
request (the kernel's own stamp) until it has written the answer; so it also knows by how much other work on its core
made it late. On SIGTERM it writes all of those to a file, as JSON.

Run as a script: SHAPE PORT SECONDS FILE. It imports the standard library alone.
"""

import contextlib
import gc
import heapq
import json
import random
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

MILLISECOND = 1_000_000
# From <linux/net_tstamp.h> and <asm/socket.h>: stamp what is received, in software, and tell us.
SO_TIMESTAMPING = 37
RX_SOFTWARE_AND_REPORT = 1 << 3 | 1 << 4
TIMESPEC = struct.Struct("@qq")
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'

SHAPES: dict[str, Callable[[random.Random], float]] = {
    "fixed": lambda _: 5 * MILLISECOND,
    "two-valued": lambda generator: (2 if generator.random() < 0.9 else 50) * MILLISECOND,
    "exponential": lambda generator: generator.expovariate(1 / (10 * MILLISECOND)),
}


class Stop(Exception):  # noqa: N818 - it is a request, not an error
    """SIGTERM came."""


class Server:
    """Connections, answers that are waiting to be due, and the time that each took."""

    def __init__(self, shape: str, listener: socket.socket) -> None:
        self.taken_ns: list[int] = []
        self._delay = SHAPES[shape]
        self._random = random.Random(1)
        self._listener = listener
        self._poll = select.epoll()
        self._poll.register(listener, select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._waiting: list[tuple[float, int, int]] = []

    def spin(self, end_ns: int) -> None:
        """Serve until `end_ns`, or until somebody stops us."""
        while time.monotonic_ns() < end_ns:
            for descriptor, _ in self._poll.poll(0):
                self._serve(descriptor)
            while self._waiting and self._waiting[0][0] <= time.time_ns():
                self._answer()

    def _serve(self, descriptor: int) -> None:
        connection = self._connections.get(descriptor)
        if connection is None:
            self._accept()
            return
        request, notes, _, _ = connection.recvmsg(65536, 256)
        if not request:
            del self._connections[descriptor]
            connection.close()
            return
        assert request.endswith(b"\r\n\r\n"), "expected a whole request without a body"
        received_ns = received_at(notes)
        heapq.heappush(self._waiting, (received_ns + self._delay(self._random), received_ns, descriptor))

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection, select.EPOLLIN)

    def _answer(self) -> None:
        _, received_ns, descriptor = heapq.heappop(self._waiting)
        self._connections[descriptor].send(ANSWER)
        self.taken_ns.append(time.time_ns() - received_ns)


def received_at(notes: list[tuple[int, int, bytes]]) -> int:
    """Return the kernel's stamp of a message, in nanoseconds of the wall clock, which is the clock of these stamps."""
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING):
            seconds, nanoseconds = TIMESPEC.unpack_from(data)
            return seconds * 1_000_000_000 + nanoseconds
    return time.time_ns()  # the kernel begins to stamp a moment after the first socket has asked for it


def main(shape: str, port: str, seconds: str, file: str) -> None:
    """Serve, then write what was measured."""
    signal.signal(signal.SIGTERM, _stop)
    gc.disable()
    with socket.create_server(("127.0.0.1", int(port)), backlog=1024) as listener:
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, RX_SOFTWARE_AND_REPORT)  # its connections inherit it
        server = Server(shape, listener)
        with contextlib.suppress(Stop):
            server.spin(time.monotonic_ns() + int(float(seconds) * 1e9))
    Path(file).write_text(json.dumps({"taken_ns": server.taken_ns}))


def _stop(_number: int, _frame: object) -> None:
    raise Stop


if __name__ == "__main__":
    main(*sys.argv[1:])
