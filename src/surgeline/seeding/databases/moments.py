"""Times for databases whose columns keep no offset from UTC: all are written in UTC, and days without their hours.

Must not know any database.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

_OFFSET = "+00:00"
_DAY_CHARACTERS = len("2025-01-31")


def moment(value: datetime) -> str:
    """Return a time as SQL writes it, in UTC if it says an offset."""
    return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat(" ")


def without_offsets(values: Sequence[Any]) -> Sequence[Any]:
    """Return values for a column of times; texts of times, of which all say an offset or none does, are in UTC then."""
    if not values or not isinstance(values[0], str) or not _says_offset(values[0]):
        return values
    if all(text.endswith(_OFFSET) for text in values):
        return [text.removesuffix(_OFFSET) for text in values]
    return [moment(datetime.fromisoformat(text)) for text in values]


def _says_offset(text: str) -> bool:
    """`2025-01-31 12:00:00+02:00`: after the day, the third `-` or a `+` begins an offset, or a Z is one."""
    return any(sign in text[_DAY_CHARACTERS:] for sign in "+-Z")


def days(values: Sequence[Any]) -> Sequence[Any]:
    """Return values for a column of days, without their times of day."""
    with suppress(TypeError):  # dates have no length
        if set(map(len, values)) == {_DAY_CHARACTERS}:
            return values
    return [_day(value) for value in values]


def _day(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_DAY_CHARACTERS]
    return value.date() if isinstance(value, datetime) else value
