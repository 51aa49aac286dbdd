"""Virtual users whose number goes from target to target, each iterating. k6's `ramping-vus`."""

from dataclasses import dataclass

from surgeline._native.poller import Alarm, Completion, now_ns
from surgeline.engine.executors.base import Staged
from surgeline.engine.executors.ending import until_over
from surgeline.engine.executors.loopers import Loopers
from surgeline.engine.executors.wording import count_of
from surgeline.engine.scenario import Crew, ScenarioRun
from surgeline.schedule.duration import format_duration
from surgeline.schedule.ramping_vus import RampingUsers
from surgeline.schedule.stages import Stage, length_ns


@dataclass(frozen=True, slots=True)
class RampingVUs(Staged):
    """From `start_vus` users through `stages`; one that is to go has `graceful_ramp_down_ns` for its iteration."""

    start_vus: int
    stages: tuple[Stage, ...]
    graceful_ramp_down_ns: int

    @property
    def schedule(self) -> RampingUsers:
        """How many users there are over time."""
        return RampingUsers(self.start_vus, self.stages)

    @property
    def max_vus(self) -> int:
        """The most users at any time."""
        return self.schedule.most

    def vus_over_time(self) -> list[tuple[int, int]] | None:
        """Return the number of users as the corners of its line, (nanoseconds, users)."""
        return self.schedule.curve()

    def describe(self) -> str:
        """Say it in a few words."""
        time, stages = format_duration(length_ns(self.stages)), count_of(len(self.stages), "stage")
        return f"up to {count_of(self.max_vus, 'virtual user')} over {time} in {stages}"

    async def execute(self, run: ScenarioRun) -> None:
        """Run until the stages are over and the last iterations have ended."""
        await _Ramp(self, run).run_to_end()


class _Ramp:
    """The steps of one scenario, as they happen."""

    def __init__(self, options: RampingVUs, run: ScenarioRun) -> None:
        self._run = run
        self._crew = Crew(run)
        self._start_ns = now_ns()
        self._end_ns = self._start_ns + options.schedule.duration_ns
        self._loopers = Loopers(run, self._crew, self._end_ns, options.graceful_ramp_down_ns)
        self._steps = options.schedule.steps(run.context.share)
        self._next = next(self._steps, None)
        self._over: Completion[None] = Completion(run.context.poller)
        self._alarm = Alarm(run.context.poller, self._on_due)

    async def run_to_end(self) -> None:
        """Make the steps until the end or until the run is stopping, then let the users finish."""
        try:
            async with self._crew:
                try:
                    self._alarm.set(self._start_ns)
                    await until_over(self._run, self._over)
                finally:
                    self._alarm.cancel()
                self._loopers.end()
        finally:
            self._loopers.close()

    def _on_due(self, now: int) -> int | None:
        """Make the last step that is due, at the end for those who go then; return when to look again."""
        count = None
        while self._next is not None and self._start_ns + self._next[0] <= now:
            count = self._next[1]
            self._next = next(self._steps, None)
        over = now >= self._end_ns
        if count is not None:
            self._loopers.resize(min(count, self._loopers.count) if over else count)
        if over:
            self._over.set_result(None)
            return None
        return self._end_ns if self._next is None else self._start_ns + self._next[0]
