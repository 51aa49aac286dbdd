"""Runs a plan for a command: progress while it goes on, the summary and the files at its end."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from surgeline.cli.console import Console
from surgeline.cli.summary import print_summary
from surgeline.engine.context import asked_for
from surgeline.engine.signals import signals_kept
from surgeline.errors import ExitCode, OptionError
from surgeline.outputs.files import why_unwritable
from surgeline.outputs.k6_summary import write_k6_summary
from surgeline.outputs.output import Output, parse_outputs
from surgeline.result import RunResult
from surgeline.run import RunOptions, RunReport, run_plan
from surgeline.script.options import RunSettings
from surgeline.script.plan import TestPlan
from surgeline.store.redact import is_secret
from surgeline.store.runs import new_run_id
from surgeline.store.writer import RunFile


@dataclass(frozen=True, slots=True)
class Conducted:
    """A run that was carried out for a command."""

    run_id: str
    report: RunReport


def conduct(plan: TestPlan, settings: RunSettings, recipe: Callable[[], TestPlan] | None = None) -> ExitCode:
    """Run the plan, print the summary on standard output, and return what to exit with, printed or not.

    `recipe` makes the same plan in another process; several workers need it.
    """
    return carry_out(plan, settings, recipe, print_summary).report.exit_code


def carry_out(
    plan: TestPlan,
    settings: RunSettings,
    recipe: Callable[[], TestPlan] | None,
    show: Callable[[RunResult], None],
) -> Conducted:
    """Run the plan as `conduct` does; `show` takes its result when the summary file is written."""
    outputs = wished_outputs(settings)
    console = Console(quiet=settings.quiet)
    run_id = new_run_id("http" if plan.path is None else plan.path.stem, datetime.now(UTC))
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
        outputs=outputs if run_file is None else [*outputs, run_file],
        run_id=run_id,
        given=settings.as_given(),
        workers=settings.workers,
        recipe=recipe,
    )
    with signals_kept():
        try:
            with redirect_stdout(sys.stderr):  # what a script prints is no result
                report = run_plan(plan, options)
        finally:
            console.clear()
        if report.result is not None:
            _show(report.result, settings.summary_export, show, console)
        if report.error is not None:
            console.notify(f"surgeline: {report.error}")
    return Conducted(run_id, report)


def _show(result: RunResult, export: Path | None, show: Callable[[RunResult], None], console: Console) -> None:
    """Write the summary, to a file first: standard output may be a terminal that has gone, or a disk that is full."""
    try:
        if export is not None:
            write_k6_summary(result, export)
    finally:
        try:
            show(result)
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


def wished_outputs(settings: RunSettings) -> list[Output]:
    """Return the outputs that are asked for. Raises OptionError where one cannot be, or the summary not be written."""
    if settings.summary_export is not None:
        refuse_unwritable(settings.summary_export, settings.names("summary_export"))
    return parse_outputs(settings.out, settings.summary_export)


def refuse_unwritable(path: Path, given: str) -> None:
    """Raise OptionError, naming who gave it, for a file that cannot be written."""
    if why_unwritable(path) is not None:
        raise OptionError(f"{given}: expected a file that can be written, in a folder that exists, found {path}")
