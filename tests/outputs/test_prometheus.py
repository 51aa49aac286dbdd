"""Prometheus remote write: what an endpoint decompresses and decodes is what the registry counted."""

import base64

import pytest
import snappy
from opentelemetry.exporter.prometheus_remote_write.gen.remote_pb2 import WriteRequest
from push_support import STARTED, TAGS, Load, facts, running_server

from surgeline._native.histogram import Histogram
from surgeline.errors import OptionError
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.registry import Registry
from surgeline.outputs.prometheus import make_prometheus

START_MS = int(STARTED.timestamp()) * 1000


def decoded(server):
    """One mapping for each push: labels -> [(value, milliseconds)]."""
    found = []
    for _path, _headers, body in server.posts:
        request = WriteRequest()
        request.ParseFromString(snappy.uncompress(body))
        found.append(
            {
                tuple((label.name, label.value) for label in series.labels): [
                    (s.value, s.timestamp) for s in series.samples
                ]
                for series in request.timeseries
            }
        )
        assert len(found[-1]) == len(request.timeseries), "a series twice in one push"
    return found


def key(name, tags):
    return tuple(sorted([("__name__", name), *tags.items()]))


def pushed(seconds, load=None, url=lambda server: f"{server.url}/api/v1/write"):
    load, messages = load or Load(), []
    with running_server() as server:
        output = make_prometheus(url(server))
        output.start(facts(messages))
        load.seconds(output, seconds)
        output.finish(None)
    assert messages == []
    return load, server


def test_counters_are_totals_and_the_last_push_holds_them_all():
    load, server = pushed(23)
    last = decoded(server)[-1]

    for tags in TAGS:
        cell = load.cell("http_reqs", tags)
        assert last[key("surgeline_http_reqs_total", tags)] == [(cell.total, START_MS + 23_000)]
        gauge = load.cell("vus", tags)
        assert last[key("surgeline_vus", tags)] == [(gauge.value, START_MS + 23_000)]


def test_rates_and_trends_hold_what_came_since_the_push_before(monkeypatch):
    monkeypatch.setenv("SURGELINE_PROMETHEUS_TREND_STATS", "p(99.9),med,max,count")
    load, server = pushed(3)
    (only,) = decoded(server)
    for tags in TAGS:
        histogram = Histogram()
        for metric, recorded_tags, value in load.recorded:
            if metric.name == "http_req_duration" and recorded_tags == tags:
                histogram.record(value)
        name = "surgeline_http_req_duration"
        assert only[key(f"{name}_p999", tags)][0][0] == pytest.approx(histogram.quantile(0.999) / 1e9)
        assert only[key(f"{name}_med", tags)][0][0] == pytest.approx(histogram.quantile(0.5) / 1e9)
        assert only[key(f"{name}_max", tags)][0][0] == pytest.approx(histogram.max / 1e9)
        assert only[key(f"{name}_count", tags)][0][0] == histogram.count
        assert only[key("surgeline_body_size_max", tags)][0][0] == 4_000_000
        failed = load.cell("http_req_failed", tags)
        assert only[key("surgeline_http_req_failed_rate", tags)][0][0] == failed.passes / failed.count


def test_counts_of_all_pushes_add_up(monkeypatch):
    monkeypatch.setenv("SURGELINE_PROMETHEUS_TREND_STATS", "count")
    load, server = pushed(40)
    name = "surgeline_http_req_duration_count"
    counts = [
        samples[0][0] for push in decoded(server) for labels, samples in push.items() if ("__name__", name) in labels
    ]

    assert sum(counts) == load.registry.value("http_req_duration").histogram.count


def test_the_default_is_the_99th_percentile_alone():
    _load, server = pushed(1)
    names = {dict(labels)["__name__"] for push in decoded(server) for labels in push}

    assert {name for name in names if "duration" in name} == {"surgeline_http_req_duration_p99"}


def test_labels_are_sorted_valid_and_never_empty():
    class Odd(Load):
        def _record(self):
            metric = Metric("temps-de-réponse", MetricType.COUNTER)
            self.registry.cell(metric, {"Z": "z", "größe": "x|y", "9a": "é", "none": ""}).add(2.0)

    _load, server = pushed(1, Odd())
    ((labels, samples),) = decoded(server)[0].items()

    assert labels == (("Z", "z"), ("_9a", "é"), ("__name__", "surgeline_temps_de_r_ponse_total"), ("gr__e", "x|y"))
    assert samples[0][0] == 2.0


def test_headers_are_those_of_the_protocol_and_the_user_is_that_of_the_url():
    _load, server = pushed(1, url=lambda server: server.url.replace("//", "//me%40x:hunter2@") + "/write?tenant=a")
    ((path, headers, _body),) = server.posts

    assert path == "/write?tenant=a"
    assert headers["Content-Encoding"] == "snappy"
    assert headers["Content-Type"] == "application/x-protobuf"
    assert headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"me@x:hunter2"


def test_nothing_is_sent_when_nothing_was_counted():
    with running_server() as server:
        output = make_prometheus(server.url)
        output.start(facts([]))
        output.take(0, Registry().rotate())
        output.end_second(0, 1.0)
        output.finish(None)

    assert server.posts == []


def test_unknown_statistics_are_refused(monkeypatch):
    monkeypatch.setenv("SURGELINE_PROMETHEUS_TREND_STATS", "p99")

    with pytest.raises(OptionError, match="p99"):
        make_prometheus("http://localhost/write")
