"""Messages at a steady rate, for minutes: `TARGET_RPS` a second for `DURATION`."""

from surgeline import VU, constant_arrival_rate, env, scenario, thresholds
from surgeline_systems.messages.load.message import LIMITS, Messages, base_url
from surgeline_systems.messages.seeds import users

thresholds(LIMITS)

messages = Messages(users)
arrivals = constant_arrival_rate(
    rate=env("TARGET_RPS", 50),
    duration=env("DURATION", "5m"),
    pre_allocated_vus=20,
    max_vus=500,
)


@scenario(arrivals, base_url=base_url())
async def sustained(vu: VU) -> None:
    """One message for each arrival."""
    await messages.send(vu)
