"""Every threshold of the table has k6's verdict on the same samples, and the same values, in one run of each tool."""

import sys
from pathlib import Path

import pytest
from plan_language import Add, Plan, Scenario

sys.path.insert(0, str(Path(__file__).parents[1] / "judge"))
from threshold_table import CASES

from surgeline.errors import ExitCode
from surgeline.metrics.names import MetricType


def _plan(name, cases):
    adds = [
        Add(case.type.value.title(), case.metric, _value(case, sample), sample.tags)
        for case in cases
        for sample in case.samples
    ]
    return Plan(
        name,
        (Scenario("per-vu-iterations", {}, tuple(adds)),),
        thresholds={case.selector: [case.expression] for case in cases},
        metrics_without_samples={case.metric: case.type.value.title() for case in cases if not case.samples},
    )


def _value(case, sample):
    return bool(sample.value) if case.type is MetricType.RATE else sample.value


TABLE = _plan("thresholds", CASES)
NOTHING_TO_JUDGE = _plan("nothing_to_judge", [case for case in CASES if case.ours is None])
HOLD = _plan("thresholds_that_hold", [case for case in CASES if case.ours and case.k6])
of_the_table = pytest.mark.parametrize("plan", [TABLE], ids=str)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.selector} {case.expression}")


def verdict(outcome, case):
    written = {(selector, source.strip()): ok for (selector, source), ok in outcome.verdicts.items()}
    return written[case.selector, case.expression.strip()]


@of_the_table
@each_case
def test_verdicts(case, theirs, ours):
    assert verdict(theirs, case) is case.k6
    assert verdict(ours, case) is bool(case.ours)


@of_the_table
@each_case
def test_values(case, both):
    theirs, ours = (outcome.values(case.selector) for outcome in both)
    if case.type is MetricType.COUNTER:
        assert min(theirs.pop("rate"), ours.pop("rate")) >= 0  # per second, which is not the same in two runs

    assert ours == pytest.approx(theirs, rel=0.0005)


@pytest.mark.parametrize(
    ("plan", "codes"),
    [
        (TABLE, (ExitCode.THRESHOLDS_FAILED, ExitCode.THRESHOLDS_FAILED)),
        (HOLD, (ExitCode.PASSED, ExitCode.PASSED)),
        # k6 judges what it did not measure; we say that there is nothing to judge.
        (NOTHING_TO_JUDGE, (ExitCode.THRESHOLDS_FAILED, ExitCode.INCONCLUSIVE)),
    ],
    ids=str,
)
def test_exit_codes(codes, theirs, ours):
    assert (theirs.code, ours.code) == codes, ours.said
