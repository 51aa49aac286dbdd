"""Puts the seconds of all workers together: what the sinks of a run are given, as if one process had made it.

Knows no process and no clock. Counters and rates add up, distributions are merged exactly, gauges that add up are the
sum of what each worker set last, and of other gauges the last one counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from surgeline._native.histogram import Histogram
from surgeline.engine.sink import Sink
from surgeline.metrics.names import MetricType
from surgeline.metrics.registry import Registry, Series

Parts = list[tuple[int, Any]]
"""Blocks of one series, and the worker of each."""


@dataclass(slots=True)
class _Second:
    blocks: dict[Series, Parts] = field(default_factory=dict)
    seconds: float = 0.0


class Seconds:
    """The seconds of one run. What comes for a second that was given already counts in the next one."""

    def __init__(self, registry: Registry, sinks: Sequence[Sink]) -> None:
        self._registry = registry
        self._sinks = sinks
        self._open: dict[int, _Second] = {}
        self._levels: dict[Series, dict[int, float]] = {}
        self._next = 0

    def add(self, worker: int, second: int, seconds: float, blocks: Sequence[tuple[Series, Any]]) -> None:
        """Take a worker's blocks of a second, histograms encoded; `seconds` had passed at its end."""
        whole = self._open.setdefault(max(second, self._next), _Second())
        whole.seconds = max(whole.seconds, seconds)
        for series, block in blocks:
            whole.blocks.setdefault(series, []).append((worker, block))

    def forget(self, worker: int) -> None:
        """Let what a worker set last no longer count: it has no users any more."""
        for levels in self._levels.values():
            levels.pop(worker, None)

    def end(self, until: int) -> None:
        """Give the seconds before `until` to the registry and the sinks."""
        for second in sorted(second for second in self._open if second < until):
            whole = self._open.pop(second)
            blocks = [(series, self._combine(series, parts)) for series, parts in whole.blocks.items()]
            for series, block in blocks:
                series.cell.absorb(block)
            self._registry.end_second()
            self._give(second, whole.seconds, blocks)
            self._next = second + 1

    def end_all(self) -> None:
        """Give all seconds that there are."""
        self.end(max(self._open, default=-1) + 1)

    def end_own(self, second: int, seconds: float) -> None:
        """Give what was recorded in this process: `SETUP` or `TEARDOWN`."""
        self._give(second, seconds, self._registry.rotate())

    def _give(self, second: int, seconds: float, blocks: list[tuple[Series, Any]]) -> None:
        seconds = self._registry.seconds = max(seconds, self._registry.seconds)
        for sink in self._sinks:
            sink.take(second, blocks)
            sink.end_second(second, seconds)

    def _combine(self, series: Series, parts: Parts) -> Any:
        blocks = [block for _, block in parts]
        match series.metric.type:
            case MetricType.COUNTER:
                return sum(blocks)
            case MetricType.RATE:
                return sum(passes for passes, _ in blocks), sum(count for _, count in blocks)
            case MetricType.TREND:
                return _merged(blocks)
            case MetricType.GAUGE:
                return self._level(series, parts) if series.metric.adds_up else _gauge(blocks)

    def _level(self, series: Series, parts: Parts) -> tuple[float, float, float]:
        """Add up a gauge over the workers; one that has told nothing stands where it stood."""
        levels = self._levels.setdefault(series, {})
        told = {worker: _gauge([block for one, block in parts if one == worker]) for worker, _ in parts}
        quiet = [level for worker, level in levels.items() if worker not in told]
        levels.update({worker: block[0] for worker, block in told.items()})
        value, low, high = (sum(numbers) + sum(quiet) for numbers in zip(*told.values(), strict=True))
        return value, low, high


def _gauge(blocks: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    return blocks[-1][0], min(low for _, low, _ in blocks), max(high for _, _, high in blocks)


def _merged(forms: list[bytes]) -> Histogram:
    merged = Histogram.decode(forms[0])
    for form in forms[1:]:
        merged.merge(Histogram.decode(form))
    return merged
