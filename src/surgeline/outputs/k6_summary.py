"""The summary file in the shape of k6's `handleSummary` data, for the tools that read k6's.

Knows k6's shape and nothing of how a run is made. What has no samples but a threshold is written as zeros, as k6 does.
"""

import hashlib
import math
import os
from pathlib import Path
from typing import Any

import msgspec

from surgeline.errors import OptionError
from surgeline.metrics.names import HTTP_REQ_DURATION, Metric, MetricType
from surgeline.metrics.values import Value
from surgeline.result import CheckResult, RunResult

_STATS = {
    MetricType.COUNTER: ("count", "rate"),
    MetricType.GAUGE: ("value", "min", "max"),
    MetricType.RATE: ("rate", "passes", "fails"),
}
_EXPECTED_TAGS = {"expected_response": "true"}
_EXPECTED_NAME = HTTP_REQ_DURATION.name + "{expected_response:true}"

Json = dict[str, Any]


def k6_summary(result: RunResult) -> Json:
    """Return what k6 would pass to `handleSummary`.

    A trend has exactly the statistics of `result.trend_stats`. Selectors of thresholds are metrics of their own, named
    as they were written. The `ok` of a threshold that could not be judged is false.
    """
    return {
        "root_group": _root_group(result),
        "options": {"summaryTrendStats": list(result.trend_stats), "summaryTimeUnit": "", "noColor": False},
        "state": {"isStdOutTTY": False, "isStdErrTTY": False, "testRunDurationMs": result.seconds * 1000},
        "metrics": _metrics(result),
        "setup_data": None,
    }


def write_k6_summary(result: RunResult, path: Path) -> None:
    """Write the summary as indented JSON; a file that is there is replaced at once or stays as it was.

    Raises OptionError when the file cannot be written.
    """
    data = msgspec.json.format(msgspec.json.encode(k6_summary(result)), indent=2) + b"\n"
    try:
        _write(data, path)
    except OSError as error:
        reason = error.strerror or error
        raise OptionError(f"cannot write the summary to {path}: {reason}; give a path that can be written") from error


def _write(data: bytes, path: Path) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a pipe or a device, such as /dev/stdout, has no content to keep
        return
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _root_group(result: RunResult) -> Json:
    checks = [_check(check) for check in result.checks]
    return {"name": "", "path": "", "id": _id(""), "groups": [], "checks": checks}


def _check(check: CheckResult) -> Json:
    path = f"::{check.name}"
    counts = {"passes": check.value.passes, "fails": check.value.fails}
    return {"name": check.name, "path": path, "id": _id(path), **counts}


def _id(path: str) -> str:
    return hashlib.md5(path.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()


def _metrics(result: RunResult) -> dict[str, Json]:
    stats = result.trend_stats
    entries = {metric.name: _entry(metric, result.metrics.value(metric.name), stats) for metric in _present(result)}
    expected = result.metrics.value(HTTP_REQ_DURATION.name, _EXPECTED_TAGS)
    if expected is not None:
        entries[_EXPECTED_NAME] = _entry(HTTP_REQ_DURATION, expected, stats)
    for judged in result.thresholds:
        selector, metric = judged.threshold.selector, judged.threshold.metric
        if selector.source not in entries:
            entries[selector.source] = _entry(metric, result.metrics.value(metric.name, dict(selector.tags)), stats)
        verdicts = entries[selector.source].setdefault("thresholds", {})
        verdicts[judged.threshold.condition.source] = {"ok": judged.ok is True}
    return entries


def _present(result: RunResult) -> list[Metric]:
    return [metric for metric in result.metrics.metrics() if result.metrics.value(metric.name) is not None]


def _entry(metric: Metric, value: Value | None, trend_stats: tuple[str, ...]) -> Json:
    stats = _STATS.get(metric.type, trend_stats)
    values = {stat: 0 if value is None else _number(value.stat(stat)) for stat in stats}
    return {"type": metric.type.value, "contains": metric.contains, "values": values}


def _number(value: float) -> float | int:
    """Return a number that JSON has: whole ones without a fraction, as k6 writes them, and 0 for none."""
    if not math.isfinite(value):
        return 0
    return int(value) if value == int(value) else value
