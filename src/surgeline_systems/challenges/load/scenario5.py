"""From an event to where a user sees it: `TARGET_EPS` events a second for `DURATION`, and some that are looked for.

`TRACKED_EPS` events a second are of users who have never played. Their challenges are asked for until they show it.
"""

import asyncio
from uuid import uuid4

from surgeline import VU, Flow, check, constant_arrival_rate, env, scenario, thresholds
from surgeline_systems.challenges.load.events import LIMITS, Events
from surgeline_systems.challenges.load.players import CHALLENGES, base_url, bearer, token_of
from surgeline_systems.challenges.seeds import users

DURATION = env("DURATION", "5m")
STATISTIC = "matches_won"
# The oldest are looked for first; more at once would be a load of their own.
MOST_LOOKS = 20

thresholds(
    {
        **LIMITS,
        "dropped_iterations": ["count<1"],
        # A flush begins every second, and takes a part of one.
        "flow_duration{flow:event_to_visible}": ["p(95)<2000"],
        "flow_lost{flow:event_to_visible}": ["count<1"],
    }
)

game = Events(users)
flow = Flow("event_to_visible", timeout="20s")
arrivals = constant_arrival_rate(rate=env("TARGET_EPS", 1_000), duration=DURATION, pre_allocated_vus=50, max_vus=1_000)
looked_for = constant_arrival_rate(rate=env("TRACKED_EPS", 5), duration=DURATION, pre_allocated_vus=5, max_vus=100)


@scenario(looked_for, base_url=base_url())
async def tracked(vu: VU) -> None:
    """An event that is looked for."""
    user_id = str(uuid4())
    flow.started(user_id)
    response = await game.reach(vu, user_id, STATISTIC, 5)
    if not check(response, {"event: acknowledged": response.ok}):
        flow.cancelled(user_id)


@scenario(arrivals)
async def events(vu: VU) -> None:
    """One event for each arrival."""
    await game.happen(vu)


@flow.watch(every="100ms")
async def visible(vu: VU, waiting: list[str]) -> list[str]:
    """The users who see what they have reached."""
    asked = waiting[:MOST_LOOKS]
    seen = await asyncio.gather(*(is_seen(vu, user_id) for user_id in asked))
    return [user_id for user_id, is_there in zip(asked, seen, strict=True) if is_there]


async def is_seen(vu: VU, user_id: str) -> bool:
    """Do the challenges of this user show any progress?"""
    response = await vu.http.get(CHALLENGES, headers=bearer(token_of(user_id)), name="look")
    return response.ok and b'"progress":5,' in response.body
