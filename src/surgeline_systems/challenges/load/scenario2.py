"""Events alone: `TARGET_EPS` a second for `DURATION`."""

from surgeline import VU, constant_arrival_rate, env, scenario, thresholds
from surgeline_systems.challenges.load.events import LIMITS, Events
from surgeline_systems.challenges.seeds import users

thresholds({**LIMITS, "dropped_iterations": ["count<1"]})

game = Events(users)
arrivals = constant_arrival_rate(
    rate=env("TARGET_EPS", 100), duration=env("DURATION", "30m"), pre_allocated_vus=50, max_vus=1_000
)


@scenario(arrivals)
async def events(vu: VU) -> None:
    """One event for each arrival."""
    await game.happen(vu)
