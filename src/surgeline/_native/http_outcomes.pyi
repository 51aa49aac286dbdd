"""What HTTP requests come to: the response, and the cells that count it."""

from collections.abc import Callable
from typing import Any

from surgeline._native.cells import CounterCell, RateCell, TrendCell
from surgeline._native.http_call import BodyStream

class RawResponse:
    """What came back. A failed call has status 0, an error and its code."""

    status: int
    error_code: int
    """0 when the status is one of success or redirection."""
    error: str | None
    """Why there is no response."""
    url: str
    head: bytes
    """The header fields as received, from the first one to before the empty line."""
    raw_body: bytes
    """Without the chunked framing, in the coding that it came in."""
    body_size: int
    """Bytes of the body as they came, kept or not."""
    decoded_bytes: int
    """The most that the body may be decoded to."""
    event_bytes: int
    """The most that one event of an event stream may have."""
    ok: bool
    """Is there a response, with a status of success or redirection, or one that was expected?"""
    is_encoded: bool
    """Has it a Content-Encoding?"""
    is_discarded: bool
    """Was the body read and not kept?"""
    stream: BodyStream | None
    """Where the body is read while it comes."""
    blocked_ns: int
    looking_up_ns: int
    connecting_ns: int
    tls_ns: int
    sending_ns: int
    waiting_ns: int
    receiving_ns: int

class Outcome:
    """The cells of one way a request can end: one status, or one error, of one endpoint.

    Its first `to_show` answers that have a body are shown to `witness`, as responses of their own, the front of a long
    body alone; also those whose body is discarded, where it came in one piece with the head. They hold the body then as
    it came, with the head.
    """

    is_failure: bool
    error_code: int
    def __init__(
        self,
        is_failure: bool,
        error_code: int,
        requests: CounterCell,
        failed: RateCell,
        sent: CounterCell,
        received: CounterCell,
        duration: TrendCell,
        response_time: TrendCell,
        blocked: TrendCell,
        looking_up: TrendCell,
        connecting: TrendCell,
        tls: TrendCell,
        sending: TrendCell,
        waiting: TrendCell,
        receiving: TrendCell,
        *,
        to_show: int = 0,
        witness: Callable[[Any], object] | None = None,
    ) -> None: ...

class Endpoint:
    """Requests that share a method, a name and tags.

    `make_outcome(status, error code, error, protocol, TLS version)` is called once for each way a request ends; a
    status of 0 is a failed call. A `repeatable` request is sent again, once, when a kept connection ends before it is
    answered.
    """

    repeatable: bool
    def __init__(
        self, make_outcome: Callable[[int, int, str | None, str, str | None], Outcome], repeatable: bool
    ) -> None: ...
