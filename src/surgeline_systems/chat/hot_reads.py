"""Reads the hot lists for a service: thousands of times a second, from Redis, or from the database where Redis has them
not.

What is asked for while an answer is under way is asked for together, and the same list once. It must not know HTTP.
"""

import asyncio
from collections.abc import Coroutine
from secrets import token_hex
from typing import Any, Literal

from surgeline_systems.application.redis_pipeline import Command, RedisPipeline
from surgeline_systems.chat.bodies import MOST_LISTED, ToldChat
from surgeline_systems.chat.hot_lists import COUNT, END, Keys, chat_member, encode
from surgeline_systems.chat.store import Store

# A mark outlives every question to the database; a list that nobody fills anew is of no use to anybody.
MARK_SECONDS = 60
LIST_SECONDS = 3_600

# KEYS: list, mark. ARGV: mark, seconds to keep it, then the members with their numbers.
FILL = """
    if redis.call('GET', KEYS[2]) == ARGV[1] then
        redis.call('DEL', KEYS[1], KEYS[2])
        redis.call('ZADD', KEYS[1], unpack(ARGV, 3))
        redis.call('EXPIRE', KEYS[1], ARGV[2])
    end
"""
# KEYS: list, counts. ARGV: how many. Gives the JSON; nothing where the list, or a count in it, is not there.
CHATS = """
    local ids, texts = {}, {}
    local members = redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1)
    if #members == 0 then
        return false
    end
    for i, member in ipairs(members) do
        local colon = string.find(member, ':', 1, true)
        if colon then
            ids[i], texts[i] = string.sub(member, 1, colon - 1), string.sub(member, colon + 1)
        end
    end
    if #ids == 0 then
        return '[]'
    end
    local counts = redis.call('HMGET', KEYS[2], unpack(ids))
    for i, count in ipairs(counts) do
        if not count then
            return false
        end
        texts[i] = texts[i] .. count .. '}'
    end
    return '[' .. table.concat(texts, ',') .. ']'
"""

# KEYS: numbers, counts. Gives how many messages have numbers and are not in the database. A chat that has a number, and
# no count yet, has one such message at least.
BACKLOG = """
    local counts, backlog = {}, 0
    local kept = redis.call('HGETALL', KEYS[2])
    for i = 1, #kept, 2 do
        counts[kept[i]] = kept[i + 1]
    end
    local numbers = redis.call('HGETALL', KEYS[1])
    for i = 1, #numbers, 2 do
        local count = counts[numbers[i]]
        backlog = backlog + (count and math.max(0, numbers[i + 1] - count) or 1)
    end
    return backlog
"""

Wanted = tuple[Literal["messages", "chats"], int, int]
Answer = asyncio.Future[bytes]


class HotReads:
    """Ready JSON of the newest messages of a chat, or chats of an application, at most `MOST_LISTED`.

    The futures may be shared: nobody cancels one. They fail with RedisAwayError or StoreError.
    """

    def __init__(self, redis: RedisPipeline, prefix: str, store: Store) -> None:
        self._redis = redis
        self._keys = Keys(prefix)
        self._store = store
        self._fill, self._count, self._chats = redis.script(FILL), redis.script(COUNT), redis.script(CHATS)
        self._backlog = redis.script(BACKLOG)
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Wanted, Answer] = {}
        self._is_asking = False
        self._filling: dict[tuple[str, int], asyncio.Task[list[bytes]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def messages(self, chat_id: int, limit: int) -> Answer:
        """The newest messages of a chat."""
        return self._want(("messages", chat_id, limit))

    def chats(self, application_id: int, limit: int) -> Answer:
        """The newest chats of an application."""
        return self._want(("chats", application_id, limit))

    async def backlog(self) -> int:
        """How many messages were accepted and are not in the database yet. Raises: RedisAwayError."""
        (backlog,) = await self._redis.ask(("EVALSHA", self._backlog, 2, self._keys.numbers, self._keys.counts))
        return int(backlog)

    def _want(self, wanted: Wanted) -> Answer:
        answer = self._waiting.get(wanted)
        if answer is None:
            answer = self._waiting[wanted] = self._loop.create_future()
            if not self._is_asking:
                self._is_asking = True
                self._start(self._ask())
        return answer

    async def _ask(self) -> None:
        """Ask for all that is waiting, and again for what has come meanwhile."""
        while self._waiting:
            wanted, self._waiting = self._waiting, {}
            try:
                found = await self._redis.ask(*[self._command(one) for one in wanted])
            except Exception as error:  # whatever it is: nobody waits for ever, and what comes next is asked
                for answer in wanted.values():
                    answer.set_exception(error)
                continue
            for (one, answer), told in zip(wanted.items(), found, strict=True):
                if not told:
                    self._start(self._make(one, answer))
                elif one[0] == "chats":
                    answer.set_result(told)
                else:
                    answer.set_result(_joined(told))
        self._is_asking = False

    def _command(self, wanted: Wanted) -> Command:
        what, whose, limit = wanted
        if what == "messages":
            return ("ZREVRANGE", self._keys.messages(whose), 0, limit - 1)
        return ("EVALSHA", self._chats, 2, self._keys.chats(whose), self._keys.counts, limit)

    async def _make(self, wanted: Wanted, answer: Answer) -> None:
        """From the database; but where somebody is filling the list already, what he has read may be too old for us."""
        what, whose, limit = wanted
        others = self._filling.get((what, whose))
        try:
            if others is not None:
                await asyncio.wait([others])
                answer.set_result(await self._want(wanted))
                return
            filling = self._filling[what, whose] = asyncio.ensure_future(
                self._messages_filled(whose) if what == "messages" else self._chats_filled(whose)
            )
            try:
                answer.set_result(_joined((await filling)[:limit]))
            finally:
                del self._filling[what, whose]
        except Exception as error:  # likewise
            answer.set_exception(error)

    async def _messages_filled(self, chat_id: int) -> list[bytes]:
        key, mark = self._keys.messages(chat_id), token_hex(8)
        await self._redis.ask(("SET", self._keys.mark(key), mark, "EX", MARK_SECONDS))
        messages = await self._store.messages(chat_id, MOST_LISTED)
        texts = [encode(message) for message in messages]
        await self._redis.ask(self._filled(key, mark, [message.number for message in messages], texts))
        return texts

    async def _chats_filled(self, application_id: int) -> list[bytes]:
        key, mark = self._keys.chats(application_id), token_hex(8)
        await self._redis.ask(("SET", self._keys.mark(key), mark, "EX", MARK_SECONDS))
        chats = await self._store.chats(application_id, MOST_LISTED)
        counts = [figure for chat in chats for figure in (chat.id, chat.messages_count)]
        filled = self._filled(key, mark, [chat.number for chat in chats], [chat_member(chat) for chat in chats])
        await self._redis.ask(("EVALSHA", self._count, 1, self._keys.counts, *counts), filled)
        return [encode(ToldChat(chat.number, chat.name, chat.messages_count)) for chat in chats]

    def _filled(self, key: str, mark: str, numbers: list[int], texts: list[bytes]) -> Command:
        if len(numbers) < MOST_LISTED:
            numbers, texts = [*numbers, 0], [*texts, END]
        members = [part for pair in zip(numbers, texts, strict=True) for part in pair]
        return ("EVALSHA", self._fill, 2, key, self._keys.mark(key), mark, LIST_SECONDS, *members)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _joined(texts: list[bytes]) -> bytes:
    if texts and texts[-1] == END:
        texts = texts[:-1]
    return b"[" + b",".join(texts) + b"]"
