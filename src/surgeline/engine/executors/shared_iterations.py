"""A fixed number of iterations, shared by virtual users that take them as they come free. k6's `shared-iterations`."""

from dataclasses import dataclass

from surgeline._native.iteration import Budget
from surgeline._native.poller import now_ns
from surgeline.engine.executors.wording import count_of
from surgeline.engine.scenario import ScenarioRun
from surgeline.schedule.duration import format_duration


@dataclass(frozen=True, slots=True)
class SharedIterations:
    """`vus` users share `iterations`; what has not started after `max_duration_ns` is dropped."""

    vus: int
    iterations: int
    max_duration_ns: int

    @property
    def planned_iterations(self) -> int | None:
        """All of them."""
        return self.iterations

    @property
    def planned_ns(self) -> int | None:
        """Not known: it depends on how fast the system answers."""
        return None

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
        await run.repeat(Budget(now_ns() + self.max_duration_ns, self.iterations), self.vus)
