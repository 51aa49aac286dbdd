"""One scenario while it runs: its virtual users, its iterations and what they come to.

Executors decide when an iteration starts; everything that is the same for all of them stands here. Knows no protocol
and no user interface.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from surgeline._native.iteration import Budget, Recorder
from surgeline._native.poller import now_ns
from surgeline.engine.checks import Checks, current_checks
from surgeline.engine.context import RunContext
from surgeline.engine.iteration_errors import IterationErrors
from surgeline.engine.vu import VirtualUser
from surgeline.metrics import names

ScenarioFunction = Callable[[Any], Awaitable[Any]]
MakeVU = Callable[["ScenarioRun", int], VirtualUser]


class Executor(Protocol):
    """How iterations are started. Frozen options; `execute` is the only method that acts."""

    @property
    def planned_iterations(self) -> int | None:
        """How many iterations will be started; None when that depends on the system under test."""

    @property
    def planned_ns(self) -> int | None:
        """How long starts go on; None when that depends on the system under test."""

    @property
    def max_vus(self) -> int:
        """The most virtual users there can be."""

    def describe(self) -> str:
        """Say in a few words what it does."""

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
        self.scenario = scenario
        self.tags = {**context.tags, "scenario": scenario.name, **scenario.tags}
        self.errors = IterationErrors(context.notify)
        self.users: list[VirtualUser] = []
        self.checks = Checks(context.registry, self.tags)
        self.dropped = 0
        """How many iterations were planned and will never start."""
        self._make_vu = make_vu
        cell = context.registry.cell
        iterations, duration, lateness, response_time = (cell(metric, self.tags) for metric in _ITERATION_METRICS)
        self._recorder = Recorder(
            iterations, duration, lateness, response_time, self._record_error, self._record_interrupt
        )
        self._failed = cell(names.ITERATION_ERRORS, self.tags)
        self._interrupted = cell(names.INTERRUPTED_ITERATIONS, self.tags)
        self._dropped = cell(names.DROPPED_ITERATIONS, self.tags)
        self.vus = 0
        """The most virtual users that ran an iteration at once in the last second."""
        self._vus = cell(names.VUS, self.tags)
        self._vus_max = cell(names.VUS_MAX, self.tags)

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
        user = self._make_vu(self, len(self.users) + 1)
        self.users.append(user)
        return user

    def drop(self, count: int = 1) -> None:
        """Count iterations that were planned and will never start."""
        if count > 0:
            self.dropped += count
            self._dropped.add(count)

    def drop_rest(self) -> None:
        """Count what was planned and neither started nor dropped so far; for when nothing can start any more."""
        planned = self.scenario.executor.planned_iterations
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

    async def repeat(self, budget: Budget, vus: int) -> None:
        """The closed model: users iterate, one iteration after the other, while the budget lets them.

        After the budget's end, or when the run is stopping, iterations under way have the graceful stop's time.
        """
        async with Crew(self) as crew:
            for _ in range(vus):
                user = self.new_user()
                crew.add(user, self._recorder.repeat(self.context.poller, self.scenario.function, user, budget))
            await crew.wait_until(budget.end_ns)
            budget.stopped = True

    def _record_error(self, error: BaseException) -> None:
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

    def add(self, user: VirtualUser, life: Awaitable[None]) -> None:
        """Start a user's life."""
        task = self._run.context.loop.create_task(self._live(life))
        self._tasks[task] = user

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
                await asyncio.wait(self._tasks, timeout=self._run.scenario.graceful_stop_ns / 1e9)
        finally:
            await self._interrupt()
            self._close()

    async def _everyone(self) -> None:
        while pending := self._alive():
            await asyncio.wait(pending)

    def _alive(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks if not task.done()]

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

    async def _live(self, life: Awaitable[None]) -> None:
        current_checks.set(self._run.checks)
        await life
