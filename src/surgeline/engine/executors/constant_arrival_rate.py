"""Starts at a constant rate, whatever the system under test does. k6's `constant-arrival-rate`."""

from dataclasses import dataclass

from surgeline.engine.executors.arrivals import ArrivalRate, Process
from surgeline.engine.executors.wording import count_of, process_of, rate_of
from surgeline.schedule.constant_rate import ConstantRate
from surgeline.schedule.duration import format_duration


@dataclass(frozen=True, slots=True)
class ConstantArrivalRate(ArrivalRate):
    """`rate` starts for each `time_unit_ns` over `duration_ns`, by `pre_allocated_vus` users and at most `max_vus`."""

    rate: int
    time_unit_ns: int
    duration_ns: int
    pre_allocated_vus: int
    max_vus: int
    arrivals: Process = "constant"
    seed: str | None = None

    @property
    def schedule(self) -> ConstantRate:
        """When each iteration starts, or, of a Poisson process, how often."""
        return ConstantRate(self.rate, self.time_unit_ns, self.duration_ns)

    @property
    def planned_ns(self) -> int | None:
        """The duration."""
        return self.duration_ns

    def describe(self) -> str:
        """Say it in a few words."""
        rate, most = rate_of(self.rate, self.time_unit_ns), count_of(self.max_vus, "virtual user")
        return f"{rate}{process_of(self.arrivals)} for {format_duration(self.duration_ns)} (at most {most})"
