"""A server that answers after delays that it knows, and measures itself: the truth that `accuracy` compares with.

It spins on a core of its own, so that no sleep makes it late, and takes the time from when it has read a request until
it has written the answer. On SIGTERM it writes all of those to a file, as JSON, and how many requests came while it was
kept from running: how long those had waited it does not know.

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
import sys
import time
from collections.abc import Callable
from pathlib import Path

MILLISECOND = 1_000_000
PAUSE_NS = 100_000
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
        self.late_reads = 0
        self._delay = SHAPES[shape]
        self._random = random.Random(1)
        self._listener = listener
        self._poll = select.epoll()
        self._poll.register(listener, select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._waiting: list[tuple[float, int, int]] = []

    def spin(self, end_ns: int) -> None:
        """Serve until `end_ns`, or until somebody stops us."""
        now = time.monotonic_ns()
        while now < end_ns:
            ready = self._poll.poll(0)
            before, now = now, time.monotonic_ns()
            if now - before > PAUSE_NS:
                self.late_reads += len(ready)
            for descriptor, _ in ready:
                self._serve(descriptor)
            while self._waiting and self._waiting[0][0] <= now:
                self._answer()

    def _serve(self, descriptor: int) -> None:
        connection = self._connections.get(descriptor)
        if connection is None:
            self._accept()
            return
        request = connection.recv(65536)
        read_ns = time.monotonic_ns()
        if not request:
            del self._connections[descriptor]
            connection.close()
            return
        assert request.endswith(b"\r\n\r\n"), "expected a whole request without a body"
        heapq.heappush(self._waiting, (read_ns + self._delay(self._random), read_ns, descriptor))

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection, select.EPOLLIN)

    def _answer(self) -> None:
        _, read_ns, descriptor = heapq.heappop(self._waiting)
        self._connections[descriptor].send(ANSWER)
        self.taken_ns.append(time.monotonic_ns() - read_ns)


def main(shape: str, port: str, seconds: str, file: str) -> None:
    """Serve, then write what was measured."""
    signal.signal(signal.SIGTERM, _stop)
    gc.disable()
    with socket.create_server(("127.0.0.1", int(port)), backlog=1024) as listener:
        server = Server(shape, listener)
        with contextlib.suppress(Stop):
            server.spin(time.monotonic_ns() + int(float(seconds) * 1e9))
    Path(file).write_text(json.dumps({"taken_ns": server.taken_ns, "late_reads": server.late_reads}))


def _stop(_number: int, _frame: object) -> None:
    raise Stop


if __name__ == "__main__":
    main(*sys.argv[1:])
