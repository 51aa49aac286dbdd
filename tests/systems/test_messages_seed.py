"""What the messages system declares: users whose ids need no query, the same rows from release to release."""

import hashlib
from typing import Any

from messages_client import Client, message, wait_until_finished

from conftest import query
from surgeline.seeding import Table
from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import Declarations, load_declarations
from surgeline.seeding.reset import reset
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify
from surgeline_systems.application.server import running_service
from surgeline_systems.messages import seeds
from surgeline_systems.messages.system import SYSTEM as MESSAGES

SYSTEM = "messages"
GOLDEN_SHA256 = "a74b2680f92167ebdec1b4bca24717f9131ca0901561130ada027e22656d7afe"


def declared(**sizes: object) -> Declarations:
    return load_declarations(MESSAGES.seeds, {name: str(size) for name, size in sizes.items()})


def rows_of(table: Table) -> list[dict[str, Any]]:
    columns = [table.column(name).values(range(len(table))) for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def test_ten_thousand_users_whose_ids_need_no_query():
    (users,) = declared().tables
    ids, emails = (users.column(name).values(range(len(users))) for name in ("id", "email"))
    assert list(map(str, ids)) == [f"00000000-0000-4000-8000-{number:012d}" for number in range(1, 10_001)]
    assert (emails[0], emails[-1]) == ("perf.user.1@test.com", "perf.user.10000@test.com")


def test_the_rows_stay_the_same_from_release_to_release():
    text = repr(rows_of(*declared(USERS=2_000).tables))
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN_SHA256


def test_scripts_that_import_the_declaration_know_the_rows_that_were_seeded_by_its_file():
    (users,) = declared().tables
    assert seeds.users.version == users.version


def test_more_users_keep_those_that_were_there():
    (few,), (many,) = (declared(USERS=users).tables for users in (20, 30))
    assert rows_of(many)[:20] == rows_of(few)


def test_the_tables_hold_what_is_declared_and_other_sizes_after_it(empty_database: str):
    with connect(empty_database) as database:
        for users in (300, 100, 200):
            declarations = declared(USERS=users)
            apply(database, declarations, Unseen())
            verified = verify(database, declarations, Unseen())
            assert verified.differences == []
            assert verified.tables["users"] == users


def test_a_reset_leaves_the_users_and_the_service_goes_on(empty_database: str):
    declarations = declared(USERS=20)
    with connect(empty_database) as database:
        apply(database, declarations, Unseen())
    with running_service(MESSAGES.package, {"DATABASE_URL": empty_database}) as base_url, Client(base_url) as client:
        client.send(message("before"))
        wait_until_finished(base_url)
        with connect(empty_database) as database:
            reset(database, declarations, Unseen())
        client.send(message("after"))
        wait_until_finished(base_url)
        _, stats = client.get("/internal/messages/stats")
    assert stats["sent"] == 1
    assert [row["idempotency_key"] for row in query(empty_database, "SELECT * FROM message_logs")] == ["after"]
    assert len(query(empty_database, "SELECT FROM users")) == 20
