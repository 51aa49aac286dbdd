"""What is asked and what is answered, as JSON has it. It must not know where any of it is kept."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

MOST_LISTED = 100
# PostgreSQL has no text with NUL in it.
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$")]
# A `$` alone would let a line break pass.
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+(?!\s)$")]
Password = Annotated[str, Meta(min_length=8, max_length=200)]
Words = Annotated[str, Meta(max_length=200)]
Limit = Annotated[int, Meta(ge=1, le=MOST_LISTED)]
Token = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class NewUser(Struct):
    """Somebody who wants to take part."""

    name: Name
    email: Email
    password: Password


class SignIn(Struct):
    """Who somebody claims to be."""

    email: Email
    password: Annotated[str, Meta(max_length=200)]


class Named(Struct):
    """What an application is to be called."""

    name: Name


class NewChat(Struct):
    """What a chat is to be called; without a name it is called by its number alone."""

    name: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] = ""


class NewMessage(Struct):
    """What is to be said."""

    body: Text


class ToldApplication(Struct):
    """An application, with the token by which others may use it."""

    token: str
    name: str
    chats_count: int


class ToldChat(Struct):
    """A chat; `messages_count` are those in the database."""

    number: int
    name: str
    messages_count: int


class Accepted(Struct):
    """The number that the message has from now on."""

    number: int


class InApplication(Struct):
    """The application that is meant."""

    token: Token


class InChat(Struct):
    """The chat that is meant."""

    token: Token
    number: Number


class ChatsPage(Struct):
    """Which part of the chats: `before` is the number of the last one of the part before."""

    token: Token
    limit: Limit = 50
    before: Number | None = None


class MessagesPage(Struct):
    """Which part of the messages: `before` is the number of the last one of the part before."""

    token: Token
    number: Number
    limit: Limit = 20
    before: Number | None = None


class InMessages(Struct):
    """The message that is meant."""

    token: Token
    number: Number
    message: Number


class Search(Struct):
    """The words that a message has to hold, all of them."""

    token: Token
    number: Number
    q: Words
    limit: Limit = 20


class Health(Struct):
    """How the service is: degraded where nobody writes. `backlog` are messages that were accepted and are not yet in
    the database.
    """

    status: Literal["healthy", "degraded", "unavailable"]
    backlog: int | None
    writers: int | None
    database_connections: int | None
    memory_bytes: int
    queue: Literal["RabbitMQ", "in process"]
    database: Literal["MariaDB", "PostgreSQL"]
