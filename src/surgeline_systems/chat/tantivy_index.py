"""The search index in a folder on this machine, by tantivy. It must not know the database.

tantivy lets one process write an index. So the folder has a part for each writer, who takes the first that nobody has,
and whoever finds looks in all. The folder can be deleted at any time: the writer's next start makes it anew.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TypeVar

import msgspec
import tantivy
from tantivy import Occur, Query

from surgeline_systems.chat.search import Newest, SearchError
from surgeline_systems.chat.store import MessageRow

# The least that tantivy takes; what is written in a second fits.
HEAP_BYTES = 15_000_000
LONGEST_WORD = 255
# All that tantivy and the file system raise.
TANTIVY_ERRORS = (ValueError, OSError)
Result = TypeVar("Result")


def _make_schema() -> tantivy.Schema:
    """Nothing is stored but numbers in columns; words without their places, as nobody searches for phrases."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("chat_id", indexed=True, fast=True)
    builder.add_integer_field("number", fast=True)
    builder.add_integer_field("created_at", fast=True)
    builder.add_integer_field("position", fast=True)
    builder.add_text_field("body", tokenizer_name="words", index_option="basic")
    return builder.build()


SCHEMA = _make_schema()
WORDS = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    .filter(tantivy.Filter.remove_long(LONGEST_WORD))
    .filter(tantivy.Filter.lowercase())
    .build()
)


class TantivyIndex:
    """Finds in all parts of a folder, also in those that come to be later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: dict[Path, tantivy.Index] = {}

    async def find(self, chat_id: int, text: str, limit: int) -> list[int]:
        """See SearchIndex."""
        words = _words(text)
        if not words:
            return []
        query = _all_of(Query.term_query(SCHEMA, "chat_id", chat_id), *map(_holds, words))
        return await _in_thread(self._folder, self._find, query, limit)

    async def close(self) -> None:
        """See SearchIndex."""
        self._parts.clear()

    def _find(self, query: Query, limit: int) -> list[int]:
        numbers = {number for part in self._opened() for number in _newest_numbers(part, query, limit)}
        return sorted(numbers, reverse=True)[:limit]

    def _opened(self) -> Iterator[tantivy.Index]:
        """The parts as they are now: to look for commits takes 30 us."""
        for path in _parts_in(self._folder):
            if path not in self._parts and tantivy.Index.exists(str(path)):
                self._parts[path] = _open_part(path)
            if path in self._parts:
                self._parts[path].reload()
                yield self._parts[path]


class TantivyWriter:
    """Writes the first part of a folder that nobody else writes."""

    margin = 0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part: _OwnPart | None = None

    async def newest(self) -> Newest | None:
        """See IndexWriter."""
        return await self._with_part(lambda part: part.newest())

    async def add(self, rows: Sequence[MessageRow], position: int) -> None:
        """See IndexWriter."""
        await self._with_part(lambda part: part.add(rows, position))

    async def clear(self) -> None:
        """See IndexWriter. Parts that nobody writes are of the same origin."""
        await self.close()
        await _in_thread(self._folder, _remove_free_parts, self._folder)

    async def close(self) -> None:
        """See IndexWriter."""
        if self._part:
            part, self._part = self._part, None
            await asyncio.to_thread(part.close)

    async def _with_part(self, use: Callable[["_OwnPart"], Result]) -> Result:
        try:
            self._part = part = self._part or await _in_thread(self._folder, _free_part, self._folder)
            return await _in_thread(self._folder, use, part)
        except SearchError:  # a writer that failed once is of no more use
            await self.close()
            raise


class _OwnPart:
    """A part that this process writes, as long as it holds the lock."""

    def __init__(self, path: Path, lock: int) -> None:
        self._lock = lock
        path.mkdir(exist_ok=True)
        try:
            self._index = _open_part(path)
        except TANTIVY_ERRORS:  # damaged, or of another version: made anew
            shutil.rmtree(path)
            path.mkdir()
            self._index = _open_part(path)
        self._writer: tantivy.IndexWriter = self._index.writer(HEAP_BYTES, 1)

    def newest(self) -> Newest | None:
        """Where the part ends."""
        self._index.reload()
        searcher = self._index.searcher()
        found = searcher.search(Query.all_query(), 1, count=False, order_by_field="position").hits
        if not found:
            return None
        position, address = found[0]
        chat_id, number, created = (
            searcher.fast_field_values(name, [address])[0] for name in ("chat_id", "number", "created_at")
        )
        return Newest(position, int(chat_id or 0), int(number or 0), int(created or 0))

    def add(self, rows: Sequence[MessageRow], position: int) -> None:
        """Commit these."""
        add, encode = self._writer.add_json, msgspec.json.encode
        for chat_id, number, _, body, created_at in rows:
            document = {
                "chat_id": chat_id, "number": number, "created_at": created_at, "position": position, "body": body,
            }  # fmt: skip
            add(encode(document).decode())
        self._writer.commit()

    def close(self) -> None:
        """Leave the part to others."""
        del self._writer
        os.close(self._lock)


def _parts_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*[0-9]"))


def _free_part(folder: Path) -> _OwnPart:
    """The first that nobody writes."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = folder / f"part-{number}"
        lock = _lock(path)
        if lock is not None:
            return _OwnPart(path, lock)
    raise AssertionError("numbers do not end")


def _remove_free_parts(folder: Path) -> None:
    for path in _parts_in(folder):
        lock = _lock(path)
        if lock is not None:
            shutil.rmtree(path)
            os.close(lock)


def _lock(path: Path) -> int | None:
    """Held until it is closed, or until this process ends; None when another holds it."""
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _open_part(path: Path) -> tantivy.Index:
    index = tantivy.Index(SCHEMA, str(path))
    index.register_tokenizer("words", WORDS)
    index.config_reader("manual")
    return index


def _newest_numbers(part: tantivy.Index, query: Query, limit: int) -> set[int]:
    """As many as wanted, if there are so many: a message that was added twice counts once."""
    searcher, numbers = part.searcher(), set[int]()
    for offset in count(0, limit):
        hits = searcher.search(query, limit, count=False, order_by_field="number", offset=offset).hits
        numbers.update(number for number, _ in hits)
        if len(numbers) >= limit or len(hits) < limit:
            break
    return numbers


def _words(text: str) -> set[str]:
    """As they are in the index; what is no text, such as half a character, is no word either."""
    return set(WORDS.analyze(text.encode(errors="replace").decode()))


def _holds(word: str) -> Query:
    return Query.term_query(SCHEMA, "body", word, "basic")


def _all_of(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


async def _in_thread(folder: Path, do: Callable[..., Result], *arguments: object) -> Result:
    """tantivy works without the interpreter's lock. Its errors become ours here."""
    try:
        return await asyncio.to_thread(do, *arguments)
    except TANTIVY_ERRORS as error:
        raise SearchError(
            f"expected to use the search index in {folder}, but: {error}. It is made anew from the database"
            " when the folder is deleted and the writer started again"
        ) from error
