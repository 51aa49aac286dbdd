"""Bodies that are read while they are sent: exact sizes, files that change meanwhile, descriptors, beginning again."""

import contextlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.protocols.http.body_source import (
    BodySource,
    Bytes,
    DiskFile,
    Iterated,
    Joined,
    OpenFile,
    as_source,
)

CONTENT = bytes(range(256)) * 40


def pieces_of(source: BodySource, size: int) -> list[bytes]:
    """Read a source to its end."""
    return list(iter(lambda: source.read(size), b""))


def in_exact_pieces(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def times_open(path: Path) -> int:
    """Return how many descriptors of this process are of the file."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            found += descriptor.readlink() == path
    return found


class Trickle(io.RawIOBase):
    """A file that gives three bytes at a time, as an unbuffered one may, and seeks if told."""

    def __init__(self, content: bytes, seeks: bool):
        self._file = io.BytesIO(content)
        self._seeks = seeks

    def readable(self):
        return True

    def seekable(self):
        return self._seeks

    def seek(self, at, whence=os.SEEK_SET):
        assert self._seeks
        return self._file.seek(at, whence)

    def tell(self):
        return self._file.tell()

    def readinto(self, buffer):
        piece = self._file.read(min(3, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "upload.bin"
    path.write_bytes(CONTENT)
    return path


def split(content: bytes) -> list[bytes]:
    return [content[:1], b"", content[1:5000], content[5000:]]


SOURCES = {
    "bytes": lambda path: Bytes(CONTENT),
    "bytearray": lambda path: as_source(bytearray(CONTENT)),
    "memoryview": lambda path: as_source(memoryview(CONTENT)),
    "path": as_source,
    "open file in memory": lambda path: as_source(io.BytesIO(CONTENT)),
    "file that gives less": lambda path: as_source(Trickle(CONTENT, seeks=True)),
    "list": lambda path: as_source(split(CONTENT)),
    "tuple": lambda path: as_source((bytearray(CONTENT[:7]), memoryview(CONTENT)[7:])),
    "joined": lambda path: Joined(
        [Bytes(CONTENT[:7]), Bytes(b""), Iterated(split(CONTENT[7:9000])), Bytes(CONTENT[9000:])]
    ),
}
ONCE = {
    "generator": lambda path: as_source(piece for piece in split(CONTENT)),
    "iterator": lambda path: as_source(iter(split(CONTENT))),
    "pipe": lambda path: as_source(Trickle(CONTENT, seeks=False)),
}
UNKNOWN_LENGTH = {"list", "tuple", "joined", *ONCE}


@pytest.mark.parametrize("size", [1, 7, 4096, len(CONTENT), len(CONTENT) + 1])
@pytest.mark.parametrize("kind", SOURCES | ONCE)
def test_read_gives_pieces_of_exactly_the_size(path, kind, size):
    source = (SOURCES | ONCE)[kind](path)
    assert source.length == (None if kind in UNKNOWN_LENGTH else len(CONTENT))
    assert pieces_of(source, size) == in_exact_pieces(CONTENT, size)
    assert source.read(size) == b""
    source.close()


@pytest.mark.parametrize("read", [0, 1, 5000, len(CONTENT), len(CONTENT) + 1])
@pytest.mark.parametrize("kind", SOURCES)
def test_begins_again(path, kind, read):
    source = SOURCES[kind](path)
    if read:
        assert source.read(read) == CONTENT[:read]
    source.rewind()
    assert source.read(len(CONTENT) + 1) == CONTENT
    source.close()
    source.rewind()
    assert source.read(len(CONTENT) + 1) == CONTENT


@pytest.mark.parametrize("kind", ONCE)
def test_what_can_be_read_once_does_not_begin_again(path, kind):
    source = ONCE[kind](path)
    source.rewind()
    assert source.read(10) == CONTENT[:10]
    for again in (source, Joined([Bytes(b"before"), source])):
        with pytest.raises(ValueError, match=r"sent again \(bytes, a path.* gone once it was read \(a generator"):
            again.rewind()


@given(st.lists(st.binary(max_size=20), max_size=6), st.lists(st.integers(1, 30), min_size=1), st.data())
def test_any_pieces_in_any_sizes(contents, sizes, data):
    kinds = [data.draw(st.sampled_from([Bytes, lambda content: Iterated([content]), lambda c: OpenFile(io.BytesIO(c))]))
             for _ in contents]  # fmt: skip
    source = Joined([kind(content) for kind, content in zip(kinds, contents, strict=True)])
    whole = b"".join(contents)
    at = 0
    for size in [*sizes, len(whole) + 1]:
        assert source.read(size) == whole[at : at + size]
        at += size
    assert source.length in (None, len(whole))


@pytest.mark.parametrize(("lengths", "length"), [([], 0), ([3], 3), ([3, 0, 4], 7), ([3, None], None), ([None], None)])
def test_the_length_of_several(lengths, length):
    sources = [Iterated([]) if length is None else Bytes(b"x" * length) for length in lengths]
    assert Joined(sources).length == length


def test_a_file_is_open_from_the_first_read_to_the_end(path):
    source = Joined([DiskFile(path), DiskFile(path)])
    assert source.length == 2 * len(CONTENT)
    assert times_open(path) == 0
    source.read(1)
    assert times_open(path) == 1
    source.read(len(CONTENT))  # the end of the first, the beginning of the second
    assert times_open(path) == 1
    source.read(len(CONTENT) - 1)
    assert times_open(path) == 0
    assert source.read(1) == b""
    assert times_open(path) == 0


@pytest.mark.parametrize("end", [BodySource.close, BodySource.rewind], ids=["close", "rewind"])
def test_a_file_is_closed_before_its_end(path, end):
    source = DiskFile(path)
    source.read(1)
    getattr(source, end.__name__)()
    assert times_open(path) == 0


def test_an_empty_file_is_sent_and_closed(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    source = DiskFile(path)
    assert (source.length, source.read(10), source.read(10)) == (0, b"", b"")
    assert times_open(path) == 0


SHORTER = CONTENT[:4000]
LONGER = CONTENT + b"more"


@pytest.mark.parametrize("size", [1000, 100_000])
@pytest.mark.parametrize("read_before", [0, 10])
@pytest.mark.parametrize("changed", [SHORTER, LONGER, b""], ids=["shorter", "longer", "empty"])
def test_a_file_that_changes_meanwhile(path, changed, read_before, size):
    source = DiskFile(path)
    if read_before:
        assert source.read(read_before) == CONTENT[:read_before]
    path.write_bytes(changed)
    with pytest.raises(OSError, match=rf"upload\.bin: expected 10,240 bytes, .* found {len(changed):,}; send a file"):
        pieces_of(source, size)
    assert times_open(path) == 0


@pytest.mark.parametrize("changed", [SHORTER, LONGER], ids=["shorter", "longer"])
def test_an_open_file_that_changes_meanwhile(path, changed):
    with path.open("rb") as file:
        source = OpenFile(file)
        path.write_bytes(changed)
        with pytest.raises(OSError, match=rf"upload\.bin: expected 10,240 bytes, .* found {len(changed):,}"):
            pieces_of(source, 1000)


def test_an_empty_file_that_grows(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    source = DiskFile(path)
    path.write_bytes(b"no longer")
    with pytest.raises(OSError, match=r"empty: expected 0 bytes, .* found 9"):
        source.read(10)


def test_a_file_without_a_name_that_changes():
    file = io.BytesIO(CONTENT)
    source = OpenFile(file)
    file.truncate(5)
    with pytest.raises(OSError, match=r"<_io\.BytesIO object at .*>: expected 10,240 bytes, .* found 5"):
        source.read(10)


def test_an_open_file_is_sent_from_where_it_stands_and_left_there_and_open(path):
    with path.open("rb") as file:
        file.seek(100)
        first, second = as_source(file), as_source(file)
        assert first.length == len(CONTENT) - 100
        assert (first.read(50), second.read(10)) == (CONTENT[100:150], CONTENT[100:110])
        assert first.read(100_000) == CONTENT[150:]
        assert second.read(100_000) == CONTENT[110:]
        first.close()
        assert file.tell() == 100
        assert not file.closed


def test_an_open_file_that_stands_behind_its_end():
    file = io.BytesIO(CONTENT)
    file.seek(20_000)
    source = as_source(file)
    assert (source.length, source.read(1)) == (0, b"")


def test_a_generator_is_not_begun_before_it_is_read_and_ended_by_close():
    def generate():
        steps.append("begun")
        try:
            yield b"a"
            yield b"b"
        finally:
            steps.append("ended")

    steps: list[str] = []
    source = as_source(generate())
    assert steps == []
    assert source.read(1) == b"a"
    assert steps == ["begun"]
    source.close()
    assert steps == ["begun", "ended"]


def test_a_generator_may_use_its_buffer_again():
    def generate():
        buffer = bytearray(b"one")
        yield buffer
        buffer[:] = b"three"
        yield buffer

    assert as_source(generate()).read(100) == b"onethree"


@pytest.mark.parametrize("wrong", ["text", 5, None])
def test_an_iterable_of_something_else(wrong):
    source = as_source([b"right", wrong])
    assert source.read(5) == b"right"
    with pytest.raises(TypeError, match=f"expected an iterable of bytes, found {wrong!r} in it"):
        source.read(1)


def test_text_is_sent_as_utf_8():
    source = as_source("Grüße")
    assert (source.length, source.read(100)) == (7, "Grüße".encode())


def test_a_source_is_a_source():
    source = Bytes(b"")
    assert as_source(source) is source


@pytest.mark.parametrize("value", [None, 5, 1.5, {"a": "b"}, Ellipsis], ids=repr)
def test_what_is_no_source(value):
    assert as_source(value) is None


def test_a_file_opened_as_text_is_refused(path):
    with (
        path.open(encoding="latin-1") as file,
        pytest.raises(TypeError, match=r"^expected a file opened in binary mode, .* mode 'rb'"),
    ):
        as_source(file)


def test_a_path_without_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        as_source(tmp_path / "missing")


@pytest.mark.parametrize("name", ["/dev/zero", "/"])
def test_a_path_of_something_else(name):
    with pytest.raises(ValueError, match=f"expected a regular file, found '{name}'"):
        as_source(Path(name))
