"""`surgeline runs`: list earlier runs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surgeline.cli.prepare import read_options
from surgeline.cli.run_options import given_flags, run_options
from surgeline.cli.summary import print_text, width
from surgeline.errors import ExitCode, OptionError
from surgeline.store.facts import Headline
from surgeline.store.reader import open_run
from surgeline.store.runs import run_files

if TYPE_CHECKING:
    from surgeline.report.table import Row

RUN_DIR = "run_dir"
_SCRIPT_MOST, _SCRIPT_LEAST = 40, 12
_ID_MOST = 1_000
_WITHOUT_TERMINAL = 1_000
_HEADER = ("started", "script", "took", "verdict", "requests", "p95", "failed")
_FIRST_TO_GO = ("started", "script", "took", "failed", "p95", "requests")
"""The id says when it started, and what it is of."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """One run of the list."""

    run_id: str
    path: Path
    title: str
    started_at: datetime
    finished: bool
    headline: Headline


@click.command(short_help="List earlier runs.")
@click.option(
    "-n", "most", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@run_options((RUN_DIR,))
def command(most: int, as_json: bool, **flags: Any) -> ExitCode:
    """List the runs that were made in this folder, the newest first. `surgeline report RUN` shows one of them again."""
    folder = run_folder(flags)
    listed = [one for path in run_files(folder)[:most] if (one := _read(path)) is not None]
    if as_json:
        print_text(json.dumps([_as_json(one) for one in listed], indent=2))
    elif listed:
        print_text(_table(listed, width(_WITHOUT_TERMINAL)))
    else:
        click.echo(f"No runs yet in {folder}; `surgeline run SCRIPT` makes one.", err=True)
    return ExitCode.PASSED


def run_folder(flags: dict[str, Any]) -> Path:
    """Return where run files are, as `surgeline run` was told or would be."""
    return read_options(given_flags(flags)).settle(only=(RUN_DIR,)).run_dir


def _read(path: Path) -> _Listed | None:
    """A file that cannot be read does not hide the others."""
    try:
        with open_run(path) as run:
            facts = run.facts
            finished = facts.ended_at is not None
            return _Listed(facts.run_id, path, facts.title, facts.started_at, finished, run.headline())
    except OptionError as error:
        click.echo(f"surgeline: {error}", err=True)
        return None


def _as_json(one: _Listed) -> dict[str, Any]:
    facts = {"id": one.run_id, "path": str(one.path), "title": one.title, "started_at": one.started_at.isoformat()}
    return facts | {"finished": one.finished} | asdict(one.headline)


def _table(listed: list[_Listed], width: int) -> str:
    """Return the list. What has no room is shortened or left out; an id never is: it is there to be copied."""
    from surgeline.report.table import least_width, narrowed_table  # noqa: PLC0415 - rich is not needed for JSON

    too_much = least_width(_HEADER, _rows(listed, _SCRIPT_MOST, _HEADER), _ID_MOST) - width
    longest = min(_SCRIPT_MOST, max(len(one.title) for one in listed))
    rows_of = partial(_rows, listed, max(_SCRIPT_LEAST, longest - max(0, too_much)))
    left = ("started", "script", "verdict")
    lines = narrowed_table("RUNS", _HEADER, rows_of, width, _FIRST_TO_GO, left=left, names_whole=_ID_MOST)
    return "\n".join(line.plain for line in lines)


def _rows(listed: list[_Listed], script_width: int, columns: Sequence[str]) -> "list[Row]":
    from surgeline.report.table import Cell, Row  # noqa: PLC0415 - rich is not needed for JSON

    cells = [(one, _cells(one, script_width)) for one in listed]
    return [Row(Cell(one.run_id), [Cell(texts[name]) for name in columns]) for one, texts in cells]


def _cells(one: _Listed, script_width: int) -> dict[str, str]:
    from surgeline.report.format import ABSENT, clock, duration, number, percent, printable, shorten_middle  # noqa: PLC0415

    found = one.headline
    return {
        "started": f"{one.started_at:%Y-%m-%d %H:%M:%S}",
        "script": shorten_middle(printable(one.title), script_width),
        "took": clock(found.seconds),
        "verdict": found.verdict if one.finished else "not finished",
        "requests": number(found.requests),
        "p95": ABSENT if found.p95_ms is None else duration(found.p95_ms),
        "failed": ABSENT if found.failed_share is None else percent(found.failed_share),
    }
