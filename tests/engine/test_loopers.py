"""Users whose number changes while they iterate: who goes, who comes back, and what becomes of iterations under way."""

import asyncio

import pytest
from engine_support import MS, SECOND, run_scenarios
from executor_support import until

from surgeline._native.poller import now_ns
from surgeline.engine.executors import ConstantVUs
from surgeline.engine.executors.base import NEVER_NS
from surgeline.engine.executors.loopers import Loopers
from surgeline.engine.scenario import Crew, Scenario

FOREVER = 600 * SECOND


class Task:
    """What the users do; who is at it, and who ended it when and how often."""

    def __init__(self, seconds=1000, only_first=False):
        self._seconds = seconds
        self._only_first = only_first
        self.running = set()
        self.ended_ns = {}

    async def __call__(self, vu):
        self.running.add(vu.number)
        try:
            await vu.sleep(self._seconds if vu.iteration == 0 or not self._only_first else 0.0005)
        finally:
            self.running.remove(vu.number)
            self.ended_ns[vu.number] = now_ns()


def resized(drive, task, graceful_ns=FOREVER, graceful_stop_ns=0):
    """Run a scenario whose users `drive(loopers, users)` resizes."""

    class Driven(ConstantVUs):
        async def execute(self, run):
            async with Crew(run) as crew:
                loopers = Loopers(run, crew, NEVER_NS, graceful_ns)
                await drive(loopers, run.users)
                loopers.end()
            loopers.close()

    ran = run_scenarios(Scenario("one", task, Driven(1, SECOND), 0, graceful_stop_ns))
    assert ran.runs[0].started == ran.count("iterations") + ran.count("interrupted_iterations")
    assert ran.runs[0].active == 0
    return ran


def test_the_user_that_came_last_is_the_first_to_go_and_is_used_again():
    task = Task(0.0005)

    async def drive(loopers, users):
        loopers.resize(3)
        await until(lambda: len(users) == 3 and all(user.iteration >= 2 for user in users))
        loopers.resize(1)
        await until(lambda: task.running <= {1})
        first, *others = [user.iteration for user in users]
        await until(lambda: users[0].iteration >= first + 5)
        assert [user.iteration for user in users[1:]] == others
        loopers.resize(3)
        await until(lambda: all(user.iteration > before for user, before in zip(users[1:], others, strict=True)))

    ran = resized(drive, task, graceful_stop_ns=FOREVER)
    assert len(ran.runs[0].users) == 3
    assert ran.count("interrupted_iterations") == 0


def test_an_iteration_has_its_time_and_is_then_interrupted():
    task = Task()

    async def drive(loopers, users):
        loopers.resize(3)
        await until(lambda: task.running == {1, 2, 3})
        left_ns = now_ns()
        loopers.resize(1)
        await until(lambda: task.running == {1})
        assert all(ended >= left_ns + 20 * MS for ended in task.ended_ns.values())

    ran = resized(drive, task, 20 * MS)
    assert ran.count("interrupted_iterations") == 3


def test_interrupted_and_called_back_a_user_begins_anew():
    task = Task(only_first=True)

    async def drive(loopers, users):
        loopers.resize(2)
        await until(lambda: task.running == {1, 2})
        loopers.resize(0)
        await until(lambda: task.running == set())
        assert [user.iteration for user in users] == [0, 0]
        loopers.resize(2)
        await until(lambda: all(user.iteration >= 3 for user in users))

    ran = resized(drive, task, 0, FOREVER)
    assert len(ran.runs[0].users) == 2
    assert ran.count("interrupted_iterations") == 2


def test_called_back_within_its_time_a_user_simply_goes_on():
    task = Task(0.03, only_first=True)

    async def drive(loopers, users):
        loopers.resize(2)
        await until(lambda: task.running == {1, 2})
        loopers.resize(0)
        loopers.resize(2)
        loopers.resize(1)
        loopers.resize(2)
        await until(lambda: all(user.iteration >= 3 for user in users))

    ran = resized(drive, task, FOREVER, FOREVER)
    assert len(ran.runs[0].users) == 2
    assert ran.count("interrupted_iterations") == 0


def test_the_time_of_an_earlier_leave_interrupts_no_later_iteration():
    task = Task(only_first=True)

    async def drive(loopers, users):
        loopers.resize(1)
        await until(lambda: task.running)
        loopers.resize(0)
        loopers.resize(1)
        await asyncio.sleep(0.03)
        assert task.running
        loopers.resize(0)
        await until(lambda: not task.running)

    ran = resized(drive, task, 20 * MS)
    assert ran.count("interrupted_iterations") == 1


def test_called_back_while_it_is_being_interrupted_a_user_begins_anew():
    cleaned = []

    async def cleans(vu):
        try:
            await vu.sleep(1000 if vu.iteration == 0 else 0.0005)
        finally:
            await vu.sleep(0.01)
            cleaned.append(vu.iteration)

    async def drive(loopers, users):
        loopers.resize(1)
        await until(lambda: users and users[0].iteration == 0)
        await asyncio.sleep(0)
        loopers.resize(0)
        await asyncio.sleep(0.002)
        loopers.resize(1)
        await until(lambda: users[0].iteration >= 2)

    ran = resized(drive, cleans, 0, FOREVER)
    assert cleaned[:2] == [0, 1]
    assert ran.count("interrupted_iterations") == 1


def test_a_script_that_swallows_its_cancellation_ends_its_iteration_in_its_own_way():
    swallowed = []

    async def swallows(vu):
        try:
            await vu.sleep(1000 if vu.iteration == 0 else 0.0005)
        except asyncio.CancelledError:
            swallowed.append(vu.number)
            await vu.sleep(0)

    async def drive(loopers, users):
        loopers.resize(2)
        await until(lambda: len(users) == 2 and all(user.iteration == 0 for user in users))
        await asyncio.sleep(0)
        loopers.resize(0)
        await until(lambda: len(swallowed) == 2)
        loopers.resize(2)
        await until(lambda: all(user.iteration >= 2 for user in users))

    ran = resized(drive, swallows, 0, FOREVER)
    assert ran.count("interrupted_iterations") == 0


def test_interrupted_by_the_run_while_it_is_being_interrupted():
    async def cleans_for_long(vu):
        try:
            await vu.sleep(1000)
        finally:
            await vu.sleep(1000)

    async def drive(loopers, users):
        loopers.resize(2)
        await until(lambda: len(users) == 2 and all(user.iteration == 0 for user in users))
        await asyncio.sleep(0)
        loopers.resize(0)
        await asyncio.sleep(0.01)

    ran = resized(drive, cleans_for_long, 0)
    assert ran.count("interrupted_iterations") == 2


def test_a_task_that_was_cancelled_behind_our_back_is_replaced():
    tasks = {}

    async def keeps_its_task(vu):
        tasks[vu.number] = asyncio.current_task()
        await vu.sleep(0.0005)

    async def drive(loopers, users):
        loopers.resize(2)
        await until(lambda: set(tasks) == {1, 2})
        loopers.resize(1)
        seen = users[0].iteration
        await until(lambda: users[0].iteration > seen + 3)
        tasks[2].cancel()
        await until(tasks[2].done)
        loopers.resize(2)
        await until(lambda: 3 in tasks)

    ran = resized(drive, keeps_its_task, FOREVER, FOREVER)
    assert [user.number for user in ran.runs[0].users] == [1, 2, 3]


@pytest.mark.parametrize("graceful_stop_ns", [0, 20 * MS])
def test_the_end_interrupts_who_is_left(graceful_stop_ns):
    task = Task()

    async def drive(loopers, users):
        loopers.resize(5)
        await until(lambda: len(task.running) == 5)
        loopers.resize(2)

    ran = resized(drive, task, FOREVER, graceful_stop_ns)
    assert ran.count("interrupted_iterations") == 5
