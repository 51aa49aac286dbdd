"""What the conversations system declares: churches that hold together, and the same rows wherever it is read."""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from conversations_support import CHURCHES, MEMBERS, SMALL, email_of, seeded_conversation

from conftest import query
from surgeline import SurgelineError
from surgeline.seeding import Table
from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify
from surgeline_systems.application.passwords import is_password
from surgeline_systems.conversations import seeds
from surgeline_systems.conversations.system import SYSTEM as CONVERSATIONS_SYSTEM

SYSTEM, SIZES = "conversations", SMALL
GOLDEN_SHA256 = "5aa283a79d5bfaa13a4c36eb23568d51f0348592c91f87771b37494b265b568e"


def declared(**sizes: object) -> dict[str, Table]:
    tables = load_declarations(CONVERSATIONS_SYSTEM.seeds, {name: str(size) for name, size in sizes.items()}).tables
    return {table.name: table for table in tables}


def rows_of(table: Table) -> list[dict[str, Any]]:
    columns = [table.column(name).values(range(len(table))) for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


@pytest.fixture(scope="module")
def small() -> dict[str, list[dict[str, Any]]]:
    return {name: rows_of(table) for name, table in declared(**SIZES).items()}


def test_the_rows_stay_the_same_from_release_to_release(small: dict[str, list[dict[str, Any]]]):
    assert hashlib.sha256(repr(list(small.values())).encode()).hexdigest() == GOLDEN_SHA256


def test_scripts_that_import_the_declaration_know_the_rows_that_were_seeded_by_its_file():
    imported = [seeds.churches, seeds.users, seeds.conversations, seeds.messages]
    assert {table.name: table.version for table in imported} == {name: one.version for name, one in declared().items()}


def test_a_thousand_churches_and_fifty_thousand_users():
    tables = declared()
    sizes = {"churches": 1_000, "users": 50_000, "conversations": 3_000, "messages": 30_000}
    assert {name: len(table) for name, table in tables.items()} == sizes
    assert tables["churches"].column("id").value(999) == "church-01000"
    assert tables["users"].column("email").value(49_999) == "user.50000@churches.example"


def test_every_church_has_as_many_members_and_one_admin(small: dict[str, list[dict[str, Any]]]):
    roles = Counter((user["church_id"], user["role"]) for user in small["users"])
    churches = [church["id"] for church in small["churches"]]
    expected = {"member": MEMBERS - 1, "admin": 1}
    assert roles == {(church, role): count for church in churches for role, count in expected.items()}
    assert [user["email"] for user in small["users"] if user["role"] == "admin"] == [
        email_of(number + 1) for number in range(CHURCHES)
    ]


def test_everybody_has_the_password(small: dict[str, list[dict[str, Any]]]):
    (password_hash,) = {user["password_hash"] for user in small["users"]}
    assert is_password(seeds.PASSWORD, password_hash)
    assert not is_password("another", password_hash)


def test_conversations_stay_in_their_church(small: dict[str, list[dict[str, Any]]]):
    church_of = {user["id"]: user["church_id"] for user in small["users"]}
    conversations = {one["id"]: one for one in small["conversations"]}
    assert [one["id"] for one in small["conversations"] if one["church_id"] == "church-00002"] == [
        seeded_conversation(2, number) for number in (1, 2, 3)
    ]
    assert all(church_of[one["created_by"]] == one["church_id"] for one in conversations.values())
    for message in small["messages"]:
        of = conversations[message["conversation_id"]]["church_id"]
        assert message["church_id"] == church_of[message["sender_id"]] == of


def test_a_conversation_tells_its_messages(small: dict[str, list[dict[str, Any]]]):
    for one in small["conversations"]:
        messages = [message for message in small["messages"] if message["conversation_id"] == one["id"]]
        assert len(messages) == one["message_count"] == 10
        first, last = messages[0], max(messages, key=lambda message: message["created_at"])
        assert (first["created_at"], first["sender_id"]) == (one["created_at"], one["created_by"])
        assert (last["created_at"], last["sender_id"]) == (one["last_message_at"], one["last_sender_id"])
        assert last["body"] == one["last_message_preview"]
        assert last["sent_at"] < datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("churches", "users"), [(0, 0), (4, 3), (4, 21)])
def test_churches_that_would_not_be_alike_are_refused(churches: int, users: int):
    with pytest.raises(SurgelineError, match=rf"USERS: expected a multiple of CHURCHES \({churches}\), found {users}"):
        declared(CHURCHES=churches, USERS=users)


def test_the_tables_hold_what_is_declared_and_other_sizes_after_it(empty_database: str):
    with connect(empty_database) as database:
        for churches, users in ((4, 20), (2, 20), (5, 30)):
            declarations = load_declarations(
                CONVERSATIONS_SYSTEM.seeds, {"CHURCHES": str(churches), "USERS": str(users)}
            )
            apply(database, declarations, Unseen())
            verified = verify(database, declarations, Unseen())
            assert verified.differences == []
            assert (verified.tables["churches"], verified.tables["users"]) == (churches, users)
    (sent,) = query(empty_database, "SELECT count(*) AS rows FROM messages WHERE status = 'sent'")
    assert sent["rows"] == 5 * 30
