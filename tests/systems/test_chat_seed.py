"""What the chat system declares: the same rows wherever it is read, and such as service and writer go on from."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from chat_stores import KINDS, chat_database, new_chat, play, rows

from surgeline.seeding import Table
from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.reset import reset
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify
from surgeline_systems.application.passwords import is_password
from surgeline_systems.chat import seeds
from surgeline_systems.chat.store import Message, Store
from surgeline_systems.chat.system import SYSTEM
from surgeline_systems.running import seed

SMALL = {"USERS": "20", "APPLICATIONS": "3", "CHATS": "2", "MESSAGES": "5"}
GOLDEN_SHA256 = "7342e58d6552516418e974b55b2dfc99736680a43fbf9b89fb3d84508656ca38"


def declared(sizes: Mapping[str, str]) -> dict[str, Table]:
    return {table.name: table for table in load_declarations(SYSTEM.seeds, sizes).tables}


def rows_of(table: Table) -> list[dict[str, Any]]:
    columns = [table.column(name).values(range(len(table))) for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


@pytest.fixture(scope="module")
def small() -> dict[str, list[dict[str, Any]]]:
    return {name: rows_of(table) for name, table in declared(SMALL).items()}


def test_the_rows_stay_the_same_from_release_to_release(small: dict[str, list[dict[str, Any]]]):
    assert hashlib.sha256(repr(list(small.values())).encode()).hexdigest() == GOLDEN_SHA256


def test_scripts_that_import_the_declaration_know_the_rows_that_were_seeded_by_its_file():
    imported = [seeds.users, seeds.applications, seeds.chats, seeds.messages]
    assert {table.name: table.version for table in imported} == {
        name: one.version for name, one in declared({}).items()
    }


def test_a_hundred_thousand_messages_in_a_thousand_chats():
    sizes = {name: len(table) for name, table in declared({}).items()}
    assert sizes == {"users": 1_000, "applications": 100, "chats": 1_000, "messages": 100_000}


def test_everybody_has_the_password(small: dict[str, list[dict[str, Any]]]):
    (password_hash,) = {user["password_hash"] for user in small["users"]}
    assert is_password(seeds.PASSWORD, password_hash)


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_goes_on_where_the_seeds_end_and_a_reset_puts_them_back(kind: str):
    declarations = load_declarations(SYSTEM.seeds, SMALL)

    async def go_on(store: Store) -> None:
        application = await store.application(f"{2:032x}")
        assert application is not None
        (newest, _) = await store.chats(application.id, 10)
        assert (newest.number, newest.messages_count) == (2, 5)
        assert await store.last_number(newest.id) == 5
        written = await store.write(rows(newest, range(6, 8)))
        assert written.counts == {newest.id: 7}
        assert written.first_position == 31
        chat = await store.add_chat(application.id, "new")
        assert chat is not None
        assert (chat.id, chat.number) == (7, 3)
        assert await store.messages(newest.id, 1, before=6) == [Message(5, *read_back(newest.id))]
        assert (await store.add_user("Ann", "ann@example.com", "hash")).id == 21

    def read_back(chat_id: int) -> list[Any]:
        table = rows_of({table.name: table for table in declarations.tables}["messages"])
        row = table[chat_id * 5 - 1]
        return [row[name] for name in ("creator_id", "body", "created_at")]

    with chat_database(kind) as url, connect(url) as database:
        apply(database, declarations, Unseen())
        play(url, go_on)
        reset(database, declarations, Unseen())
        assert verify(database, declarations, Unseen()).differences == []
        play(url, go_on)


@pytest.mark.parametrize("kind", KINDS)
def test_other_sizes_take_the_place_of_what_a_load_wrote(kind: str):
    """The ids of its users and chats are those of the rows that come then."""

    async def load(store: Store) -> None:
        _, chat = await new_chat(store)
        await store.write(rows(chat, range(1, 3)))

    larger = load_declarations(SYSTEM.seeds, SMALL | {"USERS": "30", "CHATS": "4"})
    with chat_database(kind) as url:
        assert seed(load_declarations(SYSTEM.seeds, SMALL), url, Unseen())
        play(url, load)
        assert seed(larger, url, Unseen())
        with connect(url) as database:
            assert verify(database, larger, Unseen()).differences == []
        assert not seed(larger, url, Unseen())
