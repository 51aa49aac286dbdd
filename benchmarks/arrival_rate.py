"""Ten thousand starts a second, on time: what is dropped, how late the starts are, and k6 at the same rate."""

from benchmarks.bench import Bench
from benchmarks.generators import k6, surgeline_run
from benchmarks.report import Bar, Report, contenders_table, median_column
from benchmarks.rounds import Rounds, median, take_turns
from benchmarks.throughput import SCRIPTED

RATE = 10_000
LATENESS_P99_US = 200

COLUMNS = (
    median_column("requests/s", "rate"),
    median_column("dropped", "dropped"),
    median_column("lateness p99 us", "lateness p(99) us", 1),
    median_column("p50 ms", "med ms", 3),
    median_column("p95 ms", "p(95) ms", 3),
    median_column("CPU us/request", "cpu us", 1),
    median_column("peak MB", "peak MB", 1),
)


def measure(bench: Bench) -> Report:
    """Both in turn."""
    settings = {"RATE": RATE, "SECONDS": bench.seconds}
    rounds = take_turns(
        bench,
        {
            SCRIPTED: lambda: surgeline_run(bench, "arrival_rate.py", settings, url=bench.url, seconds=bench.seconds),
            "k6": lambda: k6(bench, "arrival_rate.js", settings, url=bench.url, seconds=bench.seconds),
        },
    )
    for sample in rounds.get("k6", ()):
        del sample["lateness p(99) us"]  # k6 does not measure it
    title = f"constant arrival rate of {RATE:,}/s for {bench.seconds} s"
    return Report("arrival_rate", title, contenders_table(rounds, COLUMNS), _bars(bench, rounds), rounds)


def _bars(bench: Bench, rounds: Rounds) -> tuple[Bar, ...]:
    """Nothing may be missing in any round."""
    missing = [max(RATE * bench.seconds - sample["iterations"], sample["dropped"]) for sample in rounds[SCRIPTED]]
    lateness = median(rounds, SCRIPTED, "lateness p(99) us")
    return (
        Bar("dropped or not made, in any round", max(missing), 0, "iterations", digits=0),
        Bar("lateness of starts, p99", lateness, LATENESS_P99_US, "us", digits=1),
    )
