"""The flows of a run, for the summary: their table, how exact their times are, and what was lost.

Pure rendering of the samples. Must not know how flows are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from surgeline.metrics import names
from surgeline.metrics.names import Metric
from surgeline.metrics.values import TrendValue, Value
from surgeline.report.format import duration, number
from surgeline.report.table import INDENT, Cell, Row, narrowed_table
from surgeline.result import Metrics

_COUNTS = {
    "started": names.FLOW_STARTED,
    "arrived": names.FLOW_ARRIVED,
    "late": names.FLOW_LATE,
    "lost": names.FLOW_LOST,
    "cancelled": names.FLOW_CANCELLED,
    "duplicates": names.FLOW_DUPLICATES,
    "unknown": names.FLOW_UNKNOWN,
    "open": names.FLOW_OPEN,
}
_SHOWN_WHERE_ANY = ("cancelled", "unknown")
_TROUBLE = ("late", "lost", "duplicates", "unknown", "open")
_STATS = {"p50": "med", "p95": "p(95)", "p99": "p(99)", "max": "max"}
_RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class _Looks:
    """How often a flow was polled."""

    every: str
    intervals: TrendValue
    failed: int
    """How many looks raised an exception."""


@dataclass(frozen=True, slots=True)
class _Flow:
    name: str
    counts: dict[str, int]
    took: TrendValue | None
    looks: _Looks | None

    def cell(self, column: str) -> Cell:
        if column in _COUNTS:
            count = self.counts[column]
            return Cell(number(count), "red" if count and column in _TROUBLE else "")
        if column == _RESOLUTION:
            return Cell(self._resolution())
        return Cell("-" if self.took is None else duration(self.took.stat(_STATS[column])))

    def _resolution(self) -> str:
        if self.looks is not None:
            return duration(self.looks.intervals.stat("max"))
        return "-" if self.took is None else "exact"

    def is_deaf(self) -> bool:
        """Nobody looked for what was started, and nobody told of an arrival."""
        return self.looks is None and self.took is None and not self.counts["unknown"]


def flows_section(metrics: Metrics, width: int) -> list[Text]:
    """Return the table of the flows, and how often each was polled; nothing where there are none."""
    flows = _flows(metrics)
    if not flows:
        return []
    zero = [column for column in _COUNTS if not any(flow.counts[column] for flow in flows)]
    columns = [column for column in _COUNTS if column not in zero or column not in _SHOWN_WHERE_ANY]
    header = [*columns, *_STATS, _RESOLUTION]
    first_to_go = [_RESOLUTION, *(column for column in ("open", "duplicates") if column in zero), "max", "p99"]

    def rows_of(shown: Sequence[str]) -> list[Row]:
        return [Row(Cell(flow.name), [flow.cell(column) for column in shown]) for flow in flows]

    lines = narrowed_table("FLOWS", header, rows_of, width, first_to_go)
    return [*lines, *(Text(" " * INDENT + note, "dim") for flow in flows for note in _notes(flow))]


def flow_remarks(metrics: Metrics) -> list[str]:
    """Say what was lost: a verdict by thresholds alone may not."""
    lost = [flow for flow in _flows(metrics) if flow.counts["lost"]]
    return [
        f"{number(flow.counts['lost'])} of {number(flow.counts['started'])} {flow.name} were lost"
        + (": no watcher looked for them, and arrived() was not called" if flow.is_deaf() else "")
        for flow in lost
    ]


def _notes(flow: _Flow) -> list[str]:
    if flow.looks is None:
        return []
    p50, p99, most = (duration(flow.looks.intervals.stat(stat)) for stat in ("med", "p(99)", "max"))
    polled = f"{flow.name}: polled every {flow.looks.every}; between looks p50 {p50}, p99 {p99}, max {most}"
    return [polled + (f"; {number(flow.looks.failed)} looks raised an exception" if flow.looks.failed else "")]


def _flows(metrics: Metrics) -> list[_Flow]:
    counts = {column: _by_flow(metrics, metric) for column, metric in _COUNTS.items()}
    took = _by_flow(metrics, names.FLOW_DURATION)
    looks = _looks(metrics)
    flows = dict.fromkeys(flow for values in counts.values() for flow in values)
    return [
        _Flow(
            flow,
            {column: int(values[flow].stat("count")) if flow in values else 0 for column, values in counts.items()},
            _trend(took.get(flow)),
            looks.get(flow),
        )
        for flow in flows
    ]


def _by_flow(metrics: Metrics, metric: Metric) -> dict[str, Value]:
    return {flow: value for (flow,), value in metrics.by_tag(metric.name, "flow").items()}


def _looks(metrics: Metrics) -> dict[str, _Looks]:
    intervals = metrics.by_tag(names.FLOW_LOOK_INTERVAL.name, "flow", "every")
    failed = _by_flow(metrics, names.FLOW_LOOK_ERRORS)
    return {
        flow: _Looks(every, value, int(failed[flow].stat("count")) if flow in failed else 0)
        for (flow, every), value in intervals.items()
        if isinstance(value, TrendValue)
    }


def _trend(value: Value | None) -> TrendValue | None:
    return value if isinstance(value, TrendValue) else None
