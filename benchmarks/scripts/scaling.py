"""A total rate of requests by any number of virtual users, and what one of them costs once all are connected.

The `meter` reads this process's processor time and the count of requests when everyone has had a first turn, and again
some seconds later; the difference goes to the file METER.
"""

import json
import time
from pathlib import Path

from surgeline import VU, constant_vus, env, scenario, shared_iterations, teardown

VUS = env("VUS", 64)
SECONDS = env("SECONDS", 4)
INTERVAL = VUS / env("RATE", 20_000)
WARM_UP = INTERVAL + 1
METER = env("METER", "")

answered = 0
measured: dict[str, float] = {}


@scenario(constant_vus(vus=VUS, duration=WARM_UP + SECONDS + 0.5), graceful_stop=0)
async def get_and_sleep(vu: VU) -> None:
    """One request, then sleep, half to one and a half intervals: users that sleep the same fall into step, and share
    wake-ups, the more so the fewer they are.
    """
    global answered  # noqa: PLW0603 - the scenarios of a script share its module
    if vu.iteration == 0:
        await vu.sleep(vu.random.random() * INTERVAL)
    await vu.http.get("/")
    answered += 1
    await vu.sleep(INTERVAL * (0.5 + vu.random.random()))


@scenario(shared_iterations(vus=1, iterations=1))
async def meter(vu: VU) -> None:
    """Measure the steady phase."""
    await vu.sleep(WARM_UP)
    before, cpu_before = answered, time.process_time()
    await vu.sleep(SECONDS)
    requests, cpu = answered - before, time.process_time() - cpu_before
    measured.update(requests=requests, cpu_seconds=cpu)


@teardown
def write() -> None:
    """Write the measurement down."""
    Path(METER).write_text(json.dumps(measured))
