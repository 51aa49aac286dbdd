"""Our verdicts on the table of thresholds that k6 is held to as well."""

import pytest
from threshold_table import CASES

from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.watch import ThresholdWatch
from surgeline.metrics.names import MetricType
from surgeline.metrics.registry import Registry


def add(registry, metric, sample):
    cell = registry.cell(metric, sample.tags)
    match metric.type:
        case MetricType.COUNTER:
            cell.add(sample.value)
        case MetricType.RATE:
            cell.add(bool(sample.value))
        case MetricType.GAUGE:
            cell.set(sample.value)
        case MetricType.TREND:
            cell.record(round(sample.value * metric.scale))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.selector} {case.expression}")
def test_verdict(case):
    known = case.known()
    (threshold,) = parse_thresholds({case.selector: case.expression}, known)
    watch = ThresholdWatch([threshold], lambda *_: None)
    registry = Registry()
    for sample in case.samples:
        add(registry, known[case.metric], sample)
    watch.take(0, registry.rotate())
    watch.end_second(0, 1.0)

    (result,) = watch.results()
    assert result.ok is case.ours


def test_there_are_enough_cases_and_each_difference_has_a_reason():
    assert len(CASES) >= 45
    assert all(case.reason for case in CASES if case.ours is not case.k6)
