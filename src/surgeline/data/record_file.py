"""A file of records that are read when they are drawn: in memory are an index with gaps and a window of the file.

The file is looked through once. A record is found by the block that it is in, a few kilobytes of the file; those that
were used last are kept. Must not know what records are made of.
"""

import os
import stat
from codecs import getincrementaldecoder
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from surgeline._native.records import Block, MalformedError, RecordIndex
from surgeline.errors import OptionError
from surgeline.script.collection import collecting

PIECE_BYTES = 1 << 20
"""Of one reading while the file is looked through."""
BLOCK_BYTES = 8 << 10
"""Of a block: what one draw reads. The index has 32 bytes for each."""
WINDOW_BYTES = 1 << 20
"""Of the blocks that are kept."""
UTF8_MARK = b"\xef\xbb\xbf"
"""What some programs begin a file with; no part of the text."""
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

Explain = Callable[[MalformedError], str]


def found_from_script(path: object, option: str) -> Path:
    """Return where a file is that a script names: relative paths begin at the script's folder."""
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise OptionError(f"{option}: expected the path of a file, found {path!r}")
    collection = collecting.get()
    name = os.fsdecode(path)
    return Path(name) if collection is None else collection.folder / name


class RecordFile:
    """An open file, its index, and the blocks of it that were used last."""

    def __init__(self, path: Path, option: str) -> None:
        """Open it. Raises OptionError for what is no file, or cannot be read."""
        self.path = path
        self._option = option
        self._descriptor = -1
        self._descriptor = self._open()
        self._facts = self._checked_facts()
        self._kept: OrderedDict[int, Block] = OrderedDict()
        self._kept_bytes = 0
        self._index: RecordIndex

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def __len__(self) -> int:
        return len(self._index)

    def refuse(self, what: str, line: int | None = None) -> NoReturn:
        """Raise OptionError about the file, or about one of its lines."""
        where = self.path if line is None else f"{self.path}:{line}"
        raise OptionError(f"{self._option}: {where}: {what}") from None

    def begins_with(self, count: int) -> bytes:
        """Return the first bytes, at most so many."""
        return self._read(0, count)

    def look_through(self, index: RecordIndex, start: int, encoding: str, explain: Explain) -> None:
        """Make the index, from the offset `start` on. Raises OptionError for a file that has none.

        `explain` says what is wrong with a malformed file.
        """
        decoder = getincrementaldecoder(encoding)()
        try:
            for at, piece in self._pieces(start, self._facts[0]):
                if not piece.isascii() or decoder.getstate()[0]:
                    self._decode(decoder.decode, piece, at, encoding)
                index.feed(piece)
            self._decode(lambda rest: decoder.decode(rest, final=True), b"", self._facts[0], encoding)
            index.end()
        except MalformedError as error:
            self.refuse(explain(error), error.line)
        self._index = index
        if self._checked_facts() != self._facts:
            self.refuse_as_changed()

    def record(self, number: int) -> bytes:
        """Return the bytes of a record. Raises IndexError, and OptionError when the file has been changed."""
        block = self._block(number)
        try:
            return block.record(number)
        except IndexError:
            self.refuse_as_changed()

    def line(self, number: int) -> int:
        """Return the line in which a record begins, from 1. Raises as `record` does."""
        return self._block(number).line(number)

    def refuse_as_changed(self) -> NoReturn:
        """Raise OptionError: the file does not hold what was found in it before."""
        self.refuse("expected the file to stay as it was when the script was loaded, found it changed")

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO that nobody writes to would never open
        except FileNotFoundError:
            self.refuse("expected a file, found nothing there")
        except (OSError, ValueError) as error:
            self.refuse(f"expected a file that can be read: {getattr(error, 'strerror', None) or error}")

    def _checked_facts(self) -> tuple[int, int]:
        """Return the file's size, and when it was last changed."""
        facts = os.fstat(self._descriptor)
        if not stat.S_ISREG(facts.st_mode):
            self.refuse(f"expected a file, found {'a folder' if stat.S_ISDIR(facts.st_mode) else 'none'} there")
        return facts.st_size, facts.st_mtime_ns

    def _read(self, at: int, size: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, at)
        except OSError as error:
            self.refuse(f"expected a file that can be read: {error.strerror}")

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield a part of the file piece by piece, each with its offset; less where the file has become shorter."""
        while start < end and (piece := self._read(start, min(PIECE_BYTES, end - start))):
            yield start, piece
            start += len(piece)

    def _decode(self, decode: Callable[[bytes], str], piece: bytes, at: int, encoding: str) -> None:
        """Check that the piece at an offset continues a text. Raises OptionError with the line where it does not."""
        try:
            decode(piece)
        except UnicodeDecodeError as error:
            # What was decoded may begin with bytes of the piece before.
            wrong_at = at + len(piece) - len(error.object) + error.start
            line = sum(before.count(b"\n") for _, before in self._pieces(0, wrong_at)) + 1
            found = f"the byte 0x{error.object[error.start]:02x}, which is none"
            if self.begins_with(2) in _UTF16_MARKS:
                found = "UTF-16; convert the file: iconv -f utf-16 -t utf-8"
            self.refuse(f"expected {encoding} text, found {found}", line)

    def _block(self, number: int) -> Block:
        """Return the block that a record is in, and keep it."""
        place = self._index.block_of(number)
        block = self._kept.get(place)
        if block is None:
            return self._keep(place)
        self._kept.move_to_end(place)
        return block

    def _keep(self, place: int) -> Block:
        """Read a block, in place of those that were not used for the longest time."""
        start, end = self._index.bounds(place)
        while self._kept and self._kept_bytes + end - start > WINDOW_BYTES:
            self._kept_bytes -= self._kept.popitem(last=False)[1].size
        if self._checked_facts() != self._facts:
            self.refuse_as_changed()
        try:
            block = self._index.cut(place, self._read(start, end - start))
        except MalformedError:
            self.refuse_as_changed()
        self._kept[place] = block
        self._kept_bytes += block.size
        return block
