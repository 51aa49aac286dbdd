"""Numbers and texts as people read them: the unit chosen for each value, four significant digits, thousands grouped.

Pure text. Must not know what the numbers mean nor where they are shown.
"""

import math

from rich.cells import cell_len, set_cell_size

_DURATIONS = ((1e6, "ns"), (1e3, "µs"), (1.0, "ms"))
_SIZES = ("B", "kB", "MB", "GB", "TB")
ABSENT = "-"
"""Stands for a value that does not exist, such as the median of no samples."""


def number(value: float) -> str:
    """Return a plain number: whole ones in full, others with four significant digits."""
    if not math.isfinite(value):
        return ABSENT
    whole = value == round(value) or abs(value) >= 1000
    return f"{value:,.0f}" if whole and abs(value) < 1e15 else f"{value:.4g}"


def duration(milliseconds: float) -> str:
    """Return a span measured in milliseconds, in ns, µs, ms, s or minutes: `412.0µs`, `45.30ms`, `1.20s`, `2m05s`."""
    if not math.isfinite(milliseconds):
        return ABSENT
    if milliseconds < 0:
        return f"-{duration(-milliseconds)}"
    for factor, unit in _DURATIONS:
        if (scaled := milliseconds * factor) < 999.95:
            return f"{_four_digits(scaled)}{unit}" if milliseconds else "0s"
    seconds = milliseconds / 1000
    return f"{_four_digits(seconds)}s" if seconds < 59.995 else clock(seconds)


def clock(seconds: float) -> str:
    """Return how long something takes as a whole: `12.3s`, `5m00s`, `1h02m`."""
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"


def data_size(size: float) -> str:
    """Return a number of bytes in decimal units: `512B`, `12.30MB`."""
    if not math.isfinite(size):
        return ABSENT
    if size < 0:
        return f"-{data_size(-size)}"
    if size < 999.5:
        return f"{size:.0f}B"
    step = 1
    while size / 1000**step >= 999.95 and step < len(_SIZES) - 1:
        step += 1
    return f"{_four_digits(size / 1000**step)}{_SIZES[step]}"


def amount(value: float, contains: str, unit: str = "") -> str:
    """Return a metric's value: `time` (milliseconds), `data` (bytes) or `default` (a plain number, with its unit)."""
    if contains == "time":
        return duration(value)
    if contains == "data":
        return data_size(value)
    return f"{number(value)} {unit}" if unit else number(value)


def rate(per_second: float, contains: str = "default") -> str:
    """Return how much of something there was in a second."""
    if contains != "default":
        return f"{amount(per_second, contains)}/s"
    return f"{per_second:,.0f}/s" if abs(per_second) >= 100 else f"{per_second:.3g}/s"


def percent(share: float) -> str:
    """Return a share of 1 in percent; what is not quite nothing or everything never reads as `0%` or `100%`."""
    if not math.isfinite(share):
        return ABSENT
    if 0 < share < 0.0001:
        return "<0.01%"
    if 0.9999 < share < 1:
        return ">99.99%"
    return f"{share:.2%}".replace(".00%", "%")


def printable(text: str) -> str:
    """Return the text in one line, with control characters spelled out, so that no text can steer the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shorten_middle(text: str, cells: int) -> str:
    """Return the text with its middle left out, so that it takes at most `cells` columns of a terminal (1 or more)."""
    if cell_len(text) <= cells:
        return text
    left = cells // 2
    return f"{set_cell_size(text, left)}…{_last_cells(text, cells - left - 1)}"


def _last_cells(text: str, cells: int) -> str:
    start = len(text)
    while start > 0 and cell_len(text[start - 1 :]) <= cells:
        start -= 1
    return text[start:]


def _four_digits(value: float) -> str:
    return f"{value:.1f}" if value >= 99.995 else f"{value:.2f}"
