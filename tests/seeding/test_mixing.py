"""The counter hash against the same in plain Python, and what is drawn from it against its distributions."""

import math
from collections import Counter
from itertools import pairwise, permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.mixing import below, bits, permuted, unit, uuids, zipf

WORD = 2**64
GOLDEN = 0x9E3779B97F4A7C15
KEY = 0x0123456789ABCDEF
keys = st.integers(0, WORD - 1)
rows = st.integers(0, WORD - 1)


def finalise(z: int) -> int:
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB % WORD
    return z ^ z >> 31


def mixed(key: int, row: int) -> int:
    once = finalise((key + (row + 1) * GOLDEN) % WORD)
    return finalise(once ^ (key << 32 | key >> 32) % WORD)


def critical(degrees: int, z: float = 4.0) -> float:
    """Return what chi-square exceeds once in 30,000 times (Wilson and Hilferty, 1931)."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + z * math.sqrt(part)) ** 3


def chi_square(found: Counter, expected: dict) -> float:
    assert set(found) <= set(expected)
    return sum((found[value] - count) ** 2 / count for value, count in expected.items())


def test_the_reference_makes_what_splitmix64_is_known_to_make():
    known = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [finalise(number * GOLDEN % WORD) for number in (1, 2, 3)] == known


@given(keys, st.lists(rows, max_size=20))
def test_bits_are_those_of_the_reference(key, some):
    assert bits(key, some) == [mixed(key, row) for row in some]


@given(keys, rows, st.integers(1, 2**63))
def test_numbers_below_a_bound_are_the_high_half_of_the_product(key, row, bound):
    assert below(key, [row], bound) == [mixed(key, row) * bound >> 64]


@given(keys, rows)
def test_units_have_53_bits(key, row):
    (found,) = unit(key, [row])
    assert found == (mixed(key, row) >> 11) / 2**53
    assert 0 <= found < 1


@given(
    st.sampled_from(
        [bits, unit, uuids, lambda key, some: below(key, some, 1000), lambda key, some: permuted(key, 7, some)]
    ),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(-50, 50).filter(bool),
)
def test_a_range_is_the_same_as_its_numbers(function, start, stop, step):
    some = range(start, stop, step)[:30]
    assert function(KEY, some) == function(KEY, list(some)) == [function(KEY, [row])[0] for row in some]


def test_numbers_of_rows_may_be_as_large_as_64_bits():
    top = WORD - 1
    assert bits(KEY, range(top - 2, top)) == [mixed(KEY, top - 2), mixed(KEY, top - 1)]
    assert bits(KEY, range(top, top - 3, -2)) == [mixed(KEY, top), mixed(KEY, top - 2)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bits(KEY, [-1]), OverflowError, "negative"),
        (lambda: bits(KEY, range(-1, 3)), OverflowError, "negative"),
        (lambda: bits(KEY, range(1, -2, -1)), OverflowError, "negative"),
        (lambda: bits(KEY, [WORD]), OverflowError, "too (large|big)"),
        (lambda: bits(WORD, [1]), OverflowError, "too (large|big)"),
        (lambda: bits(KEY, ["1"]), TypeError, "integer"),
        (lambda: bits(KEY, 5), TypeError, "len"),
        (lambda: below(KEY, [1], 0), ValueError, "1 to 2\\*\\*63, found 0"),
        (lambda: below(KEY, [1], 2**63 + 1), ValueError, "1 to 2\\*\\*63"),
        (lambda: permuted(KEY, 0, [1]), ValueError, "1 to 2\\*\\*63, found 0"),
        (lambda: permuted(KEY, -5, [1]), ValueError, "found -5"),
        (lambda: zipf(KEY, 2**53 + 1, 1.0, [1]), ValueError, "2\\*\\*53"),
        (lambda: zipf(KEY, 5, -0.1, [1]), ValueError, "exponent"),
        (lambda: zipf(KEY, 5, math.nan, [1]), ValueError, "exponent"),
        (lambda: zipf(KEY, 5, math.inf, [1]), ValueError, "exponent"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_half_of_the_bits_change_with_one_bit_of_key_or_row():
    changes = []
    for place in range(64):
        for row in range(0, 64, 3):
            was = mixed(KEY, row)
            changes.append((was ^ bits(KEY ^ 1 << place, [row])[0]).bit_count())
            changes.append((was ^ bits(KEY, [row ^ 1 << place])[0]).bit_count())
    assert 31.5 < sum(changes) / len(changes) < 32.5
    assert min(changes) > 8  # 6 standard deviations


def test_keys_that_differ_by_the_increment_of_splitmix64_have_streams_of_their_own():
    moved = set(bits((KEY + GOLDEN) % WORD, range(2_000)))
    assert not moved & set(bits(KEY, range(2_001)))


@pytest.mark.parametrize("bound", [2, 3, 10, 1000])
@pytest.mark.parametrize("key", [0, 1, KEY])
def test_numbers_below_a_bound_are_uniform(bound, key):
    found = Counter(below(key, range(100_000), bound))
    assert chi_square(found, dict.fromkeys(range(bound), 100_000 / bound)) < critical(bound - 1)


def test_pairs_of_neighbouring_rows_and_of_neighbouring_keys_are_uniform():
    one, other = below(KEY, range(100_001), 16), below(KEY + 1, range(100_000), 16)
    every = dict.fromkeys([(a, b) for a in range(16) for b in range(16)], 100_000 / 256)
    assert chi_square(Counter(pairwise(one)), every) < critical(255)
    assert chi_square(Counter(zip(one[:-1], other, strict=True)), every) < critical(255)


def test_units_are_uniform():
    found = Counter(int(number * 100) for number in unit(KEY, range(100_000)))
    assert chi_square(found, dict.fromkeys(range(100), 1000)) < critical(99)


@given(keys, st.integers(1, 2_000), st.integers(0, 10**9))
def test_a_permutation_has_each_number_once_in_each_of_its_runs(key, size, run):
    assert sorted(permuted(key, size, range(run * size, (run + 1) * size))) == list(range(size))


@given(keys, st.integers(1, 2**63), st.lists(rows, max_size=50))
def test_a_permutation_of_any_size_stays_within_it_and_repeats_nothing(key, size, some):
    within = sorted({row % size for row in some})
    found = permuted(key, size, within)
    assert all(0 <= number < size for number in found)
    assert len(set(found)) == len(within)


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_all_orders_of_a_few_numbers_are_as_likely(size):
    runs = 200 * math.factorial(size)
    drawn = permuted(KEY, size, range(runs * size))
    found = Counter(tuple(drawn[start : start + size]) for start in range(0, len(drawn), size))
    assert chi_square(found, dict.fromkeys(permutations(range(size)), 200)) < critical(math.factorial(size) - 1)


@pytest.mark.parametrize("size", [10, 64, 65, 97, 1_000])
def test_every_place_of_a_permutation_may_have_every_number(size):
    """The first place, the last, and what the first two make together, over many keys."""
    keys = bits(KEY, range(20_000))
    firsts = [tuple(permuted(key, size, (0, 1, size - 1))) for key in keys]
    for place in range(3):
        found = Counter(each[place] * 10 // size for each in firsts)
        expected = Counter(number * 10 // size for number in range(size))
        assert chi_square(found, {part: 20_000 * count / size for part, count in expected.items()}) < critical(9)
    rises = sum(first < second for first, second, _ in firsts)
    assert abs(rises - 10_000) < 4 * math.sqrt(5_000)


@pytest.mark.parametrize("exponent", [0, 0.5, 0.99, 1, 1.0000000001, 1.5, 3])
@pytest.mark.parametrize("size", [1, 2, 10, 1_000])
def test_ranks_are_as_likely_as_zipf_says(size, exponent):
    count = 50_000
    weights = [rank**-exponent for rank in range(1, size + 1)]
    expected = {number: count * weight / sum(weights) for number, weight in enumerate(weights)}
    found = Counter(zipf(KEY, size, exponent, range(count)))
    assert set(found) <= set(expected)
    # Rare ranks are taken together: chi-square wants several of each.
    rare = [number for number, times in expected.items() if times < 10]
    groups = {number: times for number, times in expected.items() if times >= 10}
    observed = Counter({number: found[number] for number in groups})
    if rare:
        groups[-1] = sum(expected[number] for number in rare)
        observed[-1] = sum(found[number] for number in rare)
    if len(groups) > 1 and groups.get(-1, 10) >= 5:
        assert chi_square(observed, groups) < critical(len(groups) - 1)
    else:
        assert observed[0] >= count - 30


@given(keys, rows, st.integers(1, 2**53), st.floats(0, 999))
def test_ranks_of_any_size_and_exponent_are_within_it(key, row, size, exponent):
    (found,) = zipf(key, size, exponent, [row])
    assert 0 <= found < size


def test_uuids_are_of_version_4_and_hold_all_bits_of_the_hash():
    for row, text in enumerate(uuids(KEY, range(1_000))):
        value = UUID(text)
        assert (str(value), value.version, value.variant) == (text, 4, "specified in RFC 4122")
        high, low = value.int >> 64, value.int % WORD
        assert (high >> 16) << 16 | (high & 0xFFF) << 4 | low >> 58 & 15 == mixed(KEY, row)


def test_no_bit_of_a_uuid_but_version_and_variant_is_always_the_same():
    numbers = [UUID(text).int for text in uuids(KEY, range(2_000))]
    fixed = [place for place in range(128) if not 800 < sum(number >> place & 1 for number in numbers) < 1_200]
    assert fixed == [62, 63, 76, 77, 78, 79]
