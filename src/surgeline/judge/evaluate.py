"""Judges one threshold against what its metric came to.

Pure comparison. Must not know where the value comes from, nor what the results of several thresholds amount to.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

from surgeline.judge.grammar import Condition, Threshold
from surgeline.metrics.names import MetricType
from surgeline.metrics.values import CounterValue, RateValue, TrendValue, Value
from surgeline.schedule.duration import format_duration

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
}
_MOST_DIGITS = 13
"""More would show how the machine rounds."""
_MOMENT_NS = 100_000_000
"""When a window was is said to a tenth of a second."""


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """How a threshold came out; `measured` and `ok` are None when there were no samples to judge."""

    threshold: Threshold
    measured: float | None
    """In the unit of the threshold's bound."""
    ok: bool | None
    window_s: tuple[float, float] | None = None
    """Of a threshold over windows: from when to when the worst one was, in seconds since the load began."""


def evaluate(
    threshold: Threshold, value: Value | None, seconds: float = math.nan, planned: int | None = None
) -> ThresholdResult:
    """Compare what the selected samples came to with the threshold's bound.

    `value` is None when there is no such sample. A counter then counts as 0 and is judged; anything else is not.
    `seconds` is the time that is judged, `planned` how many iterations were to start in it: `count/s` and `of target`
    cannot be judged without.
    """
    if value is None and threshold.metric.type is MetricType.COUNTER:
        value = CounterValue(0.0, seconds)
    if value is None or _is_empty(value):
        return ThresholdResult(threshold, None, None)
    return judged(threshold, measure(threshold.condition, value, seconds, planned))


def judged(
    threshold: Threshold, measured: float | None, window_s: tuple[float, float] | None = None
) -> ThresholdResult:
    """Return the result for what was measured, None for nothing."""
    if measured is None:
        return ThresholdResult(threshold, None, None)
    condition = threshold.condition
    return ThresholdResult(threshold, measured, _COMPARE[condition.operator](measured, condition.bound), window_s)


def _is_empty(value: Value) -> bool:
    if isinstance(value, RateValue):
        return not value.passes + value.fails
    return isinstance(value, TrendValue) and not value.histogram.count


def measure(condition: Condition, value: Value, seconds: float, planned: int | None) -> float | None:
    """Return what a condition asks of a value; None for a percentile, a share or a target of nothing.

    The parameters are those of `evaluate`.
    """
    if condition.of_target:
        return value.stat("count") / planned if planned else None
    if condition.aggregation == "rate" and _is_empty(value):
        return None
    measured = _stat(condition.aggregation, value, seconds)
    return None if math.isnan(measured) else measured


def _stat(aggregation: str, value: Value, seconds: float) -> float:
    if isinstance(value, CounterValue):
        return value.stat("rate" if aggregation == "count/s" else aggregation)
    if aggregation == "count/s":
        return _stat("count", value, seconds) / seconds if seconds > 0 else math.nan
    if aggregation == "count" and isinstance(value, RateValue):
        return value.stat("passes")
    return value.stat(aggregation)


def badness(condition: Condition, measured: float) -> float:
    """Return a number by which measured values can be compared: if the one with the most holds, all of them do."""
    match condition.operator:
        case "<" | "<=":
            return measured
        case ">" | ">=":
            return -measured
        case "!=":
            return -abs(measured - condition.bound)
        case _:
            return abs(measured - condition.bound)


def result_text(result: ThresholdResult) -> str:
    """Return the threshold as it was written, and what was measured."""
    expression = f"{result.threshold.selector.source} {result.threshold.condition.source}"
    return expression if result.measured is None else f"{expression} ({measured_text(result)})"


def measured_text(result: ThresholdResult) -> str:
    """Return the measured value for people, in the unit of the bound; a share is shown in percent, as k6 does."""
    if result.measured is None:
        return "no target known" if result.threshold.condition.of_target else "no samples"
    text = _with_unit(result.threshold, result.measured)
    if result.window_s is None:
        return text
    start, end = (format_duration(round(moment * 1e9 / _MOMENT_NS) * _MOMENT_NS) for moment in result.window_s)
    return f"{text} from {start} to {end}"


def _with_unit(threshold: Threshold, measured: float) -> str:
    metric, aggregation = threshold.metric, threshold.condition.aggregation
    bound = threshold.condition.bound
    if threshold.condition.of_target:
        return f"{_decimal(measured * 100, bound * 100)}% of target"
    if metric.type is MetricType.RATE and aggregation == "rate":
        return f"{_decimal(measured * 100, bound * 100)}%"
    counts = metric.type is MetricType.COUNTER or not aggregation.startswith("count")
    unit = {"time": "ms", "data": "B"}.get(metric.contains, metric.unit and f" {metric.unit}") if counts else ""
    per_second = aggregation in ("rate", "count/s")
    return f"{_decimal(measured, bound)}{unit}{'/s' if per_second else ''}"


def _decimal(value: float, bound: float) -> str:
    """Return the number with two decimals, or with as many more as it takes to tell it from the bound."""
    texts = (_rounded(value, more) for more in range(_MOST_DIGITS) if _differ(value, bound, more))
    return next(texts, _rounded(value, 0))


def _differ(value: float, bound: float, more: int) -> bool:
    return float(_rounded(value, more).replace(",", "")) != float(_rounded(bound, more).replace(",", ""))


def _rounded(value: float, more: int) -> str:
    """Return it with two decimals, or with three significant digits where two decimals would hide it, and `more`."""
    if value == 0 or abs(value) >= 0.01:
        return f"{value:,.0f}" if value == round(value) else f"{value:,.{2 + more}f}"
    return f"{value:.{3 + more}g}"
