"""Takes everything out of the database that seeding put there, and nothing else; the last trace is the manifest itself.

One transaction: all of it, or nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from surgeline.seeding.database import Database, RealTable
from surgeline.seeding.declaration import Table, Written, table_from_key_json
from surgeline.seeding.file import Declarations
from surgeline.seeding.joins import count, exactly, listed
from surgeline.seeding.manifest import Entry, drop_if_empty, forget, read_manifest
from surgeline.seeding.order import loading_order
from surgeline.seeding.referring import Going, collect_referring, references_to, refuse_collected, refuse_referring
from surgeline.seeding.staging import KEYS, stage
from surgeline.seeding.steps import Steps
from surgeline.seeding.write import delete, delete_all


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was taken out of one table."""

    table: str
    deleted: int
    left: int
    """Rows that are not ours."""


@dataclass(frozen=True, slots=True)
class _Ours:
    """A seeded table, and what of it is ours."""

    table: Table
    """The key as it was when seeded."""
    real: RealTable
    gone: str
    """The temporary table with the keys of our rows that are there."""
    rows: int


def clean(database: Database, declarations: Declarations, steps: Steps) -> list[Cleaned]:
    """Delete the rows of any version of the declared tables, and what the test wrote to tables of its own.

    Whether a table was seeded or left to the test is what the manifest says, not what is declared by now. Of tables
    that are no longer there the manifest forgets.
    Raises ReferredToError where rows of others refer to ours: then nothing is deleted.
    """
    declared: list[Table | Written] = [*declarations.tables, *declarations.written]
    with database.transaction():
        database.only_writer()
        entries = read_manifest(database)
        known = [one for one in declared if one.name in entries]
        real = database.tables([one.name for one in known])
        order = [one.name for one in loading_order([one for one in known if one.name in real], real)]
        written = [name for name in order if entries[name].written]
        ours = [
            _stage_ours(database, real[name], entries[name], number, steps)
            for number, name in enumerate(order)
            if not entries[name].written
        ]
        _refuse_referring(database, ours, written)
        cleaned = [_clean_written(database, name) for name in reversed(written)]
        cleaned += [_clean(database, one) for one in reversed(ours)]
        if known:
            forget(database, [one.name for one in known])
        drop_if_empty(database)
    return cleaned


def _stage_ours(database: Database, real: RealTable, entry: Entry, number: int, steps: Steps) -> _Ours:
    """Find the rows that are there and ours."""
    earlier, gone = table_from_key_json(entry.key), f"surgeline_gone_{number}"
    stage(database, KEYS, earlier, earlier.key, steps)
    database.drop_staging(gone)
    database.make_staging(gone, earlier.name, earlier.key)
    same = exactly(database, earlier.name, real, "k", "t", earlier.key)
    database.execute(
        f"INSERT INTO {gone} ({listed(database, '', earlier.key)}) SELECT {listed(database, 't', earlier.key)} "
        f"FROM {database.quote(earlier.name)} t JOIN {KEYS} k ON {same}"
    )
    database.drop_staging(KEYS)
    database.index_staging(gone, earlier.key)
    return _Ours(earlier, real, gone, count(database, gone))


def _refuse_referring(database: Database, ours: Sequence[_Ours], written: Sequence[str]) -> None:
    """Raise ReferredToError where rows that stay refer to rows that go."""
    by_name = {one.table.name: one for one in ours}
    going = {one.table.name: Going(one.table.key, one.gone) for one in ours}
    for reference in references_to(database, [*by_name, *written]):
        parent, child = going.get(reference.parent), going.get(reference.child)
        if reference.child in written:
            continue
        if child is None:
            refuse_referring(database, reference, parent)
            continue
        with collect_referring(database, reference, child, parent) as referring:
            refuse_collected(database, reference, child.key, referring)


def _clean_written(database: Database, name: str) -> Cleaned:
    rows = count(database, database.quote(name))
    delete_all(database, [name])
    return Cleaned(name, rows, 0)


def _clean(database: Database, one: _Ours) -> Cleaned:
    before = count(database, database.quote(one.table.name))
    delete(database, one.table.name, one.real, one.table.key, one.gone, one.rows)
    return Cleaned(one.table.name, one.rows, before - one.rows)
