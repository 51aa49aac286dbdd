"""What a run file says of a run beside its samples. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from surgeline.judge.grammar import Threshold
from surgeline.metrics import names
from surgeline.metrics.values import CounterValue, RateValue, TrendValue
from surgeline.result import RunResult

_KINDS = (
    (names.HTTP_REQS, names.HTTP_REQ_FAILED, names.HTTP_REQ_DURATION),
    (names.GRPC_REQS, names.GRPC_REQ_FAILED, names.GRPC_REQ_DURATION),
    (names.OPERATIONS, names.OPERATION_FAILED, names.OPERATION_DURATION),
)
"""What a run is told by: its requests, else its calls of gRPC, else its operations."""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What was known of the run before its load, and when it ended: None when it has not come to its end."""

    run_id: str
    title: str
    script_path: str | None
    script_text: str
    script_sha256: str
    started_at: datetime
    ended_at: datetime | None
    seed: int
    tags: Mapping[str, str]
    options: Mapping[str, Any]
    environment: Mapping[str, str]
    machine: Mapping[str, str | int]
    scenarios: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    trend_stats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """What a list of runs shows of one."""

    verdict: str
    seconds: float
    requests: int
    p95_ms: float | None
    failed_share: float | None
    """Of the requests, 0 to 1."""


def headline_of(result: RunResult) -> Headline:
    """Return what a list of runs shows of this result."""
    value = result.metrics.value
    kind = next((kind for kind in _KINDS if value(kind[0].name) is not None), _KINDS[0])
    requests, failed, duration = (value(metric.name) for metric in kind)
    return Headline(
        result.verdict.outcome.value,
        result.seconds,
        int(requests.count) if isinstance(requests, CounterValue) else 0,
        duration.stat("p(95)") if isinstance(duration, TrendValue) else None,
        failed.stat("rate") if isinstance(failed, RateValue) else None,
    )
