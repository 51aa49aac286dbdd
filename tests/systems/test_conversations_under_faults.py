"""Redis and the database go and come back while requests come, and the service is stopped: what is accepted is sent."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
from conversations_support import (
    CONVERSATIONS,
    FIXTURES,
    SMALL,
    Answer,
    Client,
    People,
    redis_at,
    seeded_conversation,
    serving,
)
from restartable import restartable_postgres
from ways_support import eventually

from conftest import query
from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Unseen
from surgeline_systems.application.migrations import migrate
from surgeline_systems.conversations.system import SYSTEM as CONVERSATIONS_SYSTEM
from surgeline_systems.servers.launch import free_port

SYSTEM, SIZES = "conversations", SMALL
_, redis_url, _ = FIXTURES
WARM = 10
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
WAITING = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
QUEUED = "SELECT count(*) AS messages FROM messages WHERE status = 'queued'"
BY_ID = "SELECT count(*) AS messages, count(*) FILTER (WHERE status = 'sent') AS sent FROM messages WHERE id = ANY($1)"


class Writer(Thread):
    """Writes and reads, one after the other, until told to stop or until the service is gone."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.accepted: list[UUID] = []
        self.statuses: Counter[int] = Counter()
        self.stale: list[str] = []
        self.warm = Event()
        self.stopping = Event()
        self._client = client

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self._write_and_read(f"{self.name} {len(self.accepted)}")
        except OSError:
            return

    def _write_and_read(self, body: str) -> None:
        answer = self._client.send(body=body)
        self.statuses[answer.status] += 1
        if answer.status != 202:
            return
        self.accepted.append(UUID(answer.body["messageId"]))
        if len(self.accepted) >= WARM:
            self.warm.set()
        self._look_at(answer.body["conversationId"])

    def _look_at(self, conversation: str) -> None:
        """What one has written oneself is there, and read, whatever became of the cache."""
        listed = self._client.request("GET", f"{CONVERSATIONS}?limit=100")
        self.statuses[listed.status] += 1
        if listed.status == 200 and conversation not in {one["id"] for one in listed.body["conversations"]}:
            self.stale.append(conversation)

    def writes_again(self) -> None:
        before = len(self.accepted)
        eventually(lambda: len(self.accepted) > before + WARM or not self.is_alive())
        assert self.is_alive()


@contextmanager
def writers(people: People) -> Iterator[list[Writer]]:
    """Admins of some churches, one of them twice, who have all written already."""
    started = [Writer(people.member(church)) for church in (1, 1, 2, 3)]
    for writer in started:
        writer.start()
    try:
        for writer in started:
            assert writer.warm.wait(60)
        yield started
    finally:
        for writer in started:
            writer.stopping.set()
        for writer in started:
            writer.join()


def every(started: list[Writer], what: Callable[[Writer], Counter[int]]) -> Counter[int]:
    return sum(map(what, started), Counter())


def expect_accepted_is_sent(database: str, started: list[Writer]) -> None:
    accepted = [message for writer in started for message in writer.accepted]
    eventually(lambda: query(database, BY_ID, accepted)[0]["sent"] == len(accepted))


def health(client: Client) -> dict[str, object]:
    return client.request("GET", "/api/health").body


@pytest.fixture(params=["refuses", "silent"])
def away(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a Redis that is not there, or takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen(1_000)
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


def test_without_redis_at_the_start_everything_is_right(seeded_database: str, away: str):
    with serving(seeded_database, away) as base_url, People(base_url) as people:
        writer, reader = people.member(1, 2), people.member(1, 3)
        for number in range(4):
            writer.reply(seeded_conversation(1), f"without {number}")
            (newest, *_) = reader.get(CONVERSATIONS)["conversations"]
            assert newest["lastMessagePreview"] == f"without {number}"
        told = health(writer)
        assert (told["status"], told["redis"], told["database"], told["cacheHits"]) == ("degraded", "down", "up", 0)


def test_a_redis_that_comes_later_is_used(seeded_database: str):
    port = free_port()
    with serving(seeded_database, f"redis://127.0.0.1:{port}") as base_url, People(base_url) as people:
        reader = people.member(1, 2)
        assert health(reader)["status"] == "degraded"
        with redis_at(port):
            eventually(lambda: health(reader)["status"] == "healthy")
            reader.get("/analytics/summary")
            reader.get("/analytics/summary")
            assert health(reader)["cacheHits"] == 1


def test_a_redis_that_is_restarted_under_load_is_nobodys_error(seeded_database: str):
    port = free_port()
    with ExitStack() as stack:
        first = stack.enter_context(ExitStack())
        first.enter_context(redis_at(port))
        base_url = stack.enter_context(serving(seeded_database, f"redis://127.0.0.1:{port}"))
        people = stack.enter_context(People(base_url))
        with writers(people) as started:
            first.close()
            for writer in started:
                writer.writes_again()
            assert health(people.nobody())["status"] == "degraded"
            stack.enter_context(redis_at(port))
            eventually(lambda: health(people.nobody())["status"] == "healthy")
            for writer in started:
                writer.writes_again()
        assert every(started, lambda writer: writer.statuses).keys() == {200, 202}
        assert [writer.stale for writer in started] == [[]] * len(started)
        expect_accepted_is_sent(seeded_database, started)


def test_connections_to_the_database_that_are_cut_are_made_anew(seeded_database: str, redis_url: str):
    name = urlsplit(seeded_database).path[1:]
    with serving(seeded_database, redis_url) as base_url, People(base_url) as people, writers(people) as started:
        for _ in range(3):
            query(seeded_database, CUT, name)
            for writer in started:
                writer.writes_again()
        statuses = every(started, lambda writer: writer.statuses)
        assert statuses.keys() <= {200, 202, 503}
        assert [writer.stale for writer in started] == [[]] * len(started)
        eventually(lambda: health(people.nobody())["status"] == "healthy")
        expect_accepted_is_sent(seeded_database, started)


def test_while_the_database_is_away_it_says_so_and_goes_on_when_it_is_back(tmp_path: Path, redis_url: str):
    server = restartable_postgres(tmp_path)
    with ExitStack() as stack, ExitStack() as up:
        url = up.enter_context(server.running())
        seed(url)
        people = stack.enter_context(People(stack.enter_context(serving(url, redis_url))))
        observer = people.nobody()
        with writers(people) as started:
            up.close()
            eventually(lambda: all(writer.statuses[503] > 1 for writer in started))
            told = observer.request("GET", "/api/health")
            assert (told.status, told.body["status"], told.body["database"]) == (503, "unavailable", "down")
            assert told.body["queued"] is told.body["databaseConnections"] is None
            up.enter_context(server.running())
            for writer in started:
                writer.writes_again()
            assert health(observer)["status"] == "healthy"
        assert every(started, lambda writer: writer.statuses).keys() == {200, 202, 503}
        assert [writer.stale for writer in started] == [[]] * len(started)
        expect_accepted_is_sent(url, started)


def seed(url: str) -> None:
    asyncio.run(migrate(url, CONVERSATIONS_SYSTEM.package))
    with connect(url) as database:
        apply(database, load_declarations(CONVERSATIONS_SYSTEM.seeds, SMALL), Unseen())


def test_what_was_accepted_before_a_stop_under_load_is_sent_after_the_next_start(seeded_database: str, redis_url: str):
    slow = {"WORKERS": 1, "DELIVERY_MS": 20}
    with ExitStack() as stack:
        people = None
        with serving(seeded_database, redis_url, **slow) as base_url:
            people = stack.enter_context(People(base_url))
            started = stack.enter_context(writers(people))
        for writer in started:
            writer.join()
        accepted = [message for writer in started for message in writer.accepted]
        assert query(seeded_database, BY_ID, accepted)[0]["messages"] == len(accepted)
        assert query(seeded_database, QUEUED)[0]["messages"] > 0
    with serving(seeded_database, redis_url):
        expect_accepted_is_sent(seeded_database, started)


async def answer_after(
    database: str, statement: str, conversation: str, request: Callable[[], Answer], meanwhile: Callable[[], None]
) -> Answer:
    """The answer to a request that waits for somebody else's transaction, in which the statement is carried out."""
    connection = await asyncpg.connect(database)
    async with connection.transaction():
        await connection.execute(statement, UUID(conversation))
        answer = asyncio.create_task(asyncio.to_thread(request))
        await asyncio.to_thread(eventually, lambda: query(database, WAITING) != [])
        await asyncio.to_thread(meanwhile)
        assert not answer.done()
    await connection.close()
    return await answer


def test_clients_that_wait_keep_neither_the_queue_nor_the_health_waiting(seeded_database: str, redis_url: str):
    queued = """
        INSERT INTO messages (church_id, conversation_id, sender_id, body, created_at)
        SELECT church_id, id, created_by, 'meanwhile', now() FROM conversations WHERE id = $1 RETURNING id
    """
    conversation = seeded_conversation(1)
    with serving(seeded_database, redis_url, DB_MAX_CONNECTIONS=2) as base_url, People(base_url) as people:
        client, observer = people.member(1), people.nobody()

        def meanwhile() -> None:
            message = query(seeded_database, queued, UUID(seeded_conversation(1, 2)))[0]["id"]
            eventually(lambda: query(seeded_database, BY_ID, [message])[0]["sent"] == 1)
            assert health(observer)["status"] == "healthy"

        # The only connection for clients waits for the row.
        hold = "SELECT FROM conversations WHERE id = $1 FOR UPDATE"
        reply = answer_after(seeded_database, hold, conversation, lambda: client.reply(conversation), meanwhile)
        assert asyncio.run(reply).status == 201


def test_a_conversation_that_is_just_being_deleted_is_not_there_to_be_read(seeded_database: str, redis_url: str):
    delete = "WITH gone AS (DELETE FROM messages WHERE conversation_id = $1) DELETE FROM conversations WHERE id = $1"
    conversation = seeded_conversation(4)
    with serving(seeded_database, redis_url) as base_url, People(base_url) as people:
        client = people.member(4)
        read = answer_after(seeded_database, delete, conversation, lambda: client.read(conversation), lambda: None)
        assert asyncio.run(read).status == 404


def test_what_a_killed_service_had_claimed_is_sent_when_the_claim_is_old(seeded_database: str, redis_url: str):
    claim = """
        INSERT INTO messages (church_id, conversation_id, sender_id, body, created_at, claimed_at)
        SELECT church_id, id, created_by, 'claimed', now(), now() - $1 * interval '1 second'
        FROM conversations WHERE id = $2 RETURNING id
    """
    (old, new) = (query(seeded_database, claim, age, UUID(seeded_conversation(1)))[0]["id"] for age in (60, 0))
    with serving(seeded_database, redis_url):
        eventually(lambda: query(seeded_database, BY_ID, [old])[0]["sent"] == 1)
        assert query(seeded_database, BY_ID, [new])[0]["sent"] == 0
