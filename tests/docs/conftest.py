"""Servers for the examples: one that answers everything, some paths as the page on HTTP says; a PostgreSQL, a WebSocket
that echoes, a gRPC service, a cache that says PONG.
"""

import gzip
import json
import os
import socketserver
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any

import pytest

ANSWER = json.dumps({"hello": "world", "id": 7, "state": "paid", "token": "abc"}).encode()
THINKING_SECONDS = 0.01  # so that the generator waits for it, and is never the limit


Answer = tuple[int, dict[str, str], bytes]
BUSY_TURNS = count()


class Handler(BaseHTTPRequestHandler):
    """200 and the same JSON for any method and path, but for what `SPECIAL` has."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        self.body = self.read_body()
        time.sleep(THINKING_SECONDS)
        special = SPECIAL.get(self.path.partition("?")[0])
        status, headers, body = (200, {}, ANSWER) if special is None else special(self)
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - its names

    def log_message(self, *_arguments: object) -> None:
        pass


def enter(_: Handler) -> Answer:
    return 303, {"Location": "/account", "Set-Cookie": "visit=abc; Path=/; HttpOnly"}, b""


def account(request: Handler) -> Answer:
    return (200 if "visit=abc" in request.headers.get("Cookie", "") else 403), {}, ANSWER


def basic(request: Handler) -> Answer:
    return (200 if request.headers.get("Authorization") == "Basic YWRhOnNlY3JldA==" else 401), {}, ANSWER


def bearer(request: Handler) -> Answer:
    return (200 if request.headers.get("Authorization") == "Bearer abc" else 401), {}, ANSWER


def digest(request: Handler) -> Answer:
    asks = {"WWW-Authenticate": 'Digest realm="files", nonce="1", qop="auth", algorithm=SHA-256'}
    return (200, {}, ANSWER) if request.headers.get("Authorization", "").startswith("Digest ") else (401, asks, b"")


def compressed(request: Handler) -> Answer:
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return 200, {}, ANSWER
    return 200, {"Content-Encoding": "gzip"}, gzip.compress(ANSWER)


def unpacked(request: Handler) -> Answer:
    return 200, {}, json.dumps({"bytes": len(gzip.decompress(request.body))}).encode()


def received(request: Handler) -> Answer:
    answer = {"bytes": len(request.body), "type": request.headers.get("Content-Type", "").partition(";")[0]}
    return 200, {}, json.dumps(answer).encode()


def missing(_: Handler) -> Answer:
    return 404, {}, b"{}"


def busy(_: Handler) -> Answer:
    return (503 if next(BUSY_TURNS) % 2 == 0 else 200), {}, ANSWER


def rows(_: Handler) -> Answer:
    return 200, {"Content-Type": "application/x-ndjson"}, b'{"id": 7}\n' * 10_000


def events(_: Handler) -> Answer:
    return 200, {"Content-Type": "text/event-stream"}, b'event: price\ndata: {"eur": 7}\nid: 1\n\n' * 10


SPECIAL = {
    "/enter": enter,
    "/account": account,
    "/basic": basic,
    "/bearer": bearer,
    "/digest": digest,
    "/compressed": compressed,
    "/import": unpacked,
    "/upload": received,
    "/coupons/unknown": missing,
    "/busy": busy,
    "/export": rows,
    "/prices": events,
}


class Server(ThreadingHTTPServer):
    """With room for users who all come at once."""

    daemon_threads = True
    request_queue_size = 128


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    servers = pytest.importorskip("surgeline_systems.servers.postgres")
    try:
        with servers.postgres("postgres") as found:
            yield found.url
    except servers.ServerError as error:
        if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture(scope="session")
def websocket_url() -> Iterator[str]:
    serve = pytest.importorskip("websockets.sync.server").serve
    with serve(echo, "127.0.0.1", 0) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def echo(socket: Any) -> None:
    for message in socket:
        socket.send(message)


class Pong(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.readline():
            self.wfile.write(b"+PONG\r\n")


class PongServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


@pytest.fixture(scope="session")
def grpc_target() -> Iterator[str]:
    grpc = pytest.importorskip("grpc")
    accepted, event = b"\x08\x01\x12\x02e1", b"\n\x02u1\x12\x05LOGIN"
    handlers = {
        "OnLogin": grpc.unary_unary_rpc_method_handler(lambda _request, _context: accepted),
        "Watch": grpc.unary_stream_rpc_method_handler(lambda _request, _context: iter([event] * 3)),
        "Upload": grpc.stream_unary_rpc_method_handler(lambda requests, _context: list(requests) and accepted),
        "Chat": grpc.stream_stream_rpc_method_handler(lambda requests, _context: (event for _ in requests)),
    }
    server = grpc.server(ThreadPoolExecutor(32))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("events.Handler", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture(scope="session")
def cache_port() -> Iterator[str]:
    with PongServer(("127.0.0.1", 0), Pong) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield str(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
