"""The executors: what they start, what they drop, and that planned = started + dropped whatever happens."""

import asyncio
import gc
import time

import pytest
from engine_support import MS, SECOND, run_scenarios
from executor_support import adds_up, after_starts, at_once, briefly, computes, for_long, nothing, rate

from surgeline._native.poller import now_ns
from surgeline.engine import scenario
from surgeline.engine.checks import check
from surgeline.engine.execution import Execution
from surgeline.engine.executors import ConstantArrivalRate, ConstantVUs, RampingVUs, SharedIterations
from surgeline.engine.scenario import Scenario
from surgeline.schedule.stages import Stage

# Whatever is planned is started or dropped


@pytest.mark.parametrize(
    ("executor", "function", "stop"),
    [
        (rate(1_000, 50 * MS), nothing, None),
        (rate(1_000, 50 * MS), briefly, None),
        (rate(1_000, 50 * MS, pre=20), briefly, None),
        (rate(1_000, 50 * MS, most=1), briefly, None),
        (rate(1_000, 50 * MS, most=1), for_long, None),
        (rate(1_000, 50 * MS, pre=5, most=5), for_long, None),
        (rate(2_000, 50 * MS), computes, None),
        (rate(2_000, 50 * MS, most=1), computes, None),
        (rate(1, 10 * MS), nothing, None),
        (rate(7, 33 * MS, unit=10 * MS), briefly, None),
        (rate(1_000, 600 * SECOND), briefly, after_starts(20)),
        (rate(1_000, 600 * SECOND, pre=50), for_long, after_starts(20)),
        (rate(1_000, 600 * SECOND, most=1), for_long, after_starts(1)),
        (rate(2_000, 600 * SECOND), computes, after_starts(5)),
        (rate(1_000, 600 * SECOND), briefly, at_once),
        (rate(1_000, 600 * SECOND, pre=50), briefly, at_once),
        (SharedIterations(5, 100, 60 * SECOND), briefly, None),
        (SharedIterations(5, 5, 60 * SECOND), nothing, None),
        (SharedIterations(1, 100_000_000, 20 * MS), nothing, None),
        (SharedIterations(50, 100, 10 * MS), for_long, None),
        (SharedIterations(50, 100_000, 600 * SECOND), briefly, after_starts(200)),
        (SharedIterations(50, 100_000, 600 * SECOND), briefly, at_once),
    ],
    ids=lambda value: getattr(value, "__name__", None) or (value.describe() if value else "to the end"),
)
@pytest.mark.parametrize("graceful", [0, 30 * SECOND])
def test_planned_is_started_and_dropped(executor, function, stop, graceful):
    if function is for_long:
        graceful = 0
    adds_up(run_scenarios(Scenario("one", function, executor, 0, graceful), stop_when=stop))


def test_a_steady_rate_drops_nothing_and_starts_all():
    ran = adds_up(run_scenarios(Scenario("one", briefly, rate(1_000, 200 * MS))))
    assert ran.count("iterations") == 200
    assert ran.messages == []


def test_no_user_is_free_so_iterations_are_dropped_and_said_once():
    ran = adds_up(run_scenarios(Scenario("one", for_long, rate(1_000, 50 * MS, pre=1, most=3), 0, 0)))
    assert ran.runs[0].started == 3
    assert ran.count("interrupted_iterations") == 3
    assert len(ran.runs[0].users) == 3
    assert len(ran.messages) == 1
    assert "max_vus" in ran.messages[0]


def test_users_are_made_when_they_are_needed_and_used_again():
    ran = adds_up(run_scenarios(Scenario("one", nothing, rate(1_000, 100 * MS))))
    assert ran.count("iterations") == 100
    assert len(ran.runs[0].users) < 20


def test_pre_allocated_users_are_there_from_the_start():
    ran = run_scenarios(Scenario("one", nothing, rate(100, 30 * MS, pre=40, most=40)))
    assert len(ran.runs[0].users) == 40
    assert ran.value("vus_max").stat("value") == 40


def test_intended_starts_are_those_of_the_schedule():
    starts = []

    async def stamps(vu):
        starts.append(now_ns() - vu.lateness_ns)

    ran = adds_up(run_scenarios(Scenario("one", stamps, rate(1_000, 50 * MS))))
    offsets = [start - starts[0] for start in sorted(starts)]
    executor = ran.runs[0].scenario.executor
    # The clock is read once more in the script, so a stamp may be late, and is never early.
    late = [offset - executor.schedule.start_ns(k) for k, offset in enumerate(offsets)]
    assert len(starts) == 50
    assert sorted(late)[len(late) // 2] < MS
    assert offsets == sorted(offsets)


@pytest.mark.usefixtures("real_limits")
def test_an_overloaded_generator_ends_near_its_duration_and_serves_the_loop_meanwhile():
    """20 times more work than fits: the overdue starts must not go on for 20 times the duration."""
    turns = []

    async def watch(execution):
        while not execution.runs[0].dropped:
            turns.append(now_ns())
            await asyncio.sleep(0)

    ran = adds_up(run_scenarios(Scenario("one", computes, rate(10_000, 200 * MS)), stop_when=watch))
    assert ran.runs[0].started < 1_000
    assert ran.runs[0].dropped > 1_000
    assert len(turns) > 10
    assert ran.value("iteration_lateness").stat("p(99)") > 10


def test_lateness_counts_in_the_response_time():
    ran = run_scenarios(Scenario("one", computes, rate(1_000, 50 * MS)))
    duration, response = ran.value("iteration_duration"), ran.value("iteration_response_time")
    lateness = ran.value("iteration_lateness")
    total = sum(value.histogram.sum for value in (duration, lateness))
    assert response.histogram.sum == total


def test_constant_vus_iterate_until_the_duration_is_over():
    ran = run_scenarios(Scenario("one", briefly, ConstantVUs(10, 50 * MS)))
    assert ran.count("iterations") >= 10
    assert len(ran.runs[0].users) == 10
    assert ran.count("interrupted_iterations") == 0
    assert {user.iteration >= 0 for user in ran.runs[0].users} == {True}
    assert ran.runs[0].scenario.executor.planned_iterations is None


def test_shared_iterations_are_shared_by_who_is_free():
    async def uneven(vu):
        await vu.sleep(1000 if vu.number == 1 else 0)

    one = Scenario("one", uneven, SharedIterations(3, 50, 600 * SECOND), 0, 0)
    ran = adds_up(run_scenarios(one, stop_when=after_starts(50)))
    slow, *others = ran.runs[0].users
    assert slow.iteration == 0
    assert sum(user.iteration + 1 for user in others) == 49


def test_more_users_than_iterations():
    ran = adds_up(run_scenarios(Scenario("one", briefly, SharedIterations(5, 2, SECOND))))
    assert ran.count("iterations") == 2


# Several scenarios


def test_two_scenarios_run_together_with_tags_and_ids_of_their_own():
    meets = asyncio.Event()
    ids = []

    async def first(vu):
        ids.append(vu.id)
        await meets.wait()

    async def second(vu):
        ids.append(vu.id)
        meets.set()
        await vu.sleep(0)

    ran = run_scenarios(
        Scenario("first", first, SharedIterations(2, 2, 60 * SECOND), tags={"team": "a"}),
        Scenario("second", second, SharedIterations(3, 3, 60 * SECOND)),
    )
    assert ran.count("iterations") == 5
    assert ran.count("iterations", {"scenario": "first", "team": "a"}) == 2
    assert ran.count("iterations", {"scenario": "second"}) == 3
    assert ran.count("iterations", {"team": "a"}) == 2
    assert sorted(ids) == [1, 2, 3, 4, 5]


def test_start_time_puts_a_scenario_off():
    order = []

    async def first(vu):
        order.append("first")

    async def second(vu):
        order.append("second")

    ran = run_scenarios(
        Scenario("second", second, SharedIterations(1, 1, SECOND), start_ns=20 * MS),
        Scenario("first", first, SharedIterations(1, 1, SECOND)),
    )
    assert order == ["first", "second"]
    assert ran.execution.elapsed_seconds >= 0.02


@pytest.mark.parametrize("executor", [rate(100, SECOND), SharedIterations(2, 100, SECOND), ConstantVUs(2, SECOND)])
def test_a_run_that_stops_before_a_scenario_starts_drops_all_of_it(executor):
    ran = run_scenarios(Scenario("later", nothing, executor, start_ns=600 * SECOND), stop_when=at_once)
    assert ran.runs[0].started == 0
    assert ran.runs[0].users == []
    assert ran.count("dropped_iterations") == (executor.planned_iterations or 0)


def test_an_error_of_ours_in_one_scenario_ends_the_other_and_is_raised():
    """A defect must not hang the run."""

    class Broken(ConstantVUs):
        async def execute(self, run):
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        run_scenarios(
            Scenario("broken", nothing, Broken(1, SECOND)), Scenario("other", for_long, ConstantVUs(3, 600 * SECOND))
        )
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]


def test_the_error_of_a_callback_each_second_is_raised_and_the_collector_is_as_before(monkeypatch):
    callbacks = list(gc.callbacks)

    def fails(_execution, _now):
        raise OSError("nobody watches")

    monkeypatch.setattr(Execution, "_tick", fails)
    with pytest.raises(OSError, match="nobody watches"):
        run_scenarios(Scenario("one", briefly, ConstantVUs(1, 600 * SECOND), 0, 0))
    assert gc.callbacks == callbacks


@pytest.fixture
def nothing_frozen():
    """As in a process of the command line: the collected tests are not."""
    gc.unfreeze()
    yield
    gc.collect()
    gc.freeze()


def frozen_during_a_run():
    counts = []

    async def counts_frozen(_user):
        counts.append(gc.get_freeze_count())

    run_scenarios(Scenario("one", counts_frozen, SharedIterations(1, 1, SECOND)))
    return counts


def test_the_collector_is_as_before_after_a_run(nothing_frozen):
    callbacks = list(gc.callbacks)
    [frozen] = frozen_during_a_run()
    assert frozen > 0
    assert gc.get_freeze_count() == 0
    assert gc.callbacks == callbacks
    assert gc.isenabled()


def test_what_the_program_around_a_run_has_frozen_stays_so(nothing_frozen):
    gc.freeze()
    frozen = gc.get_freeze_count()
    [during] = frozen_during_a_run()
    assert 0 < gc.get_freeze_count() <= during <= frozen


def test_ten_thousand_users():
    ran = adds_up(run_scenarios(Scenario("one", briefly, SharedIterations(10_000, 10_000, 60 * SECOND))))
    assert ran.count("iterations") == 10_000
    assert len({user.id for user in ran.runs[0].users}) == 10_000


def test_ten_thousand_users_are_interrupted():
    ran = run_scenarios(
        Scenario("one", for_long, ConstantVUs(10_000, 600 * SECOND), 0, 0), stop_when=after_starts(10_000)
    )
    assert ran.count("interrupted_iterations") == 10_000


def test_blocks_add_up_to_the_totals():
    ran = run_scenarios(Scenario("one", nothing, rate(100, 50 * MS)))
    assert ran.count("iterations") == 5
    assert ran.execution.context.registry.seconds == ran.execution.elapsed_seconds > 0


def test_a_task_that_was_cancelled_behind_the_executors_back_costs_no_iteration():
    """A script that keeps another user's task and cancels it while it waits for its turn."""
    tasks = []

    async def cancels(vu):
        if len(tasks) == 3:
            tasks[0].cancel()
        tasks.append(asyncio.current_task())
        await vu.sleep(0)

    ran = run_scenarios(Scenario("one", cancels, rate(500, 40 * MS, pre=4)))
    assert ran.runs[0].started + ran.runs[0].dropped == 20
    assert ran.runs[0].started == 20


def test_clients_of_every_user_are_closed(monkeypatch):
    monkeypatch.setattr(scenario, "CLEANUP_SECONDS", 0.05)
    closed = []

    class Client:
        def close(self):
            closed.append(self)

    async def hangs_a_client_on(vu):
        vu.clients.append(Client())
        await vu.sleep(1000 if vu.number % 2 else 0)

    run_scenarios(Scenario("one", hangs_a_client_on, SharedIterations(6, 6, 300 * MS), 0, 0))
    assert len(closed) == 6


def test_descriptions():
    assert rate(1_200, 90 * SECOND, most=10_000).describe() == ("1,200/s for 1m30s (at most 10,000 virtual users)")
    assert rate(5, SECOND, unit=60 * SECOND).describe() == "5 per 1m for 1s (at most 1,000 virtual users)"
    assert ConstantVUs(10, 500 * MS).describe() == "10 virtual users for 500ms"
    assert SharedIterations(2, 1_000, 600 * SECOND).describe() == (
        "1,000 iterations shared by 2 virtual users (at most 10m)"
    )


def test_lateness_is_judged_by_the_scenario_that_was_latest():
    def block(vu):
        time.sleep(0.02)

    async def blocks(vu):
        block(vu)

    async def sleeps(vu):
        await vu.sleep(0.0001)

    late = Scenario("late", blocks, ConstantArrivalRate(100, SECOND, SECOND // 5, 0, 1_000))
    never = Scenario("never", sleeps, ConstantVUs(20, SECOND // 4))
    ran = run_scenarios(late, never)
    assert ran.execution.health().lateness_p99_ms > 15


def test_a_second_of_many_series_is_ended_in_slices_and_whole():
    async def checks(vu):
        for number in range(300):
            check(vu, {f"check {number}": True})
        await vu.sleep(0.01)

    ran = run_scenarios(Scenario("many", checks, ConstantVUs(1, SECOND * 6 // 5)))
    found = {series.tags["check"] for series, _ in ran.seconds[0] if series.metric.name == "checks"}
    assert len(found) == 300


@pytest.mark.parametrize(
    "executor",
    [
        ConstantVUs(3, 300 * MS),
        SharedIterations(3, 1000, 300 * MS),
        RampingVUs(3, (Stage(300 * MS, 3), Stage(0, 1), Stage(30 * MS, 1)), 30 * SECOND),
    ],
)
def test_who_rests_for_its_pacing_does_not_hold_up_the_end(executor):
    async def iteration(vu):
        pass

    ran = run_scenarios(Scenario("s", iteration, executor, pacing_ns=1000 * SECOND))
    assert (ran.count("iterations"), ran.count("interrupted_iterations")) == (3, 0)
