"""What a request came to, as a script sees it. Header fields, text and JSON are made when first looked at; so is a body
that came compressed."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surgeline._native.http_outcomes import RawResponse
from surgeline.protocols.http.json_codec import decoder

if TYPE_CHECKING:
    from surgeline.protocols.http.event_stream import Event

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
    """Waiting for a connection; holds `looking_up`, `connecting` and `tls_handshaking`."""
    looking_up: float
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
    """A response, or a request that failed: then `status` is 0 and `error` and `error_code` say why.

    `size` is how many bytes of the body came, `history` what came before it: redirects, challenges, tries that failed.
    """

    __slots__ = ("_body", "_headers", "_history", "_retries")
    _headers: Headers
    _body: bytes
    _history: "tuple[Response, ...]"
    _retries: int

    @property
    def history(self) -> "tuple[Response, ...]":
        """The answers that came before this one, in their order."""
        return getattr(self, "_history", ())

    @history.setter
    def history(self, before: "tuple[Response, ...]") -> None:
        self._history = before

    @property
    def retries(self) -> int:
        """How often the request was sent again."""
        return getattr(self, "_retries", 0)

    @retries.setter
    def retries(self, times: int) -> None:
        self._retries = times

    @property
    def size(self) -> int:
        """Bytes of the body as they came, without the chunked framing; also of one that was not kept."""
        return self.body_size

    @property
    def body(self) -> bytes:
        """The body, decoded from its Content-Encoding; empty when it was discarded.

        One whose coding nobody knows, "utf-8" say, is as it came. Raises ValueError when it cannot be decoded, and for
        one that is streamed.
        """
        if self.stream is not None:
            raise ValueError(
                f"{self!r}: expected a whole body, found one that is read while it comes: "
                "use chunks(), lines(), events() or await response.read()"
            )
        if not self.is_encoded or not self.raw_body:
            return self.raw_body
        try:
            return self._body
        except AttributeError:
            self._body = self._decoded()
            return self._body

    def _decoded(self) -> bytes:
        from surgeline.protocols.http.compression import DecodeError, decode, is_known  # noqa: PLC0415 - few need it

        if not is_known(self.headers["content-encoding"]):
            return self.raw_body
        try:
            return decode(self.raw_body, self.headers["content-encoding"], self.decoded_bytes)
        except DecodeError as error:
            raise DecodeError(f"{self!r}: {error}") from None

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that this response sets, by name; whether the user keeps them is another matter."""
        pairs = [value.partition(";")[0].partition("=") for value in self.headers.get_all("set-cookie")]
        return {name.strip(): value.strip() for name, equals, value in pairs if equals}

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
        if self.is_discarded:
            raise ValueError(f"{self!r}: expected JSON, found no body: it was discarded, as discard_body asks")
        try:
            return decoder()(self.body)
        except RecursionError:
            raise ValueError("JSON is nested too deeply") from None
        except ValueError as error:
            raise ValueError(f"{self!r}: expected JSON, found {_shown(self.body)}: {error}") from None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the body piece by piece, decoded, while it comes. It ends where the response fails; `error` tells."""
        if self.stream is None:
            if self.raw_body:
                yield self.body
            return
        decoder = self._decoder()
        while piece := await self.stream.read():
            decoded = piece if decoder is None else decoder.feed(piece)
            if decoded:
                yield decoded
        if decoder is not None and self.error is None:
            decoder.finish()

    def _decoder(self) -> Any:
        if not self.is_encoded:
            return None
        from surgeline.protocols.http.compression import Decoder, is_known  # noqa: PLC0415 - few need it

        coding = self.headers["content-encoding"]
        return Decoder(coding, self.decoded_bytes) if is_known(coding) else None

    async def lines(self) -> AsyncIterator[str]:
        """Give the body line by line, as UTF-8, without line ends."""
        parts: list[bytes] = []
        async for chunk in self.chunks():
            first, *others = chunk.split(b"\n")
            parts.append(first)
            for following in others:
                yield b"".join(parts).removesuffix(b"\r").decode("utf-8", "replace")
                parts = [following]
        if rest := b"".join(parts):
            yield rest.decode("utf-8", "replace")

    async def events(self) -> "AsyncIterator[Event]":
        """Give the server-sent events of a text/event-stream. Raises ValueError for one above the limit."""
        from surgeline.protocols.http.event_stream import EventParser  # noqa: PLC0415 - few scripts need it

        parser = EventParser(self.event_bytes)
        async for chunk in self.chunks():
            for event in parser.feed(chunk):
                yield event

    async def read(self) -> bytes:
        """Return the rest of the body."""
        return b"".join([chunk async for chunk in self.chunks()])

    @property
    def timings(self) -> Timings:
        """Where the time went."""
        return Timings(
            blocked=self.blocked_ns / 1e6,
            looking_up=self.looking_up_ns / 1e6,
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
