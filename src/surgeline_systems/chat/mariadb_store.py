"""The store in MariaDB (or MySQL), over connections that keep their prepared statements.

A batch of messages goes there by MariaDB's bulk protocol: one statement, and all rows in one packet, in binary. It must
not know HTTP, nor what is kept elsewhere.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from asyncmy import errors
from asyncmy.connection import Connection
from asyncmy.constants import ER
from asyncmy.pool import Pool

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

PORT = 3306
CONNECT_SECONDS = 3
# Longer than any statement here takes; a server that is stopped in the middle of one does not even refuse.
TIMEOUT_SECONDS = 10.0
STATEMENTS = 32
# Where a server is going, full, or killed the connection. Errors below and from 2000 on are the driver's own: the
# connection is lost, or never was.
AWAY = {ER.CON_COUNT_ERROR, ER.SERVER_SHUTDOWN, ER.QUERY_INTERRUPTED, ER.LOCK_WAIT_TIMEOUT, 1927}
DRIVERS_OWN = range(2000, 3000)

ADD_USER = "INSERT INTO users (name, email, password_hash) VALUES (%s, %s, %s)"
ADD_APPLICATION = "INSERT INTO applications (token, name, owner_id) VALUES (%s, %s, %s)"
RENAME_APPLICATION = "UPDATE applications SET name = %s WHERE token = %s"
NEXT_CHAT = "UPDATE applications SET chats_count = LAST_INSERT_ID(chats_count + 1) WHERE id = %s"
ADD_CHAT = "INSERT INTO chats (application_id, number, name) VALUES (%s, %s, %s)"
INSERT_MESSAGES = "INSERT INTO messages (chat_id, number, creator_id, body, created_at) VALUES (%s, %s, %s, %s, %s)"
FIND_MESSAGES = "SELECT chat_id, number, creator_id, body, created_at FROM messages WHERE (chat_id, number) IN ({keys})"
COUNT_MESSAGES = "UPDATE chats SET messages_count = messages_count + %s WHERE id = %s"
COUNTS = "SELECT id, messages_count FROM chats WHERE id IN ({ids})"


async def open_mariadb(url: str, connections: int, name: str) -> "MariaDBStore":
    """The store of a mysql:// URL. Raises: StoreAwayError, StoreError."""
    parts = urlsplit(url)
    pool = Pool(
        0,
        connections,
        host=parts.hostname,
        port=parts.port or PORT,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        unix_socket=parse_qs(parts.query).get("unix_socket", [None])[0],
        database=unquote(parts.path.lstrip("/")),
        charset="utf8mb4",
        sql_mode="STRICT_ALL_TABLES",  # else a text that is too long would be cut, and nobody told
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        stmt_cache_size=STATEMENTS,
        program_name=name,
    )
    store = MariaDBStore(pool)
    await store.connections()
    return store


class MariaDBStore(SharedStore):
    """As the protocol `Store` says."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add_user(self, name: str, email: str, password_hash: str) -> User:
        """As `Store` says."""
        async with self._connected() as connection:
            try:
                return User(await _insert(connection, ADD_USER, name, email, password_hash), name, email)
            except errors.IntegrityError as error:
                raise EmailTakenError(email) from error

    async def add_application(self, owner_id: int, name: str, token: str) -> Application:
        """As `Store` says."""
        async with self._connected() as connection:
            made = await _insert(connection, ADD_APPLICATION, token, name, owner_id)
        return Application(made, token, name, owner_id, 0)

    async def rename_application(self, token: str, name: str) -> Application | None:
        """As `Store` says."""
        await self._ask(RENAME_APPLICATION, name, token)
        return await self.application(token)

    async def add_chat(self, application_id: int, name: str) -> Chat | None:
        """As `Store` says."""
        async with self._transaction() as connection:
            number = await _insert(connection, NEXT_CHAT, application_id)
            if not number:
                return None
            return Chat(await _insert(connection, ADD_CHAT, application_id, number, name), number, name, 0)

    async def connections(self) -> int:
        """As `Store` says."""
        await self._ask("SELECT 1")
        return int(self._pool.size)

    async def close(self) -> None:
        """As `Store` says."""
        self._pool.close()
        await self._pool.wait_closed()

    async def _insert_messages(self, rows: Sequence[MessageRow]) -> tuple[int, Mapping[int, int]]:
        """All of them, and as many more in their chats. Chats in order: two writers never wait in a circle for them."""
        added = sorted(Counter([row[0] for row in rows]).items())
        async with self._transaction() as connection, connection.cursor() as cursor:
            try:
                await cursor.executemany(INSERT_MESSAGES, rows)
                first = cursor.lastrowid
                await cursor.executemany(COUNT_MESSAGES, [(count, chat_id) for chat_id, count in added])
            except errors.IntegrityError as error:
                raise RowsThereError from error
            except errors.OperationalError as error:
                if error.args[0] == ER.LOCK_DEADLOCK:
                    raise TryAgainError from error
                raise
            await cursor.execute(COUNTS.format(ids=",".join([str(chat_id) for chat_id, _ in added])))
            return int(first), dict(await cursor.fetchall())

    async def _find_messages(self, rows: Sequence[MessageRow]) -> Iterable[MessageRow]:
        keys = ",".join([f"({chat_id:d},{number:d})" for chat_id, number, *_ in rows])
        return await self._ask(FIND_MESSAGES.format(keys=keys))

    async def _ask(self, statement: str, *arguments: object) -> Sequence[Any]:
        async with self._connected() as connection, connection.cursor() as cursor:
            await cursor.execute(statement, arguments or None)
            return await cursor.fetchall() or ()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """All or nothing. A connection that is lost or in doubt is not used again: the pool sees what is open on it."""
        async with self._connected() as connection:
            await connection.begin()
            try:
                yield connection
            except BaseException:
                if connection.connected:
                    await connection.rollback()
                raise
            await connection.commit()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        """A connection; what the driver raises becomes one of ours, but for what a block handles itself."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._pool.acquire() as connection:
                yield connection
        except (OSError, TimeoutError) as error:
            raise StoreAwayError(f"MariaDB: {error or f'no answer in {TIMEOUT_SECONDS:g} s'}") from error
        except errors.MySQLError as error:
            raise _kind(error)(f"MariaDB: {error.args[-1] if error.args else repr(error)}") from error


async def _insert(connection: Connection, statement: str, *arguments: object) -> int:
    """The id that was given; 0 where nothing was done."""
    async with connection.cursor() as cursor:
        await cursor.execute(statement, arguments)
        return int(cursor.lastrowid or 0)


def _kind(error: errors.MySQLError) -> type[StoreError]:
    code = error.args[0] if error.args else 0
    if isinstance(error, errors.InterfaceError) or code in AWAY or code in DRIVERS_OWN:
        return StoreAwayError
    return UnfitRowError if isinstance(error, errors.DataError) else StoreError
