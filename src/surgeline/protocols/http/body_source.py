"""Request bodies that are not bytes: files, what a script makes while it is sent, and several of these in a row.

A source says how long it is and is read from front to back, piece by piece. Knows nothing of requests and connections:
whoever reads it frames it, and closes it.
"""

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

_PIECE = 64 * 1024


class BodySource(ABC):
    """A body that is read while it is sent.

    What `read` and `rewind` raise ends the body: it is not to be read on. After `close` only `rewind` makes sense.
    """

    length: int | None
    """Bytes that it has in all; None when nobody knows before it was read, so that it is sent in chunks."""

    @abstractmethod
    def read(self, size: int) -> bytes:
        """Return the next `size` (1 or more) bytes, fewer only at the end, b"" after it. Raises OSError."""

    @abstractmethod
    def rewind(self) -> None:
        """Begin again. Raises ValueError when what was read cannot be had again."""

    @property
    def can_rewind(self) -> bool:
        """Can what was read be had again?"""
        return True

    @abstractmethod
    def close(self) -> None:
        """Let go of what it holds, at its end or before."""


class Bytes(BodySource):
    """Bytes that are there already."""

    length: int

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self.length = len(content)

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        piece = self._content[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def rewind(self) -> None:
        """Begin again; always possible."""
        self._at = 0

    def close(self) -> None:
        """Do nothing: it holds nothing."""


class _OfKnownLength(BodySource):
    """A file whose length was taken when the source was made, and is promised to the server from then on."""

    length: int

    def __init__(self, name: str, length: int) -> None:
        self._name = name
        self._at = 0
        self._at_end = False
        self.length = length

    @abstractmethod
    def _read_at(self, at: int, size: int) -> bytes:
        """Return the bytes from `at` on, fewer than `size` only where the file ends."""

    @abstractmethod
    def _length_now(self) -> int:
        """Return the length that the file has now; asked after a read."""

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises OSError when the file became shorter or longer."""
        if self._at_end:
            return b""
        expected = min(size, self.length - self._at)
        piece = self._read_at(self._at, expected)
        self._at += len(piece)
        self._at_end = self._at == self.length
        if len(piece) < expected or self._at_end:
            self._check_length()
        if self._at_end:
            self.close()
        return piece

    def rewind(self) -> None:
        """Begin again; always possible."""
        self.close()
        self._at = 0
        self._at_end = False

    def _check_length(self) -> None:
        found = self._length_now()
        if self._at_end and found == self.length:
            return
        self.close()
        raise OSError(
            f"{self._name}: expected {self.length:,} bytes, as when the request was made, found {found:,}; "
            "send a file that nobody writes to meanwhile"
        )


class DiskFile(_OfKnownLength):
    """A file by its path: open from the first read to the end. Raises OSError when there is none."""

    def __init__(self, path: Path) -> None:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"expected a regular file, found {str(path)!r}, which is none")
        super().__init__(str(path), status.st_size)
        self._path = path
        self._file: BinaryIO | None = None

    def _read_at(self, at: int, size: int) -> bytes:
        if self._file is None:
            self._file = self._path.open("rb")
            self._file.seek(at)
        return self._file.read(size)

    def _length_now(self) -> int:
        assert self._file is not None
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class OpenFile(_OfKnownLength):
    """An open binary file from where it stands to its end.

    It is left standing where it stood, so that one file can be the body of many requests, even at the same time. Who
    opened it closes it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = file.tell()
        super().__init__(_shown_name(file), self._length_now())

    def _read_at(self, at: int, size: int) -> bytes:
        self._file.seek(self._start + at)
        try:
            return _read_fully(self._file, size)
        finally:
            self._file.seek(self._start)

    def _length_now(self) -> int:
        length = self._file.seek(0, os.SEEK_END) - self._start
        self._file.seek(self._start)
        return max(length, 0)

    def close(self) -> None:
        """Do nothing: who opened the file closes it."""


class Iterated(BodySource):
    """Bytes as an iterable yields them, such as a generator. Not known to be of any length, so sent in chunks."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._iterator: Iterator[bytes] | None = None
        self._piece = b""
        self._at = 0
        self.length = None

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises what the iterable raises, and TypeError when it yields something else."""
        parts = []
        missing = size
        while missing and self._has_more():
            part = self._piece[self._at : self._at + missing]
            self._at += len(part)
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def rewind(self) -> None:
        """Begin again. Raises ValueError when the iterable can be read only once, as a generator can."""
        if self._iterator is None:
            return
        if not self.can_rewind:
            raise ValueError(
                "body: expected one that can be sent again (bytes, a path, a file that can seek, a list of bytes), "
                "found one that is gone once it was read (a generator or other iterator, a pipe)"
            )
        self.close()
        self._iterator = None
        self._piece, self._at = b"", 0

    @property
    def can_rewind(self) -> bool:
        """An iterator is gone once it was read."""
        return self._iterator is None or self._iterator is not self._pieces

    def close(self) -> None:
        """Let a generator end."""
        if isinstance(self._iterator, Generator):
            self._iterator.close()

    def _has_more(self) -> bool:
        """Go on to the next piece that is not empty, if this one is used up; False at the end."""
        if self._at < len(self._piece):
            return True
        if self._iterator is None:
            self._iterator = iter(self._pieces)
        for piece in self._iterator:
            if not isinstance(piece, bytes | bytearray | memoryview):
                raise TypeError(f"body: expected an iterable of bytes, found {piece!r} in it")
            if piece:
                self._piece, self._at = bytes(piece), 0
                return True
        return False


class Joined(BodySource):
    """Sources one after the other. At most one of them is open at a time."""

    def __init__(self, sources: Sequence[BodySource]) -> None:
        self._sources = sources
        self._present = 0
        lengths = [source.length for source in sources]
        self.length = None if None in lengths else sum(length or 0 for length in lengths)

    def read(self, size: int) -> bytes:
        """Return the next bytes, across the ends of sources."""
        parts = []
        missing = size
        while missing and self._present < len(self._sources):
            part = self._sources[self._present].read(missing)
            if len(part) < missing:
                self._present += 1
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def rewind(self) -> None:
        """Begin again. Raises ValueError when a source cannot."""
        for source in self._sources:
            source.rewind()
        self._present = 0

    @property
    def can_rewind(self) -> bool:
        """Can all of them?"""
        return all(source.can_rewind for source in self._sources)

    def close(self) -> None:
        """Close every source."""
        for source in self._sources:
            source.close()


def as_source(value: object) -> BodySource | None:
    """Return the source of what a script gives as a body, or None when it is nothing that can be sent as bytes.

    Bytes; text, as UTF-8; a path; an open binary file; an iterable of bytes. Raises OSError for a path without a file,
    ValueError for one of a directory or device, TypeError for a file opened as text.
    """
    if isinstance(value, BodySource):
        return value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes | bytearray | memoryview):
        return Bytes(bytes(value))
    if isinstance(value, Path):
        return DiskFile(value)
    if hasattr(value, "read"):
        return _of_open_file(value)
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return Iterated(value)
    return None


def _of_open_file(file: Any) -> BodySource:
    if not isinstance(file.read(0), bytes):
        raise TypeError(f"expected a file opened in binary mode, found {file!r}; open it with mode 'rb'")
    seekable = getattr(file, "seekable", None)
    if seekable is not None and seekable():
        return OpenFile(file)
    return Iterated(iter(lambda: file.read(_PIECE), b""))


def _read_fully(file: BinaryIO, size: int) -> bytes:
    """Read until there are `size` bytes or the file ends; an unbuffered file may give less at a time."""
    parts = []
    while size:
        part = file.read(size)
        if not part:
            break
        size -= len(part)
        parts.append(part)
    return b"".join(parts)


def _shown_name(file: BinaryIO) -> str:
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else repr(file)
