"""Which values pass which thresholds, and what is not judged."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.histogram import Histogram
from surgeline.judge.evaluate import evaluate, measured_text
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
]


@pytest.mark.parametrize(("metric", "condition", "value", "measured", "ok"), CASES)
def test_judges_what_was_measured(metric, condition, value, measured, ok):
    result = evaluate(one(metric, condition), value)

    assert (result.measured, result.ok) == (measured, ok)


def test_a_percentile_is_interpolated_between_samples():
    result = evaluate(one("http_req_duration", "p(50)<260"), TIMES)

    assert result.measured == pytest.approx(250, rel=0.0005)
    assert result.ok is True


PYTHON = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
}


@given(st.sampled_from(sorted(PYTHON)), st.integers(-3, 3), st.integers(-3, 3))
def test_operators_mean_what_they_mean_in_python(symbol, value, bound):
    result = evaluate(one("queue_depth", f"value{symbol}{bound}"), GaugeValue(value, value, value))

    assert result.ok is PYTHON[symbol](value, bound)


TEXTS = [
    ("http_req_duration", "max<500", TIMES, "400ms"),
    ("http_req_duration", "max<500", trend(1234.5678), "1,234.57ms"),
    ("http_req_duration", "max<500", trend(499.996), "500.00ms"),
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
