"""Calls the watcher of a flow again and again while keys are under way, and once more at the end.

Knows nothing of how a watcher looks.
"""

import asyncio
from contextlib import suppress

from surgeline._native.poller import now_ns
from surgeline.engine.context import Abort, RunContext
from surgeline.engine.ending import RunAborted, running
from surgeline.engine.flow import LiveFlow, Watch
from surgeline.engine.flow_book import MOST_OVERDUE
from surgeline.engine.iteration_errors import IterationErrors
from surgeline.engine.scenario import CLEANUP_SECONDS
from surgeline.engine.scope import Scope, current_scope
from surgeline.engine.vu import VirtualUser
from surgeline.metrics import names

MOST_OVERDUE_AT_ONCE = 100
"""How many overdue keys a look is given: they take turns, for there may be many that never arrive."""


class FlowWatcher:
    """The watcher of one flow, as it runs."""

    def __init__(self, context: RunContext, flow: LiveFlow, watch: Watch, scope: Scope, user: VirtualUser) -> None:
        self._context = context
        self._flow = flow
        self._watch = watch
        self._scope = scope
        self._user = user
        cell = context.registry.cell
        self._intervals = cell(names.FLOW_LOOK_INTERVAL, {**flow.tags, "every": watch.every})
        self._failed = cell(names.FLOW_LOOK_ERRORS, flow.tags)
        self._errors = IterationErrors(context.notify, f"The watcher of the flow {flow.declared.name!r}")
        self._ending = asyncio.Event()
        self._task = context.loop.create_task(self._run())

    async def end(self, patience: float) -> None:
        """Let it look once more, which may take `patience` seconds, and end it."""
        self._ending.set()
        _, late = await asyncio.wait({self._task}, timeout=patience)
        self._user.interrupted = bool(late)
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=CLEANUP_SECONDS)
        self._user.close()

    async def _run(self) -> None:
        current_scope.set(self._scope)
        running.set(self._context)
        try:
            await self._look_again_and_again()
            await self._look(now_ns(), MOST_OVERDUE)
        except RunAborted as abort:
            self._context.end(Abort(str(abort)))

    async def _look_again_and_again(self) -> None:
        before_ns = now_ns()
        while not self._ending.is_set():
            turn_ns = now_ns()
            if await self._look(turn_ns, MOST_OVERDUE_AT_ONCE) and turn_ns > before_ns:
                self._intervals.record(turn_ns - before_ns)
            before_ns = turn_ns
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0, turn_ns + self._watch.every_ns - now_ns()) / 1e9):
                    await self._ending.wait()

    async def _look(self, turn_ns: int, most_overdue: int) -> bool:
        """Call the watcher where there is something to look for; return whether there was."""
        keys = self._flow.book.keys(turn_ns, most_overdue)
        if not keys:
            return False
        try:
            for key in await self._watch.function(self._user, keys) or ():
                self._flow.arrive(key)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and self._task.cancelling():
                raise
            self._failed.add()
            self._errors.record(error)
        return True
