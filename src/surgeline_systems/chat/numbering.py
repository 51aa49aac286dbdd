"""Gives messages their numbers: in each chat from 1 on, without gaps, whoever asks and whatever fails.

The last number of each chat is in Redis. A batch gets its numbers, and is put into the outbox with them, in one step:
from then on its numbers are taken, and whoever finds it there sees to it that it reaches the queue. To ask again for
the same batch is to be told the same numbers.

Where Redis has forgotten a chat, its last number is that of the database, or the one that this process gave last. Only
messages that another process had numbered, and that were not yet written when Redis lost its memory, would be missed by
that. It must not know who carries a batch, nor where to.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import msgspec

from surgeline_systems.application.redis_pipeline import Command, RedisPipeline
from surgeline_systems.chat.store import MessageRow, StoreError

# Chat, who wrote it, what it says, when it was accepted: a row that has no number yet.
Unnumbered = tuple[int, int, str, int]

# KEYS: numbers, outbox. ARGV: id of the batch, its rows, how many batches are done, their ids, then each chat with how
# many messages it gets. Gives the first number of each chat; without `1` in front, the chats that are not known.
NUMBER = """
    local done = tonumber(ARGV[3])
    if done > 0 then
        redis.call('HDEL', KEYS[2], unpack(ARGV, 4, 3 + done))
    end
    local kept = redis.call('HGET', KEYS[2], ARGV[1])
    if kept then
        return {1, kept}
    end
    local unknown = {0}
    for i = 4 + done, #ARGV, 2 do
        if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then
            unknown[#unknown + 1] = ARGV[i]
        end
    end
    if #unknown > 1 then
        return unknown
    end
    local firsts = {}
    for i = 4 + done, #ARGV, 2 do
        firsts[#firsts + 1] = redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) - ARGV[i + 1] + 1
    end
    kept = cjson.encode(firsts) .. '\\n' .. ARGV[2]
    redis.call('HSET', KEYS[2], ARGV[1], kept)
    return {1, kept}
"""

_encode_rows = msgspec.msgpack.Encoder().encode
_decode_rows = msgspec.msgpack.Decoder(list[Unnumbered]).decode
_decode_firsts = msgspec.json.Decoder(list[int]).decode


class UnknownChatsError(Exception):
    """Redis knows no last number of these chats, and the database cannot be asked for it now."""

    def __init__(self, chat_ids: Sequence[int]) -> None:
        super().__init__(f"no last number of chats {chat_ids}")
        self.chat_ids = chat_ids


class Numbering:
    """The numbers of all chats; `last_number` asks the database for that of one."""

    def __init__(self, redis: RedisPipeline, prefix: str, last_number: Callable[[int], Awaitable[int]]) -> None:
        self._redis = redis
        self._numbers, self._outbox = numbers_key(prefix), f"{prefix}outbox"
        self._last_number = last_number
        self._script = redis.script(NUMBER)
        self._given: dict[int, int] = {}
        self._done: list[str] = []

    async def number(self, batch: str, rows: Sequence[Unnumbered]) -> list[MessageRow]:
        """The rows with their numbers, in their order.

        Raises: RedisAwayError, after which the same may be asked again, and has to be unless it is known not to have
        been done; UnknownChatsError, when none has a number.
        """
        amounts: dict[int, int] = {}
        for row in rows:
            amounts[row[0]] = amounts.get(row[0], 0) + 1
        payload = _encode_rows(rows)
        while True:
            known, *told = await self._ask(batch, payload, amounts)
            if known:
                return self._numbered(told[0])
            await self._make_known([int(chat_id) for chat_id in told])

    def done(self, batch: str) -> None:
        """The queue has it: it goes out of the outbox with the next question."""
        self._done.append(batch)

    async def forget_done(self) -> None:
        """Take out of the outbox what the queue has, now. Raises: RedisAwayError."""
        if self._done:
            done, self._done = self._done, []
            await self._redis.ask(("HDEL", self._outbox, *done))

    async def left(self) -> dict[str, list[MessageRow]]:
        """The batches in the outbox: what an earlier process left. Raises: RedisAwayError."""
        (found,) = await self._redis.ask(("HGETALL", self._outbox))
        return {batch.decode(): _read(kept) for batch, kept in zip(found[::2], found[1::2], strict=True)}

    async def _ask(self, batch: str, payload: bytes, amounts: dict[int, int]) -> list[bytes]:
        done, self._done = self._done, []
        each_chat = [part for item in amounts.items() for part in item]
        command: Command = ("EVALSHA", self._script, 2, self._numbers, self._outbox, batch, payload, len(done), *done)
        try:
            answered: list[bytes] = (await self._redis.ask((*command, *each_chat)))[0]
        except BaseException:
            self._done += done
            raise
        return answered

    def _numbered(self, kept: bytes) -> list[MessageRow]:
        rows = _read(kept)
        self._given.update({row[0]: row[1] for row in rows})
        return rows

    async def _make_known(self, chat_ids: Sequence[int]) -> None:
        try:
            lasts = await asyncio.gather(*map(self._last_number, chat_ids))
        except StoreError as error:
            raise UnknownChatsError(chat_ids) from error
        known = [
            (chat_id, max(last, self._given.get(chat_id, 0))) for chat_id, last in zip(chat_ids, lasts, strict=True)
        ]
        await self._redis.ask(*[("HSETNX", self._numbers, *pair) for pair in known])


def numbers_key(prefix: str) -> str:
    """The hash of the last numbers, by chat."""
    return f"{prefix}numbers"


def _read(kept: bytes) -> list[MessageRow]:
    """What the script has put together: the first number of each chat, in the order of its first row, and the rows."""
    firsts, _, payload = kept.partition(b"\n")
    rows = _decode_rows(payload)
    chats = dict.fromkeys([row[0] for row in rows])
    numbers = dict(zip(chats, map(count, _decode_firsts(firsts)), strict=True))
    return [(chat, next(numbers[chat]), creator, body, created) for chat, creator, body, created in rows]
