"""The options of the HTTP client, checked when they are given. Must not know sockets, files or connections.

Nothing is read from the environment: `http_proxy` and its like are for programs that want to arrive, whichever way. A
load that went through a proxy without anybody saying so would measure the proxy.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from surgeline.errors import OptionError
from surgeline.judge.refusals import either
from surgeline.protocols.http.addresses import local_addresses
from surgeline.protocols.http.hosts import HostOverrides
from surgeline.protocols.http.proxies import DirectHosts, parse_proxy
from surgeline.protocols.http.request import refuse_bad_fields
from surgeline.schedule.duration import parse_duration
from surgeline.schedule.numbers import whole
from surgeline.script.explained import explained

Connections = Literal["keep", "iteration", "request"]
TLSVersion = Literal["1.0", "1.1", "1.2", "1.3"]
Families = Literal["any", "4", "6", "prefer 4", "prefer 6"]
Choice = Literal["round robin", "first"]
FilePath = str | PathLike[str]
Kind = TypeVar("Kind")

TLS_VERSIONS: tuple[TLSVersion, ...] = get_args(TLSVersion)
KIB = 1024
MIB = 1024 * KIB
_MOST_COUNT = 1_000_000
_MOST_BYTES = 1 << 40
_UNITS = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 10**9, "KIB": KIB, "MIB": MIB, "GIB": 1024 * MIB}


def _explained(kind: type[Kind]) -> type[Kind]:
    """Let a wrong option be answered as one of any other declaration."""
    kind.__init__ = explained(kind.__name__)(kind.__init__)  # type: ignore[method-assign]
    return kind


@dataclass(frozen=True, slots=True, init=False)
class HttpLimits:
    """What a response may hold before it is an error: numbers, and sizes in bytes or as `"128MiB"`."""

    head_bytes: int
    """The status line and all header fields."""
    line_bytes: int
    """One of these lines."""
    headers: int
    """Header fields."""
    interim: int
    """Responses of status 1xx before the one that counts."""
    body_bytes: int
    """The body as it is sent, without the chunked framing."""
    chunk_extension_bytes: int
    """All chunk extensions together."""
    trailer_bytes: int
    decoded_bytes: int
    """The body without its Content-Encoding."""
    event_bytes: int
    """One event of an event stream."""

    @explained("HttpLimits")
    def __init__(
        self,
        *,
        head_bytes: int | str = 256 * KIB,
        line_bytes: int | str = 64 * KIB,
        headers: int = 256,
        interim: int = 16,
        body_bytes: int | str = 128 * MIB,
        chunk_extension_bytes: int | str = 16 * KIB,
        trailer_bytes: int | str = 64 * KIB,
        decoded_bytes: int | str = 128 * MIB,
        event_bytes: int | str = MIB,
    ) -> None:
        _set(self, headers=whole(headers, "headers", 1, _MOST_COUNT), interim=whole(interim, "interim", 0, _MOST_COUNT))
        _set(self, head_bytes=parse_size(head_bytes, "head_bytes"), line_bytes=parse_size(line_bytes, "line_bytes"))
        _set(self, body_bytes=parse_size(body_bytes, "body_bytes", least=0))
        _set(self, chunk_extension_bytes=parse_size(chunk_extension_bytes, "chunk_extension_bytes", least=0))
        _set(self, trailer_bytes=parse_size(trailer_bytes, "trailer_bytes", least=0))
        _set(self, decoded_bytes=parse_size(decoded_bytes, "decoded_bytes", least=0))
        _set(self, event_bytes=parse_size(event_bytes, "event_bytes"))


@_explained
@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """How servers are trusted over TLS, and how we say who we are. Files are PEM, found from the script's folder.

    - `ca`: a file, or a folder of files (`.pem`, `.crt`, `.cer`), of the authorities trusted instead of the system's.
    - `cert`, `key`: our certificate, with those between it and its authority, and its private key; without `key`, the
      file of `cert` holds both.
    - `password`: what the key is encrypted with.
    - `min_version`, `max_version`: "1.2" or "1.3"; "1.0" and "1.1" are spoken only when one of these asks for them.
    - `ciphers`: those of TLS 1.2 and older, as `openssl ciphers` takes them; TLS 1.3 has its own, always all of them.
    - `verify`: whether servers have to show who they are.
    - `resume`: whether a user's connection takes up the TLS session of its last one to the same host, as browsers do.
      Else each makes a full handshake, which is what costs servers most.
    """

    ca: FilePath | None = None
    cert: FilePath | None = None
    key: FilePath | None = None
    password: str | None = field(default=None, repr=False)
    min_version: TLSVersion | None = None
    max_version: TLSVersion | None = None
    ciphers: str | None = None
    verify: bool = True
    resume: bool = False

    def __post_init__(self) -> None:
        for name in ("ca", "cert", "key"):
            _check_given(name, getattr(self, name), _is_path, 'a path such as "ca.pem"')
        _check_given("ciphers", self.ciphers, _is_text, 'a text such as "ECDHE+AESGCM"')
        for name in ("min_version", "max_version"):
            _check_given(name, getattr(self, name), TLS_VERSIONS.__contains__, _one_of(TLS_VERSIONS))
        if self.password is not None and not isinstance(self.password, str):
            raise OptionError(f"password: expected a text, found {type(self.password).__name__}")
        _check_switches(self, "verify", "resume")
        if self.key is not None and self.cert is None:
            raise OptionError("key: expected cert beside it, the certificate that the key is for, found none")
        if self.password is not None and self.cert is None:
            raise OptionError("password: expected cert beside it, whose key is encrypted, found none")
        if self.min_version and self.max_version and self.min_version > self.max_version:
            raise OptionError(
                f"min_version: expected at most max_version ({self.max_version!r}), found {self.min_version!r}"
            )

    def found_from(self, folder: Path) -> "TLS":
        """Return the same with its files found from a folder."""
        paths = {name: getattr(self, name) for name in ("ca", "cert", "key")}
        return replace(self, **{name: folder / path for name, path in paths.items() if path is not None})


@_explained
@dataclass(frozen=True, slots=True, kw_only=True)
class DNS:
    """How names of hosts become addresses.

    - `ttl`: how long addresses are used before the name is looked up again, such as "5m"; None or "forever": looked up
      once. New connections use the old addresses until the new ones are there, and where the look-up fails. 0: each new
      connection waits for a look-up of its own.
    - `families`: "any"; "4" or "6" alone; "prefer 4" or "prefer 6": the others only where a name has none of them.
    - `choose`: "round robin" takes the next address for each connection, "first" the first that lets us connect.
    """

    ttl: str | float | None = "5m"
    families: Families = "any"
    choose: Choice = "round robin"

    def __post_init__(self) -> None:
        _in_ns(self.ttl)
        _check("families", self.families, get_args(Families).__contains__, _one_of(get_args(Families)))
        _check("choose", self.choose, get_args(Choice).__contains__, _one_of(get_args(Choice)))

    @property
    def ttl_ns(self) -> int | None:
        """None: for ever."""
        return _in_ns(self.ttl)


def _in_ns(ttl: str | float | None) -> int | None:
    return None if ttl is None or ttl == "forever" else parse_duration(ttl, "ttl")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """The options of the HTTP client of a run; the declaration `http_options` says what each means."""

    timeout: str | float = 60
    redirects: int = 10
    keep_cookies: bool = False
    connections: Connections = "keep"
    discard_bodies: bool = False
    user_agent: str = "surgeline"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    batch: int = 20
    batch_per_host: int = 6
    limits: HttpLimits = field(default_factory=HttpLimits)
    tls: TLS = field(default_factory=TLS)
    dns: DNS = field(default_factory=DNS)
    hosts: Mapping[str, str] = field(default_factory=dict)
    local_addresses: Sequence[str] = ()
    proxy: str | None = field(default=None, repr=False)
    no_proxy: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.timeout_ns:
            raise OptionError(f"timeout: expected a duration above 0, found {self.timeout!r}")
        whole(self.redirects, "redirects", 0, _MOST_COUNT)
        whole(self.batch, "batch", 1, _MOST_COUNT)
        whole(self.batch_per_host, "batch_per_host", 1, _MOST_COUNT)
        _check_switches(self, "keep_cookies", "discard_bodies")
        _check("connections", self.connections, get_args(Connections).__contains__, _one_of(get_args(Connections)))
        _check("user_agent", self.user_agent, _is_line, "a text of one line")
        for kind, name in ((HttpLimits, "limits"), (TLS, "tls"), (DNS, "dns")):
            if not isinstance(getattr(self, name), kind):
                raise OptionError(f"{name}: expected {kind.__name__}(...), found {getattr(self, name)!r}")
        _set(self, headers=_table(self.headers, "headers", _is_line), hosts=_table(self.hosts, "hosts", _is_text))
        _set(self, local_addresses=_texts(self.local_addresses, "local_addresses"))
        _set(self, no_proxy=_texts(self.no_proxy, "no_proxy"))
        self._check_fields()
        self._check_places()

    def _check_fields(self) -> None:
        try:
            refuse_bad_fields({**self.headers, "User-Agent": self.user_agent})
        except ValueError as error:
            raise OptionError(str(error)) from None

    def _check_places(self) -> None:
        HostOverrides(self.hosts)
        local_addresses(self.local_addresses)
        DirectHosts(self.no_proxy)
        if self.proxy is not None:
            parse_proxy(self.proxy)
        elif self.no_proxy:
            raise OptionError(f"no_proxy: expected proxy beside it, found none; no_proxy is {', '.join(self.no_proxy)}")

    def found_from(self, folder: Path) -> "HttpOptions":
        """Return the same with the files of TLS found from a folder."""
        return replace(self, tls=self.tls.found_from(folder))

    def insecure(self) -> "HttpOptions":
        """Return the same without a look at servers' certificates."""
        return replace(self, tls=replace(self.tls, verify=False))

    @property
    def timeout_ns(self) -> int:
        """Nanoseconds for a whole call, at least one."""
        return parse_duration(self.timeout, "timeout")


def changed(options: Any, default: Any) -> dict[str, Any]:
    """Return the options that differ from others of the same kind, those of a part as `tls.verify`."""
    found: dict[str, Any] = {}
    for each in fields(options):
        value, other = getattr(options, each.name), getattr(default, each.name)
        if isinstance(value, HttpLimits | TLS | DNS):
            found |= {f"{each.name}.{name}": one for name, one in changed(value, other).items()}
        elif value != other:
            found[each.name] = value
    return found


def parse_size(value: int | str, option: str, least: int = 1) -> int:
    """Return bytes, of a number or of a text such as "128MiB" or "1.5 MB". Raises OptionError naming the option."""
    size = value
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKmMgG]?i?B?)", value.strip())):
        unit = _UNITS.get(match[2].upper())
        size = value if unit is None else round(float(match[1]) * unit)
    if isinstance(size, bool) or not isinstance(size, int) or not least <= size <= _MOST_BYTES:
        raise OptionError(
            f'{option}: expected bytes, from {least:,} to {_MOST_BYTES:,}, or a size such as "128MiB", found {value!r}'
        )
    return size


def _set(target: object, **values: object) -> None:
    """Set fields of an instance that is frozen, while it is made."""
    for name, value in values.items():
        object.__setattr__(target, name, value)


def _one_of(values: Sequence[str]) -> str:
    return either([f'"{value}"' for value in values])


def _check(name: str, value: object, is_right: Callable[[Any], bool], expected: str) -> None:
    if not is_right(value):
        raise OptionError(f"{name}: expected {expected}, found {value!r}")


def _check_given(name: str, value: object, is_right: Callable[[Any], bool], expected: str) -> None:
    if value is not None:
        _check(name, value, is_right, expected)


def _check_switches(options: object, *names: str) -> None:
    for name in names:
        if not isinstance(getattr(options, name), bool):
            raise OptionError(f"{name}: expected True or False, found {getattr(options, name)!r}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_line(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_path(value: object) -> bool:
    return isinstance(value, str | PathLike) and isinstance(path := fspath(value), str) and path != ""


def _table(value: object, name: str, is_right: Callable[[Any], bool]) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(_is_text(key) and is_right(one) for key, one in value.items()):
        raise OptionError(f"{name}: expected a mapping of texts, found {value!r}")
    return dict(value)


def _texts(value: object, name: str) -> tuple[str, ...]:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list | tuple) or not all(_is_text(one) for one in several):
        raise OptionError(f"{name}: expected a text or a list of texts, found {value!r}")
    return tuple(several)
