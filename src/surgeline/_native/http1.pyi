"""HTTP/1.1 over TCP and TLS on the poller.

A `Session` holds the connections of one user. Its calls go out at once, on an idle connection of the origin or on a new
one; a response, or a failure, resumes the task that waits for it from inside the poller's step. Each call that ends is
one sample in each cell of one `Outcome`.
"""

import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from surgeline._native.http_outcomes import Endpoint, RawResponse
from surgeline._native.iteration import UserState
from surgeline._native.poller import Poller

STAGE_RESOLVE: str
"""The name was not looked up; the detail is the exception, or "timed out"."""
STAGE_CONNECT: str
"""No address let us connect; the number is the last one's errno."""
STAGE_TLS: str
"""The handshake failed, or TLS later on; the detail is an ssl.SSLError or text, else the number is an errno."""
STAGE_SEND: str
"""The number is an errno."""
STAGE_RECEIVE: str
"""The number is an errno."""
STAGE_PARSE: str
"""The server did not speak HTTP; the number is for `parse_error_text`."""
STAGE_CLOSED: str
"""The server closed too early; the number may be `CLOSED_UNANSWERED` or `NO_END_MARK`."""
STAGE_TIMEOUT: str
STAGE_CONNECT_TIMEOUT: str
STAGE_CANCELLED: str

HEAD_TOO_LARGE: int
BODY_TOO_LARGE: int
CLOSED_UNANSWERED: int
NO_END_MARK: int
"""A TLS connection ended without TLS's own end mark: anybody could have cut it there."""

def parse_error_text(number: int) -> str:
    """Return a parser's error as a short phrase."""

class Origin:
    """Where requests go: scheme, host and port, the socket addresses once known, and the TLS context.

    `resolve(origin)` is called when the first connection needs an address; it, or a task that it starts, answers with
    `resolved` or `unresolved`.
    """

    scheme: str
    host: str
    port: int
    tls: ssl.SSLContext | None
    addresses: list[tuple[int, bytes]]
    def __init__(
        self, scheme: str, host: str, port: int, tls: ssl.SSLContext | None, resolve: Callable[[Origin], None]
    ) -> None: ...
    def resolved(self, addresses: list[tuple[int, bytes]]) -> None:
        """Take [(address family, struct sockaddr)], at least one, and open the connections that wait for it.

        A connection tries them in turn, beginning with the one that last worked.
        """

    def unresolved(self, reason: object) -> None:
        """Fail the calls that wait for an address; the next call asks again."""

class Prepared:
    """All of a request but its body.

    `head` is complete for a request without a body; else it goes up to the value of Content-Length.
    """

    origin: Origin
    endpoint: Endpoint
    url: str
    head: bytes
    is_head: bool
    def __init__(self, origin: Origin, endpoint: Endpoint, url: str, head: bytes, is_head: bool) -> None: ...

_Response = TypeVar("_Response", bound=RawResponse)

class Session(Generic[_Response]):
    """The connections of one user.

    `describe_error(stage, number, detail)` gives (error code, text) for a call that failed at a stage. `prepared_gets`
    holds, by URL, the requests that `get` sends without asking `request`, which a subclass has; `timeout_ns` is theirs.
    `place_var` says where the task that runs is; a subclass's `enter(place)` is called when that is another place.
    """

    prepared_gets: dict[str, Prepared]

    def __init__(
        self,
        poller: Poller,
        user: UserState,
        describe_error: Callable[[str, int, object], tuple[int, str]],
        response_class: type[_Response],
        place_var: ContextVar[Any],
        prepared_gets: dict[str, Prepared],
        timeout_ns: int,
    ) -> None: ...
    def follow(self) -> int:
        """Call `enter` if the task that runs is in another place than the last that asked."""
    def get(self, url: str, **options: Any) -> Awaitable[_Response]:
        """Send a GET request."""

    def call(self, request: Prepared, body: bytes | None, timeout_ns: int) -> Awaitable[_Response]:
        """Send a request; `body` is None for one whose head is complete. Raises RuntimeError after `close`."""

    def close(self) -> None:
        """Close every connection; calls under way are cancelled and counted as abandoned."""
