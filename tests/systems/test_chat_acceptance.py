"""Messages on their way into the queue: together, in order, and not for ever."""

import asyncio

import pytest
from chat_support import redis_url, with_redis
from test_chat_numbering import UnsureQueue, nothing_yet

from surgeline_systems.application.redis_pipeline import RedisPipeline
from surgeline_systems.chat import acceptance
from surgeline_systems.chat.acceptance import Acceptance, NotAcceptedError, TooBusyError
from surgeline_systems.chat.batches import MOST_ROWS, decode
from surgeline_systems.chat.numbering import Numbering

fixtures = (redis_url,)


class CountingQueue(UnsureQueue):
    """Remembers how many messages came together."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    async def publish(self, payload: bytes) -> None:
        await super().publish(payload)
        self.sizes.append(len(decode(payload).rows))


def test_what_comes_at_the_same_time_travels_together_in_its_order(redis_url: str):
    async def story(redis: RedisPipeline, prefix: str) -> None:
        queue = CountingQueue()
        service = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        numbers = await asyncio.gather(*[service.accept(1, 7, "x") for _ in range(2 * MOST_ROWS + 1)])
        assert numbers == list(range(1, 2 * MOST_ROWS + 2))
        assert queue.sizes == [MOST_ROWS, MOST_ROWS, 1]
        await service.close(60)

    with_redis(redis_url, story)


def test_who_has_waited_for_too_long_is_told_and_what_has_a_number_is_published_all_the_same(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(acceptance, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(acceptance, "LOOK_SECONDS", 0.01)

    async def story(redis: RedisPipeline, prefix: str) -> None:
        queue = UnsureQueue()
        queue.is_open.clear()
        service = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        many = acceptance.IN_FLIGHT * MOST_ROWS
        numbers = [service.accept(1, 7, str(place)) for place in range(1, many + 11)]
        told = await asyncio.gather(*numbers, return_exceptions=True)
        assert {type(one) for one in told} == {NotAcceptedError}
        queue.is_open.set()
        assert await service.close(60) == 0
        assert queue.messages() == {1: {number: str(number) for number in range(1, many + 1)}}

    with_redis(redis_url, story)


def test_when_too_many_wait_others_are_sent_away(redis_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acceptance, "MOST_WAITING", 3)

    async def story(redis: RedisPipeline, prefix: str) -> None:
        service = Acceptance(Numbering(redis, prefix, nothing_yet), UnsureQueue())
        numbers = [service.accept(1, 7, "x") for _ in range(3)]
        with pytest.raises(TooBusyError, match="fewer than 3 messages"):
            service.accept(1, 7, "x")
        assert await asyncio.gather(*numbers) == [1, 2, 3]
        await service.close(60)

    with_redis(redis_url, story)


class BrokenQueue(UnsureQueue):
    """Fails in a way that nobody has foreseen, once."""

    async def publish(self, payload: bytes) -> None:
        if not self.was_asked.is_set():
            self.was_asked.set()
            raise RuntimeError("a defect")
        await super().publish(payload)


def test_what_has_a_number_is_published_whatever_the_queue_says(redis_url: str):
    async def story(redis: RedisPipeline, prefix: str) -> None:
        queue = BrokenQueue()
        service = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        assert await asyncio.gather(*[service.accept(1, 7, "x") for _ in range(3)]) == [1, 2, 3]
        assert list(queue.messages()[1]) == [1, 2, 3]
        await service.close(60)

    with_redis(redis_url, story)


def test_after_a_defect_in_numbering_who_waits_is_told_and_others_are_accepted(redis_url: str):
    async def last_number(chat_id: int) -> int:
        if chat_id == 1:
            raise RuntimeError("a defect")
        return 0

    async def story(redis: RedisPipeline, prefix: str) -> None:
        service = Acceptance(Numbering(redis, prefix, last_number), UnsureQueue())
        with pytest.raises(NotAcceptedError, match="a defect"):
            await service.accept(1, 7, "x")
        assert await service.accept(2, 7, "x") == 1
        await service.close(60)

    with_redis(redis_url, story)


def test_the_end_waits_for_all_that_has_come(redis_url: str):
    async def story(redis: RedisPipeline, prefix: str) -> None:
        queue = UnsureQueue()
        service = Acceptance(Numbering(redis, prefix, nothing_yet), queue)
        numbers = [service.accept(1, 7, "x") for _ in range(3 * MOST_ROWS)]
        assert await service.close(60) == 0
        assert [number.result() for number in numbers] == list(range(1, 3 * MOST_ROWS + 1))
        assert len(queue.messages()[1]) == 3 * MOST_ROWS
        assert await Numbering(redis, prefix, nothing_yet).left() == {}

    with_redis(redis_url, story)
