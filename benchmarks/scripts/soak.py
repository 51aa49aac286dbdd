"""A POST at a constant arrival rate, and what this process comes to meanwhile: a line of JSON to METER every EVERY s.

A POST, for a GET that is cut off on a kept connection is sent again without a word, and could not be counted. Every
user connects before the load begins, so that connections that are needed later do not look like descriptors that leak.
"""

import json
import os
from collections import Counter
from pathlib import Path

from surgeline import VU, Response, constant_arrival_rate, constant_vus, env, scenario, thresholds, vu_start

DURATION = env("SECONDS", 60.0)
RATE = env("RATE", 5_000)
VUS = env("VUS", 1_000)
TIMEOUT = env("TIMEOUT", 5.0)
EVERY = env("EVERY", 10.0)
METER = env("METER", "")
CODES = env("CODES", "")

# What a threshold selects stands in the summary as a metric of its own: so every kind of failure is counted there.
thresholds({f"http_reqs{{error_code:{code}}}": ["count>=0"] for code in CODES.split(",") if code})

requests = 0
failures: Counter[int] = Counter()


@vu_start
async def connect(vu: VU) -> None:
    """The first request of each user."""
    if vu.scenario == "post":
        await send(vu)


@scenario(constant_arrival_rate(rate=RATE, duration=DURATION, pre_allocated_vus=VUS, max_vus=VUS))
async def post(vu: VU) -> None:
    """One request."""
    await send(vu)


async def send(vu: VU) -> None:
    """Send it, and count what came of it."""
    global requests  # noqa: PLW0603 - the scenarios of a script share its module
    response: Response = await vu.http.post("/", json={"number": vu.iteration}, timeout=TIMEOUT)
    requests += 1
    if not response.ok:
        failures[response.error_code] += 1


@scenario(constant_vus(vus=1, duration=DURATION), graceful_stop=0)
async def meter(vu: VU) -> None:
    """Wait, and write one line down."""
    await vu.sleep(EVERY)
    write_line(vu.elapsed)


def write_line(seconds: float) -> None:
    """Say what this process has come to."""
    line = {
        "seconds": seconds,
        "memory_mb": resident_mb(),
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - the folder's own descriptor is closed at once
        "requests": requests,
        "failures": failures,
    }
    with Path(METER).open("a") as file:
        file.write(json.dumps(line) + "\n")


def resident_mb() -> float:
    """Return the memory of this process that is resident now, in millions of bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
