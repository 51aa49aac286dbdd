"""Services that doctor meets, each on a port of this machine, and the command line as users run it."""

import os
import socket
import subprocess
import threading
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from healthy_generator import COMMAND

WAIT = 60
"""Seconds that only what hangs takes."""


def surgeline(*arguments, cwd, **variables):
    """Run the command line; standard output and standard error are texts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SURGELINE_", "DATABASE_URL"))}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=WAIT,
        cwd=cwd,
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1", **variables},
        check=False,
    )


def free_port():
    """A port of 127.0.0.1 at which nothing listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:
        return sock.getsockname()[1]


@contextmanager
def serving(handle, server=None):
    """Listen, and call `handle(socket)` for each connection; give the port, or the path of a Unix socket."""
    server = server or socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:  # closed: the test is over
                return
            threading.Thread(target=handle_one, args=(peer,), daemon=True).start()

    def handle_one(peer):
        with peer, suppress(OSError):  # who asked has gone, or did not like what it heard
            handle(peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        place = server.getsockname()
        yield place if isinstance(place, str) else place[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(WAIT)


class Answering(BaseHTTPRequestHandler):
    """Answers every request alike, and counts them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.server.requests.append((self.command, self.path))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body, fields = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - its name

    def log_message(self, *_):
        pass


@contextmanager
def service(status=200, body=b"hello", **fields):
    """An HTTP service of which every answer is the same; it has a `url` and the list `requests`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        server.answer = status, body, fields
        server.requests = []
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
