"""What `apply` would do, found by the same comparison, and undone."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from surgeline.seeding.apply import Change, change_of, refuse_written_by_others
from surgeline.seeding.compare import Comparison, compare_all
from surgeline.seeding.database import Database
from surgeline.seeding.file import Declarations
from surgeline.seeding.joins import count
from surgeline.seeding.referring import hindering
from surgeline.seeding.staging import batches
from surgeline.seeding.steps import Steps
from surgeline.seeding.survey import Survey, survey

ROWS_PER_SECOND = 250_000
"""What a database takes in, indexes included, where nothing is known of this one; no more than a rule of thumb."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done."""

    changes: list[Change]
    """In the order of loading."""
    written: dict[str, int]
    """Tables that only the test writes, and how many rows are in them."""
    seconds: float
    """About how long it would take."""
    remarks: list[str]
    """What is worth knowing before."""


def plan(database: Database, declarations: Declarations, steps: Steps) -> Plan:
    """Look at what is there; changes nothing. Raises what `apply` would raise."""
    with database.transaction():
        found = survey(database, declarations)
        refuse_written_by_others(database, found)
        comparisons = compare_all(database, found, steps).tables
        hindered = _not_to_be_emptied(database, found)
        for one in comparisons:
            for name in filter(None, (one.rows, one.gone)):
                database.drop_staging(name)
    return Plan(
        [change_of(one) for one in comparisons],
        {name: count(database, database.quote(name)) for name in found.written},
        round(sum(_seconds(one) for one in comparisons), 1),
        [*found.remarks, *hindered, *_later_rows(found, comparisons)],
    )


def _not_to_be_emptied(database: Database, found: Survey) -> list[str]:
    """Tell of tables that `apply` takes over and `reset` cannot empty."""
    return [
        f"{one.parent}: `surgeline seed reset` cannot empty it, for {one.child} has a foreign key on it; declare "
        f"written({one.child!r}) too, or leave {one.parent} out"
        for one in hindering(database, found.written)
    ]


def _later_rows(found: Survey, comparisons: Sequence[Comparison]) -> list[str]:
    """Tell of rows that `apply` leaves and `reset` deletes."""
    ours = {name for name, entry in found.entries.items() if not entry.written and entry.others == 0}
    return [
        f"{one.table.name}: {one.others:,} rows came after the seeding; `surgeline seed reset` deletes them"
        for one in comparisons
        if one.others and one.table.name in ours
    ]


def _seconds(one: Comparison) -> float:
    """Estimate how long a table takes: making its values is measured on a few, what the database takes is guessed."""
    if one.nothing_to_do:
        return 0.0
    began = time.perf_counter()
    first = next(batches(one.table, list(one.table.columns)))
    making = (time.perf_counter() - began) * len(one.table) / first.rows
    times = 1 if one.there == 0 else 2  # into the temporary table first
    return times * max(making, len(one.table) / ROWS_PER_SECOND)
