"""What the threshold grammar reads, and how it refuses what it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import ThresholdError
from surgeline.judge.grammar import parse_condition, parse_selector, parse_thresholds
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

    assert (condition.aggregation, condition.operator, condition.bound) == (aggregation, operator, bound)
    assert condition.source == text.strip()


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
]


@pytest.mark.parametrize(("text", "metric", "tags"), SELECTORS)
def test_reads_a_selector(text, metric, tags):
    selector = parse_selector(text)

    assert (selector.metric, selector.tags, selector.source) == (metric, tags, text.strip())


BROKEN_CONDITIONS = [
    ("", "character 1: expected an operator"),
    ("p(95)", "character 6: expected an operator"),
    ("p(95)=500", "expected an operator"),
    ("<500", "character 1: expected an aggregation: count, rate, value, avg, min, med, max or p(N)"),
    ("p95<500", 'found "p95"; did you mean "p(95)"?'),
    ("P(95)<500", 'did you mean "p(95)"?'),
    ("perc(99.9)<5", 'did you mean "p(99.9)"?'),
    ("p(95<500", 'did you mean "p(95)"?'),
    ("average<500", 'did you mean "avg"?'),
    ("median<500", 'did you mean "med"?'),
    ("counts>5", 'did you mean "count"?'),
    ("p(101)<500", 'p(N) with N from 0 to 100, found "p(101)"'),
    ("p(-1)<500", 'found "p(-1)"'),
    ("p()<500", 'found "p()"'),
    ("p(95)<", "character 7: expected a number without a unit"),
    ("p(95)<500ms", "character 7: expected a number without a unit (times are milliseconds, data is bytes"),
    ("rate < 1%", "character 8: expected a number"),
    ("p(95)<>5", "character 7: expected a number without a unit (times are milliseconds, data is bytes, shares are"),
    ("p(95)<1_000", 'found "1_000"'),
    ("p(95)<nan", 'found "nan"'),
    ("p(95)<inf", 'found "inf"'),
    ("p(95)<1e999", 'found "1e999"'),
    ("p(95)<5<6", 'found "5<6"'),
]


@pytest.mark.parametrize(("text", "message"), BROKEN_CONDITIONS)
def test_refuses_a_broken_condition_with_place_and_expectation(text, message):
    with pytest.raises(ThresholdError) as caught:
        parse_condition(text)

    assert message in str(caught.value)
    assert str(caught.value).startswith(f'"{text}", character ')


BROKEN_SELECTORS = [
    ("", "character 1: expected a metric's name"),
    ("{name:a}", "character 1: expected a metric's name"),
    ("http_reqs}", "character 1: expected a metric's name"),
    ("http_reqs{name:a", 'character 17: expected a closing "}" as the last character, found "a"'),
    ("http_reqs{name:a}x", 'expected a closing "}" as the last character, found "x"'),
    ("http_reqs{", 'character 11: expected a closing "}" as the last character, found nothing'),
    ("http_reqs{}", "character 11: expected tag:value"),
    ("http_reqs{name}", 'character 11: expected tag:value (a value that holds a comma in quotes), found "name"'),
    ("http_reqs{name:}", "expected tag:value"),
    ("http_reqs{:a}", "expected tag:value"),
    ("http_reqs{name:a,}", "character 18: expected tag:value"),
    ("http_reqs{name:a,,status:200}", "character 18: expected tag:value"),
    ('http_reqs{name:"a}', "character 11: expected tag:value"),
    ('http_reqs{name:"a"b}', "character 11: expected tag:value"),
    ("http_reqs{name:a,name:b}", 'character 18: expected each tag once, found "name"'),
]


@pytest.mark.parametrize(("text", "message"), BROKEN_SELECTORS)
def test_refuses_a_broken_selector_with_place_and_expectation(text, message):
    with pytest.raises(ThresholdError) as caught:
        parse_selector(text)

    assert message in str(caught.value)


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
    "http_reqs": ("count", "rate"),
    "queue_depth": ("value",),
    "http_req_failed": ("rate",),
    "http_req_duration": ("avg", "min", "med", "max", "p(0)", "p(99.9)"),
}
AGGREGATIONS = sorted({aggregation for names in FITTING.values() for aggregation in names})


@pytest.mark.parametrize("metric", FITTING)
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_an_aggregation_must_fit_the_type_of_its_metric(metric, aggregation):
    declared = {metric: f"{aggregation}>1"}

    if aggregation in FITTING[metric]:
        assert parse_thresholds(declared, KNOWN)[0].condition.aggregation == aggregation
    else:
        expected = rf"expected an aggregation of a {KNOWN[metric].type.value} \({metric}\): "
        with pytest.raises(ThresholdError, match=expected):
            parse_thresholds(declared, KNOWN)


WRONG_DECLARATIONS = [
    ({"http_req_durations": "avg<1"}, 'found "http_req_durations"; did you mean "http_req_duration"?'),
    ({"http_req_duraton{name:a}": "avg<1"}, 'did you mean "http_req_duration"?'),
    ({"zzz": "avg<1"}, "a metric of your own must be created before the run starts"),
    (
        {"http_reqs": "p(95)<1"},
        'character 1: expected an aggregation of a counter (http_reqs): count or rate, found "p(95)"',
    ),
    ({"http_req_failed": "count<1"}, "(http_req_failed): rate, found"),
    ({"http_reqs": "p(95)"}, "threshold of 'http_reqs': \"p(95)\", character 6"),
    ({"http_reqs": {"threshold": "count>1", "abortOnFail": True}}, "or a list of them, found {'threshold'"),
    ({"http_reqs": [{"threshold": "count>1"}]}, "found {'threshold'"),
    ({"http_reqs": 5}, "or a list of them, found 5"),
    ({5: "count>1"}, "threshold of 5: expected a text"),
]


@pytest.mark.parametrize(("declared", "message"), WRONG_DECLARATIONS)
def test_refuses_a_wrong_declaration_and_says_which(declared, message):
    with pytest.raises(ThresholdError) as caught:
        parse_thresholds(declared, KNOWN)

    assert message in str(caught.value)


def test_a_condition_that_does_not_fit_suggests_only_what_fits():
    with pytest.raises(ThresholdError) as caught:
        parse_thresholds({"http_reqs": "counts>1", "http_req_duration": "avg<1"}, KNOWN)
    assert 'did you mean "count"?' in str(caught.value)

    with pytest.raises(ThresholdError) as caught:
        parse_thresholds({"http_req_failed": "p(95)<1"}, KNOWN)
    assert "p(N)" not in str(caught.value)


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


@given(st.text("ab{}:,'\"<>=p()95 \n\x1b"))
def test_no_text_fails_otherwise_than_with_a_threshold_error(text):
    for parse in (parse_selector, parse_condition):
        assert _read(parse, text) in {text.strip(), "refused"}


def _read(parse, text):
    try:
        return parse(text).source
    except ThresholdError:
        return "refused"
