"""What MariaDB (or MySQL) says of itself while it is under load: `SHOW GLOBAL STATUS`, and its process list.

It must not know what the load is, nor how often anybody looks.
"""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from pymysql.cursors import Cursor

from surgeline_systems.servers.mariadb import MARIADB_ERRORS, connected
from surgeline_systems.watching.figures import Figure, Growth, Level, Share
from surgeline_systems.watching.source import AwayError

VARIABLES = {
    "Threads_connected": "database_connections",
    "Threads_running": "database_active",
    "Innodb_row_lock_current_waits": "database_waiting_for_locks",
    "Queries": "database_statements",
    "Handler_write": "inserted",
    "Handler_update": "updated",
    "Innodb_buffer_pool_read_requests": "asked",
    "Innodb_buffer_pool_reads": "reads",
    "Slow_queries": "database_slow_statements",
}
STATE = f"SHOW GLOBAL STATUS WHERE Variable_name IN ({', '.join(map(repr, VARIABLES))})"
# Of those who do something, but for the one who asks.
BUSY = """
    SELECT time, state, left(info, 90) FROM information_schema.processlist
    WHERE command <> 'Sleep' AND id <> connection_id() AND info IS NOT NULL ORDER BY time DESC LIMIT 5
"""


class MariaDB:
    """A MariaDB server: what it counts is of all its databases. At the end it tells what it is doing."""

    name = "MariaDB"
    tags: Mapping[str, str] = {}
    figures: Sequence[Figure] = (
        Level("database_connections", unit="connections"),
        Level("database_active", unit="connections"),
        Level("database_waiting_for_locks", unit="connections"),
        Growth("database_statements"),
        Growth("database_rows_written", unit="rows"),
        Growth("database_slow_statements"),
        Share("database_cache_hit_rate", Growth("hits"), Growth("reads")),
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = ExitStack()
        self._cursor: Cursor | None = None

    async def open(self) -> None:
        """Connect. Raises: AwayError."""
        try:
            self._cursor = await to_thread(self._connection.enter_context, connected(self._url))
        except MARIADB_ERRORS as error:
            raise AwayError(str(error)) from error

    async def look(self) -> Mapping[str, float]:
        """How the server is now. Raises: AwayError."""
        found = {VARIABLES[name]: float(value) for name, value in await self._ask(STATE)}
        found["database_rows_written"] = found["inserted"] + found["updated"]
        found["hits"] = found["asked"] - found["reads"]
        return found

    async def close(self) -> None:
        """Close the connection, if it is not lost already."""
        with suppress(*MARIADB_ERRORS):
            await to_thread(self._connection.close)

    async def details(self) -> Sequence[str]:
        """The statements that it is at, the longest first. Raises: AwayError."""
        rows = await self._ask(BUSY)
        return [f"{seconds:>6} s  {state or ''}: {' '.join(statement.split())}" for seconds, state, statement in rows]

    async def _ask(self, statement: str) -> Sequence[Sequence[Any]]:
        try:
            return await to_thread(self._rows, statement)
        except MARIADB_ERRORS as error:
            raise AwayError(str(error)) from error

    def _rows(self, statement: str) -> Sequence[Sequence[Any]]:
        assert self._cursor is not None
        self._cursor.execute(statement)
        rows: Sequence[Sequence[Any]] = self._cursor.fetchall()
        return rows
