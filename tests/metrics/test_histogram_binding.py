"""The histogram as Python sees it, beside a sorted list and HdrHistogram."""

import math

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.histogram import Histogram

ERROR = 0.0005
LARGEST = 2**64 - 1
FRACTIONS = (0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)

latencies = st.lists(st.integers(0, 120_000_000_000), min_size=1, max_size=300)
any_values = st.lists(st.integers(0, LARGEST), max_size=100)


def filled(values):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


def linear(ordered, fraction):
    """Linear interpolation at fraction * (n - 1), as numpy's default."""
    position = fraction * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@given(latencies, st.sampled_from(FRACTIONS) | st.floats(0, 1))
def test_quantiles_beside_a_sorted_list(values, fraction):
    assert filled(values).quantile(fraction) == pytest.approx(linear(sorted(values), fraction), rel=ERROR, abs=0.5)


@given(latencies)
def test_exact_figures(values):
    histogram = filled(values)
    assert (histogram.count, histogram.min, histogram.max) == (len(values), min(values), max(values))
    assert histogram.sum == sum(values)
    assert histogram.quantile(0) == min(values)
    assert histogram.quantile(1) == max(values)


@given(latencies.filter(lambda values: min(values) > 0))
def test_beside_hdrhistogram(values):
    """Theirs takes the value at a rank, ours interpolates between two: at ranks that are whole they agree."""
    theirs = HdrHistogram(1, 3_600_000_000_000, 3)
    for value in values:
        theirs.record_value(value)
    ours = filled(values)
    for rank in range(len(values)):
        fraction = rank / (len(values) - 1) if len(values) > 1 else 0
        percentile = (rank + 1) / len(values) * 100
        expected = theirs.get_value_at_percentile(percentile)
        assert ours.quantile(fraction) == pytest.approx(expected, rel=0.0021, abs=1)


@given(st.floats(0, 1), st.floats(0, 1), latencies)
def test_quantiles_are_monotone(one, other, values):
    histogram = filled(values)
    assert histogram.quantile(min(one, other)) <= histogram.quantile(max(one, other)) * (1 + 1e-12)


@given(any_values, any_values)
def test_merge_is_as_if_recorded_here(left, right):
    merged, whole = filled(left), filled(left + right)
    merged.merge(filled(right))
    assert merged.encode() == whole.encode()
    assert (merged.count, merged.min, merged.max, merged.sum) == (whole.count, whole.min, whole.max, whole.sum)


@given(any_values)
def test_encoded_and_decoded(values):
    histogram = filled(values)
    again = Histogram.decode(histogram.encode())
    assert again.encode() == histogram.encode()
    assert list(again.buckets()) == list(histogram.buckets())
    assert (again.count, again.min, again.max, again.sum) == (
        histogram.count,
        histogram.min,
        histogram.max,
        histogram.sum,
    )


@given(st.binary(max_size=60))
def test_decoding_anything_refuses_or_gives_a_histogram(data):
    try:
        histogram = Histogram.decode(data)
    except ValueError:
        return
    assert histogram.encode() == data


@given(any_values, st.integers(1, 40))
def test_a_form_that_was_cut_or_changed_is_refused_or_differs(values, cut):
    data = filled(values).encode()
    with pytest.raises(ValueError, match="expected an encoded histogram"):
        Histogram.decode(data[:-cut] if cut < len(data) else b"")


@given(any_values)
def test_buckets_hold_the_values(values):
    buckets = list(filled(values).buckets())
    assert sum(count for _, _, count in buckets) == len(values)
    assert [lowest for lowest, _, _ in buckets] == sorted(lowest for lowest, _, _ in buckets)
    for lowest, width, count in buckets:
        assert sum(lowest <= value < lowest + width for value in values) == count
        assert width == 1 or width / lowest <= 1 / 1024


@given(st.integers(0, LARGEST), st.integers(0, 10_000))
def test_many_at_once(value, times):
    histogram = Histogram()
    histogram.record(value, times)
    assert histogram.count == times
    assert histogram.max == (value if times else 0)


def test_empty_clear_and_copy():
    histogram = Histogram()
    assert (histogram.count, histogram.min, histogram.max, histogram.sum, histogram.quantile(0.5)) == (0, 0, 0, 0, 0.0)
    assert list(histogram.buckets()) == []
    histogram.record(5)
    twin = histogram.copy()
    histogram.clear()
    assert (histogram.count, histogram.min, histogram.max) == (0, 0, 0)
    assert (twin.count, twin.min, twin.max) == (1, 5, 5)
    histogram.record(7)
    assert (histogram.min, histogram.max) == (7, 7)


def test_merging_itself_doubles():
    histogram = filled([1, 2, 2**40])
    histogram.merge(histogram)
    assert histogram.count == 6


@pytest.mark.parametrize("value", [-1, 2**64])
def test_out_of_range(value):
    with pytest.raises(OverflowError):
        Histogram().record(value)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, math.nan, math.inf])
def test_wrong_fraction(fraction):
    with pytest.raises(ValueError, match="expected a fraction"):
        Histogram().quantile(fraction)


def test_wrong_types():
    with pytest.raises(TypeError):
        Histogram().merge(None)
    with pytest.raises(TypeError):
        Histogram.decode("text")
