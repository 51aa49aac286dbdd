"""How PostgreSQL tells that rows were changed: what others do, what housekeeping does, and how long a mark lasts."""

import pytest
from database_support import load

from surgeline.seeding.database import Database


@pytest.fixture
def database(postgres_database: Database) -> Database:
    return postgres_database


class TestMarks:
    @pytest.fixture
    def users(self, database: Database) -> Database:
        database.execute("CREATE TABLE users (id int PRIMARY KEY, age int)")
        return database

    def write(self, database: Database, ids: range, earlier: str | None = None) -> str:
        with database.transaction():
            load(database, "users", id=ids, age=[1] * len(ids))
            mark = database.mark("users", earlier)
        assert mark is not None
        return mark

    def test_the_rows_of_others_do_not_matter(self, users: Database) -> None:
        users.execute("INSERT INTO users VALUES (1000, 1)")
        mark = self.write(users, range(10))
        users.execute("INSERT INTO users VALUES (1001, 1); UPDATE users SET age = 2 WHERE id >= 1000")
        assert users.unchanged_since("users", mark, 10)
        users.execute("UPDATE users SET age = 2 WHERE id = 9")
        assert not users.unchanged_since("users", mark, 10)

    def test_a_mark_goes_on_from_an_earlier_one(self, users: Database) -> None:
        first = self.write(users, range(10))
        second = self.write(users, range(10, 15), first)
        assert users.unchanged_since("users", second, 15)
        assert users.unchanged_since("users", first, 10)
        users.execute("DELETE FROM users WHERE id = 3")
        assert not users.unchanged_since("users", second, 15)

    def test_many_seedings_leave_a_short_mark(self, users: Database) -> None:
        mark: str | None = None
        for number in range(30):
            mark = self.write(users, range(number, number + 1), mark)
            if number % 3:
                users.execute(f"DELETE FROM users WHERE id = {number}")
            assert len(mark) <= 190
        left = users.fetch("SELECT count(*) FROM users")[0][0]
        assert users.unchanged_since("users", str(mark), left)

    def test_rows_of_too_many_seedings_have_none(self, users: Database) -> None:
        mark: str | None = None
        with users.transaction():
            load(users, "users", id=[1], age=[1])
            mark = users.mark("users", None)
        for number in range(2, 200):
            users.execute("BEGIN")
            load(users, "users", id=[number], age=[1])
            mark = users.mark("users", mark)
            users.execute("COMMIT")
            if mark is None:
                break
            assert users.unchanged_since("users", mark, number)
        assert mark is None

    @pytest.mark.parametrize(
        "care", ["VACUUM FREEZE users", "VACUUM FULL users", "CLUSTER users USING users_pkey", "ANALYZE"]
    )
    def test_housekeeping_changes_nothing(self, users: Database, care: str) -> None:
        mark = self.write(users, range(10))
        users.execute("DELETE FROM users WHERE id > 10")
        users.execute(care)
        assert users.unchanged_since("users", mark, 10)

    @pytest.mark.parametrize(
        "change",
        [
            "ALTER TABLE users ALTER age TYPE bigint",
            "TRUNCATE users; INSERT INTO users SELECT n, 1 FROM generate_series(0, 9) n",
            "ALTER TABLE users RENAME TO old; CREATE TABLE users AS TABLE old",
        ],
    )
    def test_another_table_or_other_rows_are_found(self, users: Database, change: str) -> None:
        mark = self.write(users, range(10))
        users.execute(change)
        assert not users.unchanged_since("users", mark, 10)

    def test_a_row_locked_by_others_is_unchanged(self, users: Database) -> None:
        mark = self.write(users, range(10))
        with users.transaction():
            users.fetch("SELECT * FROM users FOR UPDATE")
        assert users.unchanged_since("users", mark, 10)

    def test_a_mark_wears_out_before_its_number_comes_again(self, users: Database) -> None:
        mark = self.write(users, range(10))
        identity, _, number = mark.partition(":")
        assert users.unchanged_since("users", f"{identity}:{int(number)}", 10)
        assert not users.unchanged_since("users", f"{identity}:{int(number) - (1 << 32)}", 10)
