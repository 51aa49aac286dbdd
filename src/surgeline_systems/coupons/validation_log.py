"""The queue between an answer and the table of logs: the answer does not wait for the table, and nothing is lost.

A record stays in the queue until the database has confirmed its batch. While the database is away the batch is tried
again; when the queue is full, whoever wants to add waits. Only a killed process loses what its queue holds.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from surgeline_systems.servers.postgres import POSTGRES_ERRORS

logger = logging.getLogger(__name__)

BATCH_SIZE = 100
INTERVAL_SECONDS = 5.0
CAPACITY = 10_000
RETRY_SECONDS = 0.5

# A batch may come twice: the first time its confirmation can be lost with the connection.
INSERT = """
    INSERT INTO validation_logs (id, code, user_id, valid, reason, validated_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::timestamptz[])
    ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One answer that was given."""

    id: UUID
    code: str
    user_id: str
    valid: bool
    reason: str | None
    validated_at: datetime


Write = Callable[[Sequence[LogRecord]], Awaitable[None]]


class LogClosedError(Exception):
    """A record came after the queue was closed: its answer must not be given."""


class ValidationLog:
    """Writes records in batches: whenever `batch_size` have come, and every `interval` seconds those that have."""

    def __init__(
        self,
        write: Write,
        *,
        batch_size: int = BATCH_SIZE,
        interval: float = INTERVAL_SECONDS,
        capacity: int = CAPACITY,
        retry: float = RETRY_SECONDS,
    ) -> None:
        self._write = write
        self._batch_size = batch_size
        self._interval = interval
        self._capacity = capacity
        self._retry = retry
        self._records: list[LogRecord] = []
        self._due = asyncio.Event()
        self._room = asyncio.Event()
        self._closing = False
        self._writer = asyncio.create_task(self._write_batches())

    def __len__(self) -> int:
        """How many records the database has not confirmed."""
        return len(self._records)

    async def add(self, record: LogRecord) -> None:
        """Take the record; waits while the queue is full. Raises: LogClosedError."""
        while len(self._records) >= self._capacity and not self._closing:
            self._room.clear()
            await self._room.wait()
        if self._closing:
            raise LogClosedError("the service is stopping")
        self._records.append(record)
        if len(self._records) >= self._batch_size:
            self._due.set()

    async def close(self, timeout: float) -> int:
        """Take no more, write what is there; gives the number of records that could not be written in time."""
        self._closing = True
        self._due.set()
        self._room.set()
        await asyncio.wait([self._writer], timeout=timeout)
        self._writer.cancel()
        return len(self._records)

    async def _write_batches(self) -> None:
        while not self._closing or self._records:
            await self._until_due()
            batch = self._records[: self._batch_size]
            if batch and await self._written(batch):
                del self._records[: len(batch)]
                self._room.set()

    async def _until_due(self) -> None:
        """A full batch, the end of the interval, or the close of the queue, whichever is first."""
        if self._closing or len(self._records) >= self._batch_size:
            return
        self._due.clear()
        try:
            await asyncio.wait_for(self._due.wait(), self._interval)
        except TimeoutError:
            return

    async def _written(self, batch: Sequence[LogRecord]) -> bool:
        try:
            await self._write(batch)
        except POSTGRES_ERRORS as error:
            logger.warning("%d validation logs wait: %s", len(self._records), error)
            await asyncio.sleep(self._retry)
            return False
        return True


def writer_to(pool: asyncpg.Pool) -> Write:
    """Writes batches to the table `validation_logs`."""

    async def write(batch: Sequence[LogRecord]) -> None:
        columns = zip(*((r.id, r.code, r.user_id, r.valid, r.reason, r.validated_at) for r in batch), strict=True)
        await pool.execute(INSERT, *(list(column) for column in columns))

    return write
