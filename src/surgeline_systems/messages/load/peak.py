"""The peak of the day: up to `PEAK_RPS` messages a second within `RAMP`, there for `DURATION`, and down again."""

from surgeline import VU, env, ramping_arrival_rate, scenario, thresholds
from surgeline_systems.messages.load.message import LIMITS, Messages, base_url
from surgeline_systems.messages.seeds import users

thresholds(LIMITS)

messages = Messages(users)
top = env("PEAK_RPS", 120)
ramp = env("RAMP", "30s")
arrivals = ramping_arrival_rate(
    stages=[(ramp, top), (env("DURATION", "2m"), top), (ramp, 0)],
    pre_allocated_vus=20,
    max_vus=500,
)


@scenario(arrivals, base_url=base_url())
async def peak(vu: VU) -> None:
    """One message for each arrival."""
    await messages.send(vu)
