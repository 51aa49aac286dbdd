"""`vu.http`: the HTTP client of one virtual user.

A request is prepared once for each method, URL and name: where it goes, its head, its series. After that a call is a
look-up and a native send. Cookies, redirects, compression and authentication will act on `prepare` and on the response.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from surgeline._native.http1 import Prepared, Session
from surgeline._native.iteration import UserState
from surgeline._native.poller import Poller
from surgeline.engine.scope import Scope, current_scope
from surgeline.protocols.http.endpoints import Endpoints
from surgeline.protocols.http.errors import describe_error
from surgeline.protocols.http.json_codec import encoder
from surgeline.protocols.http.origins import Origins
from surgeline.protocols.http.response import Response
from surgeline.protocols.http.url import Params, encode_form, parse_url

DEFAULT_TIMEOUT = 60.0
LONGEST_TIMEOUT = 1e9
_DEFAULT_TIMEOUT_NS = int(DEFAULT_TIMEOUT * 1e9)
MOST_PREPARED = 10_000
_PROTOCOL = "http"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding"})


class HttpScenario:
    """What the virtual users of one scenario share in one scope: base URL, origins, endpoints, prepared requests."""

    def __init__(
        self,
        poller: Poller,
        origins: Origins,
        scope: Scope,
        notify: Callable[[str], None],
        *,
        base_url: str | None = None,
        user_agent: str = "surgeline",
    ) -> None:
        self.poller = poller
        self._origins = origins
        self._notify = notify
        self._endpoints = Endpoints(scope.registry, scope.tags, notify)
        self._base_url = base_url
        self._user_agent = user_agent
        self._default_headers = {"User-Agent": user_agent, "Accept": "*/*"}
        self.prepared: dict[tuple[str, str, str | None, str | None], Prepared] = {}
        self.prepared_gets: dict[str, Prepared] = {}
        """Of GET requests without options, by URL alone."""
        scope.clients[_PROTOCOL] = self

    def in_scope(self, scope: Scope) -> "HttpScenario":
        """Return the same for another scope."""
        found: HttpScenario | None = scope.clients.get(_PROTOCOL)
        return found or HttpScenario(
            self.poller, self._origins, scope, self._notify, base_url=self._base_url, user_agent=self._user_agent
        )

    def prepare(
        self,
        method: str,
        url: str,
        content_type: str | None,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Prepared:
        """Work out where a request goes, its head and its series. Raises ValueError for a bad URL, method or header."""
        _refuse_bad_method(method)
        target = parse_url(url, self._base_url, params)
        fields = {"Host": target.authority, **self._default_headers}
        if target.user_info is not None:
            fields["Authorization"] = "Basic " + b64encode(target.user_info).decode()
        if content_type is not None:
            fields["Content-Type"] = content_type
        return Prepared(
            self._origins.get(target.scheme, target.host, target.port),
            self._endpoints.get(method, name or target.url, tags),
            target.url,
            _head(method, target.path, _merge(fields, headers or {}), has_body=content_type is not None),
            method == "HEAD",
        )


class HttpClient(Session[Response]):
    """The HTTP client of one virtual user, with its own connections.

    Every method returns an awaitable of a `Response`; the request is on its way when the method returns. Options:

    - `params`: query parameters, added to the URL's own; those that are None are left out.
    - `json`: a value sent as JSON. `data`: bytes or text as they are, or a mapping sent as a form.
    - `headers`: header fields, over the default ones; one that is "" is not sent.
    - `timeout`: seconds for the whole request, connecting included; 60 by default.
    - `name`: what the request is called in the results; the URL by default. Give requests whose URL holds an id a name.
    - `tags`: more tags for the request's samples.

    A server may close a kept connection just as a request goes out on it. A request that changes nothing (GET, HEAD,
    OPTIONS, TRACE) is then sent again, once, on a new connection; the time that was lost is in `blocked`.

    A request that fails does not raise: its response has `status` 0 and an `error`. Raises ValueError or TypeError at
    the call for a URL, header or body that cannot be sent.
    """

    __slots__ = ("_scenario",)

    def __init__(self, scenario: HttpScenario, user: UserState) -> None:
        super().__init__(
            scenario.poller, user, describe_error, Response, current_scope, scenario.prepared_gets, _DEFAULT_TIMEOUT_NS
        )
        self._scenario = scenario

    def enter(self, scope: Scope) -> None:
        """Count requests in this scope; called when the one that asks is in another than the last."""
        self._scenario = self._scenario.in_scope(scope)
        self.prepared_gets = self._scenario.prepared_gets

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        data: bytes | str | Mapping[str, object] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Awaitable[Response]:
        """Send a request of any method."""
        method = _in_capitals(method)
        body, content_type = _encode_body(method, data, json)
        self.follow()
        if params is None and headers is None and tags is None:
            prepared = self._prepare_once(method, url, content_type, name)
        else:
            prepared = self._scenario.prepare(
                method, url, content_type, params=params, headers=headers, name=name, tags=tags
            )
        timeout_ns = _DEFAULT_TIMEOUT_NS if timeout is DEFAULT_TIMEOUT else _in_ns(timeout)
        return self.call(prepared, body, timeout_ns)

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

    def _prepare_once(self, method: str, url: str, content_type: str | None, name: str | None) -> Prepared:
        key = (method, url, name, content_type)
        prepared = self._scenario.prepared.get(key)
        if prepared is None:
            if len(self._scenario.prepared) >= MOST_PREPARED:
                self._scenario.prepared.clear()
                self._scenario.prepared_gets.clear()
            prepared = self._scenario.prepared[key] = self._scenario.prepare(method, url, content_type, name=name)
            if method == "GET" and content_type is None and name is None:
                self._scenario.prepared_gets[url] = prepared
        return prepared


def check_request(method: str, headers: Mapping[str, str] | None) -> None:
    """Raise ValueError for a method or header fields that could not be sent."""
    _refuse_bad_method(method)
    for name, value in (headers or {}).items():
        _refuse_bad_field(name, value)


def _refuse_bad_method(method: str) -> None:
    if not method or not _TOKEN.issuperset(method) or method == "CONNECT":
        raise ValueError(f"method: expected one such as GET, found {method!r}")


def _in_capitals(method: str) -> str:
    if not isinstance(method, str):
        raise TypeError(f"method: expected text such as 'GET', found {method!r}")
    return method.upper()


def _in_ns(timeout: float) -> int:
    if not isinstance(timeout, int | float) or not timeout > 0:
        raise ValueError(f"timeout: expected seconds above 0, found {timeout!r}")
    return int(min(timeout, LONGEST_TIMEOUT) * 1e9)


def _encode_body(method: str, data: object, json: Any) -> tuple[bytes | None, str | None]:
    """Return the body and its content type, both None for a request without a body."""
    if json is not None:
        if data is not None:
            raise TypeError("expected `json` or `data`, found both")
        return _encode_json(json), JSON
    if data is not None:
        return _encode_data(data)
    # Servers may ask for a length where a body is the rule: RFC 9110 8.6.
    return (b"", "") if method in _WITH_BODY else (None, None)


def _encode_json(value: Any) -> bytes:
    try:
        return encoder()(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"json: expected a value that JSON has, found {type(value).__name__}: {error}") from None


def _encode_data(data: object) -> tuple[bytes, str]:
    """Return the body and its content type; "" for bytes and text, whose type only the script knows."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data), ""
    if isinstance(data, str):
        return data.encode(), ""
    if isinstance(data, Mapping):
        return encode_form(data).encode(), FORM
    raise TypeError(f"data: expected bytes, text or a mapping (sent as a form), found {type(data).__name__}")


def _merge(fields: dict[str, str], headers: Mapping[str, str]) -> dict[str, str]:
    """Put the script's header fields over the default ones, whatever their case."""
    for name, value in headers.items():
        _refuse_bad_field(name, value)
    names = {name.lower() for name in headers}
    return {name: value for name, value in fields.items() if name.lower() not in names} | dict(headers)


def _head(method: str, path: str, fields: Mapping[str, str], *, has_body: bool) -> bytes:
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value != ""]
    lines.append("Content-Length: " if has_body else "\r\n")
    return "\r\n".join(lines).encode("latin-1")


def _refuse_bad_field(name: str, value: str) -> None:
    if not isinstance(name, str) or not name or not _TOKEN.issuperset(name) or name.lower() in _OWN_HEADERS:
        raise ValueError(f"headers: expected a field name that is a token and not one we set ourselves, found {name!r}")
    if not isinstance(value, str) or any(character in "\r\n\0" for character in value):
        raise ValueError(f"headers: expected text of one line for {name!r}, found {value!r}")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"headers: expected Latin-1 text for {name!r}, found {value!r}") from None
