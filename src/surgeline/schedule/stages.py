"""Stages: how long to take to get to which target. Pure; shared by the rates and the users that ramp."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A straight line to `target` in `duration_ns`; a jump when that is 0."""

    duration_ns: int
    target: int


def length_ns(stages: Sequence[Stage]) -> int:
    """Return how long the stages take together."""
    return sum(stage.duration_ns for stage in stages)


def stage_at(stages: Sequence[Stage], t_ns: int) -> int:
    """Return which stage, counted from 0, is under way at `t_ns`; the last one after the end.

    A jump takes no time, so it is never the one under way unless it is the last.
    """
    end_ns = 0
    for index, stage in enumerate(stages):
        end_ns += stage.duration_ns
        if t_ns < end_ns:
            return index
    return len(stages) - 1


def corners(start: int, stages: Sequence[Stage]) -> list[tuple[int, int]]:
    """Return the line through all stages as (nanoseconds, value); a jump is two corners at one time."""
    line, t_ns = [(0, start)], 0
    for stage in stages:
        t_ns += stage.duration_ns
        line.append((t_ns, stage.target))
    return line
