"""Content codings (RFC 9110 8.4): request bodies are encoded, response bodies decoded, in pieces of bounded size.

Brotli (RFC 7932) and Zstandard (RFC 8878) need packages that are installed with `surgeline[compression]`; they are
imported when the first body needs them. Knows nothing of requests and connections.
"""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

MOST_CODINGS = 5

MOST_MEMBERS = 10_000
"""Members or frames of one body: beginning one costs the more time the less it holds."""

_PIECE = 64 * 1024
"""Bytes decoded at a time."""

_SLICE = 16 * 1024
"""Bytes of input at a time: what follows a member is copied with each, so that many small ones cost much otherwise."""

_BROTLI_QUALITY = 5
"""As servers use for what they make per request; the default, 11, is for files that are encoded once."""

_ZSTD_WINDOW_LOG = 23
"""The window that every decoder of HTTP must have, and need not exceed: 8 MiB (RFC 9659)."""


class DecodeError(ValueError):
    """A body cannot be decoded: an unknown coding, or a body that is cut, corrupt or too large."""


class _Member(Protocol):
    """Decodes one member (gzip) or frame (zstd), as the decompressors of the standard library do."""

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether `decompress` has nothing more to return for what it was given."""

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return about `max_length` decoded bytes, if there are as many."""


@dataclass(frozen=True, slots=True)
class _Codec:
    begin: Callable[[bytes], _Member]
    """Makes what decodes a member; given its first bytes, which may tell of what kind it is."""
    error: type[Exception]
    repeats: bool = False
    """Whether members may follow one another."""
    padding: bytes = b""
    """What may fill the space after a member."""


class Decoder:
    """Decodes one body that comes in pieces.

    `content_encoding` is the value of the header field. `limit` is how many bytes each of its codings may decode in
    all. Raises DecodeError for a coding that is unknown or whose package is not installed. Once a method has raised
    DecodeError the decoder is of no more use.
    """

    def __init__(self, content_encoding: str, limit: int) -> None:
        self._stages = [_Stage(coding, limit) for coding in reversed(_split(content_encoding))]

    def feed(self, data: bytes) -> bytes:
        """Return all that these bytes decode to. Raises DecodeError when they are corrupt or decode to too much."""
        pieces: Iterable[bytes] = (data,)
        for stage in self._stages:
            pieces = stage.decode(pieces)
        return b"".join(pieces)

    def finish(self) -> None:
        """Raise DecodeError when more must come; a body without a byte is complete, as that of an answer to HEAD."""
        for stage in self._stages:
            stage.finish()


def is_known(content_encoding: str) -> bool:
    """Whether every coding is one that can be decoded, given its package."""
    return all(coding in _CODECS for coding in _split(content_encoding))


def decode(body: bytes, content_encoding: str, limit: int) -> bytes:
    """Return a whole body decoded; see `Decoder`. Raises DecodeError."""
    decoder = Decoder(content_encoding, limit)
    decoded = decoder.feed(body)
    decoder.finish()
    return decoded


def encode(body: bytes, coding: str) -> bytes:
    """Return a body in one of the CODINGS; the same for the same body.

    Raises ValueError for another coding, ModuleNotFoundError for one whose package is not installed.
    """
    encoder = _ENCODERS.get(coding)
    if encoder is None:
        raise ValueError(f"compression: expected one of {', '.join(CODINGS)}, found {coding!r}")
    return encoder(body)


def _split(content_encoding: str) -> list[str]:
    """Return the codings in the order in which they were applied; `identity` is none."""
    names = [name.strip(" \t").lower() for name in content_encoding.split(",")]
    codings = [name for name in names if name not in {"", "identity"}]
    if len(codings) > MOST_CODINGS:
        raise DecodeError(f"Content-Encoding: expected at most {MOST_CODINGS} codings, found {content_encoding!r}")
    return codings


class _Stage:
    """One coding of a body."""

    def __init__(self, coding: str, limit: int) -> None:
        if coding not in _CODECS:
            raise DecodeError(f"Content-Encoding: expected one of {', '.join(_CODECS)}, found {coding!r}")
        try:
            self._codec = _CODECS[coding]()
        except ModuleNotFoundError as error:
            raise DecodeError(f"Content-Encoding: {error}") from None
        self._coding = coding
        self._limit = limit
        self._size = 0
        self._member: _Member | None = None
        self._members = 0

    def decode(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield what these pieces decode to, each time no more than a piece."""
        for data in pieces:
            for at in range(0, len(data), _SLICE):
                yield from self._decode_slice(data[at : at + _SLICE])

    def finish(self) -> None:
        """Raise DecodeError in the middle of a member."""
        if self._member is not None and not self._member.eof:
            raise DecodeError(
                f"{self._coding}: expected the rest of a body that is cut after {self._size:,} bytes decoded"
            )

    def _decode_slice(self, data: bytes) -> Iterator[bytes]:
        while data := self._skip_padding(data):
            member = self._member_for(data)
            yield self._decompress(member, data)
            while not (member.eof or member.needs_input):
                yield self._decompress(member, b"")
            data = member.unused_data if member.eof else b""

    def _skip_padding(self, data: bytes) -> bytes:
        is_between = self._member is not None and self._member.eof
        return data.lstrip(self._codec.padding) if is_between else data

    def _member_for(self, data: bytes) -> _Member:
        """Return the member that these bytes go on with, or begin."""
        if self._member is not None and not self._member.eof:
            return self._member
        if self._members and not self._codec.repeats:
            raise DecodeError(f"{self._coding}: expected the end of the body, found {data[:20]!r} after it")
        if self._members == MOST_MEMBERS:
            raise DecodeError(f"{self._coding}: expected at most {MOST_MEMBERS:,} members in a body, found more")
        self._member = self._codec.begin(data)
        self._members += 1
        return self._member

    def _decompress(self, member: _Member, data: bytes) -> bytes:
        room = self._limit - self._size
        try:
            piece = member.decompress(data, min(_PIECE, room + 1))
        except self._codec.error as error:
            raise DecodeError(
                f"{self._coding}: expected a body of this coding, found one that is corrupt after {self._size:,} bytes "
                f"decoded: {error}"
            ) from None
        if len(piece) > room:
            raise DecodeError(f"{self._coding}: expected at most {self._limit:,} bytes decoded, found more")
        self._size += len(piece)
        return piece


class _ZlibMember:
    """zlib's decompressor, as a member."""

    def __init__(self, wbits: int) -> None:
        self._stream = zlib.decompressobj(wbits)
        self._was_full = False

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    @property
    def needs_input(self) -> bool:
        # Not by the unconsumed tail: with none, there may still be output that had no room.
        return not self._was_full

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._stream.decompress(data or self._stream.unconsumed_tail, max_length)
        self._was_full = len(piece) == max_length
        return piece


class _BrotliMember:
    """Brotli's decompressor, as a member; what comes with the end and after it is an error to the library itself."""

    unused_data = b""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._was_full = False

    @property
    def eof(self) -> bool:
        return bool(self._stream.is_finished())

    @property
    def needs_input(self) -> bool:
        # Not by `can_accept_more_data`: it is of input alone, and there may still be output that had no room.
        return not self._was_full

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece: bytes = self._stream.process(data, output_buffer_limit=max_length)
        # It returns a buffer's size more than asked for, so that "full" is no exact number.
        self._was_full = len(piece) >= max_length
        return piece


def _deflate_member(data: bytes) -> _ZlibMember:
    """Begin a zlib stream (RFC 1950), or a deflate stream without its wrapper (RFC 1951), which servers send as well.

    A zlib stream begins with 8 in the lower half of a byte. In deflate that is a stored block whose padding is not
    zero, which nothing makes.
    """
    is_wrapped = data[0] & 0x0F == 8
    return _ZlibMember(zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS)


def _gzip_codec() -> _Codec:
    return _Codec(lambda _: _ZlibMember(16 + zlib.MAX_WBITS), zlib.error, repeats=True, padding=b"\0")


def _deflate_codec() -> _Codec:
    return _Codec(_deflate_member, zlib.error)


def _brotli_codec() -> _Codec:
    brotli = _brotli()
    return _Codec(lambda _: _BrotliMember(brotli.Decompressor()), brotli.error)


def _zstd_codec() -> _Codec:
    zstd = _zstd()
    options = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    return _Codec(lambda _: zstd.ZstdDecompressor(options=options), zstd.ZstdError, repeats=True)


def _brotli() -> Any:
    module = _import("brotli", "br")
    if not hasattr(module.Decompressor, "can_accept_more_data"):
        raise _not_installed("brotli 1.2 or later", "br")
    return module


def _zstd() -> Any:
    return _import("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd", "zstd")


def _import(name: str, coding: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise _not_installed(name, coding) from None


def _not_installed(package: str, coding: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(
        f"{coding}: expected the package {package}, which is not installed; pip install 'surgeline[compression]'"
    )


_CODECS: dict[str, Callable[[], _Codec]] = {
    "gzip": _gzip_codec,
    "x-gzip": _gzip_codec,
    "deflate": _deflate_codec,
    "br": _brotli_codec,
    "zstd": _zstd_codec,
}

_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    # zlib's own gzip header has no time of day in it.
    "gzip": lambda body: zlib.compress(body, wbits=16 + zlib.MAX_WBITS),
    "deflate": zlib.compress,
    "br": lambda body: _brotli().compress(body, quality=_BROTLI_QUALITY),
    "zstd": lambda body: _zstd().compress(body),
}

CODINGS = tuple(_ENCODERS)
"""What `encode` knows."""
