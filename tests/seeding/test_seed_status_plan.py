"""What is there, and what would be done: told exactly, and nothing changed by asking."""

from typing import Any

import pytest
from seeding_support import (
    LOGS,
    MANIFEST,
    applied,
    counts,
    declared,
    dump,
    make_shop,
    orders,
    planned,
    rows,
    states,
    users,
)

from surgeline.seeding import integer, pattern, sequence, table, written
from surgeline.seeding.connect import connect
from surgeline.seeding.database import Database
from surgeline.seeding.plan import plan
from surgeline.seeding.status import State, status
from surgeline.seeding.steps import Unseen


@pytest.fixture
def shop(database: Database, place: Any) -> Database:
    make_shop(database, place.numbered)
    return database


class TestStatus:
    def test_before_anything(self, shop: Database) -> None:
        people = users()
        nowhere = table("nowhere", rows=1, key="id", columns={"id": sequence()})
        assert states(shop, people, LOGS, nowhere) == {
            "users": State.NOT_SEEDED,
            "logs": State.NOT_SEEDED,
            "nowhere": State.MISSING_TABLE,
        }
        assert not any(one.fine for one in status(shop, [people, LOGS, nowhere]))

    def test_after_applying(self, shop: Database) -> None:
        people = users()
        applied(shop, people, LOGS)
        found = status(shop, [people, LOGS])
        assert [(one.state, one.declared_rows, one.found_rows, one.fine) for one in found] == [
            (State.COMPLETE, 10, 10, True),
            (State.WRITTEN, 0, 0, True),
        ]
        assert found[0].version == found[0].found_version == people.version
        assert found[0].applied_at is not None
        assert found[0].message == "all 10 rows are there"

    def test_another_version(self, shop: Database) -> None:
        applied(shop, users())
        (found,) = status(shop, [users(12)])
        assert (found.state, found.found_rows, found.declared_rows) == (State.OTHER_VERSION, 10, 12)
        assert users().version in found.message
        assert users(12).version in found.message

    def test_rows_are_missing(self, shop: Database) -> None:
        applied(shop, users())
        shop.execute("DELETE FROM users WHERE id IN (3, 7)")
        shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
        (found,) = status(shop, [users()])
        assert (found.state, found.found_rows) == (State.INCOMPLETE, 8)
        assert found.message == "8 of 10 rows are there"

    def test_all_rows_are_missing(self, shop: Database) -> None:
        applied(shop, users())
        shop.execute("DELETE FROM users")
        assert status(shop, [users()])[0].message == "0 of 10 rows are there"

    def test_what_the_test_wrote(self, shop: Database) -> None:
        applied(shop, users(), LOGS)
        shop.execute("INSERT INTO logs (user_id, text) VALUES (1, 'of the test')")
        (found,) = status(shop, [LOGS])
        assert (found.state, found.found_rows, found.message) == (State.WRITTEN, 1, "1 rows of the test")

    def test_a_row_with_a_key_written_otherwise_is_not_ours(self, database: Database) -> None:
        database.execute("CREATE TABLE users (id VARCHAR(20) NOT NULL PRIMARY KEY)")
        people = table("users", rows=5, key="id", columns={"id": pattern("perf-{}")})
        applied(database, people)
        database.execute("UPDATE users SET id = 'PERF-3' WHERE id = 'perf-3'")
        assert status(database, [people])[0].found_rows == 4

    def test_others_may_write_meanwhile(self, shop: Database, place: Any) -> None:
        """It holds no lock when it is through."""
        applied(shop, users())
        status(shop, [users()])
        with connect(place.url) as other:
            other.execute("DELETE FROM users")
        assert states(shop, users()) == {"users": State.INCOMPLETE}


class TestPlan:
    def test_nothing_is_changed_and_nothing_is_left(self, shop: Database) -> None:
        shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
        before = dump(shop)
        people = users()
        assert counts(planned(shop, people, orders(people), LOGS)["users"]) == (10, 0, 0, 0, 1)
        assert dump(shop) == before
        assert shop.tables([MANIFEST]) == {}

    def test_the_order_is_that_of_loading(self, shop: Database) -> None:
        people = users()
        assert [one.table for one in plan(shop, declared(orders(people), people), Unseen()).changes] == [
            "users",
            "orders",
        ]

    def test_the_time_is_estimated_for_what_is_to_be_done(self, shop: Database) -> None:
        assert plan(shop, declared(users(100_000)), Unseen()).seconds > 0.1
        applied(shop, users())
        assert plan(shop, declared(users()), Unseen()).seconds == 0.0

    def test_what_is_in_the_tables_of_the_test_is_told(self, shop: Database) -> None:
        applied(shop, LOGS, users())
        shop.execute("INSERT INTO logs (user_id, text) VALUES (1, 'of the test')")
        assert plan(shop, declared(LOGS, users()), Unseen()).written == {"logs": 1}

    def test_rows_that_a_reset_would_delete_are_told_from_those_of_others(self, shop: Database) -> None:
        people = users()
        shop.execute("INSERT INTO orders VALUES (7, NULL, 1)")
        applied(shop, people, orders(people))
        shop.execute("INSERT INTO users VALUES (500, 'later@test.com', 1, 'x')")
        assert plan(shop, declared(people, orders(people)), Unseen()).remarks == [
            "users: 1 rows came after the seeding; `surgeline seed reset` deletes them"
        ]

    def test_a_table_that_reset_could_not_empty_is_told(self, shop: Database) -> None:
        shop.execute("DROP TABLE logs")
        remarks = plan(shop, declared(written("users")), Unseen()).remarks
        assert len(remarks) == 1
        assert remarks[0].startswith(
            "users: `surgeline seed reset` cannot empty it, for orders has a foreign key on it"
        )
        assert plan(shop, declared(written("users"), written("orders")), Unseen()).remarks == []

    def test_what_fits_and_may_not_be_meant_is_remarked(self, shop: Database) -> None:
        strangers = orders(users(), user_id=integer(1, 10))
        remarks = plan(shop, declared(users(), strangers), Unseen()).remarks
        assert len(remarks) == 1
        assert "orders.user_id" in remarks[0]

    def test_what_it_says_is_what_is_done(self, shop: Database) -> None:
        people = users()
        applied(shop, people, orders(people))
        shop.execute("DELETE FROM orders WHERE id < 105")
        shop.execute("UPDATE users SET age = 1 WHERE id < 5")
        fewer = users(6)
        said = planned(shop, fewer, orders(fewer))
        assert said == applied(shop, fewer, orders(fewer))
        assert len(rows(shop, "users")) == 6
