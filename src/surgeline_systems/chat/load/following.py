"""Which messages have been written to the database since the last look, by keys such as `17:4`: chat and number.

One row comes back however many messages there are: a driver's time for each of thousands of rows a second would be
missing elsewhere. It must not know who wrote them, nor when.
"""

import asyncio
from asyncio import to_thread
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from time import monotonic
from typing import Any, Protocol

import asyncpg
from pymysql.cursors import Cursor

from surgeline import SurgelineError
from surgeline_systems.application.database import database_of, is_mariadb
from surgeline_systems.chat.load.places import DATABASE_ERRORS
from surgeline_systems.chat.load.positions import Positions
from surgeline_systems.servers.mariadb import connected

LAST = "SELECT coalesce(max(position), 0) FROM messages"
IDS = "SELECT c.id, a.token, c.number FROM chats c JOIN applications a ON a.id = c.application_id WHERE a.token IN ({})"
NEW = "SELECT {positions}, {keys} FROM messages WHERE {spans}"
THERE = "SELECT {keys} FROM messages WHERE (chat_id, number) IN ({asked})"
# Fewer would be asked for one by one, more would be a load of their own.
MOST_ASKED = 500


class Database(Protocol):
    """How a database is asked: the SQL for the keys, and for the positions, of all rows, joined by commas in order."""

    keys: str
    positions: str

    async def open(self) -> None:
        """Connect."""

    async def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        """What a statement gives."""

    async def close(self) -> None:
        """Close the connection."""


class InMariaDB:
    """Asked over a connection that a thread waits for: there are five statements a second."""

    keys = "group_concat(concat(chat_id, ':', number) ORDER BY position)"
    positions = "group_concat(position ORDER BY position)"

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = ExitStack()
        self._cursor: Cursor | None = None

    async def open(self) -> None:
        """As `Database` says."""
        opened = connected(self._url, database=database_of(self._url))
        self._cursor = await to_thread(self._connection.enter_context, opened)
        await self.rows("SET SESSION group_concat_max_len = 16777216")

    async def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        """As `Database` says."""
        return await to_thread(self._rows, statement)

    async def close(self) -> None:
        """As `Database` says."""
        await to_thread(self._connection.close)

    def _rows(self, statement: str) -> Sequence[Sequence[Any]]:
        assert self._cursor is not None
        self._cursor.execute(statement)
        rows: Sequence[Sequence[Any]] = self._cursor.fetchall()
        return rows


class InPostgres:
    """Asked by asyncpg."""

    keys = "string_agg(chat_id || ':' || number, ',' ORDER BY position)"
    positions = "string_agg(position::text, ',' ORDER BY position)"

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None

    async def open(self) -> None:
        """As `Database` says."""
        self._connection = await asyncpg.connect(self._url)

    async def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        """As `Database` says."""
        assert self._connection is not None
        rows: Sequence[Sequence[Any]] = await self._connection.fetch(statement)
        return rows

    async def close(self) -> None:
        """As `Database` says."""
        if self._connection is not None:
            await self._connection.close()


class Following:
    """Follows the messages that are written from the moment on at which it is opened."""

    def __init__(self, url: str) -> None:
        self._database: Database = InMariaDB(url) if is_mariadb(url) else InPostgres(url)
        self._opening = asyncio.Lock()
        self._positions: Positions | None = None

    async def open(self) -> Positions:
        """Begin to follow; again does nothing. Raises: SurgelineError."""
        async with self._opening:
            if self._positions is None:
                self._positions = Positions(await self._last())
            return self._positions

    async def chat_ids(self, tokens: Sequence[str]) -> Mapping[tuple[str, int], int]:
        """The ids of the chats of these applications, by their tokens and numbers. Raises: SurgelineError."""
        await self.open()
        rows = await self._database.rows(IDS.format(", ".join(f"'{token}'" for token in tokens)))
        if not rows:
            raise SurgelineError("DATABASE_URL: expected the service's own database, found one without its chats")
        return {(token, number): chat_id for chat_id, token, number in rows}

    async def written(self, waiting: Sequence[str]) -> Sequence[str]:
        """The messages that are new in the table; where nothing is new, those that are waited for and there."""
        positions = await self.open()
        spans = [f"position > {positions.top}"]
        spans += [f"position BETWEEN {gap.first} AND {gap.last}" for gap in positions.gaps]
        passed, keys = await self._lists(
            NEW, positions=self._database.positions, keys=self._database.keys, spans=" OR ".join(spans)
        )
        positions.seen([int(position) for position in passed], monotonic())
        return keys or await self._there(waiting[:MOST_ASKED])

    async def close(self) -> None:
        """Close the connection."""
        await self._database.close()

    async def _last(self) -> int:
        try:
            await self._database.open()
            ((last,),) = await self._database.rows(LAST)
        except DATABASE_ERRORS as error:
            raise SurgelineError(f"DATABASE_URL: expected the service's own database, found: {error}") from error
        return int(last)

    async def _there(self, asked: Sequence[str]) -> Sequence[str]:
        if not asked:
            return ()
        rows = ", ".join(f"({key.replace(':', ', ')})" for key in asked)
        (there,) = await self._lists(THERE, keys=self._database.keys, asked=rows)
        return there

    async def _lists(self, statement: str, **parts: str) -> Sequence[Sequence[str]]:
        (row,) = await self._database.rows(statement.format(**parts))
        return [joined.split(",") if joined else () for joined in row]
