"""`vu.http`: the HTTP client of one virtual user.

A request is prepared once for each method, URL and name: where it goes, its head, its series. After that a call is a
look-up and a native send. Cookies, redirects, compression and authentication will act on `prepare` and on the response.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec

from surgeline._native.http1 import Endpoint, Origin, Session
from surgeline._native.iteration import UserState
from surgeline._native.poller import Poller
from surgeline.protocols.http.endpoints import Endpoints
from surgeline.protocols.http.errors import describe_error
from surgeline.protocols.http.origins import Origins
from surgeline.protocols.http.response import Response
from surgeline.protocols.http.url import Params, parse_url

DEFAULT_TIMEOUT = 60.0
_DEFAULT_TIMEOUT_NS = int(DEFAULT_TIMEOUT * 1e9)
MOST_PREPARED = 10_000
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding"})
_encode_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Prepared:
    """All of a request but its body."""

    origin: Origin
    endpoint: Endpoint
    url: str
    head: bytes
    """Complete for a request without a body; else up to the value of Content-Length."""
    is_head: bool


class HttpScenario:
    """What the virtual users of one scenario share: base URL, origins, endpoints and prepared requests."""

    def __init__(
        self,
        poller: Poller,
        origins: Origins,
        endpoints: Endpoints,
        *,
        base_url: str | None = None,
        user_agent: str = "surgeline",
    ) -> None:
        self.poller = poller
        self._origins = origins
        self._endpoints = endpoints
        self._base_url = base_url
        self._default_headers = {"User-Agent": user_agent, "Accept": "*/*"}
        self.prepared: dict[tuple[str, str, str | None, str | None], Prepared] = {}

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
        if not method or not _TOKEN.issuperset(method):
            raise ValueError(f"expected a method such as GET, found {method!r}")
        target = parse_url(url, self._base_url, params)
        fields = {"Host": target.authority, **self._default_headers}
        if content_type is not None:
            fields["Content-Type"] = content_type
        return Prepared(
            self._origins.get(target.scheme, target.host, target.port),
            self._endpoints.get(method, name or target.url, tags),
            target.url,
            _head(method, target.path, _merge(fields, headers), has_body=content_type is not None),
            method == "HEAD",
        )


class HttpClient:
    """The HTTP client of one virtual user, with its own connections.

    Every method returns an awaitable of a `Response`; the request is on its way when the method returns. Options:

    - `params`: query parameters, added to the URL's own.
    - `json`: a value sent as JSON. `data`: bytes or text as they are, or a mapping sent as a form.
    - `headers`: header fields, over the default ones.
    - `timeout`: seconds for the whole request, connecting included; 60 by default.
    - `name`: what the request is called in the results; the URL by default. Give requests whose URL holds an id a name.
    - `tags`: more tags for the request's samples.

    A request that fails does not raise: its response has `status` 0 and an `error`. Raises ValueError or TypeError at
    the call for a URL, header or body that cannot be sent.
    """

    __slots__ = ("_scenario", "_session")

    def __init__(self, scenario: HttpScenario, user: UserState) -> None:
        self._scenario = scenario
        self._session = Session(scenario.poller, user, describe_error, Response)

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
        if json is not None:
            if data is not None:
                raise TypeError("expected `json` or `data`, found both")
            body, content_type = _encode_json(json), JSON
        elif data is not None:
            body, content_type = _encode_data(data)
        elif method in ("POST", "PUT", "PATCH"):
            body, content_type = b"", ""
        else:
            body, content_type = None, None
        if params is None and headers is None and tags is None:
            prepared = self._prepare_once(method, url, content_type, name)
        else:
            prepared = self._scenario.prepare(
                method, url, content_type, params=params, headers=headers, name=name, tags=tags
            )
        head = prepared.head
        if body is not None:
            head = b"%b%d\r\n\r\n" % (head, len(body))
        return self._session.call(
            prepared.origin, prepared.endpoint, prepared.url, head, body or None, prepared.is_head, int(timeout * 1e9)
        )

    def get(self, url: str, **options: Any) -> Awaitable[Response]:
        """Send a GET request."""
        if not options:
            prepared = self._prepare_once("GET", url, None, None)
            return self._session.call(
                prepared.origin, prepared.endpoint, prepared.url, prepared.head, None, False, _DEFAULT_TIMEOUT_NS
            )
        return self.request("GET", url, **options)

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
            prepared = self._scenario.prepare(method, url, content_type, name=name)
            self._scenario.prepared[key] = prepared
        return prepared

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


def _encode_data(data: object) -> tuple[bytes, str]:
    """Return the body and its content type; "" for bytes and text, whose type only the script knows."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data), ""
    if isinstance(data, str):
        return data.encode(), ""
    if isinstance(data, Mapping):
        return urlencode(data, doseq=True).encode(), FORM
    raise TypeError(f"data: expected bytes, text or a mapping (sent as a form), found {type(data).__name__}")


def _merge(fields: dict[str, str], headers: Mapping[str, str] | None) -> dict[str, str]:
    """Put the script's header fields over the default ones, whatever their case."""
    if not headers:
        return fields
    names = {name.lower() for name in headers}
    return {name: value for name, value in fields.items() if name.lower() not in names} | dict(headers)


def _head(method: str, path: str, fields: Mapping[str, str], *, has_body: bool) -> bytes:
    lines = [f"{method} {path} HTTP/1.1"]
    for name, value in fields.items():
        _refuse_bad_field(name, value)
        if value != "":
            lines.append(f"{name}: {value}")
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
