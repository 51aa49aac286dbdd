"""The index keeps in step with the database: what is bundled, what is read again, and after which mishaps.

The database is a list of rows; the index is one in memory where times matter, which then are virtual, and a folder of
tantivy where a process begins where another ended.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from virtual_time import now, run_at_once

from surgeline_systems.chat.indexing import BUNDLE_SECONDS, PAGE, Indexing
from surgeline_systems.chat.search import IndexWriter, Newest, SearchError
from surgeline_systems.chat.store import Message, MessageRow, StoreAwayError, StoredRow
from surgeline_systems.chat.tantivy_index import TantivyIndex, TantivyWriter

CHAT = 7


class Database:
    """Rows in the order of writing. It is away for as many questions as told; then it may be written to meanwhile."""

    def __init__(self, *bodies: str) -> None:
        self.rows: list[StoredRow] = []
        self.pages: list[tuple[int, int]] = []
        self.away = 0
        self.meanwhile: list[Callable[[], object]] = []
        self.was_read = asyncio.Event()
        self.write(*bodies)

    def write(self, *bodies: str, skipped_positions: int = 0) -> tuple[list[MessageRow], int]:
        """The rows, and the position of the first, as Indexing is told."""
        first = self.rows[-1].position + 1 + skipped_positions if self.rows else 1
        rows = [(CHAT, len(self.rows) + place, 1, body, 1_000 + place) for place, body in enumerate(bodies, 1)]
        self.rows += [StoredRow(first + place, *row) for place, row in enumerate(rows)]
        return rows, first

    async def messages_after(self, position: int, limit: int) -> Sequence[StoredRow]:
        self.answer()
        page = [row for row in self.rows if row.position > position][:limit]
        self.pages.append((position, len(page)))
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if not page:
            self.was_read.set()
        return page

    async def message(self, chat_id: int, number: int) -> Message | None:
        self.answer()
        for row in self.rows:
            if (row.chat_id, row.number) == (chat_id, number):
                return Message(number, row.creator_id, row.body, row.created_at_ms)
        return None

    def answer(self) -> None:
        if self.away:
            self.away -= 1
            raise StoreAwayError("the database is away")


class Index:
    """Keeps what is added, and when. It is away for as many additions as told."""

    margin = 0

    def __init__(self) -> None:
        self.added: list[tuple[float, list[int]]] = []
        self.end: Newest | None = None
        self.error: Exception = SearchError("the index is away")
        self.away = 0
        self.seconds = 0.0
        self.closed = False
        self.changed = asyncio.Event()

    async def newest(self) -> Newest | None:
        return self.end

    async def add(self, rows: Sequence[MessageRow], position: int) -> None:
        await asyncio.sleep(self.seconds)
        if self.away:
            self.away -= 1
            raise self.error
        chat_id, number, _, _, created_at = rows[-1]
        self.end = Newest(position, chat_id, number, created_at)
        self.added.append((now(), [row[1] for row in rows]))
        self.changed.set()

    async def clear(self) -> None:
        self.added.clear()
        self.end = None

    async def close(self) -> None:
        self.closed = True

    @property
    def numbers(self) -> list[int]:
        return [number for _, numbers in self.added for number in numbers]

    async def until_it_has(self, *numbers: int) -> None:
        while not {*numbers} <= {*self.numbers}:
            self.changed.clear()
            await self.changed.wait()


def fed(database: Database, index: IndexWriter, work: Callable[[Indexing], Awaitable[object]]) -> None:
    """Do the work once the index has caught up."""
    run_at_once(feeding(database, index, work))


async def feeding(database: Database, index: IndexWriter, work: Callable[[Indexing], Awaitable[object]]) -> None:
    indexing = Indexing(index, database)
    await database.was_read.wait()
    await asyncio.sleep(0)
    await work(indexing)
    await indexing.close()


async def nothing(_indexing: Indexing) -> None:
    pass


def test_what_is_written_within_a_second_goes_there_at_once() -> None:
    database, index = Database(), Index()

    async def writes(indexing: Indexing) -> None:
        began = now()
        for _ in range(3):
            indexing.add(*database.write("hello"))
            await asyncio.sleep(BUNDLE_SECONDS / 4)
        await index.until_it_has(3)
        indexing.add(*database.write("hello"))
        await index.until_it_has(4)
        assert index.added == [(began + BUNDLE_SECONDS, [1, 2, 3]), (began + 2 * BUNDLE_SECONDS, [4])]

    fed(database, index, writes)
    assert index.end == Newest(4, CHAT, 4, 1_001)


def test_who_waits_for_nothing_asks_nobody() -> None:
    database, index = Database("one"), Index()
    fed(database, index, lambda _: asyncio.sleep(3_600))
    assert len(database.pages) == 2
    assert index.numbers == [1]


def test_what_is_in_hand_at_the_end_goes_there_at_once() -> None:
    database, index = Database(), Index()

    async def writes(indexing: Indexing) -> None:
        indexing.add(*database.write("hello"))

    fed(database, index, writes)
    assert index.numbers == [1]
    assert index.closed


def test_what_comes_while_the_index_takes_something_goes_there_before_the_end() -> None:
    database, index = Database(), Index()

    async def writes(indexing: Indexing) -> None:
        index.seconds = 10.0
        for _ in range(2):
            indexing.add(*database.write("hello"))
            await asyncio.sleep(BUNDLE_SECONDS + 1)

    fed(database, index, writes)
    assert index.numbers == [1, 2]


def test_an_empty_index_gets_all_in_pages() -> None:
    database, index = Database(*["hello"] * (PAGE + 1)), Index()
    fed(database, index, nothing)
    assert database.pages == [(-1, PAGE), (PAGE, 1), (PAGE + 1, 0)]
    assert index.numbers == list(range(1, PAGE + 2))


def test_only_what_the_index_lacks_is_read() -> None:
    database, index = Database(*["hello"] * 9), Index()
    index.end = Newest(6, CHAT, 6, database.rows[5].created_at_ms)
    fed(database, index, nothing)
    assert index.numbers == [6, 7, 8, 9]


def test_an_index_with_several_writers_is_read_again_from_a_margin_on() -> None:
    database, index = Database(*["hello"] * 9), Index()
    index.margin = 4
    index.end = Newest(6, CHAT, 6, database.rows[5].created_at_ms)
    fed(database, index, nothing)
    assert index.numbers == [2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "newest", [Newest(2, CHAT, 2, 99), Newest(6, CHAT, 400, 1_001), Newest(600, CHAT + 1, 1, 1_001)]
)
def test_an_index_of_another_database_is_made_anew(newest: Newest, caplog: pytest.LogCaptureFixture) -> None:
    database, index = Database("one", "two"), Index()
    index.end, index.added = newest, [(0.0, [1_000_000])]
    fed(database, index, nothing)
    assert index.numbers == [1, 2]
    assert "of another database" in caplog.text


def test_what_is_written_while_the_index_catches_up_is_not_lost() -> None:
    database, index = Database("one"), Index()

    async def catches_up() -> None:
        indexing = Indexing(index, database)
        # Each time a page is empty, something is written before anybody knows that it is.
        database.meanwhile = [
            lambda: None,
            lambda: [indexing.add(*database.write(body)) for body in ("two", "three")],
            lambda: None,
            lambda: indexing.add(*database.write("four", skipped_positions=5)),
        ]
        await index.until_it_has(1, 2, 3, 4)
        await indexing.close()

    run_at_once(catches_up())


def test_what_an_index_that_was_away_has_missed_goes_there_once(caplog: pytest.LogCaptureFixture) -> None:
    database, index = Database("one"), Index()

    async def writes(indexing: Indexing) -> None:
        index.away = 3
        for _ in range(20):
            indexing.add(*database.write("hello"))
            await asyncio.sleep(BUNDLE_SECONDS / 2)
        await index.until_it_has(*range(1, 22))
        assert index.numbers == [*range(1, 22)]

    fed(database, index, writes)
    assert [record.message for record in caplog.records] == 3 * [
        "searching does not find new messages: the index is away"
    ]


def test_when_the_database_is_away_it_is_asked_again() -> None:
    database, index = Database("one"), Index()
    database.away = 3
    fed(database, index, nothing)
    assert index.numbers == [1]


def test_a_defect_is_told_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    database, index = Database("one"), Index()
    index.away, index.error = 1, ZeroDivisionError("a defect")
    fed(database, index, nothing)
    assert index.numbers == [1]
    assert [(record.levelno, record.message) for record in caplog.records] == [(logging.ERROR, "indexing stumbles")]


def test_an_end_while_the_index_is_away_does_not_wait_for_it() -> None:
    database, index = Database("one"), Index()

    async def ends_at_once() -> float:
        index.away = 1_000_000
        indexing = Indexing(index, database)
        await asyncio.sleep(10.5)
        await indexing.close()
        return now()

    assert run_at_once(ends_at_once()) == 10.5
    assert index.closed


def test_nothing_new_needs_no_index() -> None:
    database, index = Database(), Index()

    async def writes(indexing: Indexing) -> None:
        indexing.add([], 0)
        await asyncio.sleep(BUNDLE_SECONDS * 2)

    fed(database, index, writes)
    assert index.added == []


def test_a_writer_indexes_what_the_one_before_it_committed_and_did_not_index(tmp_path: Path) -> None:
    database = Database("one hello", "two hello")

    async def indexed_then_killed_then_started() -> tuple[list[int], list[int]]:
        await feeding(database, TantivyWriter(tmp_path), nothing)
        database.write("three hello", "four hello")
        index = TantivyIndex(tmp_path)
        before = await index.find(CHAT, "hello", 10)
        database.was_read.clear()
        await feeding(database, TantivyWriter(tmp_path), nothing)
        return before, await index.find(CHAT, "hello", 10)

    assert asyncio.run(indexed_then_killed_then_started()) == ([2, 1], [4, 3, 2, 1])
    assert database.pages[-2:] == [(2, 2), (4, 0)]


def test_what_was_written_is_found_after_the_end_of_the_writer(tmp_path: Path) -> None:
    database = Database("hello")

    async def writes(indexing: Indexing) -> None:
        indexing.add(*database.write("hello again"))

    asyncio.run(feeding(database, TantivyWriter(tmp_path), writes))
    assert asyncio.run(TantivyIndex(tmp_path).find(CHAT, "hello", 10)) == [2, 1]
