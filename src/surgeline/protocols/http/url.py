"""URLs as scripts write them, turned into where to connect and what to ask for. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlencode, urljoin, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:%-]+")
"""What RFC 3986 3.2.2 lets a host be made of."""
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
    """Without user, password and fragment."""
    user_info: bytes | None = None
    """`user:password`, when the URL holds it."""


def parse_url(url: str, base: str | None = None, params: Params | None = None) -> Target:
    """Return what a URL points to, resolved against `base`, with `params` added to its query.

    Raises ValueError when it is not an absolute http or https URL by then.
    """
    _refuse_bad_text(url)
    if base is not None and not is_absolute(url):
        _refuse_bad_text(base)
        url = _join(base, url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"expected a URL, found {url!r}: {error}") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(_explain(url, base))
    host = _ascii_host(parts.hostname, url)
    shown = f"[{host}]" if ":" in host else host
    default = _DEFAULT_PORTS[parts.scheme]
    authority = shown if port in (None, default) else f"{shown}:{port}"
    path = quote(parts.path or "/", safe=_KEEP_IN_PATH)
    query = "&".join(part for part in (quote(parts.query, safe=_KEEP_IN_QUERY), encode_form(params)) if part)
    whole = f"{path}?{query}" if query or "?" in url.partition("#")[0] else path
    shown_url = f"{parts.scheme}://{authority}{whole}"
    return Target(parts.scheme, host, default if port is None else port, whole, authority, shown_url, _user_info(parts))


def is_absolute(url: str) -> bool:
    """Whether it begins with a scheme and `//`, whichever scheme that is."""
    return _SCHEME.match(url) is not None


def _refuse_bad_text(url: object) -> None:
    """Before it is taken apart: that would leave some of what ends a line out, unseen."""
    if not isinstance(url, str):
        raise ValueError(f"expected a URL as text, found {url!r}")
    if any(character <= " " or character == "\x7f" or "\ud800" <= character <= "\udfff" for character in url):
        raise ValueError(f"expected a URL without spaces, control characters and lone surrogates, found {url!r}")


def _join(base: str, url: str) -> str:
    """A base with a path keeps it: `http://host/api` and `/users` give `http://host/api/users`."""
    if url.startswith("//"):
        return urljoin(base, url)
    if not url or url.startswith("?"):
        return base + url
    return base.rstrip("/") + "/" + url.removeprefix("/")


def _user_info(parts: SplitResult) -> bytes | None:
    user_info, at, _ = parts.netloc.rpartition("@")
    if not at:
        return None
    return unquote_to_bytes(user_info if ":" in user_info else user_info + ":")


def encode_form(params: Params | None, option: str = "params") -> str:
    """Return names and values as a query or a form; a list gives a name once for each item, None leaves it out."""
    if not params:
        return ""
    if isinstance(params, str | bytes) or not isinstance(params, Iterable):
        raise _no_pairs(option, params)
    pairs = params.items() if isinstance(params, Mapping) else params
    try:
        return urlencode([(name, value) for name, value in pairs if value is not None], doseq=True)
    except UnicodeEncodeError:
        raise ValueError(f"{option}: expected text without lone surrogates, found {params!r}") from None
    except (TypeError, ValueError):
        raise _no_pairs(option, params) from None


def _no_pairs(option: str, params: object) -> TypeError:
    return TypeError(f"{option}: expected a mapping or pairs of names and values, found {params!r}")


def _ascii_host(host: str, url: str) -> str:
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_host = ""
    if not _HOST.fullmatch(ascii_host):
        raise ValueError(f"expected a URL with a host name, found {url!r}")
    return ascii_host


def _explain(url: str, base: str | None) -> str:
    if not is_absolute(url) and base is None:
        return (
            f"expected an absolute URL such as http://127.0.0.1:8080/path, found {url!r}; "
            "give base_url= to the scenario or --base-url to make it one"
        )
    return f"expected an http:// or https:// URL with a host, found {url!r}"
