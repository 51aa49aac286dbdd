"""The end-of-run summary that a person reads in a terminal or a log: the verdict first, then why, then the figures.

Pure rendering to a text. Must not know how a run is made, nor print, nor look at the terminal.
"""

import textwrap
from collections.abc import Sequence
from io import StringIO
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from surgeline.breakdown import median_service_ms
from surgeline.judge.evaluate import measured_text
from surgeline.judge.verdict import Outcome, lateness_limit_ms, loop_too_busy
from surgeline.metrics.health import BUSY_LIMIT
from surgeline.metrics.names import (
    BUILTIN,
    GRPC_REQ_DURATION,
    GRPC_REQ_RESPONSE_TIME,
    HTTP_REQ_DURATION,
    HTTP_REQ_RESPONSE_TIME,
    OPERATION_DURATION,
    OPERATION_RESPONSE_TIME,
    Metric,
)
from surgeline.metrics.values import CounterValue, GaugeValue, RateValue, TrendValue, Value
from surgeline.report.busiest import rest_of, rows_to_show
from surgeline.report.flows import flow_remarks, flows_section
from surgeline.report.format import amount, clock, data_size, duration, number, percent, printable, rate
from surgeline.report.table import INDENT, Cell, Row, narrowed_table, table
from surgeline.result import FailureKind, IterationError, Kind, Metrics, RequestRow, RunResult

_LABELS = {
    Outcome.PASSED: ("PASS", "bold green"),
    Outcome.FAILED: ("FAIL", "bold red"),
    Outcome.INCONCLUSIVE: ("INCONCLUSIVE", "bold yellow"),
    Outcome.NOT_JUDGED: ("NOT JUDGED", "bold"),
}
_GOOD, _BAD, _UNSURE, _QUIET = "green", "red", "yellow", "dim"
_MARKS = {True: Cell("✓", _GOOD), False: Cell("✗", _BAD), None: Cell("?", _UNSURE)}
_HEADLINE_STATS = {"p50": "med", "p95": "p(95)", "p99": "p(99)"}
_REQUEST_STATS = ("med", "p(90)", "p(95)", "p(99)", "max")
_WAITING = {
    Kind.REQUESTS: (HTTP_REQ_DURATION, HTTP_REQ_RESPONSE_TIME, "late starts and waiting for a connection"),
    Kind.GRPC_CALLS: (GRPC_REQ_DURATION, GRPC_REQ_RESPONSE_TIME, "late starts"),
    Kind.OPERATIONS: (OPERATION_DURATION, OPERATION_RESPONSE_TIME, "late starts"),
}
"""Service time, response time, and what makes the difference."""
_ERRORS = {Kind.REQUESTS: "ERRORS", Kind.GRPC_CALLS: "GRPC ERRORS", Kind.OPERATIONS: "OPERATION ERRORS"}
_LEAST_IMPORTANT_STATS = ("p(90)", "min", "avg")
"""The first to go where a terminal has no room for all of them beside the names."""
_TRACEBACK_LINES = 12
_GC_PAUSE_LIMIT_MS = 10.0
_WIDTH_MIN = 80

Lines = list[Text]
Counted = TypeVar("Counted", RequestRow, FailureKind)


def render_summary(result: RunResult, *, width: int, color: bool) -> str:
    """Return the summary of a finished run, ending in a newline.

    Its lines take at most `width` columns (80 when less is given), but for tracebacks, commands to type and tables of
    very many statistics. With `color` it holds escape codes; without, it is plain text for a file or a log.
    """
    width = max(width, _WIDTH_MIN)
    sections = (
        _verdict(result, width),
        _run(result, width),
        _thresholds(result, width),
        _checks(result, width),
        *(_requests(result, kind, width) for kind in Kind),
        *(_errors(result, kind, width) for kind in Kind),
        flows_section(result.metrics, width),
        _iteration_errors(result, width),
        _advice(result, width),
        _trends(result.metrics, result.trend_stats, width),
        _other_metrics(result.metrics, width),
        _generator(result, width),
        [Text(printable(line)) for line in result.own_summary.splitlines()],
        _closing(result, width),
    )
    return _join(sections, color=color)


def render_metrics(metrics: Metrics, trend_stats: Sequence[str], *, width: int, color: bool) -> str:
    """Return the tables of the metrics alone, as they are in the summary."""
    width = max(width, _WIDTH_MIN)
    return _join((_trends(metrics, trend_stats, width), _other_metrics(metrics, width)), color=color)


def _join(sections: Sequence[Lines], *, color: bool) -> str:
    blank = Text()
    return _to_text([line for section in sections if section for line in (*section, blank)][:-1], color=color)


def _to_text(lines: Lines, *, color: bool) -> str:
    out = StringIO()
    console = Console(
        file=out, force_terminal=color, color_system="standard" if color else None, highlight=False, _environ={}
    )
    for line in lines:
        console.print(line, soft_wrap=True)
    return out.getvalue()


def _verdict(result: RunResult, width: int) -> Lines:
    label, style = _LABELS[result.verdict.outcome]
    reasons = [printable(reason) for reason in result.verdict.reasons]
    reasons += _remarks(result)
    if result.interrupted:
        reasons.append(f"a signal ended the run after {clock(result.seconds)}; the figures hold for that time")
    hang = " " * (len(label) + 2)
    lines = [Text(line) for reason in reasons for line in _wrapped(reason, width, hang)]
    first = lines[0] if lines else Text(hang)
    return [Text.assemble((label, style), first[len(label) :]), *lines[1:]]


def _remarks(result: RunResult) -> list[str]:
    """What a verdict by thresholds alone may not say, and nobody should have to look for."""
    raised = sum(error.count for error in result.iteration_errors)
    remarks = []
    for kind in Kind:
        rows = _of(kind, result.requests)
        failed, count = sum(row.failed.passes for row in rows), sum(row.count for row in rows)
        if failed:
            share = f"{number(failed)} of {number(count)} {kind.value}" if failed < count else f"all {kind.value}"
            remarks.append(f"{share} failed")
    if raised:
        remarks.append(f"{number(raised)} {'iteration' if raised == 1 else 'iterations'} raised an exception")
    return [*remarks, *flow_remarks(result.metrics)]


def _of(kind: Kind, rows: Sequence[Counted]) -> list[Counted]:
    return [row for row in rows if row.kind is kind]


def _wrapped(sentence: str, width: int, hang: str) -> list[str]:
    """Return the lines of a sentence; the first stands out by its smaller indent."""
    return textwrap.wrap(sentence, width, initial_indent=hang, subsequent_indent=hang + " " * INDENT)


def _run(result: RunResult, width: int) -> Lines:
    started = result.started_at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    facts = f"{printable(result.title)}  ran {_length(result.seconds)} from {started}, seed {result.seed}"
    indent = " " * INDENT
    scenarios = [line for text in result.scenarios for line in _wrapped(printable(text), width, indent)]
    lines = [Text(line, _QUIET) for line in (*_wrapped(facts, width, ""), *scenarios)]
    totals = [_total(rows) for kind in Kind if (rows := _of(kind, result.requests))]
    return [*lines, *(line for total in totals for line in _facts(_headline(total), width))]


def _length(seconds: float) -> str:
    return clock(seconds) if seconds >= 1 else duration(seconds * 1000)


def _headline(total: RequestRow) -> tuple[str, ...]:
    what = total.kind.value.removesuffix("s") if total.count == 1 else total.kind.value
    return (
        f"{number(total.count)} {what} at {rate(total.rate)}",
        *(f"{name} {duration(total.duration.stat(stat))}" for name, stat in _HEADLINE_STATS.items()),
        f"{percent(total.failed.stat('rate'))} failed",
    )


def _facts(facts: Sequence[str], width: int) -> Lines:
    """Return the facts side by side, none of them broken over two lines."""
    unbroken = " · ".join(fact.replace(" ", "\N{NO-BREAK SPACE}") for fact in facts)
    return [Text(line.replace("\N{NO-BREAK SPACE}", " ")) for line in _wrapped(unbroken, width, " " * INDENT)]


def _thresholds(result: RunResult, width: int) -> Lines:
    rows = []
    for judged in result.thresholds:
        mark = _MARKS[judged.ok]
        threshold = judged.threshold
        cells = [Cell(printable(threshold.condition.source)), Cell(measured_text(judged), mark.style)]
        rows.append(Row(Cell(threshold.selector.source), cells, mark))
    return table("THRESHOLDS", ("condition", "measured"), rows, width, left=("condition",)) if rows else []


def _checks(result: RunResult, width: int) -> Lines:
    rows = []
    for check in result.checks:
        bad = check.value.fails > 0
        style = _BAD if bad else ""
        cells = [
            Cell(percent(check.value.stat("rate")), style),
            Cell(number(check.value.passes)),
            Cell(number(check.value.fails), style),
        ]
        rows.append(Row(Cell(check.name), cells, _MARKS[not bad]))
    return table("CHECKS", ("passed", "passes", "fails"), rows, width) if rows else []


def _requests(result: RunResult, kind: Kind, width: int) -> Lines:
    of_kind = _of(kind, result.requests)
    if not of_kind:
        return []
    shown = rows_to_show(of_kind)
    rows = [_request_row(row) for row in shown]
    if len(of_kind) > 1:
        rows.append(_request_row(_total(of_kind), title=f"all {kind.value}", style="bold"))
    header = ("count", "rate", "p50", "p90", "p95", "p99", "max", "failed")
    rest = [Text(line, _QUIET) for line in _wrapped(rest_of(of_kind, shown), width, " " * INDENT)]
    return [*table(kind.value.upper(), header, rows, width), *rest, *_waiting(result, kind, width)]


def _request_row(row: RequestRow, *, title: str = "", style: str = "") -> Row:
    times = [Cell(duration(row.duration.stat(stat)), style) for stat in _REQUEST_STATS]
    failed = Cell(percent(row.failed.stat("rate")), _BAD if row.failed.passes else style)
    return Row(
        Cell(title or row.title, style),
        [Cell(number(row.count), style), Cell(rate(row.rate), style), *times, failed],
    )


def _total(rows: Sequence[RequestRow]) -> RequestRow:
    histogram = rows[0].duration.histogram.copy()
    for row in rows[1:]:
        histogram.merge(row.duration.histogram)
    failed = RateValue(sum(row.failed.passes for row in rows), sum(row.failed.fails for row in rows))
    return RequestRow("", "", TrendValue(histogram), sum(row.rate for row in rows), failed, rows[0].kind)


def _waiting(result: RunResult, kind: Kind, width: int) -> Lines:
    """Say so when users waited noticeably longer than the service took: by a tenth, and by a millisecond."""
    took_metric, waited_metric, rest = _WAITING[kind]
    service = result.metrics.value(took_metric.name)
    response = result.metrics.value(waited_metric.name)
    if service is None or response is None:
        return []
    took, waited = service.stat("p(99)"), response.stat("p(99)")
    if not took or waited - took <= max(took / 10, 1.0):
        return []
    sentence = (
        f"! callers waited longer than the service took: response time p99 {duration(waited)}, service time "
        f"p99 {duration(took)}; the rest is {rest}"
    )
    return [Text(line, _UNSURE) for line in _wrapped(sentence, width, " " * INDENT)]


def _errors(result: RunResult, kind: Kind, width: int) -> Lines:
    counted = sum(row.count for row in _of(kind, result.requests))
    rows = []
    for failure in _of(kind, result.failures):
        share = percent(failure.count / counted) if counted else ""
        rows.append(Row(Cell("  ".join(failure.parts)), [Cell(number(failure.count), _BAD), Cell(share)]))
    return table(_ERRORS[kind], ("count", f"of {kind.value}"), rows, width) if rows else []


def _iteration_errors(result: RunResult, width: int) -> Lines:
    if not result.iteration_errors:
        return []
    rows = [Row(Cell(error.kind), [Cell(number(error.count), _BAD)]) for error in result.iteration_errors]
    lines = table("ITERATION ERRORS", ("count",), rows, width)
    for error in result.iteration_errors:
        lines += _traceback(error)
    return lines


def _traceback(error: IterationError) -> Lines:
    """Return the end of the traceback, which is where the script's own lines and the message are."""
    lines = [printable(line.expandtabs(4)) for line in error.first_traceback.strip().splitlines()]
    left_out = len(lines) - _TRACEBACK_LINES
    if left_out > 0:
        lines = [f"... {left_out} lines before", *lines[left_out:]]
    return [Text(), *(Text(" " * 2 * INDENT + line, _QUIET) for line in lines)]


def _advice(result: RunResult, width: int) -> Lines:
    """Return what to do, each command unbroken on a line of its own."""
    lines: Lines = []
    for advice in result.advice:
        lines += [Text(line, _UNSURE) for line in _wrapped(f"! {printable(advice.text)}", width, " " * INDENT)]
        if advice.command is not None:
            lines.append(Text(" " * 2 * INDENT + printable(advice.command)))
    return [Text("ADVICE", "bold"), *lines] if lines else []


def _metrics(metrics: Metrics) -> list[tuple[Metric, Value]]:
    """Return the metrics that have samples, in k6's order: built in, custom, network."""
    places = {name: place for place, name in enumerate(BUILTIN)}
    pairs = [(metric, metrics.value(metric.name)) for metric in metrics.metrics()]
    present = [(metric, value) for metric, value in pairs if value is not None]
    return sorted(present, key=lambda pair: (_group(pair[0]), places.get(pair[0].name, 0), pair[0].name))


def _group(metric: Metric) -> int:
    if metric.name not in BUILTIN:
        return 1
    return 2 if metric.name.startswith("data_") else 0


def _trends(metrics: Metrics, trend_stats: Sequence[str], width: int) -> Lines:
    """A trend that is zero throughout, TLS handshakes on plain HTTP say, tells nothing and is left out."""
    trends = [
        (metric, value) for metric, value in _metrics(metrics) if isinstance(value, TrendValue) and value.histogram.max
    ]
    if not trends:
        return []

    def rows_of(stats: Sequence[str]) -> list[Row]:
        return [_trend_row(metric, value, stats) for metric, value in trends]

    return narrowed_table("METRICS", trend_stats, rows_of, width, _LEAST_IMPORTANT_STATS)


def _trend_row(metric: Metric, value: TrendValue, stats: Sequence[str]) -> Row:
    """A unit of one's own stands beside the name, once."""
    name = f"{metric.name} ({metric.unit})" if metric.contains == "default" and metric.unit else metric.name
    return Row(Cell(name), [Cell(_stat(metric, value, stat)) for stat in stats])


def _stat(metric: Metric, value: TrendValue, stat: str) -> str:
    return number(value.stat(stat)) if stat == "count" else amount(value.stat(stat), metric.contains)


def _other_metrics(metrics: Metrics, width: int) -> Lines:
    rows = []
    for metric, value in _metrics(metrics):
        if not isinstance(value, TrendValue):
            total, detail = _total_and_detail(metric, value)
            rows.append(Row(Cell(metric.name), [Cell(total), Cell(detail)]))
    return table("TOTALS", ("value", "detail"), rows, width, left=("detail",)) if rows else []


def _total_and_detail(metric: Metric, value: CounterValue | GaugeValue | RateValue) -> tuple[str, str]:
    if isinstance(value, RateValue):
        return percent(value.stat("rate")), f"{number(value.passes)} of {number(value.passes + value.fails)}"

    def shown(amount_of_it: float) -> str:
        return amount(amount_of_it, metric.contains, metric.unit)

    if isinstance(value, CounterValue):
        return shown(value.count), rate(value.stat("rate"), metric.contains)
    return shown(value.value), f"{shown(value.min)} to {shown(value.max)}"


def _generator(result: RunResult, width: int) -> Lines:
    health = result.health
    if not health.seconds:
        return [Text("GENERATOR", "bold"), Text(" " * INDENT + "not measured: the run did not come to its end")]
    cores = health.cpu_seconds / result.seconds if result.seconds > 0 else 0.0
    late = "/".join(duration(ms) for ms in (health.lateness_p50_ms, health.lateness_p99_ms, health.lateness_max_ms))
    facts = (
        f"loop {health.loop_busy:.0%} busy",
        f"lateness p50/p99/max {late}",
        f"{health.dropped_iterations:,} dropped",
        f"GC pauses max {duration(health.gc_pause_max_ms)}, total {duration(health.gc_pause_total_ms)}",
        f"CPU {cores:.2f} cores",
        f"memory {data_size(health.max_rss_bytes)}",
    )
    warnings = [line for text in _warnings(result) for line in _wrapped(f"! {text}", width, " " * INDENT)]
    return [Text("GENERATOR", "bold"), *_facts(facts, width), *(Text(line, _UNSURE) for line in warnings)]


def _warnings(result: RunResult) -> list[str]:
    health = result.health
    late_limit = lateness_limit_ms(median_service_ms(result.metrics))
    cut_off = " and ".join(kind.value for kind in Kind if _of(kind, result.requests)) or Kind.REQUESTS.value
    off = (
        (loop_too_busy(health), f"the loop was busier than {BUSY_LIMIT:.0%}: the times hold its own queueing"),
        (health.lateness_p99_ms > late_limit, f"starts were later than {duration(late_limit)} at p99"),
        (health.gc_pause_max_ms > _GC_PAUSE_LIMIT_MS, f"a garbage collection took {duration(health.gc_pause_max_ms)}"),
        (health.dropped_iterations > 0, "iterations were dropped: the planned load was not delivered in full"),
        (health.abandoned_requests > 0, f"{cut_off} cut off when their iteration ended: {health.abandoned_requests:,}"),
    )
    return [text for wrong, text in off if wrong]


def _closing(result: RunResult, width: int) -> Lines:
    """Repeat the verdict where a long summary ends, which is what a terminal still shows."""
    label, style = _LABELS[result.verdict.outcome]
    reason = printable(" ".join(result.verdict.reasons[:1]))
    return [Text.assemble((label, style), "  ", textwrap.shorten(reason, width - len(label) - 2, placeholder=" ..."))]
