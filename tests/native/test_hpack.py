"""Our HPACK against the `hpack` package, in both directions, for blocks that follow one another on a connection."""

import ctypes
import subprocess
from pathlib import Path

import pytest
from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st

CORE = Path(__file__).parents[2] / "src" / "surgeline" / "_native" / "core"
NAMES = st.sampled_from([b":status", b":path", b"te", b"grpc-status", b"cookie"]) | st.binary(min_size=1, max_size=20)
FIELDS = st.lists(
    st.tuples(NAMES, st.sampled_from([b"", b"200", b"/", b"trailers"]) | st.binary(max_size=60)), max_size=8
)
BLOCKS = st.lists(FIELDS, max_size=6)
LIMITS = st.integers(0, 4096)
DRIVER = """
#include "hpack.h"

sl_hpack_decoder *new_decoder(void) { sl_hpack_decoder *d = malloc(sizeof *d); sl_hpack_decoder_init(d); return d; }
sl_hpack_encoder *new_encoder(void) { sl_hpack_encoder *e = malloc(sizeof *e); sl_hpack_encoder_init(e); return e; }
void free_decoder(sl_hpack_decoder *d) { sl_hpack_decoder_free(d); free(d); }
void free_encoder(sl_hpack_encoder *e) { sl_hpack_encoder_free(e); free(e); }
"""


class Bytes(ctypes.Structure):
    """sl_buffer."""

    _fields_ = [("data", ctypes.POINTER(ctypes.c_char)), ("size", ctypes.c_size_t), ("capacity", ctypes.c_size_t)]


class Field(ctypes.Structure):
    """sl_hpack_field."""

    _fields_ = [
        ("name", ctypes.POINTER(ctypes.c_char)),
        ("value", ctypes.POINTER(ctypes.c_char)),
        ("name_size", ctypes.c_size_t),
        ("value_size", ctypes.c_size_t),
    ]


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hpack")
    (folder / "driver.c").write_text(DRIVER)
    command = ["cc", "-std=c11", "-O1", "-shared", "-fPIC", f"-I{CORE}", "driver.c", CORE / "hpack.c", "-o", "hpack.so"]
    subprocess.run(command, cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "hpack.so"))
    library.new_decoder.restype = library.new_encoder.restype = ctypes.c_void_p
    return library


def decoded(ours, decoder, block):
    ours.sl_hpack_begin(ctypes.c_void_p(decoder), block, ctypes.c_size_t(len(block)))
    field, found = Field(), []
    while (status := ours.sl_hpack_next(ctypes.c_void_p(decoder), ctypes.byref(field))) == 0:
        found.append((field.name[: field.name_size], field.value[: field.value_size]))
    assert status == 1
    return found


def encoded(ours, encoder, fields):
    out = Bytes()
    assert ours.sl_hpack_begin_block(ctypes.c_void_p(encoder), ctypes.byref(out)) == 0
    for name, value in fields:
        field = Field(ctypes.create_string_buffer(name), ctypes.create_string_buffer(value), len(name), len(value))
        assert ours.sl_hpack_put(ctypes.c_void_p(encoder), ctypes.byref(out), ctypes.byref(field)) == 0
    block = out.data[: out.size] if out.size else b""
    ctypes.CDLL(None).free(out.data)
    return block


@given(blocks=BLOCKS, limits=st.lists(LIMITS, max_size=6), huffman=st.booleans())
def test_what_the_package_encodes_is_decoded(ours, blocks, limits, huffman):
    theirs, decoder = Encoder(), ours.new_decoder()
    for number, fields in enumerate(blocks):
        if number < len(limits):
            theirs.header_table_size = limits[number]
        assert decoded(ours, decoder, theirs.encode(fields, huffman=huffman)) == fields
    ours.free_decoder(ctypes.c_void_p(decoder))


@given(blocks=BLOCKS, limits=st.lists(LIMITS, max_size=6))
def test_what_is_encoded_the_package_decodes(ours, blocks, limits):
    theirs, encoder = Decoder(), ours.new_encoder()
    for number, fields in enumerate(blocks):
        if number < len(limits):
            ours.sl_hpack_set_limit(ctypes.c_void_p(encoder), limits[number])
            theirs.max_allowed_table_size = limits[number]
        assert [tuple(field) for field in theirs.decode(encoded(ours, encoder, fields), raw=True)] == fields
    ours.free_encoder(ctypes.c_void_p(encoder))
