"""What the HTTP clients of one scenario share in one scope: where requests go, and what was worked out for them before.

A request is prepared once for each method, URL, name and set of header fields: its origin, its head, its series. Must
not know virtual users.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from surgeline._native.http_connection import Rules
from surgeline._native.http_origin import Prepared
from surgeline._native.poller import Poller
from surgeline.engine.scope import Scope
from surgeline.protocols.http.endpoints import Endpoints, Witness
from surgeline.protocols.http.options import HttpOptions
from surgeline.protocols.http.origins import Origins
from surgeline.protocols.http.request import (
    DEFAULT_EXPECT,
    Expect,
    Request,
    basic,
    merge,
    refuse_bad_fields,
    refuse_bad_method,
)
from surgeline.protocols.http.url import Params, parse_url

MOST_PREPARED = 10_000
_PROTOCOL = "http"
Notify = Callable[[str], None]


class HttpScenario:
    """What the virtual users of one scenario share in one scope: base URL, origins, endpoints, prepared requests."""

    def __init__(
        self,
        poller: Poller,
        origins: Origins,
        scope: Scope,
        notify: Notify,
        *,
        base_url: str | None = None,
        options: HttpOptions | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.poller = poller
        self.options = options or HttpOptions()
        self.rules = rules(self.options)
        self.notify = notify
        self._origins = origins
        self._witness = witness
        self._endpoints = Endpoints(scope.registry, scope.tags, notify, witness)
        self._base_url = base_url
        self._default_fields = default_fields(self.options)
        self._noted: set[str] = set()
        self.prepared_once: dict[Any, Prepared] = {}
        self.prepared_gets: dict[str, Prepared] = {}
        """Of GET requests without options, by URL alone."""
        scope.clients[_PROTOCOL] = self

    def in_scope(self, scope: Scope) -> "HttpScenario":
        """Return the same for another scope."""
        found: HttpScenario | None = scope.clients.get(_PROTOCOL)
        return found or HttpScenario(
            self.poller,
            self._origins,
            scope,
            self.notify,
            base_url=self._base_url,
            options=self.options,
            witness=self._witness,
        )

    def request(
        self,
        method: str,
        url: str,
        content_type: str | None,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        expect: Expect = DEFAULT_EXPECT,
        redirects: int | None = None,
    ) -> Request:
        """Check a request. Raises ValueError for a bad URL, method or header field."""
        refuse_bad_method(method)
        target = parse_url(url, self._base_url, params)
        fields = dict(self._default_fields)
        if target.user_info is not None:
            fields["Authorization"] = basic(target.user_info)
        if content_type is not None:
            fields["Content-Type"] = content_type
        if headers is not None:
            refuse_bad_fields(headers)
            fields = merge(fields, headers)
        most = self.options.redirects if redirects is None else redirects
        return Request(method, target, fields, content_type is not None, name, tags, expect, most, self)

    def prepared(self, request: Request) -> Prepared:
        """Work out where a request goes, its head and its series."""
        target = request.target
        proxy = self._origins.through_proxy(target.scheme, target.host, target.port)
        path, more = target.path, {}
        if proxy is not None:
            path = target.url
            more = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
        return Prepared(
            self._origins.get(target.scheme, target.host, target.port),
            self._endpoints.get(request.method, request.name or target.url, request.tags, request.expect),
            target.url,
            request.head(path, more),
            request.method == "HEAD",
            request,
        )

    def keep(self, key: Any, prepared: Prepared) -> None:
        """Keep what was prepared for the next request of the same key."""
        if len(self.prepared_once) >= MOST_PREPARED:
            self.prepared_once.clear()
            self.prepared_gets.clear()
        self.prepared_once[key] = prepared

    def host_of(self, url: str) -> str:
        """Return the host and port that a URL names, or else those of the base URL. Raises ValueError for no URL."""
        return _host_of(url) or _host_of(self._base_url or "")

    def note(self, kind: str, text: str) -> None:
        """Tell the user something, once for each kind: it may happen in every request."""
        if kind not in self._noted:
            self._noted.add(kind)
            self.notify(text)

    def count_retry(self, request: Request) -> None:
        """Count a request that is sent once more."""
        name = request.name or request.target.url
        self._endpoints.retries(request.method, name, request.tags, request.expect).add(1)


def _host_of(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def rules(options: HttpOptions) -> Rules:
    """Return what connections hold to."""
    limits = options.limits
    return Rules(
        line_bytes=limits.line_bytes,
        head_bytes=limits.head_bytes,
        chunk_extension_bytes=limits.chunk_extension_bytes,
        trailer_bytes=limits.trailer_bytes,
        body_bytes=limits.body_bytes,
        decoded_bytes=limits.decoded_bytes,
        event_bytes=limits.event_bytes,
        headers=limits.headers,
        interim=limits.interim,
        timeout_ns=options.timeout_ns,
        resume_tls=options.tls.resume,
        discard_bodies=options.discard_bodies,
        close_after_request=options.connections == "request",
        close_after_iteration=options.connections == "iteration",
    )


def default_fields(options: HttpOptions) -> dict[str, str]:
    """Return the header fields that every request has."""
    fields = {"User-Agent": options.user_agent, "Accept": "*/*"}
    if options.connections == "request":
        fields["Connection"] = "close"
    return merge(fields, options.headers)
