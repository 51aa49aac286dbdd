"""Which level comes next, what a ladder came to, and what to exit with.

Pure. Must not know how a level is run, nor how the table is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from surgeline.errors import ExitCode
from surgeline.judge.verdict import Outcome
from surgeline.ladder.figures import Figures
from surgeline.ladder.levels import Combination, Ladder, Level, combination_title

JUDGED = (ExitCode.PASSED, ExitCode.INCONCLUSIVE, ExitCode.THRESHOLDS_FAILED)
"""From good to bad. A level that ends in any other way ends the ladder: it says nothing of the load."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What came of one level."""

    level: Level
    code: ExitCode
    verdict: str
    """Its outcome, or how else it ended."""
    why: str = ""
    """What failed, or is in doubt; empty where it passed."""
    run_id: str = ""
    """Empty where no run file was kept."""
    figures: Figures | None = None
    """None where there was no load."""

    @property
    def passed(self) -> bool:
        """Does the ladder go on above it?"""
        return self.code is ExitCode.PASSED


@dataclass(frozen=True, slots=True)
class Row:
    """What the levels of one combination came to."""

    combination: Combination
    highest: Rung | None
    """The last that passed before any that did not."""
    end: Rung | None
    """The first that did not pass."""
    passed: int
    """How many passed before it."""
    is_whole: bool
    """Was every level run, up to the end?"""

    @property
    def sentence(self) -> str:
        """The highest level that passed, and what failed at the next."""
        title = combination_title(self.combination)
        text = "; ".join(filter(None, [self._height(), self._end()]))
        return f"{title}: {text}" if title else text[:1].upper() + text[1:]

    def _height(self) -> str:
        if self.highest is None:
            return "passed at no level"
        unjudged = self.highest.verdict == Outcome.NOT_JUDGED.value
        every = "" if self.end is not None or not self.is_whole else "at every level, "
        return f"{'ran' if unjudged else 'passed'} {every}up to {self.highest.level.title}" + (
            "; nothing was judged" if unjudged else ""
        )

    def _end(self) -> str:
        if self.end is None:
            return ""
        how = "" if self.end.code is ExitCode.THRESHOLDS_FAILED else f" {self.end.verdict}"
        return f"at {self.end.level.title}{how}" + (f": {self.end.why}" if self.end.why else "")


def next_level(ladder: Ladder, done: Sequence[Rung], *, keep_going: bool) -> Level | None:
    """Return the level to run; None when the ladder has come to its end.

    A level that did not pass is the last of its combination, unless the ladder is to keep going.
    """
    if any(rung.code not in JUDGED for rung in done):
        return None
    ran = {rung.level for rung in done}
    ended = set() if keep_going else {rung.level.combination for rung in done if not rung.passed}
    left = (level for level in ladder.runs if level not in ran and level.combination not in ended)
    return next(left, None)


def rows(ladder: Ladder, done: Sequence[Rung]) -> list[Row]:
    """Return what each combination came to of which a level was run."""
    found = []
    for combination in ladder.combinations:
        of_it = [rung for rung in done if rung.level.combination == combination]
        passed = list(takewhile(lambda rung: rung.passed, of_it))
        end = of_it[len(passed)] if len(passed) < len(of_it) else None
        is_whole = len(passed) == len(ladder.levels.values)
        if of_it:
            found.append(Row(combination, passed[-1] if passed else None, end, len(passed), is_whole))
    return found


def exit_code(ladder: Ladder, done: Sequence[Rung]) -> ExitCode:
    """Return what to exit with: how the ladder was ended before its time, else the worst of its rows."""
    for rung in done:
        if rung.code not in JUDGED:
            return rung.code
    return max((_row_code(ladder, row) for row in rows(ladder, done)), key=JUDGED.index, default=ExitCode.PASSED)


def _row_code(ladder: Ladder, row: Row) -> ExitCode:
    """A level that is inconclusive hides where the limit is; only of an expected level that passed is more known."""
    if row.end is None:
        return ExitCode.PASSED
    enough = row.passed >= ladder.least
    is_known = ladder.expect is not None or row.end.code is ExitCode.THRESHOLDS_FAILED
    return ExitCode.PASSED if enough and is_known else row.end.code
