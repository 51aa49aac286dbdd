"""What a benchmark reports: a table, bars that were met or not, and every figure of every round. Pure rendering."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.rounds import Rounds, median, ratio

PASS, SHORT, NOT_MEASURED = "PASS", "FALLS SHORT", "NOT MEASURED"
BAR_HEADERS = ("bar", "figure", "expected", "")

Figure = Callable[[Rounds, str], float | None]


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of each contender."""

    header: str
    figure: Figure
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure and what it must reach. `figure` is None when a peer was missing, so that it was not measured."""

    what: str
    figure: float | None
    limit: float
    unit: str
    at_least: bool = False
    digits: int = 2

    @property
    def outcome(self) -> str:
        """PASS, FALLS SHORT or NOT MEASURED."""
        if self.figure is None:
            return NOT_MEASURED
        met = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        return PASS if met else SHORT

    def row(self) -> list[str]:
        """The bar as cells: what, figure, limit, outcome."""
        limit = f"{'at least' if self.at_least else 'at most'} {self.limit:,.{self.digits}f} {self.unit}"
        figure = "-" if self.figure is None else f"{self.figure:,.{self.digits}f} {self.unit}"
        return [self.what, figure, limit, self.outcome]


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark came to."""

    name: str
    title: str
    table: str
    bars: tuple[Bar, ...]
    rounds: Rounds

    def render(self) -> str:
        """Return the report as text."""
        heading = f"{self.name}: {self.title}"
        return "\n".join(["", heading, "=" * len(heading), self.table, "", bars_table(self.bars)])

    def data(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        bars = [{**asdict(bar), "outcome": bar.outcome} for bar in self.bars]
        return {"name": self.name, "title": self.title, "bars": bars, "rounds": self.rounds}


@dataclass(slots=True)
class Outcome:
    """What all benchmarks came to: the reports, and why the others have none."""

    reports: list[Report] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def short(self) -> bool:
        """Was a bar missed, or could ours not be measured?"""
        return bool(self.failed) or any(bar.outcome == SHORT for report in self.reports for bar in report.bars)

    def render(self) -> str:
        """Return all bars in one table."""
        lines = [[report.name, *bar.row()] for report in self.reports for bar in report.bars]
        lines += [[name, "all", "-", "-", NOT_MEASURED] for name in self.skipped]
        lines += [[name, "all", "-", "-", SHORT] for name in self.failed]
        return "\n".join(["", "Overall", "=======", table(["benchmark", *BAR_HEADERS], lines, names=2)])

    def data(self) -> dict[str, Any]:
        """Return the outcome as JSON has it."""
        reports = [report.data() for report in self.reports]
        return {"skipped": self.skipped, "failed": self.failed, "reports": reports}


def median_column(header: str, key: str, digits: int = 0) -> Column:
    """A column of medians."""
    return Column(header, lambda rounds, name: median(rounds, name, key), digits)


def ratio_column(ours: str, key: str) -> Column:
    """A column that says how often a contender's figure goes into ours."""
    return Column(f"{ours} is", lambda rounds, name: ratio(rounds, ours, name, key), 2)


def contenders_table(rounds: Rounds, columns: Sequence[Column]) -> str:
    """Return a table with a line for each contender."""
    lines = [[name, *(_cell(column.figure(rounds, name), column.digits) for column in columns)] for name in rounds]
    return table(["median of rounds", *(column.header for column in columns)], lines)


def bars_table(bars: Sequence[Bar]) -> str:
    """Return a table with a line for each bar."""
    return table(BAR_HEADERS, [bar.row() for bar in bars])


def table(headers: Sequence[str], lines: Sequence[Sequence[str]], *, names: int = 1) -> str:
    """Return lines of cells as text: the first `names` columns to the left, the others to the right."""
    everything = [headers, *lines]
    widths = [max(len(line[column]) for line in everything) for column in range(len(headers))]
    return "\n".join(_line(cells, widths, names) for cells in everything)


def _line(cells: Sequence[str], widths: Sequence[int], names: int) -> str:
    padded = [
        cell.ljust(width) if column < names else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _cell(figure: float | None, digits: int) -> str:
    return "-" if figure is None else f"{figure:,.{digits}f}"
