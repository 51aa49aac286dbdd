"""What is changed while it runs: at once, within bounds, without a burst, and counted all the same."""

import asyncio

import pytest
from engine_support import MS, SECOND, run_scenarios
from executor_support import briefly, computes, for_long, nothing, until

from surgeline.engine.executors import ExternallyControlled
from surgeline.engine.scenario import Scenario
from surgeline.errors import OptionError
from surgeline.schedule.share import Share


def users(vus, most=1_000, duration=None):
    return ExternallyControlled(vus, None, most, duration)


def rate(rate, most=1_000, duration=None):
    return ExternallyControlled(None, rate, most, duration)


def steer(executor, drive, function=briefly, graceful=30 * SECOND, share=None):
    """Run a scenario; `drive(control, run)` is awaited beside it."""

    async def beside(execution):
        controls = execution.context.controls
        await until(lambda: "one" in controls)
        await drive(controls["one"], execution.runs[0])

    ran = run_scenarios(Scenario("one", function, executor, 0, graceful), stop_when=beside, share=share)
    run = ran.runs[0]
    assert run.started == ran.count("iterations") + ran.count("interrupted_iterations")
    assert run.dropped == ran.count("dropped_iterations")
    assert run.active == 0
    assert ran.execution.context.controls == {}
    return ran


def test_users_come_and_go_as_they_are_asked():
    async def drive(control, run):
        for vus in (2, 6, 0, 3):
            control.vus = vus
            assert control.vus == vus
            assert control.rate is None
            await until(lambda vus=vus: run.active == vus)

    ran = steer(users(0), drive)
    assert len(ran.runs[0].users) == 6


def test_the_rate_changes_at_once():
    async def drive(control, run):
        await until(lambda: run.started > 1)
        control.rate = 0
        assert control.rate == 0
        assert control.vus is None
        before = run.started
        await asyncio.sleep(0.03)
        assert run.started <= before + 1  # what was let start just before
        control.rate = 2_000
        await until(lambda: run.started > before + 50)

    ran = steer(rate(100), drive, function=nothing)
    assert ran.runs[0].dropped == 0


def test_the_first_start_is_at_once():
    async def drive(control, run):
        await until(lambda: run.started)
        assert run.started == 1

    steer(ExternallyControlled(None, 1, 10, 600 * SECOND), drive)


def test_what_is_due_is_started_or_dropped_with_a_duration():
    async def drive(control, run):
        await asyncio.sleep(60)

    ran = steer(rate(1_000, duration=50 * MS), drive, function=nothing)
    assert ran.runs[0].started + ran.runs[0].dropped == 50


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_shares_together_start_what_is_due(workers):
    async def drive(control, run):
        await asyncio.sleep(60)

    total = 0
    for index in range(workers):
        executor = rate(1_000, duration=50 * MS)
        ran = steer(executor, drive, nothing, share=Share(index, workers))
        total += ran.runs[0].started + ran.runs[0].dropped
    assert total == 50


@pytest.mark.parametrize(
    ("executor", "function"),
    [(rate(1_000, most=2), for_long), (rate(10_000), computes), (rate(1_000), briefly), (users(3), briefly)],
    ids=["few users", "overload", "steady", "users"],
)
def test_stopped_by_the_run(executor, function):
    async def drive(control, run):
        await asyncio.sleep(0.05)

    ran = steer(executor, drive, function, graceful=0)
    assert ran.runs[0].started > 0
    if executor.rate is not None:
        seconds = ran.execution.elapsed_seconds
        assert ran.runs[0].started + ran.runs[0].dropped <= executor.rate * seconds + 1
        assert ran.runs[0].started + ran.runs[0].dropped >= executor.rate * 0.05


def test_stopped_by_its_control():
    async def drive(control, run):
        await until(lambda: run.started > 10)
        control.stop()
        control.stop()
        await asyncio.sleep(60)

    ran = steer(users(2), drive)
    assert ran.runs[0].started > 10
    assert not ran.execution.context.stopping.is_set()


def test_what_cannot_be_is_refused_and_changes_nothing():
    async def drive(control, run):
        for wrong in (-1, 11, 1.5, "3", None, True):
            with pytest.raises(OptionError, match=r"^vus: expected a whole number from 0 to 10, found "):
                control.vus = wrong
        with pytest.raises(OptionError, match=r"^rate: expected vus, .* found rate"):
            control.rate = 5
        assert control.vus == 2
        control.stop()
        with pytest.raises(OptionError, match="ending"):
            control.vus = 5

    ran = steer(users(2, most=10), drive)
    assert len(ran.runs[0].users) <= 2


def test_a_rate_is_not_controlled_by_users():
    async def drive(control, run):
        with pytest.raises(OptionError, match=r"^vus: expected rate, .* found vus"):
            control.vus = 5
        with pytest.raises(OptionError, match=r"^rate: expected a whole number from 0 to 10,000,000, found -1"):
            control.rate = -1

    steer(rate(1), drive)


def test_no_user_is_free_and_it_is_said_once():
    async def drive(control, run):
        await until(lambda: run.dropped > 5)

    ran = steer(rate(1_000, most=2), drive, for_long, graceful=0)
    assert ran.runs[0].started == 2
    assert len(ran.messages) == 1
    assert "max_vus" in ran.messages[0]


def test_what_it_says_of_itself():
    assert users(5, most=10).describe() == (
        "5 virtual users to begin with, externally controlled, until stopped (at most 10 virtual users)"
    )
    assert rate(1_000, duration=SECOND).describe() == (
        "1,000/s to begin with, externally controlled, for 1s (at most 1,000 virtual users)"
    )
    assert users(5).planned_iterations is None
    assert users(5).planned_ns is None
    assert users(5).options() == {"vus": 5, "rate": None, "max_vus": 1_000, "duration": None}
