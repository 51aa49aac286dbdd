"""Thirty minutes at 20,000 requests a second, in virtual time: what the run file and the memory come to.

Samples go into the cells of a registry, as an engine counts them, and each second ends as in a run: the file is what a
run of that length would leave. Nothing is sent. Run it: python -m benchmarks.run_file [SECONDS]
"""

import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Any

from surgeline.metrics import names
from surgeline.metrics.registry import Registry
from surgeline.result import RunFacts
from surgeline.store.reader import open_run
from surgeline.store.writer import RunFile

SECONDS = 1_800
PER_SECOND = 20_000
MOST_MB = 50
MOST_GROWTH_MB = 20
POOL = 20 * PER_SECOND
SLICE = 64
MOST_WAITING = 10
SCENARIO = {"scenario": "default"}
TAGS = {
    **SCENARIO,
    "method": "GET",
    "name": "/",
    "url": "/",
    "status": "200",
    "proto": "HTTP/1.1",
    "expected_response": "true",
}


def main() -> None:
    """Measure, print, and fail when a bar is missed."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        path, growth, busy = record(Path(folder), seconds)
        written = time.perf_counter() - began
        megabytes = path.stat().st_size / 1e6
        began = time.perf_counter()
        with open_run(path) as run:
            registry = run.registry()
        read = time.perf_counter() - began
    requests = registry.count(names.HTTP_REQS.name)
    assert requests == seconds * PER_SECOND, (
        f"expected {seconds * PER_SECOND:,} requests in the file, found {requests:,}"
    )
    print(f"{seconds:,} s of {PER_SECOND:,} requests/s: {requests:,.0f} requests, each a sample of 16 series")
    print(f"file {megabytes:.1f} MB (at most {MOST_MB}), {megabytes * 1e3 / seconds:.1f} kB a second")
    print(f"memory grew by {growth:.1f} MB after the first minute (at most {MOST_GROWTH_MB})")
    print(f"the load's own thread: {busy * 1e3 / seconds:.2f} ms a second")
    print(f"took {written:.1f} s to record and write, {read:.1f} s to read")
    if megabytes > MOST_MB or growth > MOST_GROWTH_MB:
        sys.exit("a bar was missed")


def record(folder: Path, seconds: int) -> tuple[Path, float, float]:
    """Write the file; return its path, by how many megabytes memory grew after the first minute, and how many seconds
    the thread of the load was kept busy."""
    file = RunFile(folder=folder)
    file.start(facts())
    registry = Registry()
    feed = feeder(registry)
    after_a_minute = busy = 0.0
    for second in range(seconds):
        if second == min(60, seconds // 2):
            after_a_minute = resident_mb()
        feed()
        registry.seconds = second + 1.0
        blocks = list(registry.rotation())
        began = time.thread_time()
        for start in range(0, len(blocks), SLICE):
            file.take(second, blocks[start : start + SLICE])
        file.end_second(second, registry.seconds)
        busy += time.thread_time() - began
        while file.waiting > MOST_WAITING:  # a run would give the thread that writes a hundred times as long
            time.sleep(0.001)
    growth = resident_mb() - after_a_minute
    file.finish(None)
    assert file.path is not None
    return file.path, growth, busy


def feeder(registry: Registry) -> Callable[[], None]:
    """Return what counts a second of requests of one endpoint, each the only one of its iteration."""
    choose = random.Random(1)
    trends = [
        (registry.cell(metric, TAGS if metric.name.startswith("http") else SCENARIO), pool)
        for metric, pool in pools().items()
    ]
    sums = [
        (registry.cell(names.HTTP_REQS, TAGS), PER_SECOND),
        (registry.cell(names.DATA_SENT, TAGS), PER_SECOND * 80),
        (registry.cell(names.DATA_RECEIVED, TAGS), PER_SECOND * 250),
        (registry.cell(names.ITERATIONS, SCENARIO), PER_SECOND),
    ]
    failed = registry.cell(names.HTTP_REQ_FAILED, TAGS)
    users = registry.cell(names.VUS, SCENARIO)

    def feed() -> None:
        start = choose.randrange(POOL - PER_SECOND)
        for cell, pool in trends:
            deque(map(cell.record, pool[start : start + PER_SECOND]), maxlen=0)
        for cell, amount in sums:
            cell.add(amount)
        deque(map(failed.add, [False] * PER_SECOND), maxlen=0)
        users.set(choose.randrange(40, 60))

    return feed


def pools() -> dict[Any, list[int]]:
    """Return many samples of each trend, in nanoseconds: answers around 2 ms, small work around some microseconds."""
    draw = random.Random(7)

    def spread(median_ns: float, sigma: float) -> list[int]:
        return [int(draw.lognormvariate(log(median_ns), sigma)) for _ in range(POOL)]

    waiting, sending, receiving = spread(2e6, 0.5), spread(6e3, 0.3), spread(4e3, 0.4)
    blocked, lateness, script = spread(800, 0.3), spread(5e3, 1.0), spread(20e3, 0.3)
    duration = add(waiting, sending, receiving)
    iteration = add(duration, script)
    return {
        names.HTTP_REQ_DURATION: duration,
        names.HTTP_REQ_RESPONSE_TIME: add(duration, blocked, lateness),
        names.HTTP_REQ_BLOCKED: blocked,
        names.HTTP_REQ_CONNECTING: [0] * POOL,
        names.HTTP_REQ_TLS_HANDSHAKING: [0] * POOL,
        names.HTTP_REQ_SENDING: sending,
        names.HTTP_REQ_WAITING: waiting,
        names.HTTP_REQ_RECEIVING: receiving,
        names.ITERATION_DURATION: iteration,
        names.ITERATION_LATENESS: lateness,
        names.ITERATION_RESPONSE_TIME: add(iteration, lateness),
    }


def add(*parts: Sequence[int]) -> list[int]:
    """Return the sums, sample by sample."""
    return [sum(values) for values in zip(*parts, strict=True)]


def facts() -> RunFacts:
    """Return the facts of a run without a script."""
    now = datetime.now(UTC)
    return RunFacts("benchmark", "run file", None, "", now, 1, {}, {}, (), (), print)


def resident_mb() -> float:
    """Return the memory of this process that is in use now."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1e3
    raise RuntimeError("expected VmRSS in /proc/self/status")


if __name__ == "__main__":
    main()
