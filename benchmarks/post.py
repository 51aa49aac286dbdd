"""POST of JSON with the answer decoded and two checks: what a script really does, beside k6 with the same script."""

from benchmarks.bench import Bench
from benchmarks.generators import k6, surgeline_run
from benchmarks.report import Bar, Report, contenders_table
from benchmarks.rounds import ratio, take_turns
from benchmarks.throughput import COLUMNS, CONNECTIONS, SCRIPTED

TIMES_K6 = 4


def measure(bench: Bench) -> Report:
    """Both in turn."""
    settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds}
    rounds = take_turns(
        bench,
        {
            SCRIPTED: lambda: surgeline_run(bench, "post.py", settings, url=bench.url, seconds=bench.seconds),
            "k6": lambda: k6(bench, "post.js", settings, url=bench.url, seconds=bench.seconds),
        },
    )
    bar = Bar(f"{SCRIPTED}, of k6", ratio(rounds, SCRIPTED, "k6", "rate"), TIMES_K6, "x", at_least=True)
    title = f"POST JSON, decode the answer, two checks, {CONNECTIONS} virtual users"
    return Report("post", title, contenders_table(rounds, COLUMNS), (bar,), rounds)
