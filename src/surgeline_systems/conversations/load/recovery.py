"""How long after a spike a service is as quick as it was before. Pure: times and durations in, seconds out.

It must not know the load, nor where its answers come from.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# A window is as quick as before when its p95 is at most so many times the p95 before the spike. Where answers took a
# few milliseconds, twice that is chance: nobody notices less than LEAST_MS.
MULTIPLE = 2.0
LEAST_MS = 50.0
WINDOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: when it was there, in seconds, and how long it took. One that failed took `math.inf`."""

    at: float
    ms: float


@dataclass(frozen=True, slots=True)
class Spike:
    """When the load began to rise, when it began to fall, and until when the service is watched. In seconds."""

    begins: float
    falls: float
    ends: float

    @property
    def watched(self) -> float:
        """How long a recovery is waited for; a round number, which a threshold can name."""
        return round(self.ends - self.falls, 3)


@dataclass(frozen=True, slots=True)
class Recovery:
    """How it went: `seconds` from the fall of the load; where the service did not recover, all that it was watched."""

    before_ms: float
    limit_ms: float
    seconds: float
    recovered: bool


def recovery(answers: Iterable[Answer], spike: Spike) -> Recovery | None:
    """The first window after the fall from which on all are as quick as before; None where nothing can be compared."""
    before, after = _around(answers, spike)
    if not before or not after or math.isinf(p95(before)):
        return None
    limit = max(MULTIPLE * p95(before), LEAST_MS)
    slow = [window for window, durations in after.items() if p95(durations) > limit]
    recovered = not slow or max(slow) < max(after)
    seconds = (max(slow) + 1) * WINDOW_SECONDS if slow else 0.0
    return Recovery(p95(before), limit, seconds if recovered else spike.watched, recovered)


def p95(durations: Sequence[float]) -> float:
    """The duration that 95 of 100 do not exceed: of fewer than twenty the longest."""
    return sorted(durations)[math.ceil(0.95 * len(durations)) - 1]


def _around(answers: Iterable[Answer], spike: Spike) -> tuple[list[float], dict[int, list[float]]]:
    """Durations before the spike, and those after it by window."""
    before: list[float] = []
    after: dict[int, list[float]] = defaultdict(list)
    for answer in answers:
        if answer.at < spike.begins:
            before.append(answer.ms)
        elif answer.at >= spike.falls:
            after[int((answer.at - spike.falls) / WINDOW_SECONDS)].append(answer.ms)
    return before, after
