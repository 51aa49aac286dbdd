"""Iterations that are a bare completion, as those of `surgeline http`: followed natively, with the same outcome."""

import asyncio

import pytest
from engine_support import run_async

from surgeline._native.cells import CounterCell, TrendCell
from surgeline._native.iteration import Budget, Recorder, Tally, UserState
from surgeline._native.poller import Completion, now_ns
from surgeline.engine.ending import RunAborted

FOREVER = 9 * 10**18
MS = 1_000_000


class Lives:
    """A user whose iterations are completions that the test ends."""

    def __init__(self, poller, budget):
        self.cells = CounterCell(), TrendCell(), TrendCell(), TrendCell()
        self.errors, self.interrupts, self.calls = [], [], []
        self.poller = poller
        self.user = UserState()
        self.record = Recorder(Tally(), *self.cells, self.errors.append, lambda: self.interrupts.append(1), RunAborted)
        self.task = asyncio.create_task(self._live(budget))

    async def _live(self, budget):
        await self.record.repeat(self.poller, self.call, self.user, budget)

    def call(self, user):
        assert user is self.user
        self.calls.append(Completion(self.poller))
        return self.calls[-1]

    @property
    def iterations(self):
        self.cells[0].rotate()
        return self.cells[0].total


async def turns(count=3):
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_each_starts_when_the_one_before_has_ended(count):
    async def main(poller):
        lives = Lives(poller, Budget(FOREVER, count))
        await turns()
        for done in range(count):
            assert (len(lives.calls), lives.record.active) == (done + 1, 1)
            lives.calls[-1].set_result("answer")
            await turns()
        await lives.task
        return lives.iterations, len(lives.calls), lives.record.active, lives.user.iteration, lives.errors

    assert run_async(main) == (count, count, 0, count - 1, [])


def test_the_task_is_not_stepped_in_between():
    async def main(poller):
        steps = []
        lives = Lives(poller, Budget(FOREVER, 10))
        await turns()
        parked = lives.task.get_coro().cr_await
        for _ in range(9):
            lives.calls[-1].set_result(None)
            await turns()
            steps.append(lives.task.get_coro().cr_await is parked)
        lives.calls[-1].set_result(None)
        await lives.task
        return steps

    assert run_async(main) == [True] * 9


def test_one_that_fails_is_counted_and_the_user_goes_on():
    async def main(poller):
        lives = Lives(poller, Budget(FOREVER, 3))
        await turns()
        lives.calls[0].set_exception(error := ValueError("first"))
        await turns()
        lives.calls[1].cancel()  # not by the run: a mistake like any other
        await turns()
        lives.calls[2].set_result(None)
        await lives.task
        return lives.iterations, lives.errors[0] is error, [type(one) for one in lives.errors]

    assert run_async(main) == (3, True, [ValueError, asyncio.CancelledError])


def test_an_interrupted_user_cancels_what_it_waits_for():
    async def main(poller):
        lives = Lives(poller, Budget(FOREVER))
        await turns()
        lives.calls[0].set_result(None)
        await turns()
        lives.user.interrupted = True
        lives.task.cancel()
        await asyncio.wait([lives.task])
        return lives.iterations, lives.calls[1].cancelled(), lives.interrupts, lives.record.active, len(lives.calls)

    assert run_async(main) == (1, True, [1], 0, 2)


def test_a_call_that_ends_while_its_task_is_being_cancelled():
    async def main(poller):
        lives = Lives(poller, Budget(FOREVER))
        await turns()
        lives.user.interrupted = True
        lives.task.cancel()
        lives.calls[0].set_result(None)
        await asyncio.wait([lives.task])
        await turns()
        return len(lives.calls), lives.record.active, lives.iterations + len(lives.interrupts)

    assert run_async(main) == (1, 0, 1)


def test_a_stopped_budget_ends_the_user_after_its_iteration():
    async def main(poller):
        budget = Budget(FOREVER)
        lives = Lives(poller, budget)
        await turns()
        budget.stopped = True
        lives.calls[0].set_result(None)
        await lives.task
        return lives.iterations, len(lives.calls)

    assert run_async(main) == (1, 1)


def test_once_records_how_late_it_was():
    async def main(poller):
        lives = Lives(poller, Budget(0))
        await lives.task
        due = now_ns() - 5 * MS
        one = asyncio.ensure_future(_await(lives.record.once(poller, lives.call, lives.user, due)))
        await turns()
        lives.calls[0].set_result(None)
        await one
        lives.cells[2].rotate()
        return lives.iterations, lives.cells[2].total.min >= 5 * MS

    async def _await(iteration):
        await iteration

    assert run_async(main) == (1, True)


def test_a_user_that_cannot_connect_rests_in_between():
    async def main(poller):
        lives = Lives(poller, Budget(FOREVER, 2))
        await turns()
        lives.user.connect_failures = 1
        lives.calls[0].set_result(None)
        await turns()
        resting = len(lives.calls)
        lives.user.connect_failures = 0
        while len(lives.calls) < 2:  # noqa: ASYNC110 - the native side sets no event
            await asyncio.sleep(0.001)
        lives.calls[1].set_result(None)
        await lives.task
        return resting, lives.iterations

    assert run_async(main) == (1, 2)


def test_calls_that_end_before_they_are_followed():
    async def main(poller):
        lives = Lives(poller, Budget(FOREVER, 5))
        plain = lives.call

        def fails_at_once(user):
            call = plain(user)
            if len(lives.calls) > 1:
                call.set_exception(OSError("no local port left"))
            return call

        lives.call = fails_at_once
        await turns()
        lives.calls[0].set_result(None)
        await lives.task
        return lives.iterations, len(lives.errors)

    assert run_async(main) == (5, 4)
