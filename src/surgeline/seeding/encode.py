"""Batches of values as the lines of a bulk load: fields between tabs, backslash escapes, `\\N` for NULL.

PostgreSQL's COPY in text format and MySQL's LOAD DATA, with its default escapes, both read them. What the two write
unlike each other comes in as a function for each Python type. Must not know any database.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from surgeline.seeding.database import Batch, RefusedRowsError

Spelling = Mapping[type, Callable[[Any], str]]
"""How a value of each Python type is written, before escaping."""

NULL = "\\N"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_json = msgspec.json.Encoder(decimal_format="number")


def json_text(value: Any) -> str:
    """Return a value as compact JSON. Raises TypeError for what JSON has no form for."""
    return _json.encode(value).decode()


# The unbound methods of the base types: a subclass (an enumeration) may show itself as something else.
COMMON: Spelling = {
    bool: lambda value: "1" if value else "0",
    int: int.__repr__,
    float: float.__repr__,
    Decimal: Decimal.__str__,
    str: str.__str__,
    UUID: UUID.__str__,
    datetime: lambda value: value.isoformat(" "),
    date: date.isoformat,
    time: time.isoformat,
    dict: json_text,
    list: json_text,
    tuple: json_text,
}
"""What all databases read; how they want bytes, each adds for itself, and replaces what it wants otherwise."""


def encode(batch: Batch, columns: Sequence[str], spelling: Spelling) -> bytes:
    """Return the rows as lines, the last one ended too; `columns` are the names, for messages.

    Raises RefusedRowsError for a value that cannot be written, naming its column.
    """
    if not batch.rows:
        return b""
    fields = [_fields(values, name, spelling) for name, values in zip(columns, batch.columns, strict=True)]
    lines = "\n".join(map("\t".join, zip(*fields, strict=True)))
    try:
        return lines.encode() + b"\n"
    except UnicodeEncodeError as error:
        raise _not_a_character(fields, columns) from error


def text_of(value: Any, spelling: Spelling) -> str:
    """Return one value, not None, as it is written before escaping. Raises TypeError when there is no way."""
    return _writer(type(value), spelling)(value)


def _fields(values: Sequence[Any], name: str, spelling: Spelling) -> Sequence[str]:
    types = set(map(type, values))
    if type(None) in types:
        present = iter(_fields([value for value in values if value is not None], name, spelling))
        return [NULL if value is None else next(present) for value in values]
    if types <= {str}:
        return _escaped(values)
    try:
        return _escaped(_written(values, types, spelling))
    except (TypeError, ValueError) as error:  # ValueError is a number too long for str(), TypeError has no writer
        raise RefusedRowsError(f"column {name!r}: expected values that a database can hold, found {error}") from error


def _written(values: Sequence[Any], types: set[type], spelling: Spelling) -> list[str]:
    writers = {each: _writer(each, spelling) for each in types}
    if len(writers) == 1:
        (write,) = writers.values()
        return list(map(write, values))
    return [writers[type(value)](value) for value in values]


def _writer(wanted: type, spelling: Spelling) -> Callable[[Any], str]:
    for base in wanted.__mro__:
        if base in spelling:
            return spelling[base]
    raise TypeError(f"one of type {wanted.__name__}")


def _escaped(texts: Sequence[str]) -> Sequence[str]:
    """Escape what would end a field or a line; most columns have nothing of the kind, and one look at all is cheap."""
    everything = "".join(texts)
    for character, escape in _ESCAPES:  # the backslash is first: later escapes bring in more of them
        if character in everything:
            texts = [text.replace(character, escape) for text in texts]
    return texts


def _not_a_character(fields: Sequence[Sequence[str]], columns: Sequence[str]) -> RefusedRowsError:
    for name, texts in zip(columns, fields, strict=True):
        for text in texts:
            if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
                return RefusedRowsError(
                    f"column {name!r}: expected text, found {text[:80]!r}, half of a surrogate pair: no character"
                )
    raise AssertionError("only lone surrogates cannot be encoded")
