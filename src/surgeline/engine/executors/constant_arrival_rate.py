"""Starts at a constant rate, whatever the system under test does. k6's `constant-arrival-rate`.

An alarm of the poller fires at each intended start and steps an idle user's task right there, outside of any other
task, so a start is not queued behind the loop's other work. A start for which there is no user is dropped, and counted.
"""

from dataclasses import dataclass

from surgeline._native.poller import Alarm, Completion, now_ns
from surgeline.engine.executors.wording import count_of
from surgeline.engine.scenario import Crew, ScenarioRun
from surgeline.engine.vu import VirtualUser
from surgeline.schedule.constant_rate import ConstantRate
from surgeline.schedule.duration import format_duration

_NO_MORE = -1
_BATCH_NS = 10_000_000
"""How long the loop's other work waits, at most, for starts that are overdue."""
_LAST_CALL_NS = 100_000_000
"""How long after the duration a start may still happen that was due within it."""


@dataclass(frozen=True, slots=True)
class ConstantArrivalRate:
    """`rate` starts for each `time_unit_ns` over `duration_ns`, by `pre_allocated_vus` users and at most `max_vus`."""

    rate: int
    time_unit_ns: int
    duration_ns: int
    pre_allocated_vus: int
    max_vus: int

    @property
    def schedule(self) -> ConstantRate:
        """When each iteration starts."""
        return ConstantRate(self.rate, self.time_unit_ns, self.duration_ns)

    @property
    def planned_iterations(self) -> int | None:
        """All starts of the schedule."""
        return self.schedule.total

    @property
    def planned_ns(self) -> int | None:
        """The duration."""
        return self.duration_ns

    def describe(self) -> str:
        """Say it in a few words."""
        unit = "/s" if self.time_unit_ns == 1_000_000_000 else f" per {format_duration(self.time_unit_ns)}"
        most = count_of(self.max_vus, "virtual user")
        return f"{self.rate:,}{unit} for {format_duration(self.duration_ns)} (at most {most})"

    async def execute(self, run: ScenarioRun) -> None:
        """Run until the duration is over and the last iterations have ended."""
        await _Arrivals(self, run).run_to_end()


class _Arrivals:
    """The starts of one scenario, as they happen."""

    def __init__(self, options: ConstantArrivalRate, run: ScenarioRun) -> None:
        self._options = options
        self._schedule = options.schedule
        self._run = run
        self._crew = Crew(run)
        self._idle: list[Completion[int]] = []
        self._next = 0
        self._over: Completion[None] = Completion(run.context.poller)
        self._warned = False
        self._alarm = Alarm(run.context.poller, self._on_due, precise=True)
        for _ in range(options.pre_allocated_vus):
            self._hire(None)
        self._start_ns = now_ns()
        self._end_ns = self._start_ns + options.duration_ns

    async def run_to_end(self) -> None:
        """Start what is due until the schedule ends or the run is stopping, then let the users finish."""
        stopping = self._run.context.loop.create_task(self._stop_early())
        async with self._crew:
            try:
                self._alarm.set(self._start_ns)
                await self._over
            finally:
                stopping.cancel()
                self._alarm.cancel()
            for gate in self._idle:
                gate.set_result(_NO_MORE)

    async def _stop_early(self) -> None:
        await self._run.context.stopping.wait()
        self._over.set_result(None)

    def _on_due(self, now: int) -> int | None:
        """Start what is due; return when to look again."""
        batch_end = now + _BATCH_NS
        while self._next < self._schedule.total and now < self._end_ns + _LAST_CALL_NS:
            due = self._start_ns + self._schedule.start_ns(self._next)
            if due > now or now > batch_end:
                return due
            self._next += 1
            self._start(due)
            now = now_ns()
        # k6 ends after the duration, not after the last start; iterations may go on until then.
        if now < self._end_ns:
            return self._end_ns
        self._over.set_result(None)
        return None

    def _start(self, intended_ns: int) -> None:
        while self._idle:
            gate = self._idle.pop()
            if not gate.done():  # a script may have cancelled the task that waits there
                gate.set_result(intended_ns)
                return
        if len(self._run.users) < self._options.max_vus:
            self._hire(intended_ns)
        else:
            self._run.drop()
            self._warn()

    def _hire(self, first_ns: int | None) -> None:
        """Make a user, who starts at once or waits for a start."""
        user = self._run.new_user()
        gate = self._new_gate()
        if first_ns is None:
            self._idle.append(gate)
        else:
            gate.set_result(first_ns)
        self._crew.add(user, self._iterate(user, gate))

    def _new_gate(self) -> Completion[int]:
        return Completion(self._run.context.poller)

    async def _iterate(self, user: VirtualUser, gate: Completion[int]) -> None:
        """Start when the gate says, and wait for the next; at the end it says that there is none."""
        while (intended_ns := await gate) != _NO_MORE:
            await self._run.once(user, intended_ns)
            if self._over.done():
                return
            # The last to come free is the first to be used again: its connection is the warmest.
            gate = self._new_gate()
            self._idle.append(gate)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            self._run.context.notify(
                f"{self._run.scenario.name}: all {self._options.max_vus:,} virtual users are busy, so iterations are "
                "dropped. The system is slower than the rate needs; raise max_vus to let more wait at once."
            )
