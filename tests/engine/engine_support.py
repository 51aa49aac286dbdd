"""A loop of ours for one test, and a run of scenarios without a script, a client or a terminal."""

import asyncio
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from surgeline.engine.context import RunContext
from surgeline.engine.execution import Execution
from surgeline.engine.loop import close_loop, new_loop
from surgeline.engine.scenario import Scenario, ScenarioRun
from surgeline.engine.vu import VirtualUser
from surgeline.metrics.registry import Registry
from surgeline.schedule.share import Share

MS = 1_000_000
SECOND = 1_000_000_000


@contextmanager
def our_loop():
    """A loop and its poller; what goes to the loop's exception handler fails the test unless it takes it."""
    loop, poller = new_loop()
    unhandled: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: unhandled.append(context))
    loop.unhandled = unhandled
    try:
        yield loop, poller
    finally:
        if not loop.is_closed():
            close_loop(loop)
    assert not unhandled


def run_async(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run `function(poller, *arguments)` on a loop of ours."""
    with our_loop() as (loop, poller):
        return loop.run_until_complete(function(poller, *arguments))


@dataclass
class Ran:
    """What a run of scenarios came to."""

    execution: Execution
    messages: list[str]
    seconds: list[Any] = field(default_factory=list)

    def count(self, name: str, tags: dict[str, str] | None = None) -> int:
        value = self.execution.context.registry.value(name, tags)
        return 0 if value is None else int(value.stat("count"))

    def value(self, name: str, tags: dict[str, str] | None = None) -> Any:
        return self.execution.context.registry.value(name, tags)

    @property
    def runs(self) -> list[ScenarioRun]:
        return self.execution.runs


class _Seconds:
    """Keeps the blocks of each second of the load."""

    def __init__(self, seconds: list[Any]) -> None:
        self._seconds = seconds
        self._blocks: list[Any] = []

    def take(self, _second: int, blocks: list[Any]) -> None:
        self._blocks += blocks

    def end_second(self, second: int, _seconds: float) -> None:
        if second >= 0:
            self._seconds.append(self._blocks)
        self._blocks = []


def run_scenarios(
    *scenarios: Scenario,
    stop_when: Callable[[Execution], Any] | None = None,
    seed: int = 1,
    share: Share | None = None,
) -> Ran:
    """Run scenarios to their end; `stop_when(execution)` is awaited beside them, then the run is asked to stop."""
    messages: list[str] = []
    with our_loop() as (loop, poller):
        context = RunContext(loop, poller, Registry(), seed, {}, messages.append, share or Share())

        def make_vu(run: ScenarioRun, number: int) -> VirtualUser:
            return VirtualUser(context, run, number)

        execution = Execution(context, scenarios, make_vu)
        ran = Ran(execution, messages)

        async def whole() -> None:
            stopper = asyncio.create_task(_stop(execution, stop_when)) if stop_when else None
            await execution.run([_Seconds(ran.seconds)])
            if stopper:
                stopper.cancel()

        loop.run_until_complete(whole())
    return ran


async def _stop(execution: Execution, stop_when: Callable[[Execution], Any]) -> None:
    await stop_when(execution)
    execution.context.stopping.set()
