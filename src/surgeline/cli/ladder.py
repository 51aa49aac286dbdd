"""`surgeline ladder SCRIPT`: run a script at rising levels until one fails."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from surgeline.cli.between_levels import Between, interruptible
from surgeline.cli.conduct import Conducted, carry_out, refuse_unwritable, wished_outputs
from surgeline.cli.console import Console
from surgeline.cli.files_of_each import files_of_each
from surgeline.cli.prepare import Prepared, prepare_given, read_options
from surgeline.cli.run_options import given_flags, run_options
from surgeline.cli.summary import print_text, width
from surgeline.engine.signals import signals_kept
from surgeline.errors import ExitCode, OptionError, SurgelineError
from surgeline.ladder.climb import JUDGED, Rung, exit_code, next_level, rows
from surgeline.ladder.figures import figures_of, planned_rate, why
from surgeline.ladder.levels import OPTIONS, Ladder, Level, parse_ladder
from surgeline.outputs.files import write_whole
from surgeline.schedule.duration import parse_duration
from surgeline.script.settings import Flag, read_given
from surgeline.store.redact_code import redact_code

_WITHOUT_TERMINAL = 1_000
_ENDED = {
    ExitCode.STOPPED_BY_SIGNAL: "stopped",
    ExitCode.SETUP_FAILED: "hook failed",
    ExitCode.ABORTED: "aborted",
}
"""How a level ended that was not judged."""


@click.command(short_help="Run a script at rising levels until one fails.")
@click.argument("script", type=click.Path(path_type=Path))
@click.option(
    "--levels", required=True, metavar="[NAME=]N,N,...", help="The levels, from low to high; NAME is a value for env()."
)
@click.option("--option", metavar="NAME", help="What levels without a NAME set: rate, vus, or a value for env().")
@click.option("--matrix", multiple=True, metavar="NAME=V,V,...", help="All levels for each value; may be given again.")
@click.option("--cool-down", default="10s", show_default=True, metavar="TIME", help="How long to wait between levels.")
@click.option("--reset", metavar="COMMAND", help="What the shell is to do between levels, before the wait.")
@click.option("--keep-going", is_flag=True, help="Run the levels above one that did not pass, too.")
@click.option("--expect", metavar="LEVEL", help="The level that has to pass for exit code 0; otherwise the first.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the table as JSON.")
@run_options()
def command(
    script: Path,
    levels: str,
    option: str | None,
    matrix: tuple[str, ...],
    cool_down: str,
    reset: str | None,
    keep_going: bool,
    expect: str | None,
    json_file: Path | None,
    **flags: Any,
) -> ExitCode:
    """Run a load test SCRIPT at rising levels until one fails, and print the table of the levels.

    Each level is a run as `surgeline run` makes it, tagged level=..., and kept: `surgeline report` shows it. Names of
    files want {level} in them. Exits with 0 when the level of --expect passed, without it when the first did.
    """
    console = Console(quiet=flags["quiet"])
    climb = _Climb(script, parse_ladder(levels, option, matrix, expect), given_flags(flags), console)
    between = Between(parse_duration(cool_down, "--cool-down"), reset, console)
    if json_file is not None:
        refuse_unwritable(json_file, "--json")
    climb.check()
    with _shown(climb, json_file), interruptible():
        while (level := next_level(climb.ladder, climb.done, keep_going=keep_going)) is not None:
            if climb.done:
                between.pass_to(level)
            climb.run(level)
    return exit_code(climb.ladder, climb.done)


@dataclass(slots=True)
class _Climb:
    """A ladder under way."""

    script: Path
    ladder: Ladder
    given: Mapping[str, Flag]
    console: Console
    done: list[Rung] = field(default_factory=list)

    def check(self) -> None:
        """Refuse what is wrong with any level before the first begins: the script is loaded for each of them."""
        remark = None
        self._refuse_given_twice()
        for level in self.ladder.runs:
            prepared = self._prepared(level)
            self._check_level(level, prepared)
            remark = prepared.unread_env
        if remark is not None:
            self.console.notify(remark)

    def run(self, level: Level) -> None:
        """Run a level and say what came of it."""
        place = self.ladder.runs.index(level) + 1
        self.console.notify(f"Level {place} of {len(self.ladder.runs)}: {level.full_title}")
        prepared = self._prepared(level)
        plan = replace(prepared.plan, title=f"{prepared.plan.title} at {level.full_title}")
        conducted = carry_out(plan, prepared.settings, prepared.recipe, lambda _result: None)
        rung = _rung(level, prepared, conducted)
        self.done.append(rung)
        self.console.notify(f"{level.full_title}: {rung.verdict}{f', {rung.why}' if rung.why else ''}")

    def _prepared(self, level: Level) -> Prepared:
        return prepare_given(self.script, read_given(self._flags(level)))

    def _flags(self, level: Level) -> dict[str, Flag]:
        """The options of a level: what was given, what the level sets, tags that tell of it, files of its own."""
        sets = dict([(level.name, level.value), *level.combination])
        options = {name: value for name, value in sets.items() if name in OPTIONS}
        env = [f"{name}={value}" for name, value in sets.items() if name not in OPTIONS]
        tags = [f"level={level.value}", *(f"{name}={value}" for name, value in level.combination)]
        files = files_of_each(self.given, "level", [one.file_name for one in self.ladder.runs])[level.file_name]
        return {**self.given, **options, **files, "env": self._added("env", env), "tags": self._added("tags", tags)}

    def _added(self, name: str, items: list[str]) -> tuple[str, ...]:
        before = self.given.get(name, ())
        assert not isinstance(before, str | bool), "a table is given as its items"
        return (*before, *items)

    def _refuse_given_twice(self) -> None:
        given = read_options(self.given)
        names = [self.ladder.levels.name, *(axis.name for axis in self.ladder.matrix)]
        for name in names:
            if name in given.flags or f"env.{name}" in given.flags:
                flag = f"--{name}" if name in OPTIONS else f"-e {name}"
                raise OptionError(f"{flag}: expected no value beside the ladder, which sets {name} at each level")

    def _check_level(self, level: Level, prepared: Prepared) -> None:
        for option, name in [("--levels", level.name), *(("--matrix", name) for name, _ in level.combination)]:
            if name in prepared.unread:
                raise OptionError(
                    f"{option}: expected {', '.join(OPTIONS)} or a value that the script asks env() for, found {name!r}"
                    f"{prepared.unread[name]}; with it, every level would be the same"
                )
        if self.ladder.expect is not None and not prepared.plan.thresholds:
            raise OptionError(f"--expect: expected thresholds that a level can pass, {self.script} has none")
        wished_outputs(prepared.settings)


def _rung(level: Level, prepared: Prepared, conducted: Conducted) -> Rung:
    report = conducted.report
    verdict, reason = _ENDED.get(report.exit_code, "not run"), _in_one_line(report.error)
    figures = None
    if report.result is not None:
        figures = figures_of(report.result, planned_rate(prepared.plan.scenarios))
        if report.exit_code in JUDGED:
            verdict = report.result.verdict.outcome.value
            reason = "" if report.exit_code is ExitCode.PASSED else why(report.result)
    run_id = "" if prepared.settings.no_run_file else conducted.run_id
    return Rung(level, report.exit_code, verdict, reason, run_id, figures)


def _in_one_line(error: SurgelineError | None) -> str:
    """Return an error without the traceback in its middle."""
    lines = redact_code(str(error or "")).strip().splitlines()
    return ": ".join(dict.fromkeys([*lines[:1], *lines[-1:]])).replace(".: ", ": ")


@contextmanager
def _shown(climb: _Climb, json_file: Path | None) -> Iterator[None]:
    """At the end, whatever it is, show what was run until then."""
    try:
        yield
    finally:
        if climb.done:
            with signals_kept():
                _show(climb, json_file)


def _show(climb: _Climb, json_file: Path | None) -> None:
    from surgeline.report.ladder import render_ladder  # noqa: PLC0415 - rich is not needed before the end

    try:
        if json_file is not None:
            write_whole(json.dumps(_as_json(climb), indent=2).encode() + b"\n", json_file, "table")
    finally:
        print_text(render_ladder(climb.ladder, climb.done, width(_WITHOUT_TERMINAL)))


def _as_json(climb: _Climb) -> dict[str, Any]:
    return {
        "script": str(climb.script),
        "sets": climb.ladder.levels.name,
        "levels": [_level_as_json(rung) for rung in climb.done],
        "rows": [
            {
                "combination": dict(row.combination),
                "highest_passed": None if row.highest is None else row.highest.level.value,
                "text": row.sentence,
            }
            for row in rows(climb.ladder, climb.done)
        ],
    }


def _level_as_json(rung: Rung) -> dict[str, Any]:
    return {
        "level": rung.level.value,
        "combination": dict(rung.level.combination),
        "verdict": rung.verdict,
        "exit_code": int(rung.code),
        "why": rung.why,
        "run_id": rung.run_id or None,
        "figures": None if rung.figures is None else asdict(rung.figures),
    }
