"""The plain GET and the POST with checks over TLS 1.3, beside wrk and k6, all with the same cipher.

Connections are kept, so that this measures encrypting and not handshakes. The certificate is made here, and nobody
verifies it.

Run it alone: python -m benchmarks.tls
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

from benchmarks.bench import Bench, MissingError
from benchmarks.command import Benchmarks, command
from benchmarks.generators import k6, surgeline_http, surgeline_run, wrk
from benchmarks.nginx import nginx
from benchmarks.report import Bar, Report, contenders_table
from benchmarks.rounds import Contender, Rounds, ratio, take_turns
from benchmarks.throughput import COLUMNS, CONNECTIONS, ONE_URL, SCRIPTED

CIPHER = "TLS_AES_128_GCM_SHA256"
OF_WRK = 0.6
TIMES_K6 = 2

_DIRECTIVES = """
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites {cipher};
"""


def measure(bench: Bench) -> Report:
    """The GET: all contenders in turn."""
    with _over_tls(bench) as secure:
        contenders = {
            ONE_URL: lambda: surgeline_http(secure, CONNECTIONS, more=["--insecure"]),
            "wrk": lambda: wrk(secure, CONNECTIONS),
        }
        rounds = take_turns(secure, _scripted(secure, "get") | contenders)
    bars = (
        _bar(rounds, SCRIPTED, "wrk", OF_WRK),
        _bar(rounds, ONE_URL, "wrk", OF_WRK),
        _bar(rounds, SCRIPTED, "k6", TIMES_K6),
    )
    title = f"plain GET over TLS 1.3 with {CIPHER}, {CONNECTIONS} connections"
    return Report("tls", title, contenders_table(rounds, COLUMNS), bars, rounds)


def measure_post(bench: Bench) -> Report:
    """The POST: both in turn."""
    with _over_tls(bench) as secure:
        rounds = take_turns(secure, _scripted(secure, "post"))
    title = f"POST JSON over TLS 1.3, decode the answer, two checks, {CONNECTIONS} virtual users"
    bars = (_bar(rounds, SCRIPTED, "k6", TIMES_K6),)
    return Report("tls_post", title, contenders_table(rounds, COLUMNS), bars, rounds)


@contextmanager
def _over_tls(bench: Bench) -> Iterator[Bench]:
    """The same bench with an nginx that speaks TLS. Raises MissingError without nginx or trustme."""
    if "nginx" not in bench.tools:
        raise MissingError("nginx is missing")
    if find_spec("trustme") is None:
        raise MissingError("trustme is missing, which makes the certificate: .venv/bin/pip install -e '.[dev]'")
    # In a process of its own: what it takes in memory would hide what the contenders take.
    make = [sys.executable, "-m", "trustme", "--quiet", "--dir", str(bench.folder), "--identities", "127.0.0.1"]
    subprocess.run(make, check=True)
    more = _DIRECTIVES.format(folder=bench.folder, cipher=CIPHER)
    with nginx(bench.tools["nginx"], core=bench.server_core, secure=True, more=more) as url:
        yield replace(bench, nginx_url=url)


def _scripted(bench: Bench, script: str) -> dict[str, Contender]:
    """The same script for both tools."""
    settings = {"VUS": CONNECTIONS, "SECONDS": bench.seconds}
    ours = partial(surgeline_run, bench, f"{script}.py", settings, more=["--insecure"])
    theirs = partial(k6, bench, f"{script}.js", settings, more=["--insecure-skip-tls-verify"])
    return {
        name: partial(run, url=bench.url, seconds=bench.seconds) for name, run in ((SCRIPTED, ours), ("k6", theirs))
    }


def _bar(rounds: Rounds, ours: str, theirs: str, limit: float) -> Bar:
    return Bar(f"{ours}, of {theirs}", ratio(rounds, ours, theirs, "rate"), limit, "x", at_least=True)


BENCHMARKS: Benchmarks = {"tls": measure, "tls_post": measure_post}

if __name__ == "__main__":
    command(BENCHMARKS)()
