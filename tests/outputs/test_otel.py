"""OpenTelemetry: what a collector decodes is what the registry counted, to the last sample."""

from collections import Counter

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from push_support import STARTED, TAGS, Load, facts, running_server

from surgeline.outputs.otel import make_otel

CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
START_NS = int(STARTED.timestamp()) * 10**9


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("TEMPORALITY_PREFERENCE", "ENDPOINT", "TIMEOUT"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_METRICS_{name}", raising=False)
    monkeypatch.delenv("OTEL_RESOURCE_ATTRIBUTES", raising=False)


def decoded(server):
    requests = []
    for _path, _headers, body in server.posts:
        request = ExportMetricsServiceRequest()
        request.ParseFromString(body)
        requests.append(request)
    return requests


def metrics(request):
    return {
        metric.name: metric
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def attributes(point):
    return tuple(sorted((item.key, item.value.string_value) for item in point.attributes))


def points(metric):
    return {attributes(point): point for point in getattr(metric, metric.WhichOneof("data")).data_points}


def pushed(seconds=23, url=lambda server: server.url):
    load, messages = Load(), []
    with running_server() as server:
        output = make_otel(url(server))
        output.start(facts(messages))
        load.seconds(output, seconds)
        output.finish(None)
    assert messages == []
    return load, server


def test_the_last_push_holds_the_totals():
    load, server = pushed()
    last = metrics(decoded(server)[-1])

    assert set(last) == {"http_reqs", "http_req_failed", "vus", "http_req_duration", "body_size"}
    for tags in TAGS:
        key = tuple(sorted(tags.items()))
        assert points(last["http_reqs"])[key].as_double == load.cell("http_reqs", tags).total
        failed = load.cell("http_req_failed", tags)
        rates = points(last["http_req_failed"])
        assert rates[tuple(sorted([*key, ("condition", "nonzero")]))].as_int == failed.passes
        assert rates[tuple(sorted([*key, ("condition", "zero")]))].as_int == failed.count - failed.passes
        for name, scale in (("http_req_duration", 1e6), ("body_size", 1)):
            values = [value / scale for metric, t, value in load.recorded if metric.name == name and t == tags]
            point = points(last[name])[key]
            assert point.count == len(values) == point.zero_count + sum(point.positive.bucket_counts)
            assert point.zero_count == values.count(0)
            assert point.sum == pytest.approx(sum(values), rel=1e-12)
            assert (point.min, point.max) == (min(values), max(values))


def test_types_units_and_times_are_k6s():
    _load, server = pushed()
    last = metrics(decoded(server)[-1])

    assert {name: (metric.WhichOneof("data"), metric.unit) for name, metric in last.items()} == {
        "http_reqs": ("sum", ""),
        "http_req_failed": ("sum", ""),
        "vus": ("gauge", ""),
        "http_req_duration": ("exponential_histogram", "ms"),
        "body_size": ("exponential_histogram", "By"),
    }
    assert last["http_reqs"].sum.is_monotonic
    assert last["http_reqs"].sum.aggregation_temporality == CUMULATIVE
    assert last["http_req_duration"].exponential_histogram.aggregation_temporality == CUMULATIVE
    for point in points(last["http_reqs"]).values():
        assert (point.start_time_unix_nano, point.time_unix_nano) == (START_NS, START_NS + 23 * 10**9)


def test_deltas_add_up_to_the_totals_and_their_times_join(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
    load, server = pushed(60)
    sums, counts, end = Counter(), Counter(), START_NS
    requests = decoded(server)
    for request in requests:
        found = metrics(request)
        assert found["http_reqs"].sum.aggregation_temporality == DELTA
        times = {(point.start_time_unix_nano, point.time_unix_nano) for point in points(found["http_reqs"]).values()}
        assert {start for start, _ in times} == {end}
        end = max(stop for _, stop in times)
        for key, point in points(found["http_reqs"]).items():
            sums[key] += point.as_double
        for key, point in points(found["http_req_duration"]).items():
            counts[key] += point.count

    assert end == START_NS + 60 * 10**9
    assert sum(sums.values()) == load.registry.count("http_reqs")
    assert sum(counts.values()) == load.registry.value("http_req_duration").histogram.count


def test_the_resource_says_who_sends_and_the_environment_goes_first(monkeypatch):
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=checkout-load,team=payments")
    _load, server = pushed(1)
    resource = decoded(server)[0].resource_metrics[0].resource
    found = {item.key: item.value.string_value for item in resource.attributes}

    assert found["service.name"] == "checkout-load"
    assert found["team"] == "payments"
    assert found["service.instance.id"] == "run-1"
    assert found["surgeline.title"] == "coupons.py"


@pytest.mark.parametrize(
    ("path", "posted_to"), [("", "/v1/metrics"), ("/", "/v1/metrics"), ("/otlp/v1/metrics", "/otlp/v1/metrics")]
)
def test_a_url_without_a_path_gets_the_path_of_otlp(path, posted_to):
    _load, server = pushed(1, lambda server: server.url + path)

    assert [path for path, _, _ in server.posts] == [posted_to]


def test_without_a_url_the_environment_says_where(monkeypatch):
    def url(server):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", f"{server.url}/from/environment")

    _load, server = pushed(1, url)

    assert [path for path, _, _ in server.posts] == ["/from/environment"]


@pytest.mark.parametrize(("name", "value"), [("COMPRESSION", "brotli"), ("TIMEOUT", "soon")])
def test_what_opentelemetry_says_of_its_environment_is_passed_on(monkeypatch, capfd, name, value):
    monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", value)
    messages = []
    output = make_otel(None)
    output.start(facts(messages))
    output.finish(None)

    assert len(messages) == 1
    assert messages[0].startswith("otel: ")
    assert value in messages[0]
    assert capfd.readouterr() == ("", "")
