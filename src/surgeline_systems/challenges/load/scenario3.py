"""Requests and events at once: `TARGET_RPS` and `TARGET_EPS` a second for `DURATION`."""

from surgeline import VU, constant_arrival_rate, env, scenario, thresholds
from surgeline_systems.challenges.load import events as told
from surgeline_systems.challenges.load import players as asked
from surgeline_systems.challenges.seeds import seeded_goals, users

DURATION = env("DURATION", "30m")

thresholds({**asked.LIMITS, **told.LIMITS, "dropped_iterations": ["count<1"]})

players, game = asked.Players(users, seeded_goals), told.Events(users)
requests = constant_arrival_rate(rate=env("TARGET_RPS", 50), duration=DURATION, pre_allocated_vus=50, max_vus=1_000)
arrivals = constant_arrival_rate(rate=env("TARGET_EPS", 100), duration=DURATION, pre_allocated_vus=50, max_vus=1_000)


@scenario(requests, base_url=asked.base_url())
async def api(vu: VU) -> None:
    """One request for each arrival."""
    await players.visit(vu)


@scenario(arrivals)
async def events(vu: VU) -> None:
    """One event for each arrival."""
    await game.happen(vu)
