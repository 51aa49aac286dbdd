"""The store of the chat system, in each of its databases: the same answers, and every message written exactly once."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from chat_stores import KINDS, chat_database, new_chat, play, rows

from surgeline import SurgelineError
from surgeline_systems.chat.store import (
    Application,
    EmailTakenError,
    Message,
    MessageRow,
    Store,
    StoreAwayError,
    StoredRow,
    StoreError,
    UnfitRowError,
    User,
    Written,
    open_store,
)
from surgeline_systems.chat.writing_once import MOST_ATTEMPTS, RowsThereError, TryAgainError, write_once
from surgeline_systems.servers.launch import free_port


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    with chat_database(request.param) as url:
        yield url


async def count_of(store: Store, application: Application) -> int:
    chat = await store.chat(application.id, 1)
    assert chat is not None
    return chat.messages_count


def test_a_user_is_found_by_the_address_and_has_it_alone(database: str):
    async def story(store: Store) -> None:
        made = await store.add_user("Ann", "Ann@example.com", "her hash")
        assert await store.user_by_email("Ann@example.com") == (made, "her hash")
        assert made == User(made.id, "Ann", "Ann@example.com")
        assert await store.user_by_email("ann@example.com") is None
        with pytest.raises(EmailTakenError):
            await store.add_user("Another", "Ann@example.com", "hash")

    play(database, story)


def test_applications_are_found_by_token_and_by_owner_and_renamed(database: str):
    async def story(store: Store) -> None:
        owner = await store.add_user("Ann", "owner@example.com", "hash")
        first, second = [await store.add_application(owner.id, name, name * 32) for name in "yx"]
        assert first == Application(first.id, "y" * 32, "y", owner.id, 0)
        assert await store.application("x" * 32) == second
        assert await store.application("z" * 32) is None
        assert await store.applications_of(owner.id) == [first, second]
        assert await store.applications_of(0) == []
        renamed = Application(first.id, "y" * 32, "Ladenkasse", owner.id, 0)
        assert [await store.rename_application("y" * 32, "Ladenkasse") for _ in range(2)] == [renamed, renamed]
        assert await store.rename_application("z" * 32, "Ladenkasse") is None
        assert await store.applications_of(owner.id) == [renamed, second]

    play(database, story)


def test_chats_that_are_made_at_the_same_time_are_numbered_without_a_gap(database: str):
    async def story(store: Store) -> None:
        application, first = await new_chat(store)
        made = await asyncio.gather(*[store.add_chat(application.id, f"chat {place}") for place in range(20)])
        assert sorted(chat.number for chat in made if chat) == list(range(2, 22))
        assert await store.chat(application.id, 1) == first
        assert await store.chat(application.id, 22) is None
        assert await store.add_chat(0, "of no application") is None
        assert [chat.number for chat in await store.chats(application.id, 3)] == [21, 20, 19]
        assert [chat.number for chat in await store.chats(application.id, 50, before=3)] == [2, 1]
        counted = await store.application(application.token)
        assert counted is not None
        assert counted.chats_count == 21

    play(database, story)


def test_messages_are_read_newest_first_page_by_page(database: str):
    async def story(store: Store) -> None:
        _, chat = await new_chat(store)
        written = rows(chat, range(1, 8))
        await store.write(written)
        messages = [Message(number, *rest) for _, number, *rest in reversed(written)]
        assert await store.messages(chat.id, 3) == messages[:3]
        assert await store.messages(chat.id, 3, before=5) == messages[3:6]
        assert await store.messages(chat.id, 50, before=1) == []
        assert await store.message(chat.id, 4) == messages[3]
        assert await store.message(chat.id, 8) is None
        assert [await store.last_number(chat_id) for chat_id in (chat.id, 0)] == [7, 0]

    play(database, story)


def test_what_is_written_is_counted_in_its_chats(database: str):
    async def story(store: Store) -> None:
        (application, chat), (other_application, other) = [await new_chat(store) for _ in range(2)]
        mixed = [*rows(other, range(1, 4)), *rows(chat, range(1, 3))]
        written = await store.write(mixed)
        assert written == Written(mixed, (), (), written.first_position, {chat.id: 2, other.id: 3})
        more = await store.write(rows(chat, range(3, 4)))
        assert more.counts == {chat.id: 3}
        assert more.first_position > written.first_position > 0
        assert [await count_of(store, one) for one in (application, other_application)] == [3, 3]

    play(database, story)


def test_what_comes_again_changes_nothing(database: str):
    async def story(store: Store) -> None:
        application, chat = await new_chat(store)
        first = rows(chat, range(1, 4))
        await store.write(first)
        again = await store.write(first)
        assert (list(again.new), list(again.there)) == ([], first)
        overlapping = await store.write([*first, *rows(chat, range(4, 6)), *rows(chat, range(5, 6))])
        assert overlapping.new == rows(chat, range(4, 6))
        assert overlapping.there == [*first, *rows(chat, range(5, 6))]
        assert not overlapping.conflicting
        assert overlapping.counts == {chat.id: 5}
        assert await count_of(store, application) == 5
        assert len(await store.messages(chat.id, 50)) == 5
        assert not any(await store.write([]))

    play(database, story)


def test_another_message_with_a_number_that_is_taken_is_not_written_and_told(database: str):
    async def story(store: Store) -> None:
        application, chat = await new_chat(store)
        await store.write(rows(chat, range(1, 3)))
        other, twice = (rows(chat, range(2, 3), "Other"), rows(chat, range(3, 4), "Other"))
        written = await store.write([*other, *rows(chat, range(3, 4)), *twice])
        assert written.conflicting == [*other, *twice]
        assert written.new == rows(chat, range(3, 4))
        assert [message.body for message in await store.messages(chat.id, 50)] == ["Hello 3", "Hello 2", "Hello 1"]
        assert await count_of(store, application) == 3

    play(database, story)


def test_writers_at_the_same_time_write_every_message_once(database: str):
    """They get the same ones in other orders: each waits for the other, or finds what it wanted to write."""

    async def story(store: Store) -> None:
        chats = [await new_chat(store) for _ in range(3)]
        wanted = [row for _, chat in chats for row in rows(chat, range(1, 101))]
        pieces = [wanted[start : start + 60] for start in range(0, 300, 20)]
        told = await asyncio.gather(*[store.write(piece) for piece in [*pieces, *reversed(pieces)]])
        assert sorted(row for one in told for row in one.new) == wanted
        assert not any(one.conflicting for one in told)
        assert [await count_of(store, application) for application, _ in chats] == [100, 100, 100]
        assert [len(await store.messages(chat.id, 200)) for _, chat in chats] == [100, 100, 100]

    play(database, story)


def test_the_order_of_writing_can_be_followed(database: str):
    async def story(store: Store) -> None:
        _, chat = await new_chat(store)
        batches = [rows(chat, range(start, start + 3)) for start in (4, 1, 7)]
        written = [await store.write(batch) for batch in batches]
        before = written[0].first_position - 1
        followed = await store.messages_after(before, 50)
        assert [row[1:] for row in followed] == [row for batch in batches for row in batch]
        assert all(type(row) is StoredRow for row in followed)
        assert [followed[place].position for place in (0, 3, 6)] == [one.first_position for one in written]
        assert await store.messages_after(followed[3].position, 2) == followed[4:6]

    play(database, story)


@pytest.mark.parametrize("body", ['it\'s "quoted" \\ %s ; -- ', "\N{PARTY POPPER}" * 10_000, "a\r\nb\tc", " ", "é"])
def test_texts_come_back_as_they_were(database: str, body: str):
    async def story(store: Store) -> None:
        _, chat = await new_chat(store)
        row: MessageRow = (chat.id, 1, 7, body, 0)
        await store.write([row])
        assert (await store.write([row])).there == [row]
        assert await store.message(chat.id, 1) == Message(1, 7, body, 0)

    play(database, story)


def test_one_message_that_no_table_takes_leaves_nothing_written(database: str):
    async def story(store: Store) -> None:
        application, chat = await new_chat(store)
        with pytest.raises(UnfitRowError):
            await store.write([*rows(chat, range(1, 3)), *rows(chat, range(2**31, 2**31 + 1))])
        assert await store.messages(chat.id, 50) == []
        assert await count_of(store, application) == 0

    play(database, story)


@pytest.mark.parametrize(("kind", "body"), [("MariaDB", "a" * 65_536), ("PostgreSQL", "a\0b")])
def test_a_text_that_a_table_does_not_take_is_refused(kind: str, body: str):
    async def story(store: Store) -> None:
        _, chat = await new_chat(store)
        with pytest.raises(UnfitRowError, match=kind):
            await store.write([(chat.id, 1, 7, body, 0)])

    with chat_database(kind) as url:
        play(url, story)


def test_connections_are_counted(database: str):
    async def story(store: Store) -> None:
        await asyncio.gather(*[store.last_number(1) for _ in range(20)])
        assert 1 <= await store.connections() <= 4

    play(database, story)


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_a_server_that_is_not_there_is_away(scheme: str):
    with pytest.raises(StoreAwayError):
        asyncio.run(open_store(f"{scheme}://ann:secret@127.0.0.1:{free_port()}/chat", 2, "surgeline tests"))


def test_a_database_that_is_not_there_is_refused(database: str):
    missing = urlsplit(database)._replace(path="/surgeline_test_of_nobody").geturl()
    with pytest.raises(StoreError) as caught:
        asyncio.run(open_store(missing, 2, "surgeline tests"))
    assert not isinstance(caught.value, StoreAwayError)


def test_another_kind_of_database_is_refused():
    with pytest.raises(SurgelineError, match=r"expected mysql://\.\.\. or postgresql://\.\.\., found oracle://"):
        asyncio.run(open_store("oracle://ann@127.0.0.1/chat", 2, "surgeline tests"))


@pytest.mark.parametrize("error", [RowsThereError, TryAgainError])
def test_what_never_succeeds_is_given_up(error: type[Exception]):
    attempts = []

    async def insert(wanted: object) -> tuple[int, dict[int, int]]:
        attempts.append(wanted)
        raise error

    async def find(_rows: object) -> list[MessageRow]:
        return []

    with pytest.raises(StoreAwayError, match="expected to write 1 messages, found others in the way"):
        asyncio.run(write_once([(1, 1, 1, "Hello", 0)], insert, find))
    assert len(attempts) == MOST_ATTEMPTS
