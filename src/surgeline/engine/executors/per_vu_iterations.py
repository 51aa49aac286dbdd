"""A fixed number of iterations for each of a fixed number of virtual users. k6's `per-vu-iterations`."""

from dataclasses import dataclass

from surgeline._native.iteration import Budget
from surgeline._native.poller import now_ns
from surgeline.engine.executors.base import ExecutorBase
from surgeline.engine.executors.wording import count_of
from surgeline.engine.scenario import ScenarioRun
from surgeline.schedule.duration import format_duration
from surgeline.schedule.share import Share


@dataclass(frozen=True, slots=True)
class PerVUIterations(ExecutorBase):
    """`vus` users make `iterations` each; what has not started after `max_duration_ns` is dropped."""

    vus: int
    iterations: int
    max_duration_ns: int

    @property
    def planned_iterations(self) -> int | None:
        """Those of all users."""
        return self.vus * self.iterations

    def planned_for(self, share: Share) -> int | None:
        """Return the iterations of one worker's users."""
        return share.count(self.vus) * self.iterations

    @property
    def max_vus(self) -> int:
        """The users."""
        return self.vus

    def describe(self) -> str:
        """Say it in a few words."""
        each = "" if self.vus == 1 else " each"
        return (
            f"{count_of(self.iterations, 'iteration')}{each} by {count_of(self.vus, 'virtual user')} "
            f"(at most {format_duration(self.max_duration_ns)})"
        )

    async def execute(self, run: ScenarioRun) -> None:
        """Run until all iterations have ended or the time is over."""
        end_ns = now_ns() + self.max_duration_ns
        await run.repeat([Budget(end_ns, self.iterations) for _ in range(run.context.share.count(self.vus))], end_ns)
