"""Tells what is seeded: which version of which declaration, and whether all of it is still there. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from surgeline.seeding.compare import is_untouched
from surgeline.seeding.database import Database, RealTable
from surgeline.seeding.declaration import Table, Written
from surgeline.seeding.joins import count, exactly
from surgeline.seeding.manifest import Entry, read_manifest
from surgeline.seeding.staging import KEYS, stage
from surgeline.seeding.steps import Steps, Unseen

_MISSING = "its migrations have not run, or this is another database"


class State(StrEnum):
    """How a table stands to its declaration."""

    MISSING_TABLE = "no such table"
    NOT_SEEDED = "not seeded"
    OTHER_VERSION = "another version"
    INCOMPLETE = "incomplete"
    COMPLETE = "complete"
    WRITTEN = "written by the test"


@dataclass(frozen=True, slots=True)
class TableStatus:
    """One declared table, and what is there of it."""

    table: str
    state: State
    declared_rows: int
    found_rows: int
    """Of ours; of a table that the test writes, all."""
    version: str
    """The declared one; empty for a table that the test writes."""
    found_version: str | None
    applied_at: str | None
    message: str
    """A sentence about it."""

    @property
    def fine(self) -> bool:
        """Can a test be run on it?"""
        return self.state in {State.COMPLETE, State.WRITTEN}


def status(database: Database, tables: Sequence[Table | Written], steps: Steps | None = None) -> list[TableStatus]:
    """Return how each table stands, in the order given."""
    entries = read_manifest(database)
    there = database.tables([table.name for table in tables])
    return [
        _status(database, table, entries.get(table.name), there.get(table.name), steps or Unseen()) for table in tables
    ]


def _status(
    database: Database, table: Table | Written, entry: Entry | None, real: RealTable | None, steps: Steps
) -> TableStatus:
    if isinstance(table, Written):
        return _status_of_written(database, table, entry, real is not None)
    rows, version = len(table), table.version
    if real is None:
        return TableStatus(table.name, State.MISSING_TABLE, rows, 0, version, None, None, _MISSING)
    if entry is None or entry.written:
        return TableStatus(table.name, State.NOT_SEEDED, rows, 0, version, None, None, "no seeding has filled it")
    state, found, message = State.COMPLETE, rows, f"all {rows:,} rows are there"
    if entry.version != version:
        state, found = State.OTHER_VERSION, entry.rows
        message = f"{entry.rows:,} rows of version {entry.version} are there, {rows:,} of {version} are declared"
    elif not is_untouched(database, table, entry) and (found := _ours(database, table, real, steps)) != rows:
        state, message = State.INCOMPLETE, f"{found:,} of {rows:,} rows are there"
    return TableStatus(table.name, state, rows, found, version, entry.version, entry.applied_at, message)


def _status_of_written(database: Database, table: Written, entry: Entry | None, is_there: bool) -> TableStatus:
    if not is_there:
        return TableStatus(table.name, State.MISSING_TABLE, 0, 0, "", None, None, _MISSING)
    rows = count(database, database.quote(table.name))
    if entry is None or not entry.written:
        message = f"no seeding has taken it over; it holds {rows:,} rows"
        return TableStatus(table.name, State.NOT_SEEDED, 0, rows, "", None, None, message)
    message = f"{rows:,} rows of the test" if rows else "empty"
    return TableStatus(table.name, State.WRITTEN, 0, rows, "", "", entry.applied_at, message)


def _ours(database: Database, table: Table, real: RealTable, steps: Steps) -> int:
    """Count the rows that have a declared key."""
    with database.transaction():
        stage(database, KEYS, table, table.key, steps)
        same = exactly(database, table.name, real, "s", "t", table.key)
        rows = count(database, f"{KEYS} s JOIN {database.quote(table.name)} t ON {same}")
        database.drop_staging(KEYS)
    return rows
