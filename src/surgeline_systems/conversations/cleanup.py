"""Takes away what tests wrote in a church, so that it is as it was seeded. It must not know who may ask for that."""

import asyncpg

from surgeline_systems.conversations.bodies import Deleted
from surgeline_systems.conversations.tokens import Caller

TEST_DOMAIN = "loadtest.example"

# Nobody replies meanwhile: the conversations that stay are counted anew.
HOLD = "SELECT id FROM conversations WHERE church_id = $1 ORDER BY id FOR UPDATE"
READS = "DELETE FROM conversation_reads USING conversations WHERE id = conversation_id AND church_id = $1"
MESSAGES = "DELETE FROM messages WHERE church_id = $1 AND NOT seeded"
CONVERSATIONS = "DELETE FROM conversations WHERE church_id = $1 AND NOT seeded"
COUNT_AGAIN = """
    UPDATE conversations
    SET last_message_at = last.created_at, last_message_preview = left(last.body, 100),
        last_sender_id = last.sender_id, message_count = last.number
    FROM (
        SELECT DISTINCT ON (conversation_id) conversation_id, created_at, body, sender_id,
               row_number() OVER (PARTITION BY conversation_id ORDER BY created_at) AS number
        FROM messages WHERE church_id = $1
        ORDER BY conversation_id, created_at DESC
    ) AS last
    WHERE id = last.conversation_id AND message_count <> last.number
"""
USERS = "DELETE FROM users WHERE church_id = $1 AND NOT seeded AND email LIKE $3 AND id <> $2"


class StillWritingError(Exception):
    """Messages came while they were deleted."""


async def clean_up(pool: asyncpg.Pool, caller: Caller) -> Deleted:
    """Delete what is not seeded in the caller's church, but the caller. Raises: StillWritingError."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            return await _clean_up(connection, caller)
    except asyncpg.ForeignKeyViolationError as error:
        raise StillWritingError(caller.church_id) from error


async def _clean_up(connection: asyncpg.Connection, caller: Caller) -> Deleted:
    church = caller.church_id
    await connection.execute(HOLD, church)
    reads = _count(await connection.execute(READS, church))
    messages = _count(await connection.execute(MESSAGES, church))
    conversations = _count(await connection.execute(CONVERSATIONS, church))
    await connection.execute(COUNT_AGAIN, church)
    users = _count(await connection.execute(USERS, church, caller.user_id, f"%@{TEST_DOMAIN}"))
    return Deleted(messages=messages, conversations=conversations, reads=reads, users=users)


def _count(done: str) -> int:
    """What PostgreSQL says after a statement, such as "DELETE 3"."""
    return int(done.rpartition(" ")[2])
