"""What follows from an answer: a redirect, a challenge that can be answered, a retry that was asked for.

One exchange goes with one call, through all of its hops. It decides; the native session sends. Each hop is a request
like any other in the metrics, as k6 counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from surgeline._native.http_session import Hop
from surgeline.protocols.http.request import Request
from surgeline.protocols.http.response import Response
from surgeline.protocols.http.url import Target, parse_url

if TYPE_CHECKING:
    from surgeline.protocols.http.auth import DigestSession
    from surgeline.protocols.http.body_source import BodySource

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_THE_METHOD = frozenset({307, 308})


@dataclass(frozen=True, slots=True)
class Retry:
    """When a request that failed is sent again.

    - `times`: at most so often.
    - `statuses`: the statuses that are worth another try, next to a request that got no answer at all.
    - `wait`: seconds before the first retry; each later one waits twice as long. A server that says how long to
      wait, by Retry-After in seconds, is obeyed.
    - `longest`: seconds; no wait is longer.

    Raises ValueError for what could not be meant.
    """

    times: int = 3
    statuses: Sequence[int] = (429, 502, 503, 504)
    wait: float = 0.1
    longest: float = 10.0

    def __post_init__(self) -> None:
        if not isinstance(self.times, int) or isinstance(self.times, bool) or self.times < 0:
            raise ValueError(f"retries: expected a number of times from 0 up, found {self.times!r}")
        for name in ("wait", "longest"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value < 1e9:
                raise ValueError(f"retries: {name}: expected seconds from 0 up, found {value!r}")

    def wait_ns(self, tries: int, response: Response) -> int:
        """Return how long to wait after so many tries."""
        asked = response.headers.get("retry-after", "") if response.status else ""
        seconds = float(asked) if asked.isascii() and asked.isdigit() else self.wait * 2.0 ** min(tries, 60)
        return int(min(seconds, self.longest) * 1e9)


class Preparing(Protocol):
    """What an exchange needs of the scenario: a request made ready to be sent."""

    def prepared(self, request: Request) -> Any:
        """Return the request prepared."""

    def count_retry(self, request: Request) -> None:
        """Count a request that is sent once more."""


class Exchange:
    """What is left to do for one call."""

    __slots__ = ("_body", "_challenges", "_cookies", "_digest", "_history", "_notify", "_redirects", "_retry", "_tries")

    def __init__(
        self,
        redirects: int,
        body: "bytes | BodySource | None",
        cookies: Callable[[Request], bytes | None],
        notify: Callable[[str], None],
        retry: Retry | None = None,
        digest: "DigestSession | None" = None,
    ) -> None:
        """`cookies` returns the Cookie field, as a line, that goes with a request."""
        self._redirects = redirects
        self._body = body
        self._cookies = cookies
        self._notify = notify
        self._retry = retry
        self._digest = digest
        self._challenges = 0
        self._history: list[Response] = []
        self._tries = 0

    def may_answer(self, status: int) -> bool:
        """May another hop follow an answer of this status that is no redirect?"""
        if status == 401 and self._digest is not None and self._challenges < 2:
            return True
        return self._retry is not None and status in self._retry.statuses and self._tries < self._retry.times

    def next(self, request: Request, response: Response) -> Hop | None:
        """Return the hop that follows; None when the response is the script's."""
        hop = self._answer(request, response) or self._follow(request, response) or self._try_again(request, response)
        if hop is None:
            response.history = tuple(self._history)
            response.retries = self._tries
        else:
            self._history.append(response)
        return hop

    def first_fields(self, request: Request) -> bytes | None:
        """Return the fields, as lines, that the first hop has beside those of the script."""
        return self._fields(request, self._digest_field(request))

    def _answer(self, request: Request, response: Response) -> Hop | None:
        """Answer a challenge: the first, and one more where only the nonce of the answer had grown old."""
        if response.status != 401 or self._digest is None or self._challenges == 2:
            return None
        challenges = response.headers.get_all("www-authenticate")
        if self._challenges and not _is_stale(challenges):
            return None
        self._challenges += 1
        self._digest.challenged(_origin(request.target), challenges)
        field = self._digest_field(request)
        if field is None or not self._rewind(request):
            return None
        return self._hop(without_challenge(request), field)

    def _follow(self, request: Request, response: Response) -> Hop | None:
        """Go where a redirect points to."""
        location = response.headers.get("location") if response.status in REDIRECTS else None
        if location is None or request.redirects == 0:
            return None
        if self._redirects == 0:
            self._notify(
                f"A request was redirected more than {request.redirects} times; its last redirect was returned, "
                f"to {location!r}. redirects= says how many are followed."
            )
            return None
        target = self._place(request, location)
        if target is None:
            return None
        self._redirects -= 1
        following = _redirected(request, target, response.status)
        if not following.has_body:
            self._body = None
        return self._hop(following) if self._rewind(request) else None

    def _place(self, request: Request, location: str) -> Target | None:
        try:
            return parse_url(urljoin(request.target.url, location))
        except ValueError as error:
            self._notify(f"A redirect could not be followed, so it was returned as it is: {error}.")
            return None

    def _try_again(self, request: Request, response: Response) -> Hop | None:
        retry = self._retry
        if retry is None or self._tries >= retry.times or (response.status and response.status not in retry.statuses):
            return None
        if not self._rewind(request):
            return None
        wait_ns = retry.wait_ns(self._tries, response)
        self._tries += 1
        request.maker.count_retry(request)
        return self._hop(request, self._digest_field(request), wait_ns)

    def _hop(self, request: Request, authorization: str | None = None, wait_ns: int = -1) -> Hop:
        body, source = split_body(self._body)
        return Hop(request.maker.prepared(request), body, self._fields(request, authorization), source, wait_ns)

    def _fields(self, request: Request, authorization: str | None) -> bytes | None:
        cookies = self._cookies(request) or b""
        digest = b"" if authorization is None else f"Authorization: {authorization}\r\n".encode("latin-1")
        return cookies + digest or None

    def _digest_field(self, request: Request) -> str | None:
        if self._digest is None:
            return None
        body = self._body if isinstance(self._body, bytes) else None
        return self._digest.field_for(_origin(request.target), request.method, request.target.path, body)

    def _rewind(self, request: Request) -> bool:
        """Let the body begin again; False when that cannot be, so that the answer stands."""
        if self._body is None or isinstance(self._body, bytes):
            return True
        try:
            self._body.rewind()
        except ValueError as error:
            self._notify(f"{request.target.url} could not be sent again, so its answer was returned: {error}.")
            return False
        return True


def with_challenge(request: Request) -> Request:
    """Return a request to which the first answer may well be a challenge: that is no failure, as in k6."""
    return replace(request, expect=(*request.expect, range(401, 402)))


def without_challenge(request: Request) -> Request:
    """Return the request as the script asked for it."""
    return replace(request, expect=tuple(one for one in request.expect if one != range(401, 402)))


def split_body(body: "bytes | BodySource | None") -> "tuple[bytes | None, BodySource | None]":
    """Return bytes and a source, at most one of which is there."""
    return (body, None) if body is None or isinstance(body, bytes) else (None, body)


def _redirected(request: Request, target: Target, status: int) -> Request:
    """Return the request that a redirect asks for, RFC 9110 15.4 as browsers and Go's client do it."""
    fields = request.fields
    method, has_body = request.method, request.has_body
    if status not in _KEEP_THE_METHOD and method != "HEAD":
        method, has_body = "GET", False
        fields = request.fields_without_body()
    moved = replace(request, fields=fields)
    if _origin(target) != _origin(request.target):
        fields = moved.fields_elsewhere()
    return replace(moved, method=method, has_body=has_body, target=target, fields=fields)


def _origin(target: Target) -> tuple[str, str, int]:
    return target.scheme, target.host, target.port


def _is_stale(challenges: Sequence[str]) -> bool:
    from surgeline.protocols.http.auth import is_stale  # noqa: PLC0415 - few scripts use digest

    return is_stale(challenges)


def as_retry(retries: object) -> Retry | None:
    """Return what a script gives as `retries`: a number of times, or a Retry; None for none. Raises TypeError."""
    if isinstance(retries, Retry):
        return retries
    if isinstance(retries, int) and not isinstance(retries, bool):
        return Retry(retries) if retries else None
    raise TypeError(f"retries: expected a number of times or Retry(...), found {retries!r}")
