"""When a scenario has come to its end."""

from surgeline._native.poller import Completion
from surgeline.engine.scenario import ScenarioRun


async def until_over(run: ScenarioRun, over: Completion[None]) -> None:
    """Return when `over` is done; the run's stopping makes it so."""
    stopping = run.context.loop.create_task(run.context.stopping.wait())
    stopping.add_done_callback(lambda _: over.set_result(None))
    try:
        await over
    finally:
        stopping.cancel()
