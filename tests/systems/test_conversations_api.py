"""Messages, lists, figures and the clean-up: what the service answers over HTTP, from a real database and Redis."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import asyncpg
import pytest
from conversations_support import (
    CONVERSATIONS,
    FIXTURES,
    MEMBERS,
    SMALL,
    Answer,
    Client,
    People,
    registration,
    seeded_conversation,
)
from ways_support import eventually

from conftest import run
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify
from surgeline_systems.conversations.conversation_store import REPLY
from surgeline_systems.conversations.system import SYSTEM as CONVERSATIONS_SYSTEM

SYSTEM, SIZES = "conversations", SMALL
people, redis_url, service = FIXTURES

NOWHERE = "00000000-0000-4000-8000-999999999999"
# A message of somebody, in a conversation that begins with it.
WRITE = """
    WITH begun AS (
        INSERT INTO conversations (
            church_id, subject, created_by, last_message_at, last_message_preview, last_sender_id, message_count
        )
        SELECT church_id, subject, $2, now(), '', $2, 1 FROM conversations WHERE id = $1
        RETURNING id, church_id
    )
    INSERT INTO messages (church_id, conversation_id, sender_id, body, created_at)
    SELECT church_id, id, $2, '', now() FROM begun
"""
WAITS_FOR_US = "SELECT true FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
OF_A_CONVERSATION = [
    ("GET", "{}", None),
    ("POST", "{}/reply", {"body": "Hello"}),
    ("POST", "{}/read", None),
]
MALFORMED_MESSAGES = [
    (b"", 400),
    (b"{", 400),
    (b'{"body": "\xff"}', 400),
    (b'{"body": "\\ud800"}', 400),
    (b"[]", 422),
    (b"{}", 422),
    (b'{"body": ""}', 422),
    (b'{"body": 1}', 422),
    (b'{"body": "A\\u0000"}', 422),
    (b'{"body": "' + b"A" * 10_001 + b'"}', 422),
    (b" " * 70_000, 413),
]


@pytest.fixture(scope="module")
def member(people: People) -> Client:
    """A member of the first church, who is not its admin."""
    return people.member(1, 2)


@pytest.fixture(scope="module")
def other_member(people: People) -> Client:
    return people.member(1, 3)


@pytest.fixture(scope="module")
def stranger(people: People) -> Client:
    """A member of another church."""
    return people.member(2, 2)


@pytest.fixture(scope="module")
def nobody(people: People) -> Client:
    return people.nobody()


class TestMessages:
    def test_a_message_begins_a_conversation_and_is_sent(self, member: Client):
        answer = member.send(body="Who brings the cake?", subject="The fair")
        assert answer.status == 202
        assert answer.body["status"] == "queued"
        path = f"{CONVERSATIONS}/{answer.body['conversationId']}"
        eventually(lambda: member.get(path)["messages"][0]["status"] == "sent")
        found = member.get(path)
        (message,) = found["messages"]
        assert (found["subject"], found["messageCount"]) == ("The fair", 1)
        assert found["lastMessageAt"] == message["createdAt"] <= message["sentAt"]
        assert message["id"] == answer.body["messageId"]
        assert (message["body"], message["senderId"]) == ("Who brings the cake?", found["createdBy"])
        assert message["senderName"] == member.get("/auth/me")["name"]

    def test_without_a_subject_its_beginning_is_one(self, member: Client):
        assert member.get(f"{CONVERSATIONS}/{member.begun(body='A' * 100)}")["subject"] == "A" * 60

    def test_a_message_goes_to_a_conversation_that_is_there(self, member: Client, other_member: Client):
        conversation = member.begun(body="one")
        sent = other_member.send(body="two", conversationId=conversation)
        replied = member.reply(conversation, "three")
        assert (sent.status, replied.status) == (202, 201)
        assert sent.body["conversationId"] == replied.body["conversationId"] == conversation
        found = member.get(f"{CONVERSATIONS}/{conversation}")
        assert [message["body"] for message in found["messages"]] == ["one", "two", "three"]
        assert found["messageCount"] == 3

    def test_the_last_50_messages_are_shown_oldest_first(self, member: Client):
        conversation = member.begun(body="0")
        for number in range(1, 60):
            member.reply(conversation, str(number))
        found = member.get(f"{CONVERSATIONS}/{conversation}")
        assert [message["body"] for message in found["messages"]] == [str(number) for number in range(10, 60)]
        assert found["messageCount"] == 60

    def test_replies_of_the_same_moment_all_count(self, people: People, member: Client):
        conversation = member.begun()
        repliers = [people.member(1, number + 1) for number in range(MEMBERS)]

        def write(replier: Client) -> set[int]:
            return {replier.reply(conversation, "x" * number).status for number in range(1, 9)}

        with ThreadPoolExecutor(MEMBERS) as threads:
            assert set().union(*threads.map(write, repliers)) == {201}
        found = member.get(f"{CONVERSATIONS}/{conversation}")
        assert found["messageCount"] == len(found["messages"]) == 1 + MEMBERS * 8
        written = [message["createdAt"] for message in found["messages"]]
        assert written == sorted(set(written))
        assert written[-1] == found["lastMessageAt"]
        listed = member.get(f"{CONVERSATIONS}?limit=1")["conversations"][0]
        assert listed["lastMessagePreview"] == found["messages"][-1]["body"]

    def test_a_reply_that_waited_long_for_its_turn_is_the_last(self, member: Client, seeded_database: str):
        conversation, writer = member.begun(body="first"), UUID(member.get("/auth/me")["id"])

        async def write_late(connection: asyncpg.Connection) -> None:
            async with connection.transaction():
                await connection.execute("SELECT now()")  # which is the same until the end
                member.reply(conversation, "second")
                await connection.execute(REPLY, "church-00001", writer, "third", UUID(conversation))

        run(seeded_database, write_late)
        found = member.get(f"{CONVERSATIONS}/{conversation}")
        assert [message["body"] for message in found["messages"]] == ["first", "second", "third"]
        assert found["lastMessageAt"] == found["messages"][-1]["createdAt"]

    @pytest.mark.parametrize(("raw", "status"), MALFORMED_MESSAGES, ids=range(len(MALFORMED_MESSAGES)))
    @pytest.mark.parametrize("path", ["/messages/send", f"{CONVERSATIONS}/{seeded_conversation(1)}/reply"])
    def test_malformed_ones_are_refused(self, member: Client, path: str, raw: bytes, status: int):
        answer = member.request("POST", path, raw=raw)
        assert answer.status == status
        assert answer.body["error"]

    def test_a_conversation_that_is_nowhere_is_not_found(self, member: Client):
        assert member.send(conversationId=NOWHERE).status == 404

    @pytest.mark.parametrize(("method", "path", "body"), OF_A_CONVERSATION)
    @pytest.mark.parametrize(("conversation", "status"), [(NOWHERE, 404), ("7", 422)])
    def test_nor_is_one_in_a_path(
        self, member: Client, method: str, path: str, body: object, conversation: str, status: int
    ):
        answer = member.request(method, f"{CONVERSATIONS}/{path.format(conversation)}", body)
        assert answer.status == status
        assert answer.body["error"]


class TestList:
    def test_the_parts_make_the_whole_newest_first(self, member: Client):
        for _ in range(3):
            member.begun()
        parts, path = [], f"{CONVERSATIONS}?limit=2"
        while path:
            part = member.get(path)
            parts.append(part["conversations"])
            path = part["next"] and f"{CONVERSATIONS}?limit=2&before={part['next']}"
        assert {len(part) for part in parts[:-1]} == {2}
        whole = [conversation for part in parts for conversation in part]
        assert whole == member.get(f"{CONVERSATIONS}?limit=100")["conversations"]
        moments = [conversation["lastMessageAt"] for conversation in whole]
        assert moments == sorted(moments, reverse=True)
        seeded = {seeded_conversation(1, number) for number in (1, 2, 3)}
        assert seeded < {conversation["id"] for conversation in whole}

    @pytest.mark.parametrize(
        "asked",
        ["limit=0", "limit=101", "limit=x", "before=x", "before=1_2", "before=", "before=9", f"before=1_{'0' * 32}%0A"],
    )
    def test_other_parts_are_refused(self, member: Client, asked: str):
        answer = member.request("GET", f"{CONVERSATIONS}?{asked}")
        assert (answer.status, answer.body["code"]) == (422, "INVALID_PARAMETER")

    def test_the_furthest_places_are_places(self, member: Client):
        first, last = f"{'9' * 17}_{'f' * 32}", f"0_{'0' * 32}"
        assert member.get(f"{CONVERSATIONS}?before={first}") == member.get(CONVERSATIONS)
        assert member.get(f"{CONVERSATIONS}?before={last}")["conversations"] == []

    def test_unread_is_what_others_wrote_since_one_has_read(self, member: Client, other_member: Client):
        def unread() -> tuple[bool, bool]:
            return tuple(
                client.get(f"{CONVERSATIONS}?limit=1")["conversations"][0]["unread"]
                for client in (member, other_member)
            )

        conversation = member.begun()
        assert unread() == (False, True)
        read = other_member.read(conversation)
        assert read.status == 200
        assert read.body["conversationId"] == conversation
        assert unread() == (False, False)
        assert other_member.read(conversation).body == read.body
        other_member.reply(conversation)
        assert unread() == (True, False)
        member.read(conversation)
        assert unread() == (False, False)


class TestChurchesAreKeptApart:
    @pytest.mark.parametrize(("method", "path", "body"), OF_A_CONVERSATION)
    def test_anothers_conversation_is_as_if_it_were_not_there(
        self, stranger: Client, method: str, path: str, body: object
    ):
        answer = stranger.request(method, f"{CONVERSATIONS}/{path.format(seeded_conversation(1))}", body)
        assert (answer.status, answer.body["code"]) == (404, "CONVERSATION_NOT_FOUND")

    def test_nor_can_one_write_into_it(self, member: Client, stranger: Client):
        before = member.get(f"{CONVERSATIONS}/{seeded_conversation(1)}")
        assert stranger.send(conversationId=seeded_conversation(1)).status == 404
        assert member.get(f"{CONVERSATIONS}/{seeded_conversation(1)}") == before

    def test_it_is_in_no_list_of_others(self, member: Client, stranger: Client):
        begun = member.begun()
        assert begun in {one["id"] for one in member.get(f"{CONVERSATIONS}?limit=100")["conversations"]}
        assert begun not in {one["id"] for one in stranger.get(f"{CONVERSATIONS}?limit=100")["conversations"]}

    def test_figures_count_ones_own_alone(self, member: Client, stranger: Client):
        eventually(lambda: member.get("/api/health")["queued"] == 0)
        before, others = member.get("/analytics/summary"), stranger.get("/analytics/summary")
        member.reply(member.begun())
        eventually(lambda: member.get("/analytics/summary")["sent"] == before["sent"] + 2)
        after = member.get("/analytics/summary")
        assert after["conversations"] == before["conversations"] + 1
        assert after["messages"] == after["sent"] == before["messages"] + 2
        assert stranger.get("/analytics/summary") == others


def test_the_figures_of_a_church(people: People, nobody: Client):
    founder = nobody.request("POST", "/auth/register", registration()).body
    church = founder["user"]["churchId"]
    joined = [nobody.request("POST", "/auth/register", registration(churchId=church)).body for _ in range(2)]
    writer = people.with_token(joined[0]["token"])
    empty = {"conversations": 0, "messages": 0, "sent": 0, "members": 3, "activeMembers": 0}
    assert writer.get("/analytics/summary") == empty
    writer.reply(writer.begun())
    eventually(lambda: writer.get("/analytics/summary")["sent"] == 2)
    written = {"conversations": 1, "messages": 2, "sent": 2, "members": 3, "activeMembers": 1}
    assert writer.get("/analytics/summary") == written


class TestCleanUp:
    def test_it_is_for_admins(self, member: Client):
        answer = member.request("DELETE", "/admin/cleanup-test-data")
        assert (answer.status, answer.body["code"]) == (403, "FORBIDDEN")

    def test_a_church_is_as_it_was_seeded_and_another_as_it_is(self, people: People, seeded_database: str):
        admin = people.member(4)
        other = people.member(3).begun()
        before = admin.get(CONVERSATIONS), admin.get("/analytics/summary")
        new = admin.request("POST", "/auth/register", registration(churchId="church-00004")).body
        tester = people.with_token(new["token"])
        tester.read(tester.begun())
        for number in (1, 2):
            tester.reply(seeded_conversation(4, number))
            admin.read(seeded_conversation(4, number))
        deleted = admin.request("DELETE", "/admin/cleanup-test-data")
        assert (deleted.status, deleted.body) == (
            200,
            {"deleted": {"messages": 3, "conversations": 1, "reads": 3, "users": 1}},
        )
        assert (admin.get(CONVERSATIONS), admin.get("/analytics/summary")) == before
        assert tester.request("GET", "/auth/me").status == 401
        assert people.member(3).get(f"{CONVERSATIONS}/{other}")["id"] == other
        nothing = {"messages": 0, "conversations": 0, "reads": 0, "users": 0}
        assert admin.request("DELETE", "/admin/cleanup-test-data").body == {"deleted": nothing}

    def test_who_still_writes_is_in_its_way(self, people: People, seeded_database: str):
        admin = people.member(4)
        new = people.nobody().request("POST", "/auth/register", registration(churchId="church-00004")).body["user"]

        async def write_meanwhile(connection: asyncpg.Connection) -> Answer:
            async with connection.transaction():
                await connection.execute(WRITE, UUID(seeded_conversation(4)), UUID(new["id"]))
                cleaning = asyncio.create_task(asyncio.to_thread(admin.request, "DELETE", "/admin/cleanup-test-data"))
                while not await connection.fetchval(WAITS_FOR_US):
                    pass
            return await cleaning

        answer = run(seeded_database, write_meanwhile)
        assert (answer.status, answer.body["code"]) == (409, "STILL_WRITING")
        assert admin.request("DELETE", "/admin/cleanup-test-data").body["deleted"]["users"] == 1

    def test_after_all_churches_the_database_is_as_declared(self, people: People, seeded_database: str):
        for church in range(1, 5):
            assert people.member(church).request("DELETE", "/admin/cleanup-test-data").status == 200
        with connect(seeded_database) as database:
            declared = load_declarations(CONVERSATIONS_SYSTEM.seeds, SIZES)
            assert verify(database, declared, Unseen()).differences == []

    def test_users_of_other_domains_stay(self, people: People, nobody: Client):
        given = registration(email=f"{uuid4()}@elsewhere.example", churchId="church-00004")
        nobody.request("POST", "/auth/register", given)
        people.member(4).request("DELETE", "/admin/cleanup-test-data")
        assert people.logged_in(str(given["email"]), "secret enough")


class TestHealth:
    def test_says_how_everything_is(self, nobody: Client):
        health = nobody.get("/api/health")
        assert (health["status"], health["database"], health["redis"]) == ("healthy", "up", "up")
        assert health["memoryBytes"] > 10_000_000
        assert (health["databaseConnections"], health["workers"]) == (10, 4)
        assert health["queued"] >= 0

    def test_needs_no_token_and_other_paths_are_errors_in_json(self, nobody: Client):
        answer = nobody.request("GET", "/nothing")
        assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")
        answer = nobody.request("DELETE", "/api/health")
        assert (answer.status, answer.body["code"]) == (405, "METHOD_NOT_ALLOWED")
