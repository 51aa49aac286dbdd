"""Tells whether rows have been changed since they were written, by the transactions that wrote them.

PostgreSQL keeps with each row the number of the transaction that made this version of it: `xmin`. As long as as many
rows bear the numbers of our transactions as we wrote, none was changed or deleted; what others add bears other numbers.
VACUUM, FREEZE, CLUSTER and rolled-back changes leave the number as it is.

The limits, all on the side of doubt or far away: rows written with an exception block of a trigger bear another number;
a restored or rewritten table (ALTER TABLE ... TYPE) has other ones; numbers have 32 bits in a row and come again after
four thousand million transactions, so a mark counts for half of that. The mark names the cluster and the table too: a
copy of the database elsewhere counts its own.
"""

from surgeline.seeding.database import Database

MAXIMUM = 190
"""Characters of a mark."""
_VALID_FOR = 1 << 31


def mark(database: Database, table: str, earlier: str | None) -> str | None:
    """See `Database.mark`."""
    identity = _identity(database, table)
    numbers = [*_numbers(identity, earlier), _current(database)]
    text = _text(identity, numbers)
    if len(text) > MAXIMUM:  # of the older ones few have rows left
        text = _text(identity, _still_there(database, table, numbers))
    return text if len(text) <= MAXIMUM else None


def unchanged_since(database: Database, table: str, mark: str, rows: int) -> bool:
    """See `Database.unchanged_since`."""
    numbers = _numbers(_identity(database, table), mark)
    if not numbers or _current(database) - numbers[0] >= _VALID_FOR:
        return False
    found = database.fetch(f"SELECT count(*) FROM {database.quote(table)} WHERE {_of(numbers)}")
    return bool(found[0][0] == rows)


def _identity(database: Database, table: str) -> str:
    """The cluster's number, where we may know it, and the table's."""
    oid = database.fetch(f"SELECT {database.literal(database.quote(table))}::regclass::oid::bigint")[0][0]
    allowed = database.fetch("SELECT has_function_privilege('pg_control_system()', 'execute')")[0][0]
    system = database.fetch("SELECT system_identifier FROM pg_control_system()")[0][0] if allowed else 0
    return f"{system}/{oid}"


def _current(database: Database) -> int:
    return int(database.fetch("SELECT txid_current()")[0][0])


def _numbers(identity: str, mark: str | None) -> list[int]:
    """The transactions of a mark in their order; none when it is of another table."""
    ours, _, numbers = (mark or "").partition(":")
    return [int(number) for number in numbers.split(",") if number.isdigit()] if ours == identity else []


def _text(identity: str, numbers: list[int]) -> str:
    return f"{identity}:{','.join(map(str, dict.fromkeys(numbers)))}"


def _of(numbers: list[int]) -> str:
    return f"xmin = ANY ('{{{','.join(str(number % (1 << 32)) for number in numbers)}}}'::xid[])"


def _still_there(database: Database, table: str, numbers: list[int]) -> list[int]:
    rows = database.fetch(f"SELECT xmin::text::bigint FROM {database.quote(table)} WHERE {_of(numbers)} GROUP BY xmin")
    found = {row[0] for row in rows}
    return [number for number in numbers if number % (1 << 32) in found]
