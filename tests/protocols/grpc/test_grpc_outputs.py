"""Calls of gRPC are in the summary, in thresholds, in the run file and in every output, as requests are."""

import json
import os
import subprocess

import pytest
from grpc_lab import COMMON, EVENTS

from healthy_generator import COMMAND

SCRIPT = """
from surgeline import env, grpc, per_vu_iterations, scenario, thresholds

thresholds({
    "grpc_req_duration{method:OnLogin}": "p(95)<60000",
    "grpc_req_failed{name:log-in}": "rate==0.5",
    "grpc_reqs{status:5}": "count==4",
    "grpc_streams_msgs_received": "count==24",
})

client = grpc.Client(env("TARGET"), protos=["events.proto"])


@scenario(per_vu_iterations(vus=2, iterations=4))
async def visit(vu):
    user = "NOT_FOUND" if vu.iteration % 2 else "u1"
    await client.call(vu, "events.Handler/OnLogin", {"user_id": user}, name="log-in")
    async with client.stream(vu, "events.Handler/Count") as stream:
        await stream.send({"number": 3})
        async for _ in stream:
            pass
"""
METRICS = {"grpc_reqs", "grpc_req_failed", "grpc_req_duration", "grpc_req_response_time"}
OF_STREAMS = {"grpc_streams", "grpc_streams_msgs_sent", "grpc_streams_msgs_received"}


def surgeline(*arguments, cwd, target=""):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SURGELINE_")}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**environment, "TARGET": target},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def ran(server, tmp_path):
    """The folder of a run, and what it printed."""
    for name, text in (("script.py", SCRIPT), ("common.proto", COMMON), ("events.proto", EVENTS)):
        (tmp_path / name).write_text(text)
    options = ["--summary-export", "summary", "--out", "json=samples", "--quiet"]
    printed, complained = surgeline("run", "script.py", *options, cwd=tmp_path, target=server.target)
    assert complained == ""
    return tmp_path, printed


def test_the_summary_the_run_file_and_the_outputs_tell_of_calls(ran):
    folder, printed = ran
    lines = printed.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("GRPC CALLS "))
    rows = [line.split() for line in lines[start + 1 : start + 4]]

    assert {(row[0], row[-8], row[-1]) for row in rows} == {
        ("log-in", "8", "50%"),
        ("/events.Handler/Count", "8", "0%"),
        ("all", "16", "25%"),
    }
    assert printed.startswith("PASS  4 of 4 thresholds passed\n      4 of 16 gRPC calls failed\n")
    assert ["log-in:", "NOT_FOUND", "4", "25%"] in [line.split() for line in lines]
    assert surgeline("report", "last", cwd=folder)[0] == printed

    metrics = json.loads((folder / "summary").read_text())["metrics"]
    assert set(metrics) >= METRICS | OF_STREAMS
    assert metrics["grpc_req_duration"]["contains"] == "time"
    points = [
        line for line in map(json.loads, (folder / "samples").read_text().splitlines()) if line["type"] == "Point"
    ]
    failed = [line["data"] for line in points if line["metric"] == "grpc_req_failed" and line["data"]["value"]]
    assert len(failed) == 4
    assert (
        failed[0]["tags"].items()
        >= {"status": "5", "error": "NOT_FOUND", "name": "log-in", "service": "events.Handler"}.items()
    )
    assert sum(line["metric"] == "grpc_streams_msgs_received" for line in points) == 24
