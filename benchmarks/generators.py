"""How each load generator is called, and how what it says is read: every call gives one sample.

surgeline and k6 write the same summary, so that the same function reads both. A run with failed requests gives no
figure: it raises MeasurementError.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.bench import PEERS, SCRIPTS, Bench, MeasurementError
from benchmarks.child import Ended, run_child
from benchmarks.rounds import Sample

TREND_STATS = "med,p(90),p(95),p(99),p(99.9),max"
_NO_TREND: Mapping[str, float] = {}


class Counted(NamedTuple):
    """The metrics that both tools count what they send by."""

    count: str
    failed: str
    duration: str


HTTP = Counted("http_reqs", "http_req_failed", "http_req_duration")
GRPC = Counted("iterations", "grpc_req_failed", "grpc_req_duration")
"""k6 counts no calls: the scripts make one in each iteration, and check its status."""


class Summary:
    """The summary of a run in the shape of k6's `handleSummary` data."""

    def __init__(self, path: Path) -> None:
        self._metrics: dict[str, Any] = json.loads(path.read_text())["metrics"]

    def get(self, metric: str, stat: str) -> float:
        """Return a statistic; 0 for a metric without samples, as `dropped_iterations` should be."""
        return float(self._metrics.get(metric, {}).get("values", _NO_TREND).get(stat, 0))


def surgeline_run(
    bench: Bench,
    script: str,
    settings: Mapping[str, object],
    *,
    url: str,
    seconds: float,
    more: Sequence[str] = (),
    counted: Counted = HTTP,
) -> Sample:
    """Run one of our scripts; `settings` are the values of its `env()`, `more` are options of the command."""
    options = [option for key, value in settings.items() for option in ("-e", f"{key}={value}")]
    return _surgeline(bench, ["run", str(SCRIPTS / script), "--base-url", url, *options, *more], seconds, counted)


def surgeline_http(bench: Bench, connections: int, *, path: str = "/", more: Sequence[str] = ()) -> Sample:
    """`surgeline http`, in the closed model; `more` are options of the command."""
    command = ["http", f"{bench.url}{path}", "-c", str(connections), "-d", f"{bench.seconds}s", *more]
    return _surgeline(bench, command, bench.seconds)


def k6(
    bench: Bench,
    script: str,
    settings: Mapping[str, object],
    *,
    url: str,
    seconds: float,
    more: Sequence[str] = (),
    counted: Counted = HTTP,
) -> Sample:
    """Run one of the k6 scripts; `settings` are the values of its `__ENV`, `more` are options of the command."""
    path = _summary_path(bench)
    everything = {**settings, "BASE_URL": url, "SUMMARY": path, "K6_NO_USAGE_REPORT": "true"}
    options = [option for key, value in everything.items() for option in ("-e", f"{key}={value}")]
    fixed = ["--quiet", "--no-usage-report", "--address", "", "--summary-trend-stats", TREND_STATS]
    command = [bench.tools["k6"], "run", *fixed, *options, *more, str(PEERS / script)]
    return _summed_up(run_child(command, core=bench.generator_core, seconds=seconds), path, counted)


def locust(bench: Bench, user: str, users: int) -> Sample:
    """Run one of the user classes of the locustfile."""
    count = ["--users", str(users), "--spawn-rate", str(users), "--run-time", f"{bench.seconds}s"]
    fixed = ["--headless", "--only-summary", "--skip-log", "--json", "--locustfile", str(PEERS / "locustfile.py")]
    command = [bench.tools["locust"], *fixed, *count, "--host", bench.url, user]
    ended = run_child(command, core=bench.generator_core, seconds=bench.seconds)
    (entry,) = json.loads(ended.output[ended.output.index("[") :])
    _refuse_failures("locust", entry["num_failures"], entry["num_requests"])
    seconds = entry["last_request_timestamp"] - entry["start_time"]
    return _sample(ended, entry["num_requests"], entry["num_requests"] / seconds)


def wrk(bench: Bench, connections: int, *, path: str = "/") -> Sample:
    """wrk on one thread."""
    command = [bench.tools["wrk"], "-t1", f"-c{connections}", f"-d{bench.seconds}s", f"{bench.url}{path}"]
    ended = run_child(command, core=bench.generator_core, seconds=bench.seconds)
    if "Non-2xx" in ended.output or "Socket errors" in ended.output:
        raise MeasurementError(f"wrk had failed requests:\n{ended.output}")
    requests = int(_found(r"(\d+) requests in", ended.output))
    return _sample(ended, requests, float(_found(r"Requests/sec:\s+([\d.]+)", ended.output)))


def h2load(bench: Bench, connections: int) -> Sample:
    """h2load on one thread, with HTTP/1.1."""
    fixed = ["--h1", "-t1", f"-c{connections}", f"-D{bench.seconds}"]
    command = [bench.tools["h2load"], *fixed, f"{bench.url}/"]
    ended = run_child(command, core=bench.generator_core, seconds=bench.seconds)
    requests = int(_found(r"(\d+) succeeded", ended.output))
    _refuse_failures("h2load", int(_found(r"(\d+) failed", ended.output)), requests)
    return _sample(ended, requests, float(_found(r"([\d.]+) req/s", ended.output)))


def _surgeline(bench: Bench, command: list[str], seconds: float, counted: Counted = HTTP) -> Sample:
    path = _summary_path(bench)
    results = ["--summary-export", str(path), "--run-dir", str(bench.folder)]
    fixed = ["--quiet", "--summary-trend-stats", TREND_STATS, *results]
    ended = run_child([bench.tools["surgeline"], *command, *fixed], core=bench.generator_core, seconds=seconds)
    return _summed_up(ended, path, counted)


def _summary_path(bench: Bench) -> Path:
    return bench.folder / f"{uuid.uuid4()}.json"


def _summed_up(ended: Ended, path: Path, counted: Counted) -> Sample:
    """Return the sample of a run that wrote a summary. Checks, where there are any, must have passed too."""
    summary = Summary(path)
    requests = int(summary.get(counted.count, "count"))
    _refuse_failures("the run", int(summary.get(counted.failed, "passes")), requests)
    _refuse_failures("the run's checks", int(summary.get("checks", "fails")), requests)
    latency = {f"{stat} ms": summary.get(counted.duration, stat) for stat in TREND_STATS.split(",")}
    lateness = {"lateness p(99) us": summary.get("iteration_lateness", "p(99)") * 1000}
    counts = {"dropped": summary.get("dropped_iterations", "count"), "iterations": summary.get("iterations", "count")}
    return _sample(ended, requests, summary.get(counted.count, "rate")) | latency | lateness | counts


def _sample(ended: Ended, requests: int, rate: float) -> Sample:
    if not requests:
        raise MeasurementError(f"expected requests, found none:\n{ended.output}")
    peak = {} if ended.peak_mb is None else {"peak MB": ended.peak_mb}
    return {"requests": requests, "rate": rate, "cpu us": ended.cpu_seconds / requests * 1e6} | peak


def _refuse_failures(who: str, failed: int, requests: int) -> None:
    if failed:
        raise MeasurementError(f"{who}: expected no failures, found {failed:,} beside {requests:,} requests")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise MeasurementError(f"expected {pattern!r} in:\n{text}")
    return match.group(1)
