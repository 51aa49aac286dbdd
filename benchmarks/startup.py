"""How long until something happens: the import of the package, and the first request of a command."""

import socket
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks.bench import PEERS, SCRIPTS, Bench, MeasurementError
from benchmarks.child import run_child, started
from benchmarks.report import Bar, Report, contenders_table, median_column
from benchmarks.rounds import Rounds, Sample, median, take_turns

STARTS = 10
IMPORT_LIMIT_MS = 100
FIRST_REQUEST_LIMIT_MS = 400
FIRST_REQUEST = "surgeline http"
BARE, IMPORTED = "python", "python, import surgeline"
_PATIENCE_SECONDS = 30


def measure(bench: Bench) -> Report:
    """Each start ten times, in turn."""
    rounds = take_turns(
        bench,
        {
            BARE: lambda: _python(bench, "pass"),
            IMPORTED: lambda: _python(bench, "import surgeline"),
            FIRST_REQUEST: lambda: _first_request(bench, lambda url: _surgeline(bench, "http", url, "-n", "1")),
            "surgeline run": lambda: _first_request(bench, lambda url: _run(bench, url)),
            "k6": lambda: _first_request(bench, lambda url: _k6(bench, url)),
            "locust": lambda: _first_request(bench, lambda url: _locust(bench, url)),
        },
        STARTS,
    )
    columns = (median_column("to its end ms", "end ms", 1), median_column("to its first request ms", "request ms", 1))
    title = f"from the start of the program, median of {STARTS}"
    return Report("startup", title, contenders_table(rounds, columns), _bars(rounds), rounds)


def _bars(rounds: Rounds) -> tuple[Bar, ...]:
    bare, imported = median(rounds, BARE, "end ms"), median(rounds, IMPORTED, "end ms")
    assert bare is not None
    assert imported is not None
    request = median(rounds, FIRST_REQUEST, "request ms")
    return (
        Bar("import surgeline, beyond bare Python", imported - bare, IMPORT_LIMIT_MS, "ms", digits=1),
        Bar(f"{FIRST_REQUEST}, to its first request", request, FIRST_REQUEST_LIMIT_MS, "ms", digits=1),
    )


def _python(bench: Bench, code: str) -> Sample:
    began = time.perf_counter()
    run_child([sys.executable, "-c", code], core=bench.generator_core, seconds=1)
    return {"end ms": (time.perf_counter() - began) * 1000}


def _first_request(bench: Bench, command: Callable[[str], list[str]]) -> Sample:
    """Time from the start until the first request has been read; then the program is killed."""
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryFile() as ignored:
        listener.settimeout(_PATIENCE_SECONDS)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        began = time.perf_counter()
        with started(command(url), core=bench.generator_core, output=ignored, errors=ignored):
            ended = _request_time(listener)
    return {"request ms": (ended - began) * 1000}


def _request_time(listener: socket.socket) -> float:
    """Return when a request had come. Raises MeasurementError when none comes."""
    try:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(_PATIENCE_SECONDS)
            connection.recv(65536)
            return time.perf_counter()
    except TimeoutError:
        raise MeasurementError(f"expected a request within {_PATIENCE_SECONDS} s, found none") from None


def _surgeline(bench: Bench, command: str, *arguments: str) -> list[str]:
    return [bench.tools["surgeline"], command, *arguments]


def _run(bench: Bench, url: str) -> list[str]:
    return _surgeline(bench, "run", str(SCRIPTS / "get.py"), "--base-url", url, "--vus", "1", "--iterations", "1")


def _k6(bench: Bench, url: str) -> list[str]:
    fixed = ["--quiet", "--no-usage-report", "--address", "", "-e", f"BASE_URL={url}"]
    return [bench.tools["k6"], "run", *fixed, "--vus", "1", "--iterations", "1", str(PEERS / "get.js")]


def _locust(bench: Bench, url: str) -> list[str]:
    fixed = ["--headless", "--skip-log", "--run-time", "5s", "--users", "1", "--host", url]
    return [bench.tools["locust"], *fixed, "--locustfile", str(PEERS / "locustfile.py"), "Get"]
