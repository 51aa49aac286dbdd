"""How often one may: so many times in so many seconds, counted in a real Redis."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from uuid import uuid4

import pytest
from conversations_support import FIXTURES, SMALL, People, email_of, seeded_conversation, serving
from ways_support import eventually

from surgeline_systems.application.redis_link import RedisLink
from surgeline_systems.conversations.rate_limit import RateLimit
from surgeline_systems.servers.launch import free_port

SYSTEM, SIZES = "conversations", SMALL
_, redis_url, _ = FIXTURES
LIMIT = 3


@pytest.fixture(scope="module")
def people(seeded_database: str, redis_url: str) -> Iterator[People]:
    """Of a service with narrow limits, in which more is allowed after a second."""
    limits = {"SEND_LIMIT": LIMIT, "LOGIN_LIMIT": LIMIT, "LIMIT_SECONDS": 1}
    with serving(seeded_database, redis_url, **limits) as base_url, People(base_url) as people:
        yield people


def too_often(answer: object) -> bool:
    """It is one too many, and says when it is not any more."""
    if answer.status == 429:
        assert answer.body["code"] == "TOO_MANY_REQUESTS"
        assert answer.headers["Retry-After"] == "1"
    return answer.status == 429


def test_messages_are_limited_for_each_user_and_allowed_again_later(people: People):
    sender, other = people.member(1, 1), people.member(1, 2)
    eventually(lambda: too_often(sender.send()))
    assert too_often(sender.reply(seeded_conversation(1)))
    assert other.send().status == 202
    eventually(lambda: sender.send().status == 202)


def test_reading_is_not_limited(people: People):
    reader = people.member(1, 3)
    for _ in range(3 * LIMIT):
        assert reader.get("/analytics/summary")


def test_logging_in_is_limited_for_each_address_and_allowed_again_later(people: People):
    nobody = people.nobody()

    def log_in(member: int) -> object:
        return nobody.request("POST", "/auth/login", {"email": email_of(2, member), "password": "a guess"})

    eventually(lambda: too_often(log_in(1)))
    assert log_in(2).status == 401
    eventually(lambda: log_in(1).status == 401)


def counted(url: str, seconds: float, play: Callable[[RateLimit], Awaitable[None]]) -> None:
    async def played() -> None:
        link = RedisLink(url, without="no limits")
        try:
            await play(RateLimit(link, f"surgeline-test-{uuid4().hex}", LIMIT, seconds))
        finally:
            await link.close()

    asyncio.run(played())


def test_so_many_times_are_allowed_and_no_more(redis_url: str):
    async def play(limit: RateLimit) -> None:
        # More at a time than there are connections to Redis: who has to wait for one is counted, too.
        asked = await asyncio.gather(*(limit.seconds_to_wait("somebody") for _ in range(500)))
        assert asked.count(0) == LIMIT
        assert all(0 < seconds <= 60 for seconds in asked if seconds)
        assert await limit.seconds_to_wait("somebody else") == 0

    counted(redis_url, 60, play)


def test_after_the_time_that_is_told_it_is_allowed_again(redis_url: str):
    async def play(limit: RateLimit) -> None:
        for _ in range(2):
            while not (seconds := await limit.seconds_to_wait("somebody")):
                pass
            assert seconds <= 0.2
            await asyncio.sleep(seconds + 0.01)
            assert await limit.seconds_to_wait("somebody") == 0

    counted(redis_url, 0.2, play)


def test_without_redis_there_is_no_limit():
    async def play(limit: RateLimit) -> None:
        assert {await limit.seconds_to_wait("somebody") for _ in range(20)} == {0}

    counted(f"redis://127.0.0.1:{free_port()}", 60, play)
