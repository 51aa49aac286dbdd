"""The figures of one level, from what its run came to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from surgeline.engine.scenario import Scenario
from surgeline.judge.evaluate import result_text
from surgeline.judge.verdict import Outcome
from surgeline.metrics import names
from surgeline.metrics.values import CounterValue, RateValue, TrendValue
from surgeline.result import Metrics, RunResult

_KINDS = (
    (names.HTTP_REQ_DURATION, names.HTTP_REQ_FAILED),
    (names.GRPC_REQ_DURATION, names.GRPC_REQ_FAILED),
    (names.OPERATION_DURATION, names.OPERATION_FAILED),
)
"""What a level is told by: its requests, else its operations, else its iterations."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the table shows of a level. Rates are iterations a second."""

    planned_rate: float | None
    """On average; None where it depends on how fast the system answers."""
    reached_rate: float
    iterations: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    failed_share: float | None
    """Of the requests, 0 to 1."""
    errors: int
    """Iterations that ended with an exception."""
    dropped: int


def figures_of(result: RunResult, planned_rate: float | None) -> Figures:
    """Return the figures of a run."""
    metrics = result.metrics
    kind = next((kind for kind in _KINDS if any(metrics.value(one.name) for one in kind)), None)
    duration, failed = kind or (names.ITERATION_DURATION, names.HTTP_REQ_FAILED)
    trend, share = metrics.value(duration.name), metrics.value(failed.name)
    p50, p95, p99 = (trend.stat(stat) if isinstance(trend, TrendValue) else None for stat in ("med", "p(95)", "p(99)"))
    iterations = _count(metrics, names.ITERATIONS)
    return Figures(
        planned_rate=planned_rate,
        reached_rate=iterations / result.seconds if result.seconds else 0.0,
        iterations=iterations,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        failed_share=share.stat("rate") if isinstance(share, RateValue) else None,
        errors=_count(metrics, names.ITERATION_ERRORS),
        dropped=_count(metrics, names.DROPPED_ITERATIONS),
    )


def planned_rate(scenarios: Sequence[Scenario]) -> float | None:
    """Return how many iterations a second are planned, on average; None unless all scenarios have a rate."""
    lines = [scenario.executor.rate_over_time() for scenario in scenarios]
    spans = [(scenario.start_ns, scenario.executor.planned_ns) for scenario in scenarios]
    ends = [start + planned for start, planned in spans if planned is not None]
    if None in lines or len(ends) < len(spans):
        return None
    return sum(_starts(line) for line in lines if line) * 1e9 / (max(ends) - min(start for start, _ in spans))


def why(result: RunResult) -> str:
    """Return what failed at a level, as its thresholds say it, or else the reason of its verdict."""
    failed = [result_text(one) for one in result.thresholds if one.ok is False]
    if result.verdict.outcome is Outcome.FAILED and failed:
        return ", ".join(failed)
    return result.verdict.reasons[0]


def _starts(line: Sequence[tuple[int, float]]) -> float:
    """Return the area under the corners of a rate, in starts."""
    return sum((end - start) / 1e9 * (low + high) / 2 for (start, low), (end, high) in pairwise(line))


def _count(metrics: Metrics, metric: names.Metric) -> int:
    value = metrics.value(metric.name)
    return int(value.count) if isinstance(value, CounterValue) else 0
