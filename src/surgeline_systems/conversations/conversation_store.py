"""Conversations and their messages in the database: one statement for each thing that can be asked.

Each names the church of who asks: what is another church's is as if it were not there. It must not know HTTP, nor that
anything is cached.
"""

from uuid import UUID

import asyncpg

from surgeline_systems.conversations.bodies import (
    Accepted,
    Conversation,
    Conversations,
    Listed,
    Message,
    Page,
    Read,
    cursor_after,
    position,
)
from surgeline_systems.conversations.tokens import Caller, CallerGoneError

SHOWN_MESSAGES = 50
SUBJECT_CHARACTERS = 60

BEGIN = """
    WITH begun AS (
        INSERT INTO conversations (
            church_id, subject, created_by, last_message_at, last_message_preview, last_sender_id, message_count
        )
        VALUES ($1, $4, $2, now(), left($3, 100), $2, 1)
        RETURNING id, last_message_at
    )
    INSERT INTO messages (church_id, conversation_id, sender_id, body, created_at)
    SELECT $1, begun.id, $2, $3, begun.last_message_at FROM begun
    RETURNING id, conversation_id
"""
# Replies that come at the same moment queue at the conversation's row; the clock is read when it is their turn, so that
# the last message is the one that the conversation tells.
REPLY = """
    WITH continued AS (
        UPDATE conversations
        SET last_message_at = greatest(clock_timestamp(), last_message_at + interval '1 microsecond'),
            last_message_preview = left($3, 100),
            last_sender_id = $2,
            message_count = message_count + 1
        WHERE id = $4 AND church_id = $1
        RETURNING id, last_message_at
    )
    INSERT INTO messages (church_id, conversation_id, sender_id, body, created_at)
    SELECT $1, continued.id, $2, $3, continued.last_message_at FROM continued
    RETURNING id, conversation_id
"""
# What one has written oneself is read.
LIST = """
    SELECT id, subject, created_at, last_message_at, last_message_preview, message_count,
           last_sender_id <> $2 AND last_message_at > coalesce(read_at, '-infinity') AS unread
    FROM conversations
    LEFT JOIN conversation_reads ON conversation_id = id AND user_id = $2
    WHERE church_id = $1 AND (last_message_at, id) < ($3, $4)
    ORDER BY last_message_at DESC, id DESC
    LIMIT $5
"""
GET = """
    SELECT id, subject, created_by, created_at, last_message_at, message_count,
           ARRAY(
               SELECT (message.id, sender_id, users.name, body, status, message.created_at, sent_at)
               FROM messages AS message
               JOIN users ON users.id = sender_id
               WHERE conversation_id = conversations.id
               ORDER BY message.created_at DESC
               LIMIT $3
           ) AS messages
    FROM conversations
    WHERE church_id = $1 AND id = $2
"""
# Up to the message that is there now, not up to now: one that is just being written is not read. Held until the mark is
# made, as its foreign key wants it: a conversation that is just being deleted is not found.
MARK_READ = """
    INSERT INTO conversation_reads (conversation_id, user_id, read_at)
    SELECT id, $2, last_message_at FROM conversations WHERE church_id = $1 AND id = $3 FOR KEY SHARE
    ON CONFLICT (conversation_id, user_id)
    DO UPDATE SET read_at = greatest(conversation_reads.read_at, excluded.read_at)
    RETURNING conversation_id, read_at
"""


async def begin(pool: asyncpg.Pool, caller: Caller, body: str, subject: str | None) -> Accepted:
    """Begin a conversation with a message. Raises: CallerGoneError."""
    row = await _write(pool, BEGIN, caller, body, subject or body[:SUBJECT_CHARACTERS])
    assert row is not None
    return Accepted(*row)


async def reply(pool: asyncpg.Pool, caller: Caller, conversation_id: UUID, body: str) -> Accepted | None:
    """Add a message; None where there is no such conversation. Raises: CallerGoneError."""
    row = await _write(pool, REPLY, caller, body, conversation_id)
    return row and Accepted(*row)


async def list_page(pool: asyncpg.Pool, caller: Caller, page: Page) -> Conversations:
    """A part of the list of conversations, as the caller sees it. One more is read than shown: is there a next part?"""
    rows = await pool.fetch(LIST, caller.church_id, caller.user_id, *position(page.before), page.limit + 1)
    shown = [Listed(*row) for row in rows[: page.limit]]
    return Conversations(shown, cursor_after(shown[-1]) if len(rows) > page.limit else None)


async def get(pool: asyncpg.Pool, caller: Caller, conversation_id: UUID) -> Conversation | None:
    """A conversation with its last messages."""
    row = await pool.fetchrow(GET, caller.church_id, conversation_id, SHOWN_MESSAGES)
    if row is None:
        return None
    messages = [Message(*message) for message in reversed(row["messages"])]
    return Conversation(**{**row, "messages": messages})


async def mark_read(pool: asyncpg.Pool, caller: Caller, conversation_id: UUID) -> Read | None:
    """The caller has read what is there. Raises: CallerGoneError."""
    row = await _write(pool, MARK_READ, caller, conversation_id)
    return row and Read(*row)


async def _write(pool: asyncpg.Pool, statement: str, caller: Caller, *arguments: object) -> asyncpg.Record | None:
    try:
        return await pool.fetchrow(statement, caller.church_id, caller.user_id, *arguments)
    except asyncpg.ForeignKeyViolationError as error:
        raise CallerGoneError(caller.user_id) from error
