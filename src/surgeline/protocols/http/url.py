"""URLs as scripts write them, turned into where to connect and what to ask for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urljoin, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEEP_IN_PATH = "/%:@!$&'()*+,;=-._~"
_KEEP_IN_QUERY = _KEEP_IN_PATH + "?[]"

Params = Mapping[str, object] | Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed absolute URL."""

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, as they go into the request line."""
    authority: str
    """What the Host header says."""
    url: str


def parse_url(url: str, base: str | None = None, params: Params | None = None) -> Target:
    """Return what a URL points to, resolved against `base`, with `params` added to its query.

    Raises ValueError when it is not an absolute http or https URL by then.
    """
    if not isinstance(url, str):
        raise ValueError(f"expected a URL as text, found {url!r}")
    if base is not None and "://" not in url:
        url = _join(base, url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"expected a URL, found {url!r}: {error}") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(_explain(url, base))
    if any(character <= " " or character == "\x7f" for character in url):
        raise ValueError(f"expected a URL without spaces and control characters, found {url!r}")
    host = _ascii_host(parts.hostname, url)
    shown = f"[{host}]" if ":" in host else host
    default = _DEFAULT_PORTS[parts.scheme]
    authority = shown if port in (None, default) else f"{shown}:{port}"
    path = quote(parts.path or "/", safe=_KEEP_IN_PATH)
    query = "&".join(part for part in (quote(parts.query, safe=_KEEP_IN_QUERY), _encode(params)) if part)
    whole = f"{path}?{query}" if query else path
    return Target(parts.scheme, host, port or default, whole, authority, f"{parts.scheme}://{authority}{whole}")


def _join(base: str, url: str) -> str:
    """A base with a path keeps it: `http://host/api` and `/users` give `http://host/api/users`."""
    if url.startswith("//"):
        return urljoin(base, url)
    if not url or url.startswith("?"):
        return base + url
    return base.rstrip("/") + "/" + url.removeprefix("/")


def _encode(params: Params | None) -> str:
    if not params:
        return ""
    return urlencode(params if isinstance(params, Mapping) else list(params), doseq=True)


def _ascii_host(host: str, url: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"expected a URL with a host name, found {url!r}") from None


def _explain(url: str, base: str | None) -> str:
    if "://" not in url and base is None:
        return (f"expected an absolute URL such as http://127.0.0.1:8080/path, found {url!r}; "
                "give base_url= to the scenario or --base-url to make it one")
    return f"expected an http:// or https:// URL with a host, found {url!r}"
