"""What a request came to, as a script sees it. Header fields, text and JSON are made when first looked at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surgeline._native.http_outcomes import RawResponse
from surgeline.protocols.http.json_codec import decoder

MOST_SHOWN = 60
"""How much of a body an error message shows."""


class HTTPError(Exception):
    """Raised by `raise_for_status` alone; `response` says all."""

    def __init__(self, message: str, response: "Response") -> None:
        super().__init__(message)
        self.response = response


class Headers(Mapping[str, str]):
    """Header fields by name, in any case; a field that came more than once is joined with commas."""

    __slots__ = ("_fields",)

    def __init__(self, raw: bytes) -> None:
        self._fields: dict[str, list[tuple[str, str]]] = {}
        for line in raw.split(b"\n"):
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                self._fields.setdefault(name.lower(), []).append((name, value.strip(" \t\r")))

    def get_all(self, name: str) -> list[str]:
        """Return every value of a field, in the order they came."""
        return [value for _, value in self._fields.get(name.lower(), [])]

    def __getitem__(self, name: str) -> str:
        return ", ".join(value for _, value in self._fields[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return (fields[0][0] for fields in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of a request went, in milliseconds; k6's names."""

    blocked: float
    """Waiting for a connection; holds `connecting` and `tls_handshaking`."""
    connecting: float
    tls_handshaking: float
    sending: float
    waiting: float
    receiving: float
    duration: float
    """sending + waiting + receiving"""


def _shown(body: bytes) -> str:
    return repr(body) if len(body) <= MOST_SHOWN else f"{body[:MOST_SHOWN]!r} and {len(body) - MOST_SHOWN:,} more bytes"


class Response(RawResponse):
    """A response, or a request that failed: then `status` is 0 and `error` and `error_code` say why."""

    __slots__ = ("_headers",)
    _headers: Headers

    @property
    def headers(self) -> Headers:
        """The header fields."""
        try:
            return self._headers
        except AttributeError:
            self._headers = Headers(self.head)
            return self._headers

    @property
    def text(self) -> str:
        """The body as text, in the charset that Content-Type names, else UTF-8; undecodable bytes are replaced."""
        _, _, charset = self.headers.get("content-type", "").lower().partition("charset=")
        try:
            return self.body.decode(charset.split(";")[0].strip(" \"'") or "utf-8", "replace")
        except (LookupError, ValueError):  # a charset that is not known, or not one of text
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body decoded as JSON. Raises ValueError when it is not JSON."""
        try:
            return decoder()(self.body)
        except RecursionError:
            raise ValueError("JSON is nested too deeply") from None
        except ValueError as error:
            raise ValueError(f"{self!r}: expected JSON, found {_shown(self.body)}: {error}") from None

    @property
    def timings(self) -> Timings:
        """Where the time went."""
        return Timings(
            blocked=self.blocked_ns / 1e6,
            connecting=self.connecting_ns / 1e6,
            tls_handshaking=self.tls_ns / 1e6,
            sending=self.sending_ns / 1e6,
            waiting=self.waiting_ns / 1e6,
            receiving=self.receiving_ns / 1e6,
            duration=(self.sending_ns + self.waiting_ns + self.receiving_ns) / 1e6,
        )

    def raise_for_status(self) -> "Response":
        """Return the response itself. Raises HTTPError when the request failed."""
        if not self.ok:
            raise HTTPError(f"{self.url}: {self.error or f'status {self.status}'}", self)
        return self

    def __repr__(self) -> str:
        return f"<Response {self.error or self.status} {self.url}>"
