"""Putting back what a test changed: seeded tables as they were, tables of the test empty, rows of others untouched."""

from typing import Any

import pytest
from seeding_support import (
    LOGS,
    applied,
    as_declared,
    differences,
    done,
    dump,
    make_shop,
    orders,
    put_back,
    rows,
    states,
    users,
    without_times,
)

from surgeline.seeding import constant, pattern, sequence, table, written
from surgeline.seeding.compare import InTheWayError
from surgeline.seeding.database import Database
from surgeline.seeding.declaration import Table
from surgeline.seeding.referring import ReferredToError
from surgeline.seeding.reset import NotSeededError
from surgeline.seeding.status import State


@pytest.fixture
def shop(database: Database, place: Any) -> Database:
    make_shop(database, place.numbered)
    return database


@pytest.fixture
def seeded(shop: Database) -> tuple[Any, ...]:
    people = users()
    everything = people, orders(people), LOGS
    applied(shop, *everything)
    return everything


def log(database: Database, *numbers: int) -> None:
    for number in numbers:
        database.execute(f"INSERT INTO logs (user_id, text) VALUES ({number}, 'of the test')")


def test_what_a_test_wrote_goes_and_what_it_changed_comes_back(shop: Database, seeded: tuple[Any, ...]) -> None:
    before = dump(shop)
    shop.execute("INSERT INTO users VALUES (500, 'new@test.com', 1, 'x'), (501, 'newer@test.com', 1, 'x')")
    shop.execute("INSERT INTO orders VALUES (900, 500, 1), (901, 1, 1)")
    log(shop, 500, 1, 2)
    shop.execute("UPDATE users SET age = 1, email = 'moved' WHERE id = 3")
    shop.execute("UPDATE orders SET user_id = 501 WHERE id = 104")
    shop.execute("DELETE FROM orders WHERE id IN (100, 101)")
    found = put_back(shop, *seeded)
    assert (found["users"].deleted, found["users"].made, found["users"].changed, found["users"].left) == (2, 0, 1, 0)
    assert (found["orders"].deleted, found["orders"].made, found["orders"].changed) == (2, 2, 1)
    assert found["logs"].deleted == 3
    assert without_times(dump(shop)) == without_times(before)
    assert differences(shop, *seeded) == []


def test_numbers_that_the_test_used_up_are_there_again(database: Database, place: Any) -> None:
    database.execute(f"CREATE TABLE things (id {place.numbered}, name VARCHAR(20))")
    declared = table("things", rows=10, key="id", columns={"id": sequence(), "name": pattern("thing {}")})
    applied(database, declared)
    given = []
    for _ in range(2):
        database.execute("INSERT INTO things (name) VALUES ('next')")
        given += database.fetch("SELECT id FROM things WHERE name = 'next'")
        put_back(database, declared)
    assert given == [(11,), (11,)]


def test_a_second_time_there_is_nothing_to_do(shop: Database, seeded: tuple[Any, ...]) -> None:
    log(shop, 1)
    put_back(shop, *seeded)
    before = dump(shop)
    found = put_back(shop, *seeded)
    assert all((one.deleted, one.made, one.changed) == (0, 0, 0) for one in found.values())
    assert dump(shop) == before


def test_a_unique_value_of_a_row_that_the_test_deleted(shop: Database, seeded: tuple[Any, ...]) -> None:
    before = rows(shop, "users")
    shop.execute("DELETE FROM orders WHERE user_id = 4")
    shop.execute("DELETE FROM users WHERE id = 4")
    shop.execute("INSERT INTO users VALUES (500, 'perf.user.4@test.com', 1, 'x')")
    shop.execute("INSERT INTO orders VALUES (900, 500, 1)")
    put_back(shop, *seeded)
    assert rows(shop, "users") == before
    assert differences(shop, *seeded) == []


def test_a_key_that_the_test_changed(shop: Database) -> None:
    applied(shop, users())
    before = rows(shop, "users")
    shop.execute("UPDATE users SET id = id + 500 WHERE id > 5")
    put_back(shop, users())
    assert rows(shop, "users") == before


def test_rows_that_others_had_before_stay_and_so_do_later_ones(shop: Database) -> None:
    """They cannot be told from each other."""
    shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
    people = users()
    applied(shop, people, orders(people), LOGS)
    shop.execute("INSERT INTO users VALUES (501, 'later@other.org', 1, 'x')")
    shop.execute("INSERT INTO orders VALUES (900, 500, 1)")
    shop.execute("UPDATE users SET age = 1")
    log(shop, 500)
    found = put_back(shop, people, orders(people), LOGS)
    assert (found["users"].deleted, found["users"].changed, found["users"].left) == (0, 10, 2)
    assert (found["orders"].deleted, found["logs"].deleted) == (1, 1)
    held = {row[0]: row[2] for row in rows(shop, "users")}
    assert (held[500], held[501]) == (1, 1)
    assert differences(shop, people) == []


def test_rows_of_others_in_the_way_are_told_and_nothing_is_changed(shop: Database) -> None:
    shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
    applied(shop, users(), LOGS)
    log(shop, 1)
    shop.execute("DELETE FROM users WHERE id = 4")
    shop.execute("INSERT INTO users VALUES (501, 'perf.user.4@test.com', 1, 'x')")
    before = dump(shop)
    with pytest.raises(InTheWayError, match=r"perf\.user\.4@test\.com"):
        put_back(shop, users(), LOGS)
    assert dump(shop) == before


def test_rows_of_undeclared_tables_refer_to_later_rows(shop: Database) -> None:
    applied(shop, users())
    shop.execute("INSERT INTO users VALUES (500, 'new@test.com', 1, 'x')")
    log(shop, 500)
    before = dump(shop)
    with pytest.raises(ReferredToError, match=r"logs: user_id = 500"):
        put_back(shop, users())
    assert dump(shop) == before


@pytest.mark.parametrize("action", ["", "ON DELETE CASCADE", "ON DELETE SET NULL"])
def test_a_table_of_the_test_that_refers_to_later_rows(database: Database, place: Any, action: str) -> None:
    make_shop(database, place.numbered, references=action)
    applied(database, users(), LOGS)
    before = rows(database, "users")
    database.execute("INSERT INTO users VALUES (500, 'new@test.com', 1, 'x')")
    log(database, 500, 1)
    found = put_back(database, users(), LOGS)
    assert (found["users"].deleted, found["logs"].deleted) == (1, 2)
    assert rows(database, "users") == before
    assert rows(database, "logs") == []


def test_a_table_that_refers_to_one_that_is_emptied(shop: Database) -> None:
    applied(shop, written("users"))
    with pytest.raises(ReferredToError, match=r"users: expected no other table .* foreign key of (orders|logs)"):
        put_back(shop, written("users"))


def test_a_tree_whose_rows_refer_to_each_other(database: Database) -> None:
    database.execute(
        "CREATE TABLE nodes (id BIGINT NOT NULL PRIMARY KEY, parent BIGINT, FOREIGN KEY (parent) REFERENCES nodes (id))"
    )
    nodes = table("nodes", rows=3, key="id", columns={"id": sequence(), "parent": constant(None)})
    applied(database, nodes)
    for number, parent in ((11, 1), (12, 11), (13, 12), (10, 13), (9, 10)):
        database.execute(f"INSERT INTO nodes VALUES ({number}, {parent})")
    database.execute("UPDATE nodes SET parent = 12 WHERE id = 2")
    found = put_back(database, nodes)["nodes"]
    assert (found.deleted, found.changed) == (5, 1)
    assert rows(database, "nodes") == [(1, None), (2, None), (3, None)]


def test_counters_of_the_tables_of_the_test_begin_anew(shop: Database, seeded: tuple[Any, ...]) -> None:
    log(shop, 1, 2, 3)
    put_back(shop, *seeded)
    log(shop, 1)
    assert [row[0] for row in rows(shop, "logs")] == [1]


def test_the_application_goes_on_after_our_numbers(database: Database, place: Any) -> None:
    database.execute(f"CREATE TABLE things (id {place.numbered}, name VARCHAR(20))")
    things = table("things", rows=50, key="id", columns={"id": sequence(), "name": constant("ours")})
    applied(database, things)
    for _ in range(3):
        database.execute("INSERT INTO things (name) VALUES ('theirs')")
    assert put_back(database, things)["things"].deleted == 3
    database.execute("INSERT INTO things (name) VALUES ('next')")
    assert max(row[0] for row in rows(database, "things")) > 50


def test_what_of_the_statistics_cannot_be_reset_is_told(shop: Database, seeded: tuple[Any, ...]) -> None:
    told = ["one: not allowed"]
    shop.reset_statistics = lambda: told  # type: ignore[method-assign]
    assert done(shop, *seeded).not_reset == told


class TestRefusals:
    def test_nothing_was_seeded(self, shop: Database) -> None:
        shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
        before = dump(shop)
        with pytest.raises(NotSeededError, match=r"users: expected version [0-9a-f]{12} .* found nothing of it"):
            put_back(shop, users())
        assert dump(shop) == before

    def test_another_version(self, shop: Database, seeded: tuple[Any, ...]) -> None:
        log(shop, 1)
        before = dump(shop)
        with pytest.raises(NotSeededError, match=f"found version {users().version}"):
            put_back(shop, users(email=pattern("other.{}")), LOGS)
        assert dump(shop) == before

    def test_a_table_of_the_test_that_was_never_seen_empty(self, shop: Database) -> None:
        applied(shop, users())
        log(shop, 1)
        with pytest.raises(NotSeededError, match="logs: expected a table that was empty"):
            put_back(shop, users(), LOGS)
        assert len(rows(shop, "logs")) == 1

    def test_a_seeded_table_is_not_emptied_because_it_is_declared_so_now(self, shop: Database) -> None:
        shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
        applied(shop, users())
        with pytest.raises(NotSeededError, match="users: expected a table that was empty"):
            put_back(shop, written("users"))
        assert len(rows(shop, "users")) == 11
        assert states(shop, written("users")) == {"users": State.NOT_SEEDED}

    def test_a_table_of_the_test_that_is_declared_as_seeded_now(self, shop: Database) -> None:
        applied(shop, written("users"))
        with pytest.raises(NotSeededError, match="found nothing of it"):
            put_back(shop, users())

    def test_a_table_made_anew_is_not_taken_for_the_one_that_was_seeded(self, shop: Database) -> None:
        """Not one of ours is in it, and others are."""
        applied(shop, users())
        shop.execute("DELETE FROM users")
        shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
        with pytest.raises(NotSeededError, match="not one of ours: the table was made anew"):
            put_back(shop, users())
        assert [row[0] for row in rows(shop, "users")] == [500]

    def test_all_of_ours_are_gone_and_nothing_came(self, shop: Database, seeded: tuple[Any, ...]) -> None:
        shop.execute("DELETE FROM orders")
        shop.execute("DELETE FROM users")
        put_back(shop, *seeded)
        assert rows(shop, "users", "id, email, age") == as_declared(seeded[0], ("id", "email", "age"))


def test_after_a_reset_apply_has_nothing_to_do(shop: Database) -> None:
    people: Table = users()
    applied(shop, people)
    shop.execute("UPDATE users SET age = 1 WHERE id < 4")
    put_back(shop, people)
    assert applied(shop, people)["users"].kept == 10
    assert states(shop, people) == {"users": State.COMPLETE}
