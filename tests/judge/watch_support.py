"""Feeds a watch as a run does: samples into a registry, its blocks into the watch, second by second."""

import pytest

from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.watch import ThresholdWatch
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.registry import Registry

HITS = Metric("hits", MetricType.COUNTER)
BAD = Metric("bad", MetricType.RATE)
DEPTH = Metric("depth", MetricType.GAUGE)
TIMES = Metric("times", MetricType.TREND, "time")
USERS = Metric("users", MetricType.GAUGE, adds_up=True)
KNOWN = {**BUILTIN, **{metric.name: metric for metric in (HITS, BAD, DEPTH, TIMES, USERS)}}


def unplanned(_tags, _start_ns, _end_ns):
    raise AssertionError("only a threshold of target asks what was planned")


class Feed:
    """A registry and a watch over it."""

    def __init__(self, declared, planned=unplanned):
        self.thresholds = parse_thresholds(declared, KNOWN)
        self.registry = Registry()
        self.watch = ThresholdWatch(self.thresholds, planned)
        self.next = 0

    def add(self, metric, value, **tags):
        cell = self.registry.cell(metric, tags)
        match metric.type:
            case MetricType.COUNTER:
                cell.add(value)
            case MetricType.RATE:
                cell.add(bool(value))
            case MetricType.GAUGE:
                cell.set(value)
            case MetricType.TREND:
                cell.record(round(value * metric.scale))

    def end(self, seconds=None, second=None):
        """End a second, the next one unless given, after `seconds` of the run: its whole length unless given."""
        second = self.next if second is None else second
        self.next = second + 1
        blocks = self.registry.rotate()
        for start in range(0, len(blocks), 2):
            self.watch.take(second, blocks[start : start + 2])
        if second >= 0:
            self.registry.seconds = self.next if seconds is None else seconds
            self.watch.end_second(second, self.registry.seconds)

    def seconds(self, metric, each, last=None):
        """Add the values of each second, and end it; `last` is when the last one ended."""
        for i, values in enumerate(each):
            for value in values:
                self.add(metric, value)
            self.end(last if i == len(each) - 1 else None)

    @property
    def result(self):
        """Of the only threshold."""
        (result,) = self.watch.results()
        return result

    def expect(self, measured, ok, window_s):
        """Assert what the only threshold came to."""
        result = self.result
        assert (result.ok, result.window_s) == (ok, window_s)
        assert result.measured == (measured if measured is None else pytest.approx(measured))
