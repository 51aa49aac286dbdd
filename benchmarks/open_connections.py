"""Ten thousand connections that one process holds open at once: its peak memory, and that none of them fails.

How many there are is asked of nginx while the load runs, and not of the generator.

Run it alone: python -m benchmarks.open_connections
"""

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from benchmarks.bench import Bench, MissingError
from benchmarks.command import Benchmarks, command
from benchmarks.generators import surgeline_run
from benchmarks.machine import require_files
from benchmarks.nginx import nginx
from benchmarks.report import Bar, Report, contenders_table, median_column
from benchmarks.rounds import Sample, median, take_turns
from benchmarks.throughput import SCRIPTED

CONNECTIONS = 10_000
INTERVAL_SECONDS = 3
MOST_MB = 250
POLL_SECONDS = 0.2
_OTHER_FILES = 200

COLUMNS = (
    median_column("open at once", "open"),
    median_column("peak MB", "peak MB", 1),
    median_column("requests/s", "rate"),
    median_column("CPU us/request", "cpu us", 1),
)
_DIRECTIVES = """
        location = /status {
            stub_status;
        }
"""


def measure(bench: Bench) -> Report:
    """Hold them, once in each round."""
    if "nginx" not in bench.tools:
        raise MissingError("nginx is missing")
    require_files(CONNECTIONS + _OTHER_FILES)
    with nginx(bench.tools["nginx"], core=bench.server_core, more=_DIRECTIVES) as url:
        rounds = take_turns(bench, {SCRIPTED: lambda: _hold(bench, url)})
    fewest = min(sample["open"] for sample in rounds[SCRIPTED])
    bars = (
        Bar("open at once, in every round", fewest, CONNECTIONS, "connections", at_least=True, digits=0),
        Bar("peak memory", median(rounds, SCRIPTED, "peak MB"), MOST_MB, "MB", digits=1),
    )
    title = f"{CONNECTIONS:,} connections kept open, a request every {INTERVAL_SECONDS} s on each, none failed"
    return Report("open_connections", title, contenders_table(rounds, COLUMNS), bars, rounds)


def _hold(bench: Bench, url: str) -> Sample:
    seconds = INTERVAL_SECONDS + bench.seconds  # all are connected after the first interval
    settings = {"VUS": CONNECTIONS, "INTERVAL": INTERVAL_SECONDS, "SECONDS": seconds}
    with _watched(url) as counts:
        sample = surgeline_run(bench, "open_connections.py", settings, url=url, seconds=seconds + INTERVAL_SECONDS)
    return sample | {"open": max(counts, default=0)}


@contextmanager
def _watched(url: str) -> Iterator[list[int]]:
    """Ask nginx again and again, while the block runs, how many connections are open beside the one that asks."""
    counts: list[int] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(url, over, counts))
    watcher.start()
    try:
        yield counts
    finally:
        over.set()
        watcher.join()


def _watch(url: str, over: threading.Event, counts: list[int]) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    while not over.wait(POLL_SECONDS):
        connection.request("GET", "/status")
        found = re.search(r"Active connections: (\d+)", connection.getresponse().read().decode())
        assert found, "expected the page of stub_status"
        counts.append(int(found[1]) - 1)
    connection.close()


BENCHMARKS: Benchmarks = {"open_connections": measure}

if __name__ == "__main__":
    command(BENCHMARKS)()
