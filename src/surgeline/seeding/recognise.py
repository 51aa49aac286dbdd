"""Tells keys that look like ours: of the form or in the range that a declaration makes, though it may not make them.

A row with such a key that is not declared was left behind, or came in by mistake; other keys are nobody's business.
"""

import re
import string
from functools import lru_cache
from typing import Any

from surgeline.seeding.declaration import Table
from surgeline.seeding.generator import Generator
from surgeline.seeding.ids import Pattern, SequenceOf, Uuid
from surgeline.seeding.numbers import Integer
from surgeline.seeding.people import Email
from surgeline.seeding.references import ForeignKeyTo

_SPECIFICATION = re.compile("([0-9]*)([,_]?)(.?)")
"""How a template writes a number: its least length, what stands between groups of digits, the kind of digits."""
_DIGITS = {"x": "0-9a-f", "X": "0-9A-F", "o": "0-7", "b": "01"}
"""Those of numbers that are not decimal."""
_FILLED_UP = " *"
"""As texts in a column of type CHAR are."""


def looks_like_ours(table: Table, key: tuple[Any, ...]) -> bool:
    """Does a row's key, as the database gives it, look as if it were one of a table's declaration?

    A UUID without a template never does: such a key has no form of its own.
    """
    return all(
        _could_make(table.columns[column], value, len(table)) for column, value in zip(table.key, key, strict=True)
    )


def _could_make(generator: Generator, value: Any, rows: int) -> bool:
    match generator:
        case SequenceOf() | Integer():
            shape = generator.shape(rows)
            return shape.low is not None and shape.high is not None and _is_within(value, shape.low, shape.high)
        case Uuid(template=str(template)) | Pattern(template=template):
            return _form(template).fullmatch(str(value)) is not None
        case Email():
            return _address(generator.domain).fullmatch(str(value)) is not None
        case ForeignKeyTo():
            return _could_make(generator.parent.generator, value, generator.parent.rows)
    return False


def _is_within(value: Any, low: float, high: float) -> bool:
    """Is it a whole number of the range, of any type or as text? A column of text may hold anything."""
    try:
        number = int(value)
    except (OverflowError, TypeError, ValueError):
        return False
    return low <= number <= high and (number == value or str(number) == str(value))


@lru_cache(maxsize=64)
def _form(template: str) -> re.Pattern[str]:
    """Return what texts of a template look like."""
    parts = string.Formatter().parse(template)
    form = "".join(re.escape(text) + _number(specification) for text, _, specification, _ in parts)
    return re.compile(form + _FILLED_UP)


def _number(specification: str | None) -> str:
    """Return what a number looks like that a template writes in this way; None stands for none."""
    if specification is None:
        return ""
    width, separator, base = _SPECIFICATION.findall(specification)[0]
    blank = " " if width and not width.startswith("0") else ""
    return f"[{_DIGITS.get(base, '0-9')}{separator}{blank}]{{{int(width or 1)},}}"


@lru_cache(maxsize=64)
def _address(domain: str) -> re.Pattern[str]:
    """Return what e-mail addresses at a domain look like."""
    return re.compile(rf"[^@]+\.[0-9]+@{re.escape(domain)}{_FILLED_UP}")
