"""What is asked and what is answered, as JSON has it. It must not know where any of it is kept."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

# PostgreSQL has no text with NUL in it.
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$")]
# A `$` alone would let a line break pass.
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+(?!\s)$")]
Password = Annotated[str, Meta(min_length=8, max_length=200)]
Status = Literal["queued", "sent"]
Limit = Annotated[int, Meta(ge=1, le=100)]
# Where a page ended: the microseconds since 1970 of its last conversation, and which that was.
Cursor = Annotated[str, Meta(max_length=60, pattern=r"^[0-9]{1,17}_[0-9a-f]{32}(?!\s)$")]


class Registration(Struct, rename="camel"):
    """A new user: of a church that is there, else of a new one."""

    email: Email
    password: Password
    name: Name
    church_id: Name | None = None


class Login(Struct, rename="camel"):
    """Who somebody claims to be."""

    email: Email
    password: Annotated[str, Meta(max_length=200)]


class User(Struct, rename="camel"):
    """A user as others may see it."""

    id: UUID
    email: str
    name: str
    role: str
    church_id: str
    created_at: datetime


class Session(Struct, rename="camel"):
    """The token to be shown with each further request, and whose it is."""

    token: str
    user: User


class NewMessage(Struct, rename="camel"):
    """A message that begins a conversation, or goes to one that is there."""

    body: Text
    subject: Name | None = None
    conversation_id: UUID | None = None


class Reply(Struct, rename="camel"):
    """A message to the conversation of the path."""

    body: Text


class Accepted(Struct, rename="camel"):
    """A message that will be sent."""

    message_id: UUID
    conversation_id: UUID
    status: Status = "queued"


class Page(Struct, rename="camel"):
    """Which part of the list: `before` is the `next` of the part before it."""

    limit: Limit = 20
    before: Cursor | UnsetType = UNSET


class InPath(Struct, rename="camel"):
    """The conversation that is meant."""

    id: UUID


class Listed(Struct, rename="camel"):
    """A conversation in a list, as one user sees it."""

    id: UUID
    subject: str
    created_at: datetime
    last_message_at: datetime
    last_message_preview: str
    message_count: int
    unread: bool


class Conversations(Struct, rename="camel"):
    """A part of the list, newest first, and where the next part begins; null where this is the last."""

    conversations: list[Listed]
    next: str | None


class Message(Struct, rename="camel"):
    """A message of a conversation."""

    id: UUID
    sender_id: UUID
    sender_name: str
    body: str
    status: Status
    created_at: datetime
    sent_at: datetime | None


class Conversation(Struct, rename="camel"):
    """A conversation with its last messages, oldest first."""

    id: UUID
    subject: str
    created_by: UUID
    created_at: datetime
    last_message_at: datetime
    message_count: int
    messages: list[Message]


class Read(Struct, rename="camel"):
    """Up to when the caller has now read a conversation."""

    conversation_id: UUID
    read_at: datetime


class Summary(Struct, rename="camel"):
    """A church in figures; active are members who wrote in the last 30 days."""

    conversations: int
    messages: int
    sent: int
    members: int
    active_members: int


class Deleted(Struct, rename="camel"):
    """How many of each are gone."""

    messages: int
    conversations: int
    reads: int
    users: int


class CleanedUp(Struct, rename="camel"):
    """What the clean-up did."""

    deleted: Deleted


class Health(Struct, rename="camel"):
    """How the service is: `degraded` without Redis, `unavailable` without the database, whose figures are then null."""

    status: Literal["healthy", "degraded", "unavailable"]
    database: Literal["up", "down"]
    redis: Literal["up", "down"]
    memory_bytes: int
    database_connections: int | None
    cache_hits: int
    cache_misses: int
    queued: int | None
    workers: int


def cursor_after(listed: Listed) -> str:
    """Where the part ended."""
    microseconds = round(listed.last_message_at.timestamp() * 1_000_000)
    return f"{microseconds}_{listed.id.hex}"


def position(cursor: str | UnsetType) -> tuple[datetime, UUID]:
    """What a cursor says; without one, a place before all."""
    if isinstance(cursor, UnsetType):
        return datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1)
    microseconds, _, conversation = cursor.partition("_")
    return datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC), UUID(conversation)
