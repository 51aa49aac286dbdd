"""The samples of a real load: as many lines as were counted, the same sums, one time for all samples of a request."""

import asyncio
import csv
import gzip
import json
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from push_support import facts

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from engine_support import SECOND, our_loop

from surgeline import check
from surgeline.engine.context import RunContext
from surgeline.engine.execution import Execution
from surgeline.engine.executors import SharedIterations
from surgeline.engine.scenario import Scenario
from surgeline.metrics.names import MetricType
from surgeline.metrics.registry import Registry
from surgeline.outputs.samples import log_samples, make_csv, make_json
from surgeline.protocols.http.options import HttpOptions
from surgeline.script.vu import Users

ITERATIONS = 500
DEAD = "http://127.0.0.1:1/"


async def _answer(reader, writer):
    """Answer 404 to what is missing and 200 to all else, until the client leaves."""
    try:
        while request := await reader.readuntil(b"\r\n\r\n"):
            status = b"404 Not Found" if b"/missing" in request else b"200 OK"
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 2\r\n\r\nok" % status)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _scripted(vu):
    response = await vu.http.get("/")
    check(response, {'is "ok", or so': response.ok, "never": False})
    if vu.iteration % 10 == 0:
        await vu.http.get("/missing", tags={"mine": "a,b"})
    if vu.iteration % 100 == 99:
        await vu.http.get(DEAD, name="dead")


def _followed(vu):
    """A plain function that returns a request: iterations that follow each other natively."""
    return vu.http.get("/")


def _run(*outputs):
    registry, messages = Registry(), []
    with our_loop() as (loop, poller):

        async def whole():
            server = await asyncio.start_server(_answer, "127.0.0.1", 0)
            base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            scenarios = [
                Scenario("scripted", _scripted, SharedIterations(5, ITERATIONS, 60 * SECOND), 0, 0, base_url=base_url),
                Scenario("followed", _followed, SharedIterations(5, ITERATIONS, 60 * SECOND), 0, 0, base_url=base_url),
            ]
            context = RunContext(loop, poller, registry, 1, {"run": "1"}, messages.append)
            users = Users(loop, context, scenarios, HttpOptions(), insecure=False)
            await Execution(context, scenarios, users.of_scenario).run(outputs)
            server.close()
            await asyncio.sleep(0)

        for output in outputs:
            output.start(facts(messages))
        log_samples(registry, outputs)
        loop.run_until_complete(whole())
        for output in outputs:
            output.finish(None)
    registry.rotate()
    assert messages == []
    return registry


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The registry, the points of the JSON file, and the rows of the CSV file."""
    folder = tmp_path_factory.mktemp("samples")
    registry = _run(make_json(folder / "s.json.gz"), make_csv(folder / "s.csv"))
    lines = gzip.decompress((folder / "s.json.gz").read_bytes()).decode().splitlines()
    points = [line for line in (json.loads(line, parse_float=Decimal) for line in lines) if line["type"] == "Point"]
    with (folder / "s.csv").open(newline="") as file:
        return registry, points, list(csv.DictReader(file))


def _by_series(points):
    found = defaultdict(list)
    for point in points:
        found[point["metric"], frozenset(point["data"]["tags"].items())].append(point["data"]["value"])
    return found


def test_lines_come_to_what_was_counted(ran):
    registry, points, _ = ran
    found = _by_series(points)
    for series in registry._series.values():
        values = found.pop((series.metric.name, frozenset(series.tags.items())), [])
        _check_series(series, values)
    assert found == {}
    assert registry.count("iterations") == 2 * ITERATIONS
    assert registry.count("http_reqs", {"name": "dead"}) > 0


def _check_series(series, values):
    match series.metric.type:
        case MetricType.COUNTER:
            assert sum(values) == series.cell.total
        case MetricType.RATE:
            assert (len(values), sum(values)) == (series.cell.count, series.cell.passes)
        case MetricType.GAUGE:
            assert len(values) == series.cell.count
            assert not values or (min(values), max(values)) == (series.cell.min, series.cell.max)
        case MetricType.TREND:
            total = series.cell.total
            assert (len(values), sum(values) * series.metric.scale) == (total.count, total.sum)


def test_json_and_csv_say_the_same(ran):
    _, points, rows = ran
    assert [point["metric"] for point in points] == [row["metric_name"] for row in rows]
    assert [point["data"]["value"] for point in points] == [Decimal(row["metric_value"]) for row in rows]
    for point, row in zip(points, rows, strict=True):
        tags = dict(point["data"]["tags"])
        assert dict(tag.split("=") for tag in row["extra_tags"].split("&")) == {
            tag: tags.pop(tag) for tag in ("run", "mine") if tag in tags
        }
        assert all(row[tag] == value for tag, value in tags.items())


def test_samples_of_one_request_have_one_time(ran):
    registry, points, _ = ran
    together = Counter()
    for point in points:
        if point["metric"].startswith(("http_req", "data_")):
            together[point["data"]["time"], frozenset(point["data"]["tags"].items())] += 1
    assert len(together) == registry.count("http_reqs")
    sent = {count for (_, tags), count in together.items() if ("name", "dead") not in tags}
    assert (sent, {count for (_, tags), count in together.items() if ("name", "dead") in tags}) == ({13}, {9})


def test_times_of_a_request_do_not_go_back(ran):
    _, points, _ = ran
    times = [point["data"]["time"] for point in points]
    assert times == sorted(times)
