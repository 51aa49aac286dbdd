"""Works off rows of a table that are pending. The table is the queue: what is in it is not lost, whatever dies.

One task moves rows between the table and the workers: it claims what there is room for and writes what is done, both
many rows at a time, and in turn, so that what was done is written before more is claimed. The workers take the claimed
rows one by one, whoever is free the next one: so they share the work evenly, however little there is.

A row that was claimed and never finished, because its process died or its work failed, becomes pending again when its
claim is old: that is for `claim` to see to. It must not know the table, nor what the work is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from surgeline_systems.servers.postgres import POSTGRES_ERRORS

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


class WorkQueue(Generic[Item]):
    """`workers` tasks that work on what `claim(most)` gives; `finish` writes down what they have done.

    At most `batch` rows a worker are claimed at a time. The table is asked at once, after each `wake`, and every
    `idle_seconds` for rows that other processes left. After an error of the database it is tried again in
    `retry_seconds`.
    """

    def __init__(
        self,
        *,
        claim: Callable[[int], Awaitable[Sequence[Item]]],
        work: Callable[[Item], Awaitable[None]],
        finish: Callable[[Sequence[Item]], Awaitable[None]],
        workers: int,
        batch: int = 20,
        idle_seconds: float = 1.0,
        retry_seconds: float = 0.5,
    ) -> None:
        self._claim = claim
        self._work = work
        self._finish = finish
        self._most = workers * batch
        self._idle_seconds = idle_seconds
        self._retry_seconds = retry_seconds
        self._claimed = 0
        self._waiting: asyncio.Queue[Item] = asyncio.Queue()
        self._done: list[Item] = []
        self._closing = False
        self._due = asyncio.Event()
        self.wake()
        self._mover = asyncio.create_task(self._move())
        self._workers = [asyncio.create_task(self._take()) for _ in range(workers)]

    def __len__(self) -> int:
        """How many rows are claimed and not yet written as done."""
        return self._claimed

    @property
    def workers(self) -> int:
        """How many work at the same time."""
        return len(self._workers)

    def wake(self) -> None:
        """A row was added and committed."""
        self._may_be_more = True
        self._due.set()

    async def close(self, timeout: float) -> int:
        """Finish what is claimed, and claim no more; gives the number of claimed rows that took too long."""
        self._closing = True
        self._due.set()
        await asyncio.wait([self._mover], timeout=timeout)
        for task in (self._mover, *self._workers):
            task.cancel()
        return self._claimed

    async def _move(self) -> None:
        while self._claimed or not self._closing:
            await self._until_due()
            try:
                await self._write_done()
                await self._claim_more()
            except POSTGRES_ERRORS as error:
                logger.warning("the queue waits for the database: %s", error)
                await self._try_again_later()
            except Exception:  # a defect of ours: told, and no reason to deliver nothing any more
                logger.exception("the queue stumbles")
                await self._try_again_later()

    async def _try_again_later(self) -> None:
        self.wake()
        await asyncio.sleep(self._retry_seconds)

    async def _until_due(self) -> None:
        """Something was added or done, the queue is to be closed, or it is time to look by ourselves."""
        try:
            await asyncio.wait_for(self._due.wait(), self._idle_seconds)
        except TimeoutError:
            self._may_be_more = True
        self._due.clear()

    async def _write_done(self) -> None:
        done = self._done[:]
        if done:
            await self._finish(done)
            del self._done[: len(done)]
            self._claimed -= len(done)

    async def _claim_more(self) -> None:
        """Few rows at a time cost as much as many: when there are many, wait until there is room for some."""
        room = self._most - self._claimed
        if self._closing or not self._may_be_more or 2 * room < self._most:
            return
        self._may_be_more = False
        claimed = await self._claim(room)
        self._claimed += len(claimed)
        self._may_be_more |= len(claimed) == room
        for item in claimed:
            self._waiting.put_nowait(item)

    async def _take(self) -> None:
        while True:
            item = await self._waiting.get()
            try:
                await self._work(item)
            except Exception:
                logger.exception("work failed; it is done again when its claim is old")
                self._claimed -= 1
            else:
                self._done.append(item)
            self._due.set()
