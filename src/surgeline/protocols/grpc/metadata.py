"""Metadata: as scripts give it, as header fields, and back. Must not know calls."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64Error
from collections.abc import Iterable, Mapping

from surgeline.errors import OptionError

Metadata = Mapping[str, str | bytes]
Field = tuple[bytes, bytes]
_KEY = re.compile(r"[0-9a-z_.-]+")
_BINARY = "-bin"


def as_fields(metadata: Metadata) -> dict[str, Field]:
    """Return header fields by the keys in lower case. Raises OptionError for what HTTP/2 does not carry."""
    if not isinstance(metadata, Mapping):
        raise OptionError(f'metadata: expected a mapping such as {{"authorization": "Bearer abc"}}, found {metadata!r}')
    return dict(_field(key, value) for key, value in metadata.items())


def _field(key: object, value: object) -> tuple[str, Field]:
    lower = key.lower() if isinstance(key, str) else ""
    if not _KEY.fullmatch(lower) or lower.startswith("grpc-"):
        raise OptionError(
            f"metadata: expected keys of letters, digits, _ . and -, not beginning with grpc-, found {key!r}"
        )
    if lower.endswith(_BINARY):
        if isinstance(value, bytes):
            return lower, (lower.encode(), b64encode(value).rstrip(b"="))
        raise OptionError(f"metadata: expected bytes for {lower}, whose name ends in -bin, found {value!r}")
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return lower, (lower.encode(), value.encode())
    raise OptionError(f"metadata: expected a text of printable ASCII for {lower}, found another value")


def as_mapping(fields: Iterable[Field] | None) -> dict[str, str | bytes]:
    """Return metadata by key; texts of one key are joined with commas, as the protocol allows."""
    found: dict[str, str | bytes] = {}
    for name, raw in fields or ():
        key = name.decode("latin-1")
        value = _bytes(raw) if key.endswith(_BINARY) else raw.decode("latin-1")
        before = found.get(key)
        found[key] = f"{before}, {value}" if isinstance(before, str) and isinstance(value, str) else value
    return found


def _bytes(raw: bytes) -> bytes:
    """The padding may be left out. What is no base64 stays as it is; of several values, the last one counts."""
    last = raw.rpartition(b",")[2].strip()
    try:
        return b64decode(last + b"=" * (-len(last) % 4), validate=True)
    except NotBase64Error:
        return raw
