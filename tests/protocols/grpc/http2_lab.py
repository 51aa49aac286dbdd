"""A server of HTTP/2 that does what a test tells it, frame by frame, and runs against it.

Its header fields are the `hpack` package's work.
"""

import socket
import threading
from contextlib import contextmanager

from grpc_lab import run
from hpack import Decoder, Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, HAS_PRIORITY = 0x4, 0x8, 0x20
HEADER_TABLE_SIZE, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 1, 3, 4, 5
CANCEL = 8
WAIT = 30
"""Seconds that only what hangs takes."""

ANSWER_HEAD = [(":status", "200"), ("content-type", "application/grpc")]
OK = [("grpc-status", "0"), ("grpc-message", "")]
ANSWER = b"\x08\x01\x12\x02hi"
"""Accepted, with the text hi."""


def number(value):
    return value.to_bytes(4, "big")


def prefixed(message, compressed=0):
    return bytes([compressed]) + number(len(message)) + message


def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + number(stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(key.to_bytes(2, "big") + number(value) for key, value in pairs))


class ClosedError(Exception):
    """The client closed the connection."""


class Client:
    """One connection, as the server sees it."""

    def __init__(self, sock):
        self.sock = sock
        self.sent = self.received = 0
        self.encoder = Encoder()
        self.decoder = Decoder()

    def read(self, size):
        data = b""
        while len(data) < size:
            try:
                more = self.sock.recv(size - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                raise ClosedError
            data += more
        self.received += size
        return data

    def send(self, data, pieces=0):
        for at in range(0, len(data), pieces or len(data) or 1):
            self.sock.sendall(data[at : at + (pieces or len(data))])
        self.sent += len(data)

    def frame(self):
        head = self.read(9)
        payload = self.read(int.from_bytes(head[:3], "big"))
        return head[3], head[4], int.from_bytes(head[5:], "big"), payload

    def next(self, *kinds):
        """The next frame of one of these kinds; those before are passed over."""
        while True:
            found = self.frame()
            if found[0] in kinds and not (found[0] == SETTINGS and found[1] & ACK):
                return found

    def begin(self, *pairs):
        """Both sides' beginnings."""
        assert self.read(len(PREFACE)) == PREFACE
        self.next(SETTINGS)
        self.send(settings(*pairs))

    def request(self):
        """(stream, header fields, message) of the next request that comes in one piece."""
        _, _, stream, block = self.next(HEADERS)
        fields = self.decoder.decode(block)
        _, _, of, payload = self.next(DATA)
        assert of == stream
        return stream, fields, payload[5:]

    def block(self, fields):
        return self.encoder.encode(fields)

    def headers(self, stream, fields, flags=0):
        return frame(HEADERS, END_HEADERS | flags, stream, self.block(fields))

    def answer(self, stream, message=ANSWER, trailers=OK):
        return (
            self.headers(stream, ANSWER_HEAD)
            + frame(DATA, 0, stream, prefixed(message))
            + self.headers(stream, trailers, END_STREAM)
        )


@contextmanager
def scripted(behave, context=None, family=socket.AF_INET, address=("127.0.0.1", 0)):
    """Let `behave(client, number)` serve each connection, the first with 0; gives the target.

    What it raises, a failed assertion say, is raised at the end.
    """
    errors, threads = [], []
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen(100)

    def serve(sock, count):
        try:
            with sock if context is None else context.wrap_socket(sock, server_side=True) as stream:
                behave(Client(stream), count)
                stream.shutdown(socket.SHUT_WR)
                while stream.recv(1 << 16):  # to close with bytes unread would take back what was sent
                    pass
        except (ClosedError, ConnectionError):
            pass
        except BaseException as error:
            errors.append(error)

    def accept():
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(WAIT)
            threads.append(threading.Thread(target=serve, args=(sock, len(threads))))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield "unix:" + address if family == socket.AF_UNIX else f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(WAIT)
        for thread in threads:
            thread.join(WAIT)
    if errors:
        raise errors[0]


# Runs of one client's calls

CALL = 'found.append(await client.call(vu, "events.Handler/OnLogin", {"user_id": "u1"}))'
USER = b"\x0a\x02u1"
"""The request of CALL."""


def script(lines, options="shared_iterations(vus=1, iterations=1)", client=""):
    """A script whose folder has the descriptor set."""
    body = "\n".join(f"    {line}" for line in lines.strip().splitlines())
    made = f'client = grpc.Client(TARGET, descriptor_set="set.bin"{client})\n'
    return f"{made}@scenario({options})\nasync def calls(vu):\n{body}\n"


def ran(folder, behave, lines=CALL, **options):
    with scripted(behave) as target:
        return run(folder, script(lines, **options), target=target)


def one_answer(client, _count):
    client.begin()
    stream, _, _ = client.request()
    client.send(client.answer(stream))
