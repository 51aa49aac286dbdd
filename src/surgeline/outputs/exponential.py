"""Our histogram in the exponential buckets of OpenTelemetry and of Prometheus's native histograms.

Pure arithmetic. Source of the formulas: OpenTelemetry's metrics data model, "ExponentialHistogram": bucket i of scale s
holds what is greater than base^i and at most base^(i+1), where base = 2^(2^-s).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

MOST_BUCKETS = 160
"""The default of OpenTelemetry's own SDK: at most 5 % from end to end of a bucket over five octaves."""
MOST_SCALE = 8
"""The finest that Prometheus knows: 0.27 % from end to end of a bucket."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """The counts of the buckets from `offset` on, and how many values were zero."""

    scale: int
    zeros: int
    offset: int
    counts: list[int]


def exponential(buckets: Iterable[tuple[int, int, int]], divisor: float) -> Exponential:
    """Return the values of (lowest, width, count) buckets, each taken as the middle of its own, over `divisor`.

    The scale is the finest of which `MOST_BUCKETS` reach from the smallest value to the largest.
    """
    zeros = 0
    logarithms: list[tuple[float, int]] = []
    shift = math.log2(divisor)
    for lowest, width, count in buckets:
        if lowest:
            logarithms.append((math.log2(lowest + (width - 1) / 2) - shift, count))
        else:
            zeros += count
    if not logarithms:
        return Exponential(0, zeros, 0, [])
    scale = _scale(logarithms[0][0], logarithms[-1][0])
    offset = _index(logarithms[0][0], scale)
    counts = [0] * (_index(logarithms[-1][0], scale) - offset + 1)
    factor, first = 2.0**scale, offset + 1
    for logarithm, count in logarithms:
        counts[math.ceil(logarithm * factor) - first] += count
    return Exponential(scale, zeros, offset, counts)


def _scale(low: float, high: float) -> int:
    scale = MOST_SCALE
    while _index(high, scale) - _index(low, scale) >= MOST_BUCKETS:
        scale -= 1
    return scale


def _index(logarithm: float, scale: int) -> int:
    return math.ceil(logarithm * 2.0**scale) - 1
