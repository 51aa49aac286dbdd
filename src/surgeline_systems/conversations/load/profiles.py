"""How many users there are when: the profiles of the scenarios, each of which `DURATION` stretches or squeezes.

It must not know what the users do.
"""

from surgeline import SurgelineError, env
from surgeline_systems.conversations.load.recovery import Spike
from surgeline_systems.durations import seconds_of

DURATION = env("DURATION", "")

# Seconds, and how many users there are at the end of them.
Stages = tuple[tuple[float, int], ...]

LOAD: Stages = ((10, 10), (30, 10), (10, 0))
# A base, the spike, its hold, its end, and time to recover.
SPIKE: Stages = ((3, 1), (5, 50), (10, 50), (2, 1), (10, 1))
CONVERSATION: Stages = ((15, 20), (30, 20))


def stretched(stages: Stages) -> list[tuple[float, int]]:
    """The stages, so long that all of them together take `DURATION`, where it is given."""
    own = sum(seconds for seconds, _ in stages)
    return [(seconds * lasting(own) / own, users) for seconds, users in stages]


def lasting(own: float) -> float:
    """How long a scenario takes, in seconds: `DURATION`, else its own time. Raises: SurgelineError."""
    seconds = seconds_of("DURATION", DURATION) if DURATION else own
    if not seconds:
        raise SurgelineError(f"DURATION: expected a duration above 0, found {DURATION!r}")
    return seconds


def spike_of(stages: list[tuple[float, int]]) -> Spike:
    """When it begins, falls and has been over for long enough, by the stages of `SPIKE`."""
    base, rise, hold, fall, rest = (seconds for seconds, _ in stages)
    return Spike(begins=base, falls=base + rise + hold, ends=base + rise + hold + fall + rest)
