"""The open model and users whose `vu_start` takes time: that makes them busy, and the schedule waits for the first."""

import asyncio
from functools import partial

import pytest
from engine_support import MS, SECOND, run_scenarios
from executor_support import adds_up, nothing, rate, until

from surgeline._native.poller import now_ns
from surgeline.collect import planned_starts
from surgeline.engine.executors import on_call
from surgeline.engine.scenario import Scenario
from surgeline.schedule.share import Share


def logs_in(seconds, done):
    async def log_in(vu):
        await vu.sleep(seconds * vu.number)
        done.append(now_ns())

    return log_in


@pytest.mark.parametrize("share", [Share(), Share(1, 2)])
def test_the_schedule_begins_when_those_who_are_there_from_the_beginning_are_ready(share):
    ready, intended = [], []

    async def work(vu):
        intended.append(now_ns() - vu.lateness_ns)

    one = Scenario("one", work, rate(1_000, 30 * MS, pre=4, most=4), vu_start=logs_in(0.02, ready))
    ran = adds_up(run_scenarios(one, share=share))
    run = ran.runs[0]
    assert len(ready) == share.count(4)
    assert run.started_ns > max(ready)
    assert min(intended) >= run.started_ns
    assert len(run.users) == share.count(4)
    assert run.begins_ns >= 80 * MS


def test_what_is_planned_is_planned_from_then_on():
    stages, planned = [], []

    async def slow(vu):
        await vu.sleep(0.05)
        stages.append(vu.stage)
        planned.append(planned_starts([vu._place], {}, 0, SECOND))

    ran = run_scenarios(Scenario("one", nothing, rate(1_000, 30 * MS, pre=1), vu_start=slow))
    assert (stages, planned) == ([None], [30])
    whole = partial(planned_starts, ran.runs, {}, 0)
    assert whole(50 * MS) == 0
    assert whole(SECOND) == 30


def test_a_user_made_for_a_start_is_late_and_busy_until_it_is_ready():
    late = []

    async def work(vu):
        late.append(vu.lateness_ns)

    one = Scenario("one", work, rate(1_000, 20 * MS, most=1), vu_start=logs_in(0.05, []))
    ran = adds_up(run_scenarios(one))
    assert [lateness >= 50 * MS for lateness in late] == [True]
    assert ran.runs[0].dropped == 19


def raises(vu):
    raise ValueError("no luck")


async def cancels_itself(vu):
    asyncio.current_task().cancel()
    await vu.sleep(1000)


@pytest.mark.parametrize("hook", [raises, cancels_itself])
def test_nobody_is_waited_for_who_does_not_come(hook):
    run_scenarios(Scenario("one", nothing, rate(1_000, 20 * MS, pre=3, most=3), vu_start=hook))


def test_a_run_that_is_stopped_while_users_get_ready_starts_nothing():
    async def once_there(execution):
        await until(lambda: len(execution.runs[0].users) == 3)

    one = Scenario("one", nothing, rate(1_000, 600 * SECOND, pre=3), 0, 0, vu_start=logs_in(1000, []))
    ran = adds_up(run_scenarios(one, stop_when=once_there))
    assert ran.runs[0].started == 0


def test_the_schedule_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(on_call, "READY_SECONDS", 0.03)

    async def log_in(vu):
        await vu.sleep(1000 if vu.number < 3 else 0)

    one = Scenario("one", nothing, rate(1_000, 20 * MS, pre=3), 0, 0, vu_start=log_in)
    ran = adds_up(run_scenarios(one))
    assert ran.count("iterations") == 20
    assert ran.messages == [
        "one: 2 virtual users did not come to the end of @vu_start within 0.03 s, so the load begins without them."
    ]
