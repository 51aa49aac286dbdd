"""What PostgreSQL says of itself while it is under load, and which statements took its time.

It must not know what the load is, nor how often anybody looks.
"""

from dataclasses import dataclass

import asyncpg

# Of the database and its clients; the one who asks does not count.
STATE = """
    WITH activity AS (
        SELECT state, wait_event_type FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    )
    SELECT (SELECT count(*) FROM activity) AS connections,
           (SELECT count(*) FROM activity WHERE state = 'active') AS active,
           (SELECT count(*) FROM activity WHERE wait_event_type = 'Lock') AS waiting,
           pg_database_size(current_database()) AS bytes,
           xact_commit AS transactions, tup_inserted + tup_updated AS rows_written, blks_hit AS hits, blks_read AS reads
    FROM pg_stat_database
    WHERE datname = current_database()
"""
STATEMENTS = """
    SELECT total_exec_time, calls, mean_exec_time, regexp_replace(query, '\\s+', ' ', 'g') AS query
    FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY total_exec_time DESC LIMIT 5
"""
SHOWN_OF_A_STATEMENT = 90


@dataclass(frozen=True, slots=True)
class State:
    """How the database is. The last four have only grown since its statistics were reset."""

    connections: int
    active: int
    waiting: int
    bytes: int
    transactions: int
    rows_written: int
    hits: int
    reads: int


@dataclass(frozen=True, slots=True)
class Done:
    """What the database has done between two looks. `hit_rate` is None where it read nothing."""

    transactions: int
    rows_written: int
    hit_rate: float | None


async def state_of(connection: asyncpg.Connection) -> State:
    """How the database is now."""
    return State(**await connection.fetchrow(STATE))


def done_between(before: State, now: State) -> Done:
    """What it has done meanwhile; its own counters lag behind by a second or so, and may have been reset."""
    hits, reads = max(0, now.hits - before.hits), max(0, now.reads - before.reads)
    return Done(
        transactions=max(0, now.transactions - before.transactions),
        rows_written=max(0, now.rows_written - before.rows_written),
        hit_rate=hits / (hits + reads) if hits + reads else None,
    )


async def busiest_statements(connection: asyncpg.Connection) -> list[str]:
    """Lines on the statements that took most of the time, or on why there are none."""
    try:
        rows = await connection.fetch(STATEMENTS)
    except (asyncpg.UndefinedTableError, asyncpg.ObjectNotInPrerequisiteStateError) as error:
        return [f"no statements: {error}. CREATE EXTENSION pg_stat_statements; it has to be preloaded"]
    return [
        f"{row['total_exec_time']:>12,.1f} ms {row['calls']:>9,} calls {row['mean_exec_time']:>9,.2f} ms each  "
        f"{row['query'].strip()[:SHOWN_OF_A_STATEMENT]}"
        for row in rows
    ]
