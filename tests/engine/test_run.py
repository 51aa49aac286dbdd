"""The composition root: whole runs in this process, and what they leave behind."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from functools import partial
from pathlib import Path

import pytest

import surgeline
from surgeline.engine import scenario, signals
from surgeline.engine.executors import ConstantVUs, SharedIterations
from surgeline.engine.loop import close_loop, new_loop
from surgeline.engine.scenario import Scenario
from surgeline.engine.signals import stop_signals
from surgeline.errors import ExitCode
from surgeline.run import RunOptions, run_plan
from surgeline.script.plan import TestPlan as Plan

SECOND = 1_000_000_000


async def nothing(vu):
    pass


def plan_of(*functions, setup=None, teardown=None, executor=None, **options):
    executor = executor or SharedIterations(1, 3, 60 * SECOND)
    scenarios = tuple(Scenario(function.__name__, function, executor, **options) for function in functions)
    return Plan("a test", scenarios, setup=setup, teardown=teardown)


def run(plan, on_progress=lambda _: None, **options):
    messages = []
    report = run_plan(plan, RunOptions(messages.append, on_progress, **options))
    return report, messages


def iterations(report):
    return report.result.metrics.value("iterations").stat("count")


def expect_nothing_left_behind(before, threads):
    """Threads of earlier tests may have ended meanwhile; new ones are ours."""
    assert state() == before
    assert {*threading.enumerate()} <= threads


def state():
    return {
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "callbacks": list(gc.callbacks),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "wakeup": _wakeup_descriptor(),
    }


def _wakeup_descriptor():
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    return descriptor


def test_twice_in_a_process_and_nothing_is_left_behind():
    run(plan_of(nothing))
    before, threads = state(), {*threading.enumerate()}
    for _ in range(3):
        report, messages = run(plan_of(nothing))
        assert iterations(report) == 3
        assert messages == []
        assert report.exit_code is ExitCode.PASSED
    expect_nothing_left_behind(before, threads)


def test_a_run_and_its_users_are_collected():
    references = []

    async def keeps(vu):
        references.append(weakref.ref(vu.random))

    report, _ = run(plan_of(keeps))
    del report
    gc.collect()
    assert {reference() for reference in references} == {None}


def test_outside_of_the_main_thread():
    reports = []
    thread = threading.Thread(target=lambda: reports.append(run(plan_of(nothing))[0]))
    thread.start()
    thread.join()
    assert iterations(reports[0]) == 3


def test_an_error_of_who_watches_is_raised_and_nothing_is_left_behind():
    run(plan_of(nothing))
    before, threads = state(), {*threading.enumerate()}

    def fails(_snapshot):
        raise OSError("nobody watches")

    async def long(vu):
        await vu.sleep(1000)

    with pytest.raises(OSError, match="nobody watches"):
        run(plan_of(long, executor=ConstantVUs(3, 600 * SECOND)), on_progress=fails)
    gc.collect()
    expect_nothing_left_behind(before, threads)


def test_progress_is_told_each_second():
    snapshots = []

    async def script(vu):
        while vu.iteration == 2 and not snapshots:
            await vu.sleep(0.01)

    run(plan_of(script, executor=SharedIterations(1, 3, 60 * SECOND)), on_progress=snapshots.append)
    assert (snapshots[0].iterations, snapshots[0].iterations_total, snapshots[0].vus) == (2, 3, 1)


@pytest.mark.parametrize("kind", ["async", "sync", "without parameters", "returns an awaitable"])
def test_hooks(kind):
    order = []

    async def with_user(vu):
        order.append(("setup", vu.id == 0, surgeline.check(1, {"in set-up": True})))
        return 5

    def sync(vu):
        order.append(("setup", vu.id == 0, True))
        return 5

    def without():
        order.append(("setup", True, True))
        return 5

    hooks = {
        "async": with_user,
        "sync": sync,
        "without parameters": without,
        "returns an awaitable": partial(with_user),
    }

    async def looks(vu):
        order.append(vu.data)

    report, _ = run(plan_of(looks, setup=hooks[kind], teardown=lambda: order.append("teardown")))
    assert order == [("setup", True, True), 5, 5, 5, "teardown"]
    assert report.exit_code is ExitCode.PASSED


def test_set_up_fails():
    def fails():
        raise ValueError("no")

    report, messages = run(plan_of(nothing, setup=fails, teardown=lambda: messages.append("never")))
    assert report.result is None
    assert report.exit_code is ExitCode.SETUP_FAILED
    assert "ValueError: no" in str(report.error)
    assert messages == []


def test_set_up_takes_too_long():
    report, _ = run(plan_of(nothing, setup=lambda vu: vu.sleep(1000)), setup_timeout_ns=10_000_000)
    assert report.exit_code is ExitCode.SETUP_FAILED
    assert str(report.error) == "@setup did not end within 10ms."


def test_tear_down_fails_after_a_result():
    async def fails(vu):
        raise ValueError("no")

    report, _ = run(plan_of(nothing, teardown=fails))
    assert iterations(report) == 3
    assert report.exit_code is ExitCode.SETUP_FAILED


def test_a_background_task_of_the_script_does_not_hold_the_end():
    kept = []

    async def starts(vu):
        kept.append(asyncio.create_task(asyncio.sleep(1000)))
        kept.append(asyncio.create_task(vu.sleep(1000)))

    report, _ = run(plan_of(starts))
    assert iterations(report) == 3
    assert all(task.cancelled() for task in kept)


def signalled(number, times=1):
    for _ in range(times):
        os.kill(os.getpid(), number)


def test_a_signal_in_process_stops_the_run():
    async def long(vu):
        if vu.iteration == 5:
            signalled(signal.SIGTERM)
        await vu.sleep(0.0001)

    report, messages = run(plan_of(long, executor=ConstantVUs(1, 600 * SECOND)))
    assert report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert messages == ["Stopping: what is under way may end. Once more to stop at once."]
    assert iterations(report) >= 6


@pytest.mark.parametrize("where", ["iteration", "set-up", "tear-down", "a done callback", "another task", "cleanup"])
def test_two_signals_in_process_break_the_run_off_wherever_it_is(where, monkeypatch):
    monkeypatch.setattr(scenario, "CLEANUP_SECONDS", 0.5)
    twice = lambda *_: signalled(signal.SIGINT, 2)  # noqa: E731

    async def other():
        twice()

    async def script(vu):
        if vu.number > 1:
            return await vu.sleep(1000 if where != "tear-down" else 0)
        if where == "a done callback":
            sleep = vu.sleep(0)
            sleep.add_done_callback(twice)
        if where == "another task":
            vu.data = asyncio.create_task(other())
        if where == "iteration":
            twice()
        try:
            await vu.sleep(1000 if where != "tear-down" else 0)
        finally:
            if where == "cleanup":
                twice()

    graceful = 0 if where == "cleanup" else 600 * SECOND
    executor = SharedIterations(3, 3, SECOND // 4 if where == "cleanup" else 600 * SECOND)
    hooks = {"setup": twice if where == "set-up" else None, "teardown": twice if where == "tear-down" else None}
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    report, _ = run(plan_of(script, executor=executor, graceful_stop_ns=graceful, **hooks))
    assert report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    gc.collect()


def test_a_signal_while_a_message_is_printed():
    """Python refuses to print from a handler that interrupted a print: the message is told a little later."""
    told = []

    def notify(message):
        told.append(message)
        if len(told) == 1:
            raise RuntimeError("reentrant call")

    async def script(vu):
        signalled(signal.SIGINT)
        await vu.sleep(0.001)

    report = run_plan(plan_of(script), RunOptions(notify, lambda _: None))
    assert report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert told[0] == told[1]


def test_a_signal_wakes_a_loop_that_waits_for_nothing():
    loop, _ = new_loop()
    stopped = loop.create_future()
    with stop_signals(loop, lambda: loop.call_soon_threadsafe(stopped.set_result, None)):
        pid = os.getpid()
        sender = subprocess.Popen([sys.executable, "-c", f"import os; os.kill({pid}, 2)"])
        loop.run_until_complete(stopped)
        sender.wait()
    close_loop(loop)


@pytest.mark.parametrize(("burst", "raised"), [(1_000, [False, True, False, False]), (0, [False, True, True, True])])
def test_a_burst_of_signals_breaks_off_once(monkeypatch, burst, raised):
    monkeypatch.setattr(signals, "BURST_SECONDS", burst)
    stops, seen = [], []
    loop, _ = new_loop()
    with stop_signals(loop, lambda: stops.append(True)):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGINT):
            try:
                signalled(number)
            except KeyboardInterrupt:
                seen.append(True)
            else:
                seen.append(False)
    close_loop(loop)
    assert stops == [True]
    assert seen == raised


def test_stop_signals_restores_what_was_there_when_the_block_raises():
    before, threads = state(), {*threading.enumerate()}
    loop, _ = new_loop()
    with pytest.raises(ZeroDivisionError), stop_signals(loop, lambda: None):
        raise ZeroDivisionError
    close_loop(loop)
    expect_nothing_left_behind(before, threads)


def test_seed_gives_the_same_draws():
    def draws(seed):
        drawn = []

        async def draw(vu):
            drawn.append(vu.random.random())

        run(plan_of(draw), seed=seed)
        return drawn

    assert draws(5) == draws(5) != draws(6)


def test_check_outside_of_a_user_is_refused():
    with pytest.raises(RuntimeError, match="no virtual user is running here"):
        surgeline.check(1, {"x": True})


def test_checks():
    async def checks(vu):
        assert surgeline.check(5, {"callable": lambda x: x == 5, "value": 1})
        assert not surgeline.check(5, {"raises": lambda x: x.no_such, "fails": False})
        surgeline.check(None, {"tagged": True}, tags={"part": "a"})

    report, _ = run(plan_of(checks))
    found = {check.name: (check.value.passes, check.value.fails) for check in report.result.checks}
    assert found == {"callable": (3, 0), "value": (3, 0), "raises": (0, 3), "fails": (0, 3), "tagged": (3, 0)}
    assert report.result.metrics.value("checks", {"part": "a"}).stat("passes") == 3
    assert report.result.iteration_errors == ()


# The public interface


def test_all_is_what_can_be_imported():
    assert sorted(surgeline.__all__) == list(dict.fromkeys(sorted(surgeline.__all__)))
    for name in surgeline.__all__:
        assert getattr(surgeline, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        surgeline.nothing  # noqa: B018
    public = {name for name in vars(surgeline) if not name.startswith("_")}
    submodules = {name for name in public if type(getattr(surgeline, name)).__name__ == "module"} - {"pool"}
    assert public - submodules == set(surgeline.__all__) - {"__version__"}


def test_importing_starts_nothing():
    program = """
import asyncio, gc, os, signal, sys, threading

def state():
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    return handlers, list(gc.callbacks), gc.get_freeze_count(), list(sys.path), len(os.listdir("/proc/self/fd"))

before = state()
import surgeline
assert before == state()
assert threading.active_count() == 1
assert signal.set_wakeup_fd(-1) == -1
assert "rich" not in sys.modules and "click" not in sys.modules
assert asyncio.get_event_loop_policy()._local._loop is None
"""
    subprocess.run([sys.executable, "-c", program], check=True)
