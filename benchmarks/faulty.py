"""A server that answers one request of a hundred badly, each kind of fault in turn, and counts: the truth for `soak`.

On SIGTERM it writes to a file, as JSON, how many requests it answered well and how many with each fault.

Run as a script: PORT FILE. It imports the standard library alone.
"""

import contextlib
import heapq
import json
import re
import select
import signal
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ONE_IN = 100
SLOW_SECONDS = 0.5
WELL = "well"
SLOW = "slow"
FAULTS = ("reset", "cut", "garbage", "unavailable", "silent", SLOW)
"""In the order in which they take turns; after half a second, a slow answer is a good one."""

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly the beginning"
GARBAGE = bytes(range(128, 256)) + b"\r\n\r\n"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Stop(Exception):  # noqa: N818 - it is a request, not an error
    """SIGTERM came."""


class Server:
    """Connections, what has come of the request of each, and answers that wait to be due."""

    def __init__(self, listener: socket.socket) -> None:
        self.counts: Counter[str] = Counter()
        self._listener = listener
        self._poll = select.epoll()
        self._poll.register(listener, select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._begun: dict[int, bytes] = {}
        self._slow: list[tuple[float, int, socket.socket]] = []
        self._faults: dict[str, Callable[[socket.socket], None]] = {
            "reset": self._reset,
            "cut": lambda connection: self._send_and_close(connection, CUT),
            "garbage": lambda connection: self._send_and_close(connection, GARBAGE),
            "unavailable": lambda connection: self._send(connection, UNAVAILABLE),
            "silent": lambda _connection: None,
            SLOW: self._answer_later,
        }

    def serve(self) -> None:
        """Serve until somebody stops us."""
        while True:
            wait = max(0.0, self._slow[0][0] - time.monotonic()) if self._slow else None
            for descriptor, _ in self._poll.poll(wait):
                if descriptor == self._listener.fileno():
                    self._accept()
                else:
                    self._receive(descriptor)
            while self._slow and self._slow[0][0] <= time.monotonic():
                self._send(heapq.heappop(self._slow)[-1], ANSWER)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection, select.EPOLLIN)

    def _receive(self, descriptor: int) -> None:
        connection = self._connections[descriptor]
        try:
            data = connection.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        data = self._begun.pop(descriptor, b"") + data
        if is_whole(data):
            self._answer(connection)
        else:
            self._begun[descriptor] = data

    def _answer(self, connection: socket.socket) -> None:
        number, rest = divmod(self.counts.total() + 1, ONE_IN)
        fault = FAULTS[number % len(FAULTS)] if rest == 0 else WELL
        self.counts[fault] += 1
        if fault == WELL:
            self._send(connection, ANSWER)
        else:
            self._faults[fault](connection)

    def _send(self, connection: socket.socket, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the client may have gone
            connection.sendall(data)

    def _send_and_close(self, connection: socket.socket, data: bytes) -> None:
        self._send(connection, data)
        self._close(connection)

    def _reset(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._close(connection)

    def _answer_later(self, connection: socket.socket) -> None:
        heapq.heappush(self._slow, (time.monotonic() + SLOW_SECONDS, self.counts[SLOW], connection))

    def _close(self, connection: socket.socket) -> None:
        self._begun.pop(connection.fileno(), None)
        del self._connections[connection.fileno()]
        connection.close()


def is_whole(data: bytes) -> bool:
    """Is this a whole request, with all of its body?"""
    head, end, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def main(port: str, file: str) -> None:
    """Serve, then write the counts."""
    signal.signal(signal.SIGTERM, _stop)
    with socket.create_server(("127.0.0.1", int(port)), backlog=4096) as listener:
        server = Server(listener)
        with contextlib.suppress(Stop):
            server.serve()
    Path(file).write_text(json.dumps(server.counts))


def _stop(_number: int, _frame: object) -> None:
    raise Stop


if __name__ == "__main__":
    main(*sys.argv[1:])
