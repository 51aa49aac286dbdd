"""The table of messages as the workers see it: a queue, from which they claim messages and in which they finish them.

It must not know who sent the messages, nor how they are delivered.
"""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg

from surgeline_systems.messages.delivery import Message, is_given_up

# A claim that is older belongs to a process that died, or to work that failed. Longer than all that a worker has
# claimed at a time takes, so that nothing is delivered twice.
LEASE = timedelta(seconds=60)

CLAIM = """
    UPDATE message_logs SET status = 'processing', attempts = attempts + 1, claimed_at = now()
    WHERE id = ANY (ARRAY(
        SELECT id FROM message_logs
        WHERE finished_at IS NULL AND (claimed_at IS NULL OR claimed_at < now() - $2::interval)
        ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
    ))
    RETURNING id, user_id, message_type, body, attempts
"""
# Its confirmation can be lost with the connection: what is written a second time counts once. Said by the status, for
# which there is no index: the rows are few, and to be found by their ids, not in the whole queue.
FINISH = """
    WITH finished AS (
        UPDATE message_logs AS log SET status = done.status, finished_at = now()
        FROM unnest($1::uuid[], $2::text[]) AS done (id, status)
        WHERE log.id = done.id AND log.status = 'processing'
        RETURNING log.status
    )
    INSERT INTO message_counts AS counted (status, messages)
    SELECT status, count(*) FROM finished GROUP BY status ORDER BY status
    ON CONFLICT (status) DO UPDATE SET messages = counted.messages + excluded.messages
"""


class Claims:
    """Messages on their way. The pool is best its own: whoever delivers must not stand in line with the clients."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim(self, most: int) -> Sequence[asyncpg.Record]:
        """Take messages that wait, the oldest first."""
        claimed: Sequence[asyncpg.Record] = await self._pool.fetch(CLAIM, most, LEASE)
        return claimed

    async def finish(self, messages: Sequence[Message]) -> None:
        """Write down that these are sent, or given up."""
        ids = [message["id"] for message in messages]
        statuses = ["failed" if is_given_up(message) else "sent" for message in messages]
        await self._pool.execute(FINISH, ids, statuses)
