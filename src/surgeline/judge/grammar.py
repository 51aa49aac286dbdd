"""k6's threshold grammar: which metric a threshold is about, and what must be true of it.

Turns text into frozen data and refuses what can never be judged. Must not know how samples are kept or evaluated.
"""

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from surgeline.errors import ThresholdError
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.values import percentile_of

_WORDS = {
    MetricType.COUNTER: ("count", "rate"),
    MetricType.GAUGE: ("value",),
    MetricType.RATE: ("rate",),
    MetricType.TREND: ("avg", "min", "med", "max"),
}
_ALL_WORDS = tuple(dict.fromkeys(word for words in _WORDS.values() for word in words))
# Patterns are compiled when first used, which re remembers: a script without thresholds need not wait for them.
_CONDITION = r"\s*(?P<aggregation>.*?)\s*(?P<operator>===|==|!=|>=|<=|>|<)\s*(?P<bound>.*?)\s*\Z"
_NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z"
_PERCENTILE_ATTEMPT = r"(?:p|perc|percentile)\s*\(?\s*(\d+(?:\.\d+)?)\s*\)?\Z"
_TAG = r"""\s*(?P<key>[^\s:,{}][^:,{}]*?)\s*:\s*
        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>[^\s"',][^,]*?))\s*(?P<end>,|\Z)"""


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric, and the tags that its samples must carry; `source` is the text as it was written."""

    metric: str
    tags: tuple[tuple[str, str], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Condition:
    """`aggregation operator bound`; the bound is in the metric's unit (milliseconds, bytes, a share of 1)."""

    aggregation: str
    operator: str
    bound: float
    source: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """One condition on one metric, known to fit the metric's type."""

    selector: Selector
    condition: Condition
    metric: Metric


def parse_selector(text: str) -> Selector:
    """Read `metric` or `metric{tag:value,tag2:value2}`.

    A tag ends at its first colon, so that values may be paths and URLs. The braces end at the last character, so that
    values may hold braces (`{name:/users/{id}}`). A value that holds a comma, or spaces at its ends, is put in single
    or double quotes. Raises ThresholdError.
    """
    source = _text(text).strip()
    metric, brace, rest = source.partition("{")
    metric = metric.rstrip()
    if not metric or "}" in metric:
        raise _unreadable(source, 0, "a metric's name, such as http_req_duration", metric)
    if not brace:
        return Selector(metric, (), source)
    if not rest.endswith("}"):
        raise _unreadable(source, len(source), 'a closing "}" as the last character', rest[-1:])
    return Selector(metric, _parse_tags(source, source.index("{") + 1), source)


def _parse_tags(source: str, start: int) -> tuple[tuple[str, str], ...]:
    body = source[:-1]
    tags: dict[str, str] = {}
    ended = False
    while not ended:
        match = re.compile(_TAG, re.VERBOSE).match(body, start)
        if match is None:
            raise _unreadable(source, start, "tag:value (a value that holds a comma in quotes)", body[start:])
        key = match["key"]
        if key in tags:
            raise _unreadable(source, match.start("key"), "each tag once", key)
        tags[key] = next(value for value in match.group("double", "single", "plain") if value is not None)
        start = match.end()
        ended = not match["end"]
    return tuple(tags.items())


def parse_condition(text: str) -> Condition:
    """Read `aggregation operator bound`, such as `p(95) < 500`. Raises ThresholdError."""
    source = _text(text).strip()
    match = re.match(_CONDITION, source, re.DOTALL)
    if match is None:
        raise _unreadable(source, len(source), "an operator (> >= < <= == === !=) and a number", "")
    aggregation = re.sub(r"\s", "", match["aggregation"])
    if aggregation not in _ALL_WORDS and percentile_of(aggregation) is None:
        raise _wrong_aggregation(source, match["aggregation"], _ALL_WORDS, percentiles=True)
    bound = match["bound"]
    if not re.match(_NUMBER, bound, re.ASCII) or not math.isfinite(float(bound)):
        expected = "a number without a unit (times are milliseconds, data is bytes, shares are 0 to 1)"
        raise _unreadable(source, match.start("bound"), expected, bound)
    return Condition(aggregation, match["operator"], float(bound), source)


def parse_thresholds(mapping: Mapping[str, str | Sequence[str]], known: Mapping[str, Metric]) -> tuple[Threshold, ...]:
    """Read what a script passes to `thresholds`: one condition or several for each selector, in order.

    `known` holds all metrics that the run can have, by name. Raises ThresholdError when an expression cannot be read,
    its metric is unknown, or its aggregation is not one of the metric's type.
    """
    return tuple(threshold for key, texts in mapping.items() for threshold in _parse_entry(key, texts, known))


def _parse_entry(key: str, texts: str | Sequence[str], known: Mapping[str, Metric]) -> list[Threshold]:
    try:
        selector = parse_selector(key)
        metric = _known_metric(selector, known)
        return [Threshold(selector, _fitting_condition(text, metric), metric) for text in _each_text(texts)]
    except ThresholdError as error:
        raise ThresholdError(f"threshold of {key!r}: {error}") from None


def _known_metric(selector: Selector, known: Mapping[str, Metric]) -> Metric:
    metric = known.get(selector.metric)
    if metric is not None:
        return metric
    advice = _suggest(selector.metric, known) or "; a metric of your own must be created before the run starts"
    raise _unreadable(selector.source, 0, "a metric that the run has", selector.metric, advice)


def _fitting_condition(text: str, metric: Metric) -> Condition:
    condition = parse_condition(text)
    words = _WORDS[metric.type]
    percentiles = metric.type is MetricType.TREND
    if condition.aggregation in words or (percentiles and percentile_of(condition.aggregation) is not None):
        return condition
    owner = f" of a {metric.type.value} ({metric.name})"
    raise _wrong_aggregation(condition.source, condition.aggregation, words, percentiles=percentiles, owner=owner)


def _each_text(texts: str | Sequence[str]) -> Sequence[str]:
    if isinstance(texts, str):
        return (texts,)
    if isinstance(texts, Sequence):
        return texts
    raise ThresholdError(f'expected a text such as "p(95)<500" or a list of them, found {texts!r}')


def _text(text: object) -> str:
    if isinstance(text, str):
        return text
    raise ThresholdError(f'expected a text such as "p(95)<500", found {text!r}')


def _wrong_aggregation(
    source: str, found: str, words: tuple[str, ...], *, percentiles: bool, owner: str = ""
) -> ThresholdError:
    names = (*words, "p(N) with N from 0 to 100") if percentiles else words
    expected = f"an aggregation{owner}: {_either(names)}"
    attempt = re.match(_PERCENTILE_ATTEMPT, found, re.IGNORECASE | re.ASCII) if percentiles else None
    meant = attempt and percentile_of(f"p({attempt[1]})")
    advice = f'; did you mean "p({meant:g})"?' if meant is not None else _suggest(found, words)
    return _unreadable(source, 0, expected, found, advice)


def _suggest(word: str, candidates: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), candidates, n=2, cutoff=0.55)
    meant = max(close, key=word.lower().startswith, default=None)
    return f'; did you mean "{meant}"?' if meant else ""


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _unreadable(source: str, position: int, expected: str, found: str, advice: str = "") -> ThresholdError:
    shown = f'"{found}"' if found else "nothing"
    return ThresholdError(f'"{source}", character {position + 1}: expected {expected}, found {shown}{advice}')
