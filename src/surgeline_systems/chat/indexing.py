"""Keeps the search index in step with the database: what was committed is in the index a moment later.

What is written goes there in bundles. What the index lacks, because a process ended, because the index was away, lost
or of another database, is read again from the database. It must not know which index it is.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from surgeline_systems.chat.search import IndexWriter, SearchError
from surgeline_systems.chat.store import Message, MessageRow, StoredRow, StoreError

logger = logging.getLogger(__name__)

# An index takes thousands at once for little more than one; and nobody searches for what was written this second.
BUNDLE_SECONDS = 1.0
RETRY_SECONDS = 1.0
PAGE = 5_000


class Source(Protocol):
    """The messages in the database."""

    async def messages_after(self, position: int, limit: int) -> Sequence[StoredRow]:
        """In order of position."""
        ...

    async def message(self, chat_id: int, number: int) -> Message | None:
        """One of them."""
        ...


class Indexing:
    """Feeds `index` from now on, in a task of its own."""

    def __init__(self, index: IndexWriter, source: Source) -> None:
        self._index = index
        self._source = source
        self._rows: list[MessageRow] = []
        self._position = 0
        self._unread: int | None = None
        self._is_behind = True
        self._arrived = asyncio.Event()
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def add(self, rows: Sequence[MessageRow], position: int) -> None:
        """These were committed, at this position or later."""
        if not rows:
            return
        if self._is_behind:  # they will be read from the database
            self._unread = self._unread or position
            return
        self._rows.extend(rows)
        self._position = position
        self._arrived.set()

    async def close(self) -> None:
        """Put into the index what is in hand, unless it lags behind: then the next process goes on."""
        self._closing.set()
        self._arrived.set()
        await self._task
        await self._index.close()

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                await self._catch_up()
                await self._follow()
            except (SearchError, StoreError) as error:
                logger.warning("searching does not find new messages: %s", error)
            except Exception:  # a defect of ours: told, and no reason to find nothing new any more
                logger.exception("indexing stumbles")
            self._fall_behind()
            await self._pause(RETRY_SECONDS)

    def _fall_behind(self) -> None:
        self._is_behind = True
        self._rows.clear()

    async def _catch_up(self) -> None:
        """Read what the index lacks, and then what was committed meanwhile, until nothing was."""
        unread: int | None = await self._end_of_index()
        while unread is not None and not self._closing.is_set():
            self._unread = None
            await self._read_from(unread)
            unread = self._unread
        self._is_behind = False

    async def _end_of_index(self) -> int:
        """The position from which on the index lacks messages."""
        newest = await self._index.newest()
        if newest is None:
            return 0
        found = await self._source.message(newest.chat_id, newest.number)
        if found is None or found.created_at != newest.created_at_ms:
            logger.warning("the search index is of another database, and is made anew")
            await self._index.clear()
            return 0
        return newest.position - self._index.margin

    async def _read_from(self, position: int) -> None:
        while not self._closing.is_set():
            page = await self._source.messages_after(position - 1, PAGE)
            if not page:
                return
            position = page[-1].position + 1
            await self._index.add([row[1:] for row in page], position)

    async def _follow(self) -> None:
        """Put what arrives into the index, a bundle at a time."""
        while self._rows or not self._closing.is_set():
            await self._arrived.wait()
            await self._pause(BUNDLE_SECONDS)
            self._arrived.clear()
            if self._rows:
                rows, self._rows = self._rows, []
                await self._index.add(rows, self._position)

    async def _pause(self, seconds: float) -> None:
        """Not for longer than until the end."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return
