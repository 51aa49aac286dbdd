"""A long run against a server that answers one request of a hundred badly: memory and descriptors must stay flat, and
both sides must have counted the same.

Every ten seconds a line: what the process of the generator has resident and open, requests, and failures of each kind.
Growth is the slope of a straight line through the last two thirds of them, so that a single high value decides nothing.

Run it: python -m benchmarks.soak [--duration 30m] [--rate 5000]
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

import click

from benchmarks.bench import SCRIPTS, MeasurementError, MissingError
from benchmarks.child import accepts, launched_on, started
from benchmarks.faulty import FAULTS, ONE_IN, SLOW, WELL
from benchmarks.generators import Summary
from benchmarks.machine import describe, introduce, raise_file_limit, require_files, two_cores
from benchmarks.report import SHORT, Bar, bars_table, table
from benchmarks.tools import find_tools
from surgeline import ExitCode, SurgelineError
from surgeline.schedule.duration import parse_duration
from surgeline_systems.servers.launch import Launch, free_port

CODES: Mapping[str, int] = {"reset": 1220, "cut": 1221, "garbage": 1710, "unavailable": 1503, "silent": 1050}
"""The `error_code` that each fault must have become. A slow answer is none."""
MOST_MB = 2.0
MOST_DESCRIPTORS = 5.0
LEAST_SECONDS = 20
SETTLING = 1 / 3
"""The part of the run in which memory may still grow."""
_TIMEOUT_SECONDS = 5
_MARGIN_SECONDS = 60
_FIXED_FILES = 200

HEADERS = ("s", "memory MB", "descriptors", "requests", "failed", *CODES, "other")


@dataclass(frozen=True, slots=True)
class Line:
    """What the process came to at one moment, since its start."""

    seconds: float
    memory_mb: float
    descriptors: int
    requests: int
    failures: Mapping[str, int]
    """How many failed with each `error_code`."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked for, and what follows from it."""

    seconds: float
    rate: int

    @property
    def users(self) -> int:
        """So many that a fifth of a second may be lost without a start that is dropped."""
        return max(100, self.rate // 5)

    @property
    def every(self) -> float:
        """Seconds from line to line; less than ten in a run so short that it only shows that everything works."""
        return min(10.0, self.seconds / 20)


@click.command()
@click.option("--duration", default="30m", show_default=True, metavar="TIME", help="How long.")
@click.option("--rate", default=5_000, show_default=True, type=click.IntRange(1, 50_000), help="Requests a second.")
def main(duration: str, rate: int) -> None:
    """Load a faulty server for long.

    Exits with 1 when something grows, is miscounted or breaks, with 2 when nothing can be measured.
    """
    try:
        load = Load(parse_duration(duration, "--duration") / 1e9, rate)
        if load.seconds < LEAST_SECONDS:
            raise click.UsageError(f"--duration: expected at least {LEAST_SECONDS} s, found {duration!r}")
        introduce(describe())
        lines, client, server = _run(load)
        bars = (*growths(lines), _miscounted(client, server))
    except (MissingError, SurgelineError) as error:
        raise click.UsageError(str(error)) from None
    except MeasurementError as error:
        sys.exit(str(error))
    print(f"\n{_accounting(client, server)}\n\n{bars_table(bars)}")
    sys.exit(1 if any(bar.outcome == SHORT for bar in bars) else 0)


def _run(load: Load) -> tuple[list[Line], Summary, Mapping[str, int]]:
    """Run server and generator; return the lines, and what each side has counted."""
    raise_file_limit()
    require_files(load.users + _FIXED_FILES)
    server_core, core = two_cores()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        with launched_on(server_core, _launch(port, folder / "server.json")):
            print(f"{load.rate:,} requests/s for {load.seconds:,.0f} s, one of {ONE_IN} answered badly\n")
            lines = list(_generate(load, f"http://127.0.0.1:{port}", core, folder))
        return lines, Summary(folder / "summary.json"), json.loads((folder / "server.json").read_text())


def _generate(load: Load, url: str, core: int, folder: Path) -> Iterator[Line]:
    """Run the generator on a core; print and give each line as it is written."""
    meter = folder / "meter.jsonl"
    meter.touch()
    with (
        tempfile.TemporaryFile() as output,
        meter.open() as file,
        started(_command(load, url, folder), core=core, output=output, errors=output) as child,
    ):
        deadline = time.monotonic() + load.seconds + _MARGIN_SECONDS
        print(_in_columns(HEADERS))
        while _is_running(child, load.every / 4, deadline):
            for text in file:
                line = Line(**json.loads(text))
                print(_in_columns(_cells(line)), flush=True)
                yield line
        if child.returncode not in (ExitCode.PASSED, ExitCode.INCONCLUSIVE):
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2_000:]
            raise MeasurementError(f"surgeline ended with {child.returncode}:\n{tail}")


def _command(load: Load, url: str, folder: Path) -> list[str]:
    settings = {
        "SECONDS": load.seconds,
        "RATE": load.rate,
        "VUS": load.users,
        "TIMEOUT": _TIMEOUT_SECONDS,
        "EVERY": load.every,
        "METER": folder / "meter.jsonl",
        "CODES": ",".join(map(str, CODES.values())),
    }
    options = [option for key, value in settings.items() for option in ("-e", f"{key}={value}")]
    results = ["--summary-export", str(folder / "summary.json"), "--run-dir", str(folder / "runs")]
    program = find_tools().get("surgeline")
    if program is None:
        raise MissingError("surgeline is missing")
    return [program, "run", str(SCRIPTS / "soak.py"), "--base-url", url, "--quiet", *options, *results]


def _is_running(child: subprocess.Popen[bytes], seconds: float, deadline: float) -> bool:
    """Wait a while. Raises MeasurementError when it should have ended."""
    if time.monotonic() > deadline:
        raise MeasurementError(f"expected surgeline to end by itself, found it running {_MARGIN_SECONDS} s later")
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _launch(port: int, file: Path) -> Launch:
    return Launch(
        name="the faulty server",
        commands=[[sys.executable, str(Path(__file__).with_name("faulty.py")), str(port), str(file)]],
        ready=lambda: accepts(port),
        stop_signals=[signal.SIGTERM],
        grace_seconds=5,
    )


def growths(lines: Sequence[Line]) -> tuple[Bar, Bar]:
    """Judge by how much memory and descriptors have grown, by a straight line, since things have settled.

    Raises MeasurementError when there are too few lines for one.
    """
    settled = lines[round(len(lines) * SETTLING) :]
    if len(settled) < 3:
        raise MeasurementError(f"expected at least 3 lines of the last two thirds, found {len(settled)}")

    def growth(figure: Callable[[Line], float]) -> float:
        seconds = [line.seconds for line in settled]
        return linear_regression(seconds, [figure(line) for line in settled]).slope * (seconds[-1] - seconds[0])

    return (
        Bar("growth of memory, last two thirds", growth(lambda line: line.memory_mb), MOST_MB, "MB"),
        Bar("growth of descriptors, last two thirds", growth(lambda line: line.descriptors), MOST_DESCRIPTORS, ""),
    )


def _counts(client: Summary, server: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """What it is, how often the server did it, how often the client says so."""
    requests, failed = (int(client.get(*what)) for what in (("http_reqs", "count"), ("http_req_failed", "passes")))
    kinds = [
        (name, server.get(name, 0), int(client.get(f"http_reqs{{error_code:{code}}}", "count")))
        for name, code in CODES.items()
    ]
    good = sum(server.get(name, 0) for name in (WELL, *set(FAULTS) - set(CODES)))
    return [
        ("answered", good, requests - failed),
        *kinds,
        ("failed otherwise", 0, failed - sum(count for *_, count in kinds)),
        ("all", sum(server.values()), requests),
    ]


def _accounting(client: Summary, server: Mapping[str, int]) -> str:
    lines = [[name, f"{served:,}", f"{counted:,}"] for name, served, counted in _counts(client, server)]
    dropped = int(client.get("dropped_iterations", "count"))
    note = f"{server.get(SLOW, 0):,} of the answers were slow; {dropped:,} iterations were dropped"
    return f"{table(['requests', 'the server', 'the client'], lines)}\n{note}"


def _miscounted(client: Summary, server: Mapping[str, int]) -> Bar:
    off = max(abs(served - counted) for _, served, counted in _counts(client, server))
    return Bar("largest difference between client and server", off, 0, "requests", digits=0)


def _cells(line: Line) -> list[str]:
    failed = sum(line.failures.values())
    kinds = [line.failures.get(str(code), 0) for code in CODES.values()]
    counts = (line.descriptors, line.requests, failed, *kinds, failed - sum(kinds))
    return [f"{line.seconds:,.0f}", f"{line.memory_mb:,.2f}", *(f"{count:,}" for count in counts)]


def _in_columns(cells: Sequence[str]) -> str:
    return "  ".join(cell.rjust(max(len(header), 9)) for cell, header in zip(cells, HEADERS, strict=True))


if __name__ == "__main__":
    main()
