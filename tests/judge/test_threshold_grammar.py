"""What the threshold grammar reads, and how it refuses what it cannot."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import ThresholdError
from surgeline.judge.grammar import Condition, parse_condition, parse_selector, parse_thresholds
from surgeline.metrics.names import BUILTIN, Metric, MetricType

KNOWN = {**BUILTIN, "queue_depth": Metric("queue_depth", MetricType.GAUGE)}

CONDITIONS = [
    ("p(95)<500", "p(95)", "<", 500),
    ("p(95) < 500", "p(95)", "<", 500),
    ("  p(99.9)  <=  1e3 ", "p(99.9)", "<=", 1000),
    ("p( 90 )>1", "p(90)", ">", 1),
    ("p(0)>=0", "p(0)", ">=", 0),
    ("p(100)<2.5E+2", "p(100)", "<", 250),
    ("p(99.99)<.5", "p(99.99)", "<", 0.5),
    ("avg<200", "avg", "<", 200),
    ("min>-1", "min", ">", -1),
    ("max<+7.", "max", "<", 7),
    ("med<=100", "med", "<=", 100),
    ("rate<0.01", "rate", "<", 0.01),
    ("rate>1e-6", "rate", ">", 1e-6),
    ("rate===1", "rate", "===", 1),
    ("rate==0", "rate", "==", 0),
    ("count!=0", "count", "!=", 0),
    ("count>=1000", "count", ">=", 1000),
    ("value\t<\t5", "value", "<", 5),
]


@pytest.mark.parametrize(("text", "aggregation", "operator", "bound"), CONDITIONS)
def test_reads_a_condition(text, aggregation, operator, bound):
    condition = parse_condition(text)

    assert condition == Condition(aggregation, operator, bound, text.strip())


BEYOND_K6 = [
    ("count/s>100", Condition("count/s", ">", 100, "")),
    ("count / s > 100", Condition("count/s", ">", 100, "")),
    ("p(95)<500 over 30s", Condition("p(95)", "<", 500, "", over_seconds=30)),
    ("p(95) < 500  over  1m30s", Condition("p(95)", "<", 500, "", over_seconds=90)),
    ("rate<0.01 over 1h", Condition("rate", "<", 0.01, "", over_seconds=3_600)),
    ("value<5 over 1000ms", Condition("value", "<", 5, "", over_seconds=1)),
    ("p(95)<500 after 30s", Condition("p(95)", "<", 500, "", after_seconds=30)),
    ("avg<5e2 after 2h", Condition("avg", "<", 500, "", after_seconds=7_200)),
    ("p(95)<500 over 10s after 30s", Condition("p(95)", "<", 500, "", over_seconds=10, after_seconds=30)),
    ("p(95)<500 after 30s over 10s", Condition("p(95)", "<", 500, "", over_seconds=10, after_seconds=30)),
    ("rate>=0.99 of target", Condition("rate", ">=", 0.99, "", of_target=True)),
    ("rate>=0.99\tof\ttarget", Condition("rate", ">=", 0.99, "", of_target=True)),
    ("rate>=0.99 of target after 5s", Condition("rate", ">=", 0.99, "", of_target=True, after_seconds=5)),
    ("rate>0.9 of target over 10s after 5s", Condition("rate", ">", 0.9, "", True, 10, 5)),
]


@pytest.mark.parametrize(("text", "condition"), BEYOND_K6)
def test_reads_what_goes_beyond_k6(text, condition):
    assert parse_condition(text) == replace(condition, source=text)


SELECTORS = [
    ("http_reqs", "http_reqs", ()),
    ("  http_reqs ", "http_reqs", ()),
    ("http_reqs{name:validate}", "http_reqs", (("name", "validate"),)),
    ("http_reqs { name : validate }", "http_reqs", (("name", "validate"),)),
    ("http_reqs{name:a b}", "http_reqs", (("name", "a b"),)),
    ("http_reqs{name:a,method:POST}", "http_reqs", (("name", "a"), ("method", "POST"))),
    ("http_reqs{ name:a , method:POST }", "http_reqs", (("name", "a"), ("method", "POST"))),
    ("http_reqs{name:/a/b}", "http_reqs", (("name", "/a/b"),)),
    ("http_reqs{url:http://x/y}", "http_reqs", (("url", "http://x/y"),)),
    ("http_reqs{url:http://x:80/y?a=b&c={d}}", "http_reqs", (("url", "http://x:80/y?a=b&c={d}"),)),
    ("http_reqs{name:/users/{id}}", "http_reqs", (("name", "/users/{id}"),)),
    ("http_reqs{name:${},status:200}", "http_reqs", (("name", "${}"), ("status", "200"))),
    ('http_reqs{name:"a,b"}', "http_reqs", (("name", "a,b"),)),
    ("http_reqs{name:' a ',status:200}", "http_reqs", (("name", " a "), ("status", "200"))),
    ('http_reqs{name:"it\'s"}', "http_reqs", (("name", "it's"),)),
    ("http_reqs{name:it's}", "http_reqs", (("name", "it's"),)),
    ('http_reqs{error:""}', "http_reqs", (("error", ""),)),
    ("http_reqs{group:::a::b}", "http_reqs", (("group", "::a::b"),)),
    ("http_reqs{group:::login}", "http_reqs", (("group", "::login"),)),
    ("http_reqs{group:login}", "http_reqs", (("group", "::login"),)),
    ("http_reqs{group: login::form , name:a}", "http_reqs", (("group", "::login::form"), ("name", "a"))),
    ('http_reqs{group:""}', "http_reqs", (("group", ""),)),
]


@pytest.mark.parametrize(("text", "metric", "tags"), SELECTORS)
def test_reads_a_selector(text, metric, tags):
    selector = parse_selector(text)

    assert (selector.metric, selector.tags, selector.source) == (metric, tags, text.strip())


OPERATOR = "an operator (> >= < <= == === !=) and a number, found nothing"
WORD = "an aggregation: count, rate, count/s, value, min, max, avg, med or p(N) with N from 0 to 100, found "
NUMBER = "a number without a unit (times are milliseconds, data is bytes, shares are 0 to 1), found "
CLAUSE = 'the end, or "of target", "over 30s" or "after 30s"; a bound has no unit, found '
OVER, AFTER = (f'a duration with its unit, such as 30s or 1m30s, after "{word}", found ' for word in ("over", "after"))
ONCE = 'each of "of", "over" and "after" once, found '
BROKEN_CONDITIONS = [
    ("", 1, OPERATOR),
    ("p(95)", 6, OPERATOR),
    ("p(95)=500", 10, OPERATOR),
    ("p(95)<", 7, NUMBER + "nothing"),
    ("<500", 1, WORD + "nothing"),
    ("p95<500", 1, WORD + '"p95"; did you mean "p(95)"?'),
    ("P(95)<500", 1, WORD + '"P(95)"; did you mean "p(95)"?'),
    ("perc(99.9)<5", 1, WORD + '"perc(99.9)"; did you mean "p(99.9)"?'),
    ("p(95<500", 1, WORD + '"p(95"; did you mean "p(95)"?'),
    ("average<500", 1, WORD + '"average"; did you mean "avg"?'),
    ("median<500", 1, WORD + '"median"; did you mean "med"?'),
    ("counts>5", 1, WORD + '"counts"; did you mean "count"?'),
    ("p(101)<500", 1, WORD + '"p(101)"'),
    ("p(-1)<500", 1, WORD + '"p(-1)"'),
    ("p()<500", 1, WORD + '"p()"'),
    ("count / m>5", 1, WORD + '"count / m"; did you mean "count"?'),
    ("p(95)<500ms", 7, NUMBER + '"500ms"'),
    ("rate < 1%", 8, NUMBER + '"1%"'),
    ("p(95)<>5", 7, NUMBER + '">5"'),
    ("p(95)<1_000", 7, NUMBER + '"1_000"'),
    ("p(95)<nan", 7, NUMBER + '"nan"'),
    ("p(95)<inf", 7, NUMBER + '"inf"'),
    ("p(95)<1e999", 7, NUMBER + '"1e999"'),
    ("p(95)<5<6", 7, NUMBER + '"5<6"'),
    ("rate>=99% of target", 7, NUMBER + '"99%"'),
    ("p(95)<500 ms", 11, CLAUSE + '"ms"'),
    ("p(95)<1 000", 9, CLAUSE + '"000"'),
    ("p(95)<500 for 5s", 11, CLAUSE + '"for"'),
    ("p(95)<500 OVER 5s", 11, CLAUSE + '"OVER"'),
    ("p(95)<500 over", 15, OVER + "nothing"),
    ("p(95)<500 over 30", 16, OVER + '"30"; did you mean "30s"?'),
    ("p(95)<500 over 30 s", 16, OVER + '"30"; did you mean "30s"?'),
    ("p(95)<500 over soon", 16, OVER + '"soon"'),
    ("p(95)<500 over -5s", 16, OVER + '"-5s"'),
    ("p(95)<500 over 0s", 16, 'whole seconds, at least 1s, after "over", found "0s"'),
    ("p(95)<500 over 500ms", 16, 'whole seconds, at least 1s, after "over", found "500ms"'),
    ("p(95)<500 over 1.5s", 16, 'whole seconds, at least 1s, after "over", found "1.5s"'),
    ("p(95)<500 over 61m", 16, 'a window of at most 1h after "over", found "61m"'),
    ("p(95)<500 after", 16, AFTER + "nothing"),
    ("p(95)<500 after 2", 17, AFTER + '"2"; did you mean "2s"?'),
    ("p(95)<500 after after 5s", 17, AFTER + '"after"'),
    ("p(95)<500 after 0s", 17, 'whole seconds, at least 1s, after "after", found "0s"'),
    ("p(95)<500 after 2h500ms", 17, 'whole seconds, at least 1s, after "after", found "2h500ms"'),
    ("p(95)<500 over 5s over 6s", 19, ONCE + '"over"'),
    ("p(95)<500 after 5s after 6s", 20, ONCE + '"after"'),
    ("rate>=0.99 of target of target", 22, ONCE + '"of"'),
    ("rate>=0.99 of", 14, '"target" after "of", found nothing'),
    ("rate>=0.99 of plan", 15, '"target" after "of", found "plan"'),
    ("count>=5 of target", 1, 'rate, as in "rate>=0.99 of target", found "count"'),
    ("p(95)<500 of target", 1, 'rate, as in "rate>=0.99 of target", found "p(95)"'),
]


@pytest.mark.parametrize(("text", "place", "message"), BROKEN_CONDITIONS)
def test_refuses_a_broken_condition_with_place_and_expectation(text, place, message):
    with pytest.raises(ThresholdError) as caught:
        parse_condition(text)

    assert str(caught.value) == f'"{text}", character {place}: expected {message}'


NAME = "a metric's name, such as http_req_duration, found "
CLOSING = 'a closing "}" as the last character, found '
TAG = "tag:value (a value that holds a comma in quotes), found "
BROKEN_SELECTORS = [
    ("", 1, NAME + "nothing"),
    ("{name:a}", 1, NAME + "nothing"),
    ("http_reqs}", 1, NAME + '"http_reqs}"'),
    ("http_reqs{name:a", 17, CLOSING + '"a"'),
    ("http_reqs{name:a}x", 19, CLOSING + '"x"'),
    ("http_reqs{", 11, CLOSING + "nothing"),
    ("http_reqs{}", 11, TAG + "nothing"),
    ("http_reqs{name}", 11, TAG + '"name"'),
    ("http_reqs{name:}", 11, TAG + '"name:"'),
    ("http_reqs{:a}", 11, TAG + '":a"'),
    ("http_reqs{name:a,}", 18, TAG + "nothing"),
    ("http_reqs{name:a,,status:200}", 18, TAG + '",status:200"'),
    ('http_reqs{name:"a}', 11, TAG + '"name:"a"'),
    ('http_reqs{name:"a"b}', 11, TAG + '"name:"a"b"'),
    ("http_reqs{name:a,name:b}", 18, 'each tag once, found "name"'),
]


@pytest.mark.parametrize(("text", "place", "message"), BROKEN_SELECTORS)
def test_refuses_a_broken_selector_with_place_and_expectation(text, place, message):
    with pytest.raises(ThresholdError) as caught:
        parse_selector(text)

    assert str(caught.value) == f'"{text}", character {place}: expected {message}'


def test_reads_what_a_script_declares_in_its_order():
    thresholds = parse_thresholds(
        {"http_req_duration": ["p(95)<500", "avg<100"], "checks{check:ok}": "rate>0.9", "vus": []}, KNOWN
    )

    read = [(t.selector.source, t.condition.source, t.metric) for t in thresholds]
    assert read == [
        ("http_req_duration", "p(95)<500", BUILTIN["http_req_duration"]),
        ("http_req_duration", "avg<100", BUILTIN["http_req_duration"]),
        ("checks{check:ok}", "rate>0.9", BUILTIN["checks"]),
    ]


FITTING = {
    "http_reqs": ("count", "rate", "count/s"),
    "queue_depth": ("value", "min", "max"),
    "http_req_failed": ("rate", "count", "count/s"),
    "http_req_duration": ("avg", "min", "med", "max", "p(0)", "p(99.9)", "count", "count/s"),
}
AGGREGATIONS = sorted({aggregation for names in FITTING.values() for aggregation in names})


@pytest.mark.parametrize("metric", FITTING)
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_an_aggregation_must_fit_the_type_of_its_metric(metric, aggregation):
    declared = {metric: f"{aggregation}>=1"}

    if aggregation in FITTING[metric]:
        assert parse_thresholds(declared, KNOWN)[0].condition.aggregation == aggregation
    else:
        expected = rf"expected an aggregation of a {KNOWN[metric].type.value} \({metric}\): "
        with pytest.raises(ThresholdError, match=expected):
            parse_thresholds(declared, KNOWN)


@pytest.mark.parametrize(
    ("bound", "advice"),
    [("5", '; did you mean "0.05"?'), ("99.5", '; did you mean "0.995"?'), ("101", ""), ("-0.1", ""), ("1.5e3", "")],
)
def test_a_share_is_from_0_to_1(bound, advice):
    for text in (f"rate<{bound}", f"rate<{bound} over 5s"):
        with pytest.raises(ThresholdError) as caught:
            parse_thresholds({"http_req_failed": ["rate<=1", text]}, KNOWN)
        expected = f'"{text}", character 6: expected a share from 0 to 1, found "{bound}"{advice}'
        assert str(caught.value) == f"threshold of 'http_req_failed': {expected}"


LONG_FORMS = [
    ({"threshold": "p(95)<500"}, False, 0),
    ({"threshold": "p(95)<500", "abort_on_fail": False}, False, 0),
    ({"threshold": "p(95)<500", "abort_on_fail": True}, True, 0),
    ({"threshold": "p(95)<500", "abort_on_fail": True, "delay_abort_eval": "1m30s"}, True, 90_000_000_000),
    ({"threshold": "p(95)<500", "abort_on_fail": True, "delay_abort_eval": 10}, True, 10_000_000_000),
]


@pytest.mark.parametrize(("declared", "abort", "delay_ns"), LONG_FORMS)
def test_reads_the_long_form(declared, abort, delay_ns):
    for form in (declared, [declared], ["avg<5", declared]):
        *_, threshold = parse_thresholds({"http_req_duration": form}, KNOWN)

        assert threshold.condition == parse_condition("p(95)<500")
        assert (threshold.abort_on_fail, threshold.delay_abort_ns) == (abort, delay_ns)


def test_a_text_does_not_abort():
    (threshold,) = parse_thresholds({"http_req_duration": "p(95)<500"}, KNOWN)

    assert (threshold.abort_on_fail, threshold.delay_abort_ns) == (False, 0)


@pytest.mark.parametrize("selector", ["iterations", "iterations{scenario:peak}"])
def test_iterations_have_a_target(selector):
    (threshold,) = parse_thresholds({selector: "rate>=0.99 of target over 10s"}, KNOWN)

    assert threshold.condition.of_target


RUN_HAS = "character 1: expected a metric that the run has, found "
OF_TARGET = 'character 12: expected "of target" on iterations or iterations{scenario:NAME} alone, found '
KEYS = "expected the keys threshold, abort_on_fail, delay_abort_eval, found "
WRONG_DECLARATIONS = [
    (
        {"http_req_durations": "avg<1"},
        f'"http_req_durations", {RUN_HAS}"http_req_durations"; did you mean "http_req_duration"?',
    ),
    (
        {"http_req_duraton{name:a}": "avg<1"},
        f'"http_req_duraton{{name:a}}", {RUN_HAS}"http_req_duraton"; did you mean "http_req_duration"?',
    ),
    ({"zzz": "avg<1"}, f'"zzz", {RUN_HAS}"zzz"; a metric of your own must be created before the run starts'),
    (
        {"http_reqs": "p(95)<1"},
        '"p(95)<1", character 1: expected an aggregation of a counter (http_reqs): count, rate or count/s, found '
        '"p(95)"',
    ),
    (
        {"http_req_failed": "avg<1"},
        '"avg<1", character 1: expected an aggregation of a rate (http_req_failed): rate, count or count/s, found '
        '"avg"',
    ),
    (
        {"queue_depth": "rate<1"},
        '"rate<1", character 1: expected an aggregation of a gauge (queue_depth): value, min or max, found "rate"',
    ),
    (
        {"http_req_duration": "value<1"},
        '"value<1", character 1: expected an aggregation of a trend (http_req_duration): avg, min, med, max, count, '
        'count/s or p(N) with N from 0 to 100, found "value"',
    ),
    ({"http_reqs": "p(95)"}, f'"p(95)", character 6: expected {OPERATOR}'),
    ({"http_reqs": 5}, 'expected a text such as "p(95)<500" or a list of them, found 5'),
    ({"http_reqs": [5]}, 'expected a text such as "p(95)<500", found 5'),
    ({5: "count>1"}, 'expected a text such as "p(95)<500", found 5'),
    ({"http_reqs": "rate>=0.99 of target"}, f'"rate>=0.99 of target", {OF_TARGET}"http_reqs"'),
    (
        {"iterations{name:x}": "rate>=0.99 of target"},
        f'"rate>=0.99 of target", {OF_TARGET}"iterations{{name:x}}"',
    ),
    (
        {"dropped_iterations{scenario:x}": "rate>=0.99 of target"},
        f'"rate>=0.99 of target", {OF_TARGET}"dropped_iterations{{scenario:x}}"',
    ),
    ({"http_req_failed": "rate>=0.99 of target"}, f'"rate>=0.99 of target", {OF_TARGET}"http_req_failed"'),
    (
        {"http_reqs": {"threshold": "count>1", "abortOnFail": True}},
        f'{KEYS}"abortOnFail"; did you mean "abort_on_fail"?',
    ),
    (
        {"http_reqs": [{"threshold": "count>1", "delayAbortEval": "5s"}]},
        f'{KEYS}"delayAbortEval"; did you mean "delay_abort_eval"?',
    ),
    ({"http_reqs": {"threshold": "count>1", "colour": "red"}}, f'{KEYS}"colour"'),
    ({"http_reqs": {"threshold": "count>1", 5: True}}, f'{KEYS}"5"'),
    ({"http_reqs": {}}, 'expected {"threshold": "p(95)<500", ...}, found {}'),
    (
        {"http_reqs": {"abort_on_fail": True}},
        'expected {"threshold": "p(95)<500", ...}, found {\'abort_on_fail\': True}',
    ),
    ({"http_reqs": {"threshold": 5}}, 'expected a text such as "p(95)<500", found 5'),
    (
        {"http_reqs": {"threshold": "count>1", "abort_on_fail": "yes"}},
        "abort_on_fail: expected True or False, found 'yes'",
    ),
    (
        {"http_reqs": {"threshold": "count>1", "delay_abort_eval": "soon"}},
        'delay_abort_eval: expected a duration such as "1m30s", "500ms" or 10 (seconds), found \'soon\'',
    ),
    (
        {"http_reqs": {"threshold": "count>1", "delay_abort_eval": None}},
        'delay_abort_eval: expected a duration such as "1m30s", "500ms" or 10 (seconds), found None',
    ),
]


@pytest.mark.parametrize(("declared", "message"), WRONG_DECLARATIONS)
def test_refuses_a_wrong_declaration_and_says_which(declared, message):
    with pytest.raises(ThresholdError) as caught:
        parse_thresholds(declared, KNOWN)

    (selector,) = declared
    assert str(caught.value) == f"threshold of {selector!r}: {message}"


def test_a_condition_that_does_not_fit_suggests_only_what_fits():
    with pytest.raises(ThresholdError) as caught:
        parse_thresholds({"http_reqs": "counts>1", "http_req_duration": "avg<1"}, KNOWN)
    assert 'did you mean "count"?' in str(caught.value)

    with pytest.raises(ThresholdError) as caught:
        parse_thresholds({"http_req_failed": "p(95)<1"}, KNOWN)
    assert "p(N)" not in str(caught.value)


UNITS = [("s", 1), ("m", 60), ("h", 3_600)]


@given(st.integers(1, 60), st.sampled_from(UNITS[:2]), st.integers(1, 1_000), st.sampled_from(UNITS), st.booleans())
def test_every_well_formed_time_is_read_in_whole_seconds(over, over_unit, after, after_unit, swapped):
    clauses = [f"over {over}{over_unit[0]}", f"after {after}{after_unit[0]}"]
    condition = parse_condition(" ".join(["max<1", *(reversed(clauses) if swapped else clauses)]))

    assert condition.over_seconds == over * over_unit[1]
    assert condition.after_seconds == after * after_unit[1]


OPERATORS = [">", ">=", "<", "<=", "==", "===", "!="]
SPACES = st.sampled_from(["", " ", "  ", "\t"])
ANY_AGGREGATION = st.sampled_from(["count", "rate", "value", "avg", "min", "max", "med"]) | st.floats(0, 100).map(
    lambda n: f"p({n:f})"
)


@given(ANY_AGGREGATION, st.sampled_from(OPERATORS), st.floats(allow_nan=False, allow_infinity=False), SPACES, SPACES)
def test_every_well_formed_condition_is_read_exactly(aggregation, operator, bound, before, after):
    condition = parse_condition(f"{aggregation}{before}{operator}{after}{bound!r}")

    assert (condition.aggregation, condition.operator, condition.bound) == (aggregation, operator, bound)


KEYS = st.text("abcXYZ_09", min_size=1)
PLAIN = st.text("ab/:?&={}$.'\" ", min_size=1).filter(lambda t: t == t.strip() and t[0] not in "\"'")
QUOTED = st.text("ab/:,{} '", max_size=8).map(lambda t: (f'"{t}"', t))
VALUES = PLAIN.map(lambda t: (t, t)) | QUOTED


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), SPACES)
def test_every_well_formed_selector_is_read_exactly(tags, space):
    written = f",{space}".join(f"{key}:{space}{text}{space}" for key, (text, _) in tags.items())

    selector = parse_selector(f"http_reqs{{{written}}}")

    assert selector.tags == tuple((key, value) for key, (_, value) in tags.items())


WORDS = ["rate", "p(95)", "<", "5", "30s", "of", "target", "over", "after", "1e9s", "0s", "max<1", "\u0663s"]


@given(st.text("ab{}:,'\"<>=p()95 \n\x1b") | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_no_text_fails_otherwise_than_with_a_threshold_error(text):
    for parse in (parse_selector, parse_condition):
        assert _read(parse, text) in {text.strip(), "refused"}


def _read(parse, text):
    try:
        return parse(text).source
    except ThresholdError:
        return "refused"
