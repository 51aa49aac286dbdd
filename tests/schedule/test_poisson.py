"""Poisson arrivals: what the mathematics says of their numbers and gaps, and the same starts for everybody."""

from itertools import pairwise
from math import exp, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surgeline.schedule.constant_rate import ConstantRate
from surgeline.schedule.poisson import BLOCK, PoissonArrivals, poisson
from surgeline.schedule.ramping_rate import RampingRate
from surgeline.schedule.share import Share
from surgeline.schedule.stages import Stage

SECOND = 1_000_000_000
LEVEL = ConstantRate(500, SECOND, 20 * SECOND)
RAMP = RampingRate(0, SECOND, (Stage(10 * SECOND, 1_000), Stage(5 * SECOND, 0), Stage(0, 500), Stage(5 * SECOND, 500)))
rates = st.one_of(
    st.builds(ConstantRate, st.integers(1, 500), st.just(SECOND), st.integers(1, 20 * SECOND)),
    st.builds(
        RampingRate,
        st.integers(0, 300),
        st.just(SECOND),
        st.lists(st.builds(Stage, st.integers(0, 10 * SECOND), st.integers(0, 300)), min_size=1, max_size=4).map(tuple),
    ),
)


def all_starts(rate, seed="1/one"):
    return list(PoissonArrivals(rate, seed).starts(Share()))


def distance_from(sorted_values, cumulative):
    """The Kolmogorov-Smirnov distance of a sample from a distribution."""
    n = len(sorted_values)
    return max(max((i + 1) / n - cumulative(value), cumulative(value) - i / n) for i, value in enumerate(sorted_values))


def limit(n):
    """The distance that one sample in a thousand exceeds; the seeds are fixed, so a test fails always or never."""
    return 1.95 / sqrt(n)


@pytest.mark.parametrize("seed", ["1/one", "2/one", "1/two"])
def test_gaps_of_a_level_rate_are_exponential(seed):
    starts = all_starts(LEVEL, seed)
    gaps = sorted((later - start) * 500 / SECOND for start, later in pairwise(starts))
    assert distance_from(gaps, lambda gap: 1 - exp(-gap)) < limit(len(gaps))


@pytest.mark.parametrize("seed", ["1/one", "2/one", "1/two"])
def test_gaps_of_a_ramp_are_exponential_in_its_integral(seed):
    starts = all_starts(RAMP, seed)
    places = [RAMP.points_before(start) / RAMP.points_per_start for start in starts]
    gaps = sorted(later - place for place, later in pairwise(places))
    assert distance_from(gaps, lambda gap: 1 - exp(-gap)) < limit(len(gaps))


def test_neighbouring_gaps_have_nothing_to_do_with_each_other():
    starts = all_starts(LEVEL)
    gaps = [(later - start) * 500 / SECOND - 1 for start, later in pairwise(starts)]
    correlation = sum(gap * following for gap, following in pairwise(gaps)) / len(gaps)
    assert abs(correlation) < 3.3 / sqrt(len(gaps))


def test_numbers_in_a_second_have_a_variance_of_their_mean():
    rate = ConstantRate(50, SECOND, 2_000 * SECOND)
    counts = [0] * 2_000
    for start in all_starts(rate):
        counts[start // SECOND] += 1
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert mean == pytest.approx(50, abs=3.3 * sqrt(50 / 2_000))
    assert variance / mean == pytest.approx(1, abs=3.3 * sqrt(2 / 2_000))


@pytest.mark.parametrize("mean", [10, 37.5, BLOCK])
def test_the_sampler_draws_from_the_poisson_distribution(mean):
    """Pearson's chi-square over the numbers within three standard deviations."""
    random, draws = Random(7), 20_000
    counts: dict[int, int] = {}
    for _ in range(draws):
        k = poisson(random, mean)
        counts[k] = counts.get(k, 0) + 1
    probability, expected = exp(-mean) if mean < 700 else None, {}
    if probability is None:  # exp(-1000) is 0: start at the mean, by Stirling's formula to the second order
        probability = (1 - 1 / (12 * mean)) / sqrt(2 * 3.141592653589793 * mean)
        for k in range(mean, 2 * mean):
            expected[k] = probability
            probability *= mean / (k + 1)
        probability = expected[mean]
        for k in range(mean, 0, -1):
            probability *= k / mean
            expected[k - 1] = probability
    else:
        for k in range(int(4 * mean)):
            expected[k] = probability
            probability *= mean / (k + 1)
    near = [k for k in expected if abs(k - mean) < 3 * sqrt(mean)]
    chi = sum((counts.get(k, 0) - draws * expected[k]) ** 2 / (draws * expected[k]) for k in near)
    assert chi < len(near) + 3.3 * sqrt(2 * len(near))


@settings(deadline=None, max_examples=50)
@given(rates, st.text(max_size=5), st.integers(1, 4))
def test_the_same_starts_for_any_number_of_workers(rate, seed, workers):
    arrivals = PoissonArrivals(rate, seed)
    whole = list(arrivals.starts(Share()))
    assert len(whole) == arrivals.total
    assert whole == sorted(whole)
    assert all(0 <= start <= rate.duration_ns for start in whole)
    for index in range(workers):
        assert list(arrivals.starts(Share(index, workers))) == whole[index::workers]


@settings(deadline=None, max_examples=50)
@given(rates, st.floats(0, 1.1))
def test_planned_before_counts_the_starts_before(rate, part):
    arrivals = PoissonArrivals(rate, "seed")
    whole = list(arrivals.starts(Share()))
    for t_ns in (int(part * rate.duration_ns), *whole[:2], *whole[-2:], 0):
        if t_ns < rate.duration_ns:
            assert arrivals.planned_before(t_ns) == sum(start < t_ns for start in whole)
    assert arrivals.planned_before(rate.duration_ns + 1) == arrivals.total


def test_seeds_and_names_make_different_starts_and_the_same_seed_the_same():
    assert all_starts(LEVEL) == all_starts(LEVEL)
    assert all_starts(LEVEL, "1/one") != all_starts(LEVEL, "1/two")


def test_a_longer_run_begins_as_a_shorter_one_does():
    longer = all_starts(ConstantRate(500, SECOND, 40 * SECOND))
    shorter = all_starts(LEVEL)
    assert longer[: len(shorter)] == shorter


def test_the_total_is_near_the_integral():
    assert PoissonArrivals(LEVEL, "1/one").total == pytest.approx(10_000, abs=330)
    assert PoissonArrivals(RampingRate(0, SECOND, (Stage(SECOND, 0),)), "1/one").total == 0
