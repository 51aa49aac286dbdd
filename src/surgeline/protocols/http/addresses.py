"""Addresses as texts, and as the system's `struct sockaddr`: hosts with ports, sockets in the file system, ranges.

Must not look names up, nor know of requests.
"""

import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

from surgeline.errors import OptionError

SocketAddress = tuple[int, bytes]
"""An address family and a `struct sockaddr` of it."""
MOST_LOCAL_ADDRESSES = 65_536
MOST_PORT = 65_535
_LONGEST_UNIX_PATH = 107
"""What `sockaddr_un` holds beside the zero at its end: unix(7)."""
_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Place:
    """Where connections go: a host (a name or an address) and its port, or the path of a Unix socket."""

    host: str
    port: int | None = None
    """None for the port that the URL says."""
    path: str | None = None


def parse_place(text: object, option: str) -> Place:
    """Return what `host`, `host:port`, `[::1]:8080` or `unix:/path` names. Raises OptionError naming the option."""
    if isinstance(text, str) and text.startswith(_UNIX):
        return Place("", path=_checked_path(text.removeprefix(_UNIX), option))
    parts = split_port(text) if isinstance(text, str) else None
    if parts is None or "*" in parts[0]:
        raise OptionError(f'{option}: expected "host", "host:port" or "unix:/path", found {text!r}')
    return Place(*parts)


def split_port(text: str) -> tuple[str, int | None] | None:
    """Return (host, port) of `host:port`, `[::1]:8080` and the same without a port; None for what is neither."""
    if is_literal(text):
        return text, None
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host = text
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if not is_literal(host):
            return None
    elif ":" in host:
        return None
    if not host or any(character <= " " or character in "/?#@\x7f" for character in host):
        return None
    if not colon:
        return host, None
    return (host, int(port)) if port.isdecimal() and port.isascii() and 0 < int(port) <= MOST_PORT else None


def is_literal(host: str) -> bool:
    """Is it an address, with no name to look up?"""
    return pack_literal(host, 0) is not None


def _checked_path(path: str, option: str) -> str:
    if not path or "\0" in path:
        raise OptionError(f'{option}: expected a path, such as "unix:/run/app.sock", found {path!r}')
    if (size := len(path.encode())) > _LONGEST_UNIX_PATH:
        raise OptionError(
            f"{option}: expected a path of at most {_LONGEST_UNIX_PATH} bytes, which is what a socket's address holds, "
            f"found {size} in {path!r}; a symbolic link makes it shorter"
        )
    return path


# Local addresses


def local_addresses(texts: Iterable[str]) -> list[SocketAddress]:
    """Return the addresses that `10.0.0.1`, `10.0.0.1-10.0.0.9` and `10.0.0.0/28` name, with port 0, for bind().

    As in k6, an IPv4 network of more than two addresses is without its first and last, which name the network itself
    and everybody in it. Raises OptionError for what is no address, and for more than `MOST_LOCAL_ADDRESSES`.
    """
    found: list[SocketAddress] = []
    for text in texts:
        first, last = _range(text)
        if len(found) + int(last) - int(first) >= MOST_LOCAL_ADDRESSES:
            raise OptionError(
                f"local_addresses: expected at most {MOST_LOCAL_ADDRESSES:,} in all, found more with {text!r}"
            )
        found.extend(_numbered(first, last))
    return found


def _range(text: object) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]:
    try:
        first, last = _ends(str(text))
    except ValueError:
        raise _no_range(text) from None
    if first.version != last.version or int(last) < int(first) or "%" in str(text):
        raise _no_range(text)
    return first, last


def _ends(text: str) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]:
    if "/" in text:
        network = ip_network(text.strip(), strict=False)
        reserved = 1 if isinstance(network, IPv4Network) and network.num_addresses > 2 else 0
        return network[reserved], network[-1 - reserved]
    first, dash, last = text.partition("-")
    return ip_address(first.strip()), ip_address(last.strip() if dash else first.strip())


def _no_range(text: object) -> OptionError:
    return OptionError(
        'local_addresses: expected an IP address, a range such as "10.0.0.1-10.0.0.9" or a network such as '
        f'"10.0.0.0/28", found {text!r}'
    )


def _numbered(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> Iterator[SocketAddress]:
    kind = type(first)
    for number in range(int(first), int(last) + 1):
        packed = pack_literal(str(kind(number)), 0)
        assert packed is not None
        yield packed


def refuse_foreign(addresses: Iterable[SocketAddress]) -> None:
    """Raise OptionError for an address that this machine does not have."""
    for family, packed in addresses:
        host = _host(family, packed)
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.bind((host, 0))
        except OSError as error:
            raise OptionError(
                f"local_addresses: expected addresses of this machine, found {host}: {error.strerror}; "
                "`ip address` lists them"
            ) from None


# struct sockaddr


def pack_address(family: int, address: tuple[object, ...]) -> SocketAddress | None:
    """Return an address as getaddrinfo gives it; None for a family that is not IP."""
    pack = _PACK.get(family)
    if pack is None:
        return None
    host, *rest = address
    assert isinstance(host, str)
    return int(family), pack(host.partition("%")[0], *rest)  # the scope after % is in `rest` as a number


def pack_literal(host: str, port: int) -> SocketAddress | None:
    """Return the address that a host is, if it is one: no name to look up."""
    with suppress(OSError, ValueError):
        return int(socket.AF_INET), _pack_ipv4(host, port)
    with suppress(OSError, ValueError):
        return int(socket.AF_INET6), _pack_ipv6(host, port, 0, 0)
    return None


def pack_unix(path: str) -> SocketAddress:
    """Return the address of a socket in the file system; `parse_place` has seen that it is short enough."""
    return int(socket.AF_UNIX), struct.pack("=H", socket.AF_UNIX) + path.encode() + b"\0"


def _pack_ipv4(host: str, port: int) -> bytes:
    packed = socket.inet_pton(socket.AF_INET, host)
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + packed + bytes(8)


def _pack_ipv6(host: str, port: int, flow: int, scope: int) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, host)
    return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, flow) + packed + struct.pack("=I", scope)


_PACK: dict[int, Callable[..., bytes]] = {socket.AF_INET: _pack_ipv4, socket.AF_INET6: _pack_ipv6}


def _host(family: int, packed: bytes) -> str:
    return socket.inet_ntop(family, packed[4:8] if family == socket.AF_INET else packed[8:24])
