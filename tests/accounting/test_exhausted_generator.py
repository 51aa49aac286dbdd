"""A generator that runs out of something goes on, counts what it could not do, and concludes nothing."""

import errno
import json
import resource
import subprocess
from datetime import datetime
from functools import partial
from pathlib import Path

import bookkeeping_server as server_side
from bookkeeping_server import WAIT, CountingServer, nobody
from counted_runs import run

from healthy_generator import COMMAND
from surgeline.errors import ExitCode
from surgeline.protocols.http import errors
from surgeline.result import RunFacts
from surgeline.store.writer import RunFile

RUN = [*COMMAND, "run", "-q", "script.py", "--summary-export", "summary.json"]
FEW = 40
"""More descriptors than the program itself needs, and fewer than its virtual users."""
MANY = """
from surgeline import *

thresholds({"http_req_duration": "p(95)<60000"})

@scenario(constant_vus(vus=60, duration="1.2s"))
async def many(vu):
    await vu.http.get("/")
    await vu.sleep(0.1)
"""


def run_with_few_descriptors(folder, server):
    """As users meet it, under `ulimit -n`."""
    return subprocess.run(
        [*RUN, "--base-url", server.urls["answering"]],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_NOFILE, (FEW, FEW)),
        capture_output=True,
        text=True,
        timeout=WAIT,
        cwd=folder,
        check=False,
    )


def test_no_descriptor_left(tmp_path):
    """The connections that there are go on; those that there cannot be fail, one by one."""
    (tmp_path / "script.py").write_text(MANY)
    server = CountingServer(server_side.answering)
    done = run_with_few_descriptors(tmp_path, server)
    server.finish()

    saw = server.ledgers["answering"].counts
    metrics = json.loads((tmp_path / "summary.json").read_text())["metrics"]
    total, answered = metrics["http_reqs"]["values"]["count"], metrics["http_req_failed"]["values"]["fails"]
    refused = total - answered
    assert answered == saw["answered"] == saw["received"] > 0
    assert saw["connections"] < FEW
    assert refused >= 60 - FEW
    assert metrics["iterations"]["values"]["count"] == total
    assert done.returncode == ExitCode.INCONCLUSIVE
    verdict = f"{refused:,} requests failed because the generator had no memory, file descriptor or local port left"
    assert done.stdout.startswith(f"INCONCLUSIVE  {verdict}")
    (kind,) = [line for line in done.stdout.splitlines() if "1218" in line]
    assert f"{refused:,}" in kind
    assert "no file descriptor left for a connection; raise `ulimit -n`" in kind
    assert len(list(tmp_path.glob(".surgeline/runs/*.sqlite"))) == 1


def test_the_run_file_needs_no_descriptor_once_the_load_has_begun(tmp_path):
    """Where connections take all there are before that, it cannot be written to, and all of the run is lost."""
    facts = RunFacts("run", "title", None, "", datetime.now().astimezone(), 1, {}, {}, (), (), lambda _: None)
    output = RunFile(folder=tmp_path)
    output.start(facts)
    opened = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    output.finish(None)

    assert {path.name for path in opened if path.is_relative_to(tmp_path)} == {
        "run.sqlite",
        "run.sqlite-wal",
        "run.sqlite-shm",
    }


def test_no_local_port_left(tmp_path, monkeypatch):
    """The kernel's answer is made up: all ports of a machine are too many to take."""
    monkeypatch.setitem(errors._CONNECT, errno.ECONNREFUSED, errors._CONNECT[errno.EADDRNOTAVAIL])
    server = CountingServer(server_side.answering)
    with nobody() as refusing:
        ran = run(
            tmp_path,
            server,
            f"""
            @scenario(per_vu_iterations(vus=3, iterations=4))
            async def both(vu):
                await vu.http.get({refusing!r}, name="without")
                await vu.http.get(URLS["answering"], name="with")
            """,
        )

    assert ran.requests("without") == {"1219": 12}
    assert ran.requests("with") == {"200": server.ledgers["answering"].counts["answered"]} == {"200": 12}
    (kind,) = ran.result.failures
    assert (kind.code, kind.message, kind.count) == (1219, "no local port left for a connection", 12)
    assert ran.result.health.requests_for_want_of_resources == 12
    assert ran.report.exit_code is ExitCode.INCONCLUSIVE
    assert ran.result.verdict.reasons[0].startswith("12 requests failed because the generator had no memory, file")


def test_no_memory_left(tmp_path):
    """The limit comes from the script, which knows what the process has by then."""
    server = CountingServer(server_side.answers_at_length, server_side.answering)
    (tmp_path / "script.py").write_text(f"""
import resource
from pathlib import Path
from surgeline import *

thresholds({{"http_reqs": "count>0"}})

@setup
def limit():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + 40_000_000
    resource.setrlimit(resource.RLIMIT_AS, (most, most))

@scenario(shared_iterations(vus=1, iterations=3))
async def both(vu):
    await vu.http.get({server.urls["answers_at_length"]!r}, name="large")
    await vu.http.get({server.urls["answering"]!r}, name="small")
""")
    done = subprocess.run(
        RUN,
        capture_output=True,
        text=True,
        timeout=WAIT,
        cwd=tmp_path,
        check=False,
    )
    server.finish()

    metrics = json.loads((tmp_path / "summary.json").read_text())["metrics"]
    assert metrics["http_reqs"]["values"]["count"] == 6
    assert metrics["http_req_failed"]["values"]["passes"] == 3
    assert server.ledgers["answers_at_length"].counts["answered in part"] == 3
    assert server.ledgers["answering"].counts["answered"] == 3
    assert "out of memory" in done.stdout
    assert done.returncode == ExitCode.INCONCLUSIVE
