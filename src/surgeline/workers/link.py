"""Messages over a socket between two processes, each a pickle with its length before it.

Pickle, because set-up may return anything: both ends are processes of this run, on a pair of sockets that nobody else
can reach. Knows no message.
"""

import asyncio
import pickle
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from surgeline.engine.signals import undisturbed

_LENGTH = struct.Struct("!Q")
_PIECE = 1 << 20


def send(sock: socket.socket, message: object) -> None:
    """Send a message, and wait until it is on its way."""
    sock.sendall(_frame(message))


def receive(sock: socket.socket) -> Any:
    """Wait for a message. Raises EOFError when the other end is gone."""
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size))
    return pickle.loads(_exactly(sock, length))  # noqa: S301 - see above


def _exactly(sock: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = sock.recv(min(_PIECE, length - len(data)))
        if not piece:
            raise EOFError("the other end is gone")
        data += piece
    return bytes(data)


def _frame(message: object) -> bytes:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


class Link:
    """One end on an event loop: neither sending nor receiving keeps the loop waiting."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_message: Callable[[Any], None],
        on_end: Callable[[], None],
    ) -> None:
        """`on_end` is called once, after the last message, when the other end is gone."""
        self._loop = loop
        self._sock = sock
        self._on_message = on_message
        self._on_end = on_end
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._ended = False
        sock.setblocking(False)
        loop.add_reader(sock, self._on_readable)

    def send(self, message: object) -> None:
        """Send a message; does nothing when the other end is gone."""
        if not self._ended:
            frame = _frame(message)
            with undisturbed():
                self._outgoing += frame
                self._write()

    def flush(self) -> None:
        """Wait until everything is on its way."""
        self._sock.setblocking(True)
        self._write()

    def drain(self, seconds: float) -> None:
        """Take messages without the loop until the other end is gone, for so long at most."""
        readable = select.poll()
        readable.register(self._sock, select.POLLIN)
        deadline = time.monotonic() + seconds
        while not self._ended and (left := deadline - time.monotonic()) > 0:
            if readable.poll(left * 1000):
                self._read()

    def close(self) -> None:
        """Neither send nor receive any more."""
        self._ended = True
        self._forget()
        self._sock.close()

    def _on_readable(self) -> None:
        with undisturbed():
            self._read()

    def _on_writable(self) -> None:
        with undisturbed():
            self._write()

    def _write(self) -> None:
        try:
            while self._outgoing:
                del self._outgoing[: self._sock.send(memoryview(self._outgoing)[:_PIECE])]
        except BlockingIOError:
            if not self._loop.is_closed():
                self._loop.add_writer(self._sock, self._on_writable)
            return
        except OSError:  # who is gone is noticed by reading
            self._outgoing.clear()
        if not self._loop.is_closed():
            self._loop.remove_writer(self._sock)

    def _read(self) -> None:
        try:
            piece = self._sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self._incoming += piece
        self._deliver()
        if not piece and not self._ended:
            self._ended = True
            self._forget()
            self._on_end()

    def _deliver(self) -> None:
        while not self._ended and len(self._incoming) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._incoming)[0]
            if len(self._incoming) < end:
                return
            message = pickle.loads(memoryview(self._incoming)[_LENGTH.size : end])  # noqa: S301 - see above
            del self._incoming[:end]
            self._on_message(message)

    def _forget(self) -> None:
        if not self._loop.is_closed():
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
