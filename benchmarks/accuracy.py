"""Are the percentiles true? `http_req_duration` beside what a server with known delays measured of the same requests.

Both sides use the same percentiles, interpolated between ranks as k6 does, and must have counted the same requests.
"""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import Bench, MeasurementError
from benchmarks.child import accepts, launched_on
from benchmarks.generators import k6, surgeline_run
from benchmarks.known_delays import SHAPES
from benchmarks.machine import late_wakeups
from benchmarks.report import Bar, Report, table
from benchmarks.rounds import Rounds, Sample, median, take_turns
from benchmarks.throughput import SCRIPTED
from surgeline_systems.servers.launch import Launch, free_port

RATE = 500
LEAST_SECONDS = 8
ALLOWED_MS = 0.1
ALLOWED_SHARE = 0.01
PERCENTILES = {"p50": ("med", 0.5), "p90": ("p(90)", 0.9), "p99": ("p(99)", 0.99), "p99.9": ("p(99.9)", 0.999)}
_SERVER_PATIENCE_SECONDS = 90

Generator = Callable[[str], Sample]
"""Loads a URL."""


def measure(bench: Bench) -> Report:
    """Ours and k6's figures for each shape, in turn."""
    seconds = max(LEAST_SECONDS, bench.seconds)
    settings = {"RATE": RATE, "SECONDS": seconds}

    def ours(url: str) -> Sample:
        return surgeline_run(bench, "arrival_rate.py", settings, url=url, seconds=seconds)

    def theirs(url: str) -> Sample:
        return k6(bench, "arrival_rate.js", settings, url=url, seconds=seconds)

    rounds: Rounds = {}
    for shape in SHAPES:
        contenders = {SCRIPTED: _compared(bench, shape, ours), "k6": _compared(bench, shape, theirs)}
        for name, samples in take_turns(bench, contenders).items():
            rounds[f"{shape}, {name}"] = samples
    title = f"percentiles of http_req_duration at {RATE}/s for {seconds} s, beside what the server measured itself"
    late = late_wakeups(bench.generator_core)
    note = (
        f"a program that only sleeps woke {late[len(late) * 99 // 100] * 1000:,.0f} us late at p99 and "
        f"{late[len(late) * 999 // 1000] * 1000:,.0f} us at p99.9 on the generator's core: so far it is the machine"
    )
    bars = tuple(_bar(rounds, shape) for shape in SHAPES)
    return Report("accuracy", title, f"{_table(rounds)}\n{note}", bars, rounds)


def _compared(bench: Bench, shape: str, generator: Generator) -> Callable[[], Sample]:
    return lambda: _compare(bench, shape, generator)


def _compare(bench: Bench, shape: str, generator: Generator) -> Sample:
    """Load the server, and put its percentiles and the differences beside the generator's."""
    file = bench.folder / "known_delays.json"
    port = free_port()
    with launched_on(bench.server_core, _launch(shape, port, file)):
        sample = generator(f"http://127.0.0.1:{port}")
    truth = json.loads(file.read_text())
    ordered = sorted(truth["taken_ns"])
    if len(ordered) != sample["requests"]:
        raise MeasurementError(
            f"expected {len(ordered):,} requests, as the server had, found {sample['requests']:,.0f}"
        )
    for name, (stat, fraction) in PERCENTILES.items():
        served = percentile(ordered, fraction) / 1e6
        sample[f"{name} served ms"] = served
        sample[f"{name} off ms"] = sample[f"{stat} ms"] - served
        sample[f"{name} of allowed"] = abs(sample[f"{name} off ms"]) / max(ALLOWED_MS, ALLOWED_SHARE * served)
    return sample


def percentile(ordered: list[int], fraction: float) -> float:
    """Return a percentile, interpolated between the two nearest ranks."""
    position = fraction * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def _launch(shape: str, port: int, file: Path) -> Launch:
    script = str(Path(__file__).with_name("known_delays.py"))
    return Launch(
        name="the server with known delays",
        commands=[[sys.executable, script, shape, str(port), str(_SERVER_PATIENCE_SECONDS), str(file)]],
        ready=lambda: accepts(port),
        stop_signals=[signal.SIGTERM],
        grace_seconds=5,
    )


def _table(rounds: Rounds) -> str:
    lines = []
    for contender in rounds:
        for name in PERCENTILES:
            served, off = median(rounds, contender, f"{name} served ms"), median(rounds, contender, f"{name} off ms")
            assert served is not None
            assert off is not None
            allowed = max(ALLOWED_MS, ALLOWED_SHARE * served)
            lines.append([contender, name, f"{served:,.3f}", f"{off * 1000:+,.0f}", f"{allowed * 1000:,.0f}"])
    return table(["median of rounds", "", "served ms", "off by us", "allowed us"], lines, names=2)


def _bar(rounds: Rounds, shape: str) -> Bar:
    """The worst of the percentiles, each the median of its rounds."""
    shares = [median(rounds, f"{shape}, {SCRIPTED}", f"{name} of allowed") for name in PERCENTILES]
    worst = max(share for share in shares if share is not None)
    return Bar(f"{shape}: worst of {', '.join(PERCENTILES)}, of the 1 % or 100 us allowed", worst, 1, "x")
