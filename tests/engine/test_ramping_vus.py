"""Ramping users on the real loop: who runs when, who goes first, and what happens to iterations under way."""

import pytest
from engine_support import MS, SECOND, run_scenarios
from executor_support import after_starts, briefly, for_long, nothing, stages, until

from surgeline.engine.executors import RampingVUs
from surgeline.engine.scenario import Scenario
from surgeline.schedule.share import Share


def ramp(start_vus, *pairs, graceful=30 * SECOND):
    return RampingVUs(start_vus, stages(*pairs), graceful)


def all_ended(ran):
    for run in ran.runs:
        assert run.started == ran.count("iterations") + ran.count("interrupted_iterations")
        assert run.active == 0
    return ran


def test_users_iterate_until_the_stages_are_over():
    ran = all_ended(run_scenarios(Scenario("one", briefly, ramp(3, (300 * MS, 3), (100 * MS, 0)))))
    assert len(ran.runs[0].users) == 3
    assert all(user.iteration >= 0 for user in ran.runs[0].users)
    assert ran.count("interrupted_iterations") == 0
    assert ran.execution.elapsed_seconds >= 0.4


def test_users_come_until_all_are_there():
    async def all_there(execution):
        users = execution.runs[0].users
        await until(lambda: len(users) == 10 and all(user.iteration >= 0 for user in users))

    one = Scenario("one", briefly, ramp(1, (30 * MS, 10), (600 * SECOND, 10)))
    ran = all_ended(run_scenarios(one, stop_when=all_there))
    assert len(ran.runs[0].users) == 10
    assert ran.count("interrupted_iterations") == 0


def test_users_start_when_the_line_reaches_their_number():
    first = {}

    async def stamps(vu):
        first.setdefault(vu.number, vu.elapsed)
        await vu.sleep(0.001)

    async def all_there(_execution):
        await until(lambda: len(first) == 5)

    run_scenarios(Scenario("one", stamps, ramp(0, (100 * MS, 5), (600 * SECOND, 5))), stop_when=all_there)
    assert all(first[number] >= number * 0.02 for number in (1, 2, 3, 4, 5))


def test_nobody_starts_as_the_stages_end():
    ran = all_ended(run_scenarios(Scenario("one", briefly, ramp(0, (100 * MS, 5)))))
    assert len(ran.runs[0].users) <= 4


def test_users_go_when_the_line_reaches_the_number_below_their_own():
    ended = {}

    async def long(vu):
        try:
            await vu.sleep(1000)
        finally:
            ended[vu.number] = vu.elapsed

    ran = all_ended(run_scenarios(Scenario("one", long, ramp(4, (300 * MS, 4), (80 * MS, 0), graceful=0))))
    assert ran.count("interrupted_iterations") == 4
    assert sorted(ended, key=ended.get) == [4, 3, 2, 1]
    assert all(ended[number] >= 0.38 - (number - 1) * 0.02 for number in ended)


def test_graceful_ramp_down_goes_on_while_the_scenario_ends():
    ended = []

    async def long(vu):
        try:
            await vu.sleep(10)
        finally:
            ended.append(vu.elapsed)

    executor = ramp(5, (20 * MS, 5), (0, 0), (20 * MS, 0), graceful=40 * MS)
    ran = all_ended(run_scenarios(Scenario("one", long, executor, 0, 30 * SECOND)))
    assert ran.count("interrupted_iterations") == 5
    assert all(0.06 <= t < 5 for t in ended)


def test_the_graceful_stop_cuts_the_graceful_ramp_down_short():
    executor = ramp(5, (20 * MS, 0), graceful=600 * SECOND)
    ran = all_ended(run_scenarios(Scenario("one", for_long, executor, 0, 20 * MS)))
    assert ran.count("interrupted_iterations") == 5


@pytest.mark.parametrize("graceful", [0, 30 * SECOND])
@pytest.mark.parametrize("function", [nothing, briefly])
def test_stopped_early(graceful, function):
    executor = ramp(2, (600 * SECOND, 4))
    ran = all_ended(run_scenarios(Scenario("one", function, executor, 0, graceful), stop_when=after_starts(20)))
    assert ran.runs[0].started >= 20


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_shares_have_users_of_their_own(workers):
    numbers = []
    for index in range(workers):
        ran = all_ended(run_scenarios(Scenario("one", briefly, ramp(5, (20 * MS, 5))), share=Share(index, workers)))
        numbers += [user.number for user in ran.runs[0].users]
    assert sorted(numbers) == [1, 2, 3, 4, 5]


def test_ten_thousand_users_at_once():
    ran = all_ended(
        run_scenarios(
            Scenario("one", for_long, ramp(0, (0, 10_000), (600 * SECOND, 10_000)), 0, 0),
            stop_when=after_starts(10_000),
        )
    )
    assert ran.count("interrupted_iterations") == 10_000


def test_what_it_says_of_itself():
    executor = ramp(1, (30 * SECOND, 100), (0, 50), (60 * SECOND, 0))
    assert executor.describe() == "up to 100 virtual users over 1m30s in 3 stages"
    assert executor.max_vus == 100
    assert executor.planned_ns == 90 * SECOND
    assert executor.planned_iterations is None
    assert executor.planned_for(Share(1, 2)) is None
    assert executor.vus_over_time() == [(0, 1), (30 * SECOND, 100), (30 * SECOND, 50), (90 * SECOND, 0)]
    assert executor.rate_over_time() is None
    assert executor.planned_between(0, SECOND) is None
    assert [executor.stage_at(t * SECOND) for t in (0, 29, 30, 100)] == [0, 0, 2, 2]
    assert executor.options() == {
        "start_vus": 1,
        "stages": [("30s", 100), ("0s", 50), ("1m", 0)],
        "graceful_ramp_down": "30s",
    }
