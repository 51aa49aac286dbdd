"""Whole numbers as users write them, and the most that are taken. Pure."""

from surgeline.errors import OptionError

MOST_VUS = 1_000_000
DEFAULT_MAX_VUS = 10_000
"""Users are cheap: enough of them that a slow system, and not the limit, is what is seen."""
MOST_RATE = 10_000_000


def whole(value: object, option: str, least: int, most: int) -> int:
    """Return a whole number between bounds. Raises OptionError naming the option."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise OptionError(f"{option}: expected a whole number from {least:,} to {most:,}, found {value!r}")
    return value
