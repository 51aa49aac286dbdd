"""The starts of a ramping rate, beside the exact integral in fractions, and the tables of a hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.schedule.ramping_rate import RampingRate
from surgeline.schedule.share import Share
from surgeline.schedule.stages import Stage, stage_at

SECOND = 1_000_000_000
stages = st.lists(
    st.builds(Stage, st.one_of(st.just(0), st.integers(1, 100 * SECOND)), st.integers(0, 200)), min_size=1, max_size=6
).map(tuple)
schedules = st.builds(RampingRate, st.integers(0, 200), st.integers(SECOND // 2, 60 * SECOND), stages)
long_stages = st.lists(st.builds(Stage, st.integers(0, 10**17), st.integers(0, 10_000_000)), min_size=1, max_size=6)
long_schedules = st.builds(
    RampingRate, st.integers(0, 10_000_000), st.integers(1, 86_400 * SECOND), long_stages.map(tuple)
)


def integral(schedule, t_ns):
    """Starts due by `t_ns`, by the area of trapezoids."""
    area, begin, rate = Fraction(0), 0, schedule.start_rate
    for stage in schedule.stages:
        x = min(max(t_ns - begin, 0), stage.duration_ns)
        if stage.duration_ns:
            reached = rate + Fraction((stage.target - rate) * x, stage.duration_ns)
            area += (rate + reached) * x / 2
        begin, rate = begin + stage.duration_ns, stage.target
    return area / schedule.unit_ns


def all_starts(schedule):
    return list(schedule.starts(Share()))


@given(long_schedules, st.floats(0, 1))
def test_every_start_is_where_the_integral_reaches_its_number_within_a_nanosecond(schedule, part):
    if schedule.total:
        k = min(int(part * schedule.total), schedule.total - 1)
        due = schedule.start_ns(k)
        assert 0 <= due <= schedule.duration_ns
        assert integral(schedule, due) <= k + 1
        assert due == schedule.duration_ns or integral(schedule, due + 1) > k + 1 or integral(schedule, due) == k + 1


@given(long_schedules)
def test_the_total_is_the_whole_part_of_the_integral(schedule):
    assert schedule.total == int(integral(schedule, schedule.duration_ns))


@given(schedules)
def test_starts_are_those_of_random_access_in_order(schedule):
    starts = all_starts(schedule)
    assert starts == sorted(starts)
    assert starts == [schedule.start_ns(k) for k in range(schedule.total)]


@given(schedules, st.integers(1, 7))
def test_shares_together_are_the_whole_each_start_once(schedule, workers):
    whole = all_starts(schedule)
    for index in range(workers):
        assert list(schedule.starts(Share(index, workers))) == whole[index::workers]


@given(schedules, st.integers(0, 700 * SECOND))
def test_planned_before_counts_the_starts_before(schedule, t_ns):
    starts = all_starts(schedule)
    for t in (t_ns, *starts[:3], *starts[-3:], schedule.duration_ns, schedule.duration_ns + 1):
        assert schedule.planned_before(t) == sum(start < t for start in starts)


@given(long_schedules, st.floats(0, 1))
def test_points_and_times_are_each_others_inverse(schedule, part):
    if schedule.points:
        point = min(int(part * schedule.points) + 1, schedule.points)
        due = schedule.time_of(point)
        assert schedule.points_before(due) <= point <= schedule.points_before(due + 1)


def ramp(start_rate, *pairs, unit=SECOND):
    return RampingRate(start_rate, unit, tuple(Stage(round(seconds * SECOND), target) for seconds, target in pairs))


@pytest.mark.parametrize(
    ("schedule", "milliseconds"),
    [
        # A level rate: the first start is at 1/rate and the last at the very end.
        (ramp(4, (1, 4)), [250, 500, 750, 1_000]),
        # From 0 to 2/s in 4 s: t = 2 · sqrt(k + 1).
        (ramp(0, (4, 2)), [2_000, 2_828.427124746, 3_464.101615137, 4_000]),
        # And down again, the mirror image: t = 4 - 2 · sqrt(4 - (k + 1)).
        (ramp(2, (4, 0)), [4_000 - 3_464.101615138, 4_000 - 2_828.427124747, 2_000, 4_000]),
        # A jump.
        (ramp(0, (0, 2), (1, 2), (0, 4), (0.5, 4)), [500, 1_000, 1_250, 1_500]),
        # Fractions are carried: 0.75 of a start in the first stage, the rest of it in the second.
        (ramp(1, (0.75, 1), (0, 2), (1, 2)), [875, 1_375]),
        # A pause in the middle.
        (ramp(2, (0.75, 2), (0, 0), (10, 0), (0, 2), (0.75, 2)), [500, 11_000, 11_500]),
        # To 1/s in 5 s, level for 1 s, to 0 in 5 s: k6 makes the same starts.
        (ramp(0, (5, 1), (1, 1), (5, 0)), [3_162.277660, 4_472.135954, 5_500, 6_527.864045, 7_837.722339, 11_000]),
        # For each minute.
        (ramp(60, (3, 60), unit=60 * SECOND), [1_000, 2_000, 3_000]),
        (ramp(0, (10, 0)), []),
        (ramp(5, (0, 7)), []),
    ],
)
def test_by_hand(schedule, milliseconds):
    assert [start / 1e6 for start in all_starts(schedule)] == pytest.approx(milliseconds, abs=1.1e-6)
    assert schedule.total == len(milliseconds)


def test_examples_of_k6s_documentation():
    # 300 a minute, 2 min level, 1 min to 600, 2 min at 600, 1 min to 60
    schedule = ramp(300, (60, 300), (120, 600), (240, 600), (120, 60), unit=60 * SECOND)
    assert schedule.total == 300 + 900 + 2_400 + 660


def test_curve():
    assert ramp(0, (1, 10), (0, 20), (2, 20)).curve() == [
        (0, 0.0),
        (SECOND, 10.0),
        (SECOND, 20.0),
        (3 * SECOND, 20.0),
    ]


def test_stage_at():
    stages = (Stage(10, 1), Stage(0, 5), Stage(10, 2))
    assert [stage_at(stages, t) for t in (0, 9, 10, 19, 20, 1_000)] == [0, 0, 2, 2, 2, 2]
