"""Puts declared tables back to what they were when seeded, between one load and the next.

What the test wrote goes: all rows of tables that only it writes, and of seeded tables all that came later, where every
row was ours at first. What it changed or deleted of ours comes back. Rows that were there before the seeding stay.
"""

from dataclasses import dataclass, replace

from surgeline.errors import SurgelineError
from surgeline.seeding.compare import Comparison, compare_all
from surgeline.seeding.database import Database
from surgeline.seeding.file import Declarations
from surgeline.seeding.joins import count
from surgeline.seeding.manifest import write_entry
from surgeline.seeding.order import loading_order
from surgeline.seeding.referring import ReferredToError, hindering
from surgeline.seeding.steps import Steps
from surgeline.seeding.survey import Survey, survey
from surgeline.seeding.write import delete_all, write_changes


class NotSeededError(SurgelineError):
    """There is nothing to put back to: the declaration was never applied here, or another version of it."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back in one table."""

    table: str
    deleted: int
    """Rows that came after the seeding, and all of a table that only the test writes."""
    made: int = 0
    """Rows of ours that were gone."""
    changed: int = 0
    """Rows of ours that were different."""
    left: int = 0
    """Rows that are not ours and stay."""


@dataclass(frozen=True, slots=True)
class ResetDone:
    """What a reset did."""

    tables: list[Restored]
    not_reset: list[str]
    """Statistics of the server that could not be reset, and why."""


def reset(database: Database, declarations: Declarations, steps: Steps) -> ResetDone:
    """Put everything back. Raises NotSeededError where the database does not hold this version of the declaration.

    Seeded tables are put back in one transaction, before the others are emptied: where anything is in the way, nothing
    is changed.
    """
    with database.transaction():
        database.only_writer()
        found = survey(database, declarations)
        _refuse_other_versions(found)
        _refuse_referred_to(database, found)
        emptied = [Restored(name, count(database, database.quote(name))) for name in found.written]
        compared = compare_all(database, found, steps, later_go=True, emptied=found.written)
        for one in compared.tables:
            _refuse_another_table(one)
        if compared.referring:
            delete_all(database, [one.name for one in reversed(loading_order(declarations.written, found.real))])
        write_changes(database, compared.tables, steps)
        _keep_marks(database, found, compared.tables)
        if not database.ddl_commits:
            _rewind(database, found)
    if database.ddl_commits:
        _rewind(database, found)
    if found.written:
        with steps.step(", ".join(found.written)):
            database.empty(found.written)
    if compared.changed:
        with steps.step("statistics"):
            database.after_load(compared.changed)
    restored = [Restored(one.table.name, one.delete, one.make, one.change, one.others) for one in compared.tables]
    return ResetDone([*restored, *emptied], database.reset_statistics())


def _refuse_other_versions(found: Survey) -> None:
    for table in found.tables:
        entry = found.entries.get(table.name)
        if entry is None or entry.version != table.version:
            what = "nothing of it" if entry is None or entry.written else f"version {entry.version}"
            raise NotSeededError(
                f"{table.name}: expected version {table.version} of the declaration in the database, found {what}; "
                "nothing was changed. `surgeline seed apply` brings it there"
            )
    for name in found.written:
        if not found.is_taken_over(name):
            raise NotSeededError(
                f"{name}: expected a table that was empty at the last `surgeline seed apply`, found one that it did "
                "not see; nothing was changed. Apply first, so that only what the test writes is ever deleted"
            )


def _refuse_referred_to(database: Database, found: Survey) -> None:
    """A table to which another refers cannot be emptied without that one: said before anything is changed."""
    for reference in hindering(database, found.written):
        raise ReferredToError(
            f"{reference.parent}: expected no other table to refer to a table that is emptied, found a foreign key "
            f"of {reference.child}; nothing was changed. Declare written({reference.child!r}) too, or leave "
            f"{reference.parent} out"
        )


def _refuse_another_table(one: Comparison) -> None:
    """Where not a single row of ours is left among others, these are hardly what a test added."""
    if one.delete and one.make == len(one.table):
        raise NotSeededError(
            f"{one.table.name}: expected seeded rows and what a test wrote beside them, found {one.delete:,} other "
            "rows and not one of ours: the table was made anew, or filled by others; nothing was changed. "
            "`surgeline seed apply` puts ours beside them; or empty the table first"
        )


def _keep_marks(database: Database, found: Survey, comparisons: list[Comparison]) -> None:
    for one in comparisons:
        if one.nothing_to_do:
            continue
        entry = found.entries[one.table.name]
        write_entry(database, replace(entry, mark=database.mark(one.table.name, entry.mark)))


def _rewind(database: Database, found: Survey) -> None:
    """Put counters back, so that one run gets the numbers that the run before got."""
    for table in found.tables:
        if found.entries[table.name].others == 0:
            database.rewind_numbers(table.name)
