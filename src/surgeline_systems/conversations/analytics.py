"""A church in figures, from its own rows alone: counted from indexes, in one statement."""

import asyncpg

from surgeline_systems.conversations.bodies import Summary
from surgeline_systems.conversations.tokens import Caller

SUMMARY = """
    SELECT conversation.count, message.count, message.sent, member.count, member.active
    FROM (SELECT count(*) FROM conversations WHERE church_id = $1) AS conversation
    CROSS JOIN (
        SELECT count(*), count(*) FILTER (WHERE status = 'sent') AS sent FROM messages WHERE church_id = $1
    ) AS message
    CROSS JOIN (
        SELECT count(*), count(*) FILTER (WHERE EXISTS (
            SELECT FROM messages WHERE sender_id = users.id AND created_at > now() - interval '30 days'
        )) AS active
        FROM users WHERE church_id = $1
    ) AS member
"""


async def summarise(pool: asyncpg.Pool, caller: Caller) -> Summary:
    """The figures of the caller's church."""
    return Summary(*await pool.fetchrow(SUMMARY, caller.church_id))
