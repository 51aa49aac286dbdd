"""Which values pass which thresholds, and what is not judged."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.histogram import Histogram
from surgeline.judge.evaluate import badness, evaluate, judged, measured_text, result_text
from surgeline.judge.grammar import parse_thresholds
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.values import CounterValue, GaugeValue, RateValue, TrendValue

KNOWN = {
    **BUILTIN,
    "queue_depth": Metric("queue_depth", MetricType.GAUGE),
    "body": Metric("body", MetricType.TREND, "data"),
}


def one(metric, condition):
    return parse_thresholds({metric: condition}, KNOWN)[0]


def trend(*milliseconds):
    histogram = Histogram()
    for value in milliseconds:
        histogram.record(int(value * 1_000_000))
    return TrendValue(histogram)


TIMES = trend(100, 200, 300, 400)
COUNT = CounterValue(1_200, 60)
GAUGE = GaugeValue(5, 1, 9)
RATE = RateValue(3, 97)
CASES = [
    ("http_req_duration", "min==100", TIMES, 100, True),
    ("http_req_duration", "max===400", TIMES, 400, True),
    ("http_req_duration", "max<400", TIMES, 400, False),
    ("http_req_duration", "max<=400", TIMES, 400, True),
    ("http_req_duration", "avg==250", TIMES, 250, True),
    ("http_req_duration", "avg!=250", TIMES, 250, False),
    ("http_req_duration", "p(0)>=100", TIMES, 100, True),
    ("http_req_duration", "p(100)>400", TIMES, 400, False),
    ("http_req_duration", "p(100)<-1", TIMES, 400, False),
    ("http_reqs", "count>1199", COUNT, 1_200, True),
    ("http_reqs", "count>1200", COUNT, 1_200, False),
    ("http_reqs", "count==1.2e3", COUNT, 1_200, True),
    ("http_reqs", "rate>=20", COUNT, 20, True),
    ("http_reqs", "rate<20", COUNT, 20, False),
    ("queue_depth", "value<6", GAUGE, 5, True),
    ("queue_depth", "value>6", GAUGE, 5, False),
    ("http_req_failed", "rate<0.03", RATE, 0.03, False),
    ("http_req_failed", "rate<=0.03", RATE, 0.03, True),
    ("http_req_failed", "rate!=0", RATE, 0.03, True),
    ("http_reqs", "count==0", None, 0, True),
    ("http_reqs", "count>0", None, 0, False),
    ("http_reqs", "rate>0", None, 0, False),
    ("http_req_duration", "p(95)<500", None, None, None),
    ("http_req_duration", "p(95)<500", trend(), None, None),
    ("http_req_failed", "rate<0.01", None, None, None),
    ("http_req_failed", "rate<0.01", RateValue(0, 0), None, None),
    ("queue_depth", "value<6", None, None, None),
    ("queue_depth", "min>=1", GAUGE, 1, True),
    ("queue_depth", "max<9", GAUGE, 9, False),
    ("queue_depth", "max<9", None, None, None),
    ("http_reqs", "count/s==20", COUNT, 20, True),
    ("http_reqs", "count/s<1", None, 0, True),
    ("http_req_failed", "count<=3", RATE, 3, True),
    ("http_req_failed", "count<3", RATE, 3, False),
    ("http_req_failed", "count<3", RateValue(0, 0), None, None),
    ("http_req_failed", "count==0", RateValue(0, 5), 0, True),
    ("http_req_duration", "count==4", TIMES, 4, True),
    ("http_req_duration", "count<5", None, None, None),
]


@pytest.mark.parametrize(("metric", "condition", "value", "measured", "ok"), CASES)
def test_judges_what_was_measured(metric, condition, value, measured, ok):
    result = evaluate(one(metric, condition), value)

    assert (result.measured, result.ok) == (measured, ok)


PYTHON = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
}


PER_SECOND = [
    ("http_req_failed", "count/s<0.3", RATE, 10.0, 0.3, False),
    ("http_req_failed", "count/s<=0.3", RATE, 10.0, 0.3, True),
    ("http_req_duration", "count/s>=8", TIMES, 0.5, 8, True),
    ("http_req_duration", "count/s>=8", TIMES, 0.0, None, None),
    ("http_req_duration", "count/s>=8", None, 5.0, None, None),
]


@pytest.mark.parametrize(("metric", "condition", "value", "seconds", "measured", "ok"), PER_SECOND)
def test_counts_per_second_are_of_the_time_that_is_judged(metric, condition, value, seconds, measured, ok):
    result = evaluate(one(metric, condition), value, seconds)

    assert (result.measured, result.ok) == (measured, ok)


OF_TARGET = [
    (CounterValue(99, 10), 100, 0.99, True),
    (CounterValue(98, 10), 100, 0.98, False),
    (CounterValue(101, 10), 100, 1.01, True),
    (None, 100, 0, False),
    (CounterValue(5, 10), 0, None, None),
    (CounterValue(5, 10), None, None, None),
]


@pytest.mark.parametrize(("value", "planned", "measured", "ok"), OF_TARGET)
def test_a_rate_of_target_is_a_share_of_what_was_planned(value, planned, measured, ok):
    result = evaluate(one("iterations", "rate>=0.99 of target"), value, 10.0, planned)

    assert (result.measured, result.ok) == (measured, ok)


@given(
    st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.lists(st.integers(-3, 3), min_size=1), st.integers(-3, 3)
)
def test_if_the_worst_value_holds_all_values_hold(symbol, values, bound):
    threshold = one("queue_depth", f"value{symbol}{bound}")
    worst = max(values, key=lambda value: badness(threshold.condition, value))

    assert judged(threshold, worst).ok is all(PYTHON[symbol](value, bound) for value in values)


def test_a_percentile_is_interpolated_between_samples():
    result = evaluate(one("http_req_duration", "p(50)<260"), TIMES)

    assert result.measured == pytest.approx(250, rel=0.0005)
    assert result.ok is True


@given(st.sampled_from(sorted(PYTHON)), st.integers(-3, 3), st.integers(-3, 3))
def test_operators_mean_what_they_mean_in_python(symbol, value, bound):
    result = evaluate(one("queue_depth", f"value{symbol}{bound}"), GaugeValue(value, value, value))

    assert result.ok is PYTHON[symbol](value, bound)


TEXTS = [
    ("http_req_duration", "max<500", TIMES, "400ms"),
    ("http_req_duration", "max<500", trend(1234.5678), "1,234.57ms"),
    ("http_req_duration", "max<500", trend(499.996), "499.996ms"),
    ("http_req_duration", "max==4.5", trend(4.502), "4.502ms"),
    ("http_req_duration", "max<4.4", trend(4.502), "4.50ms"),
    ("http_req_failed", "rate<0.01", RateValue(10_001, 989_999), "1.0001%"),
    ("http_req_duration", "max<500", trend(0.000123), "0.000123ms"),
    ("http_req_failed", "rate<0.01", RATE, "3%"),
    ("http_req_failed", "rate<0.01", RateValue(1, 999_999), "0.0001%"),
    ("http_req_failed", "rate<0.01", RateValue(0, 9), "0%"),
    ("http_reqs", "rate>1", COUNT, "20/s"),
    ("http_reqs", "count>1", COUNT, "1,200"),
    ("data_sent", "rate>1", CounterValue(3_000_001, 2), "1,500,000.50B/s"),
    ("body", "max<10", TrendValue(TIMES.histogram, 1e6), "400B"),
    ("queue_depth", "value<1", GaugeValue(2.25, 0, 3), "2.25"),
    ("queue_depth", "value<1", None, "no samples"),
]


@pytest.mark.parametrize(("metric", "condition", "value", "text"), TEXTS)
def test_says_the_measured_value_in_the_unit_of_the_bound(metric, condition, value, text):
    assert measured_text(evaluate(one(metric, condition), value)) == text


def test_names_a_threshold_with_what_was_measured():
    assert result_text(evaluate(one("http_reqs{name:x}", "rate>1"), COUNT)) == "http_reqs{name:x} rate>1 (20/s)"
    assert result_text(evaluate(one("queue_depth", "value<1"), None)) == "queue_depth value<1"
