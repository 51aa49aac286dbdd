"""Numbers without gaps or duplicates, whatever fails on the way to the queue, and whoever else is numbering."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from chat_support import redis_url, with_redis
from hypothesis import given
from hypothesis import strategies as st

from surgeline_systems.application.redis_pipeline import Command, RedisAwayError, RedisPipeline
from surgeline_systems.chat import acceptance
from surgeline_systems.chat.acceptance import Acceptance
from surgeline_systems.chat.batches import decode
from surgeline_systems.chat.message_queue import QueueAwayError
from surgeline_systems.chat.numbering import Numbering, UnknownChatsError
from surgeline_systems.chat.store import StoreAwayError

fixtures = (redis_url,)
CHATS = 3
FINE, NOT_DONE, DONE_AND_NOT_TOLD = "fine", "not done", "done and not told"
outcomes = st.lists(st.sampled_from([FINE, FINE, NOT_DONE, DONE_AND_NOT_TOLD]), max_size=12)
Row = tuple[int, int, int, str, int]


@pytest.fixture(scope="module", autouse=True)
def no_pauses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acceptance, "RETRY_SECONDS", 0)
        yield


class Fates:
    """What becomes of each further call: as listed, then all is fine."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._left = list(listed)

    def next(self) -> str:
        return self._left.pop(0) if self._left else FINE


class UnsureQueue:
    """A queue in which what is published is seen, and which does not always say so."""

    def __init__(self, fates: Sequence[str] = ()) -> None:
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.was_asked = asyncio.Event()
        self._fates = Fates(fates)
        self._rows: list[Row] = []

    async def publish(self, payload: bytes) -> None:
        self.was_asked.set()
        await self.is_open.wait()
        fate = self._fates.next()
        if fate != NOT_DONE:
            self._rows += decode(payload).rows
        if fate != FINE:
            raise QueueAwayError(fate)

    def messages(self) -> dict[int, dict[int, str]]:
        """What was said, by chat and number; a message that came twice has to be the same each time."""
        said: dict[int, dict[int, str]] = defaultdict(dict)
        for chat_id, number, _, body, _ in self._rows:
            assert said[chat_id].setdefault(number, body) == body
        return said


class UnsureRedis:
    """A Redis behind a connection that is lost now and then, before a question or after it."""

    def __init__(self, redis: RedisPipeline, fates: Sequence[str]) -> None:
        self._redis = redis
        self._fates = Fates(fates)

    def script(self, text: str) -> str:
        return self._redis.script(text)

    async def ask(self, *commands: Command) -> list[Any]:
        fate = self._fates.next()
        if fate == NOT_DONE:
            raise RedisAwayError(fate)
        answers = await self._redis.ask(*commands)
        if fate == DONE_AND_NOT_TOLD:
            raise RedisAwayError(fate, may_be_done=True)
        return answers


async def nothing_yet(_chat_id: int) -> int:
    return 0


def expect_no_gaps(queue: UnsureQueue, accepted: Sequence[tuple[int, str, int]]) -> None:
    """Every chat is numbered from 1 on, and who was told a number finds his message under it."""
    said = queue.messages()
    for messages in said.values():
        assert sorted(messages) == list(range(1, len(messages) + 1))
    for chat_id, body, number in accepted:
        assert said[chat_id][number] == body


async def say(service: Acceptance, chat_id: int, body: str) -> tuple[int, str, int] | None:
    """What was said and its number; None where it was not accepted."""
    try:
        return chat_id, body, await service.accept(chat_id, 7, body)
    except RedisAwayError:
        return None


@given(
    queue_fates=outcomes,
    redis_fates=st.lists(outcomes, min_size=2, max_size=2),
    said=st.lists(st.tuples(st.integers(0, 1), st.integers(1, CHATS), st.integers(0, 3)), max_size=60),
)
def test_however_messages_come_and_whatever_fails_there_is_no_gap_and_nothing_twice(
    redis_url: str, queue_fates: Sequence[str], redis_fates: Sequence[Sequence[str]], said: Sequence[tuple[int, ...]]
):
    async def story(redis: RedisPipeline, prefix: str) -> None:
        queue = UnsureQueue(queue_fates)
        services = [Acceptance(Numbering(UnsureRedis(redis, f), prefix, nothing_yet), queue) for f in redis_fates]
        telling = []
        for number, (service, chat_id, pauses) in enumerate(said):
            telling.append(asyncio.create_task(say(services[service], chat_id, f"message {number}")))
            for _ in range(pauses):
                await asyncio.sleep(0)
        accepted = await asyncio.gather(*telling)
        for service in services:
            assert await service.close(60) == 0
        following = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        assert await following.close(60) == 0
        expect_no_gaps(queue, [one for one in accepted if one is not None])
        assert await Numbering(redis, prefix, nothing_yet).left() == {}

    with_redis(redis_url, story)


def test_what_a_killed_service_has_numbered_is_published_by_the_next(redis_url: str):
    async def story(redis: RedisPipeline, prefix: str) -> None:
        queue = UnsureQueue()
        queue.is_open.clear()
        killed = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        numbers = [killed.accept(1, 7, str(number)) for number in range(1, 5)]
        await queue.was_asked.wait()
        assert await killed.close(0) == 1
        assert not any(number.done() for number in numbers)
        assert queue.messages() == {}
        queue.is_open.set()
        following = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        assert await following.accept(1, 7, "5") == 5
        assert await following.close(60) == 0
        assert queue.messages() == {1: {number: str(number) for number in range(1, 6)}}

    with_redis(redis_url, story)


def test_a_redis_that_has_forgotten_all_goes_on_where_this_process_was(redis_url: str):
    async def story(redis: RedisPipeline, prefix: str) -> None:
        queue = UnsureQueue()
        service = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        assert [await service.accept(1, 7, "x") for _ in range(3)] == [1, 2, 3]
        await redis.ask(("DEL", f"{prefix}numbers", f"{prefix}outbox"))
        assert await service.accept(1, 7, "x") == 4
        await service.close(60)

    with_redis(redis_url, story)


def test_a_chat_that_redis_does_not_know_goes_on_where_the_database_is(redis_url: str):
    async def last_number(chat_id: int) -> int:
        return 100 * chat_id

    async def story(redis: RedisPipeline, prefix: str) -> None:
        service = Acceptance(Numbering(redis, prefix, last_number), UnsureQueue())
        numbers = [service.accept(chat_id, 7, "x") for chat_id in (1, 2, 1, 1)]
        assert await asyncio.gather(*numbers) == [101, 201, 102, 103]
        await service.close(60)

    with_redis(redis_url, story)


def test_without_the_database_only_chats_that_redis_does_not_know_are_refused(redis_url: str):
    async def last_number(_chat_id: int) -> int:
        raise StoreAwayError("away")

    async def story(redis: RedisPipeline, prefix: str) -> None:
        await redis.ask(("HSET", f"{prefix}numbers", 1, 5))
        service = Acceptance(Numbering(redis, prefix, last_number), UnsureQueue())
        numbers = [service.accept(chat_id, 7, "x") for chat_id in (1, 2, 1)]
        told = await asyncio.gather(*numbers, return_exceptions=True)
        assert (told[0], told[2]) == (6, 7)
        assert isinstance(told[1], UnknownChatsError)
        await service.close(60)

    with_redis(redis_url, story)
