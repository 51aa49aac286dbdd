"""What the values of options are: how each kind is checked, read from a text, and shown.

A value comes as TOML and Python have it (a number, a list) or as a text (a flag, an environment variable); both end in
the same check. Knows no option by name.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from surgeline.errors import OptionError
from surgeline.metrics.trend_stats import parse_trend_stats
from surgeline.schedule.duration import format_duration
from surgeline.schedule.numbers import whole
from surgeline.script.declare import TRUTHS, checked_base_url, checked_tags
from surgeline.script.executors import positive_duration

MOST_WORKERS = 1024


class Shape(Enum):
    """How a flag is given, and how layers add up: a table key by key, everything else as a whole."""

    ONE = "one value"
    SWITCH = "a flag without a value"
    LIST = "a flag that may be given again"
    TABLE = "KEY=VALUE, may be given again"


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of an option's values."""

    check: Callable[[Any, str], Any]
    """Takes a value and who gave it; returns what the run uses. Raises OptionError, naming who."""
    from_text: Callable[[str], Any] = str
    """Reads a text. What cannot be read stays a text, which the check refuses."""
    show: Callable[[Any], str] = str
    """The text that reads as this value again."""
    shape: Shape = Shape.ONE
    is_written: bool = False
    """Does only its text say what a value is, as of a duration?"""

    def plain(self, value: Any) -> Any:
        """Return a value in a type that JSON has."""
        if isinstance(value, tuple):
            return list(value)
        return self.show(value) if value is not None and self.is_written else value

    def parse(self, text: str | Sequence[str], where: str) -> Any:
        """Return the value of a flag or an environment variable, given as one text or as one for each item."""
        items = split(text) if isinstance(text, str) else text
        if self.shape is Shape.TABLE:
            return self.check(pairs(items, where), where)
        if self.shape is Shape.LIST:
            return self.check(items, where)
        assert isinstance(text, str)
        return self.check(self.from_text(text), where)


def split(text: str) -> list[str]:
    """Return the items of a list in an environment variable: separated by commas, spaces around them left out."""
    return [item.strip() for item in text.split(",") if item.strip()]


def pairs(texts: Sequence[str], where: str) -> dict[str, str]:
    """Return `KEY=VALUE` texts as a mapping. Raises OptionError for one that is not of that form."""
    for text in texts:
        if not text.partition("=")[1] or text.startswith("="):
            raise OptionError(f"{where}: expected KEY=VALUE, found {text!r}")
    return dict(text.split("=", 1) for text in texts)


def _number(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text


def whole_number(least: int, most: int) -> Kind:
    """A whole number between bounds."""
    return Kind(lambda value, where: whole(value, where, least, most), _number)


def _workers(value: object, where: str) -> int:
    if value == "auto":
        return min(_usable_cores(), MOST_WORKERS)
    if isinstance(value, str):
        raise OptionError(f'{where}: expected a whole number from 1 to {MOST_WORKERS:,}, or "auto", found {value!r}')
    return whole(value, where, 1, MOST_WORKERS)


def _usable_cores() -> int:
    """How many this process may run on; a container or `taskset` may leave it fewer."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _switch(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{where}: expected true or false, found {value!r}")
    return value


def _text(value: object, where: str, example: str) -> str:
    if not isinstance(value, str) or not value:
        raise OptionError(f"{where}: expected a text such as {example!r}, found {value!r}")
    return value


def _address(value: object, where: str) -> str:
    from surgeline.engine.control import parse_address  # noqa: PLC0415 - few runs are controlled

    host, port = parse_address(str(value), where)
    return f"{host}:{port}"


def _texts(value: object, where: str) -> tuple[str, ...]:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list | tuple) or not all(isinstance(one, str) and one for one in several):
        raise OptionError(f"{where}: expected a text or a list of texts, found {value!r}")
    return tuple(several)


def _trend_stats(value: object, where: str) -> tuple[str, ...]:
    text = value if isinstance(value, str) else ",".join(_texts(value, where))
    try:
        return parse_trend_stats(text)
    except OptionError as error:
        raise OptionError(f"{where}: {error}") from None


def _table(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) and key for key in value):
        raise OptionError(f"{where}: expected a table of texts, found {value!r}")
    for key, one in value.items():
        if not isinstance(one, str | int | float):
            raise OptionError(f"{where}: expected a text or a number for {key!r}, found {one!r}")
    return {key: str(one).lower() if isinstance(one, bool) else str(one) for key, one in value.items()}


def _show_table(value: Mapping[str, str]) -> str:
    return ",".join(f"{key}={one}" for key, one in value.items())


SWITCH = Kind(_switch, lambda text: TRUTHS.get(text.lower(), text), lambda value: str(value).lower(), Shape.SWITCH)
DURATION = Kind(positive_duration, show=format_duration, is_written=True)
"""Nanoseconds."""
URL = Kind(checked_base_url)
ADDRESS = Kind(_address)
FILE = Kind(lambda value, where: Path(_text(value, where, "results.json")), is_written=True)
FOLDER = Kind(lambda value, where: Path(_text(value, where, ".surgeline/runs")), is_written=True)
TEXTS = Kind(_texts, show=",".join, shape=Shape.LIST)
TREND_STATS = Kind(_trend_stats, show=",".join)
TABLE = Kind(_table, show=_show_table, shape=Shape.TABLE)
TAGS = Kind(lambda value, where: checked_tags(_table(value, where), where), show=_show_table, shape=Shape.TABLE)
WORKERS = Kind(_workers, _number)
