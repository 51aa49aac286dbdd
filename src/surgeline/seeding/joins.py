"""The conditions by which rows of two tables, or of one and a temporary one beside it, are the same row.

Must not know what is done with them.
"""

from collections.abc import Sequence

from surgeline.seeding.database import Database, RealTable
from surgeline.seeding.generator import Kind


def equal(database: Database, left: str, right: str, columns: Sequence[str], others: Sequence[str] = ()) -> str:
    """Return the condition that two aliases agree in columns, as the database's own keys see it.

    `others` are the columns of the second where they have other names.
    """
    pairs = zip(map(database.quote, columns), map(database.quote, others or columns), strict=True)
    return " AND ".join(f"{left}.{one} = {right}.{other}" for one, other in pairs)


def exactly(database: Database, table: str, real: RealTable, left: str, right: str, columns: Sequence[str]) -> str:
    """Return the condition that two aliases have the very same key.

    To many a collation `user1`, `USER1` and `user1 ` are one key; whoever wrote another one wrote another row.
    """
    condition = equal(database, left, right, columns)
    texts = [column for column in columns if real.columns[column].kind in {Kind.TEXT, None}]
    return f"{condition} AND NOT {database.differs(table, texts, left, right)}" if texts else condition


def listed(database: Database, alias: str, columns: Sequence[str]) -> str:
    """Return columns of an alias, or without one, as SQL lists them."""
    before = f"{alias}." if alias else ""
    return ", ".join(f"{before}{column}" for column in map(database.quote, columns))


def count(database: Database, rows: str) -> int:
    """Return how many rows there are; `rows` is what stands behind FROM."""
    return int(database.fetch(f"SELECT count(*) FROM {rows}")[0][0])
