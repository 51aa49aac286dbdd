"""The summary file in the shape of k6's `handleSummary` data, for the tools that read k6's.

Knows k6's shape and nothing of how a run is made. What has no samples but a threshold is written as zeros, as k6 does.
"""

import hashlib
import math
from pathlib import Path
from typing import Any

import msgspec

from surgeline.metrics.names import CHECKS, GROUP_DURATION, HTTP_REQ_DURATION, Metric, MetricType
from surgeline.metrics.values import RateValue, Value
from surgeline.outputs.files import write_whole
from surgeline.result import RunResult

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
    write_whole(data, path, "summary")


def _root_group(result: RunResult) -> Json:
    """Return the groups as they nest: those in which something was checked, and those that were measured."""
    root = _group("")
    for (path, name), value in result.metrics.by_tag(CHECKS.name, "group", "check").items():
        assert isinstance(value, RateValue)
        _inner_group(root, _unicode(path))["checks"].append(_check(_unicode(path), _unicode(name), value))
    for (path,) in result.metrics.by_tag(GROUP_DURATION.name, "group"):
        _inner_group(root, _unicode(path))
    return root


def _inner_group(root: Json, path: str) -> Json:
    """Return the group of a path such as `::login::form`; it and those around it are made where there are none yet."""
    group = root
    for name in path.split("::")[1:]:
        found = next((one for one in group["groups"] if one["name"] == name), None)
        if found is None:
            found = _group(f"{group['path']}::{name}")
            group["groups"].append(found)
        group = found
    return group


def _group(path: str) -> Json:
    return {"name": path.rpartition("::")[2], "path": path, "id": _id(path), "groups": [], "checks": []}


def _check(group: str, name: str, value: RateValue) -> Json:
    path = f"{group}::{name}"
    return {"name": name, "path": path, "id": _id(path), "passes": value.passes, "fails": value.fails}


def _id(path: str) -> str:
    return hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()


def _unicode(text: str) -> str:
    """Return a text that JSON can hold: a name of the script's may have half a character, which Unicode has not."""
    return text.encode(errors="backslashreplace").decode()


def _metrics(result: RunResult) -> dict[str, Json]:
    stats = result.trend_stats
    entries = {
        metric.name: metric_entry(metric, result.metrics.value(metric.name), stats) for metric in _present(result)
    }
    expected = result.metrics.value(HTTP_REQ_DURATION.name, _EXPECTED_TAGS)
    if expected is not None:
        entries[_EXPECTED_NAME] = metric_entry(HTTP_REQ_DURATION, expected, stats)
    for judged in result.thresholds:
        selector, metric = judged.threshold.selector, judged.threshold.metric
        name = _unicode(selector.source)
        if name not in entries:
            entries[name] = metric_entry(metric, result.metrics.value(metric.name, dict(selector.tags)), stats)
        verdicts = entries[name].setdefault("thresholds", {})
        verdicts[judged.threshold.condition.source] = {"ok": judged.ok is True}
    return entries


def _present(result: RunResult) -> list[Metric]:
    return [metric for metric in result.metrics.metrics() if result.metrics.value(metric.name) is not None]


def metric_entry(metric: Metric, value: Value | None, trend_stats: tuple[str, ...]) -> Json:
    """Return a metric as k6 would have it; one without samples as zeros."""
    stats = _STATS.get(metric.type, trend_stats)
    values = {stat: 0 if value is None else _number(value.stat(stat)) for stat in stats}
    return {"type": metric.type.value, "contains": metric.contains, "values": values}


def _number(value: float) -> float | int:
    """Return a number that JSON has: whole ones without a fraction, as k6 writes them, and 0 for none."""
    if not math.isfinite(value):
        return 0
    return int(value) if value == int(value) else value
