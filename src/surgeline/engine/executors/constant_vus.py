"""A fixed number of virtual users, each iterating for a fixed time. k6's `constant-vus`."""

from dataclasses import dataclass

from surgeline._native.iteration import Budget
from surgeline._native.poller import now_ns
from surgeline.engine.executors.base import ExecutorBase
from surgeline.engine.executors.wording import count_of
from surgeline.engine.scenario import ScenarioRun
from surgeline.schedule.duration import format_duration


@dataclass(frozen=True, slots=True)
class ConstantVUs(ExecutorBase):
    """`vus` users iterate until `duration_ns` is over."""

    vus: int
    duration_ns: int

    @property
    def planned_ns(self) -> int | None:
        """The duration."""
        return self.duration_ns

    @property
    def max_vus(self) -> int:
        """The users."""
        return self.vus

    def vus_over_time(self) -> list[tuple[int, int]] | None:
        """Return the number of users: a level line."""
        return [(0, self.vus), (self.duration_ns, self.vus)]

    def describe(self) -> str:
        """Say it in a few words."""
        return f"{count_of(self.vus, 'virtual user')} for {format_duration(self.duration_ns)}"

    async def execute(self, run: ScenarioRun) -> None:
        """Run until the duration is over and the last iterations have ended."""
        end_ns = now_ns() + self.duration_ns
        await run.repeat([Budget(end_ns)] * run.context.share.count(self.vus), end_ns)
