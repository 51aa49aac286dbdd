"""The composition root: a plan in, a `RunReport` out. The only module that knows everyone.

It makes the loop, the registry and the clients, runs set-up, load and tear-down, minds the signals, and puts what came
of it together.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from surgeline._native.poller import Poller
from surgeline.collect import Results, planned_starts, snapshot
from surgeline.engine.context import Abort, RunContext, environment
from surgeline.engine.control import control_server, parse_address
from surgeline.engine.driving import drive
from surgeline.engine.ending import RunAborted
from surgeline.engine.execution import Execution
from surgeline.engine.executors import ExternallyControlled
from surgeline.engine.flows import Flows
from surgeline.engine.keyboard import keyboard
from surgeline.engine.load import Load
from surgeline.engine.loop import new_loop
from surgeline.engine.scenario import CLEANUP_SECONDS
from surgeline.engine.signals import stop_signals, undisturbed
from surgeline.engine.sink import Sink
from surgeline.engine.steering import Steering
from surgeline.errors import ExitCode, SetupError, SurgelineError
from surgeline.judge.watch import ThresholdWatch
from surgeline.lifecycle import Lifecycle
from surgeline.metrics.registry import Registry
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS
from surgeline.outputs.output import Output
from surgeline.report.progress import ProgressSnapshot
from surgeline.result import RunFacts, RunResult
from surgeline.script.plan import SECOND_NS, TestPlan
from surgeline.script.results import with_own_summary
from surgeline.script.vu import Users
from surgeline.sinks import Guard, Outputs, Progress

_PATIENCE_AT_ONCE = 1.0
"""How long tasks of the script may take to end when the run is stopped at once."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a plan, beside what the plan says."""

    notify: Callable[[str], None]
    """Takes messages for the person who watches."""
    on_progress: Callable[[ProgressSnapshot], None]
    """Takes a picture of the run each second."""
    seed: int | None = None
    insecure: bool = False
    trend_stats: tuple[str, ...] = DEFAULT_TREND_STATS
    setup_timeout_ns: int = 60 * SECOND_NS
    teardown_timeout_ns: int = 60 * SECOND_NS
    control: str | None = None
    """The address, on this machine, at which changes are taken while it runs."""
    outputs: Sequence[Output] = ()
    """What records the run, beside its result."""
    run_id: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The options as they were given, for the record."""
    workers: int = 1
    """How many processes carry out the load."""
    recipe: Callable[[], TestPlan] | None = None
    """Makes the same plan in another process, with which it shares nothing; needed by several workers."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of a run, and what to exit with."""

    result: RunResult | None
    """None when set-up failed or was stopped: there was no load."""
    error: SurgelineError | None = None
    """Set-up or tear-down failed, or the script ended the run in a way of its own."""

    @property
    def exit_code(self) -> ExitCode:
        """A signal first, then a failed hook, then the verdict."""
        if self.result is not None and self.result.interrupted:
            return ExitCode.STOPPED_BY_SIGNAL
        if self.error is not None:
            return self.error.exit_code
        assert self.result is not None
        return self.result.verdict.exit_code


def run_plan(plan: TestPlan, options: RunOptions) -> RunReport:
    """Carry out a plan. Blocks until it has ended; Ctrl-C ends it gracefully, a second one at once."""
    loop, poller = new_loop()
    token = environment.set(plan.environment)
    outputs = Outputs(options.outputs)
    report = None
    try:
        run = _Run(plan, options, loop, poller, outputs)
        with stop_signals(loop, run.stop):
            run.drive()
            with suppress(KeyboardInterrupt), undisturbed():  # a signal has nothing to break off any more
                report = run.report()
            if report is not None:
                with suppress(KeyboardInterrupt):  # it came just before or after the script's code
                    report = run.with_own_summary(report)
    finally:
        environment.reset(token)
        if not loop.is_closed():
            loop.close()
        outputs.finish(None if report is None else report.result)
    assert report is not None
    return report


class _StoppedError(SurgelineError):
    exit_code = ExitCode.STOPPED_BY_SIGNAL


class _AbortedError(SurgelineError):
    def __init__(self, abort: Abort) -> None:
        super().__init__(abort.reason)
        self.exit_code = abort.exit_code


class _Run:
    """One run, from set-up to result."""

    def __init__(
        self,
        plan: TestPlan,
        options: RunOptions,
        loop: asyncio.AbstractEventLoop,
        poller: Poller,
        outputs: Outputs,
    ) -> None:
        self._outputs = outputs
        self._plan = plan
        self._options = options
        self._loop = loop
        self._registry = Registry(options.notify)
        seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
        self._context = RunContext(loop, poller, self._registry, seed, plan.tags, options.notify)
        self._started_at = datetime.now().astimezone()
        users = Users(loop, self._context, plan.scenarios, plan.http, insecure=options.insecure)
        self._load = self._new_load(users)
        self._lifecycle = Lifecycle(plan, self._context, users, options.setup_timeout_ns, options.teardown_timeout_ns)
        self._steering = Steering(self._load)
        self._thresholds = ThresholdWatch(plan.thresholds, self._planned_starts)
        self._error: SurgelineError | None = None
        self._loaded = False
        self._interrupted = False
        outputs.start(self._facts(), self._registry)

    def _facts(self) -> RunFacts:
        plan, options = self._plan, self._options
        return RunFacts(
            run_id=options.run_id,
            title=plan.title,
            script_path=plan.path,
            script_text=plan.text,
            started_at=self._started_at,
            seed=self._context.seed,
            tags=plan.tags,
            options=options.given,
            scenarios=tuple(scenario.describe() for scenario in plan.scenarios),
            metrics=plan.metrics,
            notify=options.notify,
        )

    def _new_load(self, users: Users) -> Load:
        options, scenarios = self._options, self._plan.scenarios
        if options.workers == 1:
            flows = Flows(self._context, self._plan.flows, users.of_watcher)
            return Execution(self._context, scenarios, users.of_scenario, flows)
        from surgeline.outputs.samples import SampleOutput  # noqa: PLC0415 - few runs need it
        from surgeline.workers.pool import PoolOptions, WorkerPool  # noqa: PLC0415 - few runs need it

        assert options.recipe is not None, "several workers need to know how to make the plan"
        # Every worker writes its own samples; what starts here is no more to be sent.
        outputs = tuple(copy(output) for output in options.outputs if isinstance(output, SampleOutput))
        pool = PoolOptions(options.workers, options.recipe, options.insecure, outputs, self._facts())
        return WorkerPool(self._context, scenarios, pool)

    def _planned_starts(self, tags: Mapping[str, str], start_ns: int, end_ns: int) -> int | None:
        """A run that was ended before its time was to start nothing from then on."""
        context = self._context
        if context.stopped_ns and context.started_ns:
            end_ns = max(start_ns, min(end_ns, context.stopped_ns - context.started_ns))
        return planned_starts(self._load.runs, tags, start_ns, end_ns)

    def stop(self) -> None:
        """End the run gracefully; called from a signal handler. Does nothing when the run has ended."""
        if self._loop.is_closed():
            return
        self._interrupted = True
        self._loop.call_soon_threadsafe(self._context.stop)
        message = "Stopping: what is under way may end. Once more to stop at once."
        try:
            self._options.notify(message)
        except RuntimeError:  # the signal came while something was being printed
            self._loop.call_soon_threadsafe(self._options.notify, message)

    def drive(self) -> None:
        """Run to the end, or until a signal or the script breaks the run off; what was recorded until then counts."""
        if drive(self._load, self._whole(), CLEANUP_SECONDS, _PATIENCE_AT_ONCE):
            self._interrupted = True

    async def _whole(self) -> None:
        """Set-up, load, tear-down."""
        try:
            with self._steered():
                await self._load.prepare()
                if not self._context.stopping.is_set():
                    await self._lifecycle.set_up(self._load.runs)
                if not self._context.stopping.is_set():
                    await self._carry_out()
        except SetupError as error:
            self._error = self._error or error
        except RunAborted as abort:
            self._context.end(Abort(str(abort)))

    async def _carry_out(self) -> None:
        """Load, and tear-down, also where the load could not begin."""
        self._loaded = True
        self._started_at = datetime.now().astimezone()
        try:
            await self._load.run(self._sinks())
            await self._load.drain(lambda: self._options.on_progress(snapshot(self._load, [])))
        except SurgelineError as error:
            self._loaded = False
            self._error = error
        await self._lifecycle.tear_down(self._load.runs)

    @contextmanager
    def _steered(self) -> Iterator[None]:
        """Take changes at the control address, and from the keyboard where a scenario is made for them."""
        address = self._options.control
        controlled = any(isinstance(run.scenario.executor, ExternallyControlled) for run in self._load.runs)
        with ExitStack() as stack:
            if address is not None:
                url = stack.enter_context(control_server(self._steering, self._loop, parse_address(address)))
                self._options.notify(f"Control: {url}/status")
            if controlled:
                stack.enter_context(keyboard(self._steering, self._loop, self._options.notify))
            yield

    def _sinks(self) -> Sequence[Sink]:
        guard = Guard(self._thresholds, self._context)
        return [self._thresholds, guard, Progress(self._load, self._options.on_progress), *self._outputs.started]

    def report(self) -> RunReport:
        """Put together what came of it."""
        abort = self._context.abort
        if abort is not None and abort.exit_code is not ExitCode.THRESHOLDS_FAILED:  # that is for the verdict to say
            self._error = _AbortedError(abort)
        if not self._loaded:
            stopped = _StoppedError("The run was stopped during set-up: there was no load.")
            return RunReport(None, stopped if self._interrupted else self._error)
        self._load.finish()
        result = Results(self._plan, self._options.trend_stats, self._load, self._thresholds.results()).build(
            self._started_at, self._interrupted
        )
        return RunReport(result, self._error)

    def with_own_summary(self, report: RunReport) -> RunReport:
        """Return the report with what the script says to its result; with the error where it cannot say it."""
        if report.result is None or self._plan.summary is None:
            return report
        try:
            return replace(report, result=with_own_summary(report.result, self._plan.summary))
        except SetupError as error:
            return replace(report, error=report.error or error)
