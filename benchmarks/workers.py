"""Two workers on two cores beside one: a script that computes for 200 us before each request.

So much that the script, not the server, is the limit: nginx, on the first core, needs some microseconds for each. The
generator may use both cores, also where it is one process. They take turns. Beside them stands what the machine itself
gives: how much two programs that only count get done together, of what one does alone.

Run it: python -m benchmarks.workers [SECONDS [ROUNDS]]
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench import SCRIPTS, MissingError
from benchmarks.machine import describe, introduce, two_cores
from benchmarks.nginx import nginx
from benchmarks.tools import find_tools

SECONDS = 4
ROUNDS = 5
BAR = 1.7
COMPUTE_SECONDS = 200e-6
WORKERS = (1, 2)
_COUNTED = 200_000
_COUNT = """
import time
end, count = time.monotonic() + 1, 0
while time.monotonic() < end:
    count += 1
print(count)
"""


def main() -> None:
    """Measure, print, and fail when the bar is missed. Raises MissingError without nginx or a second core."""
    seconds, rounds = (int(value) for value in (*sys.argv[1:], *(SECONDS, ROUNDS)[len(sys.argv) - 1 :]))
    core, _ = two_cores()
    path = find_tools().get("nginx")
    if path is None:
        raise MissingError("nginx is missing")
    introduce(describe())
    work = turns_of(COMPUTE_SECONDS)
    print(f"{COMPUTE_SECONDS * 1e6:.0f} us are {work:,} turns of a loop")
    with nginx(path, core=core) as url:
        report(measure(url, work, seconds, rounds))


def turns_of(seconds: float) -> int:
    """How often the script's loop turns in so much processor time; the best of some counts."""
    fastest = min(_timed(_COUNTED) for _ in range(20))
    return round(_COUNTED * seconds / fastest)


def _timed(turns: int) -> float:
    began = time.process_time()
    for _ in range(turns):
        pass
    return time.process_time() - began


def measure(url: str, work: int, seconds: int, rounds: int) -> dict[int, list[float]]:
    """Requests per second of each number of workers in each round."""
    rates: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    for number in range(rounds):
        machine = sum(_counts(2)) / _counts(1)[0]
        for workers, its_rates in rates.items():
            its_rates.append(rate_of(url, workers, work, seconds))
        print(
            f"round {number + 1}: "
            + ", ".join(f"{name(workers)} {found[-1]:,.0f}/s" for workers, found in rates.items())
            + f"; ratio {rates[2][-1] / rates[1][-1]:.2f}, of the machine itself {machine:.2f}"
        )
    return rates


def _counts(programs: int) -> list[int]:
    """How far programs that do nothing else come in a second, side by side."""
    command = [sys.executable, "-c", _COUNT]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(programs)]
    return [int(one.communicate()[0]) for one in running]


def rate_of(url: str, workers: int, work: int, seconds: int) -> float:
    """Run the script once; requests per second. Exits when the run fails or a request did."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        options = [
            "--base-url",
            url,
            "--workers",
            str(workers),
            "--summary-export",
            str(summary),
            "--no-run-file",
            "-q",
        ]
        settings = ["-e", f"WORK={work}", "-e", f"SECONDS={seconds}"]
        command = [sys.executable, "-m", "surgeline", "run", str(SCRIPTS / "computing.py"), *options, *settings]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        metrics = json.loads(summary.read_text())["metrics"]
    if metrics["http_req_failed"]["values"]["rate"]:
        sys.exit("expected requests that all succeed")
    return float(metrics["http_reqs"]["values"]["rate"])


def report(rates: dict[int, list[float]]) -> None:
    """Medians, and the ratio of each round."""
    for workers, found in rates.items():
        print(f"{name(workers):<10} median {statistics.median(found):,.0f} requests/s")
    ratios = [two / one for one, two in zip(*rates.values(), strict=True)]
    ratio = statistics.median(ratios)
    print(f"two workers make {ratio:.2f} times the requests of one ({min(ratios):.2f} to {max(ratios):.2f})")
    if ratio < BAR:
        sys.exit(f"expected at least {BAR} times, found {ratio:.2f}")


def name(workers: int) -> str:
    """Say how many."""
    return "1 worker" if workers == 1 else f"{workers} workers"


if __name__ == "__main__":
    main()
