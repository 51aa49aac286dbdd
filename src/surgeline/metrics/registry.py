"""Every series of a run: cells found by metric and tags, rotated each second, added up when asked.

Tags are interned here, once a series; who records keeps the cell. Knows no protocol, and reads no clock: whoever
rotates says which second it was.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surgeline._native.cells import CounterCell, GaugeCell, RateCell, TrendCell
from surgeline._native.histogram import Histogram
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.values import CounterValue, GaugeValue, RateValue, TrendValue, Value

Cell = CounterCell | RateCell | GaugeCell | TrendCell
Tags = Mapping[str, str]

_CELLS: dict[MetricType, Callable[[], Cell]] = {
    MetricType.COUNTER: CounterCell,
    MetricType.GAUGE: GaugeCell,
    MetricType.RATE: RateCell,
    MetricType.TREND: TrendCell,
}


@dataclass(frozen=True, slots=True)
class Series:
    """A metric with one set of tags, and the cell that counts it."""

    metric: Metric
    tags: Tags
    cell: Any


class Registry:
    """The series of one run."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, tuple[tuple[str, str], ...]], Series] = {}
        self.seconds = 0.0
        """How long samples were counted; what rates are per. Set by whoever keeps the time."""

    def cell(self, metric: Metric, tags: Tags) -> Any:
        """Return the cell of a series, made when first asked for."""
        key = (metric.name, tuple(sorted(tags.items())))
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(metric, dict(tags), _CELLS[metric.type]())
        return series.cell

    def rotate(self) -> list[tuple[Series, Any]]:
        """End the block of every series at once; see `rotation`."""
        return list(self.rotation())

    def rotation(self) -> Iterator[tuple[Series, Any]]:
        """End the block of one series after the other; yield (series, what its block came to) of those with samples.

        A histogram among these is valid until the next rotation.
        """
        for series in list(self._series.values()):
            if series.metric.type is MetricType.GAUGE:
                continue
            block = series.cell.rotate()
            if block and block != (0, 0):
                yield series, block

    def metrics(self) -> list[Metric]:
        """Return the metrics that have samples, by name."""
        found = {series.metric.name: series.metric for series in self._series.values() if _has_samples(series)}
        return [found[name] for name in sorted(found)]

    def select(self, name: str, tags: Tags | None = None) -> Iterator[Series]:
        """Yield the series of a metric that carry all of `tags` and have samples."""
        wanted = (tags or {}).items()
        for series in self._series.values():
            if series.metric.name == name and wanted <= series.tags.items() and _has_samples(series):
                yield series

    def value(self, name: str, tags: Tags | None = None) -> Value | None:
        """Add up the rotated blocks of all series that carry `tags`; None when there is no sample."""
        selected = list(self.select(name, tags))
        if not selected:
            return None
        return _ADD[selected[0].metric.type]([series.cell for series in selected], self.seconds)

    def count(self, name: str, tags: Tags | None = None) -> float:
        """Add up a counter over all series that carry `tags`; 0 when there is no sample."""
        value = self.value(name, tags)
        return value.count if isinstance(value, CounterValue) else 0.0

    def by_tag(self, name: str, *tag_names: str) -> dict[tuple[str, ...], Value]:
        """Add up the metric for each combination of values of these tags; series without them count under ""."""
        groups: dict[tuple[str, ...], list[Series]] = {}
        for series in self.select(name):
            groups.setdefault(tuple(series.tags.get(tag, "") for tag in tag_names), []).append(series)
        return {
            key: _ADD[group[0].metric.type]([series.cell for series in group], self.seconds)
            for key, group in groups.items()
        }


def _has_samples(series: Series) -> bool:
    cell = series.cell
    match series.metric.type:
        case MetricType.COUNTER:
            return bool(cell.total)
        case MetricType.TREND:
            return bool(cell.total.count)
        case _:
            return bool(cell.count)


def _add_counters(cells: list[CounterCell], seconds: float) -> Value:
    return CounterValue(sum(cell.total for cell in cells), seconds)


def _add_rates(cells: list[RateCell], _seconds: float) -> Value:
    passes = sum(cell.passes for cell in cells)
    return RateValue(passes, sum(cell.count for cell in cells) - passes)


def _add_gauges(cells: list[GaugeCell], _seconds: float) -> Value:
    return GaugeValue(
        sum(cell.value for cell in cells), min(cell.min for cell in cells), sum(cell.max for cell in cells)
    )


def _add_trends(cells: list[TrendCell], _seconds: float) -> Value:
    merged = Histogram()
    for cell in cells:
        merged.merge(cell.total)
    return TrendValue(merged)


_ADD: dict[MetricType, Callable[[list[Any], float], Value]] = {
    MetricType.COUNTER: _add_counters,
    MetricType.GAUGE: _add_gauges,
    MetricType.RATE: _add_rates,
    MetricType.TREND: _add_trends,
}
