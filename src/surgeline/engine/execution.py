"""Runs all scenarios of a plan together, and keeps the seconds: each second ends a block of every series."""

import asyncio
import gc
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from surgeline._native.poller import Alarm, now_ns
from surgeline.engine.context import RunContext
from surgeline.engine.scenario import MakeVU, Scenario, ScenarioRun
from surgeline.metrics import names
from surgeline.metrics.health import BUSY_LIMIT, GeneratorHealth
from surgeline.metrics.registry import Registry, Series

_SECOND = 1_000_000_000
_GC_THRESHOLD = 10_000
_SLICE = 64
_BETWEEN_SLICES_NS = 100_000
Blocks = list[tuple[Series, Any]]


class Execution:
    """The load of one run."""

    def __init__(self, context: RunContext, scenarios: Sequence[Scenario], make_vu: MakeVU) -> None:
        self.context = context
        self.runs = [ScenarioRun(context, scenario, make_vu) for scenario in scenarios]
        self.started_ns = now_ns()
        self.ended_ns = self.started_ns
        self._health = _HealthWatch(context)
        self._rotation: Iterator[tuple[Series, Any]] | None = None
        self._blocks: Blocks = []

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the start, or of the whole load once it has ended."""
        end = self.ended_ns if self.ended_ns > self.started_ns else now_ns()
        return (end - self.started_ns) / _SECOND

    async def run(self, on_second: Callable[[Blocks], None]) -> None:
        """Run every scenario to its end; `on_second` is given each second's blocks."""
        ticks = Alarm(self.context.poller, lambda now: self._tick(now, on_second))
        try:
            self._health.start()  # takes some milliseconds, before the time begins
            self.context.registry.rotate()  # what set-up left belongs to no second of the load
            self.started_ns = now_ns()
            ticks.set(self.started_ns + _SECOND)
            async with asyncio.TaskGroup() as group:
                for run in self.runs:
                    group.create_task(self._run_scenario(run))
        finally:
            ticks.cancel()
            self.finish()

    def finish(self) -> None:
        """End the last block; may be called again after the loop was broken off."""
        if self.ended_ns <= self.started_ns:
            self.ended_ns = now_ns()
        self._health.stop()
        self.context.registry.seconds = self.elapsed_seconds
        self.context.registry.rotate()

    def health(self) -> GeneratorHealth:
        """Return how the generator fared."""
        return self._health.result(self)

    def _tick(self, now: int, on_second: Callable[[Blocks], None]) -> int:
        """End a second, a slice of the series at a time: thousands at once would hold up the schedule."""
        if self._rotation is None:
            self.context.registry.seconds = (now - self.started_ns) / _SECOND
            self._sample_users()
            self._health.tick()
            self._rotation = self.context.registry.rotation()
            self._blocks = []
        slice_of_series = list(islice(self._rotation, _SLICE))
        self._blocks += slice_of_series
        if len(slice_of_series) == _SLICE:
            return now + _BETWEEN_SLICES_NS
        self._rotation = None
        on_second(self._blocks)
        return self.started_ns + ((now - self.started_ns) // _SECOND + 1) * _SECOND

    def _sample_users(self) -> None:
        for run in self.runs:
            run.sample_users()

    async def _run_scenario(self, run: ScenarioRun) -> None:
        try:
            if run.scenario.start_ns:
                await self.context.pause_until(self.started_ns + run.scenario.start_ns)
            if not run.stopping:
                await run.scenario.executor.execute(run)
        finally:
            run.drop_rest()


def _worst_lateness(registry: Registry) -> Callable[[str], float]:
    """Return the statistics of the scenario whose starts were the latest; one of the closed model is never late."""
    scenarios = registry.by_tag(names.ITERATION_LATENESS.name, "scenario").values()
    worst = max(scenarios, key=lambda value: value.stat("p(99)"), default=None)
    return worst.stat if worst is not None else lambda _aggregation: 0.0


def _failed_by_us(registry: Registry) -> float:
    """How many requests failed for what the generator's own machine did not have."""
    return sum(registry.count(names.HTTP_REQS.name, {"error_code": code}) for code in names.OWN_ERROR_CODES)


class _HealthWatch:
    """Measures the generator over the time of the load."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._pause_started = 0
        self._pause_max = 0
        self._pause_total = 0
        self._wall = self._idle = 0
        self._tick_wall = self._tick_idle = self._saturated = 0
        self._cpu = 0.0
        self._watching = False
        self._thresholds = gc.get_threshold()

    def start(self) -> None:
        # What exists now lives until the end: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        # Requests and iterations are gone when they end; cycles are what scripts leave, and they can wait a little.
        gc.set_threshold(_GC_THRESHOLD, *self._thresholds[1:])
        gc.callbacks.append(self._on_collection)
        self._watching = True
        self._wall, self._idle, self._cpu = now_ns(), self._context.poller.idle_ns, time.process_time()
        self._tick_wall, self._tick_idle = self._wall, self._idle

    def tick(self) -> None:
        """Look at the time since the last tick by itself."""
        wall, idle = now_ns(), self._context.poller.idle_ns
        passed = wall - self._tick_wall
        if passed and 1 - (idle - self._tick_idle) / passed > BUSY_LIMIT:
            self._saturated += passed
        self._tick_wall, self._tick_idle = wall, idle

    def stop(self) -> None:
        if not self._watching:
            return
        self._watching = False
        self.tick()
        self._wall = now_ns() - self._wall
        self._idle = self._context.poller.idle_ns - self._idle
        self._cpu = time.process_time() - self._cpu
        gc.callbacks.remove(self._on_collection)
        gc.unfreeze()
        gc.set_threshold(*self._thresholds)

    def _on_collection(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._pause_started = now_ns()
            return
        pause = now_ns() - self._pause_started
        self._pause_total += pause
        self._pause_max = max(self._pause_max, pause)

    def result(self, execution: Execution) -> GeneratorHealth:
        registry = self._context.registry
        late = _worst_lateness(registry)
        users = [user for run in execution.runs for user in run.users]
        return GeneratorHealth(
            loop_busy=1 - min(1.0, self._idle / self._wall) if self._wall else 0.0,
            lateness_p50_ms=late("med"),
            lateness_p99_ms=late("p(99)"),
            lateness_max_ms=late("max"),
            dropped_iterations=int(registry.count(names.DROPPED_ITERATIONS.name)),
            abandoned_requests=sum(user.abandoned for user in users),
            gc_pause_max_ms=self._pause_max / 1e6,
            gc_pause_total_ms=self._pause_total / 1e6,
            cpu_seconds=self._cpu,
            max_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            seconds=self._wall / 1e9,
            saturated_seconds=self._saturated / 1e9,
            requests_for_want_of_resources=int(_failed_by_us(registry)),
        )
