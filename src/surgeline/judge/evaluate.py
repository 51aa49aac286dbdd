"""Judges one threshold against what its metric came to.

Pure comparison. Must not know where the value comes from, nor what the results of several thresholds amount to.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

from surgeline.judge.grammar import Threshold
from surgeline.metrics.names import MetricType
from surgeline.metrics.values import RateValue, Value

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """How a threshold came out; `measured` and `ok` are None when there were no samples to judge."""

    threshold: Threshold
    measured: float | None
    """In the unit of the threshold's bound."""
    ok: bool | None


def evaluate(threshold: Threshold, value: Value | None) -> ThresholdResult:
    """Compare what the selected samples came to with the threshold's bound.

    `value` is None when there is no such sample. A counter then counts as 0 and is judged; anything else is not.
    """
    measured = _measure(threshold, value)
    if measured is None:
        return ThresholdResult(threshold, None, None)
    condition = threshold.condition
    return ThresholdResult(threshold, measured, _COMPARE[condition.operator](measured, condition.bound))


def _measure(threshold: Threshold, value: Value | None) -> float | None:
    if value is None:
        return 0.0 if threshold.metric.type is MetricType.COUNTER else None
    if isinstance(value, RateValue) and not value.passes + value.fails:
        return None
    measured = value.stat(threshold.condition.aggregation)
    return None if math.isnan(measured) else measured


def measured_text(result: ThresholdResult) -> str:
    """Return the measured value for people, in the unit of the bound; a share is shown in percent, as k6 does."""
    if result.measured is None:
        return "no samples"
    metric = result.threshold.metric
    if metric.type is MetricType.RATE:
        return f"{_decimal(result.measured * 100)}%"
    unit = {"time": "ms", "data": "B"}.get(metric.contains, "")
    per_second = metric.type is MetricType.COUNTER and result.threshold.condition.aggregation == "rate"
    return f"{_decimal(result.measured)}{unit}{'/s' if per_second else ''}"


def _decimal(value: float) -> str:
    """Return the number with two decimals, or with three significant digits where two decimals would hide it."""
    if value == 0 or abs(value) >= 0.01:
        return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
    return f"{value:.3g}"
