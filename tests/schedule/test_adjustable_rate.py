"""A rate that is changed: what was waited counts, nothing comes twice, and the number due is known."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from surgeline.schedule.adjustable_rate import AdjustableRate
from surgeline.schedule.constant_rate import ConstantRate

SECOND = 1_000_000_000
spans = st.lists(st.tuples(st.integers(1, 10 * SECOND), st.integers(0, 1_000)), min_size=1, max_size=10)


@given(st.integers(1, 10_000), st.integers(0, 10**12), st.integers(0, 10**6))
def test_unchanged_it_is_a_constant_rate(rate, begin_ns, k):
    constant = ConstantRate(rate, SECOND, 10**15)
    adjustable = AdjustableRate(rate, begin_ns)
    assert adjustable.start_ns(k) == begin_ns + constant.start_ns(k)
    assert adjustable.planned_before(begin_ns + k) == constant.planned_before(k)


@given(spans)
def test_the_number_due_is_the_integral(spans):
    rate, now, area = AdjustableRate(0, 0), 0, Fraction(0)
    for span, value in spans:
        rate.change(value, now)
        now += span
        area += Fraction(value * span, SECOND)
        assert rate.planned_before(now) == -(-area // 1)


@given(spans)
def test_after_a_change_the_next_start_comes_when_the_rest_of_the_wait_is_over(spans):
    rate, now = AdjustableRate(0, 0), 0
    for span, value in spans:
        rate.change(value, now)
        now += span
        following = rate.planned_before(now)
        if value:
            assert rate.start_ns(following) >= now - 1
            assert rate.start_ns(following) - now <= SECOND // value + 1
        else:
            assert rate.start_ns(following) is None
