"""Keeps in Redis what is acknowledged and not yet in the table: a handler that is killed outright loses nothing of it.

Changes that come at about the same time travel together. While Redis is away nothing is kept, and events are
taken all the same. A change that is kept and was written nevertheless is written again by the next handler, which
changes nothing. It must not know events, nor the table.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
from redis.typing import EncodableT, FieldT

from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.redis_link import RedisLink
from surgeline_systems.challenges.change_buffer import Change

# A visit to Redis costs as much as ten events: many share one.
GATHER_SECONDS = 0.005
decode = msgspec.msgpack.Decoder(Change).decode


class Journal:
    """A hash in Redis, with a field for each user and statistic of each batch."""

    def __init__(self, link: RedisLink, key: str) -> None:
        self._link = link
        self._key = key
        # Of this handler: what earlier ones left, and could not be read, must not be replaced.
        self._run = time.time_ns()
        self._kept: dict[FieldT, EncodableT] = {}
        self._forgotten: list[str] = []
        self._is_closing = False
        self._due = asyncio.Event()
        self._told = asyncio.Event()
        self._teller = asyncio.create_task(self._tell_again_and_again())

    async def keep(self, batch: int, change: Change) -> None:
        """Keep a change of a batch, in place of an earlier one in it of the same user and statistic.

        Returns when Redis has it, or is known to be away.
        """
        self._kept[self._field(batch, change)] = msgspec.msgpack.encode(change)
        self._due.set()
        await self._told.wait()

    def forget(self, batch: int, changes: Sequence[Change]) -> None:
        """These changes of a batch are in the table."""
        fields = [self._field(batch, change) for change in changes]
        for field in fields:
            self._kept.pop(field, None)
        self._forgotten += fields
        self._due.set()

    async def left(self) -> Sequence[Sequence[Change]]:
        """What earlier handlers left, batch by batch in the order in which it is to be written.

        Nothing while Redis is away: then it is left to the next handler.
        """
        found: Any = await self._link.ask(lambda: self._link.redis.hgetall(self._key)) or {}
        batches = groupby(sorted(found.items()), key=lambda item: item[0].partition(b":")[0])
        return [[decode(value) for _, value in items] for _, items in batches]

    async def clear(self) -> None:
        """What was left is in the table; nothing has been kept since."""
        await self._link.ask(lambda: self._link.redis.unlink(self._key))

    async def close(self) -> None:
        """Tell what was forgotten last, and end."""
        self._is_closing = True
        self._due.set()
        await self._teller
        await self._link.close()

    def _field(self, batch: int, change: Change) -> str:
        """In the order of their names batches are in the order in which they were begun."""
        return f"{self._run:020}-{batch:012}:{change.user_id}:{change.statistic}"

    async def _tell_again_and_again(self) -> None:
        while not self._is_closing:
            await self._due.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._due.clear()
            await self._tell()
        await self._tell()

    async def _tell(self) -> None:
        """What has come until now, in one visit."""
        kept, self._kept = self._kept, {}
        forgotten, self._forgotten = self._forgotten, []
        told, self._told = self._told, asyncio.Event()
        try:
            await self._link.ask(lambda: self._change(kept, forgotten))
        finally:
            told.set()

    async def _change(self, kept: Mapping[FieldT, EncodableT], forgotten: Sequence[str]) -> bool:
        pipeline = self._link.redis.pipeline(transaction=False)
        if kept:
            pipeline.hset(self._key, mapping=kept)
        if forgotten:
            pipeline.hdel(self._key, *forgotten)
        await pipeline.execute()
        return True


async def journal_in(redis_url: str, database_url: str) -> Journal:
    """The journal of what is to be written into a database."""
    prefix = await key_prefix(database_url, "challenges")
    return Journal(redis_link(redis_url), f"{prefix}acknowledged")


def redis_link(url: str) -> RedisLink:
    """The way to the Redis that the journal is in."""
    return RedisLink(url, without="a handler that is killed loses what it has not written")
