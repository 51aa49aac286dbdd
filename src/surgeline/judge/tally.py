"""What the blocks of several series come to together: one class for each type of metric, merged as they come.

Pure sums. Must not know thresholds, nor which series are selected. Without samples they are falsy.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from surgeline._native.histogram import Histogram
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.registry import Series
from surgeline.metrics.values import CounterValue, GaugeValue, RateValue, TrendValue, Value


class Tally(Protocol):
    """The sum of the blocks of one second, or of several."""

    def __bool__(self) -> bool: ...

    def add(self, series: Series, block: Any, /) -> None:
        """Add what a series came to in one second; a histogram is not kept."""

    def merge(self, other: Any, /) -> None:
        """Add another tally of the same class; in which order makes no difference."""

    def value(self, seconds: float, /) -> Value:
        """Return the sum; `seconds` is the time that it was counted over."""


class Total(Protocol):
    """The sum of a whole run, equal to what the registry comes to."""

    def __bool__(self) -> bool: ...

    def add(self, series: Series, block: Any, /) -> None:
        """Take what a series came to in one second; a histogram is not kept."""

    def end_second(self, tally: Any, /) -> None:
        """The second is over; `tally` is the sum of all its blocks, None when there were none."""

    def value(self, seconds: float, /) -> Value:
        """Return the sum; `seconds` is the time that it was counted over."""


class CounterTally:
    """A sum."""

    def __init__(self) -> None:
        self._sum = 0.0

    def __bool__(self) -> bool:
        return bool(self._sum)

    def add(self, _series: Series, block: float) -> None:
        """Add a block."""
        self._sum += block

    def merge(self, other: "CounterTally") -> None:
        """Add another."""
        self._sum += other._sum

    def value(self, seconds: float) -> CounterValue:
        """Return the sum."""
        return CounterValue(self._sum, seconds)


class RateTally:
    """How many samples were true, and how many there were."""

    def __init__(self) -> None:
        self._passes = 0
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    def add(self, _series: Series, block: tuple[int, int]) -> None:
        """Add a block."""
        self._passes += block[0]
        self._count += block[1]

    def merge(self, other: "RateTally") -> None:
        """Add another."""
        self._passes += other._passes
        self._count += other._count

    def value(self, _seconds: float) -> RateValue:
        """Return the sum."""
        return RateValue(self._passes, self._count - self._passes)


class TrendTally:
    """A distribution."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._histogram = Histogram()

    def __bool__(self) -> bool:
        return self._histogram.count > 0

    def add(self, _series: Series, block: Histogram) -> None:
        """Add a block."""
        self._histogram.merge(block)

    def merge(self, other: "TrendTally") -> None:
        """Add another."""
        self._histogram.merge(other._histogram)

    def value(self, _seconds: float) -> TrendValue:
        """Return the distribution so far; it goes on to grow."""
        return TrendValue(self._histogram, self._scale)


class GaugeTally:
    """The gauge that was set last, and the extremes of all."""

    def __init__(self) -> None:
        self._setting = -1
        self._value, self._min, self._max = 0.0, math.inf, -math.inf

    def __bool__(self) -> bool:
        return self._setting >= 0

    def add(self, series: Series, block: tuple[float, float, float]) -> None:
        """Add a block."""
        self._add(series.cell.setting, *block)

    def merge(self, other: "GaugeTally") -> None:
        """Add another."""
        self._add(other._setting, other._value, other._min, other._max)

    def set(self, value: float) -> None:
        """Add a single value, set after all others."""
        self._add(self._setting + 1, value, value, value)

    def _add(self, setting: int, value: float, low: float, high: float) -> None:
        if setting >= self._setting:
            self._setting, self._value = setting, value
        self._min, self._max = min(self._min, low), max(self._max, high)

    def value(self, _seconds: float) -> GaugeValue:
        """Return the last value and the extremes."""
        return GaugeValue(self._value, self._min, self._max)


class UsersSecondTally(GaugeTally):
    """One second of gauges that add up, virtual users say: the sum of the series; of several seconds as any gauge."""

    def add(self, series: Series, block: tuple[float, float, float]) -> None:
        """Add a block of the second."""
        if not self:
            super().add(series, block)
            return
        self._setting = max(self._setting, series.cell.setting)
        self._value, self._min, self._max = (mine + its for mine, its in zip(self._whole(), block, strict=True))

    def _whole(self) -> tuple[float, float, float]:
        return self._value, self._min, self._max


class MergedTotal:
    """The sum of the seconds."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def __bool__(self) -> bool:
        return bool(self._tally)

    def add(self, _series: Series, _block: Any) -> None:
        """Wait for the end of the second: its blocks have been added up by then."""

    def end_second(self, tally: Tally | None) -> None:
        """Add the second."""
        if tally is not None:
            self._tally.merge(tally)

    def value(self, seconds: float) -> Value:
        """Return the sum so far; a distribution goes on to grow."""
        return self._tally.value(seconds)


class CounterTotal:
    """A sum kept by series, as the registry keeps it: exactly the same also where fractions are added."""

    def __init__(self) -> None:
        self._sums: dict[Series, float] = {}

    def __bool__(self) -> bool:
        return bool(self._sums)

    def add(self, series: Series, block: float) -> None:
        """Add a block."""
        self._sums[series] = self._sums.get(series, 0.0) + block

    def end_second(self, _tally: CounterTally | None) -> None:
        """Everything has been added."""

    def value(self, seconds: float) -> CounterValue:
        """Return the sum."""
        return CounterValue(math.fsum(self._sums.values()), seconds)


class UsersTotal:
    """Gauges that add up over the whole time, as the registry adds them up: the sum of what each was set to last.

    With `ends` the extremes are those of the sums at the end of each second, else made of the extremes of each series.
    """

    def __init__(self, *, ends: bool) -> None:
        self._series: dict[Series, GaugeTally] = {}
        self._ends = GaugeTally() if ends else None

    def __bool__(self) -> bool:
        return bool(self._series)

    def add(self, series: Series, block: tuple[float, float, float]) -> None:
        """Add a block."""
        self._series.setdefault(series, GaugeTally()).add(series, block)

    def end_second(self, _tally: UsersSecondTally | None) -> None:
        """Add up all series as they are now."""
        if self._ends is not None and self._series:
            self._ends.set(self._values("value", sum))

    def value(self, seconds: float) -> GaugeValue:
        """Return the sum of the last values, and the extremes."""
        if self._ends:
            return self._ends.value(seconds)
        return GaugeValue(self._values("value", sum), self._values("min", min), self._values("max", sum))

    def _values(self, stat: str, combine: Callable[[Iterable[float]], float]) -> float:
        return combine(tally.value(0.0).stat(stat) for tally in self._series.values())


def total_tally(metric: Metric, *, tagged: bool) -> Total:
    """Return the empty sum of a whole run; `tagged`: of some series only."""
    if metric.type is MetricType.COUNTER:
        return CounterTotal()
    if metric.adds_up:
        return UsersTotal(ends=not tagged)
    return MergedTotal(second_tally(metric))


def second_tally(metric: Metric) -> Tally:
    """Return an empty tally for one second, to be merged with those of other seconds."""
    match metric.type:
        case MetricType.COUNTER:
            return CounterTally()
        case MetricType.RATE:
            return RateTally()
        case MetricType.TREND:
            return TrendTally(metric.scale)
        case MetricType.GAUGE:
            return UsersSecondTally() if metric.adds_up else GaugeTally()
