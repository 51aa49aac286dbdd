"""Calls a script's set-up and tear-down, for the run and for each scenario, with a virtual user of their own."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from surgeline.engine.context import RunContext, environment
from surgeline.engine.ending import RunAborted, running
from surgeline.engine.iteration_errors import script_traceback
from surgeline.engine.load import LoadedScenario
from surgeline.engine.scenario import CLEANUP_SECONDS, Hook, call_hook
from surgeline.engine.scope import Scope, current_scope
from surgeline.engine.vu import HookPlace
from surgeline.errors import SetupError
from surgeline.schedule.duration import format_duration
from surgeline.script.plan import TestPlan
from surgeline.script.vu import Users


class Lifecycle:
    """Set-up and tear-down of one run."""

    def __init__(
        self,
        plan: TestPlan,
        context: RunContext,
        users: Users,
        setup_timeout_ns: int,
        teardown_timeout_ns: int,
    ) -> None:
        self._plan = plan
        self._context = context
        self._users = users
        self._timeouts = {"setup": setup_timeout_ns, "teardown": teardown_timeout_ns}

    async def set_up(self, runs: Sequence[LoadedScenario]) -> None:
        """Call the run's set-up, then each scenario's; what they return is the users' data. A signal cancels it.

        Raises SetupError when one raises or takes too long, RunAborted when one asks for it.
        """
        hooks = self._context.loop.create_task(self._set_up(runs))
        stopping = self._context.loop.create_task(self._context.stopping.wait())
        await asyncio.wait({hooks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not hooks.done():
            hooks.cancel()
            await asyncio.wait({hooks}, timeout=CLEANUP_SECONDS)
        if hooks.done() and not hooks.cancelled():
            hooks.result()

    async def tear_down(self, runs: Sequence[LoadedScenario]) -> None:
        """Call each scenario's tear-down, the last first, then the run's, all of them whatever one raises.

        Raises SetupError, the first, when one raises or takes too long.
        """
        errors = []
        for run in reversed(runs):
            errors += await self._try(run.scenario.teardown, run, run.data)
        errors += await self._try(self._plan.teardown, None, self._context.data)
        if errors:
            raise errors[0]

    async def _set_up(self, runs: Sequence[LoadedScenario]) -> None:
        if self._plan.setup is not None:
            self._context.data = await self._call(self._plan.setup, "setup", None, None)
        for run in runs:
            run.data = self._context.data
            if run.scenario.setup is not None:
                run.data = await self._call(run.scenario.setup, "setup", run, run.data)

    async def _try(self, hook: Hook | None, run: LoadedScenario | None, data: Any) -> list[SetupError]:
        try:
            if hook is not None:
                await self._call(hook, "teardown", run, data)
        except SetupError as error:
            return [error]
        except RunAborted as abort:
            return [SetupError(f"@teardown called abort: {abort}")]
        return []

    async def _call(self, hook: Hook, name: str, run: LoadedScenario | None, data: Any) -> Any:
        tags = dict(self._context.tags if run is None else run.tags)
        scope = Scope(self._context.registry, {**tags, "group": f"::{name}"})
        scenario = self._plan.scenarios[0] if run is None else run.scenario
        user = self._users.of_hook(HookPlace(name if run is None else run.name, data), scope, scenario.base_url)
        limit = asyncio.timeout(self._timeouts[name] / 1e9)
        running.set(self._context)
        with _in(scope, scenario.environment if run is not None else {}):
            try:
                async with limit:
                    return await call_hook(hook, user)
            except (Exception, asyncio.CancelledError, SystemExit) as error:
                if limit.expired():
                    raise SetupError(f"@{name} did not end within {format_duration(self._timeouts[name])}.") from None
                if isinstance(error, asyncio.CancelledError) and _is_being_cancelled():
                    raise
                raise SetupError(f"@{name} raised.\n{script_traceback(error)}") from None
            finally:
                user.close()


@contextmanager
def _in(scope: Scope, more: Mapping[str, str]) -> Iterator[None]:
    """Let samples be taken in the scope, and `env` read these values first."""
    before = current_scope.get(), environment.get()
    current_scope.set(scope)
    environment.set({**before[1], **more})
    try:
        yield
    finally:
        current_scope.set(before[0])
        environment.set(before[1])


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
