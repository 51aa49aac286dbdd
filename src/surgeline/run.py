"""The composition root: a plan in, a `RunReport` out. The only module that knows everyone.

It makes the loop, the registry and the clients, runs set-up, load and tear-down, minds the signals, and puts what came
of it together.
"""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from surgeline._native.poller import Poller
from surgeline.collect import Results, snapshot
from surgeline.engine.checks import Checks, current_checks
from surgeline.engine.context import RunContext
from surgeline.engine.execution import Blocks, Execution
from surgeline.engine.iteration_errors import script_traceback
from surgeline.engine.loop import close_loop, new_loop
from surgeline.engine.scenario import CLEANUP_SECONDS, ScenarioRun
from surgeline.engine.signals import stop_signals
from surgeline.errors import ExitCode, SetupError, SurgelineError
from surgeline.metrics.registry import Registry
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS
from surgeline.protocols.http.client import HttpScenario
from surgeline.protocols.http.endpoints import Endpoints
from surgeline.protocols.http.origins import Origins
from surgeline.report.progress import ProgressSnapshot
from surgeline.result import RunResult
from surgeline.script.declare import run_environment
from surgeline.script.plan import Hook, TestPlan
from surgeline.script.vu import VU

HOOK_SECONDS = 60
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
    token = run_environment.set(plan.environment)
    try:
        run = _Run(plan, options, loop, poller)
        with stop_signals(loop, run.stop):
            run.drive()
    finally:
        run_environment.reset(token)
        if not loop.is_closed():
            loop.close()
    return run.report()


class _StoppedError(SurgelineError):
    exit_code = ExitCode.STOPPED_BY_SIGNAL


class _AbortedError(SurgelineError):
    exit_code = ExitCode.ABORTED


class _Run:
    """One run, from set-up to result."""

    def __init__(self, plan: TestPlan, options: RunOptions, loop: asyncio.AbstractEventLoop, poller: Poller) -> None:
        self._plan = plan
        self._options = options
        self._loop = loop
        self._registry = Registry()
        seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
        self._context = RunContext(loop, poller, self._registry, seed, plan.tags, options.notify)
        self._origins = Origins(loop, insecure=options.insecure)
        for scenario in plan.scenarios:
            if scenario.base_url is not None:
                self._origins.prepare(scenario.base_url)
        self._http: dict[str, HttpScenario] = {}
        self._execution = Execution(self._context, plan.scenarios, self._make_vu)
        self._started_at = datetime.now().astimezone()
        self._error: SurgelineError | None = None
        self._loaded = False
        self._interrupted = False

    def stop(self) -> None:
        """End the run gracefully; called from a signal handler."""
        self._interrupted = True
        self._loop.call_soon_threadsafe(self._context.stopping.set)
        message = "Stopping: iterations under way may end. Once more to stop at once."
        try:
            self._options.notify(message)
        except RuntimeError:  # the signal came while something was being printed
            self._loop.call_soon_threadsafe(self._options.notify, message)

    def drive(self) -> None:
        """Run to the end, or until a signal or the script breaks the run off; what was recorded until then counts."""
        patience = CLEANUP_SECONDS
        try:
            self._loop.run_until_complete(self._whole())
        except KeyboardInterrupt:
            self._interrupted = True
            patience = _PATIENCE_AT_ONCE
        except SystemExit as error:
            self._error = _AbortedError(f"A task of the script ended the run with SystemExit({error.code!r}).")
        finally:
            self._evict()
            self._close(patience)

    def _close(self, patience: float) -> None:
        try:
            close_loop(self._loop, patience)
        except KeyboardInterrupt:  # one more signal: no waiting at all, and the summary all the same
            self._interrupted = True

    def _evict(self) -> None:
        """Whoever is still there when the run is over was broken off: no more iterations, no time to end in order."""
        for run in self._execution.runs:
            for user in run.users:
                user.interrupted = user.evicted = True

    async def _whole(self) -> None:
        """Set-up, load, tear-down."""
        try:
            await self._set_up()
            if self._context.stopping.is_set():
                return
            self._loaded = True
            self._started_at = datetime.now().astimezone()
            await self._execution.run(self._on_second)
            await self._call_hook(self._plan.teardown, "teardown")
        except SetupError as error:
            self._error = error

    async def _set_up(self) -> None:
        """Call set-up; a signal cancels it."""
        hook = self._loop.create_task(self._call_hook(self._plan.setup, "setup"))
        stopping = self._loop.create_task(self._context.stopping.wait())
        await asyncio.wait({hook, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not hook.done():
            hook.cancel()
            await asyncio.wait({hook}, timeout=CLEANUP_SECONDS)
        if hook.done() and not hook.cancelled():
            self._context.data = hook.result()

    def report(self) -> RunReport:
        """Put together what came of it."""
        if not self._loaded:
            stopped = _StoppedError("The run was stopped during set-up: there was no load.")
            return RunReport(None, stopped if self._interrupted else self._error)
        self._execution.finish()
        return RunReport(
            Results(self._plan, self._options.trend_stats, self._execution).build(self._started_at, self._interrupted),
            self._error,
        )

    def _make_vu(self, run: ScenarioRun, number: int) -> VU:
        name = run.scenario.name
        http = self._http.get(name)
        if http is None:
            http = self._http[name] = self._make_http(run.tags, run.scenario.base_url)
        return VU(self._context, name, number, http)

    def _make_http(self, tags: Mapping[str, str], base_url: str | None) -> HttpScenario:
        endpoints = Endpoints(self._registry, tags, self._options.notify)
        return HttpScenario(self._context.poller, self._origins, endpoints, base_url=base_url)

    async def _call_hook(self, hook: Hook | None, name: str) -> Any:
        """Call set-up or tear-down with a virtual user of its own."""
        if hook is None:
            return None
        tags = {**self._context.tags, "group": f"::{name}"}
        http = self._make_http(tags, self._plan.scenarios[0].base_url)
        user = VU(self._context, name, 0, http)
        current_checks.set(Checks(self._registry, tags))
        limit = asyncio.timeout(HOOK_SECONDS)
        try:
            async with limit:
                return await _call(hook, user)
        except (Exception, asyncio.CancelledError, SystemExit) as error:
            if limit.expired():
                raise SetupError(f"@{name} did not end within {HOOK_SECONDS} s.") from None
            if isinstance(error, asyncio.CancelledError) and _is_being_cancelled():
                raise
            raise SetupError(f"@{name} raised.\n{script_traceback(error)}") from None
        finally:
            user.close()

    def _on_second(self, blocks: Blocks) -> None:
        self._options.on_progress(snapshot(self._execution, blocks))


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _call(hook: Hook, user: VU) -> Any:
    result = hook(user) if inspect.signature(hook).parameters else hook()
    return await result if isinstance(result, Awaitable) else result
