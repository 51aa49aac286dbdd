"""What can be steered of a pool's scenarios: the coordinator's controls, which pass each number on to all workers."""

from collections.abc import Callable, Sequence
from functools import partial

from surgeline.engine.context import RunContext
from surgeline.engine.executors import Control, ExternallyControlled
from surgeline.workers.messages import Steer, Steerable
from surgeline.workers.process import WorkerProcess
from surgeline.workers.scenario import PooledScenario


class PoolControls:
    """The controls of a run that several processes carry out. A worker takes its share of each number."""

    def __init__(self, context: RunContext, runs: Sequence[PooledScenario], tell: Callable[[Steer], None]) -> None:
        self._context = context
        self._tell = tell
        self._controls = {
            run.name: Control(run.scenario.executor, partial(self._steer, run.name), partial(self._steer, run.name))
            for run in runs
            if isinstance(run.scenario.executor, ExternallyControlled)
        }

    def note(self, worker: WorkerProcess, message: Steerable) -> None:
        """Take what a worker tells of a scenario."""
        if message.there:
            worker.steerable.add(message.scenario)
        else:
            worker.steerable.discard(message.scenario)

    def update(self, workers: Sequence[WorkerProcess]) -> None:
        """Offer the scenarios that all workers which are at it can steer."""
        running = [worker for worker in workers if worker.running]
        for name, control in self._controls.items():
            if running and all(name in worker.steerable for worker in running):
                self._context.controls[name] = control
            else:
                self._context.controls.pop(name, None)

    def _steer(self, scenario: str, value: int | None = None) -> None:
        self._tell(Steer(scenario, value))
