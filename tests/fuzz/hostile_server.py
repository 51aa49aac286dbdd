"""The server of a scene: for each connection it plays what the input says, on raw sockets, one move a turn of the loop.

Nothing of it is registered with the loop, so nothing of it is ever waited for. What it can do is the table `STEPS`: a
step is a generator that yields, once a turn, whether it got on.
"""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress

from http_lab import content_length
from tests.fuzz.program import Action, Instruction, Scene, byte, entry, number, octets, one_of
from tests.fuzz.vocabulary import BODIES, PIECES, RESPONSES, SPOILERS, spoil

STEPS: dict[int, Action] = {}
ECHO = "X-Echo"
"""The field in which a server that has played no tricks yet says which path it answers."""

_READ = 65536
_LARGEST_HEAD = 65536
_MOST_PARTS = 64
_MOST_REPEATS = 8
_LARGEST_REPEATED = 1 << 19
_WAITING_CONNECTIONS = 128


class Wire:
    """A socket that never waits: what was written goes out when there is room."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.ended = False
        """Nothing more will come."""
        self.received = bytearray()
        """What was read and not yet taken."""
        self.bytes_in = self.bytes_out = 0
        self.outgoing = b""
        self.is_ready = True
        """What is written reaches the client."""

    def read(self) -> bool:
        """Take what there is; returns whether there was anything, the end included."""
        data = self._take()
        if data is None:
            return False
        self.received += data
        return True

    def write(self, data: bytes) -> None:
        """Send it after what was written before."""
        self.outgoing += data

    write_raw = write

    def flush(self) -> bool:
        """Send what there is room for; returns whether anything went."""
        try:
            sent = self.connection.send(self.outgoing)
        except BlockingIOError:
            return False
        except OSError:
            self.outgoing = b""  # the client has closed
            return True
        self.bytes_out += sent
        self.outgoing = self.outgoing[sent:]
        return True

    def close(self, *, reset: bool = False) -> None:
        """Close at once, with FIN or RST."""
        if self.connection.fileno() >= 0 and reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.outgoing = b""
        self.ended = True

    def _take(self) -> bytes | None:
        """Return what came: b"" for the end, None for nothing."""
        if self.ended:
            return None
        try:
            data = self.connection.recv(_READ)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        self.bytes_in += len(data)
        self.ended = not data
        return data


class TLSWire(Wire):
    """The same under TLS; `write_raw` goes past it."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__(connection)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.is_ready = False

    def read(self) -> bool:
        data = self._take()
        if data is None:
            return False
        self._in.write(data)
        try:
            if not self.is_ready:
                self._tls.do_handshake()
                self.is_ready = True
            while more := self._tls.read(_READ):
                self.received += more
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.ended = True
        self.outgoing += self._out.read()
        return True

    def write(self, data: bytes) -> None:
        try:
            if data:
                self._tls.write(data)
        except ssl.SSLError:
            self.ended = True
        self.outgoing += self._out.read()

    def end_tls(self) -> None:
        """Send TLS's end mark."""
        with suppress(ssl.SSLError, ValueError):  # the client's own is not there yet, or there is no TLS yet
            self._tls.unwrap()
        self.outgoing += self._out.read()


class Peer:
    """One connection and its program."""

    def __init__(self, wire: Wire, program: tuple[Instruction, ...]) -> None:
        self.wire = wire
        self.is_honest = True
        """It has done nothing yet but read requests and answer them."""
        self.asked: list[str] = []
        """The paths of the requests that were read and not answered."""
        self.place = 0
        self.repeats = 0
        self._program = program
        self._playing = self._play()

    def turn(self) -> bool:
        """Make one move; returns whether it got on."""
        return self.wire.flush() if self.wire.outgoing else next(self._playing, False)

    def _play(self) -> Iterator[bool]:
        while self.place < len(self._program) and self.wire.connection.fileno() >= 0:
            instruction = self._program[self.place]
            self.place += 1
            self.is_honest = self.is_honest and instruction.action.play in HONEST
            yield from instruction.action.play(self, *instruction.operands)

    def ready(self) -> Iterator[bool]:
        """Get TLS going where there is TLS."""
        while not self.wire.is_ready and not self.wire.ended:
            yield self.wire.read()

    def until(self, is_enough: Callable[[], bool]) -> Iterator[bool]:
        """Read until there is enough or the client has closed."""
        while not is_enough() and not self.wire.ended:
            yield self.wire.read()

    def send(self, data: bytes, parts: int) -> Iterator[bool]:
        """Send data in so many parts, each read by the client by itself."""
        yield from self.ready()
        size = -(-len(data) // parts) or 1
        for at in range(0, len(data), size):
            self.wire.write(data[at : at + size])
            yield True


parts = one_of(1, 1, 1, 1, 2, 3, 5, _MOST_PARTS)
piece = one_of(*PIECES)
response = one_of(*RESPONSES)
content = one_of(*BODIES)


@entry(STEPS, 0)
def read_request(peer: Peer) -> Iterator[bool]:
    """Read a request to its end."""
    yield from peer.ready()
    received = peer.wire.received
    yield from peer.until(lambda: b"\r\n\r\n" in received)
    head, _, _ = bytes(received[:_LARGEST_HEAD]).partition(b"\r\n\r\n")
    size = len(head) + 4 + content_length(head)
    yield from peer.until(lambda: len(received) >= size)
    if peer.wire.ended:
        return
    if peer.is_honest:
        peer.asked.append(_path_of(head))
    del received[:size]


def _path_of(request: bytes) -> str:
    line, _, _ = request.partition(b"\r\n")
    method, path, version = line.decode().split(" ")
    assert method.isupper(), line
    assert version == "HTTP/1.1", line
    return path


@entry(STEPS, 1, number)
def read_bytes(peer: Peer, count: int) -> Iterator[bool]:
    """Read so many bytes and stop."""
    target = peer.wire.bytes_in + count
    yield from peer.until(lambda: peer.wire.bytes_in >= target)
    peer.wire.received.clear()


@entry(STEPS, 2, content, parts)
def answer(peer: Peer, body: bytes, parts: int) -> Iterator[bool]:
    """Answer as a good server does."""
    peer.is_honest = peer.is_honest and bool(peer.asked)
    field = f"{ECHO}: {peer.asked.pop(0)}\r\n".encode() if peer.is_honest else b""
    yield from peer.send(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (field, len(body), body), parts)


@entry(STEPS, 3, response, content, parts)
def send_response(peer: Peer, kind: str, body: bytes, parts: int) -> Iterator[bool]:
    """Send a response as it should be."""
    yield from peer.send(RESPONSES[kind](body), parts)


@entry(STEPS, 4, response, content, one_of(*SPOILERS), number, byte, parts)
def send_spoilt(peer: Peer, kind: str, body: bytes, how: str, at: int, value: int, parts: int) -> Iterator[bool]:
    """Send a response that is wrong at one place."""
    yield from peer.send(spoil(RESPONSES[kind](body), how, at, value), parts)


@entry(STEPS, 5, octets, parts)
def send_bytes(peer: Peer, data: bytes, parts: int) -> Iterator[bool]:
    """Send what the input says."""
    yield from peer.send(data, parts)


@entry(STEPS, 6, octets, parts)
def send_pieces(peer: Peer, places: bytes, parts: int) -> Iterator[bool]:
    """Send pieces of HTTP, one after the other."""
    yield from peer.send(b"".join(PIECES[place % len(PIECES)] for place in places), parts)


@entry(STEPS, 7, piece, number, parts)
def send_repeated(peer: Peer, data: bytes, count: int, parts: int) -> Iterator[bool]:
    """Send a piece many times."""
    yield from peer.send((data * count)[:_LARGEST_REPEATED], parts)


@entry(STEPS, 8, octets)
def send_raw(peer: Peer, places: bytes) -> Iterator[bool]:
    """Send pieces past TLS, where there is TLS."""
    peer.wire.write_raw(b"".join(PIECES[place % len(PIECES)] for place in places))
    yield True


@entry(STEPS, 9)
def close(peer: Peer) -> Iterator[bool]:
    """Close with FIN (with RST if the client sent what was not read)."""
    peer.wire.close()
    yield True


@entry(STEPS, 10)
def reset(peer: Peer) -> Iterator[bool]:
    """Close with RST."""
    peer.wire.close(reset=True)
    yield True


@entry(STEPS, 11)
def shut_writing(peer: Peer) -> Iterator[bool]:
    """Say that nothing more will come, and go on reading."""
    _shut(peer, socket.SHUT_WR)
    yield True


@entry(STEPS, 12)
def shut_reading(peer: Peer) -> Iterator[bool]:
    """Go on sending only."""
    _shut(peer, socket.SHUT_RD)
    yield True


def _shut(peer: Peer, how: int) -> None:
    with suppress(OSError):  # the client was first
        peer.wire.connection.shutdown(how)


@entry(STEPS, 13, byte)
def rest(peer: Peer, turns: int) -> Iterator[bool]:
    """Do nothing for some turns."""
    for _ in range(turns % 16):
        yield True


@entry(STEPS, 14, byte)
def again(peer: Peer, times: int) -> Iterator[bool]:
    """Begin the program again, so many times."""
    if peer.repeats < times % _MOST_REPEATS:
        peer.repeats += 1
        peer.place = 0
    yield True


@entry(STEPS, 15)
def drain(peer: Peer) -> Iterator[bool]:
    """Read until the client closes."""
    yield from peer.until(lambda: False)


@entry(STEPS, 16)
def end_tls(peer: Peer) -> Iterator[bool]:
    """Send TLS's end mark, where there is TLS."""
    if isinstance(peer.wire, TLSWire):
        peer.wire.end_tls()
    yield True


@entry(STEPS, 17)
def shake_hands(peer: Peer) -> Iterator[bool]:
    """Get TLS going before anything is read of what the client asks."""
    yield from peer.ready()


HONEST = frozenset({read_request, answer, rest, again, shake_hands})


class HostileServer:
    """Listens on 127.0.0.1 and plays a scene's connections."""

    def __init__(self, scene: Scene, tls: ssl.SSLContext | None) -> None:
        self.peers: list[Peer] = []
        self.is_over = False
        self.has_tls = tls is not None
        self._scene = scene
        self._tls = tls
        self._listener = socket.socket()
        self._listener.setblocking(False)
        if scene.small_buffers:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(_WAITING_CONNECTIONS)
        self.port: int = self._listener.getsockname()[1]

    def turn(self) -> bool:
        """Make one move on each connection; returns whether any got on."""
        accepted = self._accept()
        moved = [peer.turn() for peer in self.peers]
        return accepted or any(moved)

    def stop_listening(self) -> None:
        """Refuse connections from now on; those that nobody took are reset."""
        self._listener.close()
        self.is_over = True

    def end(self) -> None:
        """Close everything."""
        self.stop_listening()
        for peer in self.peers:
            peer.wire.close(reset=self._scene.resets_at_end)

    def _accept(self) -> bool:
        if self.is_over or not self._scene.accepts:
            return False
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return False
        wire = Wire(connection) if self._tls is None else TLSWire(connection, self._tls)
        programs = self._scene.connections
        self.peers.append(Peer(wire, programs[len(self.peers) % len(programs)]))
        return True
