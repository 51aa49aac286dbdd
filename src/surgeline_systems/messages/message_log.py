"""The table of messages as clients see it: what they send is taken in once, and what became of it is told.

It must not know HTTP, nor who delivers the messages.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg

ACCEPT = """
    INSERT INTO message_logs (user_id, message_type, idempotency_key, body) VALUES ($1, $2, $3, $4)
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING id
"""
TWIN = """
    SELECT id, status, user_id = $1 AND message_type = $2 AND body IS NOT DISTINCT FROM $4 AS same
    FROM message_logs WHERE idempotency_key = $3
"""
FIND = """
    SELECT id, user_id, message_type, idempotency_key, status, attempts, created_at,
           CASE WHEN status = 'sent' THEN finished_at END AS sent_at
    FROM message_logs WHERE id = $1
"""
COUNTS = """
    SELECT status, count(*) FROM message_logs WHERE finished_at IS NULL GROUP BY status
    UNION ALL
    SELECT status, messages FROM message_counts
"""

Status = Literal["pending", "processing", "sent", "failed"]


class KeyReusedError(Exception):
    """An idempotency key came again with another message."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message that has the key: a new one, or that of an earlier request."""

    id: UUID
    status: Status
    duplicate: bool


class MessageLog:
    """Messages as they are accepted and looked for."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def accept(self, user_id: UUID, message_type: str, idempotency_key: str, body: str | None) -> Accepted:
        """Take the message in, unless it is there. Raises: KeyReusedError, asyncpg.ForeignKeyViolationError."""
        message = (user_id, message_type, idempotency_key, body)
        new_id = await self._pool.fetchval(ACCEPT, *message)
        if new_id is not None:
            return Accepted(new_id, "pending", duplicate=False)
        # A statement of its own: that of a twin at the same moment sees no more than what was there before both.
        twin = await self._pool.fetchrow(TWIN, *message)
        if twin is None:  # deleted meanwhile, so the key is free
            return await self.accept(*message)
        if not twin["same"]:
            raise KeyReusedError(idempotency_key)
        return Accepted(twin["id"], twin["status"], duplicate=True)

    async def find(self, message_id: UUID) -> asyncpg.Record | None:
        """The row of a message."""
        return await self._pool.fetchrow(FIND, message_id)

    async def counts(self) -> dict[str, int]:
        """How many messages there are, by status."""
        return dict(await self._pool.fetch(COUNTS))
