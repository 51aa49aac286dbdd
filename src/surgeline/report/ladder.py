"""Shows what the levels of a ladder came to: a table, and a sentence for each combination. Pure."""

from collections.abc import Sequence
from functools import partial

from surgeline.ladder.climb import Rung, rows
from surgeline.ladder.figures import Figures
from surgeline.ladder.levels import Ladder
from surgeline.report.format import ABSENT, duration, number, percent, printable
from surgeline.report.table import Cell, Row, narrowed_table

_FIGURES = ("planned", "reached", "iterations", "p50", "p95", "p99", "failed", "errors", "dropped")
_FIRST_TO_GO = ("iterations", "p50", "planned", "errors", "p99", "run", "dropped")
"""The run of a level has the rest."""


def render_ladder(ladder: Ladder, done: Sequence[Rung], width: int) -> str:
    """Return the table of the levels that were run, at least one, and what they say."""
    header = (*(axis.name for axis in ladder.matrix), *_FIGURES, "verdict", "run")
    left = ("verdict", "run")
    title = ladder.levels.name.upper()
    lines = narrowed_table(title, header, partial(_rows, done), width, _FIRST_TO_GO, left=left)
    sentences = [printable(row.sentence) for row in rows(ladder, done)]
    return "\n".join([*(line.plain for line in lines), "", *sentences, *_doubts(done)])


def _doubts(done: Sequence[Rung]) -> list[str]:
    """What a reader of "passed" must know: no threshold looked at the failures."""
    hollow = [rung for rung in done if rung.passed and rung.figures is not None and rung.figures.failed_share == 1]
    if not hollow:
        return []
    titles = "; ".join(printable(rung.level.full_title) for rung in hollow)
    return [f"All requests failed at {titles}, and no threshold of the script looks at that: add http_req_failed."]


def _rows(done: Sequence[Rung], columns: Sequence[str]) -> list[Row]:
    cells = [(rung, _cells(rung)) for rung in done]
    return [Row(Cell(rung.level.value), [Cell(texts[name]) for name in columns]) for rung, texts in cells]


def _cells(rung: Rung) -> dict[str, str]:
    combination = {name: printable(value) for name, value in rung.level.combination}
    figures = dict.fromkeys(_FIGURES, ABSENT) if rung.figures is None else _figures(rung.figures)
    return {**combination, **figures, "verdict": rung.verdict, "run": rung.run_id or ABSENT}


def _figures(found: Figures) -> dict[str, str]:
    p50, p95, p99 = (ABSENT if one is None else duration(one) for one in (found.p50_ms, found.p95_ms, found.p99_ms))
    return {
        "planned": ABSENT if found.planned_rate is None else _rate(found.planned_rate),
        "reached": _rate(found.reached_rate),
        "iterations": number(found.iterations),
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "failed": ABSENT if found.failed_share is None else percent(found.failed_share),
        "errors": number(found.errors),
        "dropped": number(found.dropped),
    }


def _rate(per_second: float) -> str:
    return f"{number(round(per_second, 1))}/s"
