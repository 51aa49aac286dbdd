"""Requests alone: `TARGET_RPS` a second for `DURATION`."""

from surgeline import VU, constant_arrival_rate, env, scenario, thresholds
from surgeline_systems.challenges.load.players import LIMITS, Players, base_url
from surgeline_systems.challenges.seeds import seeded_goals, users

thresholds({**LIMITS, "dropped_iterations": ["count<1"]})

players = Players(users, seeded_goals)
arrivals = constant_arrival_rate(
    rate=env("TARGET_RPS", 50), duration=env("DURATION", "30m"), pre_allocated_vus=50, max_vus=1_000
)


@scenario(arrivals, base_url=base_url())
async def api(vu: VU) -> None:
    """One request for each arrival."""
    await players.visit(vu)
