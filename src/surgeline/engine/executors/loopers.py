"""Virtual users of the closed model whose number changes while they iterate."""

import asyncio
from collections import deque

from surgeline._native.iteration import Budget
from surgeline._native.poller import Alarm, Completion, now_ns
from surgeline.engine.scenario import Crew, ScenarioRun


class Loopers:
    """As many users as were asked for last, iterating until `end_ns`; `resize` changes how many.

    The user that came last is the first to go: it finishes its iteration, for which it has `graceful_ns`, then that is
    interrupted. Called back before that, it simply goes on; later it begins anew, the same user with its connections.
    """

    def __init__(self, run: ScenarioRun, crew: Crew, end_ns: int, graceful_ns: int) -> None:
        self._run = run
        self._crew = crew
        self._end_ns = end_ns
        self._graceful_ns = graceful_ns
        self._loopers: list[_Looper] = []
        self.count = 0
        """How many users were asked for last."""
        self._leaving: deque[tuple[int, _Looper, int]] = deque()
        self._alarm = Alarm(run.context.poller, self._on_overdue)

    def resize(self, count: int) -> None:
        """Let `count` users iterate from now on."""
        now = now_ns()
        for index in range(self.count, count):
            self._call(index)
        for looper in reversed(self._loopers[count : self.count]):
            self._leaving.append((now + self._graceful_ns, looper, looper.leave()))
        if self._leaving:
            self._alarm.set(self._leaving[0][0])
        self.count = count

    def end(self) -> None:
        """Let no iteration start any more; the time that leaving users have goes on."""
        for looper in self._loopers:
            looper.end()

    def close(self) -> None:
        """Interrupt nobody any more."""
        self._alarm.cancel()

    def _call(self, index: int) -> None:
        if index == len(self._loopers):
            self._loopers.append(self._new())
        elif self._loopers[index].gone:  # a script may have cancelled the task of one that waited
            self._loopers[index] = self._new()
        self._loopers[index].come()

    def _new(self) -> "_Looper":
        return _Looper(self._run, self._crew, self._end_ns)

    def _on_overdue(self, now: int) -> int | None:
        while self._leaving and self._leaving[0][0] <= now:
            _, looper, leave = self._leaving.popleft()
            looper.interrupt(leave)
        return self._leaving[0][0] if self._leaving else None


class _Looper:
    """One user, who iterates while it is wanted."""

    __slots__ = ("_budget", "_busy", "_end_ns", "_gate", "_interrupting", "_leaves", "_over", "_run", "_task", "_user")

    def __init__(self, run: ScenarioRun, crew: Crew, end_ns: int) -> None:
        self._run = run
        self._user = run.new_user()
        self._budget = Budget(end_ns)
        self._budget.stopped = True
        self._end_ns = end_ns
        self._gate: Completion[None] = Completion(run.context.poller)
        self._busy = self._over = self._interrupting = False
        self._leaves = 0
        self._task = crew.add(self._user, self._live)

    @property
    def gone(self) -> bool:
        return self._task.done()

    def come(self) -> None:
        """Iterate: go on if the last iteration before leaving is still under way."""
        self._budget.stopped = False
        self._gate.set_result(None)

    def leave(self) -> int:
        """Finish the iteration and wait; return the number of this leave."""
        self._budget.stopped = True
        if self._gate.done():
            self._gate = Completion(self._run.context.poller)
        if self._user.resting:
            self._break_off()
        self._leaves += 1
        return self._leaves

    def interrupt(self, leave: int) -> None:
        """Break off the iteration with which a leave began, unless the user was called back since."""
        if leave == self._leaves and self._budget.stopped:
            self._break_off()

    def _break_off(self) -> None:
        if self._busy and not self._interrupting:
            self._interrupting = self._user.interrupted = True
            self._task.cancel()

    def end(self) -> None:
        self._over = self._budget.stopped = True
        self._gate.set_result(None)

    async def _live(self) -> None:
        while not (self._over or self._user.interrupted) and now_ns() < self._end_ns:
            await self._gate
            if not self._over:
                await self._iterate()

    async def _iterate(self) -> None:
        """Iterate until the user is to leave."""
        self._busy = True
        try:
            await self._run.iterate(self._user, self._budget)
        except asyncio.CancelledError:
            if not self._interrupting:
                raise
        finally:
            self._busy = False
        if self._interrupting:
            self._interrupting = self._user.interrupted = False
            task = asyncio.current_task()
            if task is not None and task.uncancel() > 0:  # the run itself asked as well
                raise asyncio.CancelledError
