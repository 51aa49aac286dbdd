"""Where requests go: one origin for each scheme, host and port, its addresses looked up off the hot path."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress

from surgeline._native.http1 import Origin
from surgeline.protocols.http.url import parse_url

SocketAddress = tuple[int, bytes]


class Origins:
    """The origins of a run. Verified TLS unless `insecure`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, insecure: bool = False) -> None:
        self._loop = loop
        self._insecure = insecure
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
            tls = self._context() if scheme == "https" else None
            origin = self._origins[key] = Origin(scheme, host, port, tls, self._start_lookup)
        return origin

    def _start_lookup(self, origin: Origin) -> None:
        address = _pack_literal(origin.host, origin.port)
        if address is not None:
            origin.resolved([address])
            return
        task = self._loop.create_task(self._look_up(origin))
        self._lookups.add(task)
        task.add_done_callback(self._lookups.discard)

    async def _look_up(self, origin: Origin) -> None:
        try:
            found = await self._loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except OSError as error:
            origin.unresolved(error)
            return
        except UnicodeError as error:
            origin.unresolved(socket.gaierror(socket.EAI_NONAME, str(error)))
            return
        addresses = [packed for family, *_, address in found if (packed := pack_address(family, address)) is not None]
        if addresses:
            origin.resolved(addresses)
        else:
            origin.unresolved(socket.gaierror(socket.EAI_NONAME, "no address of a family that can be used"))

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
            if self._insecure:
                self._tls.check_hostname = False
                self._tls.verify_mode = ssl.CERT_NONE
        return self._tls


def _pack_literal(host: str, port: int) -> SocketAddress | None:
    """Return the address that a host is, if it is one: no name to look up."""
    with suppress(OSError):
        return int(socket.AF_INET), _pack_ipv4(host, port)
    with suppress(OSError):
        return int(socket.AF_INET6), _pack_ipv6(host, port, 0, 0)
    return None


def _pack_ipv4(host: str, port: int) -> bytes:
    packed = socket.inet_pton(socket.AF_INET, host)
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + packed + bytes(8)


def _pack_ipv6(host: str, port: int, flow: int, scope: int) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, host)
    return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, flow) + packed + struct.pack("=I", scope)


_PACK: dict[int, Callable[..., bytes]] = {socket.AF_INET: _pack_ipv4, socket.AF_INET6: _pack_ipv6}


def pack_address(family: int, address: tuple[object, ...]) -> SocketAddress | None:
    """Return (family, struct sockaddr as bytes), or None for a family that is not IP."""
    pack = _PACK.get(family)
    if pack is None:
        return None
    host, *rest = address
    assert isinstance(host, str)
    return int(family), pack(host.partition("%")[0], *rest)  # the scope after % is in `rest` as a number
