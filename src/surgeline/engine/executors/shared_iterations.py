"""A fixed number of iterations, shared by virtual users that take them as they come free. k6's `shared-iterations`."""

from dataclasses import dataclass

from surgeline._native.iteration import Budget
from surgeline._native.poller import now_ns
from surgeline.engine.executors.base import ExecutorBase
from surgeline.engine.executors.wording import count_of
from surgeline.engine.scenario import ScenarioRun
from surgeline.schedule.duration import format_duration
from surgeline.schedule.share import Share


@dataclass(frozen=True, slots=True)
class SharedIterations(ExecutorBase):
    """`vus` users share `iterations`; what has not started after `max_duration_ns` is dropped."""

    vus: int
    iterations: int
    max_duration_ns: int

    @property
    def planned_iterations(self) -> int | None:
        """All of them."""
        return self.iterations

    def planned_for(self, share: Share) -> int | None:
        """Return how many of them one worker makes."""
        part = share.among(self.vus)
        return 0 if part is None else part.count(self.iterations)

    @property
    def max_vus(self) -> int:
        """The users."""
        return self.vus

    def describe(self) -> str:
        """Say it in a few words."""
        return (
            f"{count_of(self.iterations, 'iteration')} shared by {count_of(self.vus, 'virtual user')} "
            f"(at most {format_duration(self.max_duration_ns)})"
        )

    async def execute(self, run: ScenarioRun) -> None:
        """Run until all iterations have ended or the time is over."""
        end_ns = now_ns() + self.max_duration_ns
        budget = Budget(end_ns, self.planned_for(run.context.share) or 0)
        await run.repeat([budget] * run.context.share.count(self.vus), end_ns)
