"""Runs all scenarios of a plan together, and keeps the seconds: each second ends a block of every series."""

import asyncio
import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from surgeline._native.poller import Alarm, forgotten_waits, now_ns
from surgeline.engine.context import RunContext
from surgeline.engine.flows import Flows, Show
from surgeline.engine.scenario import MakeVU, Scenario, ScenarioRun
from surgeline.engine.signals import undisturbed
from surgeline.engine.sink import Sink
from surgeline.metrics import names
from surgeline.metrics.health import BUSY_LIMIT, GeneratorHealth
from surgeline.metrics.registry import SETUP, TEARDOWN, Registry, Series

_SECOND = 1_000_000_000
_FORGOTTEN = (
    "The script starts requests or sleeps that it does not wait for: write `await vu.http.get(...)`, `await "
    "vu.sleep(...)`. Without that an iteration does not take the time that it should."
)
_GC_THRESHOLD = 10_000
_SLICE = 64
_SWITCH_SECONDS = 0.0002
_MANY_SERIES = 1_000
_BETWEEN_SLICES_NS = 100_000


class Execution:
    """The load of one run."""

    def __init__(
        self, context: RunContext, scenarios: Sequence[Scenario], make_vu: MakeVU, flows: Flows | None = None
    ) -> None:
        self.context = context
        self.flows = Flows(context) if flows is None else flows
        self.runs = [ScenarioRun(context, scenario, make_vu) for scenario in scenarios]
        self.started_ns = now_ns()
        self.ended_ns = self.started_ns
        self._health = _HealthWatch(context)
        self._sinks: Sequence[Sink] = ()
        self._rotation: Iterator[tuple[Series, Any]] | None = None
        self._second = SETUP

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the start, or of the whole load once it has ended."""
        end = self.ended_ns if self.ended_ns > self.started_ns else now_ns()
        return (end - self.started_ns) / _SECOND

    async def prepare(self) -> None:
        """Nothing: all that is needed is here."""

    async def run(self, sinks: Sequence[Sink], start_ns: int = 0) -> None:
        """Run every scenario to its end, from `start_ns` on; each of `sinks` is given each second's blocks."""
        self._sinks = sinks
        ticks = Alarm(self.context.poller, self._tick)
        try:
            self._health.prepare()  # takes some milliseconds, before the time begins
            self._end_second(SETUP)
            await self.context.pause_until(start_ns)
            self._health.start()
            self.started_ns = self.context.started_ns = start_ns or now_ns()
            ticks.set(self.started_ns + _SECOND)
            self.flows.begin()
            async with asyncio.TaskGroup() as group:
                for run in self.runs:
                    group.create_task(self._run_scenario(run))
        finally:
            ticks.cancel()
            self.finish()

    @property
    def under_way(self) -> int | None:
        """How many keys of flows are waited for since the load has ended; None before."""
        return self.flows.under_way if self.flows.draining else None

    async def drain(self, show: Show) -> None:
        """Wait for what flows have under way; what is recorded meanwhile belongs to no second of the load."""
        await self.flows.drain(show)

    def finish(self) -> None:
        """End the last second; called again for what tear-down left, and when the loop was broken off."""
        if self.ended_ns > self.started_ns:
            self._end_second(TEARDOWN)
            return
        self.ended_ns = now_ns()
        self._health.stop()
        self._end_second(int(self.elapsed_seconds))

    def evict(self) -> None:
        """Break off whoever is still there: no more iterations, no time to end in order."""
        for run in self.runs:
            for user in run.users:
                user.interrupted = user.evicted = True
        self.flows.close()

    def health(self) -> GeneratorHealth:
        """Return how the generator fared."""
        return self._health.result(self)

    def doubts(self) -> tuple[str, ...]:
        """None: what is measured here is all there is."""
        return ()

    def _tick(self, now: int) -> int:
        """End a second, a slice of the series at a time: thousands at once would hold up the schedule."""
        with undisturbed():
            if self._rotation is None:
                self._sample_users()
                self._health.tick()
                self._begin_end((now - self.started_ns) // _SECOND - 1)
            more = self._end_slice()
        if more:
            return now + _BETWEEN_SLICES_NS
        return self.started_ns + ((now - self.started_ns) // _SECOND + 1) * _SECOND

    def _end_second(self, second: int) -> None:
        """End a second at once, after the one that is being ended."""
        with undisturbed():
            while self._rotation is not None:
                self._end_slice()
            self._begin_end(second)
            while self._rotation is not None:
                self._end_slice()

    def _begin_end(self, second: int) -> None:
        """Start to end a second: those in which the loop was held up are left out, none is given twice."""
        self._second = max(self._second + 1, second) if second >= 0 else second
        self._rotation = self.context.registry.rotation()

    def _end_slice(self) -> bool:
        """Give some series to the sinks; return whether there may be more of this second."""
        assert self._rotation is not None
        blocks = list(islice(self._rotation, _SLICE))
        for sink in self._sinks:
            sink.take(self._second, blocks)
        if len(blocks) == _SLICE:
            return True
        self._rotation = None
        seconds = self.context.registry.seconds = self.elapsed_seconds if self.context.started_ns else 0.0
        for sink in self._sinks:
            sink.end_second(self._second, seconds)
        return False

    def _sample_users(self) -> None:
        for run in self.runs:
            run.sample_users()

    async def _run_scenario(self, run: ScenarioRun) -> None:
        try:
            if run.scenario.start_ns:
                await self.context.pause_until(self.started_ns + run.scenario.start_ns)
            if not run.stopping:
                run.started_ns = self.started_ns + run.scenario.start_ns
                await run.scenario.executor.execute(run)
        finally:
            run.drop_rest()


def health_of_samples(registry: Registry) -> dict[str, Any]:
    """Return the fields of `GeneratorHealth` that stand in the samples of a run."""
    late = _worst_lateness(registry)
    return {
        "lateness_p50_ms": late("med"),
        "lateness_p99_ms": late("p(99)"),
        "lateness_max_ms": late("max"),
        "dropped_iterations": int(registry.count(names.DROPPED_ITERATIONS.name)),
        "requests_for_want_of_resources": int(
            sum(registry.count(names.HTTP_REQS.name, {"error_code": code}) for code in names.OWN_ERROR_CODES)
        ),
    }


def _worst_lateness(registry: Registry) -> Callable[[str], float]:
    """Return the statistics of the scenario whose starts were the latest; one of the closed model is never late."""
    scenarios = registry.by_tag(names.ITERATION_LATENESS.name, "scenario").values()
    worst = max(scenarios, key=lambda value: value.stat("p(99)"), default=None)
    return worst.stat if worst is not None else lambda _aggregation: 0.0


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
        self._forgotten = forgotten_waits()
        self._warned = False
        self._frozen_series = 0
        # What the program around us has frozen stays so: ours could not be told apart from it.
        self._freezes = not gc.get_freeze_count()
        self._thresholds = gc.get_threshold()
        self._switch_seconds = sys.getswitchinterval()

    def prepare(self) -> None:
        """Put the memory in order."""
        # What exists now lives until the end: the collector need not look at it again.
        gc.collect()
        self._freeze()
        # Requests and iterations are gone when they end; cycles are what scripts leave, and they can wait a little.
        gc.set_threshold(_GC_THRESHOLD, *self._thresholds[1:])
        gc.callbacks.append(self._on_collection)
        # What writes the results runs in threads, and may keep the interpreter for as long: starts would wait for it.
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._watching = True
        self.start()

    def start(self) -> None:
        """Measure from now on."""
        self._wall, self._idle, self._cpu = now_ns(), self._context.poller.idle_ns, time.process_time()
        self._tick_wall, self._tick_idle = self._wall, self._idle

    def tick(self) -> None:
        """Look at the time since the last tick by itself."""
        wall, idle = now_ns(), self._context.poller.idle_ns
        passed = wall - self._tick_wall
        if passed and 1 - (idle - self._tick_idle) / passed > BUSY_LIMIT:
            self._saturated += passed
        self._tick_wall, self._tick_idle = wall, idle
        if len(self._context.registry) > self._frozen_series + _MANY_SERIES:
            # They live until the end as well, and to look through them all takes the collector a tenth of a second.
            self._frozen_series = len(self._context.registry)
            self._freeze()
        if forgotten_waits() > self._forgotten and not self._warned:
            self._warned = True
            self._context.notify(_FORGOTTEN)

    def stop(self) -> None:
        if not self._watching:
            return
        self._watching = False
        self.tick()
        self._wall = now_ns() - self._wall
        self._idle = self._context.poller.idle_ns - self._idle
        self._cpu = time.process_time() - self._cpu
        gc.callbacks.remove(self._on_collection)
        if self._freezes:
            gc.unfreeze()
        gc.set_threshold(*self._thresholds)
        sys.setswitchinterval(self._switch_seconds)

    def _freeze(self) -> None:
        if self._freezes:
            gc.freeze()

    def _on_collection(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._pause_started = now_ns()
            return
        pause = now_ns() - self._pause_started
        self._pause_total += pause
        self._pause_max = max(self._pause_max, pause)

    def result(self, execution: Execution) -> GeneratorHealth:
        users = [user for run in execution.runs for user in run.users]
        return GeneratorHealth(
            loop_busy=1 - min(1.0, self._idle / self._wall) if self._wall else 0.0,
            abandoned_requests=sum(user.abandoned for user in users),
            gc_pause_max_ms=self._pause_max / 1e6,
            gc_pause_total_ms=self._pause_total / 1e6,
            cpu_seconds=self._cpu,
            max_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            seconds=self._wall / 1e9,
            saturated_seconds=self._saturated / 1e9,
            **health_of_samples(self._context.registry),
        )
