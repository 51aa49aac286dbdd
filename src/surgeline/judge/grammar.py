"""k6's threshold grammar, and ours beyond it: which metric a threshold is about, and what must be true of it.

    selector    metric | metric{tag:value,...}
    condition   aggregation operator number [of target] [over DURATION] [after DURATION]

Turns text into frozen data and refuses what can never be judged. Must not know how samples are kept or evaluated.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from surgeline.errors import OptionError, ThresholdError
from surgeline.judge.refusals import either, refusal, suggest
from surgeline.metrics.names import ITERATIONS, Metric, MetricType
from surgeline.metrics.values import percentile_of
from surgeline.schedule.duration import NANOSECONDS, parse_duration

_WORDS = {
    MetricType.COUNTER: ("count", "rate", "count/s"),
    MetricType.GAUGE: ("value", "min", "max"),
    MetricType.RATE: ("rate", "count", "count/s"),
    MetricType.TREND: ("avg", "min", "med", "max", "count", "count/s"),
}
_ALL_WORDS = tuple(dict.fromkeys(word for words in _WORDS.values() for word in words))
# Patterns are compiled when first used, which re remembers: a script without thresholds need not wait for them.
_CONDITION = r"\s*(?P<aggregation>.*?)\s*(?P<operator>===|==|!=|>=|<=|>|<)\s*(?P<bound>\S*)"
_NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z"
_PERCENTILE_ATTEMPT = r"(?:p|perc|percentile)\s*\(?\s*(\d+(?:\.\d+)?)\s*\)?\Z"
_TAG = r"""\s*(?P<key>[^\s:,{}][^:,{}]*?)\s*:\s*
        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>[^\s"',][^,]*?))\s*(?P<end>,|\Z)"""
_LONG_FORM = ("threshold", "abort_on_fail", "delay_abort_eval")
_MOST_OVER_SECONDS = 3_600
"""Each second of a window is kept until the window has left it."""

Declared = str | Mapping[str, object]
"""A condition in a script: `"p(95)<500"`, or `{"threshold": "p(95)<500", "abort_on_fail": True}`."""


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
    of_target: bool = False
    """Is the rate a share of what the schedule planned in the time that is judged?"""
    over_seconds: int | None = None
    """It must hold in every window of this length; None: over the whole time."""
    after_seconds: int = 0
    """The warm-up: samples of the run's first seconds that are left out."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One condition on one metric, known to fit the metric's type."""

    selector: Selector
    condition: Condition
    metric: Metric
    abort_on_fail: bool = False
    """Does the run end as soon as it fails?"""
    delay_abort_ns: int = 0
    """From the run's start: a failure before this does not end the run."""


def parse_selector(text: str) -> Selector:
    """Read `metric` or `metric{tag:value,tag2:value2}`.

    A tag ends at its first colon, so that values may be paths and URLs. The braces end at the last character, so that
    values may hold braces (`{name:/users/{id}}`). A value that holds a comma, or spaces at its ends, is put in single
    or double quotes. A group may be written without its leading `::`. Raises ThresholdError.
    """
    source = _text(text).strip()
    metric, brace, rest = source.partition("{")
    metric = metric.rstrip()
    if not metric or "}" in metric:
        raise refusal(source, 0, "a metric's name, such as http_req_duration", metric)
    if not brace:
        return Selector(metric, (), source)
    if not rest.endswith("}"):
        raise refusal(source, len(source), 'a closing "}" as the last character', rest[-1:])
    return Selector(metric, _parse_tags(source, source.index("{") + 1), source)


def _parse_tags(source: str, start: int) -> tuple[tuple[str, str], ...]:
    body = source[:-1]
    tags: dict[str, str] = {}
    ended = False
    while not ended:
        match = re.compile(_TAG, re.VERBOSE).match(body, start)
        if match is None:
            raise refusal(source, start, "tag:value (a value that holds a comma in quotes)", body[start:])
        key = match["key"]
        if key in tags:
            raise refusal(source, match.start("key"), "each tag once", key)
        value = next(value for value in match.group("double", "single", "plain") if value is not None)
        tags[key] = tag_value(key, value)
        start = match.end()
        ended = not match["end"]
    return tuple(tags.items())


def tag_value(key: str, value: str) -> str:
    """Return the value of a tag as samples carry it: that of a group begins with `::`, also if it is left out."""
    return f"::{value}" if key == "group" and value and not value.startswith("::") else value


def parse_condition(text: str) -> Condition:
    """Read `aggregation operator bound`, such as `p(95) < 500`, and what may follow it.

    `of target` makes a rate a share of the planned one, `over 30s` judges every window of that length, `after 30s`
    leaves the beginning out. Raises ThresholdError.
    """
    source = _text(text).strip()
    match = re.match(_CONDITION, source, re.DOTALL)
    if match is None:
        raise refusal(source, len(source), "an operator (> >= < <= == === !=) and a number", "")
    aggregation = re.sub(r"\s", "", match["aggregation"])
    if aggregation not in _ALL_WORDS and percentile_of(aggregation) is None:
        raise _wrong_aggregation(source, match["aggregation"], _ALL_WORDS, percentiles=True)
    bound = match["bound"]
    if not re.match(_NUMBER, bound, re.ASCII) or not math.isfinite(float(bound)):
        expected = "a number without a unit (times are milliseconds, data is bytes, shares are 0 to 1)"
        raise refusal(source, match.start("bound"), expected, bound)
    clauses = _parse_clauses(source, match.end())
    if "of" in clauses and aggregation != "rate":
        raise refusal(source, 0, 'rate, as in "rate>=0.99 of target"', aggregation)
    return Condition(
        aggregation,
        match["operator"],
        float(bound),
        source,
        of_target="of" in clauses,
        over_seconds=clauses.get("over"),
        after_seconds=clauses.get("after", 0),
    )


def _parse_clauses(source: str, start: int) -> dict[str, int]:
    """Read what follows the bound, in any order: seconds by the word before them, and 1 for `of target`."""
    words = list(re.compile(r"\S+").finditer(source, start))
    clauses: dict[str, int] = {}
    for word, operand in zip_longest(words[::2], words[1::2]):
        position, found = (len(source), "") if operand is None else (operand.start(), operand[0])
        if word[0] not in ("of", "over", "after"):
            expected = 'the end, or "of target", "over 30s" or "after 30s"; a bound has no unit'
            raise refusal(source, word.start(), expected, word[0])
        if word[0] in clauses:
            raise refusal(source, word.start(), 'each of "of", "over" and "after" once', word[0])
        clauses[word[0]] = _parse_operand(source, position, word[0], found)
    return clauses


def _parse_operand(source: str, position: int, word: str, found: str) -> int:
    if word == "of":
        if found != "target":
            raise refusal(source, position, '"target" after "of"', found)
        return 1
    seconds = _parse_seconds(source, position, word, found)
    if word == "over" and seconds > _MOST_OVER_SECONDS:
        raise refusal(source, position, 'a window of at most 1h after "over"', found)
    return seconds


def _parse_seconds(source: str, position: int, word: str, found: str) -> int:
    expected = f'a duration with its unit, such as 30s or 1m30s, after "{word}"'
    if re.match(_NUMBER, found, re.ASCII):
        raise refusal(source, position, expected, found, f'; did you mean "{found}s"?')
    try:
        seconds, rest = divmod(parse_duration(found), NANOSECONDS)
    except OptionError:
        raise refusal(source, position, expected, found) from None
    if rest or not seconds:
        raise refusal(source, position, f'whole seconds, at least 1s, after "{word}"', found)
    return seconds


def parse_thresholds(
    mapping: Mapping[str, Declared | Sequence[Declared]], known: Mapping[str, Metric]
) -> tuple[Threshold, ...]:
    """Read what a script passes to `thresholds`: one condition or several for each selector, in order.

    `known` holds all metrics that the run can have, by name. Raises ThresholdError when an expression cannot be read,
    its metric is unknown, or its aggregation is not one of the metric's type.
    """
    return tuple(threshold for key, texts in mapping.items() for threshold in _parse_entry(key, texts, known))


def _parse_entry(key: str, texts: Declared | Sequence[Declared], known: Mapping[str, Metric]) -> list[Threshold]:
    try:
        selector = parse_selector(key)
        metric = _known_metric(selector, known)
        return [_parse_declared(one, selector, metric) for one in _each(texts)]
    except ThresholdError as error:
        raise ThresholdError(f"threshold of {key!r}: {error}") from None


def _known_metric(selector: Selector, known: Mapping[str, Metric]) -> Metric:
    metric = known.get(selector.metric)
    if metric is not None:
        return metric
    advice = suggest(selector.metric, known) or "; a metric of your own must be created before the run starts"
    raise refusal(selector.source, 0, "a metric that the run has", selector.metric, advice)


def _each(texts: Declared | Sequence[Declared]) -> Sequence[Declared]:
    if isinstance(texts, str | Mapping):
        return (texts,)
    if isinstance(texts, Sequence):
        return texts
    raise ThresholdError(f'expected a text such as "p(95)<500" or a list of them, found {texts!r}')


def _parse_declared(declared: Declared, selector: Selector, metric: Metric) -> Threshold:
    if not isinstance(declared, Mapping):
        return Threshold(selector, _fitting_condition(declared, selector, metric), metric)
    for key in declared:
        if key not in _LONG_FORM:
            raise ThresholdError(
                f'expected the keys {", ".join(_LONG_FORM)}, found "{key}"{suggest(str(key), _LONG_FORM)}'
            )
    if "threshold" not in declared:
        raise ThresholdError(f'expected {{"threshold": "p(95)<500", ...}}, found {declared!r}')
    abort = declared.get("abort_on_fail", False)
    if not isinstance(abort, bool):
        raise ThresholdError(f"abort_on_fail: expected True or False, found {abort!r}")
    condition = _fitting_condition(declared["threshold"], selector, metric)
    return Threshold(selector, condition, metric, abort, _parse_delay(declared.get("delay_abort_eval", 0)))


def _parse_delay(delay: object) -> int:
    try:
        return parse_duration(delay, "delay_abort_eval")  # type: ignore[arg-type]  # it refuses other types itself
    except OptionError as error:
        raise ThresholdError(str(error)) from None


def _fitting_condition(text: object, selector: Selector, metric: Metric) -> Condition:
    condition = parse_condition(_text(text))
    words = _WORDS[metric.type]
    percentiles = metric.type is MetricType.TREND
    if condition.aggregation not in words and not (percentiles and percentile_of(condition.aggregation) is not None):
        owner = f" of a {metric.type.value} ({metric.name})"
        raise _wrong_aggregation(condition.source, condition.aggregation, words, percentiles=percentiles, owner=owner)
    if metric.type is MetricType.RATE and condition.aggregation == "rate" and not 0 <= condition.bound <= 1:
        raise _no_share(condition)
    if condition.of_target and (metric != ITERATIONS or {key for key, _ in selector.tags} - {"scenario"}):
        place = condition.source.rindex("of")
        raise refusal(
            condition.source, place, '"of target" on iterations or iterations{scenario:NAME} alone', selector.source
        )
    return condition


def _no_share(condition: Condition) -> ThresholdError:
    match = re.match(_CONDITION, condition.source, re.DOTALL)
    assert match is not None
    advice = f'; did you mean "{condition.bound / 100:g}"?' if 1 < condition.bound <= 100 else ""
    return refusal(condition.source, match.start("bound"), "a share from 0 to 1", match["bound"], advice)


def _text(text: object) -> str:
    if isinstance(text, str):
        return text
    raise ThresholdError(f'expected a text such as "p(95)<500", found {text!r}')


def _wrong_aggregation(
    source: str, found: str, words: tuple[str, ...], *, percentiles: bool, owner: str = ""
) -> ThresholdError:
    names = (*words, "p(N) with N from 0 to 100") if percentiles else words
    expected = f"an aggregation{owner}: {either(names)}"
    attempt = re.match(_PERCENTILE_ATTEMPT, found, re.IGNORECASE | re.ASCII) if percentiles else None
    meant = attempt and percentile_of(f"p({attempt[1]})")
    advice = f'; did you mean "p({meant:g})"?' if meant is not None else suggest(found, words)
    return refusal(source, 0, expected, found, advice)
