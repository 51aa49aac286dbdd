"""How fast the service's workers are: `MESSAGES` sent by `VUS` users as fast as they are accepted, then all delivered.

One run measures the workers that are there; the suite runs it at several numbers of them. The throughput counts from
the first message until the queue is empty, so it is that of accepting where accepting is the slower of the two.
"""

from time import monotonic
from typing import Any

from surgeline import VU, Gauge, abort, env, options, scenario, setup, shared_iterations, teardown, thresholds
from surgeline_systems.messages.load.message import LIMITS, Messages, base_url
from surgeline_systems.messages.seeds import users

DRAIN_SECONDS = env("DRAIN_SECONDS", 120)
LOOK_SECONDS = 0.05
MOST_SECONDS = 1.0
# Looking is work for the database, the more of it the more is left; no service delivers as many in so short a time.
SECONDS_PER_MESSAGE = 1 / 20_000
# Nothing is decided at the last moment: the wait ends before the time for set-up or tear-down does.
PATIENCE = f"{DRAIN_SECONDS + 10}s"

messages_per_second = Gauge("messages_per_second", unit="/s")
drain_seconds = Gauge("drain_seconds", unit="s")
messages_left = Gauge("messages_left")

thresholds({**LIMITS, "messages_left": ["value<1"]})
options(setup_timeout=PATIENCE, teardown_timeout=PATIENCE)

messages = Messages(users)
load = shared_iterations(vus=env("VUS", 50), iterations=env("MESSAGES", 4000))


@setup
async def begin(vu: VU) -> int:
    """How many messages were delivered before; those of others must not count as ours."""
    stats = await when_empty(vu)
    if left(stats):
        abort(f"expected an empty queue within {DRAIN_SECONDS} s, found {left(stats):,} messages in it")
    return int(stats["sent"])


@scenario(load, base_url=base_url())
async def worker_scaling(vu: VU) -> None:
    """One message, and the next one at once."""
    await messages.send(vu)


@teardown
async def measure(vu: VU) -> None:
    """Wait until all is delivered, and say how fast that was."""
    accepted_after = vu.elapsed
    stats = await when_empty(vu)
    messages_per_second.add((stats["sent"] - vu.data) / vu.elapsed)
    drain_seconds.add(vu.elapsed - accepted_after)
    messages_left.add(left(stats))


async def when_empty(vu: VU) -> dict[str, Any]:
    """What the service says of its queue once it is empty, or after `DRAIN_SECONDS`."""
    give_up = monotonic() + DRAIN_SECONDS
    stats = await look(vu)
    while left(stats) and monotonic() < give_up:
        await vu.sleep(min(max(LOOK_SECONDS, left(stats) * SECONDS_PER_MESSAGE), MOST_SECONDS))
        stats = await look(vu)
    return stats


async def look(vu: VU) -> dict[str, Any]:
    """What the service says of its queue."""
    response = await vu.http.get("/internal/messages/stats", name="stats")
    stats: dict[str, Any] = response.raise_for_status().json()
    return stats


def left(stats: dict[str, Any]) -> int:
    """Messages that are accepted and not delivered."""
    return int(stats["pending"] + stats["processing"])
