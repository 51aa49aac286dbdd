"""Unary calls of gRPC, beside k6 with the same script against the same server.

No server at hand answers as fast as one core asks, so the bar is what a call costs the generator: k6's processor time
of a call over ours, which is how many calls a core could make for one of k6's.

Run it alone: python -m benchmarks.grpc
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

from benchmarks.bench import Bench, MissingError
from benchmarks.child import accepts, launched_on
from benchmarks.command import Benchmarks, command
from benchmarks.generators import GRPC, k6, surgeline_run
from benchmarks.report import Bar, Report, contenders_table
from benchmarks.rounds import ratio, take_turns
from benchmarks.throughput import COLUMNS, CONNECTIONS, SCRIPTED
from surgeline_systems.servers.launch import Launch, free_port

TIMES_K6 = 1


def measure(bench: Bench) -> Report:
    """Both in turn."""
    with _server(bench.server_core) as target:
        settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds, "TARGET": target}
        options = {"url": f"http://{target}", "seconds": bench.seconds, "counted": GRPC}
        contenders = {
            SCRIPTED: partial(surgeline_run, bench, "grpc_unary.py", settings, **options),
            "k6": partial(k6, bench, "grpc_unary.js", settings, **options),
        }
        rounds = take_turns(bench, contenders)
    figure = ratio(rounds, "k6", SCRIPTED, "cpu us")
    bar = Bar(f"calls per core, {SCRIPTED}, of k6", figure, TIMES_K6, "x", at_least=True)
    title = f"unary calls of gRPC, decode the answer, two checks, {CONNECTIONS} virtual users"
    return Report("grpc", title, contenders_table(rounds, COLUMNS), (bar,), rounds)


@contextmanager
def _server(core: int) -> Iterator[str]:
    """A server on a core; gives its address. Raises MissingError without grpcio."""
    if find_spec("grpc") is None:
        raise MissingError("grpcio is missing: .venv/bin/pip install -e '.[systems]'")
    port = free_port()
    launch = Launch(
        name="the gRPC server",
        commands=[[sys.executable, "-m", "benchmarks.grpc_server", str(port)]],
        ready=lambda: accepts(port),
        stop_signals=[signal.SIGTERM],
        grace_seconds=5,
    )
    with launched_on(core, launch):
        yield f"127.0.0.1:{port}"


BENCHMARKS: Benchmarks = {"grpc": measure}

if __name__ == "__main__":
    command(BENCHMARKS)()
