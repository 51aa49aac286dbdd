"""The k-th start of a constant rate, beside exact fractions."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from surgeline.schedule.constant_rate import ConstantRate

SECOND = 1_000_000_000
schedules = st.builds(
    ConstantRate, st.integers(1, 10_000_000), st.integers(1, 86_400 * SECOND), st.integers(1, 10**9 * SECOND)
)


@given(schedules, st.integers(0, 10**15))
def test_no_drift(schedule, k):
    exact = Fraction(k * schedule.unit_ns, schedule.rate)
    assert schedule.start_ns(k) <= exact < schedule.start_ns(k) + 1


@given(schedules, st.integers(0, 10**15))
def test_monotone(schedule, k):
    assert schedule.start_ns(k) <= schedule.start_ns(k + 1)


@given(schedules)
def test_first_at_zero_and_none_at_or_after_the_end(schedule):
    assert schedule.total >= 1
    assert schedule.start_ns(0) == 0
    last = Fraction((schedule.total - 1) * schedule.unit_ns, schedule.rate)
    following = Fraction(schedule.total * schedule.unit_ns, schedule.rate)
    assert last < schedule.duration_ns <= following


@given(st.integers(1, 100_000), st.integers(1, 86_400))
def test_a_whole_number_of_units_has_exactly_rate_starts_in_each(rate, seconds):
    assert ConstantRate(rate, SECOND, seconds * SECOND).total == rate * seconds


@given(schedules, st.integers(0, 10**6))
def test_each_unit_begins_where_it_should(schedule, units):
    assert schedule.start_ns(units * schedule.rate) == units * schedule.unit_ns


def test_examples():
    third = ConstantRate(3, SECOND, SECOND)
    assert [third.start_ns(k) for k in range(third.total)] == [0, 333_333_333, 666_666_666]
    assert ConstantRate(120, SECOND, 300 * SECOND).total == 36_000
    assert ConstantRate(1, 60 * SECOND, SECOND).total == 1
