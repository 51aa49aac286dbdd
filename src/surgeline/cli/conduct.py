"""Runs a plan for a command: progress while it goes on, the summary and the files at its end."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click

from surgeline.cli.console import Console
from surgeline.errors import ExitCode, OptionError
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS, parse_trend_stats
from surgeline.outputs.k6_summary import write_k6_summary
from surgeline.result import RunResult
from surgeline.run import RunOptions, run_plan
from surgeline.script.plan import TestPlan

_WIDTH_WITHOUT_TERMINAL = 120

_RUN_OPTIONS = (
    click.option("--seed", type=int, help="Seed of all random choices; one is drawn when not given."),
    click.option("--insecure", is_flag=True, help="Accept any TLS certificate."),
    click.option(
        "--summary-trend-stats",
        default=",".join(DEFAULT_TREND_STATS),
        show_default=True,
        metavar="LIST",
        help="Statistics of trends in the summary: avg, min, med, max, count, p(N).",
    ),
    click.option(
        "--summary-export",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the summary as JSON, in the shape of k6's handleSummary data.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="No progress line."),
)


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that runs a plan; `conduct` takes them."""
    for option in reversed(_RUN_OPTIONS):
        function = option(function)
    return function


def conduct(
    plan: TestPlan,
    *,
    seed: int | None = None,
    insecure: bool = False,
    summary_trend_stats: str = ",".join(DEFAULT_TREND_STATS),
    summary_export: Path | None = None,
    quiet: bool = False,
) -> ExitCode:
    """Run the plan, print the summary on standard output, and return what to exit with."""
    trend_stats = parse_trend_stats(summary_trend_stats)
    if summary_export is not None:
        _refuse_unwritable(summary_export)
    console = Console(quiet=quiet)
    options = RunOptions(console.notify, console.progress, seed, insecure, trend_stats)
    with _signals_ignored():
        try:
            with redirect_stdout(sys.stderr):  # what a script prints is no result
                report = run_plan(plan, options)
        finally:
            console.clear()
        if report.result is not None:
            _print_summary(report.result)
            if summary_export is not None:
                write_k6_summary(report.result, summary_export)
        if report.error is not None:
            console.notify(f"surgeline: {report.error}")
    return report.exit_code


def _refuse_unwritable(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise OptionError(
            f"--summary-export: expected a file that can be written, in a folder that exists, found {path}"
        )


@contextmanager
def _signals_ignored() -> Iterator[None]:
    """Around a run, which minds the signals itself: one more when it has ended must not cost its summary."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_summary(result: RunResult) -> None:
    from surgeline.report.terminal import render_summary  # noqa: PLC0415 - rich is not needed before the end

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else _WIDTH_WITHOUT_TERMINAL
    try:
        click.echo(render_summary(result, width=width, color=terminal and "NO_COLOR" not in os.environ))
    except BrokenPipeError:
        # Whoever read our output, `head` say, has seen enough; the verdict is still the exit code. Python would write
        # what is left in the buffer once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
