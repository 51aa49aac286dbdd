"""Redis over one connection: answers in order, for many at a time; and when it goes away, refuses or talks nonsense."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from chat_support import redis_url, with_redis
from conversations_support import redis_at
from test_redis_ways import a_binary

from surgeline import SurgelineError
from surgeline_systems.application import redis_pipeline
from surgeline_systems.application.redis_pipeline import RedisAwayError, RedisPipeline
from surgeline_systems.servers import redis
from surgeline_systems.servers.launch import free_port

fixtures = (redis_url,)
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PONG = b"+PONG\r\n"


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_pipeline, "PAUSE_SECONDS", 0.0)


def test_answers_belong_to_their_questions_however_many_are_under_way(redis_url: str):
    async def story(pipeline: RedisPipeline, prefix: str) -> None:
        key = f"{prefix}list"
        big = b"x" * 1_000_000
        questions = [pipeline.ask(("RPUSH", key, number), ("LINDEX", key, -1), ("ECHO", big)) for number in range(50)]
        for number, answers in enumerate(await asyncio.gather(*questions)):
            assert answers == [number + 1, b"%d" % number, big]
        assert await pipeline.ask(("GET", f"{prefix}nothing")) == [None]

    with_redis(redis_url, story)


def test_who_gives_up_takes_nobody_elses_answer(redis_url: str):
    async def story(pipeline: RedisPipeline, prefix: str) -> None:
        await pipeline.ask(("SET", f"{prefix}key", 0))
        first, second = [asyncio.ensure_future(pipeline.ask(("INCR", f"{prefix}key"))) for _ in range(2)]
        await asyncio.sleep(0)
        first.cancel()
        assert await second == [2]

    with_redis(redis_url, story)


def test_scripts_are_ready_also_after_redis_has_forgotten_them(redis_url: str):
    async def story(pipeline: RedisPipeline, _prefix: str) -> None:
        script = pipeline.script("return ARGV[1] .. '!'  -- of this test alone")
        assert await pipeline.ask(("EVALSHA", script, 0, "a")) == [b"a!"]
        other = RedisPipeline(redis_url)
        unknown = other.script("return 'not loaded there'")
        await other.close()
        with pytest.raises(RedisAwayError, match="NOSCRIPT") as refused:
            await pipeline.ask(("EVALSHA", unknown, 0))
        assert refused.value.may_be_done
        assert await pipeline.ask(("EVALSHA", script, 0, "b")) == [b"b!"]

    with_redis(redis_url, story)


def test_a_refusal_is_for_who_asked_and_others_have_their_answers(redis_url: str):
    async def story(pipeline: RedisPipeline, prefix: str) -> None:
        await pipeline.ask(("SET", f"{prefix}text", "text"))
        told = await asyncio.gather(
            pipeline.ask(("PING",)),
            pipeline.ask(("SET", f"{prefix}done", 1), ("INCR", f"{prefix}text")),
            pipeline.ask(("GET", f"{prefix}done")),
            return_exceptions=True,
        )
        assert (told[0], told[2]) == ([b"PONG"], [b"1"])
        assert isinstance(told[1], RedisAwayError)
        assert told[1].may_be_done
        assert await pipeline.ask(("PING",)) == [b"PONG"]

    with_redis(redis_url, story)


def test_the_place_says_database_and_password():
    with redis.private_server(a_binary()) as server:

        async def story(pipeline: RedisPipeline, prefix: str) -> None:
            await pipeline.ask(("SET", f"{prefix}key", 1))
            elsewhere = RedisPipeline(f"{server.url.rpartition('/')[0]}/3")
            assert await elsewhere.ask(("GET", f"{prefix}key")) == [None]
            await elsewhere.close()
            stranger = RedisPipeline(f"redis://{server.url.rpartition('@')[2]}")
            with pytest.raises(RedisAwayError, match="NOAUTH"):
                await stranger.ask(("PING",))

        with_redis(server.url, story)


@pytest.mark.usefixtures("no_pause")
def test_it_connects_again_when_redis_is_back_and_who_waited_is_told():
    port = free_port()

    async def story() -> None:
        pipeline = RedisPipeline(f"redis://127.0.0.1:{port}/0")
        with pytest.raises(RedisAwayError) as refused:
            await pipeline.ask(("PING",))
        assert not refused.value.may_be_done
        with redis_at(port):
            assert await pipeline.ask(("PING",)) == [b"PONG"]
            waiting = asyncio.ensure_future(pipeline.ask(("BLPOP", "nothing", 0)))
            await asyncio.sleep(0)
        with pytest.raises(RedisAwayError) as lost:
            await waiting
        assert lost.value.may_be_done
        with redis_at(port):
            assert await pipeline.ask(("PING",)) == [b"PONG"]
        await pipeline.close()

    asyncio.run(story())


def test_after_a_failure_it_is_left_alone_for_a_moment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(redis_pipeline, "PAUSE_SECONDS", 3_600.0)

    async def story() -> None:
        asked: list[int] = []

        async def leave(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            asked.append(1)

        async with _answering(leave) as pipeline:
            for reason in ("away", "a moment ago", "a moment ago"):
                with pytest.raises(RedisAwayError, match=reason):
                    await pipeline.ask(("PING",))
        assert asked == [1]

    asyncio.run(story())


@asynccontextmanager
async def _answering(answer: Answer) -> AsyncIterator[RedisPipeline]:
    """A connection to what is no Redis, or one that does not do what Redis does."""
    answering: set[asyncio.Task[None] | None] = set()

    async def answer_and_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.current_task())
        with suppress(OSError, EOFError):
            await answer(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(answer_and_leave, "127.0.0.1", 0) as server:
        pipeline = RedisPipeline(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        try:
            yield pipeline
        finally:
            await pipeline.close()
            await asyncio.gather(*[task for task in answering if task is not None])


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"-ERR max number of clients reached\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        PONG + b"-ERR nobody has asked\r\n",
    ],
)
def test_what_redis_would_not_say_now_is_an_error_and_nothing_worse(caplog: pytest.LogCaptureFixture, said: bytes):
    async def story() -> None:
        async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            await reader.read()

        async with _answering(say) as pipeline:
            with pytest.raises(RedisAwayError, match=r"Redis (is away|has closed)"):
                await pipeline.ask(("PING",))

    asyncio.run(story())
    assert caplog.records == []


def test_who_gets_no_answer_in_time_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(redis_pipeline, "TIMEOUT_SECONDS", 0.05)

    async def story() -> None:
        async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"PING\r\n")
            writer.write(PONG)
            await reader.read()

        async with _answering(answer_once) as pipeline:
            questions = [pipeline.ask(("GET", "key")) for _ in range(3)]
            for told in await asyncio.gather(*questions, return_exceptions=True):
                assert isinstance(told, RedisAwayError)
                assert told.may_be_done

    asyncio.run(story())


@pytest.mark.parametrize("url", ["", "nowhere", "http://127.0.0.1/", "redis://:secret@127.0.0.1:port/0"])
def test_a_url_that_is_none_is_an_error_without_its_secrets(url: str):
    with pytest.raises(SurgelineError, match="expected redis://") as caught:
        RedisPipeline(url)
    assert "secret" not in str(caught.value)
