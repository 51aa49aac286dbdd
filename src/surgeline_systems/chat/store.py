"""What service and writer ask of the database, whichever it is, and the two ways in which it may fail.

It must not know a driver, a statement, HTTP, nor what is kept elsewhere. Times are milliseconds since 1970.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec

from surgeline import SurgelineError

# Chat, number in it, who wrote it, what it says, when it was accepted. A plain tuple: there are thousands a second.
MessageRow = tuple[int, int, int, str, int]


class StoreError(Exception):
    """The database refuses what it is asked; asking again does not help."""


class StoreAwayError(StoreError):
    """The database is away, or busy beyond measure; asking again later helps."""


class UnfitRowError(StoreError):
    """A row says what no table takes, such as a text that is too long; the others may be fine."""


class EmailTakenError(Exception):
    """Another user has this address."""


class User(msgspec.Struct, frozen=True):
    """Somebody who can sign in."""

    id: int
    name: str
    email: str


class Application(msgspec.Struct, frozen=True):
    """What chats belong to; whoever knows the token may use it."""

    id: int
    token: str
    name: str
    owner_id: int
    chats_count: int


class Chat(msgspec.Struct, frozen=True):
    """A chat, numbered from 1 in its application; `messages_count` are in the database."""

    id: int
    number: int
    name: str
    messages_count: int


class Message(msgspec.Struct, frozen=True):
    """A message, numbered from 1 in its chat."""

    number: int
    creator_id: int
    body: str
    created_at: int


class StoredRow(NamedTuple):
    """A message with its place in the order of writing."""

    position: int
    chat_id: int
    number: int
    creator_id: int
    body: str
    created_at_ms: int


class Written(NamedTuple):
    """What became of rows: `new` are in the database now, `there` were there already, word for word.

    `conflicting` ones are not in the database, for another row has their number. All of `new` have positions from
    `first_position` on, and whatever the same store wrote before has smaller ones; it is 0 when nothing is new.
    `counts` are the messages of each chat that has new ones, as they were when these were committed.
    """

    new: Sequence[MessageRow]
    there: Sequence[MessageRow]
    conflicting: Sequence[MessageRow]
    first_position: int
    counts: Mapping[int, int]


class Store(Protocol):
    """The tables. Every method raises StoreError, or StoreAwayError where trying again later helps."""

    async def add_user(self, name: str, email: str, password_hash: str) -> User:
        """Raises also: EmailTakenError."""

    async def user_by_email(self, email: str) -> tuple[User, str] | None:
        """The user of an address, and the hash of the password."""

    async def add_application(self, owner_id: int, name: str, token: str) -> Application:
        """A new application without chats."""

    async def application(self, token: str) -> Application | None:
        """The application of a token."""

    async def applications_of(self, owner_id: int) -> list[Application]:
        """All applications of an owner, oldest first."""

    async def rename_application(self, token: str, name: str) -> Application | None:
        """The application with its new name; None where there is none."""

    async def add_chat(self, application_id: int, name: str) -> Chat | None:
        """The next chat of an application, numbered without a gap; None where there is no such application."""

    async def chat(self, application_id: int, number: int) -> Chat | None:
        """A chat of an application."""

    async def chats(self, application_id: int, limit: int, before: int | None = None) -> list[Chat]:
        """Chats of an application, newest first; with `before`, only those with smaller numbers."""

    async def messages(self, chat_id: int, limit: int, before: int | None = None) -> list[Message]:
        """Messages of a chat, newest first; with `before`, only those with smaller numbers."""

    async def message(self, chat_id: int, number: int) -> Message | None:
        """One message of a chat."""

    async def last_number(self, chat_id: int) -> int:
        """The greatest number of a chat's messages; 0 where there are none."""

    async def messages_after(self, position: int, limit: int) -> list[StoredRow]:
        """Messages of all chats, in the order of writing.

        Those of a writer become visible in this order; those of several may overtake one another by a transaction.
        """

    async def write(self, rows: Sequence[MessageRow]) -> Written:
        """Write, in one transaction, those that are not there yet; count exactly these in their chats."""

    async def connections(self) -> int:
        """How many connections are open."""

    async def close(self) -> None:
        """Close them."""


async def open_store(url: str, connections: int, name: str) -> Store:
    """The store of a mysql:// or postgresql:// URL, with at most so many connections that the server knows by `name`.

    Raises: StoreAwayError, StoreError; SurgelineError for another scheme.
    """
    scheme = urlsplit(url).scheme
    if scheme in {"mysql", "mariadb"}:
        from surgeline_systems.chat.mariadb_store import open_mariadb  # noqa: PLC0415 - one driver is enough

        return await open_mariadb(url, connections, name)
    if scheme in {"postgresql", "postgres"}:
        from surgeline_systems.chat.postgres_store import open_postgres  # noqa: PLC0415

        return await open_postgres(url, connections, name)
    raise SurgelineError(f"DATABASE_URL: expected mysql://... or postgresql://..., found {scheme or 'no scheme'}://")
