"""A `Completion` is an asyncio future to whoever awaits it: every way of waiting, beside `asyncio.Future` as oracle."""

import asyncio
import contextvars
import gc
import weakref

import pytest
from engine_support import MS, our_loop, run_async

from surgeline._native.poller import Completion, now_ns
from surgeline.engine.loop import close_loop

KINDS = ("completion", "future")


def make(kind, poller):
    return Completion(poller) if kind == "completion" else asyncio.get_running_loop().create_future()


async def turns(count=3):
    for _ in range(count):
        await asyncio.sleep(0)


async def settle(awaitable):
    """What awaiting came to, in a form that can be compared."""
    try:
        return ("result", await awaitable)
    except asyncio.CancelledError as error:
        return ("cancelled", error.args)
    except Exception as error:
        return (type(error).__name__, str(error))


def later(action):
    asyncio.get_running_loop().call_soon(action)


async def awaited(future):
    later(lambda: future.set_result(7))
    return await settle(future)


async def result_is_a_tuple(future):
    later(lambda: future.set_result((1, 2)))
    return await settle(future)


async def result_is_an_exception(future):
    later(lambda: future.set_result(ValueError("a value")))
    outcome = await settle(future)
    return outcome[0], type(outcome[1])


async def done_before(future):
    future.set_result("early")
    return await settle(future), future.done(), future.cancelled(), future.result(), future.exception()


async def exception(future):
    later(lambda: future.set_exception(ValueError("broken")))
    return await settle(future), future.done(), str(future.exception())


async def exception_class(future):
    later(lambda: future.set_exception(ValueError))
    return await settle(future)


async def exception_before(future):
    future.set_exception(ValueError("early"))
    return await settle(future), await settle(future)


async def not_done(future):
    outcomes = []
    for ask in (future.result, future.exception):
        try:
            ask()
        except asyncio.InvalidStateError:
            outcomes.append("invalid state")
    return outcomes, future.done(), future.cancelled()


async def cancelled_itself(future):
    later(lambda: future.cancel("why"))
    return await settle(future), future.cancelled(), future.done(), future.cancel()


async def cancelled_before(future):
    first = future.cancel()
    return first, await settle(future), await settle(future)


async def cancelled_asks(future):
    future.cancel()
    outcomes = []
    for ask in (future.result, future.exception):
        try:
            ask()
        except asyncio.CancelledError:
            outcomes.append("cancelled")
    return outcomes


async def task_cancelled(future):
    task = asyncio.create_task(settle(future))
    await turns()
    task.cancel("enough")
    return await settle(task), future.cancelled()


async def task_cancelled_at_completion(future):
    """Cancelled after the result, before the task runs: asyncio throws the cancellation."""
    task = asyncio.create_task(settle(future))
    await turns()
    future.set_result(1)
    task.cancel()
    return await settle(task), future.cancelled()


async def timeout(future):
    try:
        async with asyncio.timeout(0):
            await future
    except TimeoutError:
        return "timeout", future.cancelled(), asyncio.current_task().cancelling()


async def wait_for(future):
    try:
        await asyncio.wait_for(future, 0.001)
    except TimeoutError:
        return "timeout", future.cancelled()


async def wait_for_in_time(future):
    later(lambda: future.set_result(3))
    return await asyncio.wait_for(future, 60)


async def wait_for_exception(future):
    later(lambda: future.set_exception(ValueError("no")))
    return await settle(asyncio.wait_for(future, 60))


async def gathered(future):
    later(lambda: future.set_result("x"))
    return await asyncio.gather(future, asyncio.sleep(0, "y"), future)


async def gathered_exception(future):
    later(lambda: future.set_exception(ValueError("gather")))
    return await settle(asyncio.gather(future, asyncio.sleep(0)))


async def gathered_return_exceptions(future):
    later(lambda: future.set_exception(ValueError("gather")))
    outcomes = await asyncio.gather(future, asyncio.sleep(0, "y"), return_exceptions=True)
    return [repr(outcome) for outcome in outcomes]


async def gathered_child_cancelled(future):
    later(future.cancel)
    return await settle(asyncio.gather(future, asyncio.sleep(0)))


async def gathered_child_cancelled_return_exceptions(future):
    later(future.cancel)
    return [repr(one) for one in await asyncio.gather(future, asyncio.sleep(0), return_exceptions=True)]


async def gather_cancelled(future):
    group = asyncio.gather(future)
    later(group.cancel)
    return await settle(group), future.cancelled()


async def waited_first_completed(future):
    never = asyncio.get_running_loop().create_future()
    later(lambda: future.set_result(1))
    done, pending = await asyncio.wait([future, never], return_when=asyncio.FIRST_COMPLETED)
    return done == {future}, pending == {never}


async def waited_timeout(future):
    done, pending = await asyncio.wait([future], timeout=0.001)
    return done, pending == {future}, future.cancelled()


async def waited_first_exception(future):
    later(lambda: future.set_exception(ValueError("first")))
    done, _ = await asyncio.wait([future], return_when=asyncio.FIRST_EXCEPTION)
    return [str(one.exception()) for one in done]


async def as_completed(future):
    later(lambda: future.set_result("only"))
    return [await one for one in asyncio.as_completed([future])]


async def shielded(future):
    task = asyncio.create_task(settle(asyncio.shield(future)))
    await turns()
    task.cancel()
    outcome = await settle(task)
    untouched = not future.done()
    future.set_result(1)
    return outcome, untouched, await settle(future)


async def shielded_cancelled_inside(future):
    later(future.cancel)
    return await settle(asyncio.shield(future))


async def ensured(future):
    later(lambda: future.set_result(1))
    same = asyncio.ensure_future(future)
    return same is future, await same, asyncio.isfuture(future)


async def awaited_twice(future):
    later(lambda: future.set_result(5))
    return await settle(future), await settle(future)


async def two_tasks(future):
    tasks = [asyncio.create_task(settle(future)) for _ in range(2)]
    await turns()
    future.set_result("both")
    return await asyncio.gather(*tasks)


async def two_tasks_one_cancelled(future):
    """A task's cancellation cancels what it waits for, and so the other task too: as in asyncio."""
    tasks = [asyncio.create_task(settle(future)) for _ in range(2)]
    await turns()
    tasks[0].cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def callbacks_in_order(future):
    calls = []
    for number in range(4):
        future.add_done_callback(lambda done, number=number: calls.append((number, done is future)))
    future.set_result(None)
    early = list(calls)
    await turns()
    return early, calls


async def callback_after_done(future):
    calls = []
    future.set_result(None)
    future.add_done_callback(lambda _: calls.append("late"))
    early = list(calls)
    await turns()
    return early, calls


async def callbacks_removed(future):
    calls = []
    first, second = (lambda _, name=name: calls.append(name) for name in "ab")
    for callback in (first, second, first, second, first):
        future.add_done_callback(callback)
    removed = future.remove_done_callback(first), future.remove_done_callback(first)
    future.set_result(None)
    await turns()
    return removed, calls, future.remove_done_callback(second)


async def callback_context(future):
    variable = contextvars.ContextVar("variable", default="none")
    seen = []
    context = contextvars.copy_context()
    context.run(variable.set, "given")
    future.add_done_callback(lambda _: seen.append(variable.get()), context=context)
    variable.set("at adding")
    future.add_done_callback(lambda _: seen.append(variable.get()))
    variable.set("at completing")
    future.set_result(None)
    await turns()
    return seen


async def task_context_is_kept(future):
    variable = contextvars.ContextVar("variable", default="none")

    async def waits():
        variable.set("the task's own")
        await future
        return variable.get()

    task = asyncio.create_task(waits())
    await turns()
    future.set_result(None)
    return await task, variable.get()


async def current_task(future):
    async def waits():
        await future
        return asyncio.current_task().get_name()

    task = asyncio.create_task(waits(), name="the waiting one")
    await turns()
    future.set_result(None)
    return await task, asyncio.current_task().get_name() == "the waiting one"


async def task_group(future):
    async def waits():
        return await future

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(waits()) for _ in range(3)]
        later(lambda: future.set_result(2))
    return [task.result() for task in tasks]


async def task_group_fails(future):
    async def fails():
        raise ValueError("group")

    async def both():
        async with asyncio.TaskGroup() as group:
            group.create_task(settle(future))
            group.create_task(fails())

    with pytest.raises(ExceptionGroup) as caught:
        await both()
    return [str(error) for error in caught.value.exceptions], future.cancelled()


async def coroutine_closed(future):
    async def waits():
        try:
            await future
        finally:
            closed.append(True)

    closed = []
    coroutine = waits()
    assert coroutine.send(None) is future
    coroutine.close()
    return closed


async def two_errors_from_one(future):
    future.set_exception(KeyError("again"))
    return await asyncio.gather(settle(future), settle(future))


SITUATIONS = [
    value
    for value in list(globals().values())
    if callable(value)
    and getattr(value, "__code__", None)
    and value.__code__.co_varnames[:1] == ("future",)
    and value.__module__ == __name__
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_is_as_asyncio_future(situation):
    async def one(poller, kind):
        async with asyncio.timeout(20):
            return await situation(make(kind, poller))

    ours, theirs = (run_async(one, kind) for kind in KINDS)
    assert ours == theirs
    assert ours is not None


def test_the_table_is_not_empty():
    assert len(SITUATIONS) > 35


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_callback_that_raises_goes_to_the_exception_handler_and_the_others_are_called(kind, debug):
    with our_loop() as (loop, poller):
        loop.set_debug(debug)
        calls = []

        def fails(_):
            raise ValueError("in a callback")

        async def main():
            future = make(kind, poller)
            future.add_done_callback(fails)
            future.add_done_callback(lambda _: calls.append("other"))
            future.set_result(None)
            await turns()

        loop.run_until_complete(main())
        assert calls == ["other"]
        assert [str(context["exception"]) for context in loop.unhandled] == ["in a callback"]
        assert "in a callback" in str(loop.unhandled[0]["exception"])
        assert "fails" in loop.unhandled[0]["message"]
        loop.unhandled.clear()


def test_callback_in_a_context_that_is_entered_already_goes_to_the_exception_handler():
    with our_loop() as (loop, poller):
        context = contextvars.copy_context()

        async def main():
            future = Completion(poller)
            future.add_done_callback(lambda _: None, context=context)
            poller.sleep_until(now_ns()).add_done_callback(lambda _: future.set_result(None))
            await turns()

        context.run(loop.run_until_complete, main())
        assert [type(each["exception"]) for each in loop.unhandled] == [RuntimeError]
        loop.unhandled.clear()


def test_create_task_takes_a_completion_as_it_takes_a_coroutine():
    async def main(poller):
        first, second = Completion(poller), Completion(poller)
        async with asyncio.TaskGroup() as group:
            in_group = group.create_task(second, name="named")
            task = asyncio.create_task(first)
            await turns()
            first.set_result(1)
            second.set_result(2)
        return await task, in_group.result(), in_group.get_name()

    assert run_async(main) == (1, 2, "named")


def test_a_cancelled_task_of_a_completion_cancels_it():
    async def main(poller):
        completion = Completion(poller)
        task = asyncio.create_task(completion)
        await turns()
        task.cancel()
        return await settle(task), completion.cancelled()

    assert run_async(main) == (("cancelled", ()), True)


def test_a_second_result_is_ignored():
    async def main(poller):
        completion = Completion(poller)
        completion.set_result(1)
        completion.set_result(2)
        completion.set_exception(ValueError())
        cancelled = Completion(poller)
        cancelled.cancel()
        cancelled.set_result(3)
        return completion.result(), completion.cancel(), cancelled.cancelled()

    assert run_async(main) == (1, False, True)


@pytest.mark.parametrize("error", [StopIteration(), StopIteration, "no exception", None])
def test_an_exception_that_cannot_be_raised_into_a_task_is_refused(error):
    async def main(poller):
        with pytest.raises(TypeError, match="expected an exception"):
            Completion(poller).set_exception(error)

    run_async(main)


def test_wakes_its_task_inside_the_poll_and_not_a_turn_later():
    """The point of it all: when a timer or a socket completes it, the task has run before `poll` returns."""

    async def main(poller):
        steps = []

        async def waits():
            await poller.sleep_until(now_ns())
            steps.append(asyncio.current_task().get_name())

        task = asyncio.create_task(waits(), name="direct")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen = list(steps)
        await task
        return seen

    assert run_async(main) == ["direct"]


def test_a_task_woken_directly_may_do_what_tasks_do():
    """It creates tasks, waits for futures of asyncio, completes other completions, and cancels itself."""

    async def main(poller):
        other = Completion(poller)

        async def waits():
            await poller.sleep_until(now_ns())
            made = asyncio.create_task(asyncio.sleep(0, "made"))
            other.set_result("completed")
            async with asyncio.timeout(30):
                return await made, await other

        return await asyncio.create_task(waits())

    assert run_async(main) == ("made", "completed")


def test_direct_wake_keeps_the_context():
    variable = contextvars.ContextVar("variable", default="none")

    async def main(poller):
        async def waits(value):
            variable.set(value)
            await poller.sleep_until(now_ns() + MS)
            seen = variable.get()
            variable.set("changed")
            await poller.sleep_until(now_ns())
            return seen, variable.get()

        return await asyncio.gather(*(asyncio.create_task(waits(str(n))) for n in range(3))), variable.get()

    assert run_async(main) == ([("0", "changed"), ("1", "changed"), ("2", "changed")], "none")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("directly", [True, False])
def test_what_ends_the_program_leaves_run_forever_and_nobody_is_forgotten(error, directly):
    """The other tasks that waited for the same thing, or for one completed with it, are woken when the loop goes on."""
    with our_loop() as (loop, poller):
        woken = []

        async def ends(completion):
            await completion
            raise error

        async def waits(completion, name):
            await completion
            woken.append(name)

        shared = poller.sleep_until(now_ns() + MS) if directly else Completion(poller)
        other = Completion(poller)
        tasks = [loop.create_task(ends(shared))]
        tasks += [loop.create_task(waits(shared, n)) for n in range(3)]
        tasks += [loop.create_task(waits(other, "other"))]

        async def main():
            await turns()
            if not directly:
                shared.set_result(None)
            other.set_result(None)
            await asyncio.wait(tasks)

        with pytest.raises(error):
            loop.run_until_complete(main())
        loop.run_until_complete(asyncio.wait(tasks[1:], timeout=20))
        assert sorted(map(str, woken)) == ["0", "1", "2", "other"]
        with pytest.raises(error):
            tasks[0].result()


def test_a_loop_that_was_asked_to_stop_when_it_was_broken_off_is_closed_in_order():
    with our_loop() as (loop, poller):
        ended = []

        async def waits():
            try:
                await Completion(poller)
            finally:
                await asyncio.sleep(0)
                ended.append(True)

        task = loop.create_task(waits())
        loop.run_until_complete(turns())
        loop.stop()
        assert close_loop(loop) == 0
        assert task.cancelled()
        assert ended == [True]


def test_awaited_from_another_loop_is_an_error():
    with our_loop() as (_, poller):
        completion = Completion(poller)

        async def main():
            await completion

        with pytest.raises(RuntimeError, match="attached to a different loop"):
            asyncio.run(main())


def test_awaiting_outside_of_a_task_yields_itself_and_a_second_step_is_an_error():
    with our_loop() as (_, poller):
        completion = Completion(poller)
        steps = iter(completion.__await__())
        assert next(steps) is completion
        with pytest.raises(RuntimeError, match="await was not used"):
            next(steps)


def test_is_generic_in_annotations():
    assert Completion[int].__origin__ is Completion


def test_completions_and_what_they_hold_are_collected():
    class Value:
        pass

    async def main(poller):
        value = Value()
        completion = Completion(poller)
        completion.set_result(value)
        completion.add_done_callback(lambda done, completion=completion: None)  # a cycle
        await completion
        await turns()
        return weakref.ref(value)

    reference = run_async(main)
    gc.collect()
    assert reference() is None
