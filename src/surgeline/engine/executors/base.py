"""What an executor says of itself unless it knows better."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

from surgeline.schedule.duration import format_duration
from surgeline.schedule.share import Share
from surgeline.schedule.stages import Stage, length_ns, stage_at

NEVER_NS = 2**62
"""A time that does not come."""


class ExecutorBase:
    """The facts that most executors have none of. Each executor is a frozen dataclass of its options."""

    __slots__ = ()
    is_open = False
    """Does it decide itself when an iteration starts, whatever the users are doing?"""

    @property
    def planned_iterations(self) -> int | None:
        """Not known: it depends on how fast the system answers."""
        return None

    @property
    def planned_ns(self) -> int | None:
        """Not known: it depends on how fast the system answers."""
        return None

    def planned_for(self, share: Share) -> int | None:
        """Return how many iterations one worker will start; None when that depends on the system under test."""
        return None if self.planned_iterations is None else share.count(self.planned_iterations)

    def planned_between(self, start_ns: int, end_ns: int) -> int | None:  # noqa: ARG002 - for those who know
        """Return how many iterations are intended to start in a span of the scenario's time; None without a rate."""
        return None

    def seeded(self, seed: str) -> Self:  # noqa: ARG002 - for those who draw
        """Return the executor with what it draws at random settled."""
        return self

    def vus_over_time(self) -> list[tuple[int, int]] | None:
        """Return the number of users as the corners of its line, (nanoseconds, users); None when it is not planned."""
        return None

    def rate_over_time(self) -> list[tuple[int, float]] | None:
        """Return the rate as the corners of its line, (nanoseconds, starts per second); None without one."""
        return None

    def stage_at(self, t_ns: int) -> int | None:  # noqa: ARG002 - for those with stages
        """Return which stage, counted from 0, is under way at `t_ns` of the scenario's time; None without stages."""
        return None

    def options(self) -> dict[str, Any]:
        """Return the options under the names that scripts use, with durations as texts."""
        options = {}
        for one in fields(self):  # type: ignore[arg-type] # every executor is a dataclass
            if one.name != "seed":
                name = one.name.removesuffix("_ns")
                options[name] = _shown(getattr(self, one.name), is_duration=name != one.name)
        return options


class Staged(ExecutorBase):
    """An executor with stages."""

    __slots__ = ()
    stages: tuple[Stage, ...]

    @property
    def planned_ns(self) -> int | None:
        """All stages together."""
        return length_ns(self.stages)

    def stage_at(self, t_ns: int) -> int | None:
        """Return which stage, counted from 0, is under way; the last one after the end."""
        return stage_at(self.stages, t_ns)


def _shown(value: Any, *, is_duration: bool) -> Any:
    if is_duration and value is not None:
        return format_duration(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [(format_duration(stage.duration_ns), stage.target) for stage in value]
    return value
