"""`vu.http`: the HTTP client of one virtual user.

What was prepared once for all users of a scenario costs a look-up and a native send. What is rarer (cookies, redirects,
challenges, retries) goes with the call as an exchange.
"""

from collections.abc import Awaitable, Iterable, Mapping
from inspect import signature
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

from surgeline._native.http_call import HttpCall
from surgeline._native.http_origin import Prepared
from surgeline._native.http_session import DISCARD, KEEP, STREAM, Hop, Session
from surgeline._native.iteration import UserState
from surgeline.engine.scope import Scope, current_scope
from surgeline.protocols.http.batch import Batch, Entries
from surgeline.protocols.http.errors import describe_error
from surgeline.protocols.http.exchange import Exchange, Retry, as_retry, split_body
from surgeline.protocols.http.foreign_names import INSTEAD_IN_REQUESTS
from surgeline.protocols.http.option_values import (
    as_key,
    as_switch,
    max_body_in_bytes,
    refuse_wrong_types,
    timeout_in_ns,
)
from surgeline.protocols.http.request import (
    DEFAULT_EXPECT,
    Request,
    as_expect,
    encode_body,
    in_capitals,
    merge,
    refuse_bad_fields,
)
from surgeline.protocols.http.response import Response
from surgeline.protocols.http.scenario import HttpScenario
from surgeline.protocols.http.streaming import Streaming
from surgeline.protocols.http.url import Params
from surgeline.script.explained import advice

if TYPE_CHECKING:
    from surgeline.protocols.http.auth import DigestAuth, DigestSession
    from surgeline.protocols.http.body_source import BodySource
    from surgeline.protocols.http.cookies import CookieJar
    from surgeline.protocols.http.user_cookies import UserCookies

MOST_DIGESTS = 100
"""Users that one virtual user logs in as, whose nonces are kept."""
NO_LIMIT = (1 << 64) - 1

Body = bytes | str | Mapping[str, object] | Iterable[bytes] | Any


class HttpClient(Session[Response]):
    """The HTTP client of one virtual user, with its own connections and cookies.

    Every method returns an awaitable of a `Response`; the request is on its way when the method returns. Options:

    - `params`: query parameters, added to the URL's own; those that are None are left out.
    - `json`: a value sent as JSON. `data`: bytes or text as they are, a mapping sent as a form, or what is read while
      it is sent: a path, a file opened in binary mode, an iterable of bytes.
    - `files`: files by name, sent with the mapping `data` as a multipart form. A file is a path, bytes, an open file,
      or a tuple `(file name, content)` or `(file name, content, content type)`.
    - `headers`: header fields, over the default ones; one that is "" is not sent.
    - `cookies`: cookies of this request alone, next to those of the user.
    - `auth`: `("user", "password")`, `BasicAuth`, `BearerAuth` or `DigestAuth`.
    - `timeout`: for the whole call, connecting and redirects included; 60 seconds by default.
    - `name`: what the request is called in the results; the URL by default. Give requests whose URL holds an id a name.
    - `tags`: more tags for the request's samples.
    - `expect`: the statuses that count as success: 404, range(200, 300), or several; 200 to 399 by default.
    - `redirects`: how many are followed; 10 by default, 0 for none.
    - `retries`: how often it is sent again where it failed: a number or a `Retry`; never by default.
    - `compression`: the coding in which the body is sent: "gzip", "deflate", "br" or "zstd".
    - `discard_body`: read the response's body and forget it.

    A server may close a kept connection just as a request goes out on it. A request that changes nothing (GET, HEAD,
    OPTIONS, TRACE) is then sent again, once, on a new connection; the time that was lost is in `blocked`.

    A request that fails does not raise: its response has `status` 0 and an `error`. Raises ValueError or TypeError at
    the call for a URL, header or body that cannot be sent, OSError for a file that is not there.
    """

    __slots__ = ("_cookies", "_digests", "_random", "_scenario", "_user")

    def __init__(self, scenario: HttpScenario, user: UserState) -> None:
        super().__init__(
            scenario.poller, user, scenario.rules, describe_error, Response, current_scope, scenario.prepared_gets
        )
        self._scenario = scenario
        self._user = user
        self._cookies: UserCookies | None = None
        self._digests: dict[DigestAuth, DigestSession] = {}
        self._random: Random | None = None

    def enter(self, scope: Scope) -> None:
        """Count requests in this scope; called when the one that asks is in another than the last."""
        self._scenario = self._scenario.in_scope(scope)
        self.prepared_gets = self._scenario.prepared_gets

    @property
    def cookies(self) -> "CookieJar":
        """This user's cookies. They are forgotten when an iteration begins, unless `keep_cookies` is set."""
        return self._cookies_now().jar

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        data: Body = None,
        json: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: Any = None,
        timeout: float | str | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        expect: Any = None,
        redirects: int | None = None,
        retries: int | Retry = 0,
        compression: str | None = None,
        discard_body: bool | None = None,
        _stream: int | None = None,
        **unknown: Any,
    ) -> Awaitable[Response]:
        """Send a request of any method."""
        if unknown:
            _refuse_unknown(unknown)
        method = in_capitals(method)
        body, content_type = self._form(data, json, files) if files is not None else encode_body(method, data, json)
        if compression is not None:
            body, headers = _compressed(body, compression, headers)
        if auth is not None:
            auth, headers = _authorized(auth, headers)
        self.follow()
        prepared = self._prepare(method, url, content_type, params, headers, name, tags, expect, redirects)
        timeout_ns = self._scenario.rules.timeout_ns if timeout is None else timeout_in_ns(timeout)
        discards = self._scenario.rules.discard_bodies if discard_body is None else as_switch(discard_body)
        use = STREAM if _stream is not None else DISCARD if discards else KEEP
        if cookies is None and auth is None and not retries and isinstance(body, bytes | None):
            fields = None if self.is_plain else self._kept_cookies(prepared.request)
            return self.call(prepared, body, timeout_ns, fields=fields, body_use=use, max_body=_stream)
        return self._call_in_exchange(prepared, body, timeout_ns, use, _stream, cookies, auth, retries)

    def post(self, url: str, **options: Any) -> Awaitable[Response]:
        """Send a POST request."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Awaitable[Response]:
        """Send a PUT request."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> Awaitable[Response]:
        """Send a PATCH request."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> Awaitable[Response]:
        """Send a DELETE request."""
        return self.request("DELETE", url, **options)

    def head(self, url: str, **options: Any) -> Awaitable[Response]:
        """Send a HEAD request."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> Awaitable[Response]:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", url, **options)

    def batch(self, requests: Entries) -> Awaitable[Any]:
        """Send several requests side by side, and wait for all of them.

        Each is a URL, a tuple `(method, url)` or `(method, url, options)`, or a mapping of `url`, `method` and options.
        At most `batch` of them are under way at once, `batch_per_host` for one host. Returns the responses in a list,
        or by name where the requests came by name.
        """
        options = self._scenario.options
        loop, host_of = self._scenario.poller.loop, self._scenario.host_of
        return Batch(self, loop, host_of, options.batch, options.batch_per_host).start(requests)

    def stream(self, method: str, url: str, *, max_body: int | str | None = None, **options: Any) -> Streaming:
        """Send a request whose response is read while it comes:

            async with vu.http.stream("GET", "/export") as response:
                async for chunk in response.chunks(): ...

        `timeout` is then how long is waited for the head, and for each next piece. `max_body` is the most that
        the body may have, in bytes or as "1GiB"; there is no limit unless it is given.
        """
        most = NO_LIMIT if max_body is None else max_body_in_bytes(max_body)
        return Streaming(lambda: self.request(method, url, _stream=most, **options))

    def after(self, call: HttpCall, exchange: Exchange | None, prepared: Prepared, response: Response) -> Hop | None:
        """Return the hop that follows an answer, None for none; called for answers that ask for more."""
        request: Request = prepared.request
        if "set-cookie" in response.headers:
            self._cookies_now().take(request, response)
        if exchange is None:
            if response.stream is not None or response.headers.get("location") is None:
                return None
            body = b"" if request.has_body and call.body is None else call.body
            exchange = Exchange(request.redirects, body, self._line_of, request.maker.note)
            self.set_exchange(call, exchange)
        if response.stream is not None:
            exchange.settle(response)
            return None
        return exchange.next(request, response, call.deadline)

    def _prepare(
        self,
        method: str,
        url: str,
        content_type: str | None,
        params: Params | None,
        headers: Mapping[str, str] | None,
        name: str | None,
        tags: Mapping[str, str] | None,
        expect: Any,
        redirects: int | None,
    ) -> Prepared:
        scenario = self._scenario
        key: Any = (method, url, content_type, name)
        try:
            if not (headers is tags is expect is redirects is None):
                key = (*key, as_key(headers), as_key(tags), expect, redirects)
            prepared: Prepared | None = scenario.prepared_once.get(key) if params is None else None
        except TypeError:  # something in it has no hash, so nothing is kept
            key = prepared = None
        if prepared is None:
            refuse_wrong_types(name, tags, params, redirects)
            statuses = DEFAULT_EXPECT if expect is None else as_expect(expect)
            request = scenario.request(
                method,
                url,
                content_type,
                params=params,
                headers=headers,
                name=name,
                tags=tags,
                expect=statuses,
                redirects=redirects,
            )
            prepared = scenario.prepared(request)
            if key is not None and params is None:  # parameters are mostly others each time
                scenario.keep(key, prepared)
                if key == ("GET", url, None, None):
                    scenario.prepared_gets[url] = prepared
        return prepared

    def _call_in_exchange(
        self,
        prepared: Prepared,
        body: "bytes | BodySource | None",
        timeout_ns: int,
        use: int,
        max_body: int | None,
        cookies: Mapping[str, str] | None,
        digest: "DigestAuth | None",
        retries: int | Retry,
    ) -> Awaitable[Response]:
        """Send a request that others may follow, or that needs more than what was prepared and the user's cookies."""
        self._forget_old_cookies()
        request: Request = prepared.request
        if cookies is not None and request.value_of("cookie") is not None:
            raise ValueError("cookies: expected none beside a Cookie field in `headers`, found both")
        if digest is not None and request.value_of("authorization") is not None:
            request = request.without("authorization")  # that of the URL, say: the digest's own comes
            prepared = request.maker.prepared(request)
        exchange = Exchange(
            request.redirects,
            body,
            self._line_of if cookies is None else self._cookies_now().line_with(cookies),
            request.maker.note,
            as_retry(retries),
            None if digest is None else self._digest_session(digest),
        )
        sent, source = split_body(body)
        return self.call(
            prepared,
            sent,
            timeout_ns,
            fields=exchange.first_fields(request),
            exchange=exchange,
            source=source,
            body_use=use,
            max_body=max_body,
        )

    def _digest_session(self, auth: "DigestAuth") -> "DigestSession":
        from surgeline.protocols.http.auth import DigestSession  # noqa: PLC0415 - few scripts use digest

        session = self._digests.get(auth)
        if session is None:
            if len(self._digests) >= MOST_DIGESTS:
                del self._digests[next(iter(self._digests))]
            session = self._digests[auth] = DigestSession(auth, lambda: f"{self._bits(128):032x}")
        return session

    def _form(self, data: Any, json: Any, files: Any) -> "tuple[BodySource, str]":
        from surgeline.protocols.http.multipart import multipart  # noqa: PLC0415 - few scripts send files

        if json is not None:
            raise TypeError("expected `json` or `files`, found both")
        if data is not None and not isinstance(data, Mapping | list | tuple):
            raise TypeError(f"data: expected a mapping or pairs beside `files`, found {type(data).__name__}")
        return multipart(data, files, random_bits=self._bits(128))

    def _cookies_now(self) -> "UserCookies":
        """Return the user's cookies; once some are put there, requests have to look."""
        if self._cookies is None:
            from surgeline.protocols.http.user_cookies import UserCookies  # noqa: PLC0415 - few scripts use cookies

            self._cookies = UserCookies(
                self._user, keep=self._scenario.options.keep_cookies, on_put=self._look_for_cookies
            )
        self._cookies.forget_old()
        return self._cookies

    def _look_for_cookies(self) -> None:
        self.is_plain = False

    def _forget_old_cookies(self) -> None:
        if self._cookies is not None:
            self.is_plain = self._cookies.forget_old()

    def _kept_cookies(self, request: Request) -> bytes | None:
        """Return the field of the user's cookies, and look no more where a new iteration has forgotten them."""
        self._forget_old_cookies()
        return None if self.is_plain else self._line_of(request)

    def _line_of(self, request: Request) -> bytes | None:
        return None if self._cookies is None else self._cookies.line(request)

    def _bits(self, count: int) -> int:
        """Return random bits that come again in the next run; not from `vu.random`, which is the script's."""
        if self._random is None:
            self._random = Random(self._user.id)
        return self._random.getrandbits(count)


def _compressed(body: Any, coding: str, headers: Mapping[str, str] | None) -> tuple[bytes, Mapping[str, str]]:
    from surgeline.protocols.http.compression import encode  # noqa: PLC0415 - few scripts compress

    if not isinstance(body, bytes):
        raise TypeError(
            "compression: expected a body of bytes, text, a form or JSON; found one that is streamed, or none"
        )
    return encode(body, coding), _over(headers, {"Content-Encoding": coding})


def _over(headers: Mapping[str, str] | None, more: Mapping[str, str]) -> Mapping[str, str]:
    """Return the script's header fields with others over them. Raises as `refuse_bad_fields` does."""
    if headers is None:
        return more
    refuse_bad_fields(headers)
    return merge(headers, more)


def _authorized(auth: Any, headers: Mapping[str, str] | None) -> "tuple[DigestAuth | None, Mapping[str, str] | None]":
    """Return what has to be asked for first, and the header fields with what can be said at once."""
    from surgeline.protocols.http.auth import DigestAuth, as_auth  # noqa: PLC0415 - few scripts use it

    auth = as_auth(auth)
    if isinstance(auth, DigestAuth):
        return auth, headers
    return None, _over(headers, {"Authorization": auth.field()})


def _refuse_unknown(options: Mapping[str, Any]) -> NoReturn:
    known = [name for name in signature(HttpClient.request).parameters if name not in _NOT_OPTIONS]
    option = next(iter(options))
    found = f"{option!r}{advice(option, known, INSTEAD_IN_REQUESTS)}"
    raise TypeError(f"{option}: expected one of {', '.join(known)}; found {found}")


_NOT_OPTIONS = frozenset({"self", "method", "url", "unknown", "_stream"})
