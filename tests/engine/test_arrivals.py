"""Ramping and Poisson arrivals on the real loop, and what all arrival rates have in common."""

import pytest
from engine_support import MS, SECOND, run_scenarios
from executor_support import adds_up, after_starts, at_once, briefly, computes, for_long, nothing, rate, stages

from surgeline._native.poller import now_ns
from surgeline.engine.executors import PerVUIterations, RampingArrivalRate, SharedIterations
from surgeline.engine.scenario import Scenario
from surgeline.schedule.share import Share


def ramp(start_rate, *pairs, pre=0, most=1_000, unit=SECOND, arrivals="constant"):
    return RampingArrivalRate(start_rate, unit, stages(*pairs), pre, most, arrivals)


UP = ((50 * MS, 2_000),)
UP_AND_DOWN = ((20 * MS, 2_000), (0, 500), (20 * MS, 500), (10 * MS, 0))


@pytest.mark.parametrize(
    ("executor", "function", "stop"),
    [
        (ramp(0, *UP), nothing, None),
        (ramp(0, *UP_AND_DOWN), briefly, None),
        (ramp(0, *UP_AND_DOWN, pre=20), briefly, None),
        (ramp(0, *UP_AND_DOWN, most=1), briefly, None),
        (ramp(0, *UP_AND_DOWN, most=2), for_long, None),
        (ramp(2_000, (50 * MS, 2_000)), computes, None),
        (ramp(0, (10 * MS, 0)), nothing, None),
        (ramp(7, (33 * MS, 14), unit=10 * MS), briefly, None),
        (ramp(1_000, (600 * SECOND, 0)), briefly, after_starts(20)),
        (ramp(1_000, (600 * SECOND, 0), pre=30), for_long, after_starts(20)),
        (ramp(1_000, (600 * SECOND, 0)), briefly, at_once),
        (ramp(0, *UP_AND_DOWN, arrivals="poisson"), briefly, None),
        (rate(1_000, 50 * MS, arrivals="poisson"), briefly, None),
        (rate(1_000, 50 * MS, arrivals="poisson", most=1), for_long, None),
        (rate(1_000, 600 * SECOND, arrivals="poisson"), briefly, after_starts(20)),
        (rate(1_000, 600 * SECOND, arrivals="poisson"), briefly, at_once),
        (PerVUIterations(5, 20, 60 * SECOND), briefly, None),
        (PerVUIterations(1, 1, 60 * SECOND), nothing, None),
        (PerVUIterations(3, 10**9, 20 * MS), nothing, None),
        (PerVUIterations(50, 2, 10 * MS), for_long, None),
        (PerVUIterations(50, 100_000, 600 * SECOND), briefly, after_starts(200)),
        (PerVUIterations(50, 100_000, 600 * SECOND), briefly, at_once),
    ],
    ids=lambda value: getattr(value, "__name__", None) or (value.describe() if value else "to the end"),
)
@pytest.mark.parametrize("workers", [1, 3])
def test_planned_is_started_and_dropped_by_every_worker(executor, function, stop, workers):
    graceful = 0 if function is for_long else 30 * SECOND
    planned = started = dropped = 0
    for index in range(workers):
        waiting = (
            stop if index < executor.max_vus else at_once if stop else None
        )  # a worker without users starts nothing
        one = Scenario("one", function, executor, 0, graceful)
        ran = adds_up(run_scenarios(one, stop_when=waiting, share=Share(index, workers)))
        planned = ran.runs[0].scenario.executor.planned_iterations
        started += ran.runs[0].started
        dropped += ran.runs[0].dropped
    assert started + dropped == planned


@pytest.mark.parametrize("executor", [ramp(0, *UP_AND_DOWN), rate(1_000, 60 * MS, arrivals="poisson")])
def test_intended_starts_are_those_of_the_schedule(executor):
    starts, begun = [], []

    async def stamps(vu):
        begun.append(vu.elapsed)
        starts.append(now_ns() - vu.lateness_ns)

    ran = adds_up(run_scenarios(Scenario("one", stamps, executor)))
    seeded = ran.runs[0].scenario.executor
    intended = list(seeded.intended.starts(Share()))
    assert len(starts) == len(intended) == seeded.planned_iterations > 20
    base = ran.runs[0].started_ns
    # The clock is read once more in the script, and the scenario begins a little before its first start is due.
    late = [start - base - due for start, due in zip(sorted(starts), intended, strict=True)]
    assert min(late) >= 0
    assert min(late) < 50 * MS


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_the_same_poisson_starts_for_any_number_of_workers(workers):
    executor = rate(1_000, 40 * MS, arrivals="poisson")
    planned = {ran_by(executor, index, workers).planned_iterations for index in range(workers)}
    assert planned == {executor.seeded("1/one").planned_iterations}


def ran_by(executor, index, workers):
    ran = adds_up(run_scenarios(Scenario("one", nothing, executor), share=Share(index, workers)))
    return ran.runs[0].scenario.executor


def test_a_poisson_process_is_drawn_from_the_runs_seed_and_the_scenarios_name():
    executor = rate(1_000, 10 * SECOND, arrivals="poisson")
    assert executor.planned_iterations is None
    assert executor.planned_between(0, SECOND) is None
    drawn = {executor.seeded(seed).planned_iterations for seed in ("1/one", "2/one", "1/two")}
    assert len(drawn) > 1
    assert rate(1_000, SECOND).seeded("1/one") == rate(1_000, SECOND)


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_shares_have_users_and_starts_of_their_own(workers):
    executor = rate(1_000, 40 * MS, pre=5, most=5)
    numbers, started = [], 0
    for index in range(workers):
        ran = adds_up(run_scenarios(Scenario("one", nothing, executor), share=Share(index, workers)))
        numbers += [user.number for user in ran.runs[0].users]
        started += ran.runs[0].started
    assert sorted(numbers) == [1, 2, 3, 4, 5]
    assert started == 40


@pytest.mark.parametrize("workers", [2, 5])
@pytest.mark.parametrize("vus", [1, 3])
def test_shared_iterations_of_few_users_are_made_by_the_first_workers(vus, workers):
    started = 0
    for index in range(workers):
        one = Scenario("one", nothing, SharedIterations(vus, 11, 60 * SECOND))
        ran = adds_up(run_scenarios(one, share=Share(index, workers)))
        assert ran.runs[0].dropped == 0
        assert len(ran.runs[0].users) == Share(index, workers).count(vus)
        started += ran.runs[0].started
    assert started == 11


def test_each_user_makes_its_iterations():
    ran = adds_up(run_scenarios(Scenario("one", briefly, PerVUIterations(4, 7, 60 * SECOND))))
    assert [user.iteration for user in ran.runs[0].users] == [6, 6, 6, 6]


def test_what_they_say_of_themselves():
    executor = ramp(0, (60 * SECOND, 300), (0, 100), (30 * SECOND, 100), most=10_000, unit=60 * SECOND)
    assert executor.describe() == "up to 300 per 1m over 1m30s in 3 stages (at most 10,000 virtual users)"
    assert executor.planned_ns == 90 * SECOND
    assert executor.planned_iterations == 200
    assert [executor.planned_for(Share(index, 3)) for index in range(3)] == [67, 67, 66]
    assert executor.rate_over_time() == [
        (0, 0),
        (60 * SECOND, 5),
        (60 * SECOND, pytest.approx(100 / 60)),
        (90 * SECOND, pytest.approx(100 / 60)),
    ]
    assert executor.vus_over_time() is None
    assert executor.planned_between(60 * SECOND, 90 * SECOND) == 50
    assert executor.planned_between(0, 90 * SECOND + 1) == 200
    assert executor.stage_at(70 * SECOND) == 2
    assert executor.options() == {
        "start_rate": 0,
        "time_unit": "1m",
        "stages": [("1m", 300), ("0s", 100), ("30s", 100)],
        "pre_allocated_vus": 0,
        "max_vus": 10_000,
        "arrivals": "constant",
    }
    assert rate(100, SECOND, arrivals="poisson").describe() == (
        "100/s as a Poisson process for 1s (at most 1,000 virtual users)"
    )
    assert rate(100, SECOND).planned_between(0, SECOND // 2) == 50
    each = PerVUIterations(2, 1_000, 600 * SECOND)
    assert each.describe() == "1,000 iterations each by 2 virtual users (at most 10m)"
    assert PerVUIterations(1, 1, SECOND).describe() == "1 iteration by 1 virtual user (at most 1s)"
    assert each.options() == {"vus": 2, "iterations": 1_000, "max_duration": "10m"}
    assert [each.planned_for(Share(index, 3)) for index in range(3)] == [1_000, 1_000, 0]
