"""Refuses thresholds that can be read and that this plan could never meet or miss: they would be judged on nothing.

Pure. Is given the few facts of a plan that it needs; must not know plans, scenarios or executors.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from surgeline.errors import ThresholdError
from surgeline.judge.grammar import Threshold
from surgeline.judge.refusals import either, refusal, suggest
from surgeline.metrics.names import CHECKS, FLOW_METRICS
from surgeline.schedule.duration import NANOSECONDS, format_duration


class Target(Enum):
    """What is known beforehand of the starts of a scenario."""

    NONE = "none"
    """Nothing: they follow the system under test."""
    TOTAL = "total"
    """How many there are, and not when."""
    SCHEDULE = "schedule"
    """When each of them is."""


def check_selectors(thresholds: Sequence[Threshold], scenarios: Collection[str]) -> None:
    """Raise ThresholdError for a scenario that is not one of `scenarios`, and for a check on other metrics."""
    for threshold in thresholds:
        for key, value in threshold.selector.tags:
            if key == "scenario" and value not in scenarios:
                raise _wrong_tag(
                    threshold,
                    key,
                    value,
                    f"a scenario of the plan: {either(list(scenarios))}",
                    suggest(value, scenarios),
                )
            if key == "check" and threshold.metric != CHECKS:
                raise _wrong_tag(threshold, key, value, f"the tag check on the metric {CHECKS.name} alone", "")


def check_flows(thresholds: Sequence[Threshold], flows: Sequence[str]) -> None:
    """Raise ThresholdError for a flow that is not one of `flows`: what is never counted is never too much."""
    for threshold in thresholds:
        if threshold.metric in FLOW_METRICS:
            if not flows:
                raise ThresholdError(
                    f"threshold of {threshold.selector.source!r}: expected a Flow in the script, found none"
                )
            value = dict(threshold.selector.tags).get("flow", flows[0])
            if value not in flows:
                expected = f"a flow of the script: {either(flows)}"
                raise _wrong_tag(threshold, "flow", value, expected, suggest(value, flows))


def _wrong_tag(threshold: Threshold, key: str, value: str, expected: str, advice: str) -> ThresholdError:
    source = threshold.selector.source
    found = re.search(rf"[{{,]\s*{re.escape(key)}\s*:\s*[\"']?", source)
    error = refusal(source, found.end() if found else 0, expected, value, advice)
    return ThresholdError(f"threshold of {source!r}: {error}")


def check_targets(thresholds: Sequence[Threshold], targets: Mapping[str, Target]) -> None:
    """Raise ThresholdError for `of target` where a scenario has no such target; `targets` is by scenario's name.

    A target without a schedule is known for the whole run alone: not for a part of it, nor while it goes on.
    """
    for threshold in thresholds:
        if threshold.condition.of_target:
            _check_target(threshold, targets)


def _check_target(threshold: Threshold, targets: Mapping[str, Target]) -> None:
    chosen = dict(threshold.selector.tags).get("scenario")
    condition = threshold.condition
    in_part = condition.over_seconds is not None or condition.after_seconds or threshold.abort_on_fail
    for name, target in targets.items():
        if chosen not in (None, name):
            continue
        if target is Target.NONE:
            raise _no_target(threshold, f"scenario {name!r}, which starts as many iterations as the system lets it")
        if in_part and target is Target.TOTAL:
            raise _no_target(
                threshold,
                f'scenario {name!r}, whose starts have no times: leave out "over", "after" and abort_on_fail, or use '
                "an arrival rate",
            )


def _no_target(threshold: Threshold, found: str) -> ThresholdError:
    return ThresholdError(
        f'threshold of {threshold.selector.source!r}: "{threshold.condition.source}": expected a planned number of '
        f"starts, found {found}"
    )


def check_warm_up(thresholds: Sequence[Threshold], planned_ns: int | None) -> None:
    """Raise ThresholdError where the warm-up that is left out takes all of the plan's time; None: that is not known."""
    for threshold in thresholds:
        after_ns = threshold.condition.after_seconds * NANOSECONDS
        if planned_ns is not None and after_ns and after_ns >= planned_ns:
            raise ThresholdError(
                f'threshold of {threshold.selector.source!r}: "{threshold.condition.source}": expected "after" a time '
                f"shorter than the run, which takes {format_duration(planned_ns)}, found {format_duration(after_ns)}"
            )
