"""What of a database is ours: one row for each table that was seeded, in a table beside them.

From the kept declaration of the key the keys of earlier versions can be made again, so that rows are told from those of
others without a mark in the user's own tables. Must not know how rows are put in or compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from surgeline.errors import SurgelineError
from surgeline.seeding.database import Database

TABLE = "surgeline_seed"
_COLUMNS = (
    "id", "table_name", "version", "key_declaration", "row_count", "others", "written", "mark", "source", "applied_at",
    "seconds",
)  # fmt: skip


class ManifestError(SurgelineError):
    """The table in which seeding keeps what is its own is not as it made it; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one table since it was last seeded."""

    table: str
    version: str
    """Of the declaration; empty for a table that only the test writes."""
    key: str
    """The declaration of the key, as JSON."""
    rows: int
    others: int
    """How many rows the table held that were not ours."""
    written: bool
    """Only the test writes it: it was empty."""
    mark: str | None
    """See `Database.mark`."""
    source: str
    """The file of the declaration."""
    applied_at: str
    seconds: float
    """How long the whole seeding took."""


def make_manifest(database: Database) -> None:
    """Make the table if it is missing. Commits where the database commits with every new table (MySQL)."""
    if _is_there(database):
        return
    database.execute(
        f"CREATE TABLE IF NOT EXISTS {database.quote(TABLE)} ("
        "id VARCHAR(32) NOT NULL PRIMARY KEY, table_name VARCHAR(1000) NOT NULL, version VARCHAR(32) NOT NULL, "
        "key_declaration TEXT NOT NULL, row_count BIGINT NOT NULL, others BIGINT NOT NULL, written SMALLINT NOT NULL, "
        "mark VARCHAR(190), source VARCHAR(1000) NOT NULL, applied_at VARCHAR(40) NOT NULL, "
        "seconds DOUBLE PRECISION NOT NULL)"
    )


def read_manifest(database: Database) -> dict[str, Entry]:
    """Return what is known, by table; nothing where nothing was ever seeded. Raises ManifestError."""
    if not _is_there(database):
        return {}
    rows = database.fetch(f"SELECT {', '.join(_COLUMNS)} FROM {database.quote(TABLE)}")
    entries = [_entry(row) for row in rows]
    return {entry.table: entry for entry in entries}


def _entry(row: tuple[Any, ...]) -> Entry:
    number, name, version, key, rows, others, written, mark, source, applied_at, seconds = row
    try:
        entry = Entry(
            name, version, key, int(rows), int(others), bool(int(written)), mark, source, applied_at, float(seconds)
        )
    except (TypeError, ValueError):
        raise _damaged(f"a row of {name!r} with numbers that are none") from None
    if number != _id(name) or entry.rows < 0 or entry.others < 0:
        raise _damaged(f"a row of {name!r} that was changed")
    return entry


def _damaged(found: str) -> ManifestError:
    return ManifestError(
        f"{TABLE}: expected the table in which seeding keeps what is its own, as this version of surgeline makes it, "
        f"found {found}; nothing was changed. Use the version that seeded this database, or drop the table: then all "
        "rows that are there count as others', and are never deleted"
    )


def write_entry(database: Database, entry: Entry) -> None:
    """Keep an entry in the place of an earlier one."""
    forget(database, [entry.table])
    values = (
        _id(entry.table), entry.table, entry.version, entry.key, entry.rows, entry.others, int(entry.written),
        entry.mark, entry.source[-1000:], entry.applied_at, entry.seconds,
    )  # fmt: skip
    literals = ", ".join(database.literal(value) for value in values)
    database.execute(f"INSERT INTO {database.quote(TABLE)} ({', '.join(_COLUMNS)}) VALUES ({literals})")


def forget(database: Database, tables: Iterable[str]) -> None:
    """Take the entries of tables away."""
    ids = ", ".join(database.literal(_id(name)) for name in tables)
    database.execute(f"DELETE FROM {database.quote(TABLE)} WHERE id IN ({ids})")


def drop_if_empty(database: Database) -> None:
    """Leave nothing of ours behind where nothing is seeded any more. Commits where `make_manifest` does."""
    if _is_there(database) and not database.fetch(f"SELECT 1 FROM {database.quote(TABLE)} LIMIT 1"):
        database.execute(f"DROP TABLE {database.quote(TABLE)}")


def _id(table: str) -> str:
    """Return a name as what no collation takes for that of another table."""
    return blake2b(table.encode(), digest_size=16).hexdigest()


def _is_there(database: Database) -> bool:
    """Raises ManifestError when a table of the name is of another kind."""
    found = database.tables([TABLE]).get(TABLE)
    if found is not None and not set(_COLUMNS) <= set(found.columns):
        missing = next(column for column in _COLUMNS if column not in found.columns)
        raise _damaged(f"a table without the column {missing}")
    return found is not None
