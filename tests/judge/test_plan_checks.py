"""Which thresholds a plan refuses because they would be judged on nothing."""

import pytest

from surgeline.errors import ThresholdError
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.plan_checks import Target, check_selectors, check_targets, check_warm_up
from surgeline.metrics.names import BUILTIN

SECOND = 1_000_000_000


def parsed(selector, condition):
    return parse_thresholds({selector: condition}, BUILTIN)


GOOD_SELECTORS = [
    "http_reqs",
    "http_reqs{scenario:peak}",
    'http_reqs{name:x, scenario : "soak"}',
    "http_reqs{my-scenario:other}",
    "checks{check:ok}",
    "checks{check:ok,scenario:peak}",
]


@pytest.mark.parametrize("selector", GOOD_SELECTORS)
def test_takes_what_the_plan_has(selector):
    check_selectors(parsed(selector, "rate>0"), ["peak", "soak"])


BAD_SELECTORS = [
    ("http_reqs{scenario:peek}", 20, 'a scenario of the plan: peak or soak, found "peek"; did you mean "peak"?'),
    ("http_reqs{name:peek,scenario: 'peek'}", 32, 'a scenario of the plan: peak or soak, found "peek"; did you mean '
     '"peak"?'),
    ("http_reqs{scenario:zzz}", 20, 'a scenario of the plan: peak or soak, found "zzz"'),
    ("http_reqs{scenario:Peak}", 20, 'a scenario of the plan: peak or soak, found "Peak"; did you mean "peak"?'),
    ("http_reqs{check:ok}", 17, 'the tag check on the metric checks alone, found "ok"'),
    ("http_req_failed{scenario:peak,check:ok}", 37, 'the tag check on the metric checks alone, found "ok"'),
]  # fmt: skip


@pytest.mark.parametrize(("selector", "place", "message"), BAD_SELECTORS)
def test_refuses_what_can_have_no_samples(selector, place, message):
    with pytest.raises(ThresholdError) as caught:
        check_selectors(parsed(selector, "rate>0"), ("peak", "soak"))

    assert str(caught.value) == f'threshold of {selector!r}: "{selector}", character {place}: expected {message}'


TARGETS = {"users": Target.NONE, "shared": Target.TOTAL, "rate": Target.SCHEDULE}
GOOD_TARGETS = [
    ("iterations{scenario:rate}", "rate>=0.99 of target over 10s after 5s", TARGETS),
    ("iterations{scenario:rate}", {"threshold": "rate>=0.99 of target", "abort_on_fail": True}, TARGETS),
    ("iterations{scenario:shared}", "rate>=0.99 of target", TARGETS),
    ("iterations", "rate>=0.99 of target", {"shared": Target.TOTAL, "rate": Target.SCHEDULE}),
    ("iterations", "rate>=0.99 over 5s after 5s", TARGETS),
    ("http_reqs", "rate>5", TARGETS),
]


@pytest.mark.parametrize(("selector", "condition", "targets"), GOOD_TARGETS)
def test_takes_targets_that_are_known(selector, condition, targets):
    check_targets(parsed(selector, condition), targets)


UNKNOWN = "scenario 'users', which starts as many iterations as the system lets it"
IN_PART = (
    'scenario \'shared\', whose starts have no times: leave out "over", "after" and abort_on_fail, or use an arrival '
    "rate"
)
BAD_TARGETS = [
    ("iterations{scenario:users}", "rate>=0.99 of target", UNKNOWN),
    ("iterations", "rate>=0.99 of target", UNKNOWN),
    ("iterations{scenario:shared}", "rate>=0.99 of target over 5s", IN_PART),
    ("iterations{scenario:shared}", "rate>=0.99 of target after 5s", IN_PART),
    ("iterations{scenario:shared}", {"threshold": "rate>=0.9 of target", "abort_on_fail": True}, IN_PART),
]


@pytest.mark.parametrize(("selector", "condition", "message"), BAD_TARGETS)
def test_refuses_targets_that_nobody_knows(selector, condition, message):
    (threshold,) = parsed(selector, condition)
    with pytest.raises(ThresholdError) as caught:
        check_targets([threshold], TARGETS)

    source = threshold.condition.source
    assert str(caught.value) == (
        f"threshold of '{selector}': \"{source}\": expected a planned number of starts, found {message}"
    )


@pytest.mark.parametrize("planned_ns", [None, 30 * SECOND + 1])
def test_takes_a_warm_up_that_leaves_something(planned_ns):
    check_warm_up(parsed("http_reqs", ["rate>5 after 30s", "rate>5", "rate>5 over 60s"]), planned_ns)


def test_refuses_a_warm_up_of_the_whole_run():
    with pytest.raises(ThresholdError) as caught:
        check_warm_up(parsed("http_reqs", ["rate>5", "rate>5 after 1m"]), 60 * SECOND)

    assert str(caught.value) == (
        'threshold of \'http_reqs\': "rate>5 after 1m": expected "after" a time shorter than the run, which takes 1m, '
        "found 1m"
    )
