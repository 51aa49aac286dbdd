"""One scenario while it runs: its virtual users, its iterations and what they come to.

Executors decide when an iteration starts; everything that is the same for all of them stands here. Knows no protocol
and no user interface.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, Self

from surgeline._native.iteration import Budget, Recorder
from surgeline._native.poller import now_ns
from surgeline.engine.context import Abort, RunContext, environment
from surgeline.engine.ending import RunAborted, running
from surgeline.engine.iteration_errors import IterationErrors, script_traceback
from surgeline.engine.scope import Scope, current_scope, group
from surgeline.engine.vu import VirtualUser
from surgeline.errors import ExitCode
from surgeline.metrics import names
from surgeline.schedule.share import Share

ScenarioFunction = Callable[[Any], Awaitable[Any]]
Hook = Callable[..., Awaitable[Any] | Any]
"""Set-up, tear-down, a user's start or stop: async or not, with the virtual user as parameter or without one."""
MakeVU = Callable[["ScenarioRun", int], VirtualUser]


class Executor(Protocol):
    """How iterations are started. Frozen options; `execute` is the only method that acts."""

    @property
    def is_open(self) -> bool:
        """Does it decide itself when an iteration starts, whatever the users are doing?"""

    @property
    def planned_iterations(self) -> int | None:
        """How many iterations will be started; None when that depends on the system under test."""

    @property
    def planned_ns(self) -> int | None:
        """How long starts go on; None when that depends on the system under test."""

    @property
    def max_vus(self) -> int:
        """The most virtual users there can be."""

    def planned_for(self, share: Share) -> int | None:
        """Return how many iterations one worker will start; None when that depends on the system under test."""

    def planned_between(self, start_ns: int, end_ns: int) -> int | None:
        """Return how many iterations are intended to start in a span of the scenario's time; None without a rate."""

    def vus_over_time(self) -> list[tuple[int, int]] | None:
        """Return the number of users as the corners of its line, (nanoseconds, users); None when it is not planned."""

    def rate_over_time(self) -> list[tuple[int, float]] | None:
        """Return the rate as the corners of its line, (nanoseconds, starts per second); None without one."""

    def stage_at(self, t_ns: int) -> int | None:
        """Return which stage, counted from 0, is under way at `t_ns` of the scenario's time; None without stages."""

    def options(self) -> dict[str, Any]:
        """Return the options under the names that scripts use, with durations as texts."""

    def describe(self) -> str:
        """Say in a few words what it does."""

    def seeded(self, seed: str) -> Self:
        """Return the executor with what it draws at random settled."""

    async def execute(self, run: "ScenarioRun") -> None:
        """Run the scenario to its end."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as planned."""

    name: str
    function: ScenarioFunction
    executor: Executor
    start_ns: int = 0
    graceful_stop_ns: int = 30_000_000_000
    tags: Mapping[str, str] = field(default_factory=dict)
    base_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    """What `env` reads first in this scenario."""
    pacing_ns: int = 0
    """Iterations of one user start at least so far apart; for executors of the closed model."""
    setup: Hook | None = None
    """Called once before the load; what it returns is the `data` of this scenario's users."""
    teardown: Hook | None = None
    vu_start: Hook | None = None
    vu_stop: Hook | None = None

    def describe(self) -> str:
        """Say in one line what it is called and how it starts iterations."""
        return f"{self.name}: {self.executor.describe()}"

    def seeded(self, seed: int) -> Self:
        """Return the scenario with what it draws at random settled by the run's seed."""
        return replace(self, executor=self.executor.seeded(f"{seed}/{self.name}"))

    def tags_in(self, run_tags: Mapping[str, str]) -> dict[str, str]:
        """Return the tags of all its samples in a run with these tags."""
        return {**run_tags, "scenario": self.name, **self.tags}


_ITERATION_METRICS = (
    names.ITERATIONS,
    names.ITERATION_DURATION,
    names.ITERATION_LATENESS,
    names.ITERATION_RESPONSE_TIME,
)
"""In the order that `Recorder` takes their cells."""


class ScenarioRun:
    """A scenario as it runs."""

    def __init__(self, context: RunContext, scenario: Scenario, make_vu: MakeVU) -> None:
        self.context = context
        self.scenario = scenario.seeded(context.seed)
        self.tags = scenario.tags_in(context.tags)
        self.errors = IterationErrors(context.notify)
        self.users: list[VirtualUser] = []
        self.scope = Scope(context.registry, self.tags)
        self.data = context.data
        """What users are given as `data`."""
        self.started_ns = 0
        """When the scenario began; 0 before."""
        self.dropped = 0
        """How many iterations were planned and will never start."""
        self._make_vu = make_vu
        # A worker that has no part in the scenario has no iterations to number either.
        part = context.share.among(scenario.executor.max_vus) or context.share
        cell = context.registry.cell
        iterations, duration, lateness, response_time = (cell(metric, self.tags) for metric in _ITERATION_METRICS)
        self._recorder = Recorder(
            context.tally,
            iterations,
            duration,
            lateness,
            response_time,
            self._record_error,
            self._record_interrupt,
            RunAborted,
            scenario.pacing_ns,
            part.index,
            part.of,
        )
        self._failed = cell(names.ITERATION_ERRORS, self.tags)
        self._interrupted = cell(names.INTERRUPTED_ITERATIONS, self.tags)
        self._dropped = cell(names.DROPPED_ITERATIONS, self.tags)
        self.vus = 0
        """The most virtual users that ran an iteration at once in the last second."""
        self._vus = cell(names.VUS, self.tags)
        self._vus_max = cell(names.VUS_MAX, self.tags)

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def begins_ns(self) -> int:
        """When the scenario begins, from the start of the load on: as planned until then, and not before now."""
        load_ns = self.context.started_ns
        if self.started_ns:
            return self.started_ns - load_ns
        return max(self.scenario.start_ns, now_ns() - load_ns) if load_ns else self.scenario.start_ns

    def stage_at(self, time_ns: int) -> int | None:
        """Return the executor's stage at a time; None without stages, and before the scenario began."""
        return self.scenario.executor.stage_at(time_ns - self.started_ns) if self.started_ns else None

    @property
    def active(self) -> int:
        """How many virtual users are running an iteration."""
        return self._recorder.active

    @property
    def started(self) -> int:
        """How many iterations were started."""
        return self._recorder.started

    @property
    def stopping(self) -> bool:
        """Should no iteration start any more?"""
        return self.context.stopping.is_set()

    def new_user(self) -> VirtualUser:
        """Make the scenario's next virtual user."""
        user = self._make_vu(self, self.context.share.nth(len(self.users)) + 1)
        self.users.append(user)
        return user

    def drop(self, count: int = 1) -> None:
        """Count iterations that were planned and will never start."""
        if count > 0:
            self.dropped += count
            self._dropped.add(count)

    def drop_rest(self) -> None:
        """Count what was planned and neither started nor dropped so far; for when nothing can start any more."""
        planned = self.scenario.executor.planned_for(self.context.share)
        if planned is not None:
            self.drop(planned - self.started - self.dropped)

    def sample_users(self) -> None:
        """Take the once-a-second sample of the numbers of users."""
        self.vus = self._recorder.take_peak()
        self._vus.set(self.vus)
        self._vus_max.set(len(self.users))

    def once(self, user: VirtualUser, intended_ns: int) -> Awaitable[None]:
        """Return one iteration, recorded, that should have started at `intended_ns`."""
        return self._recorder.once(self.context.poller, self.scenario.function, user, intended_ns)

    def iterate(self, user: VirtualUser, budget: Budget) -> Awaitable[None]:
        """Return one iteration after the other, recorded, while the budget lets them start."""
        return self._recorder.repeat(self.context.poller, self.scenario.function, user, budget)

    async def repeat(self, budgets: Sequence[Budget], end_ns: int) -> None:
        """The closed model: one user for each budget, and it may be the same for all, iterates while that lets it.

        After the end, or when the run is stopping, iterations under way have the graceful stop's time.
        """
        async with Crew(self) as crew:
            for budget in budgets:
                user = self.new_user()
                crew.add(user, partial(self.iterate, user, budget))
            await crew.wait_until(end_ns)
            for budget in budgets:
                budget.stopped = True

    def _record_error(self, error: BaseException) -> None:
        if isinstance(error, BaseExceptionGroup) and error.subgroup(RunAborted) is not None:
            return  # a task group's way of passing on what ended the run
        self._failed.add()
        self.errors.record(error)

    def _record_interrupt(self) -> None:
        self._interrupted.add()


CLEANUP_SECONDS = 5.0
"""How long an interrupted iteration may take for its `finally` blocks."""


class Crew:
    """The tasks of a scenario's virtual users; a context that ends when they have all ended.

    At the end of the block iterations under way have the graceful stop's time; where the block is broken off they have
    none. What is left then is interrupted.
    """

    def __init__(self, run: ScenarioRun) -> None:
        self._run = run
        self._tasks: dict[asyncio.Task[None], VirtualUser] = {}

    def add(self, user: VirtualUser, life: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Start a user, who does what `life` returns when it is ready; return its task."""
        task = self._run.context.loop.create_task(self._live(user, life))
        self._tasks[task] = user
        return task

    async def wait_until(self, end_ns: int) -> None:
        """Return when every user is done, at `end_ns`, or when the run is stopping."""
        await asyncio.sleep(0)  # every user has begun by then: a sample for runs that are over within a second
        self._run.sample_users()
        stopping = asyncio.ensure_future(self._run.context.stopping.wait())
        everyone = asyncio.ensure_future(self._everyone())
        timeout = max(0, end_ns - now_ns()) / 1e9
        try:
            await asyncio.wait({stopping, everyone}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            everyone.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        try:
            if self._tasks and kind is None:
                self._run.sample_users()
                self._let_resting_go()
                await self._run.context.unless_aborting(
                    asyncio.wait(self._tasks, timeout=self._run.scenario.graceful_stop_ns / 1e9)
                )
        finally:
            await self._interrupt()
            self._close()

    async def _everyone(self) -> None:
        while pending := self._alive():
            await asyncio.wait(pending)

    def _alive(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks if not task.done()]

    def _let_resting_go(self) -> None:
        """Who waits for its next iteration need not wait for it any more."""
        for task in self._alive():
            if self._tasks[task].resting:
                task.cancel()

    async def _interrupt(self) -> None:
        """Cancel what is left; once more, and then without a choice, those that do not let themselves be cancelled."""
        for task in self._alive():
            self._tasks[task].interrupted = True
        await self._cancel()
        for task in self._alive():
            self._tasks[task].evicted = True
        await self._cancel()
        if stuck := len(self._alive()):
            self._run.context.notify(
                f"{self._run.scenario.name}: {stuck:,} virtual users wait for something that cannot be cancelled, and "
                "were left behind."
            )

    async def _cancel(self) -> None:
        alive = self._alive()
        for task in alive:
            task.cancel()
        if alive:
            await asyncio.wait(alive, timeout=CLEANUP_SECONDS)

    def _close(self) -> None:
        for user in self._tasks.values():
            user.close()
        for task in self._tasks:
            error = None if task.cancelled() or not task.done() else task.exception()
            if isinstance(error, Exception):
                raise error

    async def _live(self, user: VirtualUser, life: Callable[[], Awaitable[None]]) -> None:
        current_scope.set(self._run.scope)
        running.set(self._run.context)
        environment.set({**environment.get(), **self._run.scenario.environment})
        scenario, context = self._run.scenario, self._run.context
        try:
            if scenario.vu_start is not None:
                await _call_for(user, scenario.vu_start, "vu_start")
            try:
                await life()
            finally:
                if scenario.vu_stop is not None:
                    await _call_for(user, scenario.vu_stop, "vu_stop")
        except RunAborted as abort:
            context.end(Abort(str(abort)))
        except _HookError as error:
            context.end(Abort(str(error), ExitCode.SETUP_FAILED))


class _HookError(Exception):
    """A user's start or stop raised: the load would not be what the script says."""


async def _call_for(user: VirtualUser, hook: Hook, name: str) -> None:
    with group(name):
        try:
            await call_hook(hook, user)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled(user):
                raise
            raise _HookError(f"@{name} raised.\n{script_traceback(error)}") from None


def _is_cancelled(user: VirtualUser) -> bool:
    """Is it the run that cancels the user's task? A script may have awaited something that was cancelled."""
    task = asyncio.current_task()
    return user.interrupted or user.evicted or (task is not None and task.cancelling() > 0)


async def call_hook(hook: Hook, user: VirtualUser) -> Any:
    """Call a hook, with the user if it has a parameter, and wait for what it returns."""
    result = hook(user) if inspect.signature(hook).parameters else hook()
    return await result if isinstance(result, Awaitable) else result
