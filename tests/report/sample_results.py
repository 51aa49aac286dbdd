"""Results of runs as `run` would hand them over: what the reports and outputs are tested on."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from surgeline._native.histogram import Histogram
from surgeline.judge.evaluate import evaluate
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.verdict import judge
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS
from surgeline.metrics.values import CounterValue, GaugeValue, RateValue, TrendValue, Value
from surgeline.result import CheckResult, FailureKind, IterationError, Kind, RequestRow, RunResult

HEALTHY = GeneratorHealth(
    loop_busy=0.41,
    lateness_p50_ms=0.003,
    lateness_p99_ms=0.022,
    lateness_max_ms=1.9,
    dropped_iterations=0,
    abandoned_requests=0,
    gc_pause_max_ms=0.6,
    gc_pause_total_ms=4.2,
    cpu_seconds=127.4,
    max_rss_bytes=84_100_000,
    seconds=300.0,
)
OVERLOADED = replace(HEALTHY, loop_busy=0.972, lateness_p50_ms=3.1, lateness_p99_ms=38.4, lateness_max_ms=212.0)
COUPONS_APPLIED = Metric("coupons_applied", MetricType.COUNTER)
DISCOUNT = Metric("discount_percent", MetricType.TREND)
KNOWN = {**BUILTIN, "coupons_applied": COUPONS_APPLIED, "discount_percent": DISCOUNT}

Key = tuple[str, tuple[tuple[str, str], ...]]


class FixedMetrics:
    """Values given beforehand, by metric and tags."""

    def __init__(self, values: Mapping[Key, Value]) -> None:
        self.values = values

    def metrics(self) -> list[Metric]:
        return sorted({KNOWN[name] for name, _ in self.values}, key=lambda metric: metric.name)

    def value(self, name: str, tags: Mapping[str, str] | None = None) -> Value | None:
        return self.values.get((name, tuple(sorted((tags or {}).items()))))

    def by_tag(self, name: str, *tag_names: str) -> dict[tuple[str, ...], Value]:
        of_name = {tags: value for (metric, tags), value in self.values.items() if metric == name}
        return {tuple(dict(tags).get(tag, "") for tag in tag_names): value for tags, value in of_name.items()}


def trend(median_ms: float, spread: float, count: int, seed: int, divisor: float = 1e6) -> TrendValue:
    """A log-normal distribution of `count` values."""
    random_ = random.Random(seed)
    histogram = Histogram()
    for _ in range(2_000):
        histogram.record(int(random_.lognormvariate(math.log(median_ms), spread) * divisor), count // 2_000)
    return TrendValue(histogram, divisor)


def merged(*trends: TrendValue) -> TrendValue:
    histogram = Histogram()
    for one in trends:
        histogram.merge(one.histogram)
    return TrendValue(histogram)


def coupons(
    health: GeneratorHealth = HEALTHY,
    thresholds: Mapping[str, str | Sequence[str]] | None = None,
    *,
    response_factor: float = 1.02,
) -> RunResult:
    """Five minutes of validating coupons at 2,000 a second, with a slow tail and some time-outs."""
    validate = trend(8.2, 0.75, 540_000, 1)
    get_user = trend(2.1, 0.4, 60_000, 2)
    duration = merged(validate, get_user)
    seconds = 300.4
    waited = trend(8.2 * response_factor, 0.75 * response_factor, 540_000, 1)
    values: dict[Key, Value] = {
        ("http_reqs", ()): CounterValue(600_000, seconds),
        ("http_req_duration", ()): duration,
        ("http_req_duration", (("name", "validate"),)): validate,
        ("http_req_response_time", ()): merged(waited, get_user),
        ("http_req_blocked", ()): trend(0.002, 0.3, 600_000, 4),
        ("http_req_connecting", ()): trend(0.18, 0.2, 2_000, 5),
        ("http_req_sending", ()): trend(0.006, 0.2, 600_000, 6),
        ("http_req_waiting", ()): trend(7.3, 0.8, 600_000, 7),
        ("http_req_receiving", ()): trend(0.004, 0.4, 600_000, 8),
        ("http_req_failed", ()): RateValue(1_894, 598_106),
        ("iterations", ()): CounterValue(540_000, seconds),
        ("iteration_errors", ()): CounterValue(3, seconds),
        ("iteration_duration", ()): trend(8.9, 0.8, 540_000, 9),
        ("checks", ()): RateValue(1_078_110, 1_890),
        ("vus", ()): GaugeValue(64, 12, 88),
        ("vus_max", ()): GaugeValue(200, 200, 200),
        ("coupons_applied", ()): CounterValue(402_113, seconds),
        ("discount_percent", ()): trend(15, 0.5, 402_000, 10, divisor=1_000.0),
        ("data_sent", ()): CounterValue(121_400_000, seconds),
        ("data_received", ()): CounterValue(98_300_000, seconds),
    }
    if health.dropped_iterations:
        values["dropped_iterations", ()] = CounterValue(health.dropped_iterations, seconds)
    if thresholds is None:
        thresholds = {
            "http_req_duration": ["p(95)<500", "p(99)<1000"],
            "http_req_duration{name:validate}": "p(99)<40",
            "http_req_failed": "rate<0.01",
            "coupons_applied": "count>100000",
        }
    metrics = FixedMetrics(values)
    judged = tuple(
        evaluate(threshold, metrics.value(threshold.selector.metric, dict(threshold.selector.tags)))
        for threshold in parse_thresholds(thresholds, KNOWN)
    )
    return RunResult(
        title="load/coupon_validation.py",
        scenarios=(
            "validate: 1,800 iterations/s for 5m, up to 200 VUs",
            "profile: 200 iterations/s for 5m, up to 20 VUs",
        ),
        started_at=datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC),
        seconds=seconds,
        metrics=metrics,
        trend_stats=DEFAULT_TREND_STATS,
        thresholds=judged,
        checks=(
            CheckResult("status is 200", RateValue(538_110, 1_890)),
            CheckResult("coupon has a discount", RateValue(540_000, 0)),
        ),
        requests=(
            RequestRow("POST", "validate", validate, 540_000 / seconds, RateValue(1_890, 538_110)),
            RequestRow("GET", "/api/users/{id}", get_user, 60_000 / seconds, RateValue(4, 59_996)),
        ),
        failures=(
            FailureKind(1503, "unexpected status 503", 1_488),
            FailureKind(1429, "unexpected status 429", 402),
            FailureKind(1220, "connection reset by peer", 4),
        ),
        iteration_errors=(
            IterationError(
                "KeyError: 'discount' (coupon_validation.py:42)",
                3,
                "Traceback (most recent call last):\n"
                '  File "load/coupon_validation.py", line 42, in validate\n'
                '    discount.add(response.json()["discount"])\n'
                "                 ~~~~~~~~~~~~~~~^^^^^^^^^^^^\n"
                "KeyError: 'discount'\n",
            ),
        ),
        health=health,
        verdict=judge(judged, health, duration.stat("med")),
        interrupted=False,
        seed=7,
    )


def with_operations(result: RunResult, *, response_factor: float = 1.0) -> RunResult:
    """The same run, in which a queue and a database were asked too, by libraries of the script's own."""
    publish, query = trend(1.3, 0.5, 40_000, 11), trend(4.4, 0.6, 20_000, 12)
    waited = merged(trend(1.3 * response_factor, 0.5, 40_000, 11), trend(4.4 * response_factor, 0.6, 20_000, 12))
    values: dict[Key, Value] = {
        ("operations", ()): CounterValue(60_000, result.seconds),
        ("operation_failed", ()): RateValue(212, 59_788),
        ("operation_duration", ()): merged(publish, query),
        ("operation_response_time", ()): waited,
    }
    assert isinstance(result.metrics, FixedMetrics)
    rows = (
        RequestRow("", "publish", publish, 40_000 / result.seconds, RateValue(0, 40_000), Kind.OPERATIONS),
        RequestRow("", "find-coupon", query, 20_000 / result.seconds, RateValue(212, 19_788), Kind.OPERATIONS),
    )
    failures = (
        FailureKind(0, "find-coupon: TimeoutError", 200, Kind.OPERATIONS),
        FailureKind(0, "find-coupon: no rows", 12, Kind.OPERATIONS),
    )
    return replace(
        result,
        metrics=FixedMetrics({**result.metrics.values, **values}),
        requests=(*result.requests, *rows),
        failures=(*result.failures, *failures),
    )


def operations_alone() -> RunResult:
    """A run without a request."""
    result = with_operations(coupons(HEALTHY, {"operation_duration": "p(95)<50"}))
    assert isinstance(result.metrics, FixedMetrics)
    kept = {key: value for key, value in result.metrics.values.items() if not key[0].startswith(("http_", "data_"))}
    metrics = FixedMetrics(kept)
    judged = tuple(evaluate(one.threshold, metrics.value(one.threshold.selector.metric)) for one in result.thresholds)
    return replace(
        result,
        title="load/queue.py",
        metrics=metrics,
        requests=tuple(row for row in result.requests if row.kind is Kind.OPERATIONS),
        failures=tuple(failure for failure in result.failures if failure.kind is Kind.OPERATIONS),
        thresholds=judged,
        verdict=judge(judged, HEALTHY, 1.0),
    )
