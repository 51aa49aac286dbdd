"""Puts declared rows into the database: into a table itself, or into a temporary one beside it, to be compared there.

Must not know why.
"""

from collections.abc import Iterator, Sequence

from surgeline.seeding.database import Batch, Database, DatabaseError
from surgeline.seeding.declaration import Table
from surgeline.seeding.steps import Steps

BATCH_ROWS = 10_000
"""So many that what a batch costs is spread out, so few that memory stays small."""
KEYS = "surgeline_keys"
"""A temporary table of keys, for one statement or two."""


def load_rows(
    database: Database, table: Table, into: str, columns: Sequence[str], steps: Steps, what: str = ""
) -> None:
    """Load all rows of a declaration into a table that has these columns; `what` tells a person why."""
    with steps.counting(table.name + what, len(table)) as advance:
        database.load(into, columns, batches(table, columns), advance)


def stage(database: Database, name: str, table: Table, columns: Sequence[str], steps: Steps) -> None:
    """Load all rows into a temporary table, ready to be joined by the key."""
    database.drop_staging(name)
    database.make_staging(name, table.name, columns)
    try:
        load_rows(database, table, name, columns, steps, " (to compare)")
    except DatabaseError as error:  # of a table that users have never heard of
        raise type(error)(str(error).replace(name, table.name)) from error
    database.index_staging(name, table.key)


def batches(table: Table, columns: Sequence[str]) -> Iterator[Batch]:
    """Yield all rows, a batch at a time, in the cheapest form."""
    bound = [table.column(name) for name in columns]
    for first in range(0, len(table), BATCH_ROWS):
        rows = range(first, min(first + BATCH_ROWS, len(table)))
        yield Batch(len(rows), [column.texts(rows) or column.values(rows) for column in bound])
