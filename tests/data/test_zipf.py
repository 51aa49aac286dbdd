"""Zipf's law: draws against the exact probabilities, for any exponent and any number of ranks."""

from collections import Counter
from itertools import pairwise
from math import fsum, sqrt
from random import Random
from types import SimpleNamespace

import pytest

from surgeline import pool
from surgeline.data.zipf import zipf_ranks
from surgeline.errors import OptionError

DRAWS = 100_000
EXPONENTS = [0, 0.3, 0.99, 1, 1 + 1e-12, 1.01, 1.5, 3.0, 20]


def weight(exponent, first, last):
    """Return the sum of k ** -exponent from `first` to `last`: term by term, then by the Euler-Maclaurin formula."""
    middle = min(last, first + 999)
    total = fsum(k**-exponent for k in range(first, middle + 1))
    if middle == last:
        return total
    near, far = float(middle), float(last)
    # The integral of x ** -exponent, written as what Simpson's rule gives over ever wider steps: no formula of ours.
    edges = [near]
    while edges[-1] < far:
        edges.append(min(far, edges[-1] * 1.01))
    integral = fsum(
        (b - a) / 6 * (a**-exponent + 4 * ((a + b) / 2) ** -exponent + b**-exponent) for a, b in pairwise(edges)
    )
    slopes = -exponent * (far ** (-exponent - 1) - near ** (-exponent - 1))
    return total + integral + (far**-exponent - near**-exponent) / 2 + slopes / 12


def bins(count):
    """Return the first and last rank, from 1, of each bin: the hottest alone, then ever wider."""
    edges = [1]
    while edges[-1] <= count:
        edges.append(min(count + 1, max(edges[-1] + 1, edges[-1] * 5 // 4)))
    return [(a, b - 1) for a, b in pairwise(edges)]


def chi_square(ranks, count, exponent):
    """Return how far off the ranks are, in standard deviations (Wilson and Hilferty's approximation)."""
    drawn = Counter(ranks)
    weights = [weight(exponent, first, last) for first, last in bins(count)]
    expected, found = [], []
    for (first, last), one in zip(bins(count), weights, strict=True):
        share = DRAWS * one / fsum(weights)
        hits = (
            sum(drawn[rank] for rank in range(first - 1, last)) if last - first < 1000 else _within(drawn, first, last)
        )
        if expected and (share < 10 or expected[-1] < 10):  # too few to tell: with the neighbours
            expected[-1] += share
            found[-1] += hits
        else:
            expected.append(share)
            found.append(hits)
    assert sum(found) == DRAWS
    freedom = len(expected) - 1
    if not freedom:
        return 0.0
    statistic = fsum((hits - share) ** 2 / share for hits, share in zip(found, expected, strict=True))
    return ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / sqrt(2 / (9 * freedom))


def _within(drawn, first, last):
    return sum(times for rank, times in drawn.items() if first - 1 <= rank < last)


def draws(count, exponent, seed=1):
    draw, random = zipf_ranks(count, exponent), Random(seed).random
    return [draw(random) for _ in range(DRAWS)]


@pytest.mark.parametrize("count", [1, 2, 3, 100, 12_345, 10**12])
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_ranks_are_drawn_by_their_probabilities(count, exponent):
    assert chi_square(draws(count, exponent), count, exponent) < 4


@pytest.mark.parametrize(("exponent", "other"), [(0, 0.05), (1, 1.05), (1, 0.95), (3, 3.1)])
def test_draws_by_another_exponent_are_told_from_those(exponent, other):
    assert chi_square(draws(1000, exponent), 1000, other) > 6


@pytest.mark.parametrize("exponent", [*EXPONENTS, 700, 1e6])
@pytest.mark.parametrize("random", [0.0, 2**-53, 0.5, 1 - 2**-53])
@pytest.mark.parametrize("count", [1, 2, 10**12, 10**18])
def test_the_ends_of_the_random_numbers_give_ranks(count, exponent, random):
    numbers = iter([random, 0.9])
    assert 0 <= zipf_ranks(count, exponent)(lambda: next(numbers)) < count


def test_a_pool_gives_the_first_most_often_and_the_same_to_the_same_user():
    ids = pool.ids("{}", first=0, count=1000)

    def drawn(seed, *exponent):
        vu = SimpleNamespace(random=Random(seed))
        return [ids.zipf(vu, *exponent) for _ in range(1000)]

    assert Counter(drawn(1)).most_common(1)[0][0] == "0"
    assert drawn(1) == drawn(1) == drawn(1, 1.0)
    assert drawn(1) != drawn(2)
    assert drawn(1).count("0") < drawn(1, 2).count("0")


@pytest.mark.parametrize("exponent", [-0.1, float("nan"), float("inf"), 10**400, "1", None, True])
def test_what_is_no_exponent(exponent):
    with pytest.raises(OptionError, match=r"pool\.zipf: expected a number from 0 up as the exponent"):
        pool.ids("{}", count=7).zipf(SimpleNamespace(random=Random(1)), exponent)
