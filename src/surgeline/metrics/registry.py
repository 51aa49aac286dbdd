"""Every series of a run: cells found by metric and tags, rotated each second, added up when asked.

Tags are interned here, once a series; who records keeps the cell. Their number is limited: a tag whose values never end
would take all memory. Knows no protocol, and reads no clock: whoever rotates says which second it was.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from surgeline._native.cells import CounterCell, GaugeCell, RateCell, TrendCell
from surgeline._native.histogram import Histogram
from surgeline._native.samples import SampleLog
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.series_limit import SeriesLimit, Tags
from surgeline.metrics.values import CounterValue, GaugeValue, RateValue, TrendValue, Value

Cell = CounterCell | RateCell | GaugeCell | TrendCell
TagPairs = tuple[tuple[str, str], ...]

_CELLS: dict[MetricType, Callable[[], Cell]] = {
    MetricType.COUNTER: CounterCell,
    MetricType.GAUGE: GaugeCell,
    MetricType.RATE: RateCell,
    MetricType.TREND: TrendCell,
}


SETUP, TEARDOWN = -1, -2
"""The seconds, so to speak, of what is recorded before the load and after it."""
Block = Any
"""What a series came to in a second: a sum; (passes, count); (value, min, max); a histogram."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A metric with one set of tags, and the cell that counts it."""

    metric: Metric
    tags: Tags
    cell: Any


def carries(tags: Tags, wanted: Tags) -> bool:
    """Are all of `wanted` among `tags`? An empty value stands for a tag that is not there, as outside of any group."""
    return all(tags.get(tag, "") == value for tag, value in wanted.items())


def tell_no_one(_message: str) -> None:
    """Take a message that nobody is to see."""


class Registry:
    """The series of one run. `notify` takes the message that there are too many."""

    def __init__(self, notify: Callable[[str], None] = tell_no_one) -> None:
        self._series: dict[tuple[str, TagPairs], Series] = {}
        self._by_name: dict[str, list[Series]] = {}
        self._gauges: list[Series] = []
        self._tags: dict[TagPairs, Tags] = {}
        """One mapping for all series with the same tags: a request has a dozen."""
        self._sums: dict[str, GaugeCell] = {}
        self._limit = SeriesLimit(notify)
        self._log: SampleLog | None = None
        self.seconds = 0.0
        """How long samples were counted; what rates are per. Set by whoever keeps the time."""

    def cell(self, metric: Metric, tags: Tags) -> Any:
        """Return the cell of a series; see `series`."""
        return self.series(metric, tags).cell

    def series(self, metric: Metric, tags: Tags) -> Series:
        """Return a series, made when first asked for.

        When there are too many, the values of the tag at fault count together; see `SeriesLimit`.
        """
        pairs = tuple(sorted(tags.items()))
        series = self._series.get((metric.name, pairs))
        if series is not None:
            return series
        folded = self._limit.fold(tags)
        return self._add_series(metric, pairs) if folded is None else self.series(metric, folded)

    def _add_series(self, metric: Metric, pairs: TagPairs) -> Series:
        tags = self._tags.setdefault(pairs, dict(pairs))
        series = self._series[metric.name, pairs] = Series(metric, tags, _CELLS[metric.type]())
        self._by_name.setdefault(metric.name, []).append(series)
        if metric.type is MetricType.GAUGE:
            self._gauges.append(series)
        self._limit.count(tags)
        if self._log is not None:
            self._log.enlist(series)
        return series

    def __len__(self) -> int:
        return len(self._series)

    def log_to(self, log: SampleLog) -> None:
        """Have the samples of all series, of those to come too, kept in a log one by one."""
        self._log = log
        for series in self._series.values():
            log.enlist(series)

    def absorb(self, metric: Metric, tags: Tags, block: Block) -> None:
        """Add a block to the total of a series that was made elsewhere; end each second with `end_second`."""
        self.cell(metric, tags).absorb(block)

    def rotate(self) -> list[tuple[Series, Block]]:
        """End the block of every series at once; see `rotation`."""
        return list(self.rotation())

    def rotation(self) -> Iterator[tuple[Series, Block]]:
        """End the block of one series after the other; yield (series, what its block came to) of those with samples.

        A histogram among these is valid until the next rotation. Gauges come in the order in which they were set, so
        that whoever absorbs them knows the last.
        """
        others = [series for series in self._series.values() if series.metric.type is not MetricType.GAUGE]
        for series in (*others, *sorted(self._gauges, key=lambda gauge: gauge.cell.setting)):
            block = series.cell.rotate()
            if block and block != (0, 0):
                yield series, block
        self.end_second()

    def end_second(self) -> None:
        """Add up the gauges that add up, as they are now: their largest values need not have come together."""
        sums: dict[str, float] = {}
        for series in self._gauges:
            if series.metric.adds_up and series.cell.count:
                sums[series.metric.name] = sums.get(series.metric.name, 0.0) + series.cell.value
        for name, value in sums.items():
            self._sums.setdefault(name, GaugeCell()).set(value)

    def metrics(self) -> list[Metric]:
        """Return the metrics that have samples, by name."""
        return [group[0].metric for _, group in sorted(self._by_name.items()) if any(map(_has_samples, group))]

    def select(self, name: str, tags: Tags | None = None) -> Iterator[Series]:
        """Yield the series of a metric that carry all of `tags` and have samples."""
        wanted = tags or {}
        for series in self._by_name.get(name, ()):
            if carries(series.tags, wanted) and _has_samples(series):
                yield series

    def value(self, name: str, tags: Tags | None = None) -> Value | None:
        """Add up the rotated blocks of all series that carry `tags`; None when there is no sample."""
        selected = list(self.select(name, tags))
        if not selected:
            return None
        if name in self._sums and not tags:
            return _gauge_value(self._sums[name])
        return self._add(selected)

    def count(self, name: str, tags: Tags | None = None) -> float:
        """Add up a counter over all series that carry `tags`; 0 when there is no sample."""
        value = self.value(name, tags)
        return value.count if isinstance(value, CounterValue) else 0.0

    def by_tag(self, name: str, *tag_names: str) -> dict[tuple[str, ...], Value]:
        """Add up the metric for each combination of values of these tags; series without them count under ""."""
        groups: dict[tuple[str, ...], list[Series]] = {}
        for series in self.select(name):
            groups.setdefault(tuple(series.tags.get(tag, "") for tag in tag_names), []).append(series)
        return {key: self._add(group) for key, group in groups.items()}

    def _add(self, group: list[Series]) -> Value:
        return _ADD[group[0].metric.type](group, self.seconds)


def _has_samples(series: Series) -> bool:
    cell = series.cell
    match series.metric.type:
        case MetricType.COUNTER:
            return bool(cell.total)
        case MetricType.TREND:
            return bool(cell.total.count)
        case _:
            return bool(cell.count)


def _add_counters(group: list[Series], seconds: float) -> Value:
    return CounterValue(math.fsum(series.cell.total for series in group), seconds)  # in whatever order


def _add_rates(group: list[Series], _seconds: float) -> Value:
    passes = sum(series.cell.passes for series in group)
    return RateValue(passes, sum(series.cell.count for series in group) - passes)


def _add_gauges(group: list[Series], _seconds: float) -> Value:
    cells = [series.cell for series in group]
    if group[0].metric.adds_up:
        low, high = min(cell.min for cell in cells), sum(cell.max for cell in cells)
        return GaugeValue(sum(cell.value for cell in cells), low, high)
    last = max(cells, key=lambda cell: cell.setting)
    return GaugeValue(last.value, min(cell.min for cell in cells), max(cell.max for cell in cells))


def _gauge_value(cell: GaugeCell) -> GaugeValue:
    return GaugeValue(cell.value, cell.min, cell.max)


def _add_trends(group: list[Series], _seconds: float) -> Value:
    merged = Histogram()
    for series in group:
        merged.merge(series.cell.total)
    return TrendValue(merged, group[0].metric.scale)


_ADD: dict[MetricType, Callable[[list[Series], float], Value]] = {
    MetricType.COUNTER: _add_counters,
    MetricType.GAUGE: _add_gauges,
    MetricType.RATE: _add_rates,
    MetricType.TREND: _add_trends,
}
