"""How options of generators are refused: what was expected and what was found.

Must not know any generator.
"""

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from surgeline.errors import OptionError
from surgeline.seeding.generator import Kind

MOST = 2**63
"""The size of the largest range that whole numbers are drawn from."""

_MOST_BITS = 126
_MOST_DIGITS = 37

_KINDS: dict[type, Kind] = {
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    float: Kind.FLOAT,
    Decimal: Kind.DECIMAL,
    str: Kind.TEXT,
    bytes: Kind.BYTES,
    UUID: Kind.UUID,
    datetime: Kind.TIMESTAMP,
    date: Kind.DATE,
}
"""The first type that a value is of says it: True is an int too, and a datetime a date."""


def whole(value: Any, where: str) -> int:
    """Return a whole number. Raises OptionError, naming `where` (`sequence: first`), when it is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise OptionError(f"{where}: expected a whole number, found {value!r}")
    if value.bit_length() > _MOST_BITS:
        raise OptionError(f"{where}: expected a whole number of at most {_MOST_DIGITS} digits, found one of more")
    return value


def above_zero(value: Any, where: str) -> int:
    """Return a whole number from 1 up. Raises OptionError when it is none."""
    if whole(value, where) < 1:
        raise OptionError(f"{where}: expected a whole number from 1 up, found {value}")
    return int(value)


def finite(value: Any, where: str) -> float:
    """Return a number as a float. Raises OptionError when it is none, or not finite."""
    number = float(whole(value, where)) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(number, float) or not math.isfinite(number):
        raise OptionError(f"{where}: expected a number, found {value!r}")
    return number


def share(value: Any, where: str) -> float:
    """Return a share of the rows. Raises OptionError when it is not from 0 to 1."""
    if not 0 <= finite(value, where) <= 1:
        raise OptionError(f"{where}: expected a share from 0 to 1, such as 0.1 for every tenth row, found {value!r}")
    return float(value)


def decimal(value: Any, where: str) -> Decimal:
    """Return a finite decimal number; floats are taken as they are written. Raises OptionError for anything else."""
    if not isinstance(value, Decimal):
        finite(value, where)
    number = Decimal(str(value))
    if not number.is_finite():
        raise OptionError(f"{where}: expected a number, found {value!r}")
    if number and abs(number.adjusted()) > _MOST_DIGITS:
        raise OptionError(f"{where}: expected a number of at most {_MOST_DIGITS} digits, found {value!r}")
    return number


def ordered(low: Any, high: Any, what: str, names: tuple[str, str] = ("low", "high")) -> None:
    """Raise OptionError, naming the generator, when the low end of a range is above its high end."""
    if low > high:
        raise OptionError(
            f"{what}: expected {names[0]} to be at most {names[1]}, found {names[0]}={_shown(low)} and "
            f"{names[1]}={_shown(high)}"
        )


def kind_of(value: Any, where: str) -> Kind:
    """Return what kind of column holds a value. Raises OptionError when none does."""
    kind = next((kind for type_, kind in _KINDS.items() if isinstance(value, type_)), None)
    if kind in {Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL}:
        decimal(value, where)
    if kind is None:
        raise OptionError(
            f"{where}: expected text, a number, a Decimal, True, False, a date, a datetime, a UUID or bytes, found "
            f"{value!r}{'; for documents there is json(...)' if isinstance(value, dict | list) else ''}"
        )
    return kind


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, date | Decimal) else repr(value)
