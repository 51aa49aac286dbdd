"""What follows from an answer: a redirect, a challenge that can be answered, a retry that was asked for.

One exchange goes with one call, through all of its hops. It decides; the native session sends. Each hop is a request
like any other in the metrics, as k6 counts.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from surgeline._native.http_origin import Prepared
from surgeline._native.http_outcomes import Endpoint
from surgeline._native.http_session import Hop
from surgeline._native.poller import now_ns
from surgeline.protocols.http.option_values import raising_value_errors
from surgeline.protocols.http.request import Request, basic, merge
from surgeline.protocols.http.response import Response
from surgeline.protocols.http.url import Target, is_absolute, parse_url
from surgeline.schedule.duration import parse_duration

if TYPE_CHECKING:
    from surgeline.protocols.http.auth import DigestSession
    from surgeline.protocols.http.body_source import BodySource

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_THE_METHOD = frozenset({307, 308})
_MOST_CHALLENGES = 2
_CHALLENGE = range(401, 402)
_ASCII_BUT_SPACE = "".join(map(chr, (*range(0x20), *range(0x21, 0x80))))


@dataclass(frozen=True, slots=True)
class Retry:
    """When a request that failed is sent again.

    - `times`: at most so often.
    - `statuses`: the statuses that are worth another try, next to a request that got no answer at all.
    - `wait`: seconds, or a duration such as "50ms", before the first retry; each later one waits twice as long. A
      server that says how long to wait, by Retry-After in seconds, is obeyed.
    - `longest`: seconds or a duration; no wait is longer.

    Raises ValueError for what could not be meant.
    """

    times: int = 3
    statuses: Collection[int] = (429, 502, 503, 504)
    wait: float | str = 0.1
    longest: float | str = 10.0
    _wait_ns: int = field(init=False, repr=False, compare=False)
    _longest_ns: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.times, int) or isinstance(self.times, bool) or self.times < 0:
            raise ValueError(f"retries: expected a number of times from 0 up, found {self.times!r}")
        object.__setattr__(self, "_wait_ns", _in_ns(self.wait, "wait"))
        object.__setattr__(self, "_longest_ns", _in_ns(self.longest, "longest"))
        if not isinstance(self.statuses, Collection) or not all(isinstance(one, int) for one in self.statuses):
            raise ValueError(f"retries: statuses: expected several such as (429, 503), found {self.statuses!r}")

    def wait_ns(self, tries: int, response: Response) -> int:
        """Return how long to wait after so many tries."""
        asked = response.headers.get("retry-after", "") if response.status else ""
        is_number = asked.isascii() and asked.isdigit()
        wait_ns = float(asked) * 1e9 if is_number else self._wait_ns * 2.0 ** min(tries, 60)
        return int(min(wait_ns, self._longest_ns))


def _in_ns(duration: float | str, name: str) -> int:
    with raising_value_errors():
        return parse_duration(duration, f"retries: {name}")


class Exchange:
    """What is left to do for one call."""

    __slots__ = ("_body", "_challenges", "_cookies", "_digest", "_history", "_note", "_redirects", "_retry", "_tries")

    def __init__(
        self,
        redirects: int,
        body: "bytes | BodySource | None",
        cookies: Callable[[Request], bytes | None],
        note: Callable[[str, str], None],
        retry: Retry | None = None,
        digest: "DigestSession | None" = None,
    ) -> None:
        """`cookies` returns the Cookie field, as a line, that goes with a request.

        `note(kind, text)` tells the user something, once for each kind.
        """
        self._redirects = redirects
        self._body = body
        self._cookies = cookies
        self._note = note
        self._retry = retry
        self._digest = digest
        self._challenges = 0
        self._history: list[Response] = []
        self._tries = 0

    def may_answer(self, status: int) -> bool:
        """May another hop follow an answer of this status that is no redirect?"""
        if status == 401 and self._digest is not None and self._challenges < _MOST_CHALLENGES:
            return True
        return self._retry is not None and status in self._retry.statuses and self._tries < self._retry.times

    def endpoint_of_challenge(self, prepared: Prepared, response: Response) -> Endpoint:
        """Return what counts a status of 401: one that is answered is no failure, as in k6."""
        request: Request = prepared.request
        if not self._is_answerable(response):
            return prepared.endpoint
        expecting: Prepared = request.maker.prepared(replace(request, expect=(*request.expect, _CHALLENGE)))
        return expecting.endpoint

    def next(self, request: Request, response: Response, deadline: int) -> Hop | None:
        """Return the hop that follows; None when the response is the script's.

        A hop that would begin after `deadline`, on the monotonic clock, is none.
        """
        hop = (
            self._answer(request, response)
            or self._follow(request, response)
            or self._try_again(request, response, deadline)
        )
        if hop is None:
            self.settle(response)
        else:
            self._history.append(response)
        return hop

    def settle(self, response: Response) -> None:
        """Tell the script's response what came before it."""
        response.history = tuple(self._history)
        response.retries = self._tries

    def first_fields(self, request: Request) -> bytes | None:
        """Return the fields, as lines, that the first hop has beside those of the script."""
        return self._fields(request, self._digest_field(request))

    def _answer(self, request: Request, response: Response) -> Hop | None:
        """Answer a challenge."""
        if response.status != 401 or self._digest is None or not self._is_answerable(response):
            return None
        self._challenges += 1
        self._digest.challenged(_origin(request.target), response.headers.get_all("www-authenticate"))
        return self._hop(request, self._digest_field(request)) if self._rewind(request) else None

    def _is_answerable(self, response: Response) -> bool:
        """May a challenge be answered: the first, and one more where only the nonce of the answer had grown old?"""
        if self._digest is None or self._challenges == _MOST_CHALLENGES:
            return False
        if not (self._body is None or isinstance(self._body, bytes) or self._body.can_rewind):
            self._note("body", "A challenge was not answered: the request's body was read, and cannot be read again.")
            return False
        from surgeline.protocols.http.auth import is_answerable, is_stale  # noqa: PLC0415 - few scripts use digest

        challenges = response.headers.get_all("www-authenticate")
        return is_stale(challenges) if self._challenges else is_answerable(challenges)

    def _follow(self, request: Request, response: Response) -> Hop | None:
        """Go where a redirect points to."""
        location = _location(response)
        if not location or request.redirects == 0:
            return None
        if self._redirects == 0:
            self._note(
                "redirects",
                f"A request was redirected more than {request.redirects} times; its last redirect was returned, "
                f"to {location!r}. redirects= says how many are followed.",
            )
            return None
        target = self._place(request, location)
        if target is None:
            return None
        following = _redirected(request, target, response.status)
        if urlsplit(location).netloc:
            following = following.without("host")
        if following.has_body and not self._rewind(request):
            return None
        self._redirects -= 1
        if not following.has_body:
            self._body = None
        if _origin(target) != _origin(request.target):
            self._digest = None  # the other host may not even learn a hash of the password
        return self._hop(following, self._digest_field(following))

    def _place(self, request: Request, location: str) -> Target | None:
        try:
            return parse_url(location if is_absolute(location) else urljoin(request.target.url, location))
        except ValueError as error:
            self._note(
                "location",
                f"A redirect to {location!r} could not be followed, so it was returned as it is: {error}.",
            )
            return None

    def _try_again(self, request: Request, response: Response, deadline: int) -> Hop | None:
        retry = self._retry
        if retry is None or self._tries >= retry.times or (response.status and response.status not in retry.statuses):
            return None
        wait_ns = retry.wait_ns(self._tries, response)
        if now_ns() + wait_ns >= deadline or not self._rewind(request):
            return None
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
            self._note("body", f"{request.target.url} could not be sent again, so its answer was returned: {error}.")
            return False
        return True


def split_body(body: "bytes | BodySource | None") -> "tuple[bytes | None, BodySource | None]":
    """Return bytes and a source, at most one of which is there."""
    return (body, None) if body is None or isinstance(body, bytes) else (None, body)


def _redirected(request: Request, target: Target, status: int) -> Request:
    """Return the request that a redirect asks for, RFC 9110 15.4 as browsers and Go's client do it."""
    fields = request.fields
    method, has_body = request.method, request.has_body
    if status not in _KEEP_THE_METHOD:
        method, has_body = "HEAD" if method == "HEAD" else "GET", False
        fields = request.fields_without_body()
    moved = replace(request, fields=fields)
    if _origin(target) != _origin(request.target):
        fields = moved.fields_elsewhere()
    if target.user_info is not None:
        fields = merge(fields, {"Authorization": basic(target.user_info)})
    return replace(moved, method=method, has_body=has_body, target=target, fields=fields)


def _location(response: Response) -> str:
    """Return where a redirect points to, "" for none: of several fields the first, as Go does.

    Bytes that no URL has are read as UTF-8, which servers send, or else escaped; a space is escaped, too.
    """
    found = response.headers.get_all("location") if response.status in REDIRECTS else []
    if not found:
        return ""
    try:
        return found[0].encode("latin-1").decode().replace(" ", "%20")
    except UnicodeDecodeError:
        return quote(found[0].encode("latin-1"), safe=_ASCII_BUT_SPACE)


def _origin(target: Target) -> tuple[str, str, int]:
    return target.scheme, target.host, target.port


def as_retry(retries: object) -> Retry | None:
    """Return what a script gives as `retries`: a number of times, or a Retry; None for none. Raises TypeError."""
    if isinstance(retries, Retry):
        return retries
    if isinstance(retries, int) and not isinstance(retries, bool):
        return Retry(retries) if retries else None
    raise TypeError(f"retries: expected a number of times or Retry(...), found {retries!r}")
