"""What PostgreSQL says of itself while it is under load, and which statements took its time.

It must not know what the load is, nor how often anybody looks.
"""

from collections.abc import Mapping, Sequence

import asyncpg

from surgeline_systems.servers.postgres import POSTGRES_ERRORS
from surgeline_systems.watching.figures import Figure, Growth, Level, Share
from surgeline_systems.watching.source import AwayError

# Of the database and its clients; the one who asks does not count.
STATE = """
    WITH activity AS (
        SELECT state, wait_event_type, clock_timestamp() - query_start AS since FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    )
    SELECT (SELECT count(*) FROM activity) AS database_connections,
           (SELECT count(*) FROM activity WHERE state = 'active') AS database_active,
           (SELECT count(*) FROM activity WHERE wait_event_type = 'Lock') AS database_waiting_for_locks,
           (SELECT count(*) FROM activity WHERE state = 'active' AND since > '1 s') AS database_statements_over_1_s,
           pg_database_size(current_database()) / 1000000.0 AS database_size_mb,
           xact_commit AS database_transactions, tup_inserted + tup_updated AS database_rows_written,
           blks_hit AS hits, blks_read AS reads
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


class Postgres:
    """A database of a PostgreSQL server. At the end it tells its busiest statements, where the server counts them."""

    name = "PostgreSQL"
    tags: Mapping[str, str] = {}
    figures: Sequence[Figure] = (
        Level("database_connections", unit="connections"),
        Level("database_active", unit="connections"),
        Level("database_waiting_for_locks", unit="connections"),
        Level("database_statements_over_1_s"),
        Level("database_size_mb", unit="MB"),
        Growth("database_transactions"),
        Growth("database_rows_written", unit="rows"),
        Share("database_cache_hit_rate", Growth("hits"), Growth("reads")),
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None

    async def open(self) -> None:
        """Connect. Raises: AwayError."""
        try:
            self._connection = await asyncpg.connect(self._url)
        except POSTGRES_ERRORS as error:
            raise AwayError(str(error)) from error

    async def look(self) -> Mapping[str, float]:
        """How the database is now; its own counters lag behind by a second or so. Raises: AwayError."""
        assert self._connection is not None
        try:
            row = await self._connection.fetchrow(STATE)
        except POSTGRES_ERRORS as error:
            raise AwayError(str(error)) from error
        return {name: float(value) for name, value in row.items()}

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def details(self) -> Sequence[str]:
        """The statements that took most of the time, or why there are none. Raises: AwayError."""
        assert self._connection is not None
        try:
            rows = await self._connection.fetch(STATEMENTS)
        except (asyncpg.UndefinedTableError, asyncpg.ObjectNotInPrerequisiteStateError) as error:
            return [f"no statements: {error}. CREATE EXTENSION pg_stat_statements; it has to be preloaded"]
        except POSTGRES_ERRORS as error:
            raise AwayError(str(error)) from error
        return [
            f"{row['total_exec_time']:>12,.1f} ms {row['calls']:>9,} calls {row['mean_exec_time']:>9,.2f} ms each  "
            f"{row['query'].strip()[:SHOWN_OF_A_STATEMENT]}"
            for row in rows
        ]
