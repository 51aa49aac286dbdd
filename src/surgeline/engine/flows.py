"""The flows of one run: begun with the load, drained when it has ended, and their accounts closed whatever happens."""

import asyncio
from collections.abc import Callable, Sequence

from surgeline._native.poller import now_ns
from surgeline.engine.context import RunContext
from surgeline.engine.flow import METRICS, DeclaredFlow, LiveFlow
from surgeline.engine.flow_book import Outcome
from surgeline.engine.flow_watcher import FlowWatcher
from surgeline.engine.scope import Scope
from surgeline.engine.vu import VirtualUser
from surgeline.metrics import names
from surgeline.metrics.registry import Registry
from surgeline.schedule.duration import format_duration

MakeWatcher = Callable[[str, Scope], VirtualUser]
Show = Callable[[], None]
"""Is called each second, to show how many keys are under way still."""
LAST_LOOK_SECONDS = 5.0
"""How long the last look of a watcher may take."""
_TURN_SECONDS = 0.01
_SECOND = 1_000_000_000
_ENDS = (Outcome.ARRIVED, Outcome.LATE, Outcome.LOST, Outcome.CANCELLED, Outcome.OPEN)


class Flows:
    """The flows that a run's script declares; `make_watcher` returns the virtual user of a flow's watcher."""

    def __init__(
        self, context: RunContext, declared: Sequence[DeclaredFlow] = (), make_watcher: MakeWatcher | None = None
    ) -> None:
        self.draining = False
        self._context = context
        self._declared = declared
        self._make_watcher = make_watcher
        self._live: list[LiveFlow] = []
        self._watchers: list[FlowWatcher] = []

    @property
    def under_way(self) -> int:
        """How many keys are waited for."""
        now = now_ns()
        return sum(flow.book.under_way(now) for flow in self._live)

    def begin(self) -> None:
        """Take starts and arrivals from now on, and let the watchers look."""
        for declared in self._declared:
            declared.live = LiveFlow(self._context, declared)
            self._live.append(declared.live)
            if declared.watch is not None:
                self._watchers.append(self._new_watcher(declared.live))

    async def drain(self, show: Show) -> None:
        """Wait until everything that is under way has arrived or had its time; then close the accounts.

        A run that is being aborted waits for nothing; a signal that comes meanwhile ends the waiting.
        """
        self.draining = True
        stopped = self._context.stopping.is_set()
        if self.under_way and not self._context.aborting.is_set():
            longest = format_duration(self._longest_ns)
            self._context.notify(f"The load has ended: waiting for what is under way in flows, {longest} at most.")
        await self._wait(show, stopped=stopped)
        patience = 0.0 if self._is_over(stopped=stopped) else LAST_LOOK_SECONDS
        await asyncio.gather(*(watcher.end(patience) for watcher in self._watchers))
        self.close()

    def close(self) -> None:
        """Close the accounts; again does nothing."""
        for flow in self._live:
            flow.close()

    @property
    def _longest_ns(self) -> int:
        return max(declared.timeout_ns for declared in self._declared)

    async def _wait(self, show: Show, *, stopped: bool) -> None:
        """Wait; not without end where a task of the script goes on to start keys."""
        begun = shown = now_ns()
        while self.under_way and not self._is_over(stopped=stopped) and now_ns() - begun <= self._longest_ns:
            await asyncio.sleep(_TURN_SECONDS)
            if now_ns() - shown >= _SECOND:
                shown = now_ns()
                show()

    def _is_over(self, *, stopped: bool) -> bool:
        """Is there no more time? A stop that came before is why the load has ended: what is under way may end."""
        return self._context.aborting.is_set() or (self._context.stopping.is_set() and not stopped)

    def _new_watcher(self, flow: LiveFlow) -> FlowWatcher:
        watch = flow.declared.watch
        assert watch is not None
        assert self._make_watcher is not None, "a watcher needs a virtual user"
        scope = Scope(self._context.registry, {**flow.tags, "group": "::watch"})
        return FlowWatcher(self._context, flow, watch, scope, self._make_watcher(flow.declared.name, scope))


def settle(registry: Registry) -> None:
    """Close the accounts of workers that are gone, from what they had told: what has not ended is open.

    Of a second that was cut in two the end of a key may be known and its start not.
    """
    for series in list(registry.select(names.FLOW_STARTED.name)):
        ended = sum(registry.count(METRICS[outcome].name, series.tags) for outcome in _ENDS)
        missing = registry.count(names.FLOW_STARTED.name, series.tags) - ended
        if missing:
            metric = names.FLOW_OPEN if missing > 0 else names.FLOW_STARTED
            registry.cell(metric, series.tags).add(abs(missing))
