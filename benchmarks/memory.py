"""Peak memory of two thousand virtual users that sleep a second between their requests, beside k6 and Locust."""

from benchmarks.bench import Bench
from benchmarks.generators import k6, locust, surgeline_run
from benchmarks.report import Bar, Report, contenders_table, median_column, ratio_column
from benchmarks.rounds import median, take_turns
from benchmarks.throughput import SCRIPTED

USERS = 2_000
MOST_MB = 60

COLUMNS = (
    median_column("peak MB", "peak MB", 1),
    ratio_column(SCRIPTED, "peak MB"),
    median_column("requests/s", "rate"),
    median_column("CPU us/request", "cpu us", 1),
)


def measure(bench: Bench) -> Report:
    """All contenders in turn."""
    settings = {"VUS": USERS, "SECONDS": bench.seconds}
    rounds = take_turns(
        bench,
        {
            SCRIPTED: lambda: surgeline_run(bench, "sleep.py", settings, url=bench.url, seconds=bench.seconds),
            "k6": lambda: k6(bench, "sleep.js", settings, url=bench.url, seconds=bench.seconds),
            "locust": lambda: locust(bench, "GetAndSleep", USERS),
        },
    )
    bar = Bar("peak memory", median(rounds, SCRIPTED, "peak MB"), MOST_MB, "MB", digits=1)
    title = f"{USERS:,} virtual users, one request a second each"
    return Report("memory", title, contenders_table(rounds, COLUMNS), (bar,), rounds)
