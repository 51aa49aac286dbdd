"""What it costs to write every sample to a file: processor time per request with `--out` and without, and k6's.

A scripted plain GET, 64 at a time, the generator with its writer on one core and nginx on another. The contenders take
turns; every line of `http_reqs` is counted, so that a file that holds less than was sent shows.

Run it: python -m benchmarks.samples [SECONDS [ROUNDS]]
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench import Bench, MissingError
from benchmarks.generators import k6, surgeline_run
from benchmarks.machine import describe, introduce, raise_file_limit, two_cores
from benchmarks.nginx import nginx
from benchmarks.report import contenders_table, median_column
from benchmarks.rounds import Contender, Rounds, Sample, ratio, take_turns
from benchmarks.throughput import CONNECTIONS
from benchmarks.tools import find_tools, versions

SECONDS = 4
ROUNDS = 5
COUNTED = b'{"metric":"http_reqs","type":"Point"'
KINDS = ("json", "csv")

COLUMNS = (
    median_column("requests/s", "rate"),
    median_column("CPU us/request", "cpu us", 1),
    median_column("peak MB", "peak MB", 1),
    median_column("bytes/request", "bytes"),
    median_column("requests not in the file", "missing"),
)


def main() -> None:
    """Measure and print. Raises MissingError without nginx or a second core."""
    seconds, rounds = (int(value) for value in (*sys.argv[1:], *(SECONDS, ROUNDS)[len(sys.argv) - 1 :]))
    tools = find_tools()
    introduce(describe() | versions(tools))
    if "nginx" not in tools:
        raise MissingError("nginx is missing")
    raise_file_limit()
    with ExitStack() as stack:
        server_core, generator_core = two_cores()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(nginx(tools["nginx"], core=server_core))
        bench = Bench(rounds, seconds, server_core, generator_core, url, tools, folder)
        report(take_turns(bench, contenders(bench)))


def contenders(bench: Bench) -> dict[str, Contender]:
    """Each generator without an output, and with each of the two."""
    generators: dict[str, tuple[Callable[..., Sample], str]] = {"surgeline": (surgeline_run, "get.py")}
    if "k6" in bench.tools:
        generators["k6"] = (k6, "get.js")
    found: dict[str, Contender] = {}
    for name, (run, script) in generators.items():
        found[name] = _without(bench, run, script)
        found |= {f"{name} --out {kind}": _with(bench, run, script, kind) for kind in KINDS}
    return found


def report(rounds: Rounds) -> None:
    """Medians, and what an output adds to a request."""
    print(f"\n{contenders_table(rounds, COLUMNS)}\n")
    for name in ("surgeline", "k6"):
        for kind in KINDS:
            more = ratio(rounds, f"{name} --out {kind}", name, "cpu us")
            if more is not None:
                print(f"{name} --out {kind}: {more:.2f} times the processor time of a request without it")
    for kind in KINDS:
        beside = ratio(rounds, f"surgeline --out {kind}", f"k6 --out {kind}", "cpu us")
        if beside is not None:
            print(f"surgeline --out {kind} takes {beside:.3f} times the processor time of k6 --out {kind}")


def _without(bench: Bench, run: Callable[..., Sample], script: str) -> Contender:
    settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds}
    return lambda: run(bench, script, settings, url=bench.url, seconds=bench.seconds)


def _with(bench: Bench, run: Callable[..., Sample], script: str, kind: str) -> Contender:
    settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds}
    file = bench.folder / f"samples.{kind}"

    def measure() -> Sample:
        more = ["--out", f"{kind}={file}"]
        try:
            sample = run(bench, script, settings, url=bench.url, seconds=bench.seconds, more=more)
            return sample | _written(file, int(sample["requests"]))
        finally:
            file.unlink(missing_ok=True)

    return measure


def _written(file: Path, requests: int) -> Sample:
    """How much of the file a request takes, and how many requests it does not have."""
    start = COUNTED if file.suffix == ".json" else b"http_reqs,"
    with file.open("rb") as lines:
        written = sum(line.startswith(start) for line in lines)
    return {"bytes": file.stat().st_size / requests, "missing": requests - written}


if __name__ == "__main__":
    main()
