"""Requests a second from one core, 64 at a time, beside those of wrk, h2load, k6 and Locust."""

from benchmarks.bench import Bench
from benchmarks.generators import h2load, k6, locust, surgeline_http, surgeline_run, wrk
from benchmarks.report import Bar, Report, contenders_table, median_column, ratio_column
from benchmarks.rounds import Rounds, Sample, ratio, take_turns

CONNECTIONS = 64
SCRIPTED = "surgeline run"
ONE_URL = "surgeline http"

COLUMNS = (
    median_column("requests/s", "rate"),
    ratio_column(SCRIPTED, "rate"),
    median_column("CPU us/request", "cpu us", 1),
    median_column("peak MB", "peak MB", 1),
)


def measure(bench: Bench) -> Report:
    """All contenders in turn."""
    rounds = take_turns(
        bench,
        {
            SCRIPTED: lambda: _ours(bench),
            ONE_URL: lambda: surgeline_http(bench, CONNECTIONS),
            "wrk": lambda: wrk(bench, CONNECTIONS),
            "h2load": lambda: h2load(bench, CONNECTIONS),
            "k6": lambda: _k6(bench),
            "locust": lambda: locust(bench, "Get", CONNECTIONS),
        },
    )
    title = f"plain GET, {CONNECTIONS} connections, the generator on one core and nginx on another"
    return Report("throughput", title, contenders_table(rounds, COLUMNS), _bars(rounds), rounds)


def _ours(bench: Bench) -> Sample:
    settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds}
    return surgeline_run(bench, "get.py", settings, url=bench.url, seconds=bench.seconds)


def _k6(bench: Bench) -> Sample:
    settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds}
    return k6(bench, "get.js", settings, url=bench.url, seconds=bench.seconds)


def _bars(rounds: Rounds) -> tuple[Bar, ...]:
    return (
        _bar(rounds, SCRIPTED, "wrk", 0.9),
        _bar(rounds, SCRIPTED, "k6", 4),
        _bar(rounds, SCRIPTED, "locust", 9),
        _bar(rounds, ONE_URL, "wrk", 1.0),
    )


def _bar(rounds: Rounds, ours: str, theirs: str, limit: float) -> Bar:
    return Bar(f"{ours}, of {theirs}", ratio(rounds, ours, theirs, "rate"), limit, "x", at_least=True)
