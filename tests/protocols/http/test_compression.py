"""Content codings: what other encoders make is decoded, whatever it is split into, and bombs stop at their limit."""

import contextlib
import gzip
import sys
import tracemalloc
import zlib
from importlib import import_module
from types import SimpleNamespace

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.protocols.http.compression import CODINGS, MOST_MEMBERS, DecodeError, Decoder, decode, encode

ZSTD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
zstd = import_module(ZSTD)

MIB = 1024 * 1024
TEXT = b"The quick brown fox jumps over the lazy dog. " * 5000


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


def skippable(content: bytes) -> bytes:
    """Return a frame that holds no data (RFC 8878 3.1.2)."""
    return b"\x5a\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


# By the libraries themselves, not by our `encode`.
MEMBERS = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "gzip in capitals": ("GZip", gzip.compress(TEXT)),
    "x-gzip": ("x-gzip", gzip.compress(TEXT)),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate, a small window": ("deflate", zlib.compress(TEXT, wbits=9)),
    "deflate without a wrapper": ("deflate", raw_deflate(TEXT)),
    "deflate without a wrapper, stored": ("deflate", zlib.compress(TEXT, 0, wbits=-15)),
    "br": ("br", brotli.compress(TEXT)),
    "zstd": ("zstd", zstd.compress(TEXT)),
    "zstd, the best": ("zstd", zstd.compress(TEXT, 19)),
}
SEVERAL = {
    "gzip, two members": ("gzip", gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:])),
    "gzip, one of nothing": ("gzip", gzip.compress(TEXT) + gzip.compress(b"")),
    "gzip, zeros behind": ("gzip", gzip.compress(TEXT) + b"\0" * 40_000),
    "gzip, zeros between": ("gzip", gzip.compress(TEXT[:9]) + b"\0\0" + gzip.compress(TEXT[9:])),
    "zstd, two frames": ("zstd", zstd.compress(TEXT[:999]) + zstd.compress(TEXT[999:])),
    "zstd, skippable frames": ("zstd", skippable(b"abc") + zstd.compress(TEXT) + skippable(b"") + skippable(TEXT)),
    "two codings": ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
    "codings with spaces": (" gzip\t,, br ,identity,", brotli.compress(gzip.compress(TEXT))),
    "five codings": ("gzip,br,zstd,deflate,gzip",
                     gzip.compress(zlib.compress(zstd.compress(brotli.compress(gzip.compress(TEXT)))))),
    "identity": ("identity", TEXT),
    "no coding": ("", TEXT),
}  # fmt: skip
BODIES = MEMBERS | SEVERAL


@pytest.mark.parametrize("kind", BODIES)
def test_decoded(kind):
    coding, body = BODIES[kind]
    assert decode(body, coding, len(TEXT)) == TEXT


@pytest.mark.parametrize("kind", BODIES)
def test_decoded_byte_by_byte(kind):
    coding, body = BODIES[kind]
    decoder = Decoder(coding, len(TEXT))
    assert b"".join(decoder.feed(body[at : at + 1]) for at in range(len(body))) == TEXT
    decoder.finish()


@pytest.mark.parametrize("kind", BODIES)
def test_all_that_has_come_is_decoded_at_once(kind):
    """A stream that a server flushes reaches the script before it ends."""
    coding, body = BODIES[kind]
    decoder = Decoder(coding, len(TEXT))
    assert decoder.feed(body) == TEXT
    assert decoder.feed(b"") == b""


def test_what_was_flushed_is_decoded_before_the_end():
    def pieces():
        compressor = zlib.compressobj(wbits=31)
        for text in (b"first", b"second"):
            yield compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)

    decoder = Decoder("gzip", 100)
    assert [decoder.feed(piece) for piece in pieces()] == [b"first", b"second"]


@pytest.mark.parametrize("coding", CODINGS)
def test_ends_anywhere_around_a_piece(coding):
    """Where the output is full when the input ends, a decoder may keep the rest to itself."""
    for size in range(64 * 1024 - 8, 64 * 1024 + 600):
        body = raw_deflate(bytes(size)) if coding == "deflate" else encode(bytes(size), coding)
        assert len(decode(body, coding, MIB)) == size


LARGE = bytes(range(256)) * 2000 + b"\0" * 3_000_000


@pytest.mark.parametrize("coding", CODINGS)
def test_large_and_of_uneven_density(coding):
    assert decode(encode(LARGE, coding), coding, len(LARGE)) == LARGE


@given(st.sampled_from(CODINGS), st.binary(max_size=300).map(lambda data: data * 30), st.lists(st.integers(1, 100)))
def test_encoded_and_decoded_in_any_pieces(coding, body, sizes):
    encoded = encode(body, coding)
    decoder = Decoder(coding, len(body))
    decoded = b""
    for size in sizes:
        decoded += decoder.feed(encoded[:size])
        encoded = encoded[size:]
    decoded += decoder.feed(encoded)
    decoder.finish()
    assert decoded == body


DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


@pytest.mark.parametrize("coding", CODINGS)
def test_others_decode_what_is_encoded(coding):
    encoded = encode(TEXT, coding)
    assert DECODERS[coding](encoded) == TEXT
    assert len(encoded) < len(TEXT) / 20
    assert DECODERS[coding](encode(b"", coding)) == b""


def test_gzip_holds_no_time():
    assert encode(b"body", "gzip")[4:8] == bytes(4)


@pytest.mark.parametrize("coding", ["", "x-gzip", "identity", "GZIP", "lzma"])
def test_encode_knows_its_codings(coding):
    with pytest.raises(ValueError, match=f"expected one of gzip, deflate, br, zstd, found '{coding}'"):
        encode(b"", coding)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "identity", "gzip, br"])
def test_a_body_without_a_byte(coding):
    assert decode(b"", coding, 0) == b""


@pytest.mark.parametrize(("coding", "found"), [("lzma", "lzma"), ("gzip, *", r"\*"), ("gzip;q=1", "gzip;q=1")])
def test_an_unknown_coding(coding, found):
    with pytest.raises(DecodeError, match=f"one of gzip, x-gzip, deflate, br, zstd, found '{found}'"):
        decode(b"body", coding, 100)


def test_too_many_codings():
    body = b""
    for _ in range(5):
        body = gzip.compress(body)
    assert decode(body, "gzip," * 5, 1000) == b""
    with pytest.raises(DecodeError, match="expected at most 5 codings, found 'gzip,gzip,gzip,gzip,gzip,gzip,'"):
        decode(gzip.compress(body), "gzip," * 6, 1000)


@pytest.mark.parametrize("kind", MEMBERS)
def test_cut_anywhere(kind):
    coding, body = MEMBERS[kind]
    for length in {1, 2, 5, len(body) // 2, len(body) - 1}:
        with pytest.raises(DecodeError, match=r"the rest of a body that is cut after [\d,]+ bytes decoded"):
            decode(body[:length], coding, len(TEXT))


def test_cut_in_the_second_member_and_in_the_inner_coding():
    with pytest.raises(DecodeError, match=r"gzip: .* cut after 4 bytes decoded"):
        decode(gzip.compress(b"text") + gzip.compress(b"more")[:5], "gzip", 100)
    with pytest.raises(DecodeError, match=r"deflate: .* cut after"):
        decode(gzip.compress(zlib.compress(TEXT)[:20]), "deflate, gzip", len(TEXT))


CORRUPT = {
    "gzip, other bytes": ("gzip", b"no gzip at all"),
    "gzip, zeros alone": ("gzip", bytes(100)),
    "gzip, sum": ("gzip", gzip.compress(TEXT)[:-8] + bytes(8)),
    "gzip, length": ("gzip", gzip.compress(TEXT)[:-4] + bytes(4)),
    "gzip, garbage behind": ("gzip", gzip.compress(TEXT) + b"garbage"),
    "gzip, garbage behind zeros": ("gzip", gzip.compress(TEXT) + b"\0\0garbage"),
    "deflate, sum": ("deflate", zlib.compress(TEXT)[:-4] + bytes(4)),
    "deflate, header": ("deflate", b"\x78\x00" + zlib.compress(TEXT)[2:]),
    "deflate, block": ("deflate", b"\xff\xff\xff\xff"),
    "br, other bytes": ("br", b"\xff no brotli at all"),
    "br, garbage behind": ("br", brotli.compress(TEXT) + b"garbage"),
    "zstd, other bytes": ("zstd", b"no zstd at all"),
    "zstd, garbage behind": ("zstd", zstd.compress(TEXT) + b"garbage"),
    "zstd, zeros behind": ("zstd", zstd.compress(TEXT) + bytes(8)),
}


@pytest.mark.parametrize("kind", CORRUPT)
def test_corrupt(kind):
    coding, body = CORRUPT[kind]
    with pytest.raises(
        DecodeError, match=rf"{coding}: expected a body of this coding, found .* after [\d,]+ bytes decod"
    ):
        decode(body, coding, len(TEXT))


@pytest.mark.parametrize("behind", [b"garbage", b"\0"])
@pytest.mark.parametrize("kind", ["deflate", "deflate without a wrapper", "br"])
def test_garbage_behind_a_coding_that_ends(kind, behind):
    coding, body = MEMBERS[kind]
    decoder = Decoder(coding, len(TEXT))
    assert decoder.feed(body) == TEXT
    with pytest.raises(DecodeError, match=f"{coding}: expected the end of the body, found b.* after it"):
        decoder.feed(behind)


@given(st.sampled_from(["gzip", "deflate", "br", "zstd", "br, gzip"]), st.binary(max_size=200), st.data())
def test_whatever_comes_is_decoded_or_refused(coding, noise, data):
    encoded = encode(TEXT[:500], coding.split(", ")[-1])
    at = data.draw(st.integers(0, len(encoded)))
    body = encoded[:at] + noise
    with contextlib.suppress(DecodeError):
        assert len(decode(body, coding, 600)) <= 600


@pytest.mark.parametrize("kind", MEMBERS)
def test_the_limit_is_exact(kind):
    coding, body = MEMBERS[kind]
    for limit in (0, 1, len(TEXT) - 1):
        with pytest.raises(DecodeError, match=rf"expected at most {limit:,} bytes decoded, found more"):
            decode(body, coding, limit)


def gzip_bomb(megabytes: int, before: bytes = b"") -> bytes:
    """Return a body that repeats one block, so that it need not be compressed in full."""
    compressor = zlib.compressobj(9, wbits=31)
    first = compressor.compress(before) + compressor.flush(zlib.Z_FULL_FLUSH)
    again = compressor.compress(bytes(MIB)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return first + again * megabytes


def brotli_bomb(megabytes: int) -> bytes:
    compressor = brotli.Compressor(quality=5)
    zeros = bytes(MIB)
    return b"".join(compressor.process(zeros) for _ in range(megabytes)) + compressor.finish()


def zstd_bomb(megabytes: int) -> bytes:
    compressor = zstd.ZstdCompressor()
    zeros = bytes(MIB)
    return b"".join(compressor.compress(zeros) for _ in range(megabytes)) + compressor.flush()


BOMBS = {
    "gzip": ("gzip", 1024, gzip_bomb),
    "deflate": ("deflate", 1024, lambda megabytes: gzip_bomb(megabytes)[10:]),
    "br": ("br", 128, brotli_bomb),
    "zstd": ("zstd", 1024, zstd_bomb),
    "in the inner coding": ("gzip, zstd", 1024, lambda megabytes: zstd.compress(gzip_bomb(megabytes))),
    "in both codings": ("gzip, gzip", 1024, lambda megabytes: gzip.compress(gzip_bomb(megabytes))),
    "in the second member": ("gzip", 64, lambda megabytes: gzip.compress(TEXT) + gzip_bomb(megabytes)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_stops_at_the_limit(kind):
    coding, megabytes, make = BOMBS[kind]
    assert len(Decoder(coding, 10 * MIB).feed(make(5))) >= 4 * MIB
    bomb = make(megabytes)
    assert peak_of_refusal(bomb, coding) < MIB + 512 * 1024


def test_a_bomb_that_only_the_outer_coding_sees():
    """To the inner one it is a member of 4 bytes and its padding."""
    bomb = gzip_bomb(1024, before=gzip.compress(b"text"))
    assert Decoder("gzip, gzip", 2 * MIB).feed(bomb[: len(bomb) // 1024]) == b"text"
    assert peak_of_refusal(bomb, "gzip, gzip") < MIB + 512 * 1024


def peak_of_refusal(bomb: bytes, coding: str) -> int:
    """Return the most bytes allocated until a body is refused for its size."""
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match="expected at most 1,048,576 bytes decoded"):
            decode(bomb, coding, MIB)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_window_larger_than_http_has_is_refused():
    """A decoder would have to keep 128 MiB for this frame."""
    compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    body = compressor.compress(b"text", mode=compressor.FLUSH_BLOCK) + compressor.flush()
    with pytest.raises(DecodeError, match=r"zstd: .* too much memory"):
        decode(body, "zstd", 100)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_of_very_many_members(coding):
    member = encode(b"a", coding)
    assert decode(member * MOST_MEMBERS, coding, MOST_MEMBERS) == b"a" * MOST_MEMBERS
    with pytest.raises(DecodeError, match=f"{coding}: expected at most 10,000 members"):
        decode(member * (MOST_MEMBERS + 1), coding, 2 * MOST_MEMBERS)


@pytest.mark.parametrize(("coding", "module"), [("br", "brotli"), ("zstd", ZSTD)])
def test_a_coding_whose_package_is_missing(monkeypatch, coding, module):
    monkeypatch.setitem(sys.modules, module, None)
    message = rf"{coding}: expected the package {module}, .* pip install 'surgeline\[compression\]'"
    with pytest.raises(DecodeError, match=message):
        decode(b"", coding, 100)
    with pytest.raises(ModuleNotFoundError, match=message):
        encode(b"", coding)
    assert decode(encode(TEXT, "gzip"), "gzip", len(TEXT)) == TEXT


def test_a_brotli_that_cannot_stop_at_a_limit_is_not_used(monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", SimpleNamespace(Decompressor=object))
    with pytest.raises(DecodeError, match=r"br: expected the package brotli 1\.2 or later"):
        Decoder("br", 100)
