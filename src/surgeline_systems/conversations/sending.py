"""Sends the messages that were accepted: the rows that are `queued` are the queue.

A message is queued by the statement that accepts it, so what was accepted is sent, by the next service if need be. It
may be sent twice when a service dies between sending and saying so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from surgeline_systems.application.work_queue import WorkQueue
from surgeline_systems.conversations.cache import Cache

BATCH = 20
# Whoever claimed a message longer ago than this, and than all that a worker claims at a time takes twice, has died.
LEASE_SECONDS = 5.0

CLAIM = """
    UPDATE messages SET claimed_at = now()
    WHERE id = ANY (ARRAY(
        SELECT id FROM messages
        WHERE status = 'queued' AND (claimed_at IS NULL OR claimed_at < now() - $2::interval)
        ORDER BY created_at
        LIMIT $1
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING id, church_id
"""
FINISH = "UPDATE messages SET status = 'sent', sent_at = now() WHERE id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Queued:
    """A message to be sent."""

    id: UUID
    church_id: str


def send_queue(pool: asyncpg.Pool, cache: Cache, workers: int, delivery_seconds: float) -> WorkQueue[Queued]:
    """The queue, being worked off. A delivery takes `delivery_seconds`: it stands for a provider's answer."""

    lease = timedelta(seconds=LEASE_SECONDS + 2 * BATCH * delivery_seconds)

    async def claim(most: int) -> list[Queued]:
        return [Queued(*row) for row in await pool.fetch(CLAIM, most, lease)]

    async def deliver(_message: Queued) -> None:
        await asyncio.sleep(delivery_seconds)

    async def finish(sent: Sequence[Queued]) -> None:
        await pool.execute(FINISH, [message.id for message in sent])
        await cache.forget(message.church_id for message in sent)

    return WorkQueue(claim=claim, work=deliver, finish=finish, workers=workers, batch=BATCH)
