"""What the chat system's database holds: users, their applications, and chats in which something was said already.

    surgeline seed apply seeds.py --database URL [-e USERS=1000] [-e APPLICATIONS=100] [-e CHATS=10] [-e MESSAGES=100]

CHATS are those of each application, and MESSAGES those of each chat. All users have the same password.
"""

from surgeline import env
from surgeline.seeding import Row, computed, constant, foreign_key, name, pattern, sequence, table
from surgeline_systems.application.passwords import hash_password

USERS = env("USERS", 1_000)
APPLICATIONS = env("APPLICATIONS", 100)
CHATS = env("CHATS", 10)
MESSAGES = env("MESSAGES", 100)
PASSWORD = "everybody's password"  # noqa: S105 - of users that are made up
FIRST_MS = 1_704_618_000_000  # 7 January 2024, 9:00 UTC
BETWEEN_MESSAGES_MS = 60_000
TEXTS = (
    "Has anybody looked at the order from yesterday evening?",
    "I have, it went out this morning.",
    "Thank you! The customer asks for the number of the parcel.",
    "It is in the system now, under deliveries.",
    "The scanner in hall two does not find the printer again.",
    "Switch it off for a minute, that helped last time.",
    "Who is there on Saturday?",
)  # a number that ten does not divide: pages of messages begin with different ones

users = table(
    "users",
    rows=USERS,
    key="id",
    columns={
        "id": sequence(),
        "name": name(),
        "email": pattern("user.{}@chats.example", first=1),
        "password_hash": constant(hash_password(PASSWORD, b"the same for all")),
    },
)

applications = table(
    "applications",
    rows=APPLICATIONS,
    key="id",
    columns={
        "id": sequence(),
        "token": pattern("{:032x}", first=1),
        "name": pattern("Application number {}", first=1),
        "owner_id": foreign_key(users),
        "chats_count": constant(CHATS),
    },
)

chats = table(
    "chats",
    key="id",
    columns={
        "id": sequence(),
        "application_id": foreign_key(applications, per_parent=CHATS),
        "number": sequence(every=CHATS),
        "name": pattern("Chat number {}", first=1),
        "messages_count": constant(MESSAGES),
    },
)


def text_of(row: Row) -> str:
    """What it says."""
    return TEXTS[row.number % len(TEXTS)]


def accepted_at(row: Row) -> int:
    """In all chats the first comes at the same time, and the others one after the other."""
    return FIRST_MS + row.number % MESSAGES * BETWEEN_MESSAGES_MS


messages = table(
    "messages",
    key=("chat_id", "number"),
    columns={
        "chat_id": foreign_key(chats, per_parent=MESSAGES),
        "number": sequence(every=MESSAGES),
        "position": sequence(),
        "creator_id": foreign_key(users),
        "body": computed(text_of),
        "created_at": computed(accepted_at),
    },
)
