"""Writes what a comparison found to be done, and makes sure that it was just that.

The comparison and the writing are statements of one transaction, but to most databases not of one moment: what another
session writes between them shows in the numbers, as do triggers that leave rows out. Then nothing is kept.
"""

from collections.abc import Iterable, Sequence

from surgeline.seeding.compare import Comparison
from surgeline.seeding.database import Database, DatabaseError, ForeignKey, RealTable, RefusedRowsError
from surgeline.seeding.joins import count, equal, listed
from surgeline.seeding.staging import KEYS, load_rows
from surgeline.seeding.steps import Steps


def write_changes(database: Database, comparisons: Sequence[Comparison], steps: Steps) -> None:
    """Delete in the order of leaving, then make and change in the order of loading.

    Raises DatabaseError when other rows are met than were found; the caller's transaction must not be kept then.
    """
    for one in reversed(comparisons):
        if one.gone is not None:
            delete(database, one.table.name, one.real, one.table.key, one.gone, one.going)
    for one in comparisons:
        if one.there == 0:
            _load(database, one, steps)
        elif one.rows is not None:
            _mend(database, one, one.rows)


def _load(database: Database, one: Comparison, steps: Steps) -> None:
    try:
        load_rows(database, one.table, one.table.name, list(one.table.columns), steps)
    except RefusedRowsError as error:
        parents = dict.fromkeys(reference.parent.name for reference in one.table.references.values())
        advice = f" Its rows refer to {', '.join(parents)}: seeded first, and with this declaration?" if parents else ""
        raise RefusedRowsError(
            f"{one.table.name}: the database refuses its rows; nothing was changed.{advice} {error}"
        ) from error


def delete(database: Database, table: str, real: RealTable, key: Sequence[str], gone: str, going: int) -> None:
    """Delete the rows whose keys are in a temporary table; `going` is how many there are."""
    to_itself = [one for one in real.foreign_keys if one.parent == table]
    deleted = _delete_by_generations(database, table, to_itself, key, gone) if to_itself else 0
    deleted += database.delete_matching(table, gone, key)
    left = count(database, f"{database.quote(table)} t JOIN {gone} g ON {equal(database, 'g', 't', key)}")
    if deleted > going or left:
        raise _disturbed(table, "deleted", going, deleted if deleted > going else going - left)


def _delete_by_generations(
    database: Database, table: str, to_itself: Sequence[ForeignKey], key: Sequence[str], gone: str
) -> int:
    """Delete rows that no other row of their table refers to, then those that none refers to any more, and so on.

    InnoDB looks at each row as it goes. Rows in a circle are left. Returns how many rows were deleted.
    """
    name, total = database.quote(table), 0
    referred = [f"EXISTS (SELECT 1 FROM {name} c WHERE {_refers(database, one, key)})" for one in to_itself]
    leaves = f"{name} t JOIN {gone} g ON {equal(database, 'g', 't', key)} WHERE NOT ({' OR '.join(referred)})"
    while True:
        database.drop_staging(KEYS)
        database.make_staging(KEYS, table, key)
        into = f"{KEYS} ({listed(database, '', key)})"
        database.execute(f"INSERT INTO {into} SELECT {listed(database, 't', key)} FROM {leaves}")
        database.index_staging(KEYS, key)
        deleted = database.delete_matching(table, KEYS, key)
        total += deleted
        if not deleted:
            database.drop_staging(KEYS)
            return total


def _refers(database: Database, reference: ForeignKey, key: Sequence[str]) -> str:
    """Return the condition that another row `c` refers to `t`."""
    refers = equal(database, "c", "t", reference.columns, reference.parent_columns)
    return f"{refers} AND NOT ({equal(database, 'c', 't', key)})"


def delete_all(database: Database, tables: Iterable[str]) -> None:
    """Delete all rows of tables, in this order, within the caller's transaction."""
    for name in tables:
        database.execute(f"DELETE FROM {database.quote(name)}")


def _mend(database: Database, one: Comparison, rows: str) -> None:
    """Put right what is there beside the declared rows in the temporary table."""
    columns = list(one.table.columns)
    others = [column for column in columns if column not in one.table.key]
    to_update, to_insert = one.change - one.renewed, one.make + one.renewed
    if to_update:
        updated = database.update_from(one.table.name, others, rows, one.table.key)
        _expect(one.table.name, "changed", to_update, updated)
    if to_insert:
        same = equal(database, "t", "s", one.table.key)
        missing = f"NOT EXISTS (SELECT 1 FROM {database.quote(one.table.name)} t WHERE {same})"
        inserted = database.insert_from(one.table.name, columns, rows, missing)
        _expect(one.table.name, "made", to_insert, inserted)


def _expect(table: str, what: str, expected: int, found: int) -> None:
    if found != expected:
        raise _disturbed(table, what, expected, found)


def _disturbed(table: str, what: str, expected: int, found: int) -> DatabaseError:
    return DatabaseError(
        f"{table}: expected {expected:,} rows to be {what}, found {found:,}: somebody else writes it at the same time, "
        "or a trigger leaves rows out; nothing was changed. Stop the application, then try again"
    )
