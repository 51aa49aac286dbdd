"""Notes when each iteration of a ramp starts, and writes that down at the end."""

import json
from pathlib import Path

from surgeline import VU, env, ramping_arrival_rate, scenario, teardown

STAGES = json.loads(env("STAGES", '[["5s", 5000], ["0s", 1000], ["3s", 1000], ["2s", 0]]'))
starts: list[float] = []


@scenario(ramping_arrival_rate(start_rate=0, stages=[(duration, target) for duration, target in STAGES]))
async def ramp(vu: VU) -> None:
    """Nothing but the start."""
    starts.append(vu.elapsed)


@teardown
def write() -> None:
    """Leave the starts where the benchmark finds them."""
    Path(env("STARTS", "starts.json")).write_text(json.dumps(starts))
