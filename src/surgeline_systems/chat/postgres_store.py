"""The store in PostgreSQL. A batch of messages is one statement over arrays of its columns.

It must not know HTTP, nor what is kept elsewhere.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache

import asyncpg

from surgeline_systems.application.database import connect_pool
from surgeline_systems.chat.shared_store import SharedStore
from surgeline_systems.chat.store import (
    Application,
    Chat,
    EmailTakenError,
    MessageRow,
    StoreAwayError,
    StoreError,
    UnfitRowError,
    User,
)
from surgeline_systems.chat.writing_once import RowsThereError, TryAgainError

TIMEOUT_SECONDS = 10.0
# A row that the server does not take, or that the driver cannot even send: then it is a ValueError, beside others.
UNFIT = (asyncpg.DataError, ValueError)
# A server that is not there, is going, is full, or has closed the connection; a timeout is an OSError.
AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

ADD_USER = "INSERT INTO users (name, email, password_hash) VALUES ($1, $2, $3) RETURNING id, name, email"
ADD_APPLICATION = """
    INSERT INTO applications (owner_id, name, token) VALUES ($1, $2, $3)
    RETURNING id, token, name, owner_id, chats_count
"""
RENAME_APPLICATION = """
    UPDATE applications SET name = $2 WHERE token = $1 RETURNING id, token, name, owner_id, chats_count
"""
ADD_CHAT = """
    WITH counted AS (UPDATE applications SET chats_count = chats_count + 1 WHERE id = $1 RETURNING id, chats_count)
    INSERT INTO chats (application_id, number, name) SELECT id, chats_count, $2 FROM counted
    RETURNING id, number, name, messages_count
"""
INSERT_MESSAGES = """
    WITH added AS (
        INSERT INTO messages (chat_id, number, creator_id, body, created_at)
        SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::bigint[])
        RETURNING chat_id, position
    ), counted AS (
        UPDATE chats SET messages_count = messages_count + of_chat.messages
        FROM (SELECT chat_id, count(*) AS messages FROM added GROUP BY chat_id) AS of_chat
        WHERE chats.id = of_chat.chat_id
        RETURNING id, messages_count
    )
    SELECT NULL, min(position) FROM added
    UNION ALL
    SELECT id, messages_count FROM counted
"""
FIND_MESSAGES = """
    SELECT chat_id, number, creator_id, body, created_at
    FROM messages JOIN unnest($1::bigint[], $2::integer[]) AS asked (chat_id, number) USING (chat_id, number)
"""


async def open_postgres(url: str, connections: int, name: str) -> "PostgresStore":
    """The store of a postgresql:// URL. Raises: StoreAwayError, StoreError."""
    async with _in_time():
        return PostgresStore(await connect_pool(url, connections, name))


class PostgresStore(SharedStore):
    """As the protocol `Store` says."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def add_user(self, name: str, email: str, password_hash: str) -> User:
        """As `Store` says."""
        async with self._connected() as connection:
            try:
                return User(*await connection.fetchrow(ADD_USER, name, email, password_hash))
            except asyncpg.UniqueViolationError as error:
                raise EmailTakenError(email) from error

    async def add_application(self, owner_id: int, name: str, token: str) -> Application:
        """As `Store` says."""
        (row,) = await self._ask(ADD_APPLICATION, owner_id, name, token)
        return Application(*row)

    async def rename_application(self, token: str, name: str) -> Application | None:
        """As `Store` says."""
        rows = await self._ask(RENAME_APPLICATION, token, name)
        return Application(*rows[0]) if rows else None

    async def add_chat(self, application_id: int, name: str) -> Chat | None:
        """As `Store` says."""
        rows = await self._ask(ADD_CHAT, application_id, name)
        return Chat(*rows[0]) if rows else None

    async def connections(self) -> int:
        """As `Store` says."""
        await self._ask("SELECT 1")
        return int(self._pool.get_size())

    async def close(self) -> None:
        """As `Store` says."""
        await self._pool.close()

    async def _insert_messages(self, rows: Sequence[MessageRow]) -> tuple[int, Mapping[int, int]]:
        """All of them, and as many more in their chats; the statement is its own transaction."""
        async with self._connected() as connection:
            try:
                counts = dict(await connection.fetch(INSERT_MESSAGES, *zip(*rows, strict=True)))
            except asyncpg.UniqueViolationError as error:
                raise RowsThereError from error
            except asyncpg.DeadlockDetectedError as error:
                raise TryAgainError from error
        return counts.pop(None), counts

    async def _find_messages(self, rows: Sequence[MessageRow]) -> Iterable[MessageRow]:
        chat_ids, numbers, *_ = zip(*rows, strict=True)
        return [tuple(row) for row in await self._ask(FIND_MESSAGES, chat_ids, numbers)]

    async def _ask(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        async with self._connected() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(_numbered(statement), *arguments)
            return rows

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        async with _in_time(), self._pool.acquire() as connection:
            yield connection


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """What is asked of the server has its time; what the driver raises becomes an error of ours."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            yield
    except UNFIT as error:
        raise UnfitRowError(f"PostgreSQL: {error}") from error
    except AWAY as error:
        raise StoreAwayError(f"PostgreSQL: {str(error) or f'no answer in {TIMEOUT_SECONDS:g} s'}") from error
    except asyncpg.PostgresError as error:
        raise StoreError(f"PostgreSQL: {error}") from error


@cache
def _numbered(statement: str) -> str:
    """The statement as PostgreSQL has it: each `%s` is `$1`, `$2` and so on."""
    parts = statement.split("%s")
    return "".join(f"{part}${number}" for number, part in enumerate(parts[:-1], 1)) + parts[-1]
