"""Thresholds with their samples and k6's verdict: what both k6 and we are held to.

Each case has a metric of its own, so that all of them fit into one run of k6: one virtual user adds the samples in
their order. Where we differ from k6, `ours` says how and `reason` why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from surgeline.metrics.names import Metric, MetricType

COUNTER, GAUGE, RATE, TREND = MetricType.COUNTER, MetricType.GAUGE, MetricType.RATE, MetricType.TREND


@dataclass(frozen=True)
class Sample:
    """A value added to the case's metric; of a rate, 1 for true and 0 for false."""

    value: float
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One threshold."""

    type: MetricType
    braces: str
    expression: str
    samples: tuple[Sample, ...]
    k6: bool
    """Does it pass in k6?"""
    ours: bool | None
    """And here? None: it cannot be judged."""
    reason: str = ""
    metric: str = ""

    @property
    def selector(self) -> str:
        return self.metric + self.braces

    def known(self) -> dict[str, Metric]:
        return {self.metric: Metric(self.metric, self.type)}


def _samples(values):
    """Of numbers alone, or of numbers by the value of the tag `side`."""
    if isinstance(values, dict):
        return tuple(Sample(value, {"side": side}) for side, each in values.items() for value in each)
    return tuple(Sample(value, {}) for value in values)


def _same(kind, braces, expression, values, passes):
    return Case(kind, braces, expression, _samples(values), passes, passes)


def _empty(kind, braces, expression, k6, values=()):
    reason = "k6 compares 0, or passes a rate; what has no samples cannot be judged"
    return Case(kind, braces, expression, _samples(values), k6, None, reason)


ONE_TO_FIVE = (3, 1, 5, 2, 4)
SIDES = {"left": (10, 20), "right": (100, 300)}
LEFT, RIGHT, NOWHERE = "{side:left}", "{side:right}", "{side:nowhere}"
QUARTER = (1, 0, 0, 0)

_CASES = [
    # Every operator, below, at and above the bound.
    _same(COUNTER, "", "count>14", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count>15", ONE_TO_FIVE, False),
    _same(COUNTER, "", "count>=15", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count>=16", ONE_TO_FIVE, False),
    _same(COUNTER, "", "count<16", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count<15", ONE_TO_FIVE, False),
    _same(COUNTER, "", "count<=15", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count<=14", ONE_TO_FIVE, False),
    _same(COUNTER, "", "count==15", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count==14", ONE_TO_FIVE, False),
    _same(COUNTER, "", "count===15", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count===14", ONE_TO_FIVE, False),
    _same(COUNTER, "", "count!=14", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count!=15", ONE_TO_FIVE, False),
    # How numbers and blanks may be written.
    _same(COUNTER, "", "count == 15.0", ONE_TO_FIVE, True),
    _same(COUNTER, "", "count==1.5e1", ONE_TO_FIVE, True),
    _same(COUNTER, "", "  count  >  -1  ", ONE_TO_FIVE, True),
    # Counters: fractions, per second, tags, none.
    _same(COUNTER, "", "count==0.75", (0.5, 0.25), True),
    _same(COUNTER, "", "rate>0", ONE_TO_FIVE, True),
    _same(COUNTER, "", "rate>1000000", ONE_TO_FIVE, False),
    _same(COUNTER, LEFT, "count==30", SIDES, True),
    _same(COUNTER, RIGHT, "count==400", SIDES, True),
    _same(COUNTER, "", "count==430", SIDES, True),
    _same(COUNTER, "", "count==0", (), True),
    _same(COUNTER, "", "count>0", (), False),
    _same(COUNTER, "", "rate<1", (), True),
    _same(COUNTER, NOWHERE, "count<1", SIDES, True),
    # Gauges: the last value.
    _same(GAUGE, "", "value==4", ONE_TO_FIVE, True),
    _same(GAUGE, "", "value<4", ONE_TO_FIVE, False),
    _same(GAUGE, "", "value<=4", ONE_TO_FIVE, True),
    _same(GAUGE, "", "value>=-2", (7, -2), True),
    _same(GAUGE, LEFT, "value==20", SIDES, True),
    _same(GAUGE, "", "value==300", SIDES, True),
    # Rates: the share that is true.
    _same(RATE, "", "rate==0.25", QUARTER, True),
    _same(RATE, "", "rate<0.25", QUARTER, False),
    _same(RATE, "", "rate<=0.25", QUARTER, True),
    _same(RATE, "", "rate>0.2", QUARTER, True),
    _same(RATE, "", "rate==1", (1, 1), True),
    _same(RATE, "", "rate<0.01", (0, 0), True),
    _same(RATE, LEFT, "rate==0.5", {"left": (1, 0), "right": (1, 1, 1)}, True),
    _same(RATE, RIGHT, "rate<1", {"left": (1, 0), "right": (1, 1, 1)}, False),
    # Trends: every aggregation, interpolated percentiles.
    _same(TREND, "", "avg==3", ONE_TO_FIVE, True),
    _same(TREND, "", "avg<3", ONE_TO_FIVE, False),
    _same(TREND, "", "min==1", ONE_TO_FIVE, True),
    _same(TREND, "", "min>1", ONE_TO_FIVE, False),
    _same(TREND, "", "max==5", ONE_TO_FIVE, True),
    _same(TREND, "", "max<5", ONE_TO_FIVE, False),
    _same(TREND, "", "med<3.1", ONE_TO_FIVE, True),
    _same(TREND, "", "med<2.9", ONE_TO_FIVE, False),
    _same(TREND, "", "med>2.4", (1, 2, 3, 4), True),
    _same(TREND, "", "med<2.6", (1, 2, 3, 4), True),
    _same(TREND, "", "p(0)==1", ONE_TO_FIVE, True),
    _same(TREND, "", "p(100)==5", ONE_TO_FIVE, True),
    _same(TREND, "", "p(90)>4.55", ONE_TO_FIVE, True),
    _same(TREND, "", "p(90)<4.65", ONE_TO_FIVE, True),
    _same(TREND, "", "p(99.9)<4.99", ONE_TO_FIVE, False),
    _same(TREND, "", "p(95)==7", (7, 7, 7), True),
    _same(TREND, LEFT, "max==20", SIDES, True),
    _same(TREND, RIGHT, "avg==200", SIDES, True),
    # Without samples.
    _empty(GAUGE, "", "value==0", True),
    _empty(GAUGE, NOWHERE, "value>0", False, SIDES),
    _empty(RATE, "", "rate<0.01", True),
    _empty(RATE, NOWHERE, "rate>0.99", True, {"left": (1, 0)}),
    _empty(TREND, "", "p(95)<500", True),
    _empty(TREND, "", "avg>0", False),
    _empty(TREND, NOWHERE, "max<1", True, SIDES),
    _empty(TREND, "{side:left,other:x}", "max>=0", True, SIDES),
]
CASES = [replace(case, metric=f"a_{case.type.value}_{number}") for number, case in enumerate(_CASES)]
