"""What a metric came to over some series and some time: one frozen value for each metric type.

Each answers `stat(aggregation)` for the aggregations of its type, in the unit that users see (milliseconds for times).
Pure: no clock, no input or output.
"""

import math
import re
from dataclasses import dataclass

from surgeline._native.histogram import Histogram

NANOSECONDS_PER_MILLISECOND = 1_000_000

_PERCENTILE = r"p\(\s*(\d+(?:\.\d+)?)\s*\)"


def percentile_of(aggregation: str) -> float | None:
    """Return the percentile that `p(N)` names, 0 to 100, or None when the text is not of that form."""
    match = re.fullmatch(_PERCENTILE, aggregation)
    if match is None:
        return None
    percentile = float(match.group(1))
    return percentile if percentile <= 100 else None


@dataclass(frozen=True, slots=True)
class CounterValue:
    """A sum, and the seconds it was counted over."""

    count: float
    seconds: float

    def stat(self, aggregation: str) -> float:
        """`count`, or `rate` (per second)."""
        if aggregation == "count":
            return self.count
        if aggregation == "rate":
            return self.count / self.seconds if self.seconds > 0 else 0.0
        raise KeyError(aggregation)


@dataclass(frozen=True, slots=True)
class GaugeValue:
    """The last value set, and the extremes."""

    value: float
    min: float
    max: float

    def stat(self, aggregation: str) -> float:
        """`value`, `min` or `max`."""
        if aggregation in ("value", "min", "max"):
            return float(getattr(self, aggregation))
        raise KeyError(aggregation)


@dataclass(frozen=True, slots=True)
class RateValue:
    """How many samples were true and how many false."""

    passes: int
    fails: int

    def stat(self, aggregation: str) -> float:
        """`rate` (the share that is true, 0 to 1; 0 when there are no samples), `passes` or `fails`."""
        if aggregation == "rate":
            total = self.passes + self.fails
            return self.passes / total if total else 0.0
        if aggregation in ("passes", "fails"):
            return float(getattr(self, aggregation))
        raise KeyError(aggregation)


@dataclass(frozen=True, slots=True)
class TrendValue:
    """A distribution. `divisor` turns what the histogram holds (nanoseconds) into what users see (milliseconds)."""

    histogram: Histogram
    divisor: float = NANOSECONDS_PER_MILLISECOND

    def stat(self, aggregation: str) -> float:
        """`avg`, `min`, `med`, `max`, `count` or `p(N)`; NaN when there are no samples, but for `count`."""
        if aggregation == "count":
            return float(self.histogram.count)
        if not self.histogram.count:
            return math.nan
        if aggregation == "avg":
            return self.histogram.sum / self.histogram.count / self.divisor
        fraction = {"min": 0.0, "med": 0.5, "max": 1.0}.get(aggregation)
        if fraction is None:
            percentile = percentile_of(aggregation)
            if percentile is None:
                raise KeyError(aggregation)
            fraction = percentile / 100
        return self.histogram.quantile(fraction) / self.divisor


Value = CounterValue | GaugeValue | RateValue | TrendValue
