"""Between events and the table: what they change is gathered, once for each user and statistic, and written together.

A change leaves when the database has confirmed its batch; while the database is away the batch is tried again, and it
may be written twice, which changes nothing. When the buffer is full, nothing new is taken. It is in memory: what a
killed process had in it is lost, where `journal.py` does not keep it. It must not know the table, nor how events come.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from surgeline_systems.servers.postgres import POSTGRES_ERRORS

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """A statistic of a user has a new value; or, without one, a day has been added to it. Then `at` is the day."""

    user_id: UUID
    statistic: str
    value: int | None
    at: datetime


class BufferFullError(Exception):
    """There is no room: the event must come again, later."""


class BufferClosedError(Exception):
    """The buffer takes nothing any more."""


Batch = dict[tuple[UUID, str], Change]
Write = Callable[[int, Sequence[Change]], Awaitable[None]]
"""Writes the changes of a batch, given by its number: they count from 0 in the order in which they are written."""


class ChangeBuffer:
    """Writes all that has come, every `interval` seconds; at most `capacity` changes wait."""

    def __init__(self, write: Write, *, interval: float, capacity: int, retry: float = RETRY_SECONDS) -> None:
        self._write = write
        self._interval = interval
        self._capacity = capacity
        self._retry = retry
        # All but the last are closed: the first is being written.
        self._batches: deque[Batch] = deque([{}])
        self._written_batches = 0
        self._count = 0
        self._closing = asyncio.Event()
        self._writer = asyncio.create_task(self._write_again_and_again())

    def __len__(self) -> int:
        """How many changes the database has not confirmed."""
        return self._count

    def add(self, change: Change) -> tuple[int, Change]:
        """Take a change; gives the number of its batch, and what stands there for its user and statistic.

        Raises: BufferFullError, BufferClosedError.
        """
        if self._closing.is_set():
            raise BufferClosedError
        key = change.user_id, change.statistic
        known = self._batches[-1].get(key)
        if known is not None and known.value is not None:
            self._batches[-1][key] = max(known, change, key=lambda one: one.at)
        elif known is None or known.at != change.at:
            self._add_new(change, is_other_day=known is not None)
        return self._written_batches + len(self._batches) - 1, self._batches[-1][key]

    async def close(self, timeout: float) -> int:
        """Take no more, write what is there; gives the number of changes that could not be written in time."""
        self._closing.set()
        await asyncio.wait([self._writer], timeout=timeout)
        self._writer.cancel()
        return self._count

    def _add_new(self, change: Change, *, is_other_day: bool) -> None:
        """Two days of a user are two batches: one statement cannot write a row twice."""
        if self._count >= self._capacity:
            raise BufferFullError
        if is_other_day:
            self._batches.append({})
        self._batches[-1][change.user_id, change.statistic] = change
        self._count += 1

    async def _write_again_and_again(self) -> None:
        clock = asyncio.get_running_loop().time
        while not self._closing.is_set():
            start = clock()
            await self._flush()
            await self._until_due(start + self._interval - clock())
        await self._flush()

    async def _until_due(self, seconds: float) -> None:
        """The time is over, or the buffer is to be closed."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return

    async def _flush(self) -> None:
        """Write what is there now, batch by batch."""
        if self._batches[-1]:
            self._batches.append({})
        while len(self._batches) > 1:
            if await self._written(list(self._batches[0].values())):
                self._count -= len(self._batches.popleft())
                self._written_batches += 1
            else:
                await asyncio.sleep(self._retry)

    async def _written(self, changes: Sequence[Change]) -> bool:
        start = time.perf_counter()
        try:
            await self._write(self._written_batches, changes)
        except POSTGRES_ERRORS as error:
            logger.warning("buffer flush: %d changes wait for the database: %s", self._count, error)
            return False
        except Exception:  # a defect of ours: told, and no reason to drop what was acknowledged
            logger.exception("buffer flush: %d changes wait", self._count)
            return False
        logger.info("buffer flush: %d changes in %.1f ms", len(changes), 1_000 * (time.perf_counter() - start))
        return True
