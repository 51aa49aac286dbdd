"""Applying a declaration: what is missing is made, what differs is mended, and no row of others is ever touched."""

from typing import Any

import pytest
from seeding_support import (
    LOGS,
    applied,
    as_declared,
    cleaned,
    counts,
    declared,
    differences,
    dump,
    make_shop,
    orders,
    planned,
    rows,
    users,
)

from surgeline.errors import SurgelineError
from surgeline.seeding import choice, constant, foreign_key, integer, nulls, pattern, sequence, table, uuid, written
from surgeline.seeding.apply import apply
from surgeline.seeding.compare import InTheWayError
from surgeline.seeding.database import Database, RefusedRowsError
from surgeline.seeding.referring import ReferredToError
from surgeline.seeding.steps import Unseen

USERS = ("id", "email", "age")


@pytest.fixture
def shop(database: Database, place: Any) -> Database:
    make_shop(database, place.numbered)
    return database


def add_user(database: Database, number: int, email: str = "", note: str = "mine") -> None:
    database.execute(f"INSERT INTO users VALUES ({number}, '{email or f'user{number}@other.org'}', 50, '{note}')")


class TestTables:
    def test_empty_tables_get_what_is_declared(self, shop: Database) -> None:
        people = users()
        found = applied(shop, people, orders(people), LOGS)
        assert counts(found["users"]) == (10, 0, 0, 0, 0)
        assert counts(found["orders"]) == (20, 0, 0, 0, 0)
        assert rows(shop, "users", "id, email, age") == as_declared(people, USERS)
        assert rows(shop, "orders") == as_declared(orders(people), ("id", "user_id", "amount"))

    def test_rows_of_others_stay_untouched(self, shop: Database) -> None:
        add_user(shop, 500)
        add_user(shop, 501)
        before = rows(shop, "users")
        assert counts(applied(shop, users())["users"]) == (10, 0, 0, 0, 2)
        assert rows(shop, "users")[:10] != before
        assert set(before) < set(rows(shop, "users"))
        assert len(rows(shop, "users")) == 12

    def test_a_second_time_there_is_nothing_to_do(self, shop: Database) -> None:
        people = users()
        everything = (people, orders(people), LOGS)
        applied(shop, *everything)
        before = dump(shop)
        assert [counts(one) for one in applied(shop, *everything).values()] == [(0, 0, 0, 10, 0), (0, 0, 0, 20, 0)]
        assert dump(shop) == before

    def test_damage_is_mended_and_the_rest_is_kept(self, shop: Database) -> None:
        people = users()
        add_user(shop, 500)
        applied(shop, people)
        before = rows(shop, "users")
        shop.execute("UPDATE users SET age = 1 WHERE id IN (2, 3)")
        shop.execute("UPDATE users SET email = 'moved' WHERE id = 4")
        shop.execute("DELETE FROM users WHERE id IN (5, 6)")
        add_user(shop, 501)
        assert counts(planned(shop, people)["users"]) == (2, 3, 0, 5, 2)
        assert counts(applied(shop, people)["users"]) == (2, 3, 0, 5, 2)
        assert [row for row in rows(shop, "users") if row[0] != 501] == before
        assert differences(shop, people) == []

    def test_unique_values_exchanged_between_rows_are_mended(self, shop: Database) -> None:
        people = users()
        applied(shop, people)
        before = rows(shop, "users")
        for number, email in ((1, "x"), (2, "perf.user.1@test.com"), (1, "perf.user.2@test.com")):
            shop.execute(f"UPDATE users SET email = '{email}' WHERE id = {number}")
        assert counts(planned(shop, people)["users"]) == (0, 2, 0, 8, 0)
        assert counts(applied(shop, people)["users"]) == (0, 2, 0, 8, 0)
        assert rows(shop, "users") == before


class TestChangedDeclarations:
    """What was applied is the first of each pair, then the second: the table holds the second exactly, and others'."""

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            pytest.param(lambda: users(15), (5, 0, 0, 10, 1), id="more rows"),
            pytest.param(lambda: users(4), (0, 0, 6, 4, 1), id="fewer rows"),
            pytest.param(lambda: users(id=sequence(6)), (5, 5, 5, 0, 1), id="other keys, and values that move"),
            pytest.param(lambda: users(id=sequence(600)), (10, 0, 10, 0, 1), id="all keys are others"),
            pytest.param(lambda: users(email=pattern("p{}@test.com")), (0, 10, 0, 0, 1), id="another pattern"),
            pytest.param(lambda: users(email=pattern("perf.user.{}@test.com", 2)), (0, 10, 0, 0, 1), id="values move"),
            pytest.param(lambda: users(age=constant(200)), (0, 10, 0, 0, 1), id="another column's values"),
            pytest.param(lambda: users(note=constant("new")), (0, 10, 0, 0, 1), id="a column more"),
            pytest.param(lambda: users(note=nulls(constant("x"), 1.0)), (0, 0, 0, 10, 1), id="NULL as it was"),
        ],
    )
    def test_the_tables_follow(self, shop: Database, now: Any, expected: tuple[int, ...]) -> None:
        add_user(shop, 500)
        applied(shop, users())
        other = [row for row in rows(shop, "users") if row[0] == 500]
        people = now()
        assert counts(planned(shop, people)["users"]) == expected
        assert counts(applied(shop, people)["users"]) == expected
        names = [name for name in ("id", "email", "age", "note") if name in people.columns]
        ours = [row for row in rows(shop, "users", ", ".join(names)) if row[0] != 500]
        assert ours == as_declared(people, names)
        assert [row for row in rows(shop, "users") if row[0] == 500] == other
        assert differences(shop, people) == []

    def test_another_seed_number_makes_other_values(self, shop: Database) -> None:
        applied(shop, users(50))
        found = applied(shop, users(50, seed=2))["users"]
        assert found.changed > 40
        assert found.changed + found.kept == 50
        assert differences(shop, users(50, seed=2)) == []

    def test_parents_and_children_follow_together(self, shop: Database) -> None:
        people = users(10)
        applied(shop, people, orders(people))
        fewer = users(3, email=pattern("perf.user.{}@test.com", 4))
        found = applied(shop, fewer, orders(fewer, 30))
        assert counts(found["users"]) == (0, 3, 7, 0, 0)
        assert (found["orders"].made, found["orders"].deleted) == (10, 0)
        assert differences(shop, fewer, orders(fewer, 30)) == []

    def test_children_of_rows_whose_unique_values_move_are_made_again_as_they_were(self, shop: Database) -> None:
        """Their parents have to be deleted for a moment: all but the first have a value that another gets."""
        people, moved = users(10), users(10, email=pattern("perf.user.{}@test.com", 2))
        applied(shop, people, orders(people))
        before = rows(shop, "orders")
        referring = sum(row[1] != 1 for row in before)
        expected = {"users": (0, 10, 0, 0, 0), "orders": (0, referring, 0, 20 - referring, 0)}
        found = planned(shop, moved, orders(moved))
        assert {name: counts(one) for name, one in found.items()} == expected
        assert applied(shop, moved, orders(moved)) == found
        assert rows(shop, "orders") == before
        assert differences(shop, moved, orders(moved)) == []

    def test_a_table_that_is_declared_no_longer_keeps_its_rows(self, shop: Database) -> None:
        people = users()
        applied(shop, people, orders(people))
        before = rows(shop, "orders")
        applied(shop, people)
        assert rows(shop, "orders") == before

    def test_a_key_of_other_columns_has_to_be_cleaned_first(self, shop: Database) -> None:
        applied(shop, users())
        before = dump(shop)
        with pytest.raises(InTheWayError, match=r"seeded by, id, found email.*surgeline seed clean"):
            applied(shop, users(key="email"))
        assert dump(shop) == before

    def test_a_later_file_takes_the_place_of_an_earlier_one_for_its_own_tables_alone(self, shop: Database) -> None:
        people = users()
        applied(shop, people)
        applied(shop, orders(people, 5))
        assert len(rows(shop, "users")) == 10
        with pytest.raises(ReferredToError, match="orders"):
            applied(shop, users(3, id=sequence(20)))
        applied(shop, orders(people, 3, user_id=constant(None)))
        assert [row[0] for row in rows(shop, "orders")] == [100, 101, 102]
        applied(shop, users(3, id=sequence(20)))
        assert [row[0] for row in rows(shop, "users")] == [20, 21, 22]


class TestRefusals:
    """Nothing at all is written then."""

    @pytest.mark.parametrize(
        ("number", "email", "message"),
        [
            pytest.param(3, "own@other.org", "users: id = 3", id="a key"),
            pytest.param(500, "perf.user.7@test.com", "users: email = perf.user.7@test.com", id="a unique value"),
        ],
    )
    def test_rows_of_others_in_the_way(self, shop: Database, number: int, email: str, message: str) -> None:
        add_user(shop, number, email)
        before = dump(shop)
        with pytest.raises(InTheWayError) as caught:
            applied(shop, users(), LOGS)
        assert message in str(caught.value)
        assert "nothing was written" in str(caught.value)
        with pytest.raises(InTheWayError):
            planned(shop, users(), LOGS)
        assert dump(shop) == before

    def test_all_tables_are_named_at_once_with_a_few_examples(self, shop: Database) -> None:
        people = users(20)
        for number in range(5, 15):
            add_user(shop, number)
        shop.execute("INSERT INTO orders VALUES (101, 5, 1)")
        before = dump(shop)
        with pytest.raises(InTheWayError) as caught:
            applied(shop, people, orders(people))
        text = str(caught.value)
        assert text.count("users: id =") == 5
        assert text.count("orders: id = 101") == 1
        assert dump(shop) == before

    def test_a_later_row_with_a_value_that_an_earlier_declaration_did_not_have(self, shop: Database) -> None:
        applied(shop, users())
        add_user(shop, 500, "perf.user.12@test.com")
        before = dump(shop)
        with pytest.raises(InTheWayError, match=r"perf\.user\.12@test\.com"):
            applied(shop, users(15))
        assert dump(shop) == before

    @pytest.mark.parametrize("now", [lambda: users(4), lambda: users(email=pattern("perf.user.{}@test.com", 2))])
    def test_rows_of_others_refer_to_rows_that_would_go(self, shop: Database, now: Any) -> None:
        applied(shop, users())
        shop.execute("INSERT INTO orders VALUES (1, 8, 1)")
        before = dump(shop)
        with pytest.raises(ReferredToError, match=r"orders: user_id = 8"):
            applied(shop, now())
        with pytest.raises(ReferredToError):
            planned(shop, now())
        assert dump(shop) == before

    def test_rows_of_the_test_refer_to_rows_that_would_go(self, shop: Database) -> None:
        """What the message says is a way out."""
        applied(shop, users(), LOGS)
        for number in (1, 6, 7, 7, 8, 9, 10):
            shop.execute(f"INSERT INTO logs (user_id, text) VALUES ({number}, 'of the test')")
        before = dump(shop)
        with pytest.raises(ReferredToError) as caught:
            applied(shop, users(5), LOGS)
        assert "found 6 in logs" in str(caught.value)
        assert "The test's rows in logs refer to them: `surgeline seed clean`, then apply:\n" in str(caught.value)
        assert dump(shop) == before
        cleaned(shop, users(5), LOGS)
        assert applied(shop, users(5), LOGS)["users"].made == 5

    def test_rows_in_the_way_are_counted(self, shop: Database) -> None:
        for number in range(3, 10):
            add_user(shop, number, f"other.{number}@other.org")
        with pytest.raises(InTheWayError) as caught:
            applied(shop, users())
        lines = str(caught.value).splitlines()[1:]
        assert len(lines) == 6
        assert lines[-1] == "  - users: 2 more with the same id as ours"

    @pytest.mark.parametrize("action", ["ON DELETE CASCADE", "ON DELETE SET NULL"])
    def test_foreign_keys_that_cascade_touch_no_row_of_others(
        self, database: Database, place: Any, action: str
    ) -> None:
        make_shop(database, place.numbered, references=action)
        applied(database, users())
        database.execute("INSERT INTO logs (user_id, text) VALUES (9, 'mine')")
        before = dump(database)
        with pytest.raises(ReferredToError, match=r"logs: user_id = 9"):
            applied(database, users(4))
        assert dump(database) == before

    def test_a_table_that_the_test_writes_must_be_empty_at_first(self, shop: Database) -> None:
        shop.execute("INSERT INTO logs (user_id, text) VALUES (NULL, 'mine')")
        before = dump(shop)
        with pytest.raises(InTheWayError, match=r"logs: expected an empty table.*found 1 rows"):
            applied(shop, users(), LOGS)
        assert dump(shop) == before

    def test_a_seeded_table_is_not_left_to_the_test_with_rows_of_others_in_it(self, shop: Database) -> None:
        add_user(shop, 500)
        applied(shop, users())
        with pytest.raises(InTheWayError, match="users: expected an empty table"):
            applied(shop, written("users"))
        assert len(rows(shop, "users")) == 11

    def test_a_view_is_no_table(self, shop: Database) -> None:
        shop.execute("CREATE VIEW people AS SELECT id, email, age FROM users")
        with pytest.raises(SurgelineError, match="people: expected a table, found a view"):
            applied(shop, table("people", rows=3, key="id", columns={"id": sequence()}))

    def test_rows_that_a_trigger_leaves_out_are_missed(self, shop: Database, place: Any) -> None:
        statement = TRIGGERS.get(shop.target.kind)
        if statement is None:
            pytest.skip("its triggers cannot leave rows out")
        applied(shop, users(3))
        for part in statement:
            shop.execute(part)
        before = dump(shop)
        with pytest.raises(SurgelineError, match=r"users: expected 3 rows to be made, found 2: .* trigger"):
            applied(shop, users(6))
        assert dump(shop) == before


TRIGGERS = {
    "PostgreSQL": (
        "CREATE FUNCTION skip() RETURNS trigger AS 'BEGIN IF NEW.id = 5 THEN RETURN NULL; END IF; RETURN NEW; END' "
        "LANGUAGE plpgsql",
        "CREATE TRIGGER skip BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION skip()",
    ),
    "SQLite": ("CREATE TRIGGER skip BEFORE INSERT ON users WHEN NEW.id = 5 BEGIN SELECT RAISE(IGNORE); END",),
}


class TestKeys:
    def test_a_key_of_several_columns(self, database: Database) -> None:
        database.execute("CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY)")
        database.execute(
            "CREATE TABLE order_lines (order_id BIGINT NOT NULL, line INTEGER NOT NULL, amount INTEGER, "
            "PRIMARY KEY (order_id, line), FOREIGN KEY (order_id) REFERENCES orders (id))"
        )
        parents = table("orders", rows=5, key="id", columns={"id": sequence()})

        def lines(rows: int) -> Any:
            columns = {"order_id": foreign_key(parents, per_parent=3), "line": sequence(), "amount": integer(1, 9)}
            return table("order_lines", rows=rows, key=("order_id", "line"), columns=columns)

        applied(database, parents, lines(15))
        database.execute("INSERT INTO order_lines VALUES (1, 99, 1)")
        database.execute("DELETE FROM order_lines WHERE order_id = 2 AND line = 5")
        database.execute("UPDATE order_lines SET amount = 77 WHERE order_id = 3")
        assert counts(applied(database, parents, lines(14))["order_lines"]) == (1, 3, 1, 10, 1)
        assert (1, 99, 1) in rows(database, "order_lines")
        assert differences(database, parents, lines(14)) == []

    @pytest.mark.parametrize("change", ["PERF-3", "perf-3 ", "Perf-3"])
    def test_a_key_written_otherwise_is_another_row(self, database: Database, change: str) -> None:
        """A collation may take it for ours: the application deleted ours and wrote its own."""
        database.execute("CREATE TABLE users (id VARCHAR(20) NOT NULL PRIMARY KEY, age INTEGER)")
        people = table("users", rows=5, key="id", columns={"id": pattern("perf-{}"), "age": integer(1, 9)})
        applied(database, people)
        database.execute("DELETE FROM users WHERE id = 'perf-3'")
        database.execute(f"INSERT INTO users VALUES ('{change}', 44)")
        before = dump(database, ["users"])
        assert ("users", "missing", 1) in differences(database, people)
        try:
            found = applied(database, people)
        except InTheWayError:
            assert dump(database, ["users"]) == before
        else:
            assert counts(found["users"]) == (1, 0, 0, 4, 1)
        assert (change, 44) in rows(database, "users")

    @pytest.mark.parametrize("place", ["sqlite"], indirect=True)
    def test_a_key_written_otherwise_where_the_collation_says_the_same(self, database: Database) -> None:
        database.execute("CREATE TABLE users (id TEXT COLLATE NOCASE NOT NULL PRIMARY KEY, age INTEGER)")
        people = table("users", rows=5, key="id", columns={"id": pattern("perf-{}"), "age": integer(1, 9)})
        applied(database, people)
        database.execute("UPDATE users SET id = 'PERF-3', age = 44 WHERE id = 'perf-3'")
        with pytest.raises(InTheWayError, match="id = PERF-3"):
            applied(database, people)
        assert ("PERF-3", 44) in rows(database, "users")

    def test_keys_that_are_filled_up_with_spaces(self, database: Database) -> None:
        database.execute("CREATE TABLE users (id CHAR(10) NOT NULL PRIMARY KEY, age INTEGER)")
        people = table("users", rows=5, key="id", columns={"id": pattern("p{}"), "age": integer(1, 9)})
        assert applied(database, people)["users"].made == 5
        assert counts(applied(database, people)["users"]) == (0, 0, 0, 5, 0)
        assert differences(database, people) == []
        database.execute("UPDATE users SET age = 44 WHERE id = 'p3'")
        assert counts(applied(database, people)["users"]) == (0, 1, 0, 4, 0)
        assert cleaned(database, people)["users"].deleted == 5

    def test_numbers_that_are_kept_as_text(self, database: Database) -> None:
        """`03` and `3` are one number, and two keys."""
        database.execute("CREATE TABLE users (id VARCHAR(10) NOT NULL PRIMARY KEY, age INTEGER)")
        people = table("users", rows=5, key="id", columns={"id": sequence(), "age": integer(1, 9)})
        applied(database, people)
        database.execute("INSERT INTO users VALUES ('03', 44), ('3.0', 44), ('x', 44)")
        assert counts(applied(database, people)["users"]) == (0, 0, 0, 5, 3)
        assert cleaned(database, people)["users"].left == 3

    def test_values_that_others_refer_to_are_like_a_key(self, database: Database) -> None:
        """A foreign key on another column than the key, one that would follow its changes."""
        database.execute("CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(50) NOT NULL UNIQUE)")
        database.execute(
            "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(50), "
            "FOREIGN KEY (email) REFERENCES users (email) ON UPDATE CASCADE ON DELETE CASCADE)"
        )

        def shop(template: str) -> Any:
            people = table("users", rows=5, key="id", columns={"id": sequence(), "email": pattern(template)})
            columns = {"id": sequence(), "email": foreign_key(people, "email", per_parent=1)}
            return people, table("orders", rows=5, key="id", columns=columns)

        applied(database, *shop("a{}@test.com"))
        assert counts(planned(database, *shop("b{}@test.com"))["orders"]) == (0, 5, 0, 0, 0)
        applied(database, *shop("b{}@test.com"))
        assert differences(database, *shop("b{}@test.com")) == []
        database.execute("INSERT INTO orders VALUES (900, 'b3@test.com')")
        before = dump(database, ["users", "orders"])
        with pytest.raises(ReferredToError, match=r"orders: id = 900"):
            applied(database, *shop("c{}@test.com"))
        assert dump(database, ["users", "orders"]) == before

    def test_a_pattern_that_changes_its_case_alone(self, database: Database) -> None:
        database.execute("CREATE TABLE users (id VARCHAR(20) NOT NULL PRIMARY KEY, age INTEGER)")
        for template in ("perf-{}", "PERF-{}"):
            people = table("users", rows=5, key="id", columns={"id": pattern(template), "age": integer(1, 9)})
            applied(database, people)
            assert rows(database, "users") == as_declared(people, ("id", "age"))

    def test_uuids(self, database: Database, place: Any) -> None:
        from surgeline.seeding.generator import Kind

        database.execute(f"CREATE TABLE users (id {place.types[Kind.UUID]} NOT NULL PRIMARY KEY, age INTEGER)")
        for generator in (uuid(), uuid("00000000-0000-4000-8000-{:012d}")):
            people = table("users", rows=7, key="id", columns={"id": generator, "age": integer(1, 9)})
            assert applied(database, people)["users"].made == 7
            assert applied(database, people)["users"].kept == 7
            assert differences(database, people) == []

    def test_a_table_with_nothing_but_its_key(self, database: Database) -> None:
        database.execute("CREATE TABLE marks (id BIGINT NOT NULL PRIMARY KEY)")
        marks = table("marks", rows=5, key="id", columns={"id": sequence()})
        applied(database, marks)
        database.execute("DELETE FROM marks WHERE id = 2")
        assert counts(applied(database, marks)["marks"]) == (1, 0, 0, 4, 0)
        assert differences(database, marks) == []


class TestNames:
    @pytest.mark.parametrize(
        "name", ["order", "Mixed Case", 'with "quotes"', "with 'one'", "with `others`", "größe_表"]
    )
    def test_odd_names_of_tables_and_columns(self, database: Database, name: str) -> None:
        quoted = database.quote(name)
        database.execute(f"CREATE TABLE {quoted} (id BIGINT NOT NULL PRIMARY KEY, {quoted} INTEGER)")

        def odd(rows: int) -> Any:
            return table(name, rows=rows, key="id", columns={"id": sequence(), name: integer(1, 9)})

        applied(database, odd(9))
        database.execute(f"UPDATE {quoted} SET {quoted} = 55 WHERE id = 1")
        assert counts(applied(database, odd(5))[name]) == (0, 1, 4, 4, 0)
        assert differences(database, odd(5)) == []

    def test_a_partitioned_table(self, postgres_database: Database) -> None:
        database = postgres_database
        database.execute("CREATE TABLE users (id BIGINT PRIMARY KEY, age INTEGER) PARTITION BY RANGE (id)")
        database.execute("CREATE TABLE users_low PARTITION OF users FOR VALUES FROM (0) TO (5)")
        database.execute("CREATE TABLE users_high PARTITION OF users FOR VALUES FROM (5) TO (5000)")

        def people(rows: int) -> Any:
            return table("users", rows=rows, key="id", columns={"id": sequence(), "age": integer(1, 9)})

        applied(database, people(9))
        database.execute("INSERT INTO users VALUES (700, 1)")
        database.execute("UPDATE users SET age = 44 WHERE id IN (2, 6)")
        assert counts(applied(database, people(8))["users"]) == (0, 2, 1, 6, 1)
        assert differences(database, people(8)) == []
        assert cleaned(database, people(8))["users"].left == 1

    def test_a_table_of_another_schema(self, postgres_database: Database) -> None:
        database = postgres_database
        database.execute("CREATE SCHEMA perf")
        database.execute("CREATE TABLE perf.users (id BIGINT PRIMARY KEY, email TEXT UNIQUE, age INTEGER)")
        database.execute("CREATE TABLE users (id BIGINT PRIMARY KEY, email TEXT UNIQUE, age INTEGER)")
        database.execute("INSERT INTO users VALUES (1, 'perf.user.1@test.com', 1)")

        def people(rows: int) -> Any:
            declared = users()
            return table("perf.users", rows=rows, key="id", columns=declared.columns)

        applied(database, people(9))
        assert counts(applied(database, people(5))["perf.users"]) == (0, 0, 4, 5, 0)
        assert differences(database, people(5)) == []
        assert rows(database, "users") == [(1, "perf.user.1@test.com", 1)]


class TestIndexes:
    @pytest.mark.parametrize("indexes", ["keep", "rebuild", "auto"])
    def test_all_ways_give_the_same(self, shop: Database, place: Any, indexes: str) -> None:
        from surgeline.seeding.apply import Indexes

        shop.execute("CREATE INDEX users_age ON users (age, email)")
        before = [place.described(shop, name) for name in ("users", "orders")]
        add_user(shop, 500)
        people = users(30)
        applied(shop, people, orders(people), indexes=Indexes(indexes))
        people = users(40)
        applied(shop, people, orders(people, 50), indexes=Indexes(indexes))
        assert differences(shop, people, orders(people, 50)) == []
        assert [place.described(shop, name) for name in ("users", "orders")] == before

    def test_large_tables_that_change_mostly_are_rebuilt_by_themselves(
        self, shop: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[Any] = []
        aside = type(shop).indexes_aside
        monkeypatch.setattr("surgeline.seeding.apply.REBUILD_FROM", 15)
        monkeypatch.setattr(
            type(shop), "indexes_aside", lambda self, names: (asked.append(names), aside(self, names))[1]
        )
        people = users(10)
        asked_for = []
        for orders_declared in (20, 50, 66, 10):
            applied(shop, people, orders(people, orders_declared))
            asked_for.append(bool(asked))
            asked.clear()
        assert asked_for == [True, True, False, True]


class TestParents:
    def test_parents_that_another_declaration_did_not_seed(self, shop: Database) -> None:
        before = dump(shop)
        with pytest.raises(RefusedRowsError, match=r"orders: .* nothing was changed.* refer to users: seeded first"):
            applied(shop, orders(users()))
        assert dump(shop) == before


class TestNumbers:
    def test_the_application_goes_on_after_our_numbers(self, database: Database, place: Any) -> None:
        database.execute(f"CREATE TABLE things (id {place.numbered}, name VARCHAR(20))")
        things = table("things", rows=50, key="id", columns={"id": sequence(), "name": constant("ours")})
        applied(database, things)
        database.execute("INSERT INTO things (name) VALUES ('theirs')")
        more = table("things", rows=80, key="id", columns={"id": sequence(101), "name": constant("ours")})
        applied(database, more)
        database.execute("INSERT INTO things (name) VALUES ('later')")
        numbers = {row[0] for row in rows(database, "things") if row[1] != "ours"}
        assert numbers == {51, 181}


class TestTogether:
    def test_two_at_the_same_time_are_never_mixed(self, shop: Database, place: Any) -> None:
        """The second comes when the first has found out what is to be done."""
        from surgeline.seeding.connect import connect

        refusals = []

        class Meanwhile(Unseen):
            def counting(self, name: str, total: int) -> Any:
                if name == "orders" and not refusals:
                    with connect(place.url) as other, pytest.raises(SurgelineError) as caught:
                        applied(other, users(99))
                    refusals.append(str(caught.value))
                return super().counting(name, total)

        people = users()
        apply(shop, declared(people, orders(people)), Meanwhile())
        assert len(refusals) == 1
        assert differences(shop, people, orders(people)) == []
        assert len(rows(shop, "users")) == 10

    def test_what_another_has_seeded_meanwhile_is_known(self, shop: Database, place: Any) -> None:
        """Between opening the connection and the transaction."""
        from surgeline.seeding.connect import connect

        with connect(place.url) as other:
            applied(other, users(10))
            applied(shop, users(4))
            assert counts(applied(other, users(6))["users"]) == (2, 0, 0, 4, 0)

    def test_somebody_writes_at_the_same_time(
        self, shop: Database, place: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if shop.target.kind != "PostgreSQL":
            pytest.skip("nobody else can: the comparison has locked the rows")
        from surgeline.seeding.connect import connect

        applied(shop, users(5))
        real = type(shop).insert_from
        with connect(place.url) as application:

            def insert(self: Any, *given: Any) -> int:
                add_user(application, 7, "quick@other.org")
                return real(self, *given)

            monkeypatch.setattr(type(shop), "insert_from", insert)
            with pytest.raises(SurgelineError, match=r"expected 5 rows to be made, found 4: somebody else writes"):
                applied(shop, users(10))
        assert [row[0] for row in rows(shop, "users")] == [1, 2, 3, 4, 5, 7]


class TestManifest:
    def test_a_table_of_its_name_that_is_another(self, shop: Database) -> None:
        shop.execute("CREATE TABLE surgeline_seed (id BIGINT NOT NULL PRIMARY KEY)")
        with pytest.raises(
            SurgelineError, match=r"surgeline_seed: expected .* found a table without the column table_name"
        ):
            applied(shop, users())
        assert rows(shop, "users") == []

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE surgeline_seed SET key_declaration = 'nothing'",
            "UPDATE surgeline_seed SET key_declaration = '{}'",
            "UPDATE surgeline_seed SET table_name = 'orders'",
            "UPDATE surgeline_seed SET row_count = -1",
        ],
    )
    def test_damage_is_told(self, shop: Database, damage: str) -> None:
        applied(shop, users())
        shop.execute(damage)
        before = dump(shop)
        with pytest.raises(SurgelineError, match=r"surgeline_seed: expected|expected the declaration of a key as JSON"):
            applied(shop, users(5))
        assert dump(shop) == before

    def test_keys_of_another_release_are_told(self, shop: Database) -> None:
        applied(shop, users())
        kept = shop.fetch("SELECT key_declaration FROM surgeline_seed")[0][0]
        other = kept.replace('"values":1', '"values":99')
        assert other != kept
        shop.execute(f"UPDATE surgeline_seed SET key_declaration = {shop.literal(other)}")
        with pytest.raises(SurgelineError, match="another release of surgeline seeded it"):
            applied(shop, users(5))
        assert len(rows(shop, "users")) == 10

    def test_tables_that_differ_in_case_alone_have_entries_of_their_own(self, database: Database) -> None:
        if database.target.kind == "SQLite":
            pytest.skip("they are one table")
        for name in ("Users", "users"):
            database.execute(f"CREATE TABLE {database.quote(name)} (id BIGINT NOT NULL PRIMARY KEY)")
        pair = [table(name, rows=5, key="id", columns={"id": sequence()}) for name in ("Users", "users")]
        applied(database, *pair)
        assert [counts(one) for one in applied(database, *pair).values()] == [(0, 0, 0, 5, 0)] * 2

    def test_a_table_made_anew_is_not_taken_for_the_one_that_was_seeded(self, shop: Database) -> None:
        """The application's own rows in it are others', and a reset leaves them."""
        from seeding_support import put_back

        applied(shop, users())
        shop.execute("DELETE FROM users")
        add_user(shop, 500)
        assert counts(applied(shop, users())["users"]) == (10, 0, 0, 0, 1)
        add_user(shop, 501)
        put_back(shop, users())
        assert {500, 501} < {row[0] for row in rows(shop, "users")}


def test_values_that_may_be_missing(shop: Database) -> None:
    people = users(50, note=nulls(choice(["a", "b"]), 0.5))
    applied(shop, people)
    shop.execute("UPDATE users SET note = NULL WHERE note = 'a'")
    found = applied(shop, people)["users"]
    assert found.changed > 5
    assert differences(shop, people) == []
    shop.execute("UPDATE users SET note = 'x' WHERE note IS NULL")
    assert applied(shop, people)["users"].changed > 5
    assert differences(shop, people) == []
