"""Writes what a queue brings into the database, many messages at a time, and tells what it has written.

A delivery is acknowledged when its messages are committed: until then it comes again, and a message that comes again
changes nothing. While the database is away, what has come waits, and nothing more comes. What can never be written is
set aside: what is no batch, a message that no table takes, and one whose number another one has. It must not know a
database, a broker, nor who wants to be told.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from surgeline_systems.chat.batches import Batch, BatchError, decode, encode
from surgeline_systems.chat.message_queue import Delivery, MessageQueue, QueueAwayError
from surgeline_systems.chat.store import MessageRow, Store, StoreError, UnfitRowError, Written

logger = logging.getLogger(__name__)

# A transaction costs as much as a hundred rows in it: they begin at least so far apart, unless there are many rows.
GATHER_SECONDS = 0.1
MOST_ROWS = 1_000
MOST_DELIVERIES = 100
RETRY_SECONDS = 0.5
# How long the end waits for a database that is away. What is not written by then comes again to another writer.
CLOSE_SECONDS = 10.0

Tell = Callable[[Written], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery, and the messages in it; None when it is no batch."""

    delivery: Delivery
    rows: Sequence[MessageRow] | None


class QueueWriter:
    """Takes from `queue`, writes into `store`, and calls `tell` after each commit."""

    def __init__(
        self,
        queue: MessageQueue,
        store: Store,
        tell: Tell,
        *,
        gather: float = GATHER_SECONDS,
        retry: float = RETRY_SECONDS,
    ) -> None:
        self._queue = queue
        self._store = store
        self._tell = tell
        self._gather = gather
        self._retry = retry
        self._waiting: deque[Taken] = deque()
        self._in_hand: Sequence[Taken] = ()
        self._rows_waiting = 0
        self._due = asyncio.Event()
        self._full = asyncio.Event()
        self._is_closing = False
        self._task = asyncio.create_task(self._write_again_and_again())

    async def start(self) -> None:
        """Begin to take. Raises: QueueAwayError."""
        await self._queue.consume(self._take, MOST_DELIVERIES)

    async def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Take no more, and write what has come."""
        await self._queue.stop_consuming()
        self._is_closing = True
        self._note()
        await asyncio.wait([self._task], timeout=timeout)
        left = len(self._in_hand) + len(self._waiting)
        if left:
            logger.error("expected to write all that has come before the end, found %d batches unwritten", left)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _take(self, delivery: Delivery) -> None:
        if self._waiting and self._waiting[0].delivery.has_lapsed:
            self._waiting.clear()  # their connection is gone: they come again over this one
            self._rows_waiting = 0
        try:
            rows = decode(delivery.payload).rows
        except BatchError:
            rows = None
        self._waiting.append(Taken(delivery, rows))
        self._rows_waiting += len(rows or ())
        self._note()

    async def _write_again_and_again(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._due.wait()
            if not self._waiting:
                return  # it is due because of the end
            start = clock()
            self._in_hand = self._next()
            await self._write_until_done(self._in_hand)
            self._in_hand = ()
            await self._until_full_or(start + self._gather)

    async def _until_full_or(self, due: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self._full.wait()

    def _next(self) -> list[Taken]:
        """What is written together."""
        taken: list[Taken] = []
        rows = 0
        while self._waiting and rows < MOST_ROWS:
            taken.append(self._waiting.popleft())
            rows += len(taken[-1].rows or ())
        self._rows_waiting -= rows
        self._note()
        return taken

    def _note(self) -> None:
        """Tell the task whether there is anything to do, and whether it is time."""
        is_full = self._rows_waiting >= MOST_ROWS or len(self._waiting) >= MOST_DELIVERIES
        for event, has_come in ((self._due, bool(self._waiting)), (self._full, is_full)):
            (event.set if has_come or self._is_closing else event.clear)()

    async def _write_until_done(self, taken: Sequence[Taken]) -> None:
        """Whatever of it was done before a failure does no harm when it is done again."""
        while True:
            try:
                await self._write(taken)
            except (StoreError, QueueAwayError) as error:
                logger.warning("%d batches wait to be written: %s", len(taken) + len(self._waiting), error)
            except Exception:  # a defect of ours: told, and no reason to write nothing any more
                logger.exception("%d batches wait to be written", len(taken) + len(self._waiting))
            else:
                return
            await asyncio.sleep(self._retry)

    async def _write(self, taken: Sequence[Taken]) -> None:
        rows = [row for one in taken for row in one.rows or ()]
        if rows:
            await self._write_rows(rows)
        for one in taken:
            if one.rows is None:
                await self._set_aside(one.delivery.payload, "no batch of messages")
        await self._queue.acknowledge(taken[-1].delivery)

    async def _write_rows(self, rows: Sequence[MessageRow]) -> None:
        try:
            written = await self._store.write(rows)
        except UnfitRowError as error:
            await self._write_the_fit_ones(rows, error)
            return
        await self._tell(written)
        if written.conflicting:
            await self._set_rows_aside(written.conflicting, "messages whose numbers others have")

    async def _write_the_fit_ones(self, rows: Sequence[MessageRow], error: UnfitRowError) -> None:
        """Halve them until those that are unfit are alone."""
        if len(rows) == 1:
            await self._set_rows_aside(rows, f"a message that the database does not take ({error})")
            return
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            await self._write_rows(half)

    async def _set_rows_aside(self, rows: Sequence[MessageRow], what: str) -> None:
        named = ", ".join([f"{number} of chat {chat_id}" for chat_id, number, *_ in rows])
        await self._set_aside(encode(Batch(str(uuid4()), [*rows])), f"{what}: {named}")

    async def _set_aside(self, payload: bytes, what: str) -> None:
        await self._queue.set_aside(payload)
        logger.error("expected messages to write, found %s; set aside", what)
