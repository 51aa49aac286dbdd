"""Durations as users write them: `"1m30s"`, `"500ms"`, or a number of seconds. Pure."""

import re
from decimal import Decimal, InvalidOperation

from surgeline.errors import OptionError

NANOSECONDS = 1_000_000_000
_UNITS = {
    "d": 86_400 * NANOSECONDS,
    "h": 3_600 * NANOSECONDS,
    "m": 60 * NANOSECONDS,
    "s": NANOSECONDS,
    "ms": 1_000_000,
    "us": 1_000,
    "µs": 1_000,
}
_MOST = 10**9 * NANOSECONDS
_PART = r"(\d+(?:\.\d+)?)(ms|us|µs|[dhms])"


def parse_duration(value: str | float, option: str = "duration") -> int:
    """Return nanoseconds.

    `value` is text such as `1m30s` (units d, h, m, s, ms, us) or a plain number of seconds, as text or not.
    Raises OptionError, naming `option`, when it is neither or is negative.
    """
    nanoseconds = _parse_text(value.strip()) if isinstance(value, str) else _parse_number(value)
    if nanoseconds is None or not 0 <= nanoseconds < _MOST:
        raise OptionError(f'{option}: expected a duration such as "1m30s", "500ms" or 10 (seconds), found {value!r}')
    return round(nanoseconds)


def format_duration(nanoseconds: int) -> str:
    """Return a short text that reads as exactly this duration: `1m30s`, `500ms`, `0s`."""
    if 0 < nanoseconds < NANOSECONDS:
        return f"{_decimal(nanoseconds, 1_000_000)}ms"
    minutes, rest = divmod(nanoseconds, 60 * NANOSECONDS)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    return "".join([*parts, f"{_decimal(rest, NANOSECONDS)}s" if rest else ""]) or "0s"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    fraction = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def _parse_text(text: str) -> Decimal | None:
    if re.fullmatch(f"({_PART})+", text):
        return sum((Decimal(number) * _UNITS[unit] for number, unit in re.findall(_PART, text)), Decimal(0))
    return _parse_number(text)


def _parse_number(value: object) -> Decimal | None:
    """Return seconds as nanoseconds; None for what is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        nanoseconds = Decimal(str(value)) * NANOSECONDS
    except InvalidOperation:
        return None
    return nanoseconds if nanoseconds.is_finite() else None
