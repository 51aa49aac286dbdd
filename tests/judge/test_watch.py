"""Thresholds followed over a run: windows, warm-up, targets, aborts, and that the end equals the registry's totals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watch_support import BAD, DEPTH, HITS, TIMES, USERS, Feed

from surgeline.judge.evaluate import evaluate, measured_text
from surgeline.metrics.names import ITERATIONS

NOTHING = (None, None, None)

# One list of values for each second; `last` is when the last second ended, where it was cut short.
WINDOWS = [
    # The worst of all windows, not of the whole: 100 stands in one window of 2 s beside 1 and in one beside 2.
    (TIMES, "max<50 over 2s", [[1], [100], [2], [3]], None, (100, False, (0, 2))),
    (TIMES, "min>0 over 2s", [[5], [4], [9], [8]], None, (4, True, (0, 2))),
    (TIMES, "avg<6 over 2s", [[5], [4], [9], [8]], None, (8.5, False, (2, 4))),
    (TIMES, "avg<=8.5 over 2s", [[5], [4], [9], [8]], None, (8.5, True, (2, 4))),
    (TIMES, "avg<9 over 1s", [[5], [4], [9], [8]], None, (9, False, (2, 3))),
    (TIMES, "p(100)<9 over 3s", [[5], [9], [1], [1], [1]], None, (9, False, (0, 3))),
    (TIMES, "med<3 over 3s", [[1], [1], [1], [5], [5], [5]], None, (5, False, (3, 6))),
    # The opposite of the whole-run verdict, in both directions.
    (TIMES, "avg<10 over 2s", [[1, 1, 1, 1], [1, 1, 1, 1], [20], [20]], None, (20, False, (2, 4))),
    (TIMES, "avg>0.5 over 4s", [[1], [1], [1], [1]], None, (1, True, (0, 4))),
    # Windows without samples are not judged.
    (TIMES, "min>=1 over 1s", [[], [1], [], [2], []], None, (1, True, (1, 2))),
    (BAD, "rate<0.5 over 2s", [[], [], [1], [], []], None, (1, False, (1, 3))),
    # For counters, and for counts of what there is at other times, they count as 0.
    (HITS, "count>=1 over 2s", [[1], [], [], [1]], None, (0, False, (1, 3))),
    (HITS, "count<1 over 2s", [[], [], []], None, (0, True, (0, 2))),
    (HITS, "rate<3 over 2s", [[2], [3], [4]], None, (3.5, False, (1, 3))),
    (HITS, "count/s<3 over 2s", [[2], [3], [4]], None, (3.5, False, (1, 3))),
    (TIMES, "count/s>0 over 1s", [[7], [], [7]], None, (0, False, (1, 2))),
    (TIMES, "count>=1 over 2s", [[], [], [7]], None, (0, False, (0, 2))),
    (TIMES, "count>=1 over 2s", [[], [], []], None, NOTHING),
    (BAD, "count<2 over 2s", [[1, 0], [1, 0], [0, 0]], None, (2, False, (0, 2))),
    (BAD, "count/s<=1 over 2s", [[1, 0], [1, 0], [0, 0]], None, (1, True, (0, 2))),
    (BAD, "rate<=0.5 over 2s", [[1, 0], [1, 0], [0, 0]], None, (0.5, True, (0, 2))),
    (BAD, "rate<0.01 over 2s", [[], []], None, NOTHING),
    # Gauges: the last of the window, or its extremes.
    (DEPTH, "value<5 over 2s", [[9, 1], [2], [7, 3]], None, (3, True, (1, 3))),
    (DEPTH, "max<5 over 2s", [[9, 1], [2], [7, 3]], None, (9, False, (0, 2))),
    (DEPTH, "min>1 over 2s", [[9, 1], [2], [7, 3]], None, (1, False, (0, 2))),
    (DEPTH, "value<5 over 2s", [[], [], []], None, NOTHING),
    # The farthest from what it should be; the one that is what it should not be.
    (HITS, "count==3 over 1s", [[3], [2], [7], [3]], None, (7, False, (2, 3))),
    (HITS, "count===3 over 1s", [[3], [3]], None, (3, True, (0, 1))),
    (HITS, "count!=3 over 1s", [[1], [3], [9]], None, (3, False, (1, 2))),
    (HITS, "count!=3 over 1s", [[1], [4], [9]], None, (4, True, (1, 2))),
    # What adds up to nothing is not nothing.
    (HITS, "count<5 over 3s", [[1], [2], [-5], [5]], None, (2, True, (1, 4))),
    # The first of the worst.
    (HITS, "count<5 over 1s", [[1], [7], [7]], None, (7, False, (1, 2))),
    # A second that was cut short belongs to the last window.
    (TIMES, "max<50 over 2s", [[1], [1], [60]], 2.4, (60, False, (0, 2.4))),
    (TIMES, "max<50 over 1s", [[60], [1], [2]], 2.4, (60, False, (0, 1))),
    (HITS, "rate>=4 over 2s", [[5], [5], [1]], 2.5, (4.4, True, (0, 2.5))),
    # A tick that came a little early or late ends a whole second all the same.
    (HITS, "rate>=4 over 2s", [[5], [5], [0, 1]], 2.995, (3, False, (1, 3))),
    (HITS, "rate>=4 over 2s", [[5], [5], [0, 1]], 3.02, (3, False, (1, 3))),
    # No full window: all of the time there was.
    (TIMES, "avg<5 over 1m", [[1], [3], [8]], 2.5, (4, True, (0, 2.5))),
    (HITS, "rate>2 over 3s", [[1], [3], [6]], 2.5, (4, True, (0, 2.5))),
    (HITS, "count>2 over 3s", [[]], 0.5, (0, False, (0, 0.5))),
    (TIMES, "avg<5 over 1m", [[], []], None, NOTHING),
    # The warm-up is in no window.
    (TIMES, "max<50 over 1s after 2s", [[99], [99], [1], [2]], None, (2, True, (3, 4))),
    (TIMES, "max<50 over 2s after 1s", [[99], [1], [60]], None, (60, False, (1, 3))),
    (TIMES, "max<50 over 5s after 1s", [[99], [1], [2]], None, (2, True, (1, 3))),
    (HITS, "rate>=2 over 5s after 1s", [[9], [2], [2]], 2.5, (4 / 1.5, True, (1, 2.5))),
    (HITS, "count<5 over 2s after 3s", [[1], [1]], None, NOTHING),
    (TIMES, "max<5 over 2s after 2s", [[9], [9]], None, NOTHING),
    # The warm-up alone.
    (TIMES, "max<50 after 2s", [[99], [99], [1], [2]], None, (2, True, None)),
    (HITS, "rate==3 after 1s", [[100], [2], [4]], None, (3, True, None)),
    (HITS, "count/s==4 after 1s", [[100], [2], [4]], 2.5, (4, True, None)),
    (HITS, "count==0 after 1s", [[100], [], []], None, (0, True, None)),
    (HITS, "count<5 after 2s", [[1], [1]], None, NOTHING),
    (BAD, "rate<0.5 after 1s", [[1], []], None, NOTHING),
    (DEPTH, "max<5 after 1s", [[9], [3]], None, (3, True, None)),
    # Per second of the whole time.
    (TIMES, "count/s==2", [[1, 1, 1], [1]], None, (2, True, None)),
    (TIMES, "count==4", [[1, 1, 1], [1]], None, (4, True, None)),
    (BAD, "count/s<1", [[1, 0, 0], [1, 0]], 1.6, (1.25, False, None)),
    (BAD, "count<10", [[1, 0, 0], [1, 0]], None, (2, True, None)),
    (BAD, "count<10", [[], []], None, NOTHING),
    (TIMES, "count<10", [[], []], None, NOTHING),
    (HITS, "count/s<1", [[], []], None, (0, True, None)),
    (DEPTH, "min>=2", [[5, 3], [4]], None, (3, True, None)),
    (DEPTH, "max<5", [[5, 3], [4]], None, (5, False, None)),
]


@pytest.mark.parametrize(("metric", "condition", "seconds", "last", "expected"), WINDOWS)
def test_measures_by_hand_computed_cases(metric, condition, seconds, last, expected):
    feed = Feed({metric.name: condition})
    feed.seconds(metric, seconds, last)

    feed.expect(*expected)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("count>=1 over 1s", (1, True, (0, 1))),  # not 0 in [2, 3), nor 2 in [3, 4)
        ("count<2 over 1s", (1, True, (0, 1))),
        ("count<2 over 2s", (2, False, (0, 2))),
        ("count<5 over 4s", (4, True, (0, 4))),
    ],
)
def test_windows_with_an_edge_in_a_hold_up_are_not_judged(condition, expected):
    """Second 2 was not reported: what was recorded in it is in second 3."""
    feed = Feed({"hits": condition})
    feed.seconds(HITS, [[1], [1]])
    feed.add(HITS, 2)
    feed.end(second=3)
    feed.seconds(HITS, [[1]])

    feed.expect(*expected)


def test_what_comes_after_the_end_of_its_second_is_not_lost():
    feed = Feed({"times": ["max<5", "max<5 over 1s", "max<5 after 1s"]})
    feed.seconds(TIMES, [[1], [1]])
    feed.add(TIMES, 9)
    feed.watch.take(1, feed.registry.rotate())
    feed.end()

    assert [result.measured for result in feed.watch.results()] == [9, 9, 9]


def test_what_set_up_left_counts_for_the_whole_run_alone():
    declared = {"hits": ["count>0", "count>0 after 1s", "count>0 over 1s"], "times": ["max<5", "max<5 over 1s"]}
    feed = Feed(declared)
    feed.add(HITS, 7)
    feed.add(TIMES, 7)
    feed.end(second=-1)
    feed.seconds(HITS, [[1], [2]])

    assert [result.measured for result in feed.watch.results()] == [10, 2, 1, 7, None]


def test_before_the_first_second_nothing_has_samples_and_counters_are_zero():
    feed = Feed({"hits": ["count==0", "count==0 over 1s"], "times": ["max<5", "max<5 over 1s"]})

    assert [result.ok for result in feed.watch.results()] == [True, None, None, None]


def test_selectors_take_the_series_that_carry_their_tags():
    feed = Feed({"times": "count==4", "times{a:x}": "count==2", "times{a:x,b:y}": "count==1", "times{a:z}": "count>0"})
    for tags in ({"a": "x"}, {"a": "x", "b": "y"}, {"b": "y"}, {}):
        feed.add(TIMES, 1, **tags)
    feed.end()

    assert [result.ok for result in feed.watch.results()] == [True, True, True, None]


def test_a_series_that_appears_late_is_taken_too():
    feed = Feed({"times{a:x}": ["count==2", "count<=1 over 1s"]})
    feed.add(TIMES, 1, a="x")
    feed.end()
    feed.add(TIMES, 1, a="x", b="new")
    feed.end()

    assert [result.ok for result in feed.watch.results()] == [True, True]


def test_users_of_several_scenarios_add_up():
    feed = Feed({"users": ["value==5", "max==9", "min==5", "max==9 over 2s", "value==5 over 1s"]})
    for one, two in ((4, 3), (7, 2), (0, 5)):
        feed.add(USERS, one, scenario="one")
        feed.add(USERS, two, scenario="two")
        feed.end()

    assert [result.measured for result in feed.watch.results()] == [5, 9, 5, 9, 9]


def per_second(rate):
    """A schedule of `rate` starts a second for 10 s; keeps what it was asked."""
    asked = []

    def planned(tags, start_ns, end_ns):
        asked.append((tags, start_ns, end_ns))
        return (min(end_ns, 10 * 10**9) - min(start_ns, 10 * 10**9)) * rate // 10**9

    return planned, asked


TARGETS = [
    ("rate>=0.9 of target", [[10], [9], [8]], None, (0.9, True, None)),
    ("rate>0.9 of target", [[10], [9], [8]], None, (0.9, False, None)),
    ("rate>=0.9 of target after 1s", [[10], [9], [8]], None, (0.85, False, None)),
    ("rate>=0.9 of target after 3s", [[10], [9], [8]], None, NOTHING),
    ("rate>=0.9 of target over 1s", [[10], [9], [8], [9]], None, (0.8, False, (2, 3))),
    ("rate>=0.8 of target over 2s", [[10], [], [10], [10]], None, (0.5, False, (0, 2))),
    ("rate>=0.8 of target over 1s", [[10], [], [10]], None, (0, False, (1, 2))),
    ("rate>=0.8 of target over 9s", [[10], [10], [4]], 2.5, (0.96, True, (0, 2.5))),
    ("rate>=0.9 of target", [[], []], None, (0, False, None)),
    # Nothing is planned any more: there is no target.
    ("rate>=0.9 of target over 1s", [[10]] * 10 + [[], []], None, (1, True, (0, 1))),
    ("rate>=0.9 of target after 10s", [[10]] * 10 + [[1]], None, NOTHING),
]


@pytest.mark.parametrize(("condition", "seconds", "last", "expected"), TARGETS)
def test_a_rate_of_target_is_a_share_of_what_was_planned(condition, seconds, last, expected):
    planned, _ = per_second(10)
    feed = Feed({"iterations": condition}, planned)
    feed.seconds(ITERATIONS, seconds, last)

    feed.expect(*expected)


def test_the_plan_is_asked_about_the_selected_scenario_and_the_judged_time():
    planned, asked = per_second(10)
    feed = Feed({"iterations{scenario:x}": "rate>=0.9 of target after 2s"}, planned)
    feed.seconds(ITERATIONS, [[1], [1], [1]], 2.75)
    feed.watch.results()

    assert asked == [({"scenario": "x"}, 2 * 10**9, 2_750_000_000)]


def test_an_unknown_target_cannot_be_judged():
    feed = Feed({"iterations": ["rate>=0.9 of target", "rate>=0.9 of target over 1s"]}, lambda *_: None)
    feed.seconds(ITERATIONS, [[1], [1]])

    assert [result.ok for result in feed.watch.results()] == [None, None]


TEXTS = [
    (TIMES, "max<50 over 2s", [[1], [60.5], [2]], "60.50ms from 0s to 2s"),
    (TIMES, "max<50 over 1m", [[1], [60.5], [2]], "60.50ms from 0s to 3s"),
    (HITS, "count/s<5 over 1s", [[1], [2.5]], "2.50/s from 1s to 2s"),
    (HITS, "count<5", [[1], [2]], "3"),
    (TIMES, "count<5", [[1], [2]], "2"),
    (TIMES, "count/s<5", [[1], [2]], "1/s"),
    (BAD, "count<5", [[1], [0]], "1"),
    (BAD, "count/s<5", [[1], [0]], "0.50/s"),
    (BAD, "rate<=1 over 1s", [[1], [0]], "100% from 0s to 1s"),
    (ITERATIONS, "rate<5 of target", [[9.87], [9.87]], "98.70% of target"),
    (ITERATIONS, "rate>5 of target over 1s", [[10], [9]], "90% of target from 1s to 2s"),
    (TIMES, "max<50 over 1s", [[]], "no samples"),
]


@pytest.mark.parametrize(("metric", "condition", "seconds", "text"), TEXTS)
def test_says_what_was_measured_and_when(metric, condition, seconds, text):
    feed = Feed({metric.name: condition}, per_second(10)[0])
    feed.seconds(metric, seconds)

    assert measured_text(feed.result) == text


def test_says_when_to_a_tenth_of_a_second():
    feed = Feed({"times": "max<50 over 1m"})
    feed.seconds(TIMES, [[1]] * 75, 74.26789)

    assert measured_text(feed.result) == "1ms from 0s to 1m"
    feed.add(TIMES, 99)
    feed.end(74.96789)
    assert measured_text(feed.result).endswith(" to 1m15s")


def aborting(condition, delay=0):
    return {"threshold": condition, "abort_on_fail": True, "delay_abort_eval": delay}


def test_the_first_threshold_that_fails_and_may_abort_ends_the_run():
    feed = Feed({"times": ["max<10", aborting("avg<100"), aborting("max<20"), aborting("max<30")]})
    feed.seconds(TIMES, [[15]])
    assert feed.watch.failed_to_abort(1.0) is None
    feed.seconds(TIMES, [[50]])

    failed = feed.watch.failed_to_abort(2.0)
    assert failed.threshold is feed.thresholds[2]
    assert (failed.measured, failed.ok) == (50, False)


@pytest.mark.parametrize(("seconds", "aborts"), [(9.99, False), (10.0, True), (11.0, True)])
def test_a_delay_holds_the_abort_back_and_not_the_verdict(seconds, aborts):
    feed = Feed({"times": aborting("max<10", "10s")})
    feed.seconds(TIMES, [[15]])

    assert (feed.watch.failed_to_abort(seconds) is not None) is aborts
    assert feed.result.ok is False


@pytest.mark.parametrize("condition", ["count>0", "count>0 over 1s", "rate>0", "count>0 after 1s"])
def test_without_samples_nothing_aborts(condition):
    feed = Feed({"hits": aborting(condition), "times": aborting("max<1"), "bad": aborting("rate>0.5 over 1s")})
    feed.seconds(HITS, [[], [], []])
    assert feed.watch.results()[0].ok is False
    assert feed.watch.failed_to_abort(3.0) is None


def test_a_window_aborts_once_it_is_full():
    feed = Feed({"times": aborting("avg<10 over 3s")})
    for second, expected in enumerate((None, None, 21), start=1):
        feed.seconds(TIMES, [[20 + second - 1]])
        failed = feed.watch.failed_to_abort(second)
        assert (failed and failed.measured) == expected
    assert feed.result.window_s == (0, 3)


def test_a_whole_run_may_recover_from_a_failure_and_a_window_may_not():
    feed = Feed({"times": ["avg<10", "avg<10 over 1s"]})
    feed.seconds(TIMES, [[30]])
    assert [result.ok for result in feed.watch.results()] == [False, False]
    feed.seconds(TIMES, [[1] * 9])
    assert [result.ok for result in feed.watch.results()] == [True, False]


TAGS = st.fixed_dictionaries({}, optional={"a": st.sampled_from("xy"), "b": st.sampled_from("xyz")})
VALUES = {
    HITS: st.floats(0, 1e9),
    BAD: st.booleans(),
    DEPTH: st.floats(-1e9, 1e9),
    TIMES: st.integers(0, 10**6),
    USERS: st.integers(0, 50),
}
SAMPLE = st.sampled_from(list(VALUES)).flatmap(lambda metric: st.tuples(st.just(metric), VALUES[metric], TAGS))
ALL = {
    "hits": ["count==1", "rate==1", "count/s==1"],
    "bad": ["rate==1", "count==1"],
    "depth": ["value==1", "min==1", "max==1"],
    "times": ["avg==1", "min==1", "med==1", "max==1", "p(0)==1", "p(95)==1", "p(99.9)==1", "count==1"],
    "users": ["value==1", "min==1", "max==1"],
}
EVERYTHING = {f"{name}{braces}": each for name, each in ALL.items() for braces in ("", "{a:x}", "{b:y}", "{a:y,b:z}")}


@given(st.lists(st.lists(SAMPLE, max_size=8), max_size=6), st.floats(0, 0.9))
def test_the_end_of_a_run_equals_the_registry_exactly(seconds, rest):
    feed = Feed(EVERYTHING)
    for samples in seconds:
        for metric, value, tags in samples:
            feed.add(metric, value, **tags)
        feed.end(None if samples is not seconds[-1] else feed.next + rest)

    for result in feed.watch.results():
        selector = result.threshold.selector
        value = feed.registry.value(selector.metric, dict(selector.tags))
        assert result == evaluate(result.threshold, value, feed.registry.seconds), selector.source


def brute_force(seconds, rest, over, after, measure, worst):
    """Every full window by itself; the time after the last whole second in the last one."""
    whole = len(seconds) - (rest is not None)
    ends = list(range(after + over, whole + 1))
    end = whole if rest is None else whole + rest
    windows = [(stop - over, stop) for stop in ends]
    if windows:
        windows[-1] = (windows[-1][0], end)
        if rest is not None:
            windows.insert(-1, (whole - over, whole))
    elif after < end:
        windows = [(after, end)]
    found = []
    for start, stop in windows:
        values = [value for values in seconds[start : math.ceil(stop)] for value in values]
        measured = measure(values, stop - start)
        if measured is not None:
            found.append(measured)
    return worst(found, default=None)


MEASURES = [
    (TIMES, "max<1", lambda values, _: max(values, default=None), max),
    (TIMES, "max>1", lambda values, _: max(values, default=None), min),
    (TIMES, "min>1", lambda values, _: min(values, default=None), min),
    (TIMES, "min<1", lambda values, _: min(values, default=None), max),
    (TIMES, "avg<1", lambda values, _: sum(values) / len(values) if values else None, max),
    (HITS, "count<1", lambda values, _: sum(values), max),
    (HITS, "count>1", lambda values, _: sum(values), min),
    (HITS, "rate>=1", lambda values, seconds: sum(values) / seconds, min),
    (DEPTH, "value<1", lambda values, _: values[-1] if values else None, max),
    (DEPTH, "min>=1", lambda values, _: min(values, default=None), min),
    (BAD, "rate<1", lambda values, _: sum(map(bool, values)) / len(values) if values else None, max),
]


@pytest.mark.parametrize(("metric", "condition", "measure", "worst"), MEASURES)
@given(
    seconds=st.lists(st.lists(st.integers(0, 20), max_size=3), min_size=1, max_size=12),
    rest=st.none() | st.floats(0.01, 0.9),
    over=st.integers(1, 6),
    after=st.integers(0, 4),
)
def test_windows_equal_brute_force(metric, condition, measure, worst, seconds, rest, over, after):
    clauses = f"over {over}s" + (f" after {after}s" if after else "")
    feed = Feed({metric.name: f"{condition} {clauses}"})
    feed.seconds(metric, seconds, None if rest is None else len(seconds) - 1 + rest)

    expected = brute_force(seconds, rest, over, after, measure, worst)
    measured = feed.result.measured
    assert measured == (expected if expected is None else pytest.approx(expected))


@given(st.lists(st.lists(st.integers(0, 10**6), max_size=4), min_size=3, max_size=15), st.integers(1, 3))
def test_percentiles_of_windows_equal_those_of_their_samples(seconds, over):
    """The oracle is a run of its own for each window."""
    feed = Feed({"times": f"p(90)<1 over {over}s"})
    feed.seconds(TIMES, seconds)

    found = []
    for start in range(len(seconds) - over + 1):
        alone = Feed({"times": "p(90)<1"})
        alone.seconds(TIMES, seconds[start : start + over])
        found.append(alone.result.measured)
    known = [measured for measured in found if measured is not None]
    assert feed.result.measured == max(known, default=None)


def test_thresholds_over_one_selector_share_their_sums():
    conditions = ["p(95)<1", "max<1", "avg<1 after 5s", "max<1 over 9s", "p(1)<1 over 9s", "max<1 over 8s"]
    feed = Feed({"times{a:x,b:y}": conditions, "times{b:y,a:x}": conditions})

    (selection,) = feed.watch._selections.values()
    assert len(selection._totals) == 2
    assert len(selection._windows) == 2
