"""The load of a run, carried out by several processes, each on a core of its own.

This process, the coordinator, sends no load. It starts the workers, hands them what set-up returned, gives them one
time to begin, and puts their seconds together, so that everyone else sees one run. Nothing is agreed on while the load
goes on: which start, which user and which iteration is whose follows from their numbers (`schedule.share`).

A worker that is late with a second holds the others up for `LATE_SECONDS`; what it tells later counts in the second
that is under way then. One that has told nothing for `SILENT_SECONDS` is ended. A worker that is lost takes its share
with it: that is counted as interrupted and dropped, and leaves a doubt, with which there is no verdict.
"""

import asyncio
import resource
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from surgeline._native.poller import now_ns
from surgeline.engine.context import Abort, RunContext
from surgeline.engine.flows import Show, settle
from surgeline.engine.scenario import Scenario
from surgeline.engine.signals import undisturbed
from surgeline.engine.sink import Sink
from surgeline.errors import OptionError, ScriptError, SetupError, SurgelineError
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.registry import SETUP, TEARDOWN, tell_no_one
from surgeline.outputs.samples import SampleOutput
from surgeline.result import RunFacts
from surgeline.schedule.share import Share
from surgeline.script.plan import TestPlan
from surgeline.workers.hand_over import pickled
from surgeline.workers.health import combined_health
from surgeline.workers.messages import (
    Aborted,
    Begin,
    BreakOff,
    Declared,
    Done,
    Draining,
    Failed,
    Finishing,
    HandOver,
    Interrupt,
    Notice,
    Ready,
    Report,
    Steerable,
    Stop,
    Task,
)
from surgeline.workers.process import EXIT_SECONDS, Phase, WorkerProcess
from surgeline.workers.scenario import PooledScenario
from surgeline.workers.seconds import Seconds
from surgeline.workers.steering import PoolControls

LATE_SECONDS = 3
SILENT_SECONDS = 10
_AHEAD_NS = 100_000_000
_AHEAD_EACH_NS = 10_000_000
"""How long before its start the load is announced: workers put their memory in order first, maybe on few cores."""
_LOOK_SECONDS = 1.0
_PATIENCE_AT_ONCE = 1.0
"""How long workers that are broken off may take to tell what they know."""


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """How many workers, and what each is told."""

    workers: int
    """At most: no more than the scenario with the most virtual users has of them."""
    recipe: Callable[[], TestPlan]
    """Makes the plan in a worker; can be pickled."""
    insecure: bool = False
    outputs: tuple[SampleOutput, ...] = ()
    """Copies, not started, of outputs that are started here: each worker joins them and writes its own samples."""
    facts: RunFacts | None = None
    """For the outputs; `notify` is the worker's own."""


class WorkerPool:
    """A `Load` that several processes carry out."""

    def __init__(self, context: RunContext, scenarios: Sequence[Scenario], options: PoolOptions) -> None:
        self.context = context
        context.coordinates = True
        # Where no scenario has so many users, the last workers would have none, and parts of pools that nobody draws.
        self._count = min(options.workers, max(1, *(scenario.executor.max_vus for scenario in scenarios)))
        self.runs = [PooledScenario(context, scenario, self._count) for scenario in scenarios]
        self._options = options
        self._declared = tuple((scenario.name, scenario.executor) for scenario in scenarios)
        self._workers: list[WorkerProcess] = []
        self._inbox: deque[tuple[WorkerProcess, Any]] = deque()
        self._arrived = asyncio.Event()
        self._seconds = Seconds(context.registry, ())
        self._counted = {series: run for run in self.runs for series in run.counted}
        self._started_ns = self._ended_ns = now_ns()
        self._over = False
        self._doubts: list[str] = []
        self._said: set[str] = set()
        self._controls = PoolControls(context, self.runs, self._tell)
        self._cpu = time.process_time()

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the start, or of the whole load once it has ended."""
        end = self._ended_ns if self._over else now_ns()
        return max(0, end - self._started_ns) / 1e9

    async def prepare(self) -> None:
        """Start the workers and have them make their plans; returns early when the run is stopping.

        Raises ScriptError when a worker cannot make its plan or makes another one, OptionError for too many workers.
        """
        for index in range(self._count):
            self._workers.append(self._new_worker(index))
        self._ending = self.context.loop.create_task(self._pass_on_the_end())
        await self._until_all_are(Phase.DECLARED, ScriptError)

    async def run(self, sinks: Sequence[Sink]) -> None:
        """Have every scenario run to its end; each of `sinks` is given each second's blocks.

        Raises SetupError when what set-up returned cannot be handed over.
        """
        self._seconds = Seconds(self.context.registry, sinks)
        self._seconds.end_own(SETUP, 0.0)
        self._tell(HandOver(pickled(self.context.data, [run.data for run in self.runs])))
        await self._until_all_are(Phase.READY, SetupError)
        with undisturbed():
            self._begin()
        try:
            await self._until(self._all_loads_ended)
        except Exception:  # of who watches: there will be no result
            for worker in self._workers:
                worker.kill()
            raise

    @property
    def under_way(self) -> int | None:
        """How many keys of flows the workers wait for; None before all of their loads have ended."""
        return sum(worker.under_way or 0 for worker in self._workers) if self._all_loads_ended() else None

    async def drain(self, show: Show) -> None:
        """Wait until all workers have told everything."""

        async def show_each_second() -> None:
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                show()

        showing = self.context.loop.create_task(show_each_second())
        try:
            await self._until(self._all_ended)
        finally:
            showing.cancel()
        self._end()

    def evict(self) -> None:
        """Break off the workers that are still at it; see the others off, at once when a signal comes meanwhile."""
        try:
            self._see_off(EXIT_SECONDS)
        except KeyboardInterrupt:
            self._see_off(0.0)
            raise

    def finish(self) -> None:
        """End the last second, and the workers that are left; again for what tear-down left."""
        self._end()
        self._see_off(EXIT_SECONDS)
        settle(self.context.registry)
        self._seconds.end_own(TEARDOWN, self.elapsed_seconds)

    def health(self) -> GeneratorHealth:
        """Return how the workers fared, and what this process took beside them."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        told = [worker.health for worker in self._workers if worker.health is not None]
        return combined_health(told, self.context.registry, self._cpu, usage.ru_maxrss * 1024)

    def doubts(self) -> tuple[str, ...]:
        """Return which workers were lost."""
        return tuple(self._doubts)

    def _new_worker(self, index: int) -> WorkerProcess:
        try:
            return WorkerProcess(self.context.loop, self._task(index), self._take)
        except OSError as error:
            raise OptionError(
                f"workers: expected room for {self._count:,} processes, found it for {index:,}: "
                f"{error.strerror}; use fewer"
            ) from None

    def _task(self, index: int) -> Task:
        options = self._options
        share = Share(index, self._count)
        facts = (
            None if options.facts is None else replace(options.facts, notify=tell_no_one)
        )  # each worker puts its own in place
        return Task(options.recipe, share, self.context.seed, options.insecure, options.outputs, facts)

    def _take(self, worker: WorkerProcess, message: Any) -> None:
        """Called by the links; what comes of a message is raised where the load is awaited."""
        self._inbox.append((worker, message))
        self._arrived.set()

    async def _until(self, done: Callable[[], bool]) -> None:
        """Take messages until `done`."""
        while True:
            self._take_all()
            if done():
                return
            self._arrived.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._arrived.wait()
            self._take_all()
            with undisturbed():
                self._end_the_silent()

    async def _until_all_are(self, phase: Phase, kind: type[SurgelineError]) -> None:
        """Wait until all workers have come so far. Raises what a worker failed with, or `kind` when one is gone."""

        def is_clear() -> bool:
            failed = any(worker.failure or worker.phase is Phase.LOST for worker in self._workers)
            return failed or all(worker.phase >= phase for worker in self._workers)

        def may_go_on() -> bool:
            # Workers that took over the data begin in any case, and end in order.
            return is_clear() or (phase is Phase.DECLARED and self.context.stopping.is_set())

        await self._until(may_go_on)
        for worker in self._workers:
            if worker.failure is not None:
                raise worker.failure
            if worker.phase is Phase.LOST:
                raise kind(f"{worker.name} died ({worker.end()}) before the load began.")

    def _begin(self) -> None:
        start_ns = now_ns() + _AHEAD_NS + _AHEAD_EACH_NS * len(self._workers)
        self._cpu = time.process_time()
        self._started_ns = self._ended_ns = self.context.started_ns = start_ns
        for worker in self._workers:
            worker.phase, worker.heard_ns = Phase.RUNNING, start_ns
            worker.send(Begin(start_ns))

    def _end(self) -> None:
        """End the last second. Workers that were broken off have some time to tell what they know, and are ended."""
        deadline = time.monotonic() + _PATIENCE_AT_ONCE
        while not self._all_ended() and time.monotonic() < deadline:
            for worker in self._workers:
                if worker.running:
                    worker.drain(deadline - time.monotonic())
            self._take_all()
        for worker in self._workers:
            if worker.running:
                worker.kill()
                worker.drain(_PATIENCE_AT_ONCE)
        self._take_all()
        self._seconds.end_all()
        if not self._over:
            self._over = True
            self._cpu = time.process_time() - self._cpu

    def _see_off(self, seconds: float) -> None:
        """Break off who is at it; the others have some time, all of them together, for their processes to end."""
        deadline = time.monotonic() + seconds
        for worker in self._workers:
            if worker.running and not worker.killed:
                worker.send(BreakOff())
            else:
                worker.close(max(0.0, deadline - time.monotonic()))

    def _tell(self, message: object) -> None:
        for worker in self._workers:
            if worker.phase < Phase.DONE:
                worker.send(message)

    async def _pass_on_the_end(self) -> None:
        """Tell the workers when the run is to end, whoever has decided that."""
        await self.context.stopping.wait()
        self._tell(Stop())
        self._arrived.set()
        await self.context.aborting.wait()
        self._tell(Interrupt())

    def _take_all(self) -> None:
        while self._inbox:
            with undisturbed():
                worker, message = self._inbox.popleft()
                worker.heard_ns = max(worker.heard_ns, now_ns())
                if message is None:
                    self._note_gone(worker)
                else:
                    self._handle(worker, message)

    def _handle(self, worker: WorkerProcess, message: Any) -> None:
        match message:
            case Report():
                self._add(worker, message)
            case Notice():
                self._say(message.text)
            case Declared():
                self._compare(worker, message)
            case Ready() | Failed() | Finishing() | Draining():
                worker.note(message)
            case Aborted():
                self.context.end(Abort(message.reason, message.exit_code))
            case Steerable():
                self._controls.note(worker, message)
                self._controls.update(self._workers)
            case Done():
                self._note_done(worker, message)

    def _compare(self, worker: WorkerProcess, declared: Declared) -> None:
        worker.phase = Phase.DECLARED
        if declared.scenarios != self._declared:
            here, there = (
                ", ".join(f"{name}: {executor.describe()}" for name, executor in scenarios)
                for scenarios in (self._declared, declared.scenarios)
            )
            worker.failure = ScriptError(
                f"expected the script to say the same in every process, found {there!r} in {worker.name} and {here!r} "
                "here; let what it declares depend on neither chance, nor time, nor the process"
            )

    def _say(self, text: str) -> None:
        """Pass on a message, once: each worker meets the same things."""
        if text not in self._said:
            self._said.add(text)
            self.context.notify(text)

    def _add(self, worker: WorkerProcess, report: Report) -> None:
        blocks = worker.blocks_of(report, self.context.registry)
        for run, standing in zip(self.runs, report.scenarios, strict=True):
            run.take(worker.share.index, standing)
        for series, block in blocks:
            if series in self._counted:
                self._counted[series].count(worker.share.index, series, block)
        self._seconds.add(worker.share.index, report.second, report.seconds, blocks)
        worker.second = report.second
        self._end_seconds()

    def _end_seconds(self) -> None:
        """End the seconds that all who are at it have told, or for which those who have not are late."""
        running = [worker.second for worker in self._workers if worker.running]
        if running:
            self._seconds.end(max(min(running), max(running) - LATE_SECONDS) + 1)

    def _note_done(self, worker: WorkerProcess, done: Done) -> None:
        worker.phase, worker.health = Phase.DONE, done.health
        self.context.missing_parents.take(done.missing_parents)
        self._ended_ns = max(self._ended_ns, self._started_ns + round(done.seconds * 1e9))
        self._controls.update(self._workers)
        self._end_seconds()

    def _note_gone(self, worker: WorkerProcess) -> None:
        if worker.running:
            late = "did not end in time when the run was broken off, and was ended"
            self._lose(worker, late if worker.killed else f"died ({worker.end()})")
        elif worker.phase is not Phase.DONE:
            worker.phase = Phase.LOST

    def _lose(self, worker: WorkerProcess, how: str) -> None:
        """Account for a worker that is gone."""
        worker.phase = Phase.LOST
        now = now_ns()
        self._ended_ns = max(self._ended_ns, now)
        seconds = max(0.0, (now - self._started_ns) / 1e9)
        for run in self.runs:
            self._seconds.add(worker.share.index, int(seconds), seconds, list(run.lose(worker.share)))
        self._seconds.forget(worker.share.index)
        self._doubt(f"{worker.name} {how} after {seconds:.1f} s")
        self._controls.update(self._workers)
        self._end_seconds()

    def _doubt(self, what: str) -> None:
        doubt = f"{what}: its share of the load was not delivered"
        self._doubts.append(doubt)
        self.context.notify(f"{doubt[0].upper()}{doubt[1:]}.")

    def _end_the_silent(self) -> None:
        """A process that is stuck tells nothing, and would be waited for without end."""
        for worker in self._workers:
            if worker.running and now_ns() - worker.heard_ns > SILENT_SECONDS * 1_000_000_000:
                worker.kill()
                self._lose(worker, f"did not answer for {SILENT_SECONDS} s and was ended")

    def _all_loads_ended(self) -> bool:
        return not any(worker.running and worker.under_way is None for worker in self._workers)

    def _all_ended(self) -> bool:
        return not any(worker.running for worker in self._workers)
