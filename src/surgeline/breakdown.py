"""What the samples of a run say of its checks, requests, gRPC calls, operations and failures: rows for a result.

Pure functions over a registry, live or read from a run file.
"""

from dataclasses import dataclass

from surgeline._native.histogram import Histogram
from surgeline.metrics import names
from surgeline.metrics.names import Metric
from surgeline.metrics.registry import Registry
from surgeline.metrics.values import RateValue, TrendValue
from surgeline.result import CheckResult, FailureKind, Kind, Metrics, RequestRow


@dataclass(frozen=True, slots=True)
class _Source:
    """The metrics that count one kind of row."""

    kind: Kind
    count: Metric
    failed: Metric
    duration: Metric
    row_tags: tuple[str, ...]
    """What a row is called by: its name, before it the method where there is one."""
    failure_tags: tuple[str, str]
    """What tells one way of failing from another: a code or a name, and the error."""


_SOURCES = (
    _Source(
        Kind.REQUESTS,
        names.HTTP_REQS,
        names.HTTP_REQ_FAILED,
        names.HTTP_REQ_DURATION,
        ("method", "name"),
        ("error_code", "error"),
    ),
    _Source(
        Kind.GRPC_CALLS, names.GRPC_REQS, names.GRPC_REQ_FAILED, names.GRPC_REQ_DURATION, ("name",), ("name", "error")
    ),
    _Source(
        Kind.OPERATIONS,
        names.OPERATIONS,
        names.OPERATION_FAILED,
        names.OPERATION_DURATION,
        ("name",),
        ("name", "error"),
    ),
)
_SERVICE_TIMES = (*(source.duration for source in _SOURCES), names.ITERATION_DURATION)


def check_results(registry: Registry) -> tuple[CheckResult, ...]:
    """Return the checks by name, in the order in which they were first made."""
    return tuple(
        CheckResult(name, value)
        for (name,), value in registry.by_tag(names.CHECKS.name, "check").items()
        if isinstance(value, RateValue)
    )


def request_rows(registry: Registry) -> tuple[RequestRow, ...]:
    """Return the requests by method and name, then gRPC calls and operations by name, in the order of first ends."""
    return tuple(row for source in _SOURCES for row in _rows(registry, source))


def _rows(registry: Registry, source: _Source) -> list[RequestRow]:
    counts, failed, durations = (
        registry.by_tag(metric.name, *source.row_tags) for metric in (source.count, source.failed, source.duration)
    )
    rows = []
    for key, count in counts.items():
        *method, name = key
        share = failed.get(key, RateValue(0, 0))
        # Requests that were never sent have no duration.
        duration = durations.get(key, TrendValue(Histogram()))
        assert isinstance(share, RateValue)
        assert isinstance(duration, TrendValue)
        rows.append(RequestRow("".join(method), name, duration, count.stat("rate"), share, source.kind))
    return rows


def failure_kinds(registry: Registry) -> tuple[FailureKind, ...]:
    """Return the ways in which requests failed, then calls of gRPC and operations by name, the most frequent first."""
    return tuple(failure for source in _SOURCES for failure in _failures(registry, source))


def _failures(registry: Registry, source: _Source) -> list[FailureKind]:
    kinds = []
    for (what, error), value in registry.by_tag(source.count.name, *source.failure_tags).items():
        if error:
            of_request = source.kind is Kind.REQUESTS
            code = int(what) if of_request and what.isdecimal() else 0  # with too many series it may be `(other)`
            message = error if of_request else f"{what}: {error}"
            kinds.append(FailureKind(code, message, int(value.stat("count")), source.kind))
    return sorted(kinds, key=lambda kind: -kind.count)


def median_service_ms(metrics: Metrics) -> float:
    """Return the median service time of a run: of its requests, else its gRPC calls, operations, iterations.

    What lateness is measured by; 0 where there are none.
    """
    measured = (metrics.value(metric.name) for metric in _SERVICE_TIMES)
    return next((value.stat("med") for value in measured if isinstance(value, TrendValue)), 0.0)
