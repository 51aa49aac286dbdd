"""What a script times itself is in every output, in the summary and in the run file, as requests are."""

import csv
import json
import os
import subprocess

import pytest
import snappy
from opentelemetry.exporter.prometheus_remote_write.gen.remote_pb2 import WriteRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from push_support import running_server

from healthy_generator import COMMAND

SCRIPT = """
from surgeline import per_vu_iterations, scenario, setup, thresholds

thresholds({
    "operation_duration{name:place-order}": "p(95)<60000",
    "operation_failed{name:place-order}": "rate<0.51",
    "operations{name:connect}": "count==1",
})


@setup
async def connect(vu):
    with vu.timed("connect"):
        pass


@scenario(per_vu_iterations(vus=2, iterations=4))
async def order(vu):
    async with vu.timed("place-order", tags={"kind": "card"}) as timing:
        await vu.sleep(0.001)
        if vu.iteration % 2:
            timing.fail("sold out")
"""
METRICS = {"operations", "operation_failed", "operation_duration", "operation_response_time"}


def surgeline(*arguments, cwd):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SURGELINE_", "OTEL_"))}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=[1, 2])
def ran(request, tmp_path_factory):
    """The folder of a run by one or two processes, what it printed, and what was pushed, by where to."""
    folder = tmp_path_factory.mktemp("operations")
    (folder / "script.py").write_text(SCRIPT)
    files = [option for kind in ("json", "csv", "junit", "github") for option in ("--out", f"{kind}={folder / kind}")]
    workers = ["--workers", request.param] if request.param > 1 else []
    with running_server() as server:
        urls = ["--out", f"prometheus={server.url}/prometheus", "--out", f"otel={server.url}/otel"]
        options = ["--summary-export", folder / "summary", *files, *urls, *workers]
        printed = surgeline("run", "script.py", *options, cwd=folder)
    return folder, printed, {part: body for path, _, body in server.posts for part in ("otel", "prom") if part in path}


def test_the_summary_has_rows_of_operations(ran):
    _, printed, _ = ran
    lines = printed.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("OPERATIONS "))
    rows = [line.split() for line in lines[start + 1 : start + 4]]

    assert sorted((row[0], row[-8], row[-1]) for row in rows) == [
        ("all", "9", "44.44%"),
        ("connect", "1", "0%"),
        ("place-order", "8", "50%"),
    ]
    assert "\nREQUESTS" not in printed
    assert [line.split() for line in lines if "sold out" in line] == [["place-order:", "sold", "out", "4", "44.44%"]]
    assert printed.startswith("PASS  3 of 3 thresholds passed\n      4 of 9 operations failed\n")


def test_a_report_from_the_run_file_is_the_same(ran):
    folder, printed, _ = ran
    assert surgeline("report", "last", cwd=folder) == printed

    report = json.loads(surgeline("report", "last", "--name", "place-order", "--json", cwd=folder))
    assert set(report["metrics"]) == METRICS
    assert report["metrics"]["operations"]["values"]["count"] == 8
    assert report["metrics"]["operation_failed"]["values"] == {"rate": 0.5, "passes": 4, "fails": 4}


def test_the_summary_file_has_the_metrics_and_their_thresholds(ran):
    metrics = json.loads((ran[0] / "summary").read_text())["metrics"]

    assert set(metrics) >= METRICS
    assert metrics["operations"]["values"]["count"] == 9
    assert metrics["operation_failed"]["values"]["passes"] == 4
    assert metrics["operation_duration"]["contains"] == "time"
    of_orders = metrics["operation_duration{name:place-order}"]
    assert of_orders["thresholds"] == {"p(95)<60000": {"ok": True}}
    assert of_orders["values"]["min"] >= 1


def test_each_operation_is_a_sample_of_each_metric(ran):
    folder, _, _ = ran
    with (folder / "csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric_name"] in METRICS and row["name"] == "place-order"]
    lines = [json.loads(line) for line in (folder / "json").read_text().splitlines()]
    points = [line["data"] for line in lines if line["type"] == "Point" and line["metric"] in METRICS]
    orders = [point for point in points if point["tags"]["name"] == "place-order"]

    assert {line["metric"] for line in lines if line["type"] == "Metric"} >= METRICS
    assert len(rows) == len(orders) == 8 * len(METRICS)
    assert {(row["scenario"], row["error"], row["extra_tags"]) for row in rows} == {
        ("order", "", "kind=card"),
        ("order", "sold out", "kind=card"),
    }
    assert [point["tags"] for point in points if point not in orders] == [
        {"name": "connect", "group": "::setup"}
    ] * len(METRICS)


def test_what_is_pushed_has_the_metrics(ran):
    request = WriteRequest()
    request.ParseFromString(snappy.uncompress(ran[2]["prom"]))
    values = {
        tuple(sorted((label.name, label.value) for label in series.labels)): series.samples[-1].value
        for series in request.timeseries
    }
    found = {dict(labels)["__name__"] for labels in values}
    tags = {"name": "place-order", "kind": "card", "scenario": "order", "error": "sold out"}
    key = tuple(sorted({"__name__": "surgeline_operations_total", **tags}.items()))
    assert values[key] == 4
    assert found >= {"surgeline_operation_failed_rate", "surgeline_operation_duration_p99"}

    export = ExportMetricsServiceRequest()
    export.ParseFromString(ran[2]["otel"])
    names = {one.name for of in export.resource_metrics for scope in of.scope_metrics for one in scope.metrics}
    assert names >= METRICS
