"""Follows all thresholds of a run, second by second: what each has come to at any time, and at the end.

Is fed with the blocks of each second and keeps only their sums. Pure: must not know clocks, the registry, or who
decides what comes of a threshold that fails.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from surgeline.judge.evaluate import ThresholdResult, badness, evaluate, judged, measure
from surgeline.judge.grammar import Threshold
from surgeline.judge.tally import Tally, Total, second_tally, total_tally
from surgeline.judge.window import SlidingSum
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.registry import TEARDOWN, Series, carries

_SECOND = 1_000_000_000
_ALMOST = 0.01
"""A second that lacks less than this is whole."""

Planned = Callable[[Mapping[str, str], int, int], int | None]
"""How many iterations the scenarios with these tags were to start from one time to another, in nanoseconds from the
load's start; None when that is not planned."""


class ThresholdWatch:
    """The thresholds of one run: a sink. `planned` is asked for thresholds `of target` alone.

    A threshold `over` some time is judged in each window of whole seconds. What comes after the last whole second
    belongs to the last window, which is longer by that; where no window was full, all of the time is judged.
    """

    def __init__(self, thresholds: Sequence[Threshold], planned: Planned) -> None:
        self._selections: dict[tuple[str, frozenset[tuple[str, str]]], _Selection] = {}
        self._watched = [self._watch(threshold, planned) for threshold in thresholds]
        self._takers: dict[Series, list[_Selection]] = {}
        self._next = 0
        self._seconds = 0.0

    def _watch(self, threshold: Threshold, planned: Planned) -> "_Whole | _Worst":
        key = (threshold.metric.name, frozenset(threshold.selector.tags))
        selection = self._selections.get(key) or _Selection(threshold)
        self._selections[key] = selection
        if threshold.condition.over_seconds is None:
            return _Whole(threshold, planned, selection.total(threshold.condition.after_seconds))
        windows = selection.windows(threshold.condition.after_seconds, threshold.condition.over_seconds)
        worst = _Worst(threshold, planned, windows)
        windows.watchers.append(worst)
        return worst

    def take(self, second: int, blocks: Sequence[tuple[Series, Any]]) -> None:
        """Take some series of a second, which counts from 0; -1 is set-up, which belongs to no window."""
        self._pass_to(second)
        takers = self._takers
        for series, block in blocks:
            found = takers.get(series)
            if found is None:
                everyone = self._selections.values()
                found = takers[series] = [selection for selection in everyone if selection.selects(series)]
            for taker in found:
                taker.take(second, series, block)
        if second < 0:
            self._end_blocks(second, 0.0)

    def end_second(self, second: int, seconds: float) -> None:
        """All of the second has been given; `seconds` have passed since the load began."""
        self._seconds = seconds
        self._pass_to(second)
        self._end_blocks(second, seconds)
        self._next = second + 1

    def _pass_to(self, second: int) -> None:
        """Let the seconds before this one pass that nobody reported: what was recorded in them is in this one."""
        while self._next < second:
            self._end_blocks(self._next, self._next + 1.0, reported=False)
            self._next += 1

    def _end_blocks(self, second: int, seconds: float, *, reported: bool = True) -> None:
        for selection in self._selections.values():
            selection.end_second(second, seconds, reported=reported)

    def results(self) -> tuple[ThresholdResult, ...]:
        """Return what the thresholds came to until the last second that has ended, in their order."""
        return tuple(watched.result(self._seconds) for watched in self._watched)

    def failed_to_abort(self, seconds: float) -> ThresholdResult | None:
        """Return the first threshold that fails now and is to end the run, its delay being over.

        One without samples does not, nor one over windows before the first window is full.
        """
        for watched in self._watched:
            threshold = watched.threshold
            if threshold.abort_on_fail and watched.can_abort and seconds * _SECOND >= threshold.delay_abort_ns:
                result = watched.result(self._seconds)
                if result.ok is False:
                    return result
        return None


class _Selection:
    """The samples of one selector: each block is added once, however many thresholds there are on it."""

    def __init__(self, threshold: Threshold) -> None:
        self._metric = threshold.metric
        self._tags = dict(threshold.selector.tags)
        self._second: Tally | None = None
        self._totals: dict[int, Total] = {}
        self._windows: dict[tuple[int, int], _Windows] = {}

    def selects(self, series: Series) -> bool:
        return series.metric.name == self._metric.name and carries(series.tags, self._tags)

    def total(self, after: int) -> Total:
        """Return the sum of all seconds but the first `after`, shared by all that ask."""
        return self._totals.setdefault(after, total_tally(self._metric, tagged=bool(self._tags)))

    def windows(self, after: int, length: int) -> "_Windows":
        """Return the windows of `length` seconds from the end of the first `after`, shared by all that ask."""
        return self._windows.setdefault((after, length), _Windows(self._metric, after, length))

    def take(self, second: int, series: Series, block: Any) -> None:
        if self._second is None:
            self._second = second_tally(self._metric)
        self._second.add(series, block)
        for after, total in self._totals.items():
            if _belongs(second, after):
                total.add(series, block)

    def end_second(self, second: int, seconds: float, *, reported: bool) -> None:
        tally, self._second = self._second, None
        for after, total in self._totals.items():
            total.end_second(tally if _belongs(second, after) else None)
        for windows in self._windows.values():
            if second >= windows.first:
                windows.end_second(tally, second, seconds, reported=reported)


def _belongs(second: int, after: int) -> bool:
    """Is a second part of what is judged without the first `after`? What tear-down does comes after those as well."""
    return second >= after or not after or second == TEARDOWN


class _Whole:
    """A threshold that is judged over the whole time."""

    def __init__(self, threshold: Threshold, planned: Planned, total: Total) -> None:
        self.threshold = threshold
        self._planned = partial(_planned_between, threshold, planned)
        self._tally = total

    @property
    def can_abort(self) -> bool:
        return bool(self._tally)

    def result(self, seconds: float) -> ThresholdResult:
        after = self.threshold.condition.after_seconds
        if after and seconds <= after:
            return judged(self.threshold, None)
        value = self._tally.value(seconds - after) if self._tally else None
        return evaluate(self.threshold, value, seconds - after, self._planned(after, seconds))


class _Windows:
    """The windows of one length over the samples of one selector, one ending with each second.

    Where a second was not reported, because the generator was held up say, nobody knows what was before its end and
    what after it: windows that begin or end there are not judged, those that hold it are.
    """

    def __init__(self, metric: Metric, first: int, length: int) -> None:
        self.first = first
        self.watchers: list[_Worst] = []
        self.some = False
        """Has there been a sample?"""
        self._length = length
        self._blurred: set[int] = set()
        """Moments about which it is not known what came before them."""
        self._sum = SlidingSum(partial(second_tally, metric))

    def end_second(self, tally: Tally | None, second: int, seconds: float, *, reported: bool) -> None:
        self.some |= tally is not None
        if not reported:
            self._blurred.add(second + 1)
        whole = seconds > second + 1 - _ALMOST
        self._sum.push(tally)
        # The time after the last whole second makes no window of its own, but no sample may be left out for that.
        longest = self._length if whole else self._length + 1
        while len(self._sum) > longest:
            self._sum.drop()
        start = second + 1 - longest
        if len(self._sum) == longest and not self._blurred & {start, second + 1}:
            self._judge(start, second + 1 if whole else seconds)

    def _judge(self, start: float, end: float) -> None:
        total = self._sum.total()
        for watcher in self.watchers:
            watcher.observe(total, start, end)

    def all(self) -> Tally:
        """Return the sum of all that there was; for when no window was full."""
        return self._sum.total()


class _Worst:
    """A threshold that must hold in every window, and the window in which it held the least."""

    def __init__(self, threshold: Threshold, planned: Planned, windows: _Windows) -> None:
        self.threshold = threshold
        self._planned = partial(_planned_between, threshold, planned)
        self._windows = windows
        self._measured: float | None = None
        self._window = (0.0, 0.0)

    @property
    def can_abort(self) -> bool:
        return self._windows.some and self._measured is not None

    def observe(self, tally: Tally, start: float, end: float) -> None:
        measured = self._measure(tally, start, end)
        if measured is None:
            return
        condition = self.threshold.condition
        if self._measured is None or badness(condition, measured) > badness(condition, self._measured):
            self._measured, self._window = measured, (start, end)

    def _measure(self, tally: Tally, start: float, end: float) -> float | None:
        """A window without samples is not judged, but that a count of none is 0."""
        condition = self.threshold.condition
        if not tally and not _counts(self.threshold):
            return None
        return measure(condition, tally.value(end - start), end - start, self._planned(start, end))

    def result(self, seconds: float) -> ThresholdResult:
        if not self._windows.some and self.threshold.metric.type is not MetricType.COUNTER:
            return judged(self.threshold, None)
        if self._measured is not None:
            return judged(self.threshold, self._measured, self._window)
        start = self.threshold.condition.after_seconds
        if seconds <= start:
            return judged(self.threshold, None)
        return judged(self.threshold, self._measure(self._windows.all(), start, seconds), (start, seconds))


def _counts(threshold: Threshold) -> bool:
    return threshold.metric.type is MetricType.COUNTER or threshold.condition.aggregation in ("count", "count/s")


def _planned_between(threshold: Threshold, planned: Planned, start: float, end: float) -> int | None:
    if not threshold.condition.of_target:
        return None
    return planned(dict(threshold.selector.tags), round(start * _SECOND), round(end * _SECOND))
