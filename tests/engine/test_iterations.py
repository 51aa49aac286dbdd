"""One virtual user's iterations: what is counted, what is recorded, and how they are interrupted."""

import asyncio
import gc
import json
import sys
import weakref
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest
from engine_support import MS, SECOND, run_async, run_scenarios

from surgeline._native.cells import CounterCell, TrendCell
from surgeline._native.iteration import Budget, Recorder, Tally, UserState, pause_ns
from surgeline._native.poller import Completion, now_ns
from surgeline.engine import iteration_errors, scenario
from surgeline.engine import vu as engine_vu
from surgeline.engine.ending import RunAborted, abort, fail
from surgeline.engine.executors import ConstantArrivalRate, ConstantVUs, SharedIterations
from surgeline.engine.scenario import Scenario
from surgeline.engine.vu import VirtualUser


def shared(function, iterations=10, vus=1, graceful=30 * SECOND, **options):
    return Scenario("one", function, SharedIterations(vus, iterations, 60 * SECOND), 0, graceful, **options)


def forever(function, vus=1, graceful=0):
    """Until somebody stops it."""
    return Scenario("one", function, ConstantVUs(vus, 600 * SECOND), 0, graceful)


def counts(ran):
    names = ("iterations", "iteration_errors", "interrupted_iterations", "dropped_iterations")
    return {name: ran.count(name) for name in names}


def expected(iterations=0, errors=0, interrupted=0, dropped=0):
    return {
        "iterations": iterations,
        "iteration_errors": errors,
        "interrupted_iterations": interrupted,
        "dropped_iterations": dropped,
    }


async def nothing(vu):
    pass


async def sleeps(vu):
    await vu.sleep(0.0001)


def test_counts_and_trends():
    ran = run_scenarios(shared(sleeps, 50, 5))
    assert counts(ran) == expected(50)
    for name in ("iteration_duration", "iteration_lateness", "iteration_response_time"):
        assert ran.count(name) == 50
    assert ran.value("iteration_duration").stat("min") >= 0.1
    assert ran.value("iteration_lateness").stat("max") == 0
    assert ran.runs[0].started == 50
    assert ran.runs[0].active == 0


def test_user_sees_its_numbers():
    seen = []

    async def looks(vu):
        seen.append((vu.id, vu.number, vu.iteration, vu.scenario))

    run_scenarios(shared(looks, 4, 1))
    assert seen == [(1, 1, number, "one") for number in range(4)]


def test_random_is_seeded_by_run_scenario_and_user():
    def draws(seed, vus=3):
        drawn = {}

        async def draw(vu):
            drawn[vu.number] = vu.random.random()

        run_scenarios(shared(draw, vus, vus), seed=seed)
        return drawn

    assert draws(1) == draws(1)
    assert draws(1)[1] != draws(2)[1]
    assert len(set(draws(1).values())) == 3
    assert draws(1, 2).items() <= draws(1).items()


class OddError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


async def raises_at_once(vu):
    raise ValueError("at once")


async def raises_later(vu):
    await vu.sleep(0)
    raise ValueError("later")


def raises_synchronously(vu):
    raise ValueError("synchronously")


def returns_no_awaitable(vu):
    return 5


async def odd_text(vu):
    raise OddError


async def exits(vu):
    raise SystemExit(3)


async def exits_later(vu):
    await vu.sleep(0)
    raise SystemExit


async def stray_cancel(vu):
    raise asyncio.CancelledError


async def cancels_a_completion(vu):
    sleep = vu.sleep(1000)
    sleep.cancel()
    await sleep


async def cancels_its_task(vu):
    asyncio.current_task().cancel()
    await vu.sleep(1000)


async def generator_exit(vu):
    raise GeneratorExit


async def stop_iteration(vu):
    raise StopIteration


async def bad_sleep(vu):
    await vu.sleep(-1)


async def group_fails(vu):
    async with asyncio.TaskGroup() as group:
        group.create_task(raises_later(vu))
        group.create_task(sleeps_long(vu))


async def sleeps_long(vu):
    await vu.sleep(1000)


async def awaits_what_failed(vu):
    task = asyncio.create_task(raises_later(vu))
    await asyncio.gather(task, return_exceptions=True)
    await task


FAILING = [
    raises_at_once,
    raises_later,
    raises_synchronously,
    returns_no_awaitable,
    odd_text,
    exits,
    exits_later,
    stray_cancel,
    cancels_a_completion,
    cancels_its_task,
    generator_exit,
    stop_iteration,
    bad_sleep,
    group_fails,
    awaits_what_failed,
]


@pytest.mark.parametrize("function", FAILING, ids=lambda function: function.__name__)
@pytest.mark.parametrize("model", ["closed", "open"])
def test_an_exception_counts_and_the_user_goes_on(function, model):
    executor = SharedIterations(1, 5, 60 * SECOND)
    if model == "open":
        executor = ConstantArrivalRate(5, MS, MS, 0, 1_000)
    ran = run_scenarios(Scenario("one", function, executor))
    assert counts(ran) == expected(5, 5)
    assert sum(ran.runs[0].errors.counts.values()) == 5
    assert ran.runs[0].active == 0
    assert len(ran.messages) == len(ran.runs[0].errors.counts) <= 2


def test_traceback_is_the_scripts_alone():
    async def fails(vu):
        await helper(vu)

    async def helper(vu):
        await vu.sleep(0)
        raise KeyError("deep")

    ran = run_scenarios(shared(fails, 3))
    (kind,) = ran.runs[0].errors.counts
    assert kind.startswith("KeyError: 'deep' (")
    assert __file__ in kind
    trace = ran.runs[0].errors.first_tracebacks[kind]
    assert ".pyx" not in trace
    assert trace.count("File ") == 2
    assert "in fails" in trace
    assert trace.endswith("KeyError: 'deep'")
    assert ran.messages == [f"An iteration raised; the first of its kind is shown, all are counted.\n{trace}"]


def test_an_exception_from_our_own_code_is_placed_in_the_script():
    ran = run_scenarios(shared(bad_sleep, 1))
    (kind,) = ran.runs[0].errors.counts
    assert f"({__file__}:" in kind
    assert "expected seconds from 0 up, found -1" in kind


@pytest.mark.parametrize(("duration", "nanoseconds"), [
    (0, 0), (2, 2 * SECOND), (0.25, 250 * MS), ("250ms", 250 * MS), ("1m30s", 90 * SECOND), ("2", 2 * SECOND),
])  # fmt: skip
def test_a_sleep_is_seconds_or_a_duration(duration, nanoseconds, monkeypatch):
    monkeypatch.setattr(engine_vu, "now_ns", lambda: 7)
    context = SimpleNamespace(poller=SimpleNamespace(sleep_until=lambda due_ns: due_ns))
    vu = VirtualUser(context, SimpleNamespace(name="s", data=None), 0)

    assert vu.sleep(duration) == 7 + nanoseconds


@pytest.mark.parametrize(("sleep", "error"), [
    ("1 sec", "ValueError"), ("-1s", "ValueError"), (None, "TypeError"), ([1], "TypeError"),
])  # fmt: skip
def test_a_sleep_of_no_duration(sleep, error):
    async def fails(vu):
        await vu.sleep(sleep)

    (kind,) = run_scenarios(shared(fails, 1)).runs[0].errors.counts
    assert kind.startswith(f"{error}: sleep: expected a duration such as ")
    assert f", found {sleep!r} (" in kind


async def times_out(vu):
    async with asyncio.timeout(0):
        await vu.sleep(1000)


async def reads_no_json(vu):
    json.loads("{")


@pytest.mark.parametrize("function", [times_out, reads_no_json])
def test_an_exception_is_placed_in_the_script_not_in_a_library(function):
    errors = run_scenarios(shared(function, 1)).runs[0].errors
    ((kind, trace),) = errors.first_tracebacks.items()
    first = function.__code__.co_firstlineno
    assert kind.endswith(tuple(f"({__file__}:{first + line})" for line in (1, 2)))
    assert ".pyx" not in trace
    assert "_native" not in trace


def test_a_failure_is_called_by_its_name():
    async def fails(vu):
        fail("no stock")

    errors = run_scenarios(shared(fails, 1)).runs[0].errors
    ((kind, trace),) = errors.first_tracebacks.items()
    assert kind.startswith("IterationFailed: no stock (")
    assert trace.splitlines()[-1] == "IterationFailed: no stock"


def test_kinds_of_exceptions_are_bounded():
    async def fails(vu):
        await vu.sleep(0)
        raise type(f"Error{vu.iteration}", (Exception,), {})

    most = iteration_errors.MOST_KINDS
    ran = run_scenarios(shared(fails, most + 50))
    assert len(ran.messages) == most
    assert ran.runs[0].errors.counts[iteration_errors.OTHER] == 50
    assert ran.runs[0].errors.counts.keys() == ran.runs[0].errors.first_tracebacks.keys()


def test_errors_do_not_keep_their_frames():
    class Value:
        pass

    references = []

    async def fails(vu):
        value = Value()
        references.append(weakref.ref(value))
        raise ValueError

    ran = run_scenarios(shared(fails, 3))
    gc.collect()
    assert [reference() for reference in references] == [None] * 3
    assert ran.count("iteration_errors") == 3


@pytest.mark.parametrize("function", [nothing, raises_at_once, raises_synchronously])
def test_an_iteration_that_awaits_nothing_does_not_starve_the_loop(function):
    async def stop(execution):
        for _ in range(5):
            await asyncio.sleep(0.001)

    ran = run_scenarios(forever(function, vus=3), stop_when=stop)
    assert ran.count("iterations") >= 3
    assert ran.count("interrupted_iterations") == 0


def started(count):
    async def stop(execution):
        while execution.runs[0].active < count:  # noqa: ASYNC110 - a native counter sets no event
            await asyncio.sleep(0)

    return stop


def test_graceful_stop_lets_iterations_end():
    gate = []

    async def waits(vu):
        gate.append(vu)
        await vu.sleep(0.02)

    ran = run_scenarios(forever(waits, 4, graceful=60 * SECOND), stop_when=started(4))
    assert counts(ran) == expected(len(gate))
    assert len(gate) == 4


def test_graceful_stop_of_nothing_interrupts_at_once():
    ran = run_scenarios(forever(sleeps_long, 4), stop_when=started(4))
    assert counts(ran) == expected(0, interrupted=4)
    assert ran.value("iteration_duration") is None
    assert ran.runs[0].active == 0


def test_after_the_graceful_stop_what_is_left_is_interrupted():
    async def some(vu):
        await vu.sleep(1000 if vu.number == 1 else 0.001)

    ran = run_scenarios(shared(some, 2, 2, graceful=5 * MS), stop_when=started(2))
    assert counts(ran) == expected(1, interrupted=1)


def test_cleanup_runs_when_interrupted():
    steps = []

    class Resource:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            await asyncio.sleep(0)
            steps.append("async with")

    async def numbers(vu):
        try:
            while True:
                yield 1
                await vu.sleep(1000)
        finally:
            await asyncio.sleep(0)
            steps.append("generator")

    async def cleans(vu):
        try:
            async with Resource():
                async for _ in numbers(vu):
                    pass
        finally:
            await vu.sleep(0.001)
            steps.append("finally")

    ran = run_scenarios(forever(cleans), stop_when=started(1))
    assert counts(ran) == expected(interrupted=1)
    assert steps == ["generator", "async with", "finally"]


def test_cleanup_that_raises_is_an_error_of_an_iteration_that_has_ended():
    async def fails(vu):
        try:
            await vu.sleep(1000)
        finally:
            raise ValueError("in cleanup")

    ran = run_scenarios(forever(fails), stop_when=started(1))
    assert counts(ran) == expected(1, 1)


def test_a_script_that_swallows_the_cancellation_and_returns_starts_no_more():
    async def swallows(vu):
        try:
            await vu.sleep(1000)
        except asyncio.CancelledError:
            return

    ran = run_scenarios(forever(swallows, 3), stop_when=started(3))
    assert counts(ran) == expected(3)


def test_a_script_that_never_ends_is_evicted(monkeypatch):
    monkeypatch.setattr(scenario, "CLEANUP_SECONDS", 0.01)
    steps = []

    async def stubborn(vu):
        while True:
            try:
                await vu.sleep(1000)
            except asyncio.CancelledError:
                steps.append("swallowed")

    async def worse(vu):
        while True:
            try:
                await vu.sleep(1000)
            except BaseException:
                steps.append("swallowed")
            if "over" in steps:
                return

    ran = run_scenarios(forever(stubborn, 2), stop_when=started(2))
    assert counts(ran) == expected(interrupted=2)
    assert steps == ["swallowed"] * 2
    with quiet_unraisable():
        ran = run_scenarios(forever(worse), stop_when=started(1))
        assert counts(ran) == expected(interrupted=1)
        steps.append("over")
        gc.collect()


@contextmanager
def quiet_unraisable():
    """A coroutine that ignores GeneratorExit says so once more when it is collected."""
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = before


def test_a_user_that_waits_for_what_cannot_be_cancelled_is_left_behind(monkeypatch):
    monkeypatch.setattr(scenario, "CLEANUP_SECONDS", 0.01)
    over = []

    async def stubborn(vu):
        while not over:
            with suppress(asyncio.CancelledError):
                await vu.sleep(0.02)

    async def waits(vu):
        await asyncio.create_task(stubborn(vu))

    async def stop(execution):
        await started(1)(execution)
        asyncio.get_running_loop().call_later(0.05, over.append, True)

    ran = run_scenarios(forever(waits), stop_when=stop)
    assert "cannot be cancelled" in ran.messages[-1]


def test_asyncio_timeout_in_a_script_is_not_an_interruption():
    async def times_out(vu):
        try:
            async with asyncio.timeout(0.001):
                await vu.sleep(1000)
        except TimeoutError:
            pass

    assert counts(run_scenarios(shared(times_out, 3))) == expected(3)


def test_gather_and_tasks_in_a_script():
    async def gathers(vu):
        await asyncio.gather(vu.sleep(0.001), vu.sleep(0.002), asyncio.sleep(0))
        async with asyncio.TaskGroup() as group:
            group.create_task(vu.sleep(0.001))
            group.create_task(asyncio.to_thread(int))

    assert counts(run_scenarios(shared(gathers, 4, 2))) == expected(4)


def test_awaitables_that_are_no_coroutines_are_iterations_too():
    assert counts(run_scenarios(shared(lambda vu: vu.sleep(0.001), 4, 2))) == expected(4)


def test_an_awaitable_that_is_no_coroutine_is_interrupted():
    ran = run_scenarios(forever(lambda vu: vu.sleep(1000), 2), stop_when=started(2))
    assert counts(ran) == expected(interrupted=2)


def test_keyboard_interrupt_leaves_the_loop():
    async def interrupts(vu):
        await vu.sleep(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_scenarios(shared(interrupts, 3, 1))


def test_users_are_collected_after_the_run():
    references = []

    async def keeps(vu):
        vu.data = lambda: vu
        references.append(weakref.ref(vu.random))
        await vu.sleep(0)

    run_scenarios(shared(keeps, 5, 5))
    gc.collect()
    assert [reference() for reference in references] == [None] * 5


# The native parts alone


def recorder(errors=None, interrupts=None, tally=None, pacing_ns=0, index=0, of=1):
    cells = CounterCell(), TrendCell(), TrendCell(), TrendCell()
    record = Recorder(
        tally or Tally(),
        *cells,
        (errors if errors is not None else []).append,
        lambda: (interrupts if interrupts is not None else []).append(1),
        RunAborted,
        pacing_ns,
        index,
        of,
    )
    return record, cells


def test_once_records_how_late_it_was():
    async def main(poller):
        record, (iterations, duration, lateness, response) = recorder()
        user = UserState()
        await record.once(poller, nothing, user, now_ns() - 5 * MS)
        for cell in (iterations, duration, lateness, response):
            cell.rotate()
        assert user.lateness_ns >= 5 * MS
        assert lateness.total.min == user.lateness_ns
        assert response.total.min == lateness.total.min + duration.total.min
        return iterations.total, record.started, record.active, user.iteration

    assert run_async(main) == (1, 1, 0, 0)


@pytest.mark.parametrize(("end", "left", "runs"), [(0, -1, 0), (0, 3, 0), (10**18 * 9, 3, 3), (10**18 * 9, 0, 0)])
def test_budget(end, left, runs):
    async def main(poller):
        record, _ = recorder()
        budget = Budget(end, left)
        await record.repeat(poller, nothing, UserState(), budget)
        return record.started, budget.left

    assert run_async(main) == (runs, left if not runs else 0)


def test_a_stopped_budget_ends_the_user_after_its_iteration():
    async def main(poller):
        record, _ = recorder()
        budget = Budget(10**18 * 9)

        async def stops(vu):
            budget.stopped = True

        await record.repeat(poller, stops, UserState(), budget)
        return record.started

    assert run_async(main) == 1


def test_users_share_a_budget():
    async def main(poller):
        record, _ = recorder()
        budget = Budget(10**18 * 9, 100)
        users = [UserState() for _ in range(7)]
        await asyncio.gather(*(asyncio.ensure_future(_await(record.repeat(poller, nothing, u, budget))) for u in users))
        return record.started, sum(user.iteration + 1 for user in users), min(user.iteration for user in users) > 0

    async def _await(one):
        await one

    assert run_async(main) == (100, 100, True)


def test_a_user_that_cannot_connect_rests_longer_each_time():
    assert [pause_ns(failures) // MS for failures in (0, 1, 2, 3, 4, 1_000_000)] == [0, 10, 20, 40, 50, 50]


def test_many_users_that_cannot_connect_try_less_often_each():
    assert [pause_ns(100, users) // MS for users in (1, 500, 1_000, 10_000)] == [50, 50, 100, 1_000]
    assert pause_ns(1, 10_000) == 10 * MS


@pytest.mark.parametrize(("function", "least"), [(raises_at_once, 2), (raises_synchronously, 2), (nothing, 100)])
def test_a_user_that_raises_at_once_rests_longer_each_time(function, least):
    async def main(poller):
        record, _ = recorder(errors=(errors := []))
        await record.repeat(poller, function, UserState(), Budget(now_ns() + 40 * MS, 100))
        return record.started, len(errors)

    started, failed = run_async(main)
    # After 10, 20 and 40 ms: the third rest goes past the end.
    assert least <= started <= (100 if function is nothing else 3)
    assert failed == (0 if function is nothing else started)


def test_the_peak_is_of_the_time_since_it_was_last_taken():
    async def main(poller):
        record, _ = recorder()
        gates = [Completion(poller) for _ in range(3)]
        lives = [_await(record.once(poller, lambda _, g=gate: g, UserState(), 0)) for gate in gates]
        tasks = [asyncio.create_task(life) for life in lives]
        await asyncio.sleep(0)
        peaks = [record.take_peak()]
        for gate in gates[:2]:
            gate.set_result(None)
        await asyncio.wait(tasks[:2])
        peaks += [record.take_peak(), record.take_peak()]
        gates[2].set_result(None)
        await asyncio.wait(tasks)
        return [*peaks, record.take_peak(), record.take_peak()]

    async def _await(one):
        await one

    assert run_async(main) == [3, 3, 1, 1, 0]


@pytest.mark.parametrize("pacing_ns", [0, 1])
def test_who_is_through_with_resting_is_not_cancelled_as_one_that_rests(pacing_ns):
    async def takes_longer_than_the_rest(vu):
        vu.connect_failures = 0 if pacing_ns else 9
        await vu.sleep(0.06)

    executor = ConstantVUs(3, SECOND // 5)
    ran = run_scenarios(Scenario("one", takes_longer_than_the_rest, executor, 0, 30 * SECOND, pacing_ns=pacing_ns))
    assert ran.count("iterations") >= 6
    assert (ran.count("iteration_errors"), ran.count("interrupted_iterations")) == (0, 0)


def test_a_resting_user_can_be_interrupted():
    async def main(poller):
        record, _ = recorder(interrupts=(interrupts := []))
        user = UserState()

        async def fails(vu):
            vu.connect_failures += 1_000

        async def live():
            await record.repeat(poller, fails, user, Budget(10**18 * 9))

        task = asyncio.create_task(live())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        user.interrupted = True
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled(), record.started, interrupts

    assert run_async(main) == (True, 1, [])


def test_close_ends_the_function_and_counts_an_interruption():
    async def main(poller):
        steps = []
        record, _ = recorder(interrupts=(interrupts := []))

        async def waits(vu):
            try:
                await Completion(poller)
            finally:
                steps.append("finally")

        async def live():
            await record.once(poller, waits, UserState(), now_ns())

        coroutine = live()
        coroutine.send(None)
        coroutine.close()
        return steps, interrupts, record.active

    assert run_async(main) == (["finally"], [1], 0)


def test_numbers_over_the_scenario_and_the_run():
    """Worker 1 of 3 has every third number; two scenarios share those of the run, and one is of two workers only."""

    async def main(poller):
        tally = Tally(1, 3)
        first, second = recorder(tally=tally, index=1, of=3)[0], recorder(tally=tally, index=1, of=2)[0]
        user, seen = UserState(), []

        async def note(user):
            seen.append((user.scenario_iteration, user.run_iteration))

        for record in (first, second, first, second):
            await record.once(poller, note, user, now_ns())
        return seen, tally.started

    assert run_async(main) == ([(1, 1), (1, 4), (4, 7), (3, 10)], 4)


def test_paced_iterations_start_no_closer():
    """One that takes longer is followed at once, and the time that was lost is not caught up."""

    async def main(poller):
        record, _ = recorder(pacing_ns=20 * MS)
        starts = [now_ns()]

        async def work(_user):
            starts.append(now_ns())
            await poller.sleep_until(now_ns() + (50 if len(starts) == 3 else 1) * MS)

        await record.repeat(poller, work, UserState(), Budget(now_ns() + 1000 * SECOND, 5))
        return [(start - starts[0]) / MS for start in starts[1:]]

    for start, earliest in zip(run_async(main), (0, 20, 70, 90, 110), strict=True):
        assert start >= earliest


def test_an_abort_ends_the_user_and_counts_as_interrupted():
    async def main(poller):
        errors, interrupts = [], []
        record, (iterations, *_) = recorder(errors, interrupts)

        async def aborts(_user):
            await poller.sleep_until(now_ns() + MS)
            abort("enough")

        with pytest.raises(RunAborted, match="enough"):
            await record.repeat(poller, aborts, UserState(), Budget(now_ns() + SECOND))
        iterations.rotate()
        return errors, interrupts, iterations.total, record.started, record.active

    assert run_async(main) == ([], [1], 0, 1, 0)
