"""The store in PostgreSQL. A batch of messages is one statement over arrays of its columns.

It must not know HTTP, nor what is kept elsewhere.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg

from surgeline_systems.application.database import connect_pool
from surgeline_systems.chat.store import (
    Application,
    Chat,
    EmailTakenError,
    Message,
    MessageRow,
    StoreAwayError,
    StoredRow,
    StoreError,
    UnfitRowError,
    User,
    Written,
)
from surgeline_systems.chat.writing_once import RowsThereError, TryAgainError, write_once

TIMEOUT_SECONDS = 10.0
NO_LIMIT = 2**31 - 1  # above every number
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
USER_BY_EMAIL = "SELECT id, name, email, password_hash FROM users WHERE email = $1"
ADD_APPLICATION = """
    INSERT INTO applications (owner_id, name, token) VALUES ($1, $2, $3)
    RETURNING id, token, name, owner_id, chats_count
"""
APPLICATION = "SELECT id, token, name, owner_id, chats_count FROM applications WHERE token = $1"
APPLICATIONS_OF = "SELECT id, token, name, owner_id, chats_count FROM applications WHERE owner_id = $1 ORDER BY id"
RENAME_APPLICATION = """
    UPDATE applications SET name = $2 WHERE token = $1 RETURNING id, token, name, owner_id, chats_count
"""
ADD_CHAT = """
    WITH counted AS (UPDATE applications SET chats_count = chats_count + 1 WHERE id = $1 RETURNING id, chats_count)
    INSERT INTO chats (application_id, number, name) SELECT id, chats_count, $2 FROM counted
    RETURNING id, number, name, messages_count
"""
CHAT = "SELECT id, number, name, messages_count FROM chats WHERE application_id = $1 AND number = $2"
CHATS = """
    SELECT id, number, name, messages_count FROM chats
    WHERE application_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3
"""
MESSAGES = """
    SELECT number, creator_id, body, created_at FROM messages
    WHERE chat_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3
"""
MESSAGE = "SELECT number, creator_id, body, created_at FROM messages WHERE chat_id = $1 AND number = $2"
LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM messages WHERE chat_id = $1"
MESSAGES_AFTER = """
    SELECT position, chat_id, number, creator_id, body, created_at FROM messages
    WHERE position > $1 ORDER BY position LIMIT $2
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


class PostgresStore:
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

    async def user_by_email(self, email: str) -> tuple[User, str] | None:
        """As `Store` says."""
        rows = await self._ask(USER_BY_EMAIL, email)
        return (User(*tuple(rows[0])[:3]), rows[0]["password_hash"]) if rows else None

    async def add_application(self, owner_id: int, name: str, token: str) -> Application:
        """As `Store` says."""
        (row,) = await self._ask(ADD_APPLICATION, owner_id, name, token)
        return Application(*row)

    async def application(self, token: str) -> Application | None:
        """As `Store` says."""
        rows = await self._ask(APPLICATION, token)
        return Application(*rows[0]) if rows else None

    async def applications_of(self, owner_id: int) -> list[Application]:
        """As `Store` says."""
        return [Application(*row) for row in await self._ask(APPLICATIONS_OF, owner_id)]

    async def rename_application(self, token: str, name: str) -> Application | None:
        """As `Store` says."""
        rows = await self._ask(RENAME_APPLICATION, token, name)
        return Application(*rows[0]) if rows else None

    async def add_chat(self, application_id: int, name: str) -> Chat | None:
        """As `Store` says."""
        rows = await self._ask(ADD_CHAT, application_id, name)
        return Chat(*rows[0]) if rows else None

    async def chat(self, application_id: int, number: int) -> Chat | None:
        """As `Store` says."""
        rows = await self._ask(CHAT, application_id, number)
        return Chat(*rows[0]) if rows else None

    async def chats(self, application_id: int, limit: int, before: int | None = None) -> list[Chat]:
        """As `Store` says."""
        return [Chat(*row) for row in await self._ask(CHATS, application_id, _below(before), limit)]

    async def messages(self, chat_id: int, limit: int, before: int | None = None) -> list[Message]:
        """As `Store` says."""
        return [Message(*row) for row in await self._ask(MESSAGES, chat_id, _below(before), limit)]

    async def message(self, chat_id: int, number: int) -> Message | None:
        """As `Store` says."""
        rows = await self._ask(MESSAGE, chat_id, number)
        return Message(*rows[0]) if rows else None

    async def last_number(self, chat_id: int) -> int:
        """As `Store` says."""
        ((number,),) = await self._ask(LAST_NUMBER, chat_id)
        return int(number)

    async def messages_after(self, position: int, limit: int) -> list[StoredRow]:
        """As `Store` says."""
        return [StoredRow(*row) for row in await self._ask(MESSAGES_AFTER, position, limit)]

    async def write(self, rows: Sequence[MessageRow]) -> Written:
        """As `Store` says."""
        return await write_once(rows, self._insert_messages, self._find_messages)

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
            rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
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


def _below(before: int | None) -> int:
    return NO_LIMIT if before is None else before
