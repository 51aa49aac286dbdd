"""Which statistics of a trend a summary shows: k6's `--summary-trend-stats`.

Pure text to names. Must not know how the statistics are computed or printed.
"""

from surgeline.errors import OptionError
from surgeline.metrics.values import percentile_of

DEFAULT_TREND_STATS = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)")
_WORDS = ("avg", "min", "med", "max", "count")


def parse_trend_stats(text: str) -> tuple[str, ...]:
    """Read a comma list such as `avg,p(95),p(99.9),count`, in its order, each name once.

    Raises OptionError when a name is not avg, min, med, max, count or p(N) with N from 0 to 100.
    """
    return tuple(dict.fromkeys(_parse_stat(part, text) for part in text.split(",")))


def _parse_stat(part: str, text: str) -> str:
    stat = "".join(part.split())
    if stat in _WORDS or percentile_of(stat) is not None:
        return stat
    found = f'"{stat}"' if stat else "an empty name"
    raise OptionError(
        f'trend statistics "{text}": expected avg, min, med, max, count or p(N) with N from 0 to 100, '
        f"separated by commas, found {found}"
    )
