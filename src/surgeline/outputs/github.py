"""The summary of a step of a GitHub workflow: Markdown, added to the file that GitHub names.

Knows a result and GitHub's Markdown. In a workflow (`GITHUB_ACTIONS`), each threshold that failed is also an
annotation, given as a workflow command among the messages.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from surgeline.judge.evaluate import measured_text, result_text
from surgeline.judge.verdict import Outcome
from surgeline.metrics.values import TrendValue
from surgeline.outputs.at_the_end import AtTheEnd, Notify
from surgeline.outputs.files import append
from surgeline.report.busiest import rest_of, rows_to_show
from surgeline.report.format import clock, duration, number, percent, printable, rate
from surgeline.result import Kind, RunResult

_WHAT = "GitHub summary"
_LABELS = {
    Outcome.PASSED: "✅ PASS",
    Outcome.FAILED: "❌ FAIL",
    Outcome.INCONCLUSIVE: "⚠️ INCONCLUSIVE",
    Outcome.NOT_JUDGED: "NOT JUDGED",
}
_MARKS = {True: "✅", False: "❌", None: "⚠️"}
_STATS = ("med", "p(95)", "p(99)", "max")
_MOST_ROWS = 50
"""Of a table: GitHub takes a megabyte for a step, and nobody reads more."""


def make_github(path: Path) -> AtTheEnd:
    """Return the output that adds to the file."""
    return AtTheEnd(path, _WHAT, _write)


def _write(result: RunResult, path: Path, notify: Notify) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for command in annotations(result):
            notify(command)
    append(github_markdown(result).encode(errors="backslashreplace"), path, _WHAT)


def github_markdown(result: RunResult) -> str:
    """Return the summary: the verdict and why, then tables of thresholds, requests, operations, checks and errors."""
    started = result.started_at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    parts = [
        f"## {_LABELS[result.verdict.outcome]}: {_text(result.title)}",
        "\n".join(f"- {_text(reason)}" for reason in _reasons(result)),
        f"{clock(result.seconds)} from {_text(started)}, seed {result.seed}."
        + "".join(f" {_text(scenario)}." for scenario in result.scenarios),
        _thresholds(result),
        *(_requests(result, kind) for kind in Kind),
        _checks(result),
        _errors(result),
    ]
    return "\n\n".join(filter(None, parts)) + "\n\n"


def annotations(result: RunResult) -> list[str]:
    """Return a workflow command for each threshold that failed, or one for a verdict that could not be given."""
    if result.verdict.outcome is Outcome.INCONCLUSIVE:
        return [_command("warning", "surgeline: inconclusive", "; ".join(result.verdict.reasons))]
    return [
        _command("error", "surgeline: threshold failed", result_text(judged))
        for judged in result.thresholds
        if judged.ok is False
    ]


def _command(kind: str, title: str, message: str) -> str:
    """Return a workflow command; its text is escaped as GitHub's own toolkit does."""
    return f"::{kind} title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{_escaped(printable(message))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _reasons(result: RunResult) -> list[str]:
    stopped = [f"a signal ended the run after {clock(result.seconds)}"] if result.interrupted else []
    return [*result.verdict.reasons, *stopped]


def _thresholds(result: RunResult) -> str:
    rows = [
        (
            _MARKS[judged.ok],
            _text(judged.threshold.selector.source),
            _text(judged.threshold.condition.source),
            _text(measured_text(judged)),
        )
        for judged in result.thresholds
    ]
    return _cut_table("Thresholds", ("", "Metric", "Condition", "Measured"), ":-:|---|---|--:", rows)


def _requests(result: RunResult, kind: Kind) -> str:
    of_kind = [row for row in result.requests if row.kind is kind]
    shown = rows_to_show(of_kind)
    rows = [
        (
            _text(row.title),
            number(row.count),
            rate(row.rate),
            *_times(row.duration),
            percent(row.failed.stat("rate")),
        )
        for row in shown
    ]
    title = kind.value.capitalize()
    header = (title.removesuffix("s"), "Count", "Rate", "p50", "p95", "p99", "max", "Failed")
    return _table(title, header, "---" + "|--:" * 7, rows, _text(rest_of(of_kind, shown)))


def _times(trend: TrendValue) -> list[str]:
    return [duration(trend.stat(stat)) for stat in _STATS]


def _checks(result: RunResult) -> str:
    rows = [
        (
            _MARKS[not check.value.fails],
            _text(check.name),
            percent(check.value.stat("rate")),
            number(check.value.fails),
        )
        for check in result.checks
    ]
    return _cut_table("Checks", ("", "Check", "Passed", "Fails"), ":-:|---|--:|--:", rows)


def _errors(result: RunResult) -> str:
    failed = [(_text(" ".join(failure.parts)), number(failure.count)) for failure in result.failures]
    raised = [(_text(error.kind), number(error.count)) for error in result.iteration_errors]
    return _cut_table("Errors", ("Error", "Count"), "---|--:", [*failed, *raised])


def _cut_table(title: str, header: Sequence[str], alignment: str, rows: Sequence[Sequence[str]]) -> str:
    more = len(rows) - _MOST_ROWS
    return _table(
        title, header, alignment, rows[:_MOST_ROWS], f"{number(more)} more are not shown." if more > 0 else ""
    )


def _table(title: str, header: Sequence[str], alignment: str, rows: Sequence[Sequence[str]], rest: str) -> str:
    if not rows:
        return ""
    lines = [" | ".join(cells) for cells in (header, *rows)]
    lines.insert(1, alignment)
    table = "\n".join(f"| {line} |" for line in lines)
    return "\n\n".join(filter(None, (f"### {title}", table, rest)))


def _text(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line, in a table or out of one."""
    return re.sub(r"([\\`*_\[\]<>&~$|#!])", r"\\\1", printable(text))
