"""Rows that refer to rows that are about to be deleted: whose they are decides whether anything is.

The database alone would refuse, or, where a foreign key cascades, delete or empty rows that nobody asked it to.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from surgeline.errors import SurgelineError
from surgeline.seeding.database import Database
from surgeline.seeding.joins import count, equal, listed

EXAMPLES = 5
_REFERRING = "surgeline_referring"


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key between two tables."""

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


class ReferredToError(SurgelineError):
    """Rows that are not ours refer to rows that would be deleted; nothing was changed."""

    @classmethod
    def of(
        cls, reference: Reference, columns: Sequence[str], found: int, examples: Sequence[Sequence[Any]], advice: str
    ) -> "ReferredToError":
        """Return the error with some of the rows that were found, and what to do."""
        rows = (", ".join(f"{name} = {value}" for name, value in zip(columns, row, strict=True)) for row in examples)
        lines = "\n".join(f"  - {reference.child}: {row}" for row in rows)
        return cls(
            f"{reference.parent}: expected no rows but ours to refer to rows that have to be deleted, found {found:,} "
            f"in {reference.child}; nothing was changed. {advice}:\n{lines}"
        )


def references_to(database: Database, names: Sequence[str], others: Iterable[str] = ()) -> list[Reference]:
    """Return the foreign keys on these tables, those of the tables themselves among them.

    Tables that are among `names` and `others` are called as they are there.
    """
    known = [*names, *others]
    children = {child for name, real in database.tables(known).items() if name in names for child in real.referenced_by}
    return [
        Reference(child, key.columns, key.parent, key.parent_columns)
        for child, real in database.tables(dict.fromkeys([*known, *sorted(children)])).items()
        for key in real.foreign_keys
        if key.parent in names
    ]


def hindering(database: Database, emptied: Sequence[str]) -> list[Reference]:
    """Return the foreign keys for which these tables cannot be emptied: those of tables that are not."""
    return [one for one in references_to(database, emptied) if one.child not in emptied]


@dataclass(frozen=True, slots=True)
class Going:
    """The rows of a table that go."""

    key: tuple[str, ...]
    keys: str
    """The temporary table with their keys."""


@contextmanager
def collect_referring(database: Database, reference: Reference, child: Going, parent: Going | None) -> Iterator[str]:
    """Give a temporary table with the keys of those rows that refer to rows that go, and do not go themselves.

    Without `parent` all of its rows go.
    """
    database.drop_staging(_REFERRING)
    database.make_staging(_REFERRING, reference.child, child.key)
    into = f"{_REFERRING} ({listed(database, '', child.key)})"
    rows = _referring(database, reference, parent)
    database.execute(f"INSERT INTO {into} SELECT DISTINCT {listed(database, 'c', child.key)} FROM {rows}")
    same = equal(database, "g", _REFERRING, child.key)
    database.execute(f"DELETE FROM {_REFERRING} WHERE EXISTS (SELECT 1 FROM {child.keys} g WHERE {same})")
    yield _REFERRING
    database.drop_staging(_REFERRING)


def refuse_collected(database: Database, reference: Reference, key: Sequence[str], rows: str) -> None:
    """Raise ReferredToError when there are any rows in a temporary table with keys; a condition may follow its name."""
    if examples := database.fetch(f"SELECT {listed(database, '', key)} FROM {rows} LIMIT {EXAMPLES}"):
        advice = "Delete these by hand, then give the same command again"
        raise ReferredToError.of(reference, key, count(database, rows), examples, advice)


def refuse_referring(
    database: Database, reference: Reference, parent: Going | None, *, of_the_test: bool = False
) -> None:
    """Raise ReferredToError when any row of a table refers to rows that go.

    of_the_test: all that is in that table is the test's, and so `clean` empties it.
    """
    columns, rows = reference.columns, _referring(database, reference, parent)
    if examples := database.fetch(f"SELECT {listed(database, 'c', columns)} FROM {rows} LIMIT {EXAMPLES}"):
        advice = _advice_of_the_test(reference) if of_the_test else _advice(reference, database)
        raise ReferredToError.of(reference, columns, count(database, rows), examples, advice)


def _advice_of_the_test(reference: Reference) -> str:
    return f"The test's rows in {reference.child} refer to them: `surgeline seed clean`, then apply"


def _advice(reference: Reference, database: Database) -> str:
    """`clean` empties only what an `apply` found empty: declaring the table now does not help these rows."""
    return (
        f"Delete these by hand, all that is there by DELETE FROM {database.quote(reference.child)}, then give the "
        f"same command again; where only the test writes {reference.child}, also declare written({reference.child!r}), "
        "and from the next apply on reset and clean empty it. Rows that another declaration seeded are taken out by "
        "`surgeline seed clean` of that one"
    )


def _referring(database: Database, reference: Reference, parent: Going | None) -> str:
    """Return rows `c` that refer to rows that go."""
    child, other = map(database.quote, (reference.child, reference.parent))
    rows = f"{child} c JOIN {other} p ON {equal(database, 'c', 'p', reference.columns, reference.parent_columns)}"
    return rows if parent is None else f"{rows} JOIN {parent.keys} g ON {equal(database, 'g', 'p', parent.key)}"
