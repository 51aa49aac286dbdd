"""The lists that are kept ready: never older than what was told, never ahead of the database."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import msgspec
import pytest
from chat_support import redis_url, with_redis
from hypothesis import given
from hypothesis import strategies as st

from surgeline_systems.application.redis_pipeline import RedisAwayError, RedisPipeline
from surgeline_systems.chat import hot_lists
from surgeline_systems.chat.bodies import MOST_LISTED
from surgeline_systems.chat.hot_lists import HotLists
from surgeline_systems.chat.hot_reads import HotReads
from surgeline_systems.chat.store import Chat, Message, StoreAwayError

fixtures = (redis_url,)
APPLICATION, CHAT = 5, 7


class Table:
    """Stands for the database: answers at once, or step by step when it may; says what it holds at that moment."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.chats_there = 1
        self.asked = 0
        self.is_away = False
        self.at_once = True
        self._held: deque[asyncio.Event] = deque()

    async def messages(self, _chat_id: int, limit: int, before: int | None = None) -> list[Message]:
        return [message(number) for number in (await self._read(self._numbers))[:limit]]

    async def chats(self, _application_id: int, limit: int, before: int | None = None) -> list[Chat]:
        return (await self._read(self._chats))[:limit]

    def go_on(self) -> None:
        """Let the read that has waited longest take its next step."""
        if self._held:
            self._held.popleft().set()

    def release(self) -> None:
        """Let all reads end."""
        self.at_once = True
        while self._held:
            self.go_on()

    def _numbers(self) -> list[int]:
        return sorted(self.numbers, reverse=True)

    def _chats(self) -> list[Chat]:
        counts = {1: len(self.numbers)}
        return [Chat(CHAT - 1 + n, n, f"Chat {n}", counts.get(n, 0)) for n in range(self.chats_there, 0, -1)]

    async def _read(self, what: Callable[[], Any]) -> Any:
        self.asked += 1
        if self.is_away:
            raise StoreAwayError("away")
        await self._pause()
        found = what()
        await self._pause()
        return found

    async def _pause(self) -> None:
        if not self.at_once:
            self._held.append(asyncio.Event())
            await self._held[-1].wait()


def message(number: int) -> Message:
    return Message(number, 3, f"message {number}", 1_700_000_000_000 + number)


def rows(numbers: Sequence[int]) -> list[tuple[int, int, int, str, int]]:
    return [(CHAT, number, 3, f"message {number}", 1_700_000_000_000 + number) for number in numbers]


class Play:
    """A service that reads, a writer that tells, and the table between them; with what was told so far."""

    def __init__(self, redis: RedisPipeline, writers_redis: RedisPipeline, prefix: str) -> None:
        self.redis = redis
        self.prefix = prefix
        self.table = Table()
        self.reads = HotReads(redis, prefix, self.table)
        self.lists = HotLists(writers_redis, prefix)
        self.told: set[int] = set()
        self.told_chats = 1

    async def tell(self, numbers: Sequence[int], count: int | None = None) -> None:
        """Tell of these, and how many there were then."""
        count = count or len(self.table.numbers)
        await self.lists.written(rows(numbers), {CHAT: count})
        self.told.update(numbers)

    async def add_chat(self) -> None:
        self.table.chats_there += 1
        number = self.table.chats_there
        await self.lists.added(APPLICATION, Chat(CHAT - 1 + number, number, f"Chat {number}", 0))
        self.told_chats = number

    async def messages(self, limit: int = MOST_LISTED) -> list[int]:
        """The numbers that are listed."""
        told = set(self.told)
        listed = msgspec.json.decode(await self.reads.messages(CHAT, limit), type=list[Message])
        numbers = [one.number for one in listed]
        assert listed == [message(number) for number in numbers]
        assert numbers == sorted(numbers, reverse=True)
        assert set(numbers) <= self.table.numbers
        assert set(sorted(told)[-limit:]) <= set(numbers) or len(numbers) == limit
        assert all(number in numbers for number in told if not numbers or number >= numbers[-1])
        return numbers

    async def chats(self, limit: int = 50) -> list[dict[str, Any]]:
        """What is listed."""
        told, chats = len(self.told), self.told_chats
        listed: list[dict[str, Any]] = msgspec.json.decode(await self.reads.chats(APPLICATION, limit))
        numbers = [one["number"] for one in listed]
        assert numbers == list(range(numbers[0], max(0, numbers[0] - limit), -1))
        assert chats <= numbers[0] <= self.table.chats_there
        if numbers[-1] == 1:  # the chat in which something is said
            assert told <= listed[-1]["messages_count"] <= len(self.table.numbers)
        return listed

    async def lose(self) -> None:
        """Redis forgets the lists, as it does when they have not been filled for long."""
        keys = [f"{self.prefix}messages:{CHAT}", f"{self.prefix}chats:{APPLICATION}"]
        await self.redis.ask(("DEL", *keys))


def scenario(url: str, play: Callable[[Play], Awaitable[None]], kind: type[Play] = Play) -> None:
    async def story(redis: RedisPipeline, prefix: str) -> None:
        writers = RedisPipeline(url)
        try:
            await play(kind(redis, writers, prefix))
        finally:
            await writers.close()

    with_redis(url, story)


actions = st.one_of(
    st.tuples(st.just("commit"), st.integers(1, 4)),
    st.tuples(st.just("tell"), st.integers(0, 3)),
    st.tuples(st.just("messages"), st.sampled_from([1, 2, 3, MOST_LISTED])),
    st.tuples(st.just("chats"), st.sampled_from([1, 2, 50])),
    st.tuples(st.sampled_from(["add chat", "go on", "go on", "go on", "lose"]), st.just(0)),
)


class Script(Play):
    """A play by steps, in which nobody waits for anybody."""

    def __init__(self, redis: RedisPipeline, writers_redis: RedisPipeline, prefix: str) -> None:
        super().__init__(redis, writers_redis, prefix)
        self.table.at_once = False
        self._untold: list[tuple[list[int], int]] = []
        self._under_way: list[asyncio.Task[Any]] = []

    async def step(self, what: str, how: int) -> None:
        if what == "commit":
            last = max(self.table.numbers, default=0)
            numbers = list(range(last + 1, last + 1 + how))
            self.table.numbers.update(numbers)
            self._untold.append((numbers, len(self.table.numbers)))
        elif what == "tell" and self._untold:
            self._begin(self.tell(*self._untold.pop(min(how, len(self._untold) - 1))))
        elif what in {"messages", "chats"}:
            self._begin(getattr(self, what)(how))
        elif what == "add chat":
            self._begin(self.add_chat())
        elif what == "go on":
            self.table.go_on()
        elif what == "lose":
            await self.lose()

    async def settle(self, rounds: int) -> None:
        """Let all get on by so many visits to Redis."""
        for _ in range(rounds):
            await self.redis.ask(("PING",))

    async def end(self) -> None:
        self.table.release()
        await asyncio.gather(*self._under_way)
        for committed in self._untold:
            await self.tell(*committed)

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        self._under_way.append(asyncio.create_task(work))


@given(st.lists(st.tuples(actions, st.integers(0, 4)), max_size=60))
def test_however_readers_and_writers_meet_no_list_is_older_than_what_was_told(
    redis_url: str, steps: list[tuple[tuple[str, int], int]]
):
    async def play(script: Play) -> None:
        assert isinstance(script, Script)
        for action, rounds in steps:
            await script.step(*action)
            await script.settle(rounds)
        await script.end()
        for _ in range(2):
            assert await script.messages() == sorted(script.table.numbers, reverse=True)[:MOST_LISTED]
            assert (await script.chats())[-1]["messages_count"] == len(script.table.numbers)

    scenario(redis_url, play, Script)


def test_the_second_time_nobody_asks_the_database(redis_url: str):
    async def play(play: Play) -> None:
        play.table.numbers = {1, 2, 3}
        for limit in (2, 3, 100):
            assert await play.messages(limit) == [3, 2, 1][:limit]
            assert len(await play.chats(limit)) == 1
        assert play.table.asked == 2

    scenario(redis_url, play)


def test_after_a_defect_who_asks_is_told_and_the_next_one_is_answered(redis_url: str, monkeypatch: pytest.MonkeyPatch):
    async def play(play: Play) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(play.table, "messages", None)
            with pytest.raises(TypeError):
                await play.messages()
        assert await play.messages() == []
        await play.redis.ask(("SET", f"{play.prefix}messages:{CHAT}", "no list"))
        with pytest.raises(RedisAwayError, match="WRONGTYPE"):
            await play.messages()
        with monkeypatch.context() as patch:
            patch.setattr(play.redis, "ask", None)
            with pytest.raises(TypeError):
                await play.messages()
        await play.lose()
        assert await play.messages() == []

    scenario(redis_url, play)


def test_an_empty_list_is_kept_too(redis_url: str):
    async def play(play: Play) -> None:
        for _ in range(2):
            assert await play.messages() == []
        assert play.table.asked == 1

    scenario(redis_url, play)


def test_who_asks_for_a_list_while_it_is_read_causes_no_further_question(redis_url: str):
    async def play(play: Play) -> None:
        play.table.numbers = {1}
        play.table.at_once = False
        asked = []
        for limit in (1, 2, 3, 1):
            asked.append(asyncio.create_task(play.messages(limit)))
            for _ in range(4):
                await play.redis.ask(("PING",))
        assert play.table.asked == 1
        play.table.release()
        assert await asyncio.gather(*asked) == [[1]] * 4
        assert play.table.asked == 1

    scenario(redis_url, play)


def test_a_chat_has_as_many_messages_as_was_told_last(redis_url: str):
    async def play(play: Play) -> None:
        play.table.at_once = False
        slow = asyncio.create_task(play.chats())
        for _ in range(4):
            await play.redis.ask(("PING",))
        play.table.go_on()
        await asyncio.sleep(0)
        play.table.numbers = {1, 2}
        await play.tell([2])
        play.table.release()
        await slow
        assert (await play.chats())[0]["messages_count"] == 2
        await play.tell([1], 1)
        assert (await play.chats())[0]["messages_count"] == 2
        assert play.table.asked == 1

    scenario(redis_url, play)


def test_a_list_keeps_the_newest_whoever_is_late(redis_url: str):
    async def play(play: Play) -> None:
        await play.messages()
        everything = set(range(1, 2 * MOST_LISTED))
        late = {3, MOST_LISTED + 50}
        play.table.numbers = everything - late
        await play.tell(sorted(play.table.numbers))
        play.table.numbers |= late
        await play.tell(sorted(late))
        assert await play.messages() == sorted(everything, reverse=True)[:MOST_LISTED]
        assert play.table.asked == 1

    scenario(redis_url, play)


def test_what_is_kept_is_read_while_the_database_is_away(redis_url: str):
    async def play(play: Play) -> None:
        play.table.numbers = {1}
        await play.messages()
        play.table.is_away = True
        assert await play.messages() == [1]
        with pytest.raises(StoreAwayError):
            await play.chats()
        play.table.is_away = False
        assert len(await play.chats()) == 1

    scenario(redis_url, play)


def test_what_a_writer_could_not_tell_is_dropped_when_redis_is_back(redis_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hot_lists, "RETRY_SECONDS", 0.01)

    class Cut(RedisPipeline):
        is_cut = False

        def __init__(self, url: str) -> None:
            super().__init__(url)
            self.was_asked = asyncio.Event()

        async def ask(self, *commands: Any) -> list[Any]:
            if self.is_cut:
                raise RedisAwayError("cut")
            answers = await super().ask(*commands)
            self.was_asked.set()
            return answers

    async def story(redis: RedisPipeline, prefix: str) -> None:
        cut = Cut(redis_url)
        play = Play(redis, cut, prefix)
        await play.messages()
        await play.chats()
        cut.is_cut = True
        play.table.numbers = {1}
        await play.lists.written(rows([1]), {CHAT: 1})
        assert await play.messages() == []
        cut.is_cut = False
        await asyncio.wait_for(cut.was_asked.wait(), 60)
        assert await play.messages() == [1]
        play.told = {1}
        assert (await play.chats())[0]["messages_count"] == 1
        await play.lists.close()

    with_redis(redis_url, story)


def test_what_somebody_may_have_changed_is_read_from_the_database_again(redis_url: str):
    async def play(play: Play) -> None:
        await play.messages()
        play.table.numbers = {1}
        await play.lists.forget([CHAT])
        assert await play.messages() == [1]

    scenario(redis_url, play)


def test_the_backlog_is_what_has_numbers_and_is_not_in_the_database(redis_url: str):
    async def play(play: Play) -> None:
        assert await play.reads.backlog() == 0
        await play.add_chat()
        await play.redis.ask(("HINCRBY", f"{play.prefix}numbers", CHAT + 1, 5))
        await play.redis.ask(("HINCRBY", f"{play.prefix}numbers", CHAT + 2, 1))  # one that nobody has counted
        assert await play.reads.backlog() == 6
        await play.lists.written([(CHAT + 1, 1, 3, "x", 0), (CHAT + 1, 2, 3, "x", 0)], {CHAT + 1: 2})
        await play.lists.written([(CHAT + 2, 1, 3, "x", 0)], {CHAT + 2: 1})
        assert await play.reads.backlog() == 3

    scenario(redis_url, play)
