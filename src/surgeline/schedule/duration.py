"""Durations as users write them: `"1m30s"`, `"500ms"`, or a number of seconds. Pure."""

import re

from surgeline.errors import OptionError

NANOSECONDS = 1_000_000_000
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|[dhms])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+\Z")


def parse_duration(value: str | float, option: str = "duration") -> int:
    """Return nanoseconds.

    `value` is text such as `1m30s` (units d, h, m, s, ms, us) or a plain number of seconds, as text or not.
    Raises OptionError, naming `option`, when it is neither or is negative.
    """
    if isinstance(value, str):
        seconds = _parse_text(value.strip())
    else:
        seconds = None if isinstance(value, bool) else float(value)
    if seconds is None or not 0 <= seconds < 1e9:
        raise OptionError(f'{option}: expected a duration such as "1m30s", "500ms" or 10 (seconds), found {value!r}')
    return round(seconds * NANOSECONDS)


def format_duration(nanoseconds: int) -> str:
    """Return the shortest text that reads as this duration: `1m30s`, `500ms`, `0s`."""
    if nanoseconds < NANOSECONDS and nanoseconds:
        return f"{nanoseconds / 1e6:g}ms"
    minutes, seconds = divmod(nanoseconds / NANOSECONDS, 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{seconds:g}s" if seconds else ""]
    return "".join(parts) or "0s"


def _parse_text(text: str) -> float | None:
    if _WHOLE.match(text):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    try:
        return float(text)
    except ValueError:
        return None
