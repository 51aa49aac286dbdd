"""Accepts messages: gives them their numbers and brings them to the queue, many at a time.

What comes while earlier batches are under way waits, and travels together. A batch that has its numbers is published
until the queue has it, whatever it takes: else there would be a gap. Whoever waits for it is told after some seconds
that it may take longer. It must not know HTTP, nor the database.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from surgeline_systems.application.redis_pipeline import RedisAwayError
from surgeline_systems.chat.batches import MOST_ROWS, Batch, encode
from surgeline_systems.chat.message_queue import MessageQueue, QueueAwayError
from surgeline_systems.chat.numbering import Numbering, UnknownChatsError, Unnumbered
from surgeline_systems.chat.store import MessageRow

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000
# Batches that are under way at the same time: while the queue takes one in, the next gets its numbers.
IN_FLIGHT = 4
# A batch costs as much as twenty messages in it: they begin so far apart, unless there are many.
GATHER_SECONDS = 0.005
PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.5
RETRY_SECONDS = 0.2


class NotAcceptedError(Exception):
    """A message was not accepted in time; it may still be."""


class TooBusyError(NotAcceptedError):
    """A message was not accepted: too many wait."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: Unnumbered
    since: float
    number: asyncio.Future[int]


class Acceptance:
    """Messages on their way into the queue."""

    def __init__(self, numbering: Numbering, queue: MessageQueue) -> None:
        self._numbering = numbering
        self._queue = queue
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._under_way: dict[asyncio.Task[None], Sequence[_Waiting]] = {}
        self._next_at = 0.0
        self._next: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._closing = False
        self._left = asyncio.create_task(self._publish_left())

    def accept(self, chat_id: int, creator_id: int, body: str) -> asyncio.Future[int]:
        """The number of the message, as soon as the queue has it. It fails with NotAcceptedError, RedisAwayError or
        UnknownChatsError. Raises: TooBusyError.
        """
        if len(self._waiting) >= MOST_WAITING or self._closing:
            raise TooBusyError(f"expected fewer than {MOST_WAITING:,} messages to wait, found as many")
        number = self._loop.create_future()
        row = (chat_id, creator_id, body, time.time_ns() // 1_000_000)
        self._waiting.append(_Waiting(row, self._loop.time(), number))
        if len(self._waiting) == 1:
            self._loop.call_soon(self._send)
            if self._look is None:
                self._look = self._loop.call_later(LOOK_SECONDS, self._tell_the_patient)
        return number

    async def close(self, timeout: float) -> int:
        """Wait until the queue has all; gives how many batches it has not yet. These stay in the outbox."""
        self._closing = True
        deadline = self._loop.time() + timeout
        while self._loop.time() < deadline and (busy := self._hurry()):
            await asyncio.wait(busy, timeout=deadline - self._loop.time(), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)
        late = self._busy()
        for task in late:
            task.cancel()
        if self._look is not None:
            self._look.cancel()
        with suppress(RedisAwayError):  # then the next process publishes them once more, which changes nothing
            await self._numbering.forget_done()
        return len(late)

    def _hurry(self) -> set[asyncio.Task[None]]:
        """Begin what can be begun; gives what is under way then."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._next_at = 0.0
        self._send()
        return self._busy()

    def _busy(self) -> set[asyncio.Task[None]]:
        return {task for task in (*self._under_way, self._left) if not task.done()}

    def _send(self) -> None:
        """Begin as many batches as may be under way, now or when it is time."""
        while self._waiting and len(self._under_way) < IN_FLIGHT and self._next is None:
            now = self._loop.time()
            if now < self._next_at and len(self._waiting) < MOST_ROWS:
                self._next = self._loop.call_at(self._next_at, self._send_in_time)
                return
            self._next_at = now + GATHER_SECONDS
            taken = [self._waiting.popleft() for _ in range(min(MOST_ROWS, len(self._waiting)))]
            task = asyncio.create_task(self._bring(taken))
            self._under_way[task] = taken
            task.add_done_callback(self._arrived)

    def _send_in_time(self) -> None:
        self._next = None
        self._send()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        taken = self._under_way.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a defect of ours: told, and no reason to accept nothing any more
            logger.error("%d messages were not accepted", len(taken), exc_info=error)
            _refuse(taken, NotAcceptedError(f"the message was not accepted; it may still be: {error}"))
        self._send()

    async def _bring(self, taken: Sequence[_Waiting]) -> None:
        """Number these and bring them to the queue."""
        batch = uuid4().hex
        try:
            rows, taken = await self._numbered(batch, taken)
        except RedisAwayError:
            return
        if rows:
            await self._publish(batch, rows)
        for one, row in zip(taken, rows, strict=True):
            if not one.number.done():
                one.number.set_result(row[1])

    async def _numbered(self, batch: str, taken: Sequence[_Waiting]) -> tuple[Sequence[MessageRow], Sequence[_Waiting]]:
        """The numbered rows, and whose they are. Whoever cannot get a number now is told.

        Raises: RedisAwayError, when none of them has one; where some may have, it is asked until that is known.
        """
        may_be_done = False
        while taken:
            try:
                return await self._numbering.number(batch, [one.row for one in taken]), taken
            except UnknownChatsError as error:
                _refuse([one for one in taken if one.row[0] in error.chat_ids], error)
                taken = [one for one in taken if one.row[0] not in error.chat_ids]
            except RedisAwayError as error:
                _refuse(taken, error)
                may_be_done |= error.may_be_done
                if not may_be_done:
                    raise
                await asyncio.sleep(RETRY_SECONDS)
        return [], []

    async def _publish(self, batch: str, rows: Sequence[MessageRow]) -> None:
        """Until the queue has it, whatever goes wrong: its numbers are taken."""
        payload = encode(Batch(batch, list(rows)))
        while True:
            try:
                await self._queue.publish(payload)
            except Exception as error:
                is_defect = not isinstance(error, QueueAwayError)
                logger.warning("%d numbered messages wait for the queue: %s", len(rows), error, exc_info=is_defect)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._numbering.done(batch)
                return

    async def _publish_left(self) -> None:
        """What an earlier process has left in the outbox. One that is published twice is written once."""
        while True:
            try:
                left = await self._numbering.left()
                break
            except RedisAwayError as error:
                logger.warning("what is in the outbox waits: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
        for batch, rows in left.items():
            await self._publish(batch, rows)

    def _tell_the_patient(self) -> None:
        """Those who have waited for too long wait no longer; who has no number yet gets none."""
        late = self._loop.time() - PATIENCE_SECONDS
        while self._waiting and self._waiting[0].since <= late:
            _refuse([self._waiting.popleft()], _not_in_time())
        for taken in self._under_way.values():
            _refuse([one for one in taken if one.since <= late], _not_in_time())
        busy = self._waiting or self._under_way
        self._look = self._loop.call_later(LOOK_SECONDS, self._tell_the_patient) if busy else None


def _refuse(those: Sequence[_Waiting], error: Exception) -> None:
    for one in those:
        if not one.number.done():
            one.number.set_exception(error)


def _not_in_time() -> NotAcceptedError:
    return NotAcceptedError(f"the message was not accepted within {PATIENCE_SECONDS:g} s; it may still be")
