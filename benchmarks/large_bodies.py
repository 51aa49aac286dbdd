"""Responses of a megabyte that nobody looks at: bytes a second beside wrk, and memory with bodies of several sizes.

Memory must not depend on how large a body is that is thrown away. What it costs to keep bodies stands beside it.

Run it alone: python -m benchmarks.large_bodies
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.bench import Bench, MissingError
from benchmarks.command import Benchmarks, command
from benchmarks.generators import k6, surgeline_http, surgeline_run, wrk
from benchmarks.nginx import nginx
from benchmarks.report import Bar, Report, contenders_table, median_column
from benchmarks.rounds import Contender, Rounds, Sample, median, ratio, take_turns
from benchmarks.throughput import ONE_URL, SCRIPTED

CONNECTIONS = 16
SIZES: Mapping[str, int] = {"1 kB": 1_000, "1 MB": 1_000_000, "16 MB": 16_000_000}
COMPARED = "1 MB"
SMALLEST, *_, LARGEST = SIZES
OF_WRK = 0.8
MOST_MORE_MB = 4

COLUMNS = (
    median_column("MB/s", "MB/s"),
    median_column("requests/s", "rate"),
    median_column("CPU us/MB", "cpu us/MB", 1),
    median_column("peak MB", "peak MB", 1),
)
_DIRECTIVES = """
        sendfile on;
        tcp_nopush on;
        location /files/ {{
            alias {folder}/;
        }}
"""


def measure(bench: Bench) -> Report:
    """All contenders in turn."""
    with _serving_files(bench) as serving:
        rounds = take_turns(serving, _contenders(serving))
    ours = {kind: _scripted(size) for kind, size in (("small", SMALLEST), ("compared", COMPARED), ("large", LARGEST))}
    bars = (
        _bar(rounds, ours["compared"]),
        _bar(rounds, ONE_URL),
        Bar(
            f"peak memory, {LARGEST} beyond {SMALLEST}",
            _difference(rounds, ours["large"], ours["small"]),
            MOST_MORE_MB,
            "MB",
            digits=1,
        ),
    )
    title = f"GET of {COMPARED}, {CONNECTIONS} connections, the body thrown away unless it says kept"
    return Report("large_bodies", title, contenders_table(rounds, COLUMNS), bars, rounds)


@contextmanager
def _serving_files(bench: Bench) -> Iterator[Bench]:
    """The same bench with an nginx that has a file of each size. Raises MissingError when there is no nginx."""
    if "nginx" not in bench.tools:
        raise MissingError("nginx is missing")
    folder = bench.folder / "files"
    folder.mkdir()
    bench.folder.chmod(0o755)  # the worker of an nginx that root has started is somebody else
    for size in SIZES:
        (folder / _file(size)).touch()
        os.truncate(folder / _file(size), SIZES[size])
    more = _DIRECTIVES.format(folder=folder)
    with nginx(bench.tools["nginx"], core=bench.server_core, more=more) as url:
        yield replace(bench, nginx_url=url)


def _contenders(bench: Bench) -> dict[str, Contender]:
    path = _path(COMPARED)
    settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds}

    def ours(size: str, *, keep: bool) -> Contender:
        more = {**settings, "RESOURCE": _path(size), "DISCARD": not keep}
        return _sized(size, lambda: surgeline_run(bench, "large_bodies.py", more, url=bench.url, seconds=bench.seconds))

    def theirs() -> Sample:
        return k6(bench, "get.js", {**settings, "RESOURCE": path}, url=bench.url, seconds=bench.seconds)

    return {
        **{_scripted(size): ours(size, keep=False) for size in SIZES},
        **{f"{_scripted(size)} kept": ours(size, keep=True) for size in SIZES},
        ONE_URL: _sized(COMPARED, lambda: surgeline_http(bench, CONNECTIONS, path=path)),
        "wrk": _sized(COMPARED, lambda: wrk(bench, CONNECTIONS, path=path)),
        "k6": _sized(COMPARED, theirs),
    }


def _sized(size: str, run: Callable[[], Sample]) -> Contender:
    """Add to a sample what its requests come to in bytes of body."""

    def measure() -> Sample:
        sample = run()
        megabytes = SIZES[size] / 1e6
        return sample | {"MB/s": sample["rate"] * megabytes, "cpu us/MB": sample["cpu us"] / megabytes}

    return measure


def _scripted(size: str) -> str:
    return f"{SCRIPTED}, {size}"


def _file(size: str) -> str:
    return size.replace(" ", "")


def _path(size: str) -> str:
    return f"/files/{_file(size)}"


def _bar(rounds: Rounds, ours: str) -> Bar:
    return Bar(f"{ours}, bytes/s of wrk", ratio(rounds, ours, "wrk", "MB/s"), OF_WRK, "x", at_least=True)


def _difference(rounds: Rounds, name: str, other: str) -> float | None:
    peak, other_peak = median(rounds, name, "peak MB"), median(rounds, other, "peak MB")
    return None if peak is None or other_peak is None else peak - other_peak


BENCHMARKS: Benchmarks = {"large_bodies": measure}

if __name__ == "__main__":
    command(BENCHMARKS)()
