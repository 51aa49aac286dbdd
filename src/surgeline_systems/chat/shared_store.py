"""What both stores ask for, and how they write: the same statements and steps, whichever database carries them out.

It must not know a driver.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from surgeline_systems.chat.store import Application, Chat, Message, MessageRow, StoredRow, User, Written
from surgeline_systems.chat.writing_once import write_once

NO_LIMIT = 2**31 - 1  # above every number

USER_BY_EMAIL = "SELECT id, name, email, password_hash FROM users WHERE email = %s"
APPLICATION = "SELECT id, token, name, owner_id, chats_count FROM applications WHERE token = %s"
APPLICATIONS_OF = "SELECT id, token, name, owner_id, chats_count FROM applications WHERE owner_id = %s ORDER BY id"
CHAT = "SELECT id, number, name, messages_count FROM chats WHERE application_id = %s AND number = %s"
CHATS = """
    SELECT id, number, name, messages_count FROM chats
    WHERE application_id = %s AND number < %s ORDER BY number DESC LIMIT %s
"""
MESSAGES = """
    SELECT number, creator_id, body, created_at FROM messages
    WHERE chat_id = %s AND number < %s ORDER BY number DESC LIMIT %s
"""
MESSAGE = "SELECT number, creator_id, body, created_at FROM messages WHERE chat_id = %s AND number = %s"
LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM messages WHERE chat_id = %s"
MESSAGES_AFTER = """
    SELECT position, chat_id, number, creator_id, body, created_at FROM messages
    WHERE position > %s ORDER BY position LIMIT %s
"""


class SharedStore(ABC):
    """The part of `Store` that is the same in all databases."""

    @abstractmethod
    async def _ask(self, statement: str, *arguments: object) -> Sequence[Sequence[Any]]:
        """The rows that a statement gives, with a `%s` in it for each argument. Raises: StoreError."""

    @abstractmethod
    async def _insert_messages(self, rows: Sequence[MessageRow]) -> tuple[int, Mapping[int, int]]:
        """As `write_once` wants it."""

    @abstractmethod
    async def _find_messages(self, rows: Sequence[MessageRow]) -> Iterable[MessageRow]:
        """As `write_once` wants it."""

    async def user_by_email(self, email: str) -> tuple[User, str] | None:
        """As `Store` says."""
        rows = await self._ask(USER_BY_EMAIL, email)
        return (User(*tuple(rows[0])[:3]), rows[0][3]) if rows else None

    async def application(self, token: str) -> Application | None:
        """As `Store` says."""
        rows = await self._ask(APPLICATION, token)
        return Application(*rows[0]) if rows else None

    async def applications_of(self, owner_id: int) -> list[Application]:
        """As `Store` says."""
        return [Application(*row) for row in await self._ask(APPLICATIONS_OF, owner_id)]

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


def _below(before: int | None) -> int:
    return NO_LIMIT if before is None else before
