"""The lists that are read all the time, kept in Redis as ready JSON: the last messages of a chat, the chats of an
application. This is the side of those who change them; `hot_reads.py` is that of those who read.

A list is stored by a reader that did not find it. Before it asks the database it leaves a mark, and the list is stored
only if the mark is still there: whoever changes something takes the mark away after the commit. So nothing that is
older than the last change is ever stored, and without a mark for whatever reason nothing is stored at all. A message
that is told twice is in a list once, and in its place, whoever comes first. How many messages a chat has only grows: of
two figures the greater one is the later.

It must not know the database, nor HTTP.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby

import msgspec

from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.redis_pipeline import Command, RedisAwayError, RedisPipeline
from surgeline_systems.chat.bodies import MOST_LISTED
from surgeline_systems.chat.numbering import numbers_key
from surgeline_systems.chat.settings import NAME, Settings
from surgeline_systems.chat.store import Chat, Message, MessageRow

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5

# KEYS: counts. ARGV: what the keys of lists begin with, how many a list keeps, then for each chat: its id, how many
# messages it has, how many follow, and these with their numbers.
WRITTEN = """
    local i = 3
    while i < #ARGV do
        local chat, total, size = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
        if total > tonumber(redis.call('HGET', KEYS[1], chat) or -1) then
            redis.call('HSET', KEYS[1], chat, total)
        end
        local list = ARGV[1] .. 'messages:' .. chat
        redis.call('DEL', list .. ':filling')
        if redis.call('EXISTS', list) == 1 then
            redis.call('ZADD', list, unpack(ARGV, i + 3, i + 2 + 2 * size))
            redis.call('ZREMRANGEBYRANK', list, 0, -1 - ARGV[2])
        end
        i = i + 3 + 2 * size
    end
"""
# KEYS: counts. ARGV: chats, each with how many messages it has.
COUNT = """
    for i = 1, #ARGV, 2 do
        if tonumber(ARGV[i + 1]) > tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or -1) then
            redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
        end
    end
"""
# KEYS: the list of the application, its mark, counts, numbers. ARGV: how many it keeps, then the chat: its id, number,
# and text.
ADDED = """
    redis.call('HSETNX', KEYS[3], ARGV[2], 0)
    redis.call('HSETNX', KEYS[4], ARGV[2], 0)
    redis.call('DEL', KEYS[2])
    if redis.call('EXISTS', KEYS[1]) == 1 then
        redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
        redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[1])
    end
"""

# The first member of a list that has all there is.
END = b""

encode = msgspec.json.Encoder().encode


class Keys:
    """Where lists are kept, in Redis."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.counts = f"{prefix}counts"
        self.numbers = numbers_key(prefix)

    def messages(self, chat_id: int) -> str:
        """The messages of a chat, by their numbers; an empty one at the beginning says that there are no others."""
        return f"{self.prefix}messages:{chat_id}"

    def chats(self, application_id: int) -> str:
        """The chats of an application, likewise."""
        return f"{self.prefix}chats:{application_id}"

    @staticmethod
    def mark(list_key: str) -> str:
        """Whoever fills a list puts his mark here."""
        return f"{list_key}:filling"


def chat_member(chat: Chat) -> bytes:
    """A chat in a list: its id, and its JSON up to how many messages it has."""
    return b'%d:{"number":%d,"name":%b,"messages_count":' % (chat.id, chat.number, encode(chat.name))


class HotLists:
    """Told what has changed. Nothing is raised while Redis is away: lists that changed meanwhile are dropped later."""

    def __init__(self, redis: RedisPipeline, prefix: str) -> None:
        self._redis = redis
        self._keys = Keys(prefix)
        self._written, self._added, self._count = (redis.script(text) for text in (WRITTEN, ADDED, COUNT))
        self._stale: dict[str, object] = {}
        self._untold: dict[int, int] = {}
        self._dropping: asyncio.Task[None] | None = None

    async def written(self, rows: Sequence[MessageRow], counts: Mapping[int, int]) -> None:
        """These messages are in the database, and so many are in each of their chats now, in all."""
        if not rows:
            return
        arguments: list[str | bytes | int] = [self._keys.prefix, MOST_LISTED]
        for chat_id, of_chat in groupby(sorted(rows), key=lambda row: row[0]):
            newest = list(of_chat)[-MOST_LISTED:]
            arguments += [chat_id, counts[chat_id], len(newest)]
            for _, number, creator_id, body, created_at in newest:
                arguments += [number, encode(Message(number, creator_id, body, created_at))]
        command = ("EVALSHA", self._written, 1, self._keys.counts, *arguments)
        await self._tell(command, {self._keys.messages(row[0]) for row in rows}, counts)

    async def added(self, application_id: int, chat: Chat) -> None:
        """An application has a new chat, which is empty."""
        key = self._keys.chats(application_id)
        keys = (key, self._keys.mark(key), self._keys.counts, self._keys.numbers)
        command = ("EVALSHA", self._added, 4, *keys, MOST_LISTED, chat.id, chat.number, chat_member(chat))
        await self._tell(command, [key], {})

    async def forget(self, chat_ids: Iterable[int]) -> None:
        """Somebody may have changed these chats, and not told."""
        await self._drop([self._keys.messages(chat_id) for chat_id in chat_ids])

    async def close(self) -> None:
        """Leave."""
        if self._dropping is not None:
            self._dropping.cancel()
            await self._drop_stale()
        await self._redis.close()

    async def _tell(self, command: Command, lists: Iterable[str], counts: Mapping[int, int]) -> None:
        try:
            await self._redis.ask(command)
        except RedisAwayError as error:
            logger.warning("lists are dropped when Redis is back: %s", error)
            self._untold.update(counts)
            await self._drop(lists)

    async def _drop(self, lists: Iterable[str]) -> None:
        self._stale.update(dict.fromkeys(lists, object()))
        await self._drop_stale()
        if self._stale and (self._dropping is None or self._dropping.done()):
            self._dropping = asyncio.create_task(self._drop_until_done())

    async def _drop_until_done(self) -> None:
        while self._stale:
            await asyncio.sleep(RETRY_SECONDS)
            await self._drop_stale()

    async def _drop_stale(self) -> None:
        stale = dict(self._stale)
        if not stale:
            return
        told = [figure for count in self._untold.items() for figure in count]
        with suppress(RedisAwayError):
            await self._redis.ask(
                ("EVALSHA", self._count, 1, self._keys.counts, *told),
                ("DEL", *stale, *map(self._keys.mark, stale)),
            )
            # One that was dropped, and has become stale once more meanwhile, has to be dropped again.
            self._untold = dict(self._untold.items() - zip(told[::2], told[1::2], strict=True))
            self._stale = {key: change for key, change in self._stale.items() if stale.get(key) is not change}


async def open_hot_lists(settings: Settings) -> HotLists:
    """The lists of the database of these settings."""
    return HotLists(RedisPipeline(settings.redis_url), await key_prefix(settings.database_url, NAME))
