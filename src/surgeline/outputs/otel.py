"""OpenTelemetry: metrics to a collector, by OTLP over HTTP, through OpenTelemetry's official exporter.

Knows OpenTelemetry's data model; how often is pushed, and what happens when it fails, is `push`'s. Metrics have k6's
names and tags are attributes. A rate is one counter with the attribute `condition`, `nonzero` or `zero`, as k6 has it;
a trend is an exponential histogram whose count, sum, minimum and maximum are exact.

Totals are cumulative, which every receiver takes, Prometheus among them, and which loses nothing when a push fails.
`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta` gives what came since the push before. The other
`OTEL_EXPORTER_OTLP_*` and `OTEL_RESOURCE_ATTRIBUTES` mean what OpenTelemetry says.
"""

import os
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import export as data
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from surgeline._native.histogram import Histogram
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.registry import Series
from surgeline.metrics.series_limit import Tags
from surgeline.outputs.behind_a_queue import politely
from surgeline.outputs.exponential import exponential
from surgeline.outputs.push import PUSH_SECONDS, Push, checked_url, encodable, push_error, reasons, without_secrets
from surgeline.outputs.totals import Totals
from surgeline.result import RunFacts

EVERY_SECONDS = 10
_POINTS_A_REQUEST = 5_000
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
_UNITS = {"time": "ms", "data": "By"}
_ADD_UP = (MetricType.COUNTER, MetricType.RATE, MetricType.TREND)


def make_otel(url: str | None) -> Push:
    """Return the output that pushes to `url`, or to where OpenTelemetry's environment says.

    A URL without a path gets OTLP's own, `/v1/metrics`. Raises OptionError when it is no URL.
    """
    if url is not None:
        checked_url(url, "--out otel", "http://localhost:4318")
        if urlsplit(url).path in ("", "/"):
            url = f"{url.rstrip('/')}/v1/metrics"
    name = "otel" if url is None else f"otel={without_secrets(url)}"
    return Push(name, EVERY_SECONDS, lambda facts: _Sender(url, facts))


class _Sender:
    """Builds what the exporter sends; `push.Sender`."""

    def __init__(self, url: str | None, facts: RunFacts) -> None:
        self._session = _Session()
        timeout = None if any(os.environ.get(name) for name in _TIMEOUTS) else PUSH_SECONDS
        with reasons() as texts:
            self._exporter = OTLPMetricExporter(
                url, timeout=timeout, session=self._session, max_export_batch_size=_POINTS_A_REQUEST
            )
        for text in texts:
            facts.notify(f"otel: {text}")
        preference = os.environ.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "")
        self._delta = preference.strip().lower() in ("delta", "lowmemory")
        self._resource = _resource(facts)
        self._started = facts.started_at.timestamp()

    @property
    def per_push(self) -> tuple[MetricType, ...]:
        """All that adds up, with delta temporality; else nothing."""
        return _ADD_UP if self._delta else ()

    def send(self, totals: Totals, since: float, until: float) -> None:
        """Send the totals. Raises PushError."""
        points = _Points(
            since_ns=int((self._started + (since if self._delta else 0.0)) * 1e9),
            now_ns=int((self._started + until) * 1e9),
        )
        for series, value in politely(totals):
            points.add(series, value)
        temporality = data.AggregationTemporality.DELTA if self._delta else data.AggregationTemporality.CUMULATIVE
        scope = data.ScopeMetrics(
            InstrumentationScope("surgeline", version("surgeline")), points.metrics(temporality), ""
        )
        sent = data.MetricsData([data.ResourceMetrics(self._resource, [scope], "")])
        self._session.refusal = ""
        with reasons() as texts:
            taken = self._exporter.export(sent) is data.MetricExportResult.SUCCESS
        if not taken:
            raise push_error([self._session.refusal] if self._session.refusal else texts)

    def close(self) -> None:
        """Give the connection back."""
        self._exporter.shutdown()


class _Session(requests.Session):
    """Keeps why the last request failed: the exporter does not tell, and takes a redirection for success."""

    refusal = ""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request, as it is. Raises HTTPError for a redirection."""
        try:
            response = super().request(*arguments, **options)
        except requests.RequestException as error:
            self.refusal = str(error)
            raise
        if response.status_code >= 300:
            self.refusal = f"{response.status_code} {response.reason}"
        if 300 <= response.status_code < 400:
            raise requests.HTTPError(self.refusal)
        return response


def _resource(facts: RunFacts) -> Resource:
    """Return who sends; what the environment says of it goes first."""
    ours = {
        "service.name": "surgeline",
        "service.version": version("surgeline"),
        "service.instance.id": facts.run_id,
        "surgeline.title": facts.title,
    }
    return Resource(ours).merge(OTELResourceDetector().detect())


class _Points:
    """The data points of each metric."""

    def __init__(self, since_ns: int, now_ns: int) -> None:
        self._since_ns = since_ns
        self._now_ns = now_ns
        self._points: dict[Metric, list[Any]] = {}

    def add(self, series: Series, value: Any) -> None:
        """Add what a series came to."""
        points = self._points.setdefault(series.metric, [])
        match series.metric.type:
            case MetricType.COUNTER:
                points.append(self._number(series.tags, value))
            case MetricType.RATE:
                points.append(self._number({**series.tags, "condition": "nonzero"}, value[0]))
                points.append(self._number({**series.tags, "condition": "zero"}, value[1] - value[0]))
            case MetricType.GAUGE:
                points.append(self._number(series.tags, value[0]))
            case MetricType.TREND:
                points.append(self._distribution(series, value))

    def metrics(self, temporality: data.AggregationTemporality) -> list[data.Metric]:
        """Return the metrics with all points that were added."""
        return [
            data.Metric(metric.name, "", _UNITS.get(metric.contains, metric.unit), _data(metric, points, temporality))
            for metric, points in self._points.items()
        ]

    def _number(self, tags: Tags, value: float) -> data.NumberDataPoint:
        return data.NumberDataPoint(encodable(tags), self._since_ns, self._now_ns, value)

    def _distribution(self, series: Series, histogram: Histogram) -> data.ExponentialHistogramDataPoint:
        divisor = series.metric.scale
        spread = exponential(politely(histogram.buckets()), divisor)
        return data.ExponentialHistogramDataPoint(
            attributes=encodable(series.tags),
            start_time_unix_nano=self._since_ns,
            time_unix_nano=self._now_ns,
            count=histogram.count,
            sum=histogram.sum / divisor,
            scale=spread.scale,
            zero_count=spread.zeros,
            positive=data.Buckets(spread.offset, spread.counts),
            negative=data.Buckets(0, []),
            flags=0,
            min=histogram.min / divisor,
            max=histogram.max / divisor,
        )


def _data(metric: Metric, points: list[Any], temporality: data.AggregationTemporality) -> data.DataT:
    if metric.type is MetricType.GAUGE:
        return data.Gauge(points)
    if metric.type is MetricType.TREND:
        return data.ExponentialHistogram(points, temporality)
    return data.Sum(points, temporality, is_monotonic=True)
