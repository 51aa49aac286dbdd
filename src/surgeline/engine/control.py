"""A local control server: a run is looked at, and changed while it goes on, by HTTP.

`GET /status` says how the run stands; `PATCH /status` with `{"vus": 10}`, `{"rate": 100}` or `{"stopped": true}`, and
`"scenario"` where there are several, changes it. Listens on this machine alone. Its threads never touch the run: they
ask the loop.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from surgeline.engine.steering import Steering, parse_change
from surgeline.errors import OptionError

DEFAULT_PORT = 6565
_HOSTS = ("127.0.0.1", "localhost")
_METHODS = ("GET", "PATCH")
_MOST_BYTES = 65_536
_ANSWER_SECONDS = 5.0
"""How long the loop may take to answer."""
_CLIENT_SECONDS = 10.0
"""How long a client may take for its request."""


def parse_address(text: str, option: str = "--control") -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, `HOST` or `PORT`.

    Raises OptionError when it is none of them, or a host other than this machine.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon:
        host, port = ("", text.strip()) if text.strip().isdecimal() else (text.strip(), "")
    number = int(port) if port.isdecimal() and port.isascii() else DEFAULT_PORT if not port else -1
    if not 0 <= number < 65_536 or (host or _HOSTS[0]) not in _HOSTS:
        raise OptionError(f"{option}: expected 127.0.0.1:PORT (this machine alone may control a run), found {text!r}")
    return _HOSTS[0], number


@contextmanager
def control_server(
    steering: Steering, loop: asyncio.AbstractEventLoop, address: tuple[str, int] = (_HOSTS[0], DEFAULT_PORT)
) -> Iterator[str]:
    """Serve while the block lasts; give the server's URL. Raises OptionError when the address cannot be used."""
    try:
        server = ThreadingHTTPServer(address, partial(_Handler, steering, loop))
    except OSError as error:
        raise OptionError(f"--control: expected a free address, found {address[0]}:{address[1]}: {error}") from None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="control server", daemon=True)
    thread.start()
    try:
        yield f"http://{server.server_address[0]!s}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection, in a thread of its own."""

    server_version = "surgeline"
    sys_version = ""
    timeout = _CLIENT_SECONDS

    def __init__(self, steering: Steering, loop: asyncio.AbstractEventLoop, *arguments: Any) -> None:
        self._steering = steering
        self._loop = loop
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Say how the run stands."""
        self._serve(lambda: self._steering.status)

    def do_PATCH(self) -> None:
        """Change the run, and say how it stands then."""
        self._serve(self._read_change)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what is no request that can be served, as JSON too; called by the base class."""
        self.close_connection = True
        if code == HTTPStatus.NOT_IMPLEMENTED:
            error = f"expected {' or '.join(_METHODS)}, found {self.command}"
            self._send(HTTPStatus.METHOD_NOT_ALLOWED, {"error": error}, Allow=", ".join(_METHODS))
        else:
            self._send(HTTPStatus(code), {"error": message or HTTPStatus(code).phrase})

    def _read_change(self) -> Callable[[], dict[str, Any]]:
        change = parse_change(_decode(self._read_body()))

        def apply() -> dict[str, Any]:
            self._steering.change(change)
            return self._steering.status()

        return apply

    def _serve(self, read: Callable[[], Callable[[], dict[str, Any]]]) -> None:
        """Read what is asked, let the loop answer it, and send that."""
        if self.headers.get("Host", "").rpartition(":")[0] not in _HOSTS:  # a name that some page made lead here
            self._send(HTTPStatus.FORBIDDEN, {"error": f"expected a request to {_HOSTS[0]}, found another Host"})
        elif self.path != "/status":
            self._send(HTTPStatus.NOT_FOUND, {"error": f"expected /status, found {self.path}"})
        else:
            try:
                self._send(HTTPStatus.OK, self._ask(read()))
            except OptionError as error:
                self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            except TimeoutError:
                self._send(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "the run did not answer in time"})
            except RuntimeError:
                self._send(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "the run has ended"})

    def _ask(self, question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Call it on the loop. Raises what it raises, TimeoutError, or RuntimeError when the loop is closed."""
        answer: Future[dict[str, Any]] = Future()

        def call() -> None:
            try:
                answer.set_result(question())
            except Exception as error:
                answer.set_exception(error)

        self._loop.call_soon_threadsafe(call)
        return answer.result(_ANSWER_SECONDS)

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            raise OptionError(f"expected a Content-Length of at most {_MOST_BYTES:,} bytes, found {length or 'none'}")
        return self.rfile.read(int(length))

    def _send(self, status: HTTPStatus, content: dict[str, Any], **more_headers: str) -> None:
        body = json.dumps(content).encode() + b"\n"
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | more_headers
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the terminal is the run's."""


def _decode(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OptionError(f"expected JSON, found something else: {error}") from None
