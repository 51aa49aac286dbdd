"""What every kind of database does alike: each test runs on all of them, on a fresh database of a real server."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from database_support import ignore, load, one_batch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surgeline.seeding.connect import connect
from surgeline.seeding.database import Batch, Database, DatabaseError, RefusedRowsError
from surgeline.seeding.generator import Kind

HOSTILE = [
    "", " ", "  two  ", "\\N", "\\", "\\\\", "\\.", "\t", "\n", "\r", "\r\n", "a\tb\\tc\nd\\ne", "\\\n", "NULL", "null",
    "'", '"', "`", "''; DROP TABLE texts; --", "%s", "$1", "?", "{}", "\x01\x02\x1a\x1b\x7f\x80\x9f\xa0",
    "\u2028\ufeff", "é", "e\u0301", "日本語", "🎂", "👩‍👩‍👧‍👦", "\U0010ffff", "ﷺ" * 50, "x" * 5000, ",", ";", "\b\f\v",
]  # fmt: skip

VALUES: dict[Kind, list[Any]] = {
    Kind.INTEGER: [0, 1, -1, 2**63 - 1, -(2**63)],
    Kind.DECIMAL: [Decimal(0), Decimal("0.01"), Decimal("-12345678901234567890.0123456789"), Decimal("1E+3")],
    Kind.FLOAT: [0.0, -1.5, 0.1, 1e300, 1.7976931348623157e308, 2.2250738585072014e-308],
    Kind.TEXT: HOSTILE,
    Kind.UUID: ["00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-bfff-ffffffffffff"],
    Kind.BOOLEAN: [True, False],
    Kind.TIMESTAMP: [datetime(2026, 2, 28, 23, 59, 59, 999999), datetime(1970, 1, 2), datetime(2000, 2, 29, 12)],  # noqa: DTZ001
    Kind.DATE: [date(2026, 12, 31), date(2000, 2, 29), date(1970, 1, 1)],
    Kind.JSON: [{}, [], {"a": [1, 2.5, None, True, {"b": 'quote " back \\ tab \t line \n'}]}, [["🎂", "é"], {"": ""}]],
    Kind.BYTES: [b"", b"\x00", bytes(range(256)), b"\\x41", b"\\N"],
}


def numbered_values(database: Database, table: str, column: str) -> list[Any]:
    return [row[1] for row in database.fetch(f"SELECT id, {column} FROM {table} ORDER BY id")]


def count(database: Database, table: str) -> int:
    return database.fetch(f"SELECT count(*) FROM {table}")[0][0]


@pytest.fixture
def shop(database: Database, place: Any) -> Database:
    """Two tables, one of which refers to the other."""
    json = place.types[Kind.JSON]
    database.execute("CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(100), age INTEGER NOT NULL)")
    database.execute("CREATE UNIQUE INDEX users_email ON users (email)")
    database.execute("CREATE INDEX users_age ON users (age, email)")
    database.execute(
        f"CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, note {json}, "
        "CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id))"
    )
    return database


def load_users(database: Database, rows: int, first: int = 1) -> None:
    ids = range(first, first + rows)
    load(database, "users", id=ids, email=[f"user{number}@test.com" for number in ids], age=[30] * rows)


class TestValues:
    @pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.name)
    def test_every_kind_of_value_comes_back_as_it_was_loaded(self, database: Database, place: Any, kind: Kind) -> None:
        values = [*VALUES[kind], None]
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[kind]} NULL)")
        assert load(database, "held", id=range(len(values)), value=values) == len(values)
        expected = [None if value is None else place.seen(kind, value) for value in values]
        assert numbered_values(database, "held", "value") == expected

    @pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.name)
    def test_a_literal_is_the_value_that_a_load_puts_in(self, database: Database, place: Any, kind: Kind) -> None:
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[kind]} NULL)")
        values = [*VALUES[kind], None]
        load(database, "held", id=range(len(values)), value=values)
        for number, value in enumerate(values):
            assert database.execute(f"INSERT INTO held VALUES ({number + 1000}, {database.literal(value)})") == 1
        found = numbered_values(database, "held", "value")
        assert found[: len(values)] == found[len(values) :]

    def test_null_and_the_empty_text_are_two_things(self, database: Database, place: Any) -> None:
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[Kind.TEXT]} NULL)")
        load(database, "held", id=[1, 2, 3], value=["", None, "\\N"])
        assert database.fetch("SELECT id FROM held WHERE value IS NULL") == [(2,)]

    def test_a_nul_character_comes_back_or_is_refused(self, database: Database, place: Any) -> None:
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[Kind.TEXT]} NULL)")
        text = "before\0after"
        if place.takes_nul:
            load(database, "held", id=[1], value=[text])
            assert numbered_values(database, "held", "value") == [text]
        else:
            with pytest.raises(RefusedRowsError):
                load(database, "held", id=[1], value=[text])
            assert count(database, "held") == 0

    def test_half_a_character_is_refused(self, database: Database, place: Any) -> None:
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[Kind.TEXT]} NULL)")
        with pytest.raises(RefusedRowsError), database.transaction():
            load(database, "held", id=[1, 2], value=["good", "\ud800"])
        assert count(database, "held") == 0

    def test_any_text_comes_back(self, database: Database, place: Any) -> None:
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[Kind.TEXT]} NULL)")
        texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)

        @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(st.lists(st.none() | texts, min_size=1, max_size=50))
        def comes_back(values: list[str | None]) -> None:
            database.execute("DELETE FROM held")
            load(database, "held", id=range(len(values)), value=values)
            assert numbered_values(database, "held", "value") == values

        comes_back()


class TestLoading:
    def test_many_batches_are_all_there_and_are_told_as_they_go(self, shop: Database) -> None:
        told: list[int] = []
        sizes = [10_000, 10_000, 1, 7_777]

        def batches() -> Iterator[Batch]:
            first = 0
            for size in sizes:
                ids = range(first, first + size)
                yield Batch(size, [[f"{number}@test.com" for number in ids], ids, [number % 90 for number in ids]])
                first += size

        assert shop.load("users", ["email", "id", "age"], batches(), told.append) == sum(sizes)
        assert told == sizes
        rows = sum(sizes)
        assert shop.fetch("SELECT count(*), min(id), max(id) FROM users") == [(rows, 0, rows - 1)]
        assert shop.fetch("SELECT email, age FROM users WHERE id = 20001") == [("20001@test.com", 20001 % 90)]

    def test_no_rows_are_no_mistake(self, shop: Database) -> None:
        assert shop.load("users", ["id", "email", "age"], [], ignore) == 0
        assert shop.load("users", ["id", "email", "age"], [Batch(0, [[], [], []])], ignore) == 0

    @pytest.mark.parametrize(
        ("columns", "rows"),
        [
            pytest.param(["id", "email", "age"], [[1, 1], ["a", "b"], [1, 2]], id="a key twice"),
            pytest.param(["id", "email", "age"], [[1, 2], ["a", "a"], [1, 2]], id="a unique value twice"),
            pytest.param(["id", "email", "age"], [[1, 2], ["a", "b"], [1, None]], id="NULL where none may be"),
            pytest.param(["id", "email"], [[1], ["a"]], id="a column left out that must have a value"),
        ],
    )
    def test_refused_rows_leave_nothing_behind(self, shop: Database, columns: list[str], rows: list[list[Any]]) -> None:
        with pytest.raises(RefusedRowsError), shop.transaction():
            shop.load("users", columns, one_batch(*rows), ignore)
        assert count(shop, "users") == 0

    def test_a_missing_parent_is_refused(self, shop: Database) -> None:
        load_users(shop, 3)
        with pytest.raises(RefusedRowsError), shop.transaction():
            load(shop, "orders", id=[1, 2], user_id=[3, 4])
        assert count(shop, "orders") == 0

    def test_an_error_of_what_makes_the_batches_is_passed_on(self, shop: Database) -> None:
        def batches() -> Iterator[Batch]:
            yield Batch(1, [[1], ["a"], [1]])
            raise FileNotFoundError("what the user's function wants to read")

        with pytest.raises(FileNotFoundError), shop.transaction():
            shop.load("users", ["id", "email", "age"], batches(), ignore)
        assert count(shop, "users") == 0

    def test_a_table_that_is_not_there_is_an_error(self, database: Database) -> None:
        with pytest.raises(DatabaseError, match="nowhere"):
            load(database, "nowhere", id=[1])

    def test_names_may_be_hostile(self, database: Database) -> None:
        table, column = "Select \"from\" `where` 'x'", 'Order; "by"` -- %'
        database.execute(f"CREATE TABLE {database.quote(table)} ({database.quote(column)} BIGINT NOT NULL PRIMARY KEY)")
        assert set(database.tables([table])[table].columns) == {column}
        assert database.load(table, [column], one_batch([1, 2]), ignore) == 2
        assert database.fetch(f"SELECT {database.quote(column)} FROM {database.quote(table)} ORDER BY 1") == [
            (1,),
            (2,),
        ]


class TestTransactions:
    def test_what_is_committed_is_seen_by_others(self, shop: Database, place: Any) -> None:
        with shop.transaction():
            load_users(shop, 5)
        with connect(place.url) as other:
            assert count(other, "users") == 5

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_whatever_ends_the_block_undoes_it(self, shop: Database, error: type[BaseException]) -> None:
        def load_and_fail() -> None:
            load_users(shop, 5)
            raise error

        with pytest.raises(error), shop.transaction():
            load_and_fail()
        assert count(shop, "users") == 0
        load_users(shop, 2)
        assert count(shop, "users") == 2

    def test_closing_undoes_what_is_not_committed(self, shop: Database, place: Any) -> None:
        with connect(place.url) as other:
            unfinished = other.transaction()
            unfinished.__enter__()
            load_users(other, 5)
        with suppress(Exception):
            unfinished.__exit__(None, None, None)
        assert count(shop, "users") == 0

    def test_a_mistake_is_an_error_and_the_connection_lives_on(self, shop: Database) -> None:
        with pytest.raises(DatabaseError) as caught:
            shop.fetch("SELECT nothing FROM users")
        assert "nothing" in str(caught.value)
        with pytest.raises(DatabaseError):
            shop.execute("THIS IS NOT SQL")
        assert count(shop, "users") == 0

    def test_execute_counts_the_changed_rows(self, shop: Database) -> None:
        load_users(shop, 5)
        assert shop.execute("UPDATE users SET age = 31 WHERE id <= 3") == 3
        assert shop.execute("DELETE FROM users WHERE id > 3") == 2
        assert shop.execute("INSERT INTO users VALUES (9, 'nine', 9)") == 1

    def test_two_seedings_at_once_are_refused(self, shop: Database, place: Any) -> None:
        with connect(place.url) as other:
            with shop.transaction():
                shop.only_writer()
                load_users(shop, 1)
                with pytest.raises(DatabaseError), other.transaction():
                    other.only_writer()
            with other.transaction():
                other.only_writer()

    def test_a_connection_cut_off_leaves_nothing_behind(self, shop: Database, place: Any) -> None:
        """Cut in the middle of a load, with more than any buffer holds still to come."""
        made = 0

        def batches() -> Iterator[Batch]:
            nonlocal made
            for number in range(300):
                if number == 20:
                    place.kill(victim)
                ids = range(number * 10_000, (number + 1) * 10_000)
                made += 1
                yield Batch(10_000, [ids, [f"{one}@test.com" for one in ids], [1] * 10_000])

        with connect(place.url) as victim:
            with pytest.raises(DatabaseError), victim.transaction():
                victim.load("users", ["id", "email", "age"], batches(), ignore)
            with pytest.raises(DatabaseError):
                victim.fetch("SELECT 1")
        assert made < 300, "it went on making rows that nobody takes"
        with connect(place.url) as another:
            assert count(another, "users") == 0

    def test_rows_come_in_lists_of_the_size_asked_for(self, shop: Database) -> None:
        load_users(shop, 25)
        chunks = list(shop.stream("SELECT id FROM users ORDER BY id", size=10))
        assert [len(chunk) for chunk in chunks] == [10, 10, 5]
        assert [row for chunk in chunks for row in chunk] == [(number,) for number in range(1, 26)]
        assert list(shop.stream("SELECT id FROM users WHERE id < 0")) == []
        with shop.transaction():
            assert sum(map(len, shop.stream("SELECT id FROM users", size=7))) == 25

    def test_a_stream_may_be_left_in_the_middle(self, shop: Database) -> None:
        load_users(shop, 25)
        stream = iter(shop.stream("SELECT id FROM users ORDER BY id", size=10))
        assert len(next(stream)) == 10
        stream.close()  # type: ignore[attr-defined]
        assert count(shop, "users") == 25


class TestTables:
    def test_keys_are_as_declared(self, shop: Database) -> None:
        found = shop.tables(["orders", "users", "nowhere"])
        assert set(found) == {"orders", "users"}
        users, orders = found["users"], found["orders"]
        assert {(key.columns, key.primary) for key in users.unique_keys} == {(("id",), True), (("email",), False)}
        (key,) = orders.foreign_keys
        assert (key.columns, key.parent, key.parent_columns) == (("user_id",), "users", ("id",))
        assert users.referenced_by == ("orders",)
        assert orders.referenced_by == ()

    def test_columns_are_as_declared(self, shop: Database) -> None:
        columns = shop.tables(["users"])["users"].columns
        assert list(columns) == ["id", "email", "age"]
        assert columns["age"].kind is Kind.INTEGER
        assert not columns["age"].nullable
        assert not columns["age"].has_default
        assert columns["email"].kind is Kind.TEXT
        assert columns["email"].nullable

    def test_a_table_that_refers_to_itself_is_not_one_that_is_referred_to(self, database: Database) -> None:
        database.execute(
            "CREATE TABLE nodes (id BIGINT NOT NULL PRIMARY KEY, parent BIGINT, "
            "FOREIGN KEY (parent) REFERENCES nodes (id))"
        )
        nodes = database.tables(["nodes"])["nodes"]
        assert nodes.referenced_by == ()
        assert [key.parent for key in nodes.foreign_keys] == ["nodes"]

    def test_no_names_are_no_tables(self, database: Database) -> None:
        assert database.tables([]) == {}

    def test_a_numbered_column_needs_no_value(self, database: Database, place: Any) -> None:
        database.execute(f"CREATE TABLE things (id {place.numbered}, name VARCHAR(20))")
        assert database.tables(["things"])["things"].columns["id"].has_default

    @pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.name)
    def test_the_kind_of_a_column_is_known(self, database: Database, place: Any, kind: Kind) -> None:
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[kind]} NULL)")
        assert database.tables(["held"])["held"].columns["value"].kind in {kind, *place.also.get(kind, ())}


class TestStaging:
    def test_it_has_neither_keys_nor_constraints(self, shop: Database) -> None:
        with shop.transaction():
            shop.make_staging("s1", "orders", ["user_id", "id"])
            assert shop.load("s1", ["id", "user_id"], one_batch([1, 1], [77, 78]), ignore) == 2
            shop.index_staging("s1", ["id"])
            assert count(shop, "s1") == 2

    def test_it_can_be_dropped_whether_it_is_there_or_not(self, shop: Database) -> None:
        with shop.transaction():
            shop.drop_staging("s1")
            shop.make_staging("s1", "users", ["id"])
            shop.drop_staging("s1")
            shop.make_staging("s1", "users", ["email"])
            assert load(shop, "s1", email=["a"]) == 1
            shop.drop_staging("s1")
        with pytest.raises(DatabaseError):
            shop.fetch("SELECT * FROM s1")

    def test_it_does_not_commit(self, shop: Database) -> None:
        def stage_and_fail() -> None:
            load_users(shop, 5)
            shop.make_staging("s1", "users", ["id"])
            load(shop, "s1", id=[1])
            shop.index_staging("s1", ["id"])
            shop.drop_staging("s1")
            raise ValueError("undo")

        with pytest.raises(ValueError, match="undo"), shop.transaction():
            stage_and_fail()
        assert count(shop, "users") == 0

    def test_others_do_not_see_it(self, shop: Database, place: Any) -> None:
        with shop.transaction():
            shop.make_staging("s1", "users", ["id"])
            with connect(place.url) as other, pytest.raises(DatabaseError):
                other.fetch("SELECT * FROM s1")

    def test_missing_rows_are_inserted_and_no_others(self, shop: Database) -> None:
        load_users(shop, 3)
        with shop.transaction():
            self._stage(shop, [2, 3, 4, 5], ages=[99] * 4)
            missing = f"NOT EXISTS (SELECT 1 FROM {shop.quote('users')} t WHERE t.id = s.id)"
            assert shop.insert_from("users", ["id", "email", "age"], "s1", missing) == 2
        assert shop.fetch("SELECT id, age FROM users ORDER BY id") == [(1, 30), (2, 30), (3, 30), (4, 99), (5, 99)]

    def test_rows_that_differ_are_updated_and_no_others(self, shop: Database) -> None:
        load_users(shop, 4)
        with shop.transaction():
            self._stage(shop, [2, 3, 4, 5], ages=[30, 31, 30, 30])
            assert shop.update_from("users", ["email", "age"], "s1", ["id"]) == 1
        assert shop.fetch("SELECT id, age FROM users ORDER BY id") == [(1, 30), (2, 30), (3, 31), (4, 30)]

    def test_rows_with_a_staged_key_are_deleted_and_no_others(self, shop: Database) -> None:
        load_users(shop, 4)
        with shop.transaction():
            self._stage(shop, [2, 3, 9], ages=[1, 2, 3])
            assert shop.delete_matching("users", "s1", ["id"]) == 2
        assert shop.fetch("SELECT id FROM users ORDER BY id") == [(1,), (4,)]

    def test_a_row_that_others_refer_to_is_not_deleted(self, shop: Database) -> None:
        load_users(shop, 2)
        load(shop, "orders", id=[1], user_id=[2])

        def stage_and_delete() -> None:
            self._stage(shop, [2], ages=[1])
            shop.delete_matching("users", "s1", ["id"])

        with pytest.raises(RefusedRowsError), shop.transaction():
            stage_and_delete()
        assert count(shop, "users") == 2

    @pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.name)
    def test_values_of_every_kind_can_be_compared(self, database: Database, place: Any, kind: Kind) -> None:
        """Same, other, to NULL, from NULL, both NULL."""
        one, other = VALUES[kind][:2]
        database.execute(f"CREATE TABLE held (id BIGINT NOT NULL PRIMARY KEY, value {place.types[kind]} NULL)")
        load(database, "held", id=range(5), value=[one, one, one, None, None])
        wanted = [one, other, None, one, None]
        with database.transaction():
            database.make_staging("s1", "held", ["id", "value"])
            load(database, "s1", id=range(5), value=wanted)
            database.index_staging("s1", ["id"])
            differ = database.differs("held", ["value"], "s", "t")
            query = f"SELECT s.id FROM s1 s JOIN held t ON s.id = t.id WHERE {differ} ORDER BY s.id"
            assert database.fetch(query) == [(1,), (2,), (3,)]
            assert database.fetch(query.replace("WHERE", "WHERE 1 = 0 AND")) == []
            assert database.update_from("held", ["value"], "s1", ["id"]) == 3
            assert database.update_from("held", ["value"], "s1", ["id"]) == 0
        expected = [None if value is None else place.seen(kind, value) for value in wanted]
        assert numbered_values(database, "held", "value") == expected

    def test_letters_of_another_case_differ(self, shop: Database) -> None:
        load(shop, "users", id=[1, 2], email=["a", "b"], age=[1, 1])
        with shop.transaction():
            shop.make_staging("s1", "users", ["id", "email"])
            load(shop, "s1", id=[1, 2], email=["A", "b"])
            assert shop.update_from("users", ["email"], "s1", ["id"]) == 1
        assert numbered_values(shop, "users", "email") == ["A", "b"]

    def _stage(self, database: Database, ids: list[int], ages: list[int]) -> None:
        database.make_staging("s1", "users", ["id", "email", "age"])
        load(database, "s1", id=ids, email=[f"user{number}@test.com" for number in ids], age=ages)
        database.index_staging("s1", ["id"])


class TestIndexesAside:
    def test_they_are_afterwards_as_they_were(self, shop: Database, place: Any) -> None:
        before = [place.described(shop, table) for table in ("users", "orders")]
        tables = shop.tables(["users", "orders"])
        with shop.transaction(), shop.indexes_aside(["users", "orders"]):
            load_users(shop, 100)
            load(shop, "orders", id=range(1, 101), user_id=range(1, 101))
        assert [place.described(shop, table) for table in ("users", "orders")] == before
        assert shop.tables(["users", "orders"]) == tables

    def test_rows_that_break_a_key_are_refused_all_the_same(self, shop: Database, place: Any) -> None:
        before = place.described(shop, "users")
        with pytest.raises(RefusedRowsError), shop.transaction(), shop.indexes_aside(["users"]):
            load(shop, "users", id=[1, 2], email=["same", "same"], age=[1, 1])
        assert count(shop, "users") == 0
        assert place.described(shop, "users") == before

    def test_an_error_in_the_block_leaves_everything_as_it_was(self, shop: Database, place: Any) -> None:
        before = [place.described(shop, table) for table in ("users", "orders")]

        def load_and_fail() -> None:
            load_users(shop, 100)
            raise ValueError("undo")

        with pytest.raises(ValueError, match="undo"), shop.transaction(), shop.indexes_aside(["users", "orders"]):
            load_and_fail()
        assert [place.described(shop, table) for table in ("users", "orders")] == before
        assert count(shop, "users") == 0

    def test_no_tables_are_no_mistake(self, shop: Database) -> None:
        with shop.transaction(), shop.indexes_aside([]):
            load_users(shop, 1)
        assert count(shop, "users") == 1


class TestMarks:
    @pytest.fixture
    def marked(self, shop: Database, place: Any) -> str:
        """A table of ten rows, and its mark."""
        if not place.marks:
            pytest.skip("it has no cheap way to tell")
        with shop.transaction():
            load_users(shop, 10)
            mark = shop.mark("users", None)
        assert mark is not None
        assert len(mark) <= 190
        return mark

    def test_unchanged_rows_are_known(self, shop: Database, marked: str) -> None:
        assert shop.unchanged_since("users", marked, 10)
        assert not shop.unchanged_since("users", marked, 9)
        shop.after_load(["users"])
        assert shop.unchanged_since("users", marked, 10)

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE users SET age = 31 WHERE id = 5",
            "UPDATE users SET age = age + 1",
            "DELETE FROM users WHERE id = 5",
            "DELETE FROM users",
        ],
    )
    def test_a_change_by_others_is_found(self, shop: Database, place: Any, marked: str, change: str) -> None:
        with connect(place.url) as other:
            assert other.execute(change) > 0
        assert not shop.unchanged_since("users", marked, 10)

    def test_a_row_in_the_place_of_another_is_found(self, shop: Database, marked: str) -> None:
        shop.execute("DELETE FROM users WHERE id = 5")
        load(shop, "users", id=[5], email=["user5@test.com"], age=[31])
        assert not shop.unchanged_since("users", marked, 10)

    def test_a_change_that_was_undone_is_none(self, shop: Database, marked: str) -> None:
        def change_and_fail() -> None:
            shop.execute("UPDATE users SET age = 31")
            raise ValueError("undo")

        with pytest.raises(ValueError, match="undo"), shop.transaction():
            change_and_fail()
        assert shop.unchanged_since("users", marked, 10)

    def test_a_mark_of_something_else_is_doubt(self, shop: Database, marked: str) -> None:
        for mark in ("", "nonsense", ":", "0/0:1", marked + "x", marked.replace("/", "")):
            assert not shop.unchanged_since("orders", mark, 0), mark


class TestNumbers:
    @pytest.fixture
    def things(self, database: Database, place: Any) -> Database:
        database.execute(f"CREATE TABLE things (id {place.numbered}, name VARCHAR(20))")
        return database

    def continue_numbers(self, database: Database) -> None:
        if database.ddl_commits:
            database.continue_numbers("things", ["id", "name"])
            return
        with database.transaction():
            database.continue_numbers("things", ["id", "name"])

    def next_number(self, database: Database) -> int:
        database.execute("INSERT INTO things (name) VALUES ('next')")
        return max(row[0] for row in database.fetch("SELECT id FROM things WHERE name = 'next'"))

    def test_they_go_on_after_the_greatest(self, things: Database) -> None:
        load(things, "things", id=[5, 100, 7], name=["a", "b", "c"])
        self.continue_numbers(things)
        assert self.next_number(things) == 101

    def test_they_never_go_back(self, things: Database) -> None:
        load(things, "things", id=[100], name=["a"])
        self.continue_numbers(things)
        assert self.next_number(things) == 101
        things.execute("DELETE FROM things WHERE id >= 100")
        load(things, "things", id=[5], name=["a"])
        self.continue_numbers(things)
        assert self.next_number(things) == 102

    def test_a_table_without_rows_begins_at_one(self, things: Database) -> None:
        self.continue_numbers(things)
        assert self.next_number(things) == 1

    def test_the_first_number_can_be_taken(self, things: Database) -> None:
        load(things, "things", id=[1], name=["a"])
        self.continue_numbers(things)
        assert self.next_number(things) == 2

    def rewind_numbers(self, database: Database) -> None:
        if database.ddl_commits:
            database.rewind_numbers("things")
            return
        with database.transaction():
            database.rewind_numbers("things")

    def test_put_back_they_go_on_after_the_last_row(self, things: Database) -> None:
        load(things, "things", id=[5, 6], name=["a", "b"])
        self.continue_numbers(things)
        assert [self.next_number(things) for _ in range(3)] == [7, 8, 9]
        things.execute("DELETE FROM things WHERE id > 6")
        self.rewind_numbers(things)
        assert self.next_number(things) == 7

    def test_put_back_without_rows_they_begin_at_one(self, things: Database) -> None:
        assert [self.next_number(things) for _ in range(3)] == [1, 2, 3]
        things.execute("DELETE FROM things")
        self.rewind_numbers(things)
        assert self.next_number(things) == 1

    def test_a_table_without_numbers_is_left_as_it_is(self, database: Database) -> None:
        database.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY)")
        database.rewind_numbers("plain")


class TestUpkeep:
    def test_tables_that_refer_to_each_other_are_emptied_together(self, shop: Database) -> None:
        load_users(shop, 5)
        load(shop, "orders", id=[1, 2], user_id=[1, 2])
        assert shop.empty(["users", "orders"]) == 7
        assert (count(shop, "users"), count(shop, "orders")) == (0, 0)
        load_users(shop, 1)
        with pytest.raises(RefusedRowsError):
            load(shop, "orders", id=[1], user_id=[2])

    def test_a_table_that_others_refer_to_is_not_emptied(self, shop: Database) -> None:
        load_users(shop, 5)
        load(shop, "orders", id=[1], user_id=[1])
        with pytest.raises(DatabaseError, match="orders"):
            shop.empty(["users"])
        assert count(shop, "users") == 5
        assert shop.empty(["orders"]) == 1

    def test_numbers_begin_again(self, database: Database, place: Any) -> None:
        database.execute(f"CREATE TABLE things (id {place.numbered}, name VARCHAR(20))")
        for name in ("a", "b"):
            database.execute(f"INSERT INTO things (name) VALUES ('{name}')")
        assert database.empty(["things"]) == 2
        database.execute("INSERT INTO things (name) VALUES ('c')")
        assert database.fetch("SELECT id FROM things") == [(1,)]

    def test_nothing_to_empty_is_no_mistake(self, shop: Database) -> None:
        assert shop.empty([]) == 0
        assert shop.empty(["users", "orders"]) == 0

    def test_a_table_that_is_not_there_cannot_be_emptied(self, shop: Database) -> None:
        with pytest.raises(DatabaseError, match="nowhere"):
            shop.empty(["nowhere"])

    def test_statistics_are_made_and_reset(self, shop: Database) -> None:
        load_users(shop, 5)
        shop.after_load(["users", "orders"])
        assert all(isinstance(problem, str) for problem in shop.reset_statistics())
        assert count(shop, "users") == 5

    def test_the_target_says_where_without_secrets(self, database: Database, place: Any) -> None:
        target = database.target
        assert target.kind in {"PostgreSQL", "MariaDB", "MySQL", "SQLite"}
        assert target.version[0].isdigit()
        assert target.database in place.url


def test_what_a_declaration_may_have_meant(shop: Database) -> None:
    shop.execute("CREATE VIEW adults AS SELECT * FROM users WHERE age > 17")
    assert shop.relations() == {"users": False, "orders": False, "adults": True}
