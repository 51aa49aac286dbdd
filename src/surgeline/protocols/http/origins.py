"""Where requests go: one origin for each scheme, host and port, its addresses looked up off the hot path."""

import asyncio
import socket
import ssl
from functools import partial
from typing import Any

from surgeline._native.http_origin import Origin
from surgeline._native.poller import now_ns
from surgeline.protocols.http.addresses import (
    Place,
    SocketAddress,
    local_addresses,
    pack_address,
    pack_literal,
    pack_unix,
    refuse_foreign,
)
from surgeline.protocols.http.hosts import HostOverrides
from surgeline.protocols.http.options import DNS, TLS, HttpOptions
from surgeline.protocols.http.proxies import DirectHosts, Proxy, parse_proxy
from surgeline.protocols.http.tls import make_context
from surgeline.protocols.http.url import parse_url

_ONLY = {"4": socket.AF_INET, "6": socket.AF_INET6}
_PREFERRED = {"prefer 4": socket.AF_INET, "prefer 6": socket.AF_INET6}
_NEVER = 0


def refuse_unusable(options: HttpOptions) -> None:
    """Raise OptionError for files and local addresses that are not there, or not what they should be."""
    if options.tls != TLS():
        make_context(options.tls)
    refuse_foreign(local_addresses(options.local_addresses))


class Origins:
    """The origins of a run, and the ways to them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: HttpOptions | None = None) -> None:
        self._loop = loop
        self._options = options or HttpOptions()
        self._hosts = HostOverrides(self._options.hosts)
        self._proxy = None if self._options.proxy is None else parse_proxy(self._options.proxy)
        self._direct = DirectHosts(self._options.no_proxy)
        self._sources = local_addresses(self._options.local_addresses)
        self._origins: dict[tuple[str, str, int], Origin] = {}
        self._tls: ssl.SSLContext | None = None
        self._lookups: set[asyncio.Task[None]] = set()

    def prepare(self, url: str) -> None:
        """Make the origin of a URL now: reading the certificates that TLS trusts takes some milliseconds."""
        target = parse_url(url)
        self.get(target.scheme, target.host, target.port)

    def get(self, scheme: str, host: str, port: int) -> Origin:
        """Return the origin, made when first asked for; its name is looked up when the first connection is opened."""
        key = (scheme, host, port)
        origin = self._origins.get(key)
        if origin is None:
            origin = self._origins[key] = self._make(scheme, host, port)
        return origin

    def through_proxy(self, scheme: str, host: str, port: int) -> Proxy | None:
        """Return the proxy that requests to a host are sent to in absolute form; None where there is none, or a tunnel.

        Its `authorization`, if any, is the request's Proxy-Authorization.
        """
        return self._proxy_of(host, port) if scheme == "http" else None

    def _make(self, scheme: str, host: str, port: int) -> Origin:
        proxy = self._proxy_of(host, port)
        is_secure = scheme == "https"
        return Origin(
            scheme,
            host,
            port,
            self._context() if is_secure else None,
            partial(
                self._start_lookup, self._place(host, port) if proxy is None else self._place(proxy.host, proxy.port)
            ),
            via=None if proxy is None else f"{proxy.host}:{proxy.port}",
            tunnel=proxy.tunnel(host, port, self._options.user_agent) if proxy is not None and is_secure else None,
            sources=self._sources,
            rotate=self._options.dns.choose == "round robin",
        )

    def _proxy_of(self, host: str, port: int) -> Proxy | None:
        """A host that has been given another place is not asked through the proxy: it would not know that place."""
        if self._proxy is None or host in self._direct or self._hosts.find(host, port) is not None:
            return None
        return self._proxy

    def _place(self, host: str, port: int) -> Place:
        return self._hosts.find(host, port) or Place(host, port)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = make_context(self._options.tls)
        return self._tls

    # Addresses

    def _start_lookup(self, place: Place, origin: Origin) -> None:
        host, port = place.host, origin.port if place.port is None else place.port
        address = pack_literal(host, port) if place.path is None else pack_unix(place.path)
        if address is not None:
            origin.resolved([address])
            return
        task = self._loop.create_task(self._look_up(host, port, origin))
        self._lookups.add(task)
        task.add_done_callback(self._lookups.discard)

    async def _look_up(self, host: str, port: int, origin: Origin) -> None:
        dns = self._options.dns
        family = _ONLY.get(dns.families, socket.AF_UNSPEC)
        try:
            found = await self._loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        except OSError as error:
            origin.unresolved(error)
            return
        except UnicodeError as error:
            origin.unresolved(socket.gaierror(socket.EAI_NONAME, str(error)))
            return
        addresses = _usable(found, dns)
        if addresses:
            origin.resolved(addresses, _until_ns(dns))
        else:
            origin.unresolved(socket.gaierror(socket.EAI_NONAME, "no address of a family that can be used"))


def _usable(found: list[Any], dns: DNS) -> list[SocketAddress]:
    """Return the addresses of the families that are wanted, as the resolver has ordered them."""
    addresses = [packed for family, *_, address in found if (packed := pack_address(family, address)) is not None]
    preferred = _PREFERRED.get(dns.families)
    return [one for one in addresses if one[0] == preferred] or addresses


def _until_ns(dns: DNS) -> int:
    return _NEVER if dns.ttl_ns is None else now_ns() + dns.ttl_ns
