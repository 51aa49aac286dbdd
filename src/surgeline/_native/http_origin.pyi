"""Where requests go, and all of a request but its body."""

import ssl
from collections.abc import Callable, Iterable
from typing import Any

from surgeline._native.http_outcomes import Endpoint

class Origin:
    """Scheme, host and port, the socket addresses once known, and the TLS context.

    `resolve(origin)` is called when a connection needs an address; it, or a task that it starts, answers with
    `resolved` or `unresolved`. `via` names the proxy that connections go to, `tunnel` is the request that it is sent
    first. `sources` are (address family, struct sockaddr) to send from, by the number of the user. With `rotate` each
    new connection begins at the next address, else at the one that last worked; those that refused within the last
    second are tried last.
    """

    scheme: str
    host: str
    port: int
    tls: ssl.SSLContext | None
    tunnel: bytes | None
    via: str | None
    addresses: list[tuple[int, bytes]]
    def __init__(
        self,
        scheme: str,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        resolve: Callable[[Origin], None],
        *,
        tunnel: bytes | None = None,
        via: str | None = None,
        sources: Iterable[tuple[int, bytes]] = (),
        rotate: bool = True,
    ) -> None: ...
    def resolved(self, addresses: list[tuple[int, bytes]], until_ns: int = 0) -> None:
        """Take [(address family, struct sockaddr)], at least one, and open the connections that wait for it.

        From `until_ns` of the monotonic clock on, the next connection has the name looked up again, while the old
        addresses serve; where that is now, each connection waits for a look-up of its own. 0 is never.
        """

    def unresolved(self, reason: object) -> None:
        """Fail the calls that wait for an address; the next call asks again."""

class Prepared:
    """All of a request but its body.

    `head` is complete for a request without a body; else it goes up to the value of Content-Length. `request` is what
    it was made from.
    """

    origin: Origin
    endpoint: Endpoint
    url: str
    head: bytes
    is_head: bool
    request: Any
    def __init__(
        self, origin: Origin, endpoint: Endpoint, url: str, head: bytes, is_head: bool, request: Any = None
    ) -> None: ...
