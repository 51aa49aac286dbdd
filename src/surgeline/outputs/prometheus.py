"""Prometheus: metrics to a remote write endpoint, through OpenTelemetry's official exporter for it.

Knows Prometheus's names; how often is pushed, and what happens when it fails, is `push`'s. Series are named as k6 names
them, with `surgeline_` for `k6_`: counters end in `_total` and count from the start of the run; a rate ends in `_rate`,
0 to 1; a trend is one series for each statistic, such as `surgeline_http_req_duration_p99`, times in seconds. Unlike
k6's, rates and trends hold what came since the last push that arrived, so that a change shows. Tags are labels.

Which statistics: `SURGELINE_PROMETHEUS_TREND_STATS`, such as `p(95),p(99),max`; `p(99)` when it is not set. A user and
a password are taken from the URL.
"""

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from opentelemetry.exporter.prometheus_remote_write import PrometheusRemoteWriteMetricsExporter
from opentelemetry.sdk.metrics import export as data
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.series_limit import Tags
from surgeline.metrics.trend_stats import parse_trend_stats
from surgeline.metrics.values import RateValue, TrendValue
from surgeline.outputs.behind_a_queue import politely
from surgeline.outputs.push import PUSH_SECONDS, Push, checked_url, encodable, push_error, reasons, without_secrets
from surgeline.outputs.totals import Totals
from surgeline.result import RunFacts

EVERY_SECONDS = 5
TREND_STATS_VARIABLE = "SURGELINE_PROMETHEUS_TREND_STATS"
_MILLISECONDS_PER_SECOND = 1000


def make_prometheus(url: str) -> Push:
    """Return the output that pushes to `url`. Raises OptionError when it is none, or the statistics are not known."""
    checked_url(url, "--out prometheus", "http://localhost:9090/api/v1/write")
    stats = parse_trend_stats(os.environ.get(TREND_STATS_VARIABLE) or "p(99)")
    name = f"prometheus={without_secrets(url)}"
    return Push(name, EVERY_SECONDS, lambda facts: _Sender(url, stats, facts))


class _Sender:
    """Builds what the exporter sends; `push.Sender`."""

    per_push = (MetricType.RATE, MetricType.TREND)

    def __init__(self, url: str, stats: tuple[str, ...], facts: RunFacts) -> None:
        self._exporter = PrometheusRemoteWriteMetricsExporter(
            without_secrets(url), timeout=PUSH_SECONDS, resources_as_labels=False
        )
        parts = urlsplit(url)
        if parts.username:
            self._exporter.basic_auth = {
                "username": unquote(parts.username),
                "password": unquote(parts.password or ""),
            }
        self._stats = stats
        self._started = facts.started_at.timestamp()

    def send(self, totals: Totals, since: float, until: float) -> None:  # noqa: ARG002 (samples have one time)
        """Send the totals. Raises PushError."""
        now_ns = int((self._started + until) * 1e9)
        metrics = [
            data.Metric(name, "", "", data.Gauge([data.NumberDataPoint(_labels(series.tags), 0, now_ns, number)]))
            for series, value in politely(totals)
            for name, number in self._samples(series.metric, value)
        ]
        scope = data.ScopeMetrics(InstrumentationScope("surgeline"), metrics, "")
        sent = data.MetricsData([data.ResourceMetrics(Resource.get_empty(), [scope], "")])
        with reasons() as texts:
            if metrics and self._exporter.export(sent) is not data.MetricExportResult.SUCCESS:
                raise push_error(texts)

    def close(self) -> None:
        """Nothing is kept open between pushes."""

    def _samples(self, metric: Metric, value: Any) -> Iterator[tuple[str, float]]:
        """Yield (name, value) of each series of Prometheus that one of ours makes."""
        name = f"surgeline_{_identifier(metric.name)}"
        match metric.type:
            case MetricType.COUNTER:
                yield f"{name}_total", value
            case MetricType.RATE:
                yield f"{name}_rate", RateValue(value[0], value[1] - value[0]).stat("rate")
            case MetricType.GAUGE:
                yield name, value[0]
            case MetricType.TREND:
                per_unit = _MILLISECONDS_PER_SECOND if metric.contains == "time" else 1
                trend = TrendValue(value, metric.scale)
                for stat in self._stats:
                    # k6's names: p(99.9) is p999.
                    suffix = re.sub(r"[().]", "", stat)
                    yield f"{name}_{suffix}", trend.stat(stat) / (1 if stat == "count" else per_unit)


def _labels(tags: Tags) -> dict[str, str]:
    """Return the tags as labels; one without a value is no label, as Prometheus has it."""
    return {_identifier(tag): value for tag, value in encodable(tags).items() if value}


def _identifier(name: str) -> str:
    return re.sub(r"^(?=\d)|[^a-zA-Z0-9_]", "_", name)
