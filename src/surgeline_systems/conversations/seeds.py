"""What the conversations system's database holds: churches, their members, and what these have written so far.

    surgeline seed apply seeds.py --database URL [-e CHURCHES=1000] [-e USERS=50000]

Every church has as many members, one after another; the first of them is its admin. All have the same password.
"""

from datetime import UTC, datetime, timedelta

from surgeline import SurgelineError, env
from surgeline.seeding import Row, computed, constant, foreign_key, name, pattern, table, timestamp, uuid, written
from surgeline_systems.application.passwords import hash_password

CHURCHES = env("CHURCHES", 1_000)
USERS = env("USERS", 50_000)
PASSWORD = "everybody's password"  # noqa: S105 - of users that are made up
CONVERSATIONS_PER_CHURCH = 3
MESSAGES_PER_CONVERSATION = 10
FIRST = datetime(2024, 1, 7, 9, tzinfo=UTC)
BETWEEN_MESSAGES = timedelta(minutes=5)
TEXTS = (
    "The service begins at ten on Sunday; please come a little earlier.",
    "Who can bring a cake for the parish fair?",
    "The choir meets on Thursday at seven, in the small hall.",
    "Thank you all for your help last week.",
    "We still need two drivers for the outing.",
    "The heating is being repaired; bring a warm coat.",
    "Please tell me by Friday whether you are coming.",
    "I can be there at nine to open the doors.",
    "The collection came to more than last year.",
    "See you on Sunday!",
    "Could somebody lend us a projector?",
)  # a number that ten does not divide: conversations begin with different ones

if CHURCHES < 1 or USERS < CHURCHES or USERS % CHURCHES:
    raise SurgelineError(f"USERS: expected a multiple of CHURCHES ({CHURCHES:,}), found {USERS:,}")

MEMBERS = USERS // CHURCHES

churches = table(
    "churches",
    rows=CHURCHES,
    key="id",
    columns={
        "id": pattern("church-{:05d}", first=1),
        "name": pattern("Church number {}", first=1),
        "created_at": timestamp("2020-01-01T00:00:00Z", "2022-12-31T23:59:59Z"),
    },
)

users = table(
    "users",
    key="id",
    columns={
        "id": uuid("00000000-0000-4000-8000-{:012d}", first=1),
        "church_id": foreign_key(churches, per_parent=MEMBERS),
        "email": pattern("user.{}@churches.example", first=1),
        "name": name(),
        "password_hash": constant(hash_password(PASSWORD, b"the same for all")),
        "role": computed(lambda row: "member" if row.number % MEMBERS else "admin"),
        "seeded": constant(True),
        "created_at": timestamp("2023-01-01T00:00:00Z", "2023-12-31T23:59:59Z"),
    },
)
church_ids, user_ids = churches.column("id"), users.column("id")


def begun_at(conversation: int) -> datetime:
    """One begins each hour, and after a year again in the same hours: all lie in the past."""
    return FIRST + timedelta(hours=conversation % 8_760)


def written_at(message: int) -> datetime:
    """The first message begins its conversation."""
    conversation, number = divmod(message, MESSAGES_PER_CONVERSATION)
    return begun_at(conversation) + number * BETWEEN_MESSAGES


def sender(message: int) -> str:
    """The members of the church write in turn."""
    church, number = divmod(message, MESSAGES_PER_CONVERSATION * CONVERSATIONS_PER_CHURCH)
    return str(user_ids.value(church * MEMBERS + number % MEMBERS))


def text_of(message: int) -> str:
    """What it says."""
    return TEXTS[message % len(TEXTS)]


def last_of(conversation: int) -> int:
    """The number of its last message."""
    return (conversation + 1) * MESSAGES_PER_CONVERSATION - 1


conversations = table(
    "conversations",
    key="id",
    columns={
        "id": uuid("c0000000-0000-4000-8000-{:012d}", first=1),
        "church_id": foreign_key(churches, per_parent=CONVERSATIONS_PER_CHURCH),
        "subject": pattern("Conversation number {}", first=1),
        "created_by": computed(lambda row: sender(row.number * MESSAGES_PER_CONVERSATION)),
        "created_at": computed(lambda row: begun_at(row.number)),
        "last_message_at": computed(lambda row: written_at(last_of(row.number))),
        "last_message_preview": computed(lambda row: text_of(last_of(row.number))),
        "last_sender_id": computed(lambda row: sender(last_of(row.number))),
        "message_count": constant(MESSAGES_PER_CONVERSATION),
        "seeded": constant(True),
    },
)


def sent_at(row: Row) -> datetime:
    """Two seconds after it was written."""
    return written_at(row.number) + timedelta(seconds=2)


messages = table(
    "messages",
    key="id",
    columns={
        "id": uuid(),
        "church_id": computed(
            lambda row: church_ids.value(row.number // (MESSAGES_PER_CONVERSATION * CONVERSATIONS_PER_CHURCH))
        ),
        "conversation_id": foreign_key(conversations, per_parent=MESSAGES_PER_CONVERSATION),
        "sender_id": computed(lambda row: sender(row.number)),
        "body": computed(lambda row: text_of(row.number)),
        "status": constant("sent"),
        "created_at": computed(lambda row: written_at(row.number)),
        "sent_at": computed(sent_at),
        "seeded": constant(True),
    },
)

written("conversation_reads")
