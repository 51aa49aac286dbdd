"""The starts of a ramping arrival rate against the exact integral of the rate, up to 5,000 a second.

The script notes the clock itself at each start; when each was due is computed here from the stages, by fractions, and
not by the schedule under test. Beside it stands how late a program wakes on the same core that does nothing but sleep:
what the machine adds.

Run it: python -m benchmarks.ramping [ROUNDS]
"""

import json
import math
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from benchmarks.bench import SCRIPTS
from benchmarks.machine import describe, introduce, late_wakeups, pinned, two_cores

STAGES = ((5, 5000), (0, 1000), (3, 1000), (2, 0))
"""Seconds and target: a ramp up, a jump, a plateau, a ramp down."""
ROUNDS = 3
LIMIT_MS = 1.0


def main() -> None:
    """Measure and print; fail when a start is missing, or further off than the machine alone explains."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    _, core = two_cores()
    introduce(describe())
    due = due_times()
    far_off = 0
    for number in range(rounds):
        starts = run(core)
        if len(starts) != len(due):
            sys.exit(f"expected {len(due):,} starts, found {len(starts):,}")
        off = sorted(abs(start - at) * 1000 for start, at in zip(starts, due, strict=True))
        far_off += (over := sum(one > LIMIT_MS for one in off))
        machine = late_wakeups(core)
        print(
            f"round {number + 1}: {len(starts):,} of {len(due):,} starts; off by p50 {_at(off, 0.5):.3f}, "
            f"p99 {_at(off, 0.99):.3f}, p99.9 {_at(off, 0.999):.3f}, max {off[-1]:.3f} ms; {over:,} by more than "
            f"{LIMIT_MS:g} ms; a sleeping program wakes late by p99 {_at(machine, 0.99):.3f}, max {machine[-1]:.3f} ms"
        )
    if far_off:
        sys.exit(f"expected no start off by more than {LIMIT_MS:g} ms, found {far_off:,}")


def due_times() -> list[float]:
    """When the integral of the rate reaches 1, 2, 3 and so on, in seconds."""
    times: list[float] = []
    area, began, rate = Fraction(0), 0, 0
    for seconds, target in STAGES:
        end = area + Fraction((rate + target) * seconds, 2)
        slope = Fraction(target - rate, seconds) if seconds else Fraction(0)
        times += [began + _root(slope, rate, k - area) for k in range(len(times) + 1, math.floor(end) + 1)]
        area, began, rate = end, began + seconds, target
    return times


def _root(slope: Fraction, rate: int, area: Fraction) -> float:
    """Solve rate * x + slope * x^2 / 2 = area."""
    if not slope:
        return float(area / rate)
    return (math.sqrt(max(Fraction(0), rate * rate + 2 * slope * area)) - rate) / float(slope)


def run(core: int) -> list[float]:
    """Run the script; when each iteration started."""
    with tempfile.TemporaryDirectory() as folder, pinned(core):
        path = Path(folder) / "starts.json"
        stages = json.dumps([[f"{seconds}s", target] for seconds, target in STAGES])
        settings = ["-e", f"STAGES={stages}", "-e", f"STARTS={path}", "--no-run-file", "-q"]
        command = [sys.executable, "-m", "surgeline", "run", str(SCRIPTS / "ramping.py"), *settings]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return list(json.loads(path.read_text()))


def _at(values: list[float], fraction: float) -> float:
    return values[int(fraction * (len(values) - 1))]


if __name__ == "__main__":
    main()
