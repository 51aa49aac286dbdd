"""Every sample in a file: k6's shapes, exact values, nothing lost unsaid, several processes in one file."""

import csv
import gzip
import io
import json
import math
import os
import select
import threading
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from push_support import BODY_SIZE, facts

from surgeline._native.samples import CHUNK_SAMPLES
from surgeline.errors import OptionError
from surgeline.metrics.names import BUILTIN, CHECKS, HTTP_REQ_DURATION, HTTP_REQS, VUS, Metric, MetricType
from surgeline.metrics.registry import Registry
from surgeline.outputs import samples
from surgeline.outputs.csv_samples import TAG_COLUMNS
from surgeline.outputs.samples import log_samples, make_csv, make_json

MAKE = {"json": make_json, "csv": make_csv}
PLAIN_TREND = Metric("plain_trend", MetricType.TREND)
METRICS = (HTTP_REQS, CHECKS, VUS, HTTP_REQ_DURATION, BODY_SIZE, PLAIN_TREND)
K6_TAGS = {
    "method": "GET",
    "name": "http://h/x",
    "url": "http://h/x",
    "status": "404",
    "error_code": "1404",
    "proto": "HTTP/1.1",
    "expected_response": "false",
    "group": "::setup",
    "run": 'a,b"c',
}


@pytest.fixture
def load(tmp_path):
    """`load(kind)` is a started output, with the registry that it is fed from."""
    started = []

    def start(kind="json", name=None, path=None):
        load = _Load(kind, path or tmp_path / (name or f"samples.{kind}"))
        started.append(load)
        return load

    yield start
    assert not any(load.output._queue._thread.is_alive() for load in started)


class _Load:
    def __init__(self, kind, path, begin="start"):
        self.path, self.messages = path, []
        self.registry = Registry()
        self.output = MAKE[kind](path)
        getattr(self.output, begin)(facts(self.messages))
        log_samples(self.registry, [self.output])

    def cell(self, metric=HTTP_REQS, **tags):
        return self.registry.cell(metric, tags)

    def finish(self):
        self.output.finish(None)
        return self


def points(path):
    """(metric, tags, time, value) of each sample; values are exact."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if ".csv" in path.name:
        return list(_csv_points(data.decode()))
    lines = [json.loads(line, parse_float=Decimal) for line in data.decode().split("\n")[:-1]]
    return [
        (line["metric"], line["data"]["tags"], line["data"]["time"], line["data"]["value"])
        for line in lines
        if line["type"] == "Point"
    ]


def _csv_points(text):
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    for row in rows:
        fields = dict(zip(header, row, strict=True))
        tags = {tag: fields[tag] for tag in TAG_COLUMNS if fields[tag]}
        tags |= dict(tag.split("=", 1) for tag in fields["extra_tags"].split("&") if tag)
        yield fields["metric_name"], tags, fields["timestamp"], Decimal(fields["metric_value"])


# Shapes, as k6 1.1.0 writes them


def test_json_lines_are_k6s(load):
    run = load("json")
    run.cell(HTTP_REQ_DURATION, **K6_TAGS).record(4_513_007)
    lines = run.finish().path.read_text().splitlines()
    declared = [json.loads(line) for line in lines[:-1]]
    assert [line["metric"] for line in declared] == [*BUILTIN, BODY_SIZE.name]
    assert lines[0] == (
        '{"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default",'
        '"thresholds":[],"submetrics":null},"metric":"http_reqs"}'
    )
    time = json.loads(lines[-1])["data"]["time"]
    assert lines[-1] == (
        f'{{"metric":"http_req_duration","type":"Point","data":{{"time":"{time}","value":4.513007,"tags":'
        '{"error_code":"1404","expected_response":"false","group":"::setup","method":"GET","name":"http://h/x",'
        '"proto":"HTTP/1.1","run":"a,b\\"c","status":"404","url":"http://h/x"}}}'
    )


def test_csv_lines_are_k6s(load):
    run = load("csv")
    run.cell(HTTP_REQ_DURATION, **K6_TAGS).record(4_513_007)
    run.cell(HTTP_REQS).add()
    header, first, second = run.finish().path.read_bytes().decode().splitlines()
    assert header == (
        "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,"
        "service,status,subproto,tls_version,url,extra_tags,metadata"
    )
    time = first.split(",")[1]
    assert first == (
        f"http_req_duration,{time},4.513007,,,1404,false,::setup,GET,http://h/x,HTTP/1.1,,,404,,,http://h/x,"
        '"run=a,b""c",'
    )
    assert second == f"http_reqs,{time},1.000000" + "," * 16


@pytest.mark.parametrize(
    ("metric", "record", "in_json", "in_csv"),
    [
        (HTTP_REQS, lambda cell: cell.add(), "1", "1.000000"),
        (HTTP_REQS, lambda cell: cell.add(2.5), "2.5", "2.500000"),
        (HTTP_REQS, lambda cell: cell.add(1e-7), "1e-07", "1e-07"),
        (CHECKS, lambda cell: cell.add(True), "1", "1.000000"),
        (CHECKS, lambda cell: cell.add(False), "0", "0.000000"),
        (VUS, lambda cell: cell.set(-3.25), "-3.25", "-3.250000"),
        (VUS, lambda cell: cell.set(math.nan), "null", "NaN"),
        (HTTP_REQ_DURATION, lambda cell: cell.record(0), "0", "0.000000"),
        (HTTP_REQ_DURATION, lambda cell: cell.record(120_000_000), "120", "120.000000"),
        (HTTP_REQ_DURATION, lambda cell: cell.record(322_344), "0.322344", "0.322344"),
        (PLAIN_TREND, lambda cell: cell.record(1_500_000), "1.5", "1.500000"),
        (BODY_SIZE, lambda cell: cell.record(17), "17", "17.000000"),
    ],
)
def test_values(load, metric, record, in_json, in_csv):
    for kind, value in (("json", f'"value":{in_json},'), ("csv", f",{in_csv},")):
        run = load(kind)
        record(run.cell(metric))
        assert value in run.finish().path.read_text().splitlines()[-1]


def test_times_are_those_of_the_samples(load):
    before = datetime.now(UTC)
    for kind in MAKE:
        run = load(kind)
        run.cell().add()
        ((_, _, time, _),) = points(run.finish().path)
        # The two clocks are read one after the other: they may be off by as long as that took.
        at = datetime.fromisoformat(time) if kind == "json" else datetime.fromtimestamp(int(time) + 0.999999, UTC)
        assert (at - before).total_seconds() > -0.1
        assert (datetime.now(UTC) - at).total_seconds() > (-0.1 if kind == "json" else -1.1)


def test_a_metric_that_nobody_knew_of_is_declared_before_its_first_sample(load):
    run = load("json")
    run.cell(PLAIN_TREND, a="1").record(1)
    run.cell(PLAIN_TREND, a="2").record(1)
    lines = [json.loads(line) for line in run.finish().path.read_text().splitlines()]
    assert [line["type"] for line in lines if line["metric"] == PLAIN_TREND.name] == ["Metric", "Point", "Point"]


# Nothing but what was recorded, and all of it

texts = st.text(st.characters(exclude_characters="&="), min_size=1, max_size=8)
nasty = st.sampled_from(['a,b"c', "\n", "\r\n", " x", "\u2028", "ключ", "\ud800"]) | texts
tags = st.dictionaries(st.sampled_from(["name", "check", "error", "mine", "ключ"]), nasty, max_size=3)
sample = st.tuples(st.sampled_from(METRICS), tags, st.integers(0, 2**40), st.booleans())


@pytest.mark.parametrize("kind", MAKE)
@given(st.lists(sample, max_size=40))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_every_sample_is_a_line(load, kind, recorded):
    run = load(kind)
    expected = []
    for metric, own, value, flush in recorded:
        expected.append((metric.name, _shown(own, kind), _record(run.cell(metric, **own), metric, value)))
        if flush:
            run.output.end_second(0, 1.0)
    found = [(name, own, value) for name, own, _, value in points(run.finish().path)]
    assert found == expected
    assert run.messages == []
    _check_totals(run.registry, points(run.path), exact=kind == "json")


def _shown(own, kind):
    """JSON escapes what UTF-8 has no form for; CSV shows it."""
    if kind == "json":
        return own
    return {tag: value.encode("utf-8", "backslashreplace").decode() for tag, value in own.items()}


def _record(cell, metric, value):
    """Record `value`; return it as users see it."""
    match metric.type:
        case MetricType.COUNTER:
            cell.add(value / 8)
        case MetricType.RATE:
            cell.add(value % 2)
            return value % 2
        case MetricType.GAUGE:
            cell.set(value / 8)
        case MetricType.TREND:
            cell.record(value)
            return Decimal(value) / metric.scale
    return Decimal(value) / 8


def _check_totals(registry, found, *, exact):
    """The lines of a series come to what its cell has counted."""
    registry.rotate()
    lines, sums = Counter(), Counter()
    for name, own, _, value in found:
        lines[name, frozenset(own.items())] += 1
        sums[name, frozenset(own.items())] += value
    for series in registry._series.values() if exact else ():
        key = series.metric.name, frozenset(series.tags.items())
        match series.metric.type:
            case MetricType.COUNTER:
                assert sums[key] == Decimal(series.cell.total)
            case MetricType.TREND:
                assert (lines[key], sums[key] * series.metric.scale) == (series.cell.total.count, series.cell.total.sum)
            case MetricType.RATE:
                assert (lines[key], sums[key]) == (series.cell.count, series.cell.passes)
            case MetricType.GAUGE:
                assert lines[key] == series.cell.count


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_floats_read_back_as_they_were(load, values):
    for kind in MAKE:
        run = load(kind)
        for value in values:
            run.cell(VUS).set(value)
        assert [float(value) for *_, value in points(run.finish().path)] == values


@pytest.mark.parametrize(("kind", "ending"), [("json", ""), ("csv", ".gz")])
def test_many_chunks(load, kind, ending):
    run = load(kind, f"samples.{kind}{ending}")
    cells = [run.cell(HTTP_REQ_DURATION, name=str(i)) for i in range(50)]
    count = 2 * CHUNK_SAMPLES + 77
    for i in range(count):
        cells[i % 50].record(i)
    found = points(run.finish().path)
    assert [value for *_, value in found] == [Decimal(i) / 1_000_000 for i in range(count)]
    assert [own["name"] for _, own, _, _ in found] == [str(i % 50) for i in range(count)]
    assert run.messages == []


def test_series_that_exist_when_logging_begins_are_logged_too(tmp_path):
    registry, output = Registry(), make_json(tmp_path / "samples.json")
    early = registry.cell(HTTP_REQS, {"a": "1"})
    early.add()  # before anyone listened
    output.start(facts())
    log_samples(registry, [output])
    early.add()
    registry.cell(HTTP_REQS, {"a": "2"}).add()
    output.finish(None)
    assert [own["a"] for _, own, _, _ in points(tmp_path / "samples.json")] == ["1", "2"]


def test_blocks_from_elsewhere_are_no_samples_of_ours(load):
    run = load()
    run.registry.absorb(HTTP_REQS, {}, 5.0)
    run.registry.absorb(CHECKS, {}, (1, 2))
    assert points(run.finish().path) == []


def test_two_outputs_are_given_the_same(tmp_path):
    registry, outputs = Registry(), [make_json(tmp_path / "s.json"), make_csv(tmp_path / "s.csv.gz")]
    for output in outputs:
        output.start(facts())
    log_samples(registry, outputs)
    cell = registry.cell(VUS, {"scenario": "a"})
    for value in range(100):
        cell.set(value)
        for output in outputs:
            output.end_second(value, 1.0)
    outputs[0].finish(None)
    cell.set(100)
    outputs[1].finish(None)
    cell.set(101)  # nobody is there any more
    assert [value for *_, value in points(tmp_path / "s.json")] == list(range(100))
    assert [value for *_, value in points(tmp_path / "s.csv.gz")] == list(range(101))


def test_without_such_an_output_nothing_is_logged():
    registry = Registry()
    log_samples(registry, [object()])
    registry.cell(HTTP_REQS, {}).add()
    assert registry._log is None


# Several processes


@pytest.mark.parametrize(("kind", "ending"), [("json", ""), ("csv", ".gz")])
def test_others_join(tmp_path, kind, ending):
    """Each has the file open for itself, as processes have, and writes in a thread of its own."""
    path = tmp_path / f"samples.{kind}{ending}"
    runs = [_Load(kind, path), *(_Load(kind, path, "join") for _ in range(3))]
    for number in range(3 * CHUNK_SAMPLES // 4):
        for worker, run in enumerate(runs):
            run.cell(BODY_SIZE, name=str(worker)).record(number)
    for run in runs:
        run.finish()
        assert run.messages == []
    found = points(path)
    for worker in range(4):
        values = [value for _, own, _, value in found if own["name"] == str(worker)]
        assert values == list(range(3 * CHUNK_SAMPLES // 4))
    assert len(found) == 3 * CHUNK_SAMPLES


def test_start_empties_a_file_that_is_there(load, tmp_path):
    (tmp_path / "samples.csv").write_text("old\n" * 1000)
    assert load("csv").finish().path.read_text().count("\n") == 1


# What goes wrong


@pytest.mark.parametrize("begin", ["start", "join"])
@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("no/such/x.json", "No such file or directory")])
def test_a_file_that_cannot_be_made_is_refused(tmp_path, begin, name, reason):
    with pytest.raises(OptionError) as caught:
        getattr(make_json(tmp_path / name), begin)(facts())
    assert str(caught.value) == (
        f"--out json={tmp_path / name}: cannot write the samples: {reason}; give a path that can be written"
    )


def test_a_disk_that_is_full_from_the_start_is_refused(tmp_path):
    (tmp_path / "full.csv").symlink_to("/dev/full")
    with pytest.raises(OptionError, match="No space left on device"):
        make_csv(tmp_path / "full.csv").start(facts())


def test_a_disk_that_is_full_later_is_said_and_the_rest_is_counted(load, tmp_path):
    (tmp_path / "full.json").symlink_to("/dev/full")
    run = _Load("json", tmp_path / "full.json", "join")
    for _ in range(3):
        run.cell().add()
        run.output.end_second(0, 1.0)
    run.finish()
    name = f"--out json={tmp_path / 'full.json'}"
    assert sorted(run.messages) == sorted(
        [
            f"{name}: No space left on device; nothing more is written to it.",
            f"{name}: 3 of 3 samples were left out.",
        ]
    )


class _Pipe:
    """A reader that reads when it is told to."""

    def __init__(self, path):
        os.mkfifo(path)
        self.end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.read = b""

    def drain(self, until):
        while not until():
            if select.select([self.end], [], [], 0.01)[0]:
                self.read += os.read(self.end, 1 << 20)

    def close(self):
        os.close(self.end)


def test_a_writer_that_cannot_keep_up_does_not_hold_up_the_load(load, tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "CAPACITY", 2 * CHUNK_SAMPLES)
    pipe = _Pipe(tmp_path / "samples.csv")
    run = load("csv")
    cell = run.cell()
    for _ in range(5 * CHUNK_SAMPLES):
        cell.add()
    cell.add()  # the chunk before is handed over
    name = f"--out csv={run.path}"
    behind = f"{name}: cannot keep up with the load; samples are left out and counted."
    assert run.messages == [behind]

    finishing = threading.Thread(target=run.finish)
    finishing.start()
    pipe.drain(lambda: not finishing.is_alive())
    pipe.drain(lambda: not select.select([pipe.end], [], [], 0)[0] or pipe.read.count(b"\n") > 2 * CHUNK_SAMPLES)
    pipe.close()
    lost = 5 * CHUNK_SAMPLES + 1 - (pipe.read.count(b"\n") - 1)
    assert lost >= 3 * CHUNK_SAMPLES
    assert run.messages == [behind, f"{name}: {lost:,} of {5 * CHUNK_SAMPLES + 1:,} samples were left out."]


def test_a_reader_that_leaves(load, tmp_path):
    pipe = _Pipe(tmp_path / "samples.json")
    run = load("json")
    pipe.close()
    run.cell().add()
    assert run.finish().messages == [
        f"--out json={run.path}: Broken pipe; nothing more is written to it.",
        f"--out json={run.path}: 1 of 1 samples were left out.",
    ]


def test_a_reader_that_never_reads_is_not_waited_for_without_end(load, tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "DRAIN_SECONDS", 0.05)
    pipe = _Pipe(tmp_path / "samples.json")
    run = load("json")
    cell = run.cell()
    for _ in range(CHUNK_SAMPLES):
        cell.add()
    run.finish()
    assert run.messages == [f"--out json={run.path}: {CHUNK_SAMPLES:,} of {CHUNK_SAMPLES:,} samples were left out."]
    pipe.close()
    run.output._queue._thread.join(10)
