"""Who is signed in, and for how long; and that nobody can say so himself."""

from collections.abc import Awaitable, Callable

import pytest
from chat_support import redis_url, with_redis

from surgeline_systems.application.redis_pipeline import RedisPipeline
from surgeline_systems.chat import sessions
from surgeline_systems.chat.sessions import Sessions
from surgeline_systems.chat.store import User

fixtures = (redis_url,)
ANN, BOB = User(1, "Ann", "ann@chat.example"), User(2, "Böb", "bob@chat.example")
SECONDS = 60
Make = Callable[[str], Sessions]


def tell(url: str, story: Callable[[Make, RedisPipeline, str], Awaitable[None]]) -> None:
    """A story of one or several services, each made by its secret, over the same Redis."""

    async def told(redis: RedisPipeline, prefix: str) -> None:
        await story(lambda secret: Sessions(redis, prefix, secret, SECONDS), redis, prefix)

    with_redis(url, told)


def test_each_session_is_new_and_says_whose_it_is_until_it_ends(redis_url: str):
    async def story(make: Make, _redis: RedisPipeline, _prefix: str) -> None:
        service = make("secret")
        anns, other, bobs = [await service.begin(user) for user in (ANN, ANN, BOB)]
        assert len({anns, other, bobs}) == 3
        assert [await service.user(session) for session in (anns, other, bobs)] == [ANN, ANN, BOB]
        await service.end(anns)
        assert await service.user(anns) is None
        assert service.remembered(anns) is None
        assert [await service.user(session) for session in (other, bobs)] == [ANN, BOB]

    tell(redis_url, story)


def test_a_session_is_known_to_every_service_with_the_same_secret_alone(redis_url: str):
    async def story(make: Make, _redis: RedisPipeline, _prefix: str) -> None:
        session = await make("secret").begin(ANN)
        assert await make("secret").user(session) == ANN
        stranger = make("other secret")
        assert await stranger.user(session) is None
        await stranger.end(session)
        assert await make("secret").user(session) == ANN

    tell(redis_url, story)


@pytest.mark.parametrize("forged", ["", ".", "{name}", "{name}.", ".{signature}", "{name}x.{signature}", "{name}.é"])
def test_what_was_not_signed_here_is_nobodys_and_ends_nothing(redis_url: str, forged: str):
    async def story(make: Make, redis: RedisPipeline, prefix: str) -> None:
        service = make("secret")
        name, _, signature = (await service.begin(ANN)).partition(".")
        await redis.ask(("SET", f"{prefix}session:", b'{"id":1,"name":"","email":""}'))
        shown = forged.format(name=name, signature=signature)
        assert await service.user(shown) is None
        await service.end(shown)
        assert await redis.ask(("EXISTS", f"{prefix}session:{name}")) == [1]

    tell(redis_url, story)


def test_redis_forgets_it_when_its_time_is_over(redis_url: str):
    async def story(make: Make, redis: RedisPipeline, prefix: str) -> None:
        service = make("secret")
        session = await service.begin(ANN)
        key = f"{prefix}session:{session.partition('.')[0]}"
        (seconds,) = await redis.ask(("TTL", key))
        assert 0 < seconds <= SECONDS
        await redis.ask(("DEL", key))
        assert await service.user(session) is None

    tell(redis_url, story)


def test_who_was_asked_for_is_remembered_and_not_for_ever(redis_url: str, monkeypatch: pytest.MonkeyPatch):
    async def story(make: Make, redis: RedisPipeline, prefix: str) -> None:
        remembering, forgetting = make("secret"), make("secret")
        session = await remembering.begin(ANN)
        assert remembering.remembered(session) is None
        assert await remembering.user(session) == ANN
        assert remembering.remembered(session) == ANN
        monkeypatch.setattr(sessions, "REMEMBERED_SECONDS", 0.0)
        assert await forgetting.user(session) == ANN
        assert forgetting.remembered(session) is None
        await redis.ask(("DEL", f"{prefix}session:{session.partition('.')[0]}"))
        assert await remembering.user(session) == ANN
        assert await forgetting.user(session) is None

    tell(redis_url, story)


def test_no_more_are_remembered_than_there_is_room_for(redis_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sessions, "MOST_REMEMBERED", 2)

    async def story(make: Make, _redis: RedisPipeline, _prefix: str) -> None:
        service = make("secret")
        begun = [await service.begin(ANN) for _ in range(3)]
        for session in begun:
            assert await service.user(session) == ANN
        assert [service.remembered(session) for session in begun] == [None, None, ANN]

    tell(redis_url, story)
