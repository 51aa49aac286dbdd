"""Forms with files: multipart/form-data (RFC 7578), with names as browsers write them (WHATWG HTML 4.10.21.8).

Files are read while they are sent. Knows nothing of requests and connections.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from surgeline.protocols.http.body_source import BodySource, Bytes, Joined, as_source

_NEVER_IN_NAMES = {'"': "%22", "\r": "%0D", "\n": "%0A"}
_ESCAPES = str.maketrans(_NEVER_IN_NAMES)
_ANY_TYPE = "application/octet-stream"

Named = Mapping[str, Any] | Iterable[tuple[str, Any]]
"""Values by name, or pairs of name and value where a name may come again."""


def multipart(fields: Named | None, files: Named | None, *, random_bits: int) -> tuple[BodySource, str]:
    """Return the body of a form with files, and its Content-Type.

    The value of a field is bytes, or anything else as its text; a list gives a field for each item, None leaves it out.

    A file is a content: a path, bytes, text (sent as UTF-8), an open binary file, or an iterable of bytes. It is called
    what its path is called, else as its field. Or it is a tuple `(file name, content)` or `(file name, content, content
    type)`; with None for the file name it is sent as a field, but one with a content type if there is one. A content
    type that is not given is guessed from the file name.

    `random_bits`: 128 random bits, for the boundary that no content may hold.

    Raises ValueError or TypeError for names, types and contents that cannot be sent, OSError for a path without a file.
    """
    boundary = f"----surgeline{random_bits:032x}"
    delimiter = f"--{boundary}\r\n".encode()
    sources: list[BodySource] = []
    for name, value in _pairs("data", fields):
        sources += [Bytes(delimiter + part + b"\r\n") for part in _field_parts(name, value)]
    for name, file in _pairs("files", files):
        head, content = _file_part(name, file)
        sources += [Bytes(delimiter + head), content, Bytes(b"\r\n")]
    sources.append(Bytes(f"--{boundary}--\r\n".encode()))
    return Joined(sources), f"multipart/form-data; boundary={boundary}"


def _pairs(option: str, named: Named | None) -> Iterable[tuple[str, Any]]:
    if named is None:
        return ()
    if isinstance(named, str | bytes) or not isinstance(named, Iterable):
        raise TypeError(f"{option}: expected a mapping or pairs, found {named!r}")
    return named.items() if isinstance(named, Mapping) else named


def _field_parts(name: str, value: object) -> Iterator[bytes]:
    head = _head(name, None, None)
    for item in value if isinstance(value, list | tuple) else [value]:
        if item is not None:
            yield head + (bytes(item) if isinstance(item, bytes | bytearray | memoryview) else str(item).encode())


def _file_part(name: str, file: Any) -> tuple[bytes, BodySource]:
    """Return the head of a file's part, and its content."""
    file_name, content, content_type = _file_tuple(name, file)
    source = as_source(content)
    if source is None:
        raise TypeError(
            f"files: expected a path, bytes, text or an open binary file as the content of {name!r}, found {content!r}"
        )
    if content_type is None and isinstance(file_name, str):
        content_type = _guess_type(file_name)
    return _head(name, file_name, content_type), source


def _file_tuple(name: str, file: Any) -> tuple[str | None, Any, str | None]:
    """Return file name, content, and content type if it is given."""
    if not isinstance(file, tuple):
        return _name_of(file) or name, file, None
    if len(file) not in {2, 3}:
        raise ValueError(
            f"files: expected (file name, content) or (file name, content, content type) for {name!r}, found {file!r}"
        )
    file_name, content, *content_type = file
    return file_name, content, content_type[0] if content_type else None


def _name_of(content: object) -> str | None:
    """Return what a path or an open file is called; names such as "<stdin>" are none."""
    path = content if isinstance(content, Path) else getattr(content, "name", None)
    if isinstance(path, str | PurePath) and not str(path).startswith("<"):
        return PurePath(path).name
    return None


def _head(name: str, file_name: str | None, content_type: str | None) -> bytes:
    head = b'Content-Disposition: form-data; name="%b"' % _escaped(name)
    if file_name is not None:
        head += b'; filename="%b"' % _escaped(file_name)
    if content_type is not None:
        head += b"\r\nContent-Type: " + _checked_type(content_type)
    return head + b"\r\n\r\n"


def _escaped(name: str) -> bytes:
    if not isinstance(name, str):
        raise ValueError(f"multipart: expected text as a name, found {name!r}")
    try:
        return name.translate(_ESCAPES).encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"multipart: expected a name that UTF-8 has, found {name!r}; give (file name, content) with another name"
        ) from None


def _checked_type(content_type: str) -> bytes:
    if not isinstance(content_type, str) or "/" not in content_type or not _is_line(content_type):
        raise ValueError(f"files: expected a content type such as 'image/png', found {content_type!r}")
    return content_type.encode()


def _is_line(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _guess_type(file_name: str) -> str:
    types, compressed = _known_types()
    ending = PurePath(file_name).suffix.lower()
    return compressed.get(ending) or types.get(ending) or _ANY_TYPE


@cache
def _known_types() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the content types of endings, and of those that say how a file is compressed.

    They are Python's own, not those of the machine: a request is the same wherever the script runs.
    """
    import mimetypes  # noqa: PLC0415 - only forms with files need it

    types = mimetypes.MimeTypes()
    return types.types_map[True], {".gz": "application/gzip"}
