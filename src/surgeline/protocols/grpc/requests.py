"""What calls begin with: their header fields, those of a method worked out once. Must not know connections."""

from functools import lru_cache

from surgeline._native.http2_connection import Head, literals
from surgeline.protocols.grpc.metadata import Field, Metadata, as_fields

_USER_AGENT = b"surgeline"
_MOST_DIGITS = 8
_UNITS = (("n", 1), ("u", 10**3), ("m", 10**6), ("S", 10**9), ("M", 60 * 10**9), ("H", 3600 * 10**9))
"""Nanoseconds to hours."""


class Requests:
    """The beginnings of all calls of a client, whose metadata is that of each."""

    def __init__(self, authority: str, *, is_secure: bool, metadata: Metadata | None) -> None:
        """Raises OptionError for metadata that cannot be sent."""
        self._authority = authority.encode()
        self._scheme = b"https" if is_secure else b"http"
        self._metadata = as_fields(metadata) if metadata else {}
        self._heads: dict[tuple[str, frozenset[str]], Head] = {}

    def begin(self, path: str, timeout_ns: int | None, metadata: Metadata | None) -> tuple[Head, bytes]:
        """Return what all calls of a method have, and what this one has beside it, as HPACK writes it.

        `metadata` is the call's own, and goes before the client's. Raises OptionError for what cannot be sent.
        """
        own = b"" if timeout_ns is None else timeout_field(timeout_ns)
        if not metadata:
            return self._head(path, frozenset()), own
        more = as_fields(metadata)
        return self._head(path, frozenset(self._metadata.keys() & more.keys())), own + literals(more.values())

    def _head(self, path: str, without: frozenset[str]) -> Head:
        head = self._heads.get((path, without))
        if head is None:
            head = self._heads[path, without] = Head(self._fields(path, without))
        return head

    def _fields(self, path: str, without: frozenset[str]) -> list[Field]:
        return [
            (b":method", b"POST"),
            (b":scheme", self._scheme),
            (b":path", path.encode()),
            (b":authority", self._authority),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"user-agent", _USER_AGENT),
            *(field for key, field in self._metadata.items() if key not in without),
        ]


@lru_cache
def timeout_field(timeout_ns: int) -> bytes:
    """Return the field that tells the server of a deadline: at most eight digits and a unit, rounded up."""
    unit, size = next(one for one in _UNITS if timeout_ns < 10**_MOST_DIGITS * one[1])
    return literals([(b"grpc-timeout", b"%d%b" % (-(-timeout_ns // size), unit.encode()))])
