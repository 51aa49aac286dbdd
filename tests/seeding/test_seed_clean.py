"""Taking out what seeding put in: ours of any version, nothing else, and no trace left."""

from typing import Any

import pytest
from seeding_support import LOGS, MANIFEST, applied, cleaned, dump, make_shop, orders, rows, states, users

from surgeline.errors import SurgelineError
from surgeline.seeding import choice, foreign_key, pattern, sequence, table, uuid, written
from surgeline.seeding.database import Database
from surgeline.seeding.referring import ReferredToError
from surgeline.seeding.status import State


@pytest.fixture
def shop(database: Database, place: Any) -> Database:
    make_shop(database, place.numbered)
    return database


def test_only_ours_go_and_no_trace_is_left(shop: Database) -> None:
    shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
    shop.execute("INSERT INTO orders VALUES (900, 500, 1)")
    before = dump(shop)
    people = users()
    applied(shop, people, orders(people), LOGS)
    shop.execute("INSERT INTO logs (user_id, text) VALUES (3, 'of the test')")
    shop.execute("UPDATE users SET age = 1")
    shop.execute("UPDATE users SET age = 1 WHERE id = 500")
    found = cleaned(shop, people, orders(people), LOGS)
    assert {name: (one.deleted, one.left) for name, one in found.items()} == {
        "users": (10, 1),
        "orders": (20, 1),
        "logs": (1, 0),
    }
    assert dump(shop) == before
    assert shop.tables([MANIFEST]) == {}


@pytest.mark.parametrize(
    "earlier",
    [
        lambda: users(25),
        lambda: users(id=sequence(900, 7)),
        lambda: users(key="email", email=pattern("old.{}@test.com")),
    ],
)
def test_ours_of_any_version(shop: Database, earlier: Any) -> None:
    applied(shop, earlier())
    shop.execute("INSERT INTO users VALUES (3000, 'other@other.org', 1, 'x')")
    assert cleaned(shop, users())["users"].left == 1
    assert [row[0] for row in rows(shop, "users")] == [3000]


def test_what_a_test_added_to_seeded_tables_is_not_ours(shop: Database) -> None:
    """Also the numbers right before and behind ours."""
    applied(shop, users())
    shop.execute("INSERT INTO users VALUES (0, 'before@other.org', 1, 'x'), (11, 'perf.user.11@test.com', 1, 'x')")
    assert cleaned(shop, users())["users"].left == 2
    assert [row[0] for row in rows(shop, "users")] == [0, 11]


def test_other_declarations_stay(shop: Database) -> None:
    people = users()
    applied(shop, people, orders(people))
    assert list(cleaned(shop, orders(people))) == ["orders"]
    assert states(shop, people, orders(people)) == {"users": State.COMPLETE, "orders": State.NOT_SEEDED}
    assert list(cleaned(shop, people)) == ["users"]
    assert shop.tables([MANIFEST]) == {}


def test_a_second_time_there_is_nothing(shop: Database) -> None:
    applied(shop, users(), LOGS)
    cleaned(shop, users(), LOGS)
    shop.execute("INSERT INTO users VALUES (1, 'perf.user.1@test.com', 1, 'x')")
    shop.execute("INSERT INTO logs (user_id, text) VALUES (1, 'mine')")
    before = dump(shop)
    assert cleaned(shop, users(), LOGS) == {}
    assert dump(shop) == before


@pytest.mark.parametrize("action", ["", "ON DELETE CASCADE", "ON DELETE SET NULL"])
def test_rows_of_others_refer_to_ours(database: Database, place: Any, action: str) -> None:
    make_shop(database, place.numbered, references=action)
    applied(database, users())
    database.execute("INSERT INTO logs (user_id, text) VALUES (3, 'mine')")
    before = dump(database)
    with pytest.raises(ReferredToError, match=r"logs: user_id = 3") as caught:
        cleaned(database, users())
    assert dump(database) == before
    said = str(caught.value)
    assert "found 1 in logs; nothing was changed. Delete these by hand, all that is there by DELETE FROM " in said
    database.execute(said.partition(" there by ")[2].partition(", then ")[0])
    assert cleaned(database, users(), LOGS)["users"].deleted == 10


def test_rows_of_others_in_a_seeded_table_refer_to_ours(shop: Database) -> None:
    people = users()
    applied(shop, people, orders(people))
    shop.execute("INSERT INTO orders VALUES (900, 3, 1)")
    before = dump(shop)
    with pytest.raises(ReferredToError, match=r"orders: id = 900"):
        cleaned(shop, people, orders(people))
    assert dump(shop) == before


@pytest.mark.parametrize("action", ["", "ON DELETE CASCADE"])
def test_rows_of_others_refer_to_what_the_test_wrote(database: Database, place: Any, action: str) -> None:
    make_shop(database, place.numbered, references=action)
    applied(database, written("users"))
    database.execute("INSERT INTO users VALUES (1, 'x', 1, 'x')")
    assert len(rows(database, "users")) == 1
    database.execute("INSERT INTO logs (user_id, text) VALUES (1, 'mine')")
    before = dump(database)
    with pytest.raises(ReferredToError, match="logs: user_id = 1"):
        cleaned(database, written("users"))
    assert dump(database) == before


class TestHowItIsDeclaredByNow:
    def test_what_was_seeded_is_not_emptied(self, shop: Database) -> None:
        """It was seeded beside rows of others; now the file leaves it to the test."""
        shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
        applied(shop, users())
        assert cleaned(shop, written("users"))["users"].deleted == 10
        assert [row[0] for row in rows(shop, "users")] == [500]

    def test_what_was_the_tests_is_emptied(self, shop: Database) -> None:
        applied(shop, written("users"))
        shop.execute("INSERT INTO users VALUES (500, 'of the test', 1, 'x')")
        cleaned(shop, users())
        assert rows(shop, "users") == []

    def test_a_table_that_is_gone_is_forgotten(self, shop: Database) -> None:
        people = users()
        applied(shop, people, orders(people))
        shop.execute("DROP TABLE orders")
        assert list(cleaned(shop, people, orders(people))) == ["users"]
        assert shop.tables([MANIFEST]) == {}

    def test_a_declaration_that_does_not_fit_any_more(self, shop: Database) -> None:
        """Cleaning needs the earlier key alone."""
        applied(shop, users())
        assert cleaned(shop, users(colour=choice(["red"])))["users"].deleted == 10


def test_a_key_written_otherwise_is_not_ours(database: Database) -> None:
    database.execute("CREATE TABLE users (id VARCHAR(20) NOT NULL PRIMARY KEY)")
    people = table("users", rows=5, key="id", columns={"id": pattern("perf-{}")})
    applied(database, people)
    database.execute("DELETE FROM users WHERE id IN ('perf-2', 'perf-3')")
    database.execute("INSERT INTO users VALUES ('PERF-2'), ('perf-3 ')")
    assert cleaned(database, people)["users"].deleted == 3
    assert {row[0] for row in rows(database, "users")} == {"PERF-2", "perf-3 "}


def test_keys_that_depend_on_a_parents(database: Database) -> None:
    """The key of a child is made again from what was kept of its parent."""
    database.execute("CREATE TABLE users (id CHAR(36) NOT NULL PRIMARY KEY)")
    database.execute("CREATE TABLE profiles (user_id CHAR(36) NOT NULL PRIMARY KEY REFERENCES users (id))")
    people = table("users", rows=7, key="id", columns={"id": uuid()}, seed=5)
    profiles = table("profiles", rows=7, key="user_id", columns={"user_id": foreign_key(people, per_parent=1)})
    applied(database, people, profiles)
    others = table("users", rows=3, key="id", columns={"id": uuid()}, seed=6)
    now = table("profiles", rows=3, key="user_id", columns={"user_id": foreign_key(others, per_parent=1)})
    assert {name: one.deleted for name, one in cleaned(database, others, now).items()} == {"profiles": 7, "users": 7}


def test_it_refuses_while_another_is_at_work(shop: Database, place: Any) -> None:
    from surgeline.seeding.connect import connect

    if shop.target.kind == "SQLite":
        pytest.skip("it waits: see the tests of the adapter")
    applied(shop, users())
    with connect(place.url) as other, other.transaction():
        other.only_writer()
        with pytest.raises(SurgelineError, match="expected no other seeding"):
            cleaned(shop, users())
    assert len(rows(shop, "users")) == 10
