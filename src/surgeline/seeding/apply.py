"""Brings the tables to what is declared, in one transaction: all of it, or nothing.

Rows that are not ours are never touched; where one is in the way, nothing is written.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from surgeline.seeding.compare import Comparison, InTheWayError, compare_all
from surgeline.seeding.database import Database
from surgeline.seeding.file import Declarations
from surgeline.seeding.joins import count
from surgeline.seeding.manifest import Entry, make_manifest, write_entry
from surgeline.seeding.steps import Steps
from surgeline.seeding.survey import Survey, survey
from surgeline.seeding.write import write_changes

REBUILD_FROM = 100_000
"""Rows from which indexes are made faster at once than row by row."""


class Indexes(StrEnum):
    """What happens to the indexes of a table while it is filled."""

    AUTO = "auto"
    """Rebuilt for tables that get or lose most of many rows, where the database can undo that."""
    KEEP = "keep"
    REBUILD = "rebuild"


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, or would be, to one table."""

    table: str
    rows: int
    made: int
    changed: int
    deleted: int
    kept: int
    others: int
    """Rows that are not ours and stay as they are."""
    version: str


def apply(
    database: Database, declarations: Declarations, steps: Steps, indexes: Indexes = Indexes.AUTO
) -> list[Change]:
    """Make what is missing, change what is different, delete what of ours is no longer declared.

    Raises MisfitError, InTheWayError, ReferredToError, DatabaseError: then everything is as it was before, but that
    MySQL may have an empty manifest more.
    """
    began = time.monotonic()
    if database.ddl_commits:
        make_manifest(database)
    with database.transaction():
        database.only_writer()
        if not database.ddl_commits:
            make_manifest(database)
        # Not before it is sure that nobody else writes: what is ours is read here.
        found = survey(database, declarations)
        refuse_written_by_others(database, found)
        compared = compare_all(database, found, steps)
        with _indexes_aside(database, compared.tables, indexes, steps):
            write_changes(database, compared.tables, steps)
        _keep_entries(database, found, compared.tables, began)
    if compared.changed:
        with steps.step("statistics"):
            database.after_load(compared.changed)
    return [change_of(one) for one in compared.tables]


def change_of(found: Comparison) -> Change:
    """Return a comparison as what it comes to."""
    return Change(
        found.table.name,
        len(found.table),
        found.make,
        found.change,
        found.delete,
        found.keep,
        found.others,
        found.table.version,
    )


def refuse_written_by_others(database: Database, found: Survey) -> None:
    """A table that only the test writes must be empty at first: later, all that is in it is the test's."""
    for name in found.written:
        if not found.is_taken_over(name) and (rows := count(database, database.quote(name))):
            raise InTheWayError(
                f"{name}: expected an empty table, for written({name!r}) says that only the test writes it and it will "
                f"be emptied between runs; found {rows:,} rows. Nothing was written. Empty it, or leave it out of the "
                "declaration"
            )


@contextmanager
def _indexes_aside(
    database: Database, comparisons: Sequence[Comparison], indexes: Indexes, steps: Steps
) -> Iterator[None]:
    """Take the indexes of the tables away that are quicker without, and make them again when the block is through."""
    if indexes is Indexes.KEEP:
        names = []
    elif indexes is Indexes.REBUILD:
        names = [one.table.name for one in comparisons if one.make]
    else:
        names = [one.table.name for one in comparisons if _is_mostly_new(one)]
    if not names:
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(database.indexes_aside(names))
        yield
        with steps.step("indexes"):
            stack.close()


def _is_mostly_new(one: Comparison) -> bool:
    """Is it quicker to make the indexes again than to keep them up to date, and the keys that refer to each row?"""
    touched = one.make + one.delete
    return touched >= REBUILD_FROM and 2 * touched >= one.there


def _keep_entries(database: Database, found: Survey, comparisons: Sequence[Comparison], began: float) -> None:
    """Write down what is ours now, in the same transaction."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    seconds = round(time.monotonic() - began, 3)
    for one in comparisons:
        earlier = found.entries.get(one.table.name)
        if one.nothing_to_do and earlier is not None and earlier.version == one.table.version:
            continue
        if not database.ddl_commits:  # where it does, counters go on by themselves
            database.continue_numbers(one.table.name, list(one.table.columns))
        entry = Entry(
            table=one.table.name,
            version=one.table.version,
            key=one.table.key_json(),
            rows=len(one.table),
            others=_others(one, earlier),
            written=False,
            mark=database.mark(one.table.name, None if earlier is None else earlier.mark),
            source="" if one.table.file is None else one.table.file.path,
            applied_at=now,
            seconds=seconds,
        )
        write_entry(database, entry)
    for name in found.written:
        if not found.is_taken_over(name):
            write_entry(database, Entry(name, "", "", 0, 0, True, None, "", now, seconds))


def _others(one: Comparison, earlier: Entry | None) -> int:
    """Return how many rows were another's before the first seeding; what came between two seedings is the test's.

    Where no row of an earlier seeding is left, the table was made anew or filled by others: this is the first.
    """
    is_first = earlier is None or one.there == one.others
    return one.others if is_first or earlier is None else earlier.others
