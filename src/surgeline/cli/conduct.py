"""Runs a plan for a command: progress while it goes on, the summary and the files at its end."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from surgeline.cli.console import Console
from surgeline.cli.summary import print_summary
from surgeline.engine.context import asked_for
from surgeline.engine.signals import signals_that_stop
from surgeline.errors import ExitCode, OptionError
from surgeline.outputs.files import why_unwritable
from surgeline.outputs.k6_summary import write_k6_summary
from surgeline.outputs.output import parse_outputs
from surgeline.result import RunResult
from surgeline.run import RunOptions, run_plan
from surgeline.script.options import RunSettings
from surgeline.script.plan import TestPlan
from surgeline.store.redact import is_secret
from surgeline.store.runs import new_run_id
from surgeline.store.writer import RunFile


def conduct(plan: TestPlan, settings: RunSettings, recipe: Callable[[], TestPlan] | None = None) -> ExitCode:
    """Run the plan, print the summary on standard output, and return what to exit with, printed or not.

    `recipe` makes the same plan in another process; several workers need it.
    """
    if settings.summary_export is not None:
        _refuse_unwritable(settings.summary_export, settings.names("summary_export"))
    console = Console(quiet=settings.quiet)
    run_file = None if settings.no_run_file else _run_file(plan, settings)
    options = RunOptions(
        notify=console.notify if run_file is None else _both(console.notify, run_file.message),
        on_progress=console.progress,
        seed=settings.seed,
        insecure=settings.insecure,
        trend_stats=settings.summary_trend_stats,
        setup_timeout_ns=settings.setup_timeout_ns,
        teardown_timeout_ns=settings.teardown_timeout_ns,
        control=settings.control,
        outputs=[*parse_outputs(settings.out, settings.summary_export), *([] if run_file is None else [run_file])],
        run_id=new_run_id("http" if plan.path is None else plan.path.stem, datetime.now(UTC)),
        given=settings.as_given(),
        workers=settings.workers,
        recipe=recipe,
    )
    with _signals_ignored():
        try:
            with redirect_stdout(sys.stderr):  # what a script prints is no result
                report = run_plan(plan, options)
        finally:
            console.clear()
        if report.result is not None:
            _show(report.result, settings.summary_export, console)
        if report.error is not None:
            console.notify(f"surgeline: {report.error}")
    return report.exit_code


def _show(result: RunResult, export: Path | None, console: Console) -> None:
    """Write the summary, to a file first: standard output may be a terminal that has gone, or a disk that is full."""
    try:
        if export is not None:
            write_k6_summary(result, export)
    finally:
        try:
            print_summary(result)
        except OptionError as error:
            console.notify(f"surgeline: the summary could not be printed: {error}")


def _run_file(plan: TestPlan, settings: RunSettings) -> RunFile:
    values = _values_of_env(plan, settings)
    asked_for.set(values)
    return RunFile(plan.thresholds, settings.summary_trend_stats, values, settings.run_dir)


def _values_of_env(plan: TestPlan, settings: RunSettings) -> dict[str, str]:
    """Return what was given for `env`, what it returned so far, and what of it might be a secret.

    The file is written from the start on, and what a worker asks for is not heard of here: a variable whose name says
    that it is a secret counts as soon as the script names it.
    """
    named = {name: value for name, value in plan.environment.items() if is_secret(name) and name in plan.text}
    of_scenarios = {
        f"{name} ({scenario.name})": value
        for scenario in plan.scenarios
        for name, value in scenario.environment.items()
        if is_secret(name)
    }
    returned = {one.name: str(one.value) for one in plan.env_values}
    return {**of_scenarios, **settings.env, **named, **returned}


def _both(first: Callable[[str], None], second: Callable[[str], None]) -> Callable[[str], None]:
    def notify(message: str) -> None:
        first(message)
        second(message)

    return notify


def _refuse_unwritable(path: Path, given: str) -> None:
    if why_unwritable(path) is not None:
        raise OptionError(f"{given}: expected a file that can be written, in a folder that exists, found {path}")


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Not SIG_IGN, which would say that whoever started the command had the signal ignored."""


@contextmanager
def _signals_ignored() -> Iterator[None]:
    """Around a run, which minds the signals itself: one more when it has ended must not cost its summary."""
    before = {number: signal.signal(number, _ignore) for number in signals_that_stop()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
