"""The HTTP connections of one user, and which of them a call gets.

A call goes out at once, on an idle connection of the origin or on a new one; a response, or a failure, resumes the task
that waits for it from inside the poller's step. Each hop that ends is one sample in each cell of one `Outcome`.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from surgeline._native.http_call import HttpCall
from surgeline._native.http_connection import Rules
from surgeline._native.http_origin import Prepared
from surgeline._native.http_outcomes import RawResponse
from surgeline._native.iteration import UserState
from surgeline._native.poller import Poller

KEEP: int
"""A body is kept."""
DISCARD: int
"""A body is read and forgotten."""
STREAM: int
"""A call ends with the head of its response, which is read by its `stream`."""

_Response = TypeVar("_Response", bound=RawResponse)

class Hop:
    """What a call goes on with: a request, its body or the source of it, and more header fields, as lines.

    It is sent after `wait_ns`, at once where that is negative.
    """

    request: Prepared
    body: bytes | None
    fields: bytes | None
    source: Any
    wait_ns: int
    def __init__(
        self, request: Prepared, body: bytes | None, fields: bytes | None, source: Any, wait_ns: int = -1
    ) -> None: ...

class Session(Generic[_Response]):
    """The connections of one user.

    `describe_error(stage, number, detail)` gives (error code, text) for a call that failed at a stage. `prepared_gets`
    holds, by URL, the requests that `get` sends without asking `request`, which a subclass has, as long as `is_plain`.
    `place_var` says where the task that runs is; a subclass's `enter(place)` is called when that is another place. A
    subclass's `after(call, exchange, prepared, response)` returns the `Hop` that follows, or None; it is called for the
    answers of a call with an exchange, for redirects, and for answers that set cookies. An exchange's
    `may_answer(status)` says whether another hop may follow an answer that is no redirect, and
    `endpoint_of_challenge(prepared, response)` the `Endpoint` that counts a status of 401.
    """

    prepared_gets: dict[str, Prepared]
    is_plain: bool

    def __init__(
        self,
        poller: Poller,
        user: UserState,
        rules: Rules,
        describe_error: Callable[[str, int, object], tuple[int, str]],
        response_class: type[_Response],
        place_var: ContextVar[Any],
        prepared_gets: dict[str, Prepared],
    ) -> None: ...
    def follow(self) -> int:
        """Call `enter` if the task that runs is in another place than the last that asked."""

    def get(self, url: str, **options: Any) -> Awaitable[_Response]:
        """Send a GET request."""

    def call(
        self,
        request: Prepared,
        body: bytes | None,
        timeout_ns: int,
        *,
        fields: bytes | None = None,
        exchange: Any = None,
        source: Any = None,
        body_use: int = ...,
        max_body: int | None = None,
    ) -> Awaitable[_Response]:
        """Send a request; body and source are None for one whose head is complete. Raises RuntimeError after `close`.

        `fields` are more header fields, as lines. `source` has `length`, `read(size)` and `close()`.
        """

    def set_exchange(self, call: HttpCall, exchange: Any) -> None:
        """Let a call under way have an exchange from now on."""

    def close(self) -> None:
        """Close every connection; calls under way are cancelled and counted as abandoned."""
