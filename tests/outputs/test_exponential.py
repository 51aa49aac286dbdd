"""Exponential buckets: values are where OpenTelemetry's definition puts them, but for our own rounding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.histogram import Histogram
from surgeline.outputs.exponential import MOST_BUCKETS, MOST_SCALE, exponential

VALUES = st.lists(st.integers(0, 2**63) | st.integers(0, 5_000) | st.integers(10**6, 10**9), max_size=60)
OUR_ERROR = 1 / 2_048


def of(values, divisor=1.0):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return exponential(histogram.buckets(), divisor)


@given(VALUES, st.sampled_from([1.0, 1e6]))
def test_values_are_where_the_definition_puts_them(values, divisor):
    result = of(values, divisor)
    base = 2 ** (2.0**-result.scale)
    positive = sorted(value / divisor for value in values if value)

    assert result.zeros == values.count(0)
    assert sum(result.counts) == len(positive)
    assert len(result.counts) <= MOST_BUCKETS
    ranked = iter(positive)
    for place, count in enumerate(result.counts):
        low, high = base ** (result.offset + place), base ** (result.offset + place + 1)
        for _ in range(count):
            assert low * (1 - OUR_ERROR) <= next(ranked) <= high * (1 + OUR_ERROR)


@given(VALUES.filter(any))
def test_the_scale_is_the_finest_that_fits(values):
    result = of(values)

    assert result.counts[0] > 0
    assert result.counts[-1] > 0
    assert result.scale == MOST_SCALE or 2 * len(result.counts) + 2 > MOST_BUCKETS


@pytest.mark.parametrize(
    ("values", "scale", "offset", "counts"),
    [
        ([], 0, 0, []),
        ([1], 8, -1, [1]),  # 1 is the upper end of (2^-1/256, 1]
        ([1, 1, 2], 7, -1, [2, *[0] * 127, 1]),
        ([1, 2**40], 1, -1, [1, *[0] * 80, 1]),  # the middle of our bucket is past its lowest value, 2^40
    ],
)
def test_known_values(values, scale, offset, counts):
    result = of(values)

    assert (result.scale, result.offset, result.counts) == (scale, offset, counts)
