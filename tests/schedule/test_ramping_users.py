"""The steps of ramping users: tables as k6 has them, and what holds for any."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.schedule.ramping_vus import RampingUsers
from surgeline.schedule.share import Share
from surgeline.schedule.stages import Stage

SECOND = 1_000_000_000
schedules = st.builds(
    RampingUsers,
    st.integers(0, 60),
    st.lists(
        st.builds(Stage, st.one_of(st.just(0), st.integers(1, 200)), st.integers(0, 60)), min_size=1, max_size=6
    ).map(tuple),
)


def users(start_vus, *pairs):
    return RampingUsers(start_vus, tuple(Stage(round(seconds * SECOND), target) for seconds, target in pairs))


@pytest.mark.parametrize(
    ("schedule", "steps"),
    [
        (users(1, (3, 1)), [(0, 1)]),
        (users(0, (4, 4)), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]),
        # A user stops when the line reaches the number below its own.
        (users(4, (4, 0)), [(0, 4), (1, 3), (2, 2), (3, 1), (4, 0)]),
        (users(0, (1, 2), (1, 2), (1, 0)), [(0, 0), (0.5, 1), (1, 2), (2.5, 1), (3, 0)]),
        (users(0, (0, 100), (5, 100), (0, 10), (5, 10)), [(0, 100), (5, 10)]),
        (users(5, (0, 5), (0, 7), (0, 3), (1, 3)), [(0, 3)]),
        # Up and down with a jump at the end: k6 makes the same steps.
        (
            users(4, (2, 6), (5, 1), (4, 5), (4, 1), (3, 4), (2, 4), (0, 1), (3, 1)),
            [*enumerate([4, 5, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3, 4]), (20, 1)],
        ),
    ],
)
def test_by_hand(schedule, steps):
    assert list(schedule.steps(Share())) == [(t * SECOND, count) for t, count in steps]


def test_a_time_that_is_no_whole_nanosecond_is_rounded_up():
    schedule = RampingUsers(0, (Stage(10, 3),))
    assert list(schedule.steps(Share())) == [(0, 0), (4, 1), (7, 2), (10, 3)]


@given(schedules)
def test_the_steps_are_the_numbers_at_their_times(schedule):
    steps = dict(schedule.steps(Share()))
    count = None
    for t in range(schedule.duration_ns + 2):
        count = steps.get(t, count)
        assert schedule.count_at(t) == count


@given(schedules)
def test_every_step_is_a_change_at_a_later_time(schedule):
    steps = list(schedule.steps(Share()))
    assert steps[0][0] == 0
    for (t, count), (later, other) in pairwise(steps):
        assert t < later
        assert count != other
    assert max(count for _, count in steps) <= schedule.most


@given(schedules, st.integers(1, 5))
def test_shares_add_up_at_any_time(schedule, workers):
    shares = [dict(schedule.steps(Share(index, workers))) for index in range(workers)]
    counts = [0] * workers
    for t in range(schedule.duration_ns + 1):
        counts = [steps.get(t, count) for steps, count in zip(shares, counts, strict=True)]
        assert sum(counts) == schedule.count_at(t)


def test_lazily():
    schedule = users(0, (10, 1_000_000))
    steps = schedule.steps(Share())
    assert [next(steps) for _ in range(3)] == [(0, 0), (10_000, 1), (20_000, 2)]
