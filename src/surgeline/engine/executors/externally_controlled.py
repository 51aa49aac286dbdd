"""Virtual users, or starts per second, as many as somebody sets while it runs. k6's `externally-controlled`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from surgeline._native.poller import Alarm, Completion, now_ns
from surgeline.engine.executors.base import NEVER_NS, ExecutorBase
from surgeline.engine.executors.ending import until_over
from surgeline.engine.executors.loopers import Loopers
from surgeline.engine.executors.on_call import BATCH_NS, OnCall
from surgeline.engine.executors.wording import count_of, rate_of
from surgeline.engine.scenario import Crew, ScenarioRun
from surgeline.errors import OptionError
from surgeline.schedule.adjustable_rate import AdjustableRate
from surgeline.schedule.duration import NANOSECONDS, format_duration
from surgeline.schedule.numbers import MOST_RATE, whole


@dataclass(frozen=True, slots=True)
class ExternallyControlled(ExecutorBase):
    """`vus` users iterate, or `rate` iterations start each second: one of them is given, and can be changed.

    Goes on for `duration_ns`, or until it is stopped.
    """

    vus: int | None
    rate: int | None
    max_vus: int
    duration_ns: int | None

    @property
    def is_open(self) -> bool:  # type: ignore[override] # it depends on what is controlled
        """At a rate, it is."""
        return self.rate is not None

    @property
    def planned_ns(self) -> int | None:
        """The duration, if there is one."""
        return self.duration_ns

    def describe(self) -> str:
        """Say it in a few words."""
        begin = count_of(self.vus, "virtual user") if self.vus is not None else rate_of(self.rate or 0, NANOSECONDS)
        time = "until stopped" if self.duration_ns is None else f"for {format_duration(self.duration_ns)}"
        return (
            f"{begin} to begin with, externally controlled, {time} (at most {count_of(self.max_vus, 'virtual user')})"
        )

    async def execute(self, run: ScenarioRun) -> None:
        """Run until the duration is over or somebody stops it, and the last iterations have ended."""
        steered: _Steered = _SteeredRate(self, run) if self.vus is None else _SteeredUsers(self, run)
        control = Control(self, steered.change, steered.stop)
        run.context.controls[run.scenario.name] = control
        try:
            await steered.run_to_end()
        finally:
            del run.context.controls[run.scenario.name]


Kind = Literal["vus", "rate"]


class Control:
    """What can be changed of one scenario while it goes on. For the loop's thread."""

    def __init__(self, options: ExternallyControlled, change: Callable[[int], None], stop: Callable[[], None]) -> None:
        self.kind: Kind = "rate" if options.vus is None else "vus"
        self.value: int = (options.rate if options.vus is None else options.vus) or 0
        self.most = MOST_RATE if self.kind == "rate" else options.max_vus
        self.stop = stop
        """Ends the scenario gracefully."""
        self._change = change

    @property
    def vus(self) -> int | None:
        """How many users iterate; None where a rate is what is controlled. Set, it takes effect at once.

        Raises OptionError for a number that is below 0 or above the scenario's `max_vus`, and where there is a rate.
        """
        return self.value if self.kind == "vus" else None

    @vus.setter
    def vus(self, value: int) -> None:
        self.set("vus", value)

    @property
    def rate(self) -> int | None:
        """How many iterations start each second; None where users are what is controlled. Set, it takes effect at once.

        Raises OptionError for a number that cannot be a rate, and where there are users.
        """
        return self.value if self.kind == "rate" else None

    @rate.setter
    def rate(self, value: int) -> None:
        self.set("rate", value)

    def set(self, kind: Kind, value: int) -> None:
        """Set `vus` or `rate`. Raises OptionError as they do."""
        if kind != self.kind:
            raise OptionError(f"{kind}: expected {self.kind}, which this scenario is controlled by, found {kind}")
        value = whole(value, kind, 0, self.most)
        self._change(value)
        self.value = value


class _Steered:
    """One scenario as it runs: the end of it, by time or by hand."""

    def __init__(self, options: ExternallyControlled, run: ScenarioRun) -> None:
        self._run = run
        self._crew = Crew(run)
        self._start_ns = now_ns()
        self._end_ns = NEVER_NS if options.duration_ns is None else self._start_ns + options.duration_ns
        self._over: Completion[None] = Completion(run.context.poller)

    async def run_to_end(self) -> None:
        """Begin, wait for the end, then let the users finish."""
        end = Alarm(self._run.context.poller, self._on_end)
        end.set(self._end_ns)
        try:
            async with self._crew:
                self._begin()
                await until_over(self._run, self._over)
                self._finish()
        finally:
            end.cancel()
            self._close()

    def change(self, value: int) -> None:
        """Take a new number; when the end has come nothing can be changed any more."""
        if self._over.done():
            raise OptionError("expected a scenario that goes on, found one that is ending")
        self._apply(value)

    def stop(self) -> None:
        """End gracefully."""
        self._over.set_result(None)

    def _on_end(self, _now: int) -> None:
        self.stop()

    def _begin(self) -> None:
        raise NotImplementedError

    def _apply(self, value: int) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError


class _SteeredUsers(_Steered):
    """The closed model."""

    def __init__(self, options: ExternallyControlled, run: ScenarioRun) -> None:
        super().__init__(options, run)
        self._first = options.vus or 0
        self._loopers = Loopers(run, self._crew, self._end_ns, run.scenario.graceful_stop_ns)

    def _begin(self) -> None:
        self._apply(self._first)

    def _apply(self, value: int) -> None:
        self._loopers.resize(self._run.context.share.count(value))

    def _finish(self) -> None:
        self._loopers.end()

    def _close(self) -> None:
        self._loopers.close()


class _SteeredRate(_Steered):
    """The open model."""

    def __init__(self, options: ExternallyControlled, run: ScenarioRun) -> None:
        super().__init__(options, run)
        self._on_call = OnCall(run, self._crew, options.max_vus)
        self._part = run.context.share.among(options.max_vus)
        self._rate = AdjustableRate(options.rate or 0, self._start_ns)
        self._fired = 0
        self._alarm = Alarm(run.context.poller, self._on_due, precise=True)

    def _begin(self) -> None:
        self._alarm.set(self._start_ns)

    def _apply(self, value: int) -> None:
        now = now_ns()
        self._on_due(now)  # what was due at the rate so far
        self._rate.change(value, now)
        self._alarm.set(now)

    def _finish(self) -> None:
        """Count as dropped what was due until now and was not started."""
        self._alarm.cancel()
        self._on_call.dismiss()
        if self._part is not None:
            due = self._part.count(self._rate.planned_before(min(now_ns(), self._end_ns)))
            self._run.drop(due - self._fired)

    def _close(self) -> None:
        self._alarm.cancel()

    def _on_due(self, now: int) -> int | None:
        """Start what is due; return when to look again, None in a pause."""
        batch_end = now + BATCH_NS
        while (due := self._next_due()) is not None and due <= now <= batch_end:
            self._fired += 1
            self._on_call.start(due)
            now = now_ns()
        return due

    def _next_due(self) -> int | None:
        """Return when the next start of this worker is due, if that is before the end."""
        if self._part is None:
            return None
        due = self._rate.start_ns(self._part.nth(self._fired))
        return due if due is not None and due < self._end_ns else None
