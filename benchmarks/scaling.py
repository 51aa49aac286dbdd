"""What a request costs when the same total rate comes from 64, 1,000 or 10,000 virtual users."""

import json
from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.generators import surgeline_run
from benchmarks.report import Bar, Column, Report, contenders_table, median_column
from benchmarks.rounds import Rounds, Sample, ratio, take_turns

RATE = 20_000
USERS = (64, 1_000, 10_000)
MOST_GROWTH = 1.5
_START_UP_SECONDS = 5


def measure(bench: Bench) -> Report:
    """All numbers of users in turn."""
    rounds = take_turns(bench, {_name(users): _contender(bench, users) for users in USERS})
    fewest = _name(USERS[0])
    growth = Column("growth", lambda rounds, name: ratio(rounds, name, fewest, "steady cpu us"), 2)
    columns = (
        median_column("requests/s", "steady rate"),
        median_column("CPU us/request", "steady cpu us", 1),
        growth,
        median_column("peak MB", "peak MB", 1),
    )
    bars = tuple(_bar(rounds, users, fewest) for users in USERS[1:])
    title = f"the same {RATE:,} requests/s from more virtual users, after all have connected"
    return Report("scaling", title, contenders_table(rounds, columns), bars, rounds)


def _bar(rounds: Rounds, users: int, fewest: str) -> Bar:
    growth = ratio(rounds, _name(users), fewest, "steady cpu us")
    return Bar(f"CPU per request, {_name(users)}, of {fewest}", growth, MOST_GROWTH, "x")


def _name(users: int) -> str:
    return f"{users:,} users"


def _contender(bench: Bench, users: int) -> Callable[[], Sample]:
    def run() -> Sample:
        meter = bench.folder / f"meter-{users}.json"
        settings = {"VUS": users, "RATE": RATE, "SECONDS": bench.seconds, "METER": meter}
        seconds = bench.seconds + users / RATE + _START_UP_SECONDS
        sample = surgeline_run(bench, "scaling.py", settings, url=bench.url, seconds=seconds)
        steady = json.loads(meter.read_text())
        cpu = steady["cpu_seconds"] / steady["requests"] * 1e6
        return sample | {"steady rate": steady["requests"] / bench.seconds, "steady cpu us": cpu}

    return run
