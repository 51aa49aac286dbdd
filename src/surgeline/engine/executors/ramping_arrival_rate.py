"""Starts at a rate that goes from target to target, whatever the system does. k6's `ramping-arrival-rate`."""

from dataclasses import dataclass

from surgeline.engine.executors.arrivals import ArrivalRate, Process
from surgeline.engine.executors.base import Staged
from surgeline.engine.executors.wording import count_of, process_of, rate_of
from surgeline.schedule.duration import format_duration
from surgeline.schedule.ramping_rate import RampingRate
from surgeline.schedule.stages import Stage, length_ns


@dataclass(frozen=True, slots=True)
class RampingArrivalRate(Staged, ArrivalRate):
    """From `start_rate` through `stages` of rates, each for `time_unit_ns`."""

    start_rate: int
    time_unit_ns: int
    stages: tuple[Stage, ...]
    pre_allocated_vus: int
    max_vus: int
    arrivals: Process = "constant"
    seed: str | None = None

    @property
    def schedule(self) -> RampingRate:
        """When each iteration starts, or, of a Poisson process, how often."""
        return RampingRate(self.start_rate, self.time_unit_ns, self.stages)

    def describe(self) -> str:
        """Say it in a few words."""
        peak = max(self.start_rate, *(stage.target for stage in self.stages))
        rate, most = rate_of(peak, self.time_unit_ns), count_of(self.max_vus, "virtual user")
        time, stages = format_duration(length_ns(self.stages)), count_of(len(self.stages), "stage")
        return f"up to {rate}{process_of(self.arrivals)} over {time} in {stages} (at most {most})"
