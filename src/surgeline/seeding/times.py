"""Generators of points in time and of days.

A point in time is a whole number of steps after the first; its text is put together from those of its day and of its
time of day, which are made once. Must not know any table, nor any database.
"""

import datetime as dt
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from surgeline._native.mixing import below
from surgeline.errors import OptionError
from surgeline.schedule.duration import format_duration, parse_duration
from surgeline.script.explained import explained
from surgeline.seeding import checked
from surgeline.seeding.generator import Generator, Kind, Place, Shape

_DAY = 86_400
_SECOND = 1_000_000
"""In microseconds."""
_MOST_DAYS = 40_000
"""Whose texts are kept: a hundred years."""


class Timestamp(Generator, frozen=True, tag="timestamp"):
    """Points in time from `first` to `last`, whole steps after the first, all equally likely."""

    first: dt.datetime
    last: dt.datetime
    step: int
    """Microseconds."""

    def values(self, rows: Sequence[int], place: Place) -> list[dt.datetime]:
        """Return them, all with the first one's offset from UTC where it has one."""
        first, step = self.first, dt.timedelta(microseconds=self.step)
        return [first + step * steps for steps in self._steps(rows, place)]

    def texts(self, rows: Sequence[int], place: Place) -> list[str]:
        """Return them as `str` writes them."""
        first, steps = self.first.replace(tzinfo=None), self._steps(rows, place)
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
        start, step = (first - midnight) // dt.timedelta(microseconds=1), self.step
        offset = str(self.first).removeprefix(str(first))
        if step % _SECOND or start % _SECOND:
            return _with_fractions(midnight, [start + step * each for each in steps], offset)
        start, step = start // _SECOND, step // _SECOND
        return _texts(midnight, [start + step * each for each in steps], offset)

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.TIMESTAMP, aware=self.first.tzinfo is not None)

    def _steps(self, rows: Sequence[int], place: Place) -> list[int]:
        return below(place.key, rows, (self.last - self.first) // dt.timedelta(microseconds=self.step) + 1)


class Day(Generator, frozen=True, tag="date"):
    """Days from `first` to `last`, all equally likely."""

    first: dt.date
    last: dt.date

    def values(self, rows: Sequence[int], place: Place) -> list[dt.date]:
        """Return the days."""
        first = self.first.toordinal()
        return [dt.date.fromordinal(first + days) for days in self._days(rows, place)]

    def texts(self, rows: Sequence[int], place: Place) -> list[str]:
        """Return them as `str` writes them."""
        return list(map(_days_after(self.first).__getitem__, self._days(rows, place)))

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.DATE)

    def _days(self, rows: Sequence[int], place: Place) -> list[int]:
        return below(place.key, rows, (self.last - self.first).days + 1)


@explained("timestamp")
def timestamp(first: str | dt.datetime, last: str | dt.datetime, resolution: str | float = "1s") -> Timestamp:
    """Return a generator of points in time from `first` to `last`, both included, in steps of `resolution` ("1ms").

    Texts are in ISO 8601: `"2025-01-01"`, `"2025-01-01 12:30:00"`. Where the two say an offset from UTC (`"...Z"`,
    `"...+02:00"`), so do all values, the first one's; else none does. Raises OptionError for what is no time.
    """
    start, end = _time(first, "timestamp: first"), _time(last, "timestamp: last")
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise OptionError(f"timestamp: expected an offset from UTC in both or in none, found {first} and {last}")
    checked.ordered(start, end, "timestamp", ("first", "last"))
    nanoseconds = parse_duration(resolution, "timestamp: resolution")
    if nanoseconds < 1000 or nanoseconds % 1000:
        raise OptionError(
            f"timestamp: expected a resolution of whole microseconds, found {format_duration(nanoseconds)}"
        )
    step = dt.timedelta(microseconds=nanoseconds // 1000)
    return Timestamp(start, start + (end - start) // step * step, nanoseconds // 1000)


@explained("date")
def date(first: str | dt.date, last: str | dt.date) -> Day:
    """Return a generator of days from `first` to `last`, both included; texts are as `"2025-01-31"`.

    Raises OptionError for what is no day.
    """
    start, end = _date(first, "date: first"), _date(last, "date: last")
    checked.ordered(start, end, "date", ("first", "last"))
    return Day(start, end)


def _time(value: Any, where: str) -> dt.datetime:
    """Return a time with a fixed offset from UTC, or none."""
    try:
        time = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise OptionError(f'{where}: expected a time such as "2025-01-31 12:00:00", found {value!r}') from None
    offset = time.utcoffset()
    return time.replace(tzinfo=None if offset is None else dt.timezone(offset), fold=0)


def _date(value: Any, where: str) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise OptionError(f'{where}: expected a day such as "2025-01-31", found {value!r}') from None


@cache
def _clock() -> list[str]:
    """Return the texts of all seconds of a day, with a blank before."""
    return [f" {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(_DAY)]


@cache
def _thousand() -> list[str]:
    """Return the texts of 0 to 999, in three digits."""
    return [f"{number:03d}" for number in range(1000)]


class _Days(dict[int, str]):
    """The texts of days by how many they are after a first one, each made when it is asked for."""

    def __init__(self, first: dt.date) -> None:
        super().__init__()
        self._first = first.toordinal()

    def __missing__(self, days: int) -> str:
        if len(self) >= _MOST_DAYS:
            self.clear()
        text = self[days] = str(dt.date.fromordinal(self._first + days))
        return text


@lru_cache(maxsize=4)
def _days_after(first: dt.date) -> _Days:
    return _Days(first)


def _texts(midnight: dt.datetime, seconds: list[int], offset: str) -> list[str]:
    """Return the texts of so many seconds after a midnight."""
    days, clock = _days_after(midnight.date()), _clock()
    if offset:
        return [f"{days[second // _DAY]}{clock[second % _DAY]}{offset}" for second in seconds]
    return [days[second // _DAY] + clock[second % _DAY] for second in seconds]


def _with_fractions(midnight: dt.datetime, microseconds: list[int], offset: str) -> list[str]:
    """Return the texts of so many microseconds after a midnight; whole seconds are written without a fraction."""
    texts, digits = _texts(midnight, [moment // _SECOND for moment in microseconds], ""), _thousand()
    return [
        f"{text}.{digits[fraction // 1000]}{digits[fraction % 1000]}{offset}"
        if (fraction := moment % _SECOND)
        else text + offset
        for text, moment in zip(texts, microseconds, strict=True)
    ]
