"""A server that answers everything, and a PostgreSQL for the one example that needs it."""

import json
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

ANSWER = json.dumps({"hello": "world", "id": 7, "state": "paid", "token": "abc"}).encode()
THINKING_SECONDS = 0.01  # so that the generator waits for it, and is never the limit


class Handler(BaseHTTPRequestHandler):
    """200 and the same JSON for any method and path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(THINKING_SECONDS)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the names it looks for

    def log_message(self, *_arguments: object) -> None:
        pass


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
