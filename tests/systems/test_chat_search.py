"""The search index in a folder: what is found, in which order, by whom, and what becomes of a folder that is no use."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import tantivy

from surgeline_systems.chat.search import Newest, SearchError, open_index, open_writer, remove_index
from surgeline_systems.chat.store import MessageRow
from surgeline_systems.chat.tantivy_index import TantivyIndex, TantivyWriter

CHAT, OTHER_CHAT = 7, 8
Result = TypeVar("Result")


@dataclass
class Settings:
    search_folder: str = ""
    elasticsearch_url: str = ""


def said(*bodies: str, chat_id: int = CHAT, first: int = 1) -> list[MessageRow]:
    return [(chat_id, number, 1, body, 1_000 + number) for number, body in enumerate(bodies, first)]


def after_writing(folder: Path, *rows: MessageRow) -> None:
    async def written() -> None:
        writer = TantivyWriter(folder)
        await writer.add(rows, 1)
        await writer.close()

    asyncio.run(written())


async def use(writer: Any, ask: Callable[[Any], Awaitable[Result]]) -> Result:
    try:
        return await ask(writer)
    finally:
        await writer.close()


def found(folder: Path, text: str, chat_id: int = CHAT, limit: int = 20) -> list[int]:
    return asyncio.run(TantivyIndex(folder).find(chat_id, text, limit))


def test_all_words_must_be_there_in_any_order_and_letters(tmp_path: Path) -> None:
    after_writing(tmp_path, *said("Good morning", "morning, all: GOOD!", "good", "the mornings are good"))
    assert found(tmp_path, "Morning good") == [2, 1]


def test_only_messages_of_the_chat_are_found(tmp_path: Path) -> None:
    after_writing(tmp_path, *said("hello"), *said("hello", "hello", chat_id=OTHER_CHAT))
    assert found(tmp_path, "hello") == [1]
    assert found(tmp_path, "hello", OTHER_CHAT) == [2, 1]
    assert found(tmp_path, "hello", chat_id=9) == []


def test_the_newest_come_first_whenever_they_were_indexed(tmp_path: Path) -> None:
    after_writing(tmp_path, *said(*["word"] * 5, first=6))
    after_writing(tmp_path, *said(*["word"] * 5, first=1))
    assert found(tmp_path, "word", limit=7) == [10, 9, 8, 7, 6, 5, 4]


def test_messages_that_are_added_again_are_found_once_and_take_no_places(tmp_path: Path) -> None:
    rows = said("one word", "a second word", "the last word")
    for _ in range(4):
        after_writing(tmp_path, *rows)
    assert found(tmp_path, "word") == [3, 2, 1]
    assert found(tmp_path, "word", limit=2) == [3, 2]


@pytest.mark.parametrize(
    "text",
    [
        "word AND", "+word -", "body:word", '"word', "word*", "(word", "word)", "[a TO", "word^2", "~word", "\\",
        "/word/", "word\x00", "word \ud83d", "chat_id:8", "NOT word", "'; DROP TABLE messages; --", "{", "%", "word?",
    ],
)  # fmt: skip
def test_what_users_type_is_words_and_nothing_else(tmp_path: Path, text: str) -> None:
    after_writing(tmp_path, *said("word", "and", "not word", "a to drop table messages chat id 8 body word 2"))
    plain = "".join(character if character.isalnum() else " " for character in text)
    assert found(tmp_path, text) == found(tmp_path, plain)


def test_operators_are_words(tmp_path: Path) -> None:
    after_writing(tmp_path, *said("word", "not a word", "word or two"))
    assert found(tmp_path, "NOT word") == [2]
    assert found(tmp_path, "nothing OR word") == []


@pytest.mark.parametrize("text", ["", "   ", "?!", "---", "\ud83d"])
def test_no_words_find_nothing(tmp_path: Path, text: str) -> None:
    after_writing(tmp_path, *said("a ? b ! - c"))
    assert found(tmp_path, text) == []


def test_words_of_all_languages_are_found(tmp_path: Path) -> None:
    after_writing(tmp_path, *said("Straße nach Zürich", "привет мир", "🎉 party"))
    assert [found(tmp_path, text) for text in ("ZÜRICH", "Привет", "party 🎉")] == [[1], [2], [3]]


def test_long_words_are_found(tmp_path: Path) -> None:
    digest = "0f" * 32
    after_writing(tmp_path, *said(f"see {digest}", "see nothing"))
    assert found(tmp_path, f"see {digest}") == [1]


def test_an_index_that_nobody_has_made_yet_finds_nothing_and_then_what_is_written(tmp_path: Path) -> None:
    async def before_and_after() -> tuple[list[int], list[int], list[int]]:
        index, writer = TantivyIndex(tmp_path / "later"), TantivyWriter(tmp_path / "later")
        before = await index.find(CHAT, "hello", 20)
        await writer.add(said("hello"), 1)
        first = await index.find(CHAT, "hello", 20)
        await writer.add(said("hello", first=2), 2)
        second = await index.find(CHAT, "hello", 20)
        await writer.close()
        return before, first, second

    assert asyncio.run(before_and_after()) == ([], [1], [2, 1])


def test_writers_beside_one_another_are_all_found(tmp_path: Path) -> None:
    async def beside() -> list[int]:
        writers = [TantivyWriter(tmp_path) for _ in range(3)]
        for number, writer in enumerate(writers, 1):
            await writer.add(said("hello", first=number), number)
        numbers = await TantivyIndex(tmp_path).find(CHAT, "hello", 2)
        for writer in writers:
            await writer.close()
        return numbers

    assert asyncio.run(beside()) == [3, 2]


def test_a_writer_goes_on_where_the_one_before_it_ended(tmp_path: Path) -> None:
    after_writing(tmp_path, *said("hello", "world"))

    async def goes_on() -> Newest | None:
        writer = TantivyWriter(tmp_path)
        await writer.add(said("again", first=3), 90)
        newest = await writer.newest()
        await writer.close()
        return newest

    assert asyncio.run(goes_on()) == Newest(90, CHAT, 3, 1_003)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["part-1"]


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from surgeline_systems.chat.tantivy_index import TantivyWriter

async def main():
    writer = TantivyWriter(Path(sys.argv[1]))
    await writer.add([(7, 1, 1, "hello", 1_001)], 1)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_a_writer_that_is_killed_leaves_its_part_and_what_is_there_to_the_next(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    after_writing(tmp_path, *said("hello", first=2))
    assert found(tmp_path, "hello") == [2, 1]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["part-1"]


def test_an_empty_index_has_no_newest(tmp_path: Path) -> None:
    assert asyncio.run(use(TantivyWriter(tmp_path), TantivyWriter.newest)) is None


def test_clearing_forgets_also_the_parts_of_writers_that_are_gone(tmp_path: Path) -> None:
    async def two_then_clear() -> tuple[list[int], Newest | None, list[int]]:
        one, two = TantivyWriter(tmp_path), TantivyWriter(tmp_path)
        await one.add(said("hello"), 1)
        await two.add(said("hello", first=2), 2)
        await two.close()
        index = TantivyIndex(tmp_path)
        before = await index.find(CHAT, "hello", 20)
        await one.clear()
        newest = await one.newest()
        await one.add(said("hello", first=3), 3)
        after = await index.find(CHAT, "hello", 20)
        await one.close()
        return before, newest, after

    assert asyncio.run(two_then_clear()) == ([2, 1], None, [3])


def lose(part: Path) -> None:
    shutil.rmtree(part)


def damage(part: Path) -> None:
    (part / "meta.json").write_text("nonsense")


def replace(part: Path) -> None:
    shutil.rmtree(part)
    part.mkdir()
    foreign = tantivy.SchemaBuilder()
    foreign.add_text_field("title")
    tantivy.Index(foreign.build(), str(part))


@pytest.mark.parametrize("spoil", [lose, damage, replace])
def test_a_folder_that_is_no_index_of_ours_is_made_anew(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    after_writing(tmp_path, *said("hello"))
    spoil(tmp_path / "part-1")
    assert asyncio.run(use(TantivyWriter(tmp_path), TantivyWriter.newest)) is None
    after_writing(tmp_path, *said("hello", first=2))
    assert found(tmp_path, "hello") == [2]


@pytest.mark.parametrize("spoil", [damage, replace])
def test_whoever_finds_says_that_the_index_is_damaged(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    after_writing(tmp_path, *said("hello"))
    spoil(tmp_path / "part-1")
    with pytest.raises(SearchError, match=f"search index in {tmp_path}.*made anew"):
        found(tmp_path, "hello")


def test_a_writer_whose_folder_went_away_makes_it_anew_when_it_is_asked_again(tmp_path: Path) -> None:
    async def lost_between() -> list[int]:
        writer = TantivyWriter(tmp_path)
        await writer.add(said("hello"), 1)
        lose(tmp_path / "part-1")
        with pytest.raises(SearchError):
            await writer.add(said("hello", first=2), 2)
        assert await writer.newest() is None
        await writer.add(said("hello", first=3), 3)
        await writer.close()
        return await TantivyIndex(tmp_path).find(CHAT, "hello", 20)

    assert asyncio.run(lost_between()) == [3]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SearchError, match=f"search index in {tmp_path}/file/folder"):
        after_writing(tmp_path / "file" / "folder", *said("hello"))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_database_has_a_folder_of_its_own_that_both_sides_find(temporary: Path) -> None:
    async def both_sides() -> tuple[list[int], list[int]]:
        writer = open_writer(Settings(), "chat:7561-Main:")
        await writer.add(said("hello"), 1)
        await writer.close()
        names = ("chat:7561-Main:", "chat:7561-other:")
        here, elsewhere = [await open_index(Settings(), name).find(CHAT, "hello", 20) for name in names]
        return here, elsewhere

    assert asyncio.run(both_sides()) == ([1], [])
    assert [path.name for path in temporary.iterdir()] == ["surgeline-search-chat-7561-main"]


def test_the_folder_can_be_told(tmp_path: Path) -> None:
    writer = open_writer(Settings(search_folder=str(tmp_path / "told")), "chat:1:")
    asyncio.run(use(writer, lambda told: told.add(said("hello"), 1)))
    assert found(tmp_path / "told", "hello") == [1]


def test_a_removed_index_leaves_nothing(temporary: Path) -> None:
    async def written_and_removed() -> list[int]:
        writer = open_writer(Settings(), "chat:1:")
        await writer.add(said("hello"), 1)
        await writer.close()
        await remove_index(Settings(), "chat:1:")
        return await open_index(Settings(), "chat:1:").find(CHAT, "hello", 20)

    assert asyncio.run(written_and_removed()) == []
    assert list(temporary.iterdir()) == []


def test_what_is_not_of_the_index_stays_in_a_folder_that_was_told(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("keep")
    (tmp_path / "part-of-mine").mkdir()
    after_writing(tmp_path, *said("hello"))
    asyncio.run(remove_index(Settings(search_folder=str(tmp_path)), "chat:1:"))
    assert found(tmp_path, "hello") == []
    assert {"own", "part-of-mine"} == {path.name for path in tmp_path.iterdir() if path.suffix != ".lock"}


def test_what_was_never_made_can_be_removed(temporary: Path) -> None:
    asyncio.run(remove_index(Settings(), "chat:1:"))
    assert list(temporary.iterdir()) == []
