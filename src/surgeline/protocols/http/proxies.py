"""HTTP proxies: what an option says of them, and what is said to them (RFC 9110 7.6 and 9.3.6). Pure."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import unquote_to_bytes, urlsplit

from surgeline.errors import OptionError

_DEFAULT_PORT = 80
_EXAMPLE = "http://user:password@proxy.example.com:3128"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is spoken to over plain TCP."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)
    """The value of Proxy-Authorization."""

    def tunnel(self, host: str, port: int, user_agent: str) -> bytes:
        """Return the request for a tunnel to a host: RFC 9110 9.3.6."""
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        lines += [f"User-Agent: {user_agent}"] if user_agent else []
        lines += [f"Proxy-Authorization: {self.authorization}"] if self.authorization else []
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parse_proxy(url: object) -> Proxy:
    """Return the proxy that `http://user:password@host:port` names; its port is 80 unless given.

    Raises OptionError for anything else, without showing the password.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        port = parts.port
    except ValueError as error:
        raise _no_proxy(url, f": {error}") from None
    if parts.scheme != "http" or not parts.hostname:
        raise _no_proxy(url, "; proxies are spoken to over http:// alone, also for https:// URLs")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _no_proxy(url, "; a proxy has no path")
    login, at, _ = parts.netloc.rpartition("@")
    return Proxy(parts.hostname, _DEFAULT_PORT if port is None else port, _authorization(login) if at else None)


def _authorization(login: str) -> str:
    name, _, password = login.partition(":")
    return "Basic " + b64encode(unquote_to_bytes(name) + b":" + unquote_to_bytes(password)).decode()


def _no_proxy(url: object, why: str) -> OptionError:
    from surgeline.store.redact import redact_urls  # noqa: PLC0415 - for who makes this mistake

    shown = redact_urls(url) if isinstance(url, str) else url
    return OptionError(f"proxy: expected a URL such as {_EXAMPLE}, found {shown!r}{why}")


class DirectHosts:
    """The hosts that are asked without the proxy: names, `.suffix`, `*`, addresses and networks."""

    def __init__(self, entries: Sequence[str]) -> None:
        """Raises OptionError for what is none of these."""
        self._names = frozenset(_checked(entry) for entry in entries if "/" not in entry)
        self._networks = [_network(entry) for entry in entries if "/" in entry]

    def __contains__(self, host: str) -> bool:
        if "*" in self._names or host in self._names:
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return any(name.startswith(".") and host.endswith(name) for name in self._names)
        return str(address) in self._names or any(address in network for network in self._networks)


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(entry.strip(), strict=False)
    except ValueError:
        raise _no_entry(entry) from None


def _checked(entry: str) -> str:
    """Return a name in lower case, and an address as Python writes it."""
    entry = entry.strip().lower()
    try:
        return str(ip_address(entry.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if not entry or ("*" in entry and entry != "*") or any(one <= " " or one in ":@[]" for one in entry):
        raise _no_entry(entry)
    return entry


def _no_entry(entry: str) -> OptionError:
    return OptionError(
        f'no_proxy: expected a host name, ".example.com" (all below it), "*", an IP address or a network such as '
        f'"10.0.0.0/8", found {entry!r}'
    )
