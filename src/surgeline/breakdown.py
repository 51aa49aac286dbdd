"""What the samples of a run say of its checks, its requests and their failures: rows for a result.

Pure functions over a registry, live or read from a run file.
"""

from surgeline._native.histogram import Histogram
from surgeline.metrics import names
from surgeline.metrics.registry import Registry
from surgeline.metrics.values import RateValue, TrendValue
from surgeline.result import CheckResult, FailureKind, RequestRow


def check_results(registry: Registry) -> tuple[CheckResult, ...]:
    """Return the checks by name, in the order in which they were first made."""
    return tuple(
        CheckResult(name, value)
        for (name,), value in registry.by_tag(names.CHECKS.name, "check").items()
        if isinstance(value, RateValue)
    )


def request_rows(registry: Registry) -> tuple[RequestRow, ...]:
    """Return the requests by method and name, in the order in which they were first sent."""
    counts = registry.by_tag(names.HTTP_REQS.name, "method", "name")
    failed = registry.by_tag(names.HTTP_REQ_FAILED.name, "method", "name")
    durations = registry.by_tag(names.HTTP_REQ_DURATION.name, "method", "name")
    rows = []
    for (method, name), count in counts.items():
        share = failed.get((method, name), RateValue(0, 0))
        # Requests that were never sent have no duration.
        duration = durations.get((method, name), TrendValue(Histogram()))
        assert isinstance(share, RateValue)
        assert isinstance(duration, TrendValue)
        rows.append(RequestRow(method, name, duration, count.stat("rate"), share))
    return tuple(rows)


def failure_kinds(registry: Registry) -> tuple[FailureKind, ...]:
    """Return the ways in which requests failed, the most frequent first."""
    counted = registry.by_tag(names.HTTP_REQS.name, "error_code", "error")
    kinds = [
        FailureKind(int(code), error, int(value.stat("count"))) for (code, error), value in counted.items() if code
    ]
    return tuple(sorted(kinds, key=lambda kind: -kind.count))
