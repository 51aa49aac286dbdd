"""Turns: as many a second as there may be, without bursts, and none during a pause."""

import math
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.fixtures.pace import Pace, parse_rate


@pytest.mark.parametrize(
    ("text", "interval"), [("50/s", 0.02), ("50", 0.02), ("300/m", 0.2), ("0.5/s", 2.0), ("1/m", 60.0), ("3", 1 / 3)]
)
def test_rates(text, interval):
    assert parse_rate(text) == pytest.approx(interval)


@pytest.mark.parametrize("text", ["", "0/s", "0", "-1", "fast", "5/h", "1e3", "5/", "nan", "\u0665/s"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(OptionError, match="--rate: expected one such as"):
        parse_rate(text)


def taken(pace, delays):
    """Turns of somebody who asks again after as long as was said, and a delay."""
    now, turns = 100.0, []
    for delay in delays:
        now += delay
        while wait := pace.wait(now):
            now += wait
        turns.append(now)
    return turns


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=200), st.floats(0.01, 0.1), st.floats(0.01, 5))
def test_in_no_span_there_are_more_turns_than_the_rate_allows(delays, interval, span):
    turns = taken(Pace(interval), delays)
    for first, start in enumerate(turns):
        assert bisect_left(turns, start + span) - first <= span / interval + 2.001


def test_whoever_is_a_little_late_takes_nobodys_turn():
    turns = taken(Pace(1.0), [0.3] * 50)
    assert turns[-1] == pytest.approx(turns[0] + 49.0)


def test_a_pause_holds_for_all():
    pace = Pace(1.0)
    assert pace.wait(0.0) == 0.0
    pace.hold(10.0)
    pace.hold(5.0)
    assert pace.wait(1.0) == 9.0
    assert pace.wait(math.nextafter(10.0, 0)) > 0
    assert pace.wait(10.0) == 0.0
    assert pace.wait(10.0) == 1.0
