"""What series came to over more than a second: what is pushed to others every few seconds.

Pure arithmetic on blocks. Must not know who they are pushed to, nor when.
"""

from collections.abc import Collection, Iterator
from typing import Any

from surgeline._native.histogram import Histogram
from surgeline.engine.sink import Blocks
from surgeline.metrics.names import MetricType
from surgeline.metrics.registry import Series


class Totals:
    """Sums of blocks: a counter's sum, a rate's (passes, count), a gauge's last block, a trend's histogram."""

    def __init__(self) -> None:
        self._values: dict[Series, Any] = {}

    def __iter__(self) -> Iterator[tuple[Series, Any]]:
        return iter(self._values.items())

    def add(self, blocks: Blocks) -> None:
        """Add blocks; a histogram among them is read and not kept."""
        for series, block in blocks:
            self.add_one(series, block)

    def add_one(self, series: Series, block: Any) -> None:
        """Add one block, or what another `Totals` has of the series."""
        match series.metric.type:
            case MetricType.TREND:
                histogram = self._values.get(series)
                if histogram is None:
                    histogram = self._values[series] = Histogram()
                histogram.merge(block)
            case MetricType.COUNTER:
                self._values[series] = self._values.get(series, 0.0) + block
            case MetricType.RATE:
                passes, count = self._values.get(series, (0, 0))
                self._values[series] = passes + block[0], count + block[1]
            case MetricType.GAUGE:
                self._values[series] = block

    def forget(self, types: Collection[MetricType]) -> None:
        """Start anew with the metrics of these types."""
        self._values = {series: value for series, value in self._values.items() if series.metric.type not in types}
