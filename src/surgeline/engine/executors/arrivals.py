"""The open model: starts as a schedule wants them, whatever the system under test does.

An alarm of the poller fires at each intended start and steps an idle user's task right there, outside of any other
task, so a start is not queued behind the loop's other work.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Literal, Self

from surgeline._native.poller import Alarm, Completion, now_ns
from surgeline.engine.executors.base import ExecutorBase
from surgeline.engine.executors.ending import until_over
from surgeline.engine.executors.on_call import BATCH_NS, OnCall
from surgeline.engine.scenario import Crew, ScenarioRun
from surgeline.schedule.arrivals import Arrivals, Rate
from surgeline.schedule.poisson import PoissonArrivals
from surgeline.schedule.share import Share

Process = Literal["constant", "poisson"]
"""How starts lie about the rate: evenly, or as those of users who know nothing of each other."""
_SOON_NS = 5_000_000
_LAST_CALL_NS = 100_000_000
"""How long after the duration a start may still happen that was due within it."""


class ArrivalRate(ExecutorBase):
    """What the executors of the open model have in common; each of them is a frozen dataclass with these fields."""

    __slots__ = ()
    is_open = True
    pre_allocated_vus: int
    max_vus: int
    arrivals: Process
    seed: str | None

    @property
    def schedule(self) -> Rate:
        """The rate over time."""
        raise NotImplementedError

    @property
    def intended(self) -> Arrivals | None:
        """When each iteration starts; None while a Poisson process has no seed."""
        if self.arrivals == "constant":
            return self.schedule
        return None if self.seed is None else _poisson(self.schedule, self.seed)

    @property
    def planned_iterations(self) -> int | None:
        """All starts of the schedule."""
        return None if self.intended is None else self.intended.total

    def planned_for(self, share: Share) -> int | None:
        """Return how many of them one worker starts."""
        part = share.among(self.max_vus)
        if part is None or self.planned_iterations is None:
            return None if part else 0
        return part.count(self.planned_iterations)

    def planned_between(self, start_ns: int, end_ns: int) -> int | None:
        """Return how many iterations are intended to start from `start_ns` on and before `end_ns`."""
        if self.intended is None:
            return None
        return self.intended.planned_before(end_ns) - self.intended.planned_before(start_ns)

    def seeded(self, seed: str) -> Self:
        """Return the executor with its Poisson process drawn."""
        if self.arrivals == "constant":
            return self
        return replace(self, seed=seed)  # type: ignore[type-var] # every executor is a dataclass

    def rate_over_time(self) -> list[tuple[int, float]] | None:
        """Return the rate as the corners of its line, (nanoseconds, starts per second)."""
        return self.schedule.curve()

    async def execute(self, run: ScenarioRun) -> None:
        """Run until the duration is over and the last iterations have ended."""
        part = run.context.share.among(self.max_vus)
        if part is not None:
            await _Starts(self, run, part).run_to_end()


@lru_cache(maxsize=32)
def _poisson(rate: Rate, seed: str) -> PoissonArrivals:
    return PoissonArrivals(rate, seed)


class _Starts:
    """The starts of one scenario, as they happen."""

    def __init__(self, options: ArrivalRate, run: ScenarioRun, part: Share) -> None:
        assert options.intended is not None, "ScenarioRun gives every executor its seed"
        self._run = run
        self._crew = Crew(run)
        self._on_call = OnCall(run, self._crew, options.max_vus)
        self._over: Completion[None] = Completion(run.context.poller)
        self._alarm = Alarm(run.context.poller, self._on_due, precise=True)
        self._own_pre_allocated = run.context.share.count(options.pre_allocated_vus)
        self._starts = options.intended.starts(part)
        self._next = next(self._starts, None)
        self._duration_ns = options.schedule.duration_ns
        self._start_ns = self._end_ns = 0

    async def run_to_end(self) -> None:
        """Start what is due until the schedule ends or the run is stopping, then let the users finish.

        The schedule begins when the users that are there from the beginning are ready, as in k6 their initialisation is
        over by then: the time that `vu_start` takes makes nothing late.
        """
        async with self._crew:
            planned_ns, self._run.started_ns = self._run.started_ns, 0  # not yet
            await self._on_call.hire(self._own_pre_allocated)
            if not self._run.stopping:
                await self._follow_schedule(planned_ns)
            self._on_call.dismiss()

    async def _follow_schedule(self, planned_ns: int) -> None:
        # At the planned moment, the same on all workers, unless users took long to get ready.
        late = now_ns() - planned_ns > _SOON_NS
        self._start_ns = self._run.started_ns = now_ns() if late else planned_ns
        self._end_ns = self._start_ns + self._duration_ns
        try:
            self._alarm.set(self._start_ns)
            await until_over(self._run, self._over)
        finally:
            self._alarm.cancel()

    def _on_due(self, now: int) -> int | None:
        """Start what is due; return when to look again."""
        batch_end = now + BATCH_NS
        while self._next is not None and now < self._end_ns + _LAST_CALL_NS:
            due = self._start_ns + self._next
            if due > now or now > batch_end:
                return due
            self._next = next(self._starts, None)
            self._on_call.start(due)
            now = now_ns()
        # k6 ends after the duration, not after the last start; iterations may go on until then.
        if now < self._end_ns:
            return self._end_ns
        self._over.set_result(None)
        return None
