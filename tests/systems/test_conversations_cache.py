"""What is kept in Redis: found the second time, never older than the last change, and nothing that anybody needs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar
from uuid import uuid4

import pytest
from conversations_support import (
    CONVERSATIONS,
    FIXTURES,
    SMALL,
    Client,
    People,
    registration,
    seeded_conversation,
    serving,
)
from ways_support import eventually

from surgeline.seeding.steps import Unseen
from surgeline_systems.application.redis_link import RedisLink
from surgeline_systems.backing import Backing
from surgeline_systems.conversations.cache import Cache
from surgeline_systems.running import put_back
from surgeline_systems.servers.ways import Server
from surgeline_systems.system import System

SYSTEM, SIZES = "conversations", SMALL
_, redis_url, _ = FIXTURES
Result = TypeVar("Result")
LIST, SUMMARY = f"{CONVERSATIONS}?limit=100", "/analytics/summary"
CHURCH, OTHER = "church-1", "church-2"


@pytest.fixture(scope="module")
def people(seeded_database: str, redis_url: str) -> Iterator[People]:
    """Of a service that keeps answers for longer than any test takes."""
    with serving(seeded_database, redis_url, CACHE_SECONDS=3_600) as base_url, People(base_url) as people:
        yield people


@pytest.fixture(scope="module")
def reader(people: People) -> Client:
    return people.member(1, 2)


@pytest.fixture(scope="module")
def writer(people: People) -> Client:
    return people.member(1, 1)


def counts(client: Client) -> tuple[int, int]:
    eventually(lambda: client.get("/api/health")["queued"] == 0)  # what is sent is a change too
    health = client.get("/api/health")
    return health["cacheHits"], health["cacheMisses"]


@pytest.mark.parametrize("path", [LIST, f"{CONVERSATIONS}/{seeded_conversation(1)}", SUMMARY])
def test_the_second_time_it_is_known(reader: Client, writer: Client, path: str):
    writer.read(seeded_conversation(1))
    hits, misses = counts(reader)
    first = reader.get(path)
    assert counts(reader) == (hits, misses + 1)
    assert reader.get(path) == first
    assert counts(reader) == (hits + 1, misses + 1)


def test_each_sees_a_list_of_his_own_and_each_part_is_another(reader: Client, writer: Client):
    writer.begun()
    assert [client.get(f"{CONVERSATIONS}?limit=1")["conversations"][0]["unread"] for client in (reader, writer)] == [
        True,
        False,
    ]
    assert len(reader.get(f"{CONVERSATIONS}?limit=2")["conversations"]) == 2


def test_what_is_put_back_to_what_was_seeded_is_seen_at_once(
    seeded_database: str, redis_url: str, system: System, reader: Client, writer: Client
):
    conversation = writer.begun()
    counts(reader)
    assert conversation in {one["id"] for one in reader.get(LIST)["conversations"]}
    redis = Server(redis_url, "a Redis")
    servers = Backing(database=Server(seeded_database, "a database"), redis=redis, rabbitmq=None)
    put_back(system, servers, {}, SIZES, Unseen())
    assert conversation not in {one["id"] for one in reader.get(LIST)["conversations"]}


def test_a_change_is_seen_at_once(people: People, reader: Client, writer: Client):
    def listed() -> dict[str, dict[str, object]]:
        return {one["id"]: one for one in reader.get(LIST)["conversations"]}

    for number in range(20):
        before, figures = listed(), reader.get(SUMMARY)
        conversation = writer.begun(body=f"first {number}")
        assert listed().keys() - before.keys() == {conversation}
        assert reader.get(SUMMARY)["conversations"] == figures["conversations"] + 1
        writer.reply(conversation, f"second {number}")
        assert listed()[conversation]["lastMessagePreview"] == f"second {number}"
        assert reader.get(f"{CONVERSATIONS}/{conversation}")["messageCount"] == 2
        reader.read(conversation)
        assert not listed()[conversation]["unread"]
    members = reader.get(SUMMARY)["members"]
    people.nobody().request("POST", "/auth/register", registration(churchId="church-00001"))
    assert reader.get(SUMMARY)["members"] == members + 1


def test_that_a_message_was_sent_is_a_change(reader: Client, writer: Client):
    conversation = writer.begun()
    eventually(lambda: reader.get(f"{CONVERSATIONS}/{conversation}")["messages"][0]["status"] == "sent")


def test_what_the_clean_up_took_is_gone_at_once(reader: Client, writer: Client):
    conversation = writer.begun()
    assert reader.get(f"{CONVERSATIONS}/{conversation}")
    writer.request("DELETE", "/admin/cleanup-test-data")
    assert reader.request("GET", f"{CONVERSATIONS}/{conversation}").status == 404
    assert len(reader.get(LIST)["conversations"]) == 3


def test_a_change_in_one_church_leaves_what_is_known_of_others(people: People, writer: Client):
    stranger = people.member(2, 2)
    stranger.get(SUMMARY)
    hits, misses = counts(stranger)
    writer.read(seeded_conversation(1))
    stranger.get(SUMMARY)
    assert counts(stranger) == (hits + 1, misses)


class Switched(RedisLink):
    """A link that can be cut, as if Redis were away for this service alone, and over which answers can take long."""

    def __init__(self, url: str) -> None:
        super().__init__(url, without="no cache")
        self.prefix = f"surgeline-test-{uuid4().hex}"
        self.is_cut = False
        self.was_told = asyncio.Event()
        self.may_hear = asyncio.Event()
        self.may_hear.set()

    async def ask(self, question: Callable[[], Awaitable[Result]]) -> Result | None:
        if self.is_cut:
            return None
        answered = await super().ask(question)
        self.was_told.set()
        await self.may_hear.wait()
        return answered


class Table:
    """Stands for the database: says what is in it, at once or when it may."""

    def __init__(self) -> None:
        self.value = b"old"
        self.asked = 0
        self.looked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def make(self) -> bytes:
        self.asked += 1
        found = self.value
        self.looked.set()
        await self.may_answer.wait()
        return found


def scenario(url: str, play: Callable[[Cache, Switched, Table], Awaitable[None]]) -> None:
    """Play it with a cache whose keys are its own."""

    async def played() -> None:
        link = Switched(url)
        try:
            await play(Cache(link, link.prefix, 60), link, Table())
        finally:
            await link.close()

    asyncio.run(played())


def test_a_reader_who_was_slower_than_a_change_leaves_nothing_old(redis_url: str):
    async def play(cache: Cache, _link: Switched, table: Table) -> None:
        table.may_answer.clear()
        slow = asyncio.create_task(cache.read(CHURCH, "key", table.make))
        await table.looked.wait()
        table.value = b"new"
        await cache.forget([CHURCH])
        table.may_answer.set()
        assert await slow == b"old"
        assert await cache.read(CHURCH, "key", table.make) == b"new"
        assert await cache.read(CHURCH, "key", table.make) == b"new"
        assert table.asked == 2

    scenario(redis_url, play)


def test_without_redis_every_answer_is_made(redis_url: str):
    async def play(cache: Cache, link: Switched, table: Table) -> None:
        link.is_cut = True
        assert await cache.read(CHURCH, "key", table.make) == b"old"
        table.value = b"new"
        await cache.forget([CHURCH])
        assert await cache.read(CHURCH, "key", table.make) == b"new"
        assert (cache.hits, cache.misses) == (0, 2)

    scenario(redis_url, play)


def test_a_change_that_redis_did_not_hear_of_is_told_before_anything_is_read(redis_url: str):
    async def play(cache: Cache, link: Switched, table: Table) -> None:
        await cache.read(CHURCH, "key", table.make)
        await cache.read(OTHER, "key", table.make)
        table.value = b"new"
        link.is_cut = True
        await cache.forget([CHURCH])
        link.is_cut = False
        assert await cache.read(CHURCH, "key", table.make) == b"new"
        assert await cache.read(OTHER, "key", table.make) == b"old"
        assert await cache.read(CHURCH, "key", table.make) == b"new"
        assert (cache.hits, table.asked) == (2, 3)

    scenario(redis_url, play)


def test_a_change_in_the_midst_of_telling_an_earlier_one_is_told_too(redis_url: str):
    async def play(cache: Cache, link: Switched, table: Table) -> None:
        link.is_cut = True
        await cache.forget([CHURCH])
        link.is_cut = False
        link.may_hear.clear()
        telling = asyncio.create_task(cache.read(CHURCH, "key", table.make))
        await link.was_told.wait()
        other_service = Switched(redis_url)
        assert await Cache(other_service, link.prefix, 60).read(CHURCH, "key", table.make) == b"old"
        await other_service.close()
        table.value = b"new"
        link.is_cut = True
        await cache.forget([CHURCH])
        link.is_cut = False
        link.may_hear.set()
        assert await telling == b"new"
        assert await cache.read(CHURCH, "key", table.make) == b"new"

    scenario(redis_url, play)


def test_a_redis_that_forgot_everything_begins_anew(redis_url: str):
    async def play(cache: Cache, link: Switched, table: Table) -> None:
        await cache.read(CHURCH, "key", table.make)
        async for key in link.redis.scan_iter(f"{link.prefix}:*", count=1_000):
            await link.redis.delete(key)
        table.value = b"new"
        assert await cache.read(CHURCH, "key", table.make) == b"new"
        assert await cache.read(CHURCH, "key", table.make) == b"new"
        assert table.asked == 2

    scenario(redis_url, play)
