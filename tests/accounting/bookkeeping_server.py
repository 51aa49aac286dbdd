"""A raw server of threads that counts, by behaviour, what it received and answered, in full and in part.

Each behaviour listens at a port of its own, so that the connections a client keeps are never those of another. It
counts what reached it, and knows nothing of the client's own counts.
"""

import socket
import struct
import threading
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
WAIT = 40
"""Seconds after which a server that still waits is given up."""


@dataclass
class Ledger:
    """What became of the requests of one behaviour."""

    counts: Counter = field(default_factory=Counter)
    """`connections`, `received`, `received in part`, `answered`, `answered in part`, `unanswered`, and `left`: the
    client was the one that ended the connection, before it had its answer."""
    bytes_received: int = 0


class GoneError(Exception):
    """The client has ended the connection, with or without half a request before it."""


class Connection:
    """The server's end of one connection, whose every step is counted."""

    def __init__(self, server, ledger, accepted):
        self._server = server
        self._ledger = ledger
        self._data = b""
        self.socket = accepted
        self.socket.settimeout(WAIT)
        self.count("connections")

    def count(self, what):
        with self._server.changed:
            self._ledger.counts[what] += 1
            self._server.changed.notify_all()

    def receive(self):
        """Read a request, all of it. Raises GoneError where none is left."""
        self._read_until(self._is_whole)
        self._data = b""
        self.count("received")

    def receive_in_part(self, size):
        """Read only so many bytes of a request."""
        self._read_until(lambda: len(self._data) >= size)
        self.count("received in part")

    def answer(self, *pieces):
        """Send an answer, by pieces."""
        for piece in pieces:
            self.socket.sendall(piece)
        self.count("answered")

    def answer_in_part(self, piece):
        self.socket.sendall(piece)
        self.count("answered in part")

    def reset(self):
        """End with an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def wait_for_client_to_leave(self):
        with suppress(ConnectionError):
            while self.socket.recv(65536):
                pass
        self.count("left")

    def _read_until(self, enough):
        while not enough():
            try:
                piece = self.socket.recv(65536)
            except ConnectionError:
                piece = b""
            if not piece:
                if self._data:
                    self.count("received in part")
                raise GoneError
            self._data += piece
            with self._server.changed:
                self._ledger.bytes_received += len(piece)

    def _is_whole(self):
        head, end, body = self._data.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        return end and len(body) >= (int(lengths[0].split(b":")[1]) if lengths else 0)


# Behaviours: each plays one connection, and returns to close it in order


def answering(connection):
    while True:
        connection.receive()
        connection.answer(OK)


def unavailable(connection):
    while True:
        connection.receive()
        connection.answer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


def slow(connection):
    while True:
        connection.receive()
        connection.answer(*(OK[at : at + 7] for at in range(0, len(OK), 7)))


def resets_before(connection):
    connection.reset()


def resets_while(connection):
    connection.receive_in_part(1_000)
    connection.reset()


def resets_after(connection):
    connection.receive()
    connection.count("unanswered")
    connection.reset()


def silent(connection):
    connection.receive()
    connection.wait_for_client_to_leave()


def garbage(connection):
    connection.receive()
    connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")


def cuts_body(connection):
    connection.receive()
    connection.answer_in_part(OK[:-1])


def cuts_head(connection):
    connection.receive()
    connection.answer_in_part(OK[:30])


def resets_in_body(connection):
    connection.receive()
    connection.answer_in_part(OK[:-1])
    connection.reset()


def answers_at_length(connection):
    """With 100 MB, or as much as the client takes."""
    connection.receive()
    try:
        connection.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(100):
            connection.socket.sendall(bytes(1_000_000))
    except ConnectionError:
        connection.count("answered in part")
    else:
        connection.count("answered")


def answers_early(connection):
    connection.receive_in_part(1_000)
    connection.answer(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def closes_idle(connection):
    connection.receive()
    connection.answer(OK)


def vanishes_when_asked_again(connection):
    connection.receive()
    connection.answer(OK)
    connection.receive()
    connection.count("unanswered")


def holds(connection):
    connection.receive()
    connection.count("held")
    connection.wait_for_client_to_leave()


def holds_half_answered(connection):
    connection.receive()
    connection.answer_in_part(OK[:-1])
    connection.count("held")
    connection.wait_for_client_to_leave()


def holds_half_received(connection):
    connection.receive_in_part(1_000)
    connection.count("held")
    connection.wait_for_client_to_leave()


class CountingServer:
    """Plays each behaviour at a port of its own; `urls` says where."""

    def __init__(self, *behaviours):
        self.changed = threading.Condition()
        self.ledgers = defaultdict(Ledger)
        self.urls = {}
        self._listeners = []
        self._threads = []
        self._last = set()
        for behaviour in behaviours:
            self.play(behaviour)

    def play(self, behaviour):
        """Listen at one more port, for this behaviour."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=1_000)
        self._listeners.append(listener)
        self.urls[behaviour.__name__] = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        self._start(self._accept, listener, behaviour)

    def watch(self, expected):
        """Return a behaviour that answers once so many requests are held."""

        def watches(connection):
            connection.receive()
            with self.changed:
                assert self.changed.wait_for(lambda: self._held() >= expected, WAIT)
            connection.answer(OK)

        return watches

    def finish(self):
        """Wait until all that reached us is counted. The clients must have ended by now."""
        for listener in self._listeners:
            # The queue of a listener is in order: whoever connected before this one is served before.
            with socket.socket() as last:
                last.bind(("127.0.0.1", 0))
                self._last.add(last.getsockname())
                last.connect(listener.getsockname())
        for thread in self._threads:  # who is served comes behind who accepts, and all of them before those have ended
            thread.join(WAIT)
            assert not thread.is_alive()
        for listener in self._listeners:
            listener.close()

    def _held(self):
        return sum(ledger.counts["held"] for ledger in self.ledgers.values())

    def _start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener, behaviour):
        while True:
            accepted, address = listener.accept()
            if address in self._last:
                accepted.close()
                return
            self._start(self._serve, accepted, behaviour)

    def _serve(self, accepted, behaviour):
        with accepted, suppress(GoneError, ConnectionError):
            behaviour(Connection(self, self.ledgers[behaviour.__name__], accepted))


# Where there is no server


@contextmanager
def nobody():
    """Give a URL at which nobody listens; the port is held, so that nobody else comes to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/"


@contextmanager
def full():
    """Give a URL at which connecting never ends: the listener's queue is full, and nobody accepts."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
