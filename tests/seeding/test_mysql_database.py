"""What is MySQL's and MariaDB's own: warnings that are errors, types, collations, commits that nobody asked for."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from surgeline.errors import OptionError
from surgeline.seeding.connect import connect
from surgeline.seeding.database import Batch, Database, DatabaseError, RefusedRowsError
from surgeline.seeding.databases import mysql_load
from surgeline.seeding.generator import Kind
from surgeline_systems.servers.mariadb import ask, fresh_database

UUID = "123e4567-e89b-42d3-a456-426614174000"
PLUS_TWO = timezone(timedelta(hours=2))


def ignore(_rows: int) -> None:
    """Nobody watches."""


def load(database: Database, table: str, **columns: Sequence[Any]) -> int:
    values = list(columns.values())
    return database.load(table, list(columns), [Batch(len(values[0]), values)], ignore)


def only(database: Database, statement: str) -> Any:
    ((value,),) = database.fetch(statement)
    return value


def make(database: Database, type_: str) -> None:
    database.execute(f"CREATE TABLE held (id BIGINT PRIMARY KEY, value {type_})")


def is_maria(database: Database) -> bool:
    return database.target.kind == "MariaDB"


def need_maria(database: Database) -> None:
    if not is_maria(database):
        pytest.skip("MySQL has no such type")


class TestRefusals:
    """LOAD DATA LOCAL only warns of these, and loads the rest."""

    @pytest.mark.parametrize(
        ("type_", "value"),
        [
            ("VARCHAR(5)", "longer"),
            ("VARCHAR(5)", "1234  "),
            ("ENUM('x', 'y')", "z"),
            ("DECIMAL(5, 2)", Decimal("1.234")),
            ("DECIMAL(5, 2)", Decimal(1000)),
            ("INT UNSIGNED", -1),
            ("TINYINT", 128),
            ("INT", "one"),
            ("INT", ""),
            ("DOUBLE", math.inf),
            ("JSON", "{half"),
            ("INT CHECK (value < 5)", 5),
            ("INT NOT NULL DEFAULT 7", None),
            ("BIT(3)", 8),
            ("TIMESTAMP NULL", datetime(1960, 1, 1)),  # noqa: DTZ001
            ("DATETIME", "yesterday"),
            ("DATE", "2025-02-30"),
            ("BINARY(16)", "no UUID"),
            ("VARBINARY(2)", b"abc"),
            ("VARCHAR(5) CHARACTER SET latin1", "日本"),
        ],
    )
    def test_a_value_that_would_be_changed_is_refused(self, mysql_database: Database, type_: str, value: Any) -> None:
        good = {"VARCHAR(5)": "fine", "INT CHECK (value < 5)": 4, "INT NOT NULL DEFAULT 7": 1}.get(type_)
        make(mysql_database, type_)
        with pytest.raises(RefusedRowsError):
            load(mysql_database, "held", id=[1, 2, 3], value=[good, value, good] if good else [value] * 3)
        assert only(mysql_database, "SELECT count(*) FROM held") == 0

    def test_the_message_says_which_value_of_which_key(self, mysql_database: Database) -> None:
        make(mysql_database, "VARCHAR(20) UNIQUE")
        with pytest.raises(RefusedRowsError, match=r"Duplicate entry 'ann' for key '.*value'"):
            load(mysql_database, "held", id=[1, 2], value=["ann", "ann"])

    def test_letters_that_the_collation_takes_for_equal_are_one_value_of_a_key(self, mysql_database: Database) -> None:
        make(mysql_database, "VARCHAR(20) UNIQUE")
        with pytest.raises(RefusedRowsError):
            load(mysql_database, "held", id=[1, 2], value=["ann", "ANN"])
        assert only(mysql_database, "SELECT count(*) FROM held") == 0

    def test_a_row_without_its_parent_is_refused_by_the_name_of_the_key(self, mysql_database: Database) -> None:
        make(mysql_database, "INT")
        mysql_database.execute(
            "CREATE TABLE child (id INT PRIMARY KEY, parent BIGINT, "
            "CONSTRAINT child_of_held FOREIGN KEY (parent) REFERENCES held (id))"
        )
        load(mysql_database, "held", id=[1], value=[1])
        with pytest.raises(RefusedRowsError, match="child_of_held"):
            load(mysql_database, "child", id=[1, 2], parent=[1, 9])
        assert only(mysql_database, "SELECT count(*) FROM child") == 0

    def test_a_table_that_cannot_undo_is_refused(self, mysql_database: Database) -> None:
        mysql_database.execute("CREATE TABLE held (id INT PRIMARY KEY) ENGINE = MyISAM")
        with pytest.raises(DatabaseError, match=r"found one of MyISAM.*ALTER TABLE `held` ENGINE = InnoDB"):
            load(mysql_database, "held", id=[1])
        assert only(mysql_database, "SELECT count(*) FROM held") == 0

    def test_a_value_in_a_generated_column_is_refused(self, mysql_database: Database) -> None:
        mysql_database.execute("CREATE TABLE held (id INT PRIMARY KEY, twice INT AS (id * 2) STORED)")
        with pytest.raises(DatabaseError, match="found 'twice'"):
            load(mysql_database, "held", id=[1], twice=[3])


class TestTypes:
    @pytest.mark.parametrize(
        ("type_", "given", "found"),
        [
            ("BIT(1)", [True, False, None], [1, 0, None]),
            ("BIT(64)", [0, 1, 2**64 - 1], [0, 1, 2**64 - 1]),
            ("BINARY(16)", [UUID, UUID.upper(), None], [UUID, UUID, None]),
            ("BINARY(16)", [bytes(range(16))], ["00010203-0405-0607-0809-0a0b0c0d0e0f"]),
            ("VARBINARY(300)", [bytes(range(256)), b"", "é"], [bytes(range(256)), b"", "é".encode()]),
            ("BLOB", [b"\\N", b"\t\n", None], [b"\\N", b"\t\n", None]),
            ("ENUM('a''b', 'c')", ["a'b", "c"], ["a'b", "c"]),
            ("YEAR", [1999, 2155], [1999, 2155]),
            ("BIGINT UNSIGNED", [0, 2**64 - 1], [0, 2**64 - 1]),
            ("TIME", ["12:34:56", "-01:00:00"], [timedelta(hours=12, minutes=34, seconds=56), -timedelta(hours=1)]),
            ("DATE", [datetime(2025, 1, 31, 23, 59), "2025-01-31 23:59:59"], [date(2025, 1, 31)] * 2),  # noqa: DTZ001
            ("DATETIME", [datetime(2025, 1, 31, 1, tzinfo=PLUS_TWO)], [datetime(2025, 1, 30, 23)]),  # noqa: DTZ001
            ("DATETIME", ["2025-01-31 01:00:00+02:00"], [datetime(2025, 1, 30, 23)]),  # noqa: DTZ001
            ("DATETIME", ["2025-01-31 01:00:00+00:00"], [datetime(2025, 1, 31, 1)]),  # noqa: DTZ001
            ("TIMESTAMP NULL", [datetime(2025, 1, 31, tzinfo=UTC), None], [datetime(2025, 1, 31, tzinfo=UTC), None]),
            ("TIMESTAMP(6)", ["2025-01-31 00:00:00.000001+02:00"], [datetime(2025, 1, 30, 22, 0, 0, 1, tzinfo=UTC)]),
            ("CHAR(3) CHARACTER SET latin1", ["é"], ["é"]),
        ],
    )
    def test_values_come_back(self, mysql_database: Database, type_: str, given: list[Any], found: list[Any]) -> None:
        make(mysql_database, type_)
        load(mysql_database, "held", id=range(len(given)), value=given)
        assert [row[0] for row in mysql_database.fetch("SELECT value FROM held ORDER BY id")] == found

    @pytest.mark.parametrize(("type_", "value"), [("UUID", UUID), ("INET6", "2001:db8::1")])
    def test_values_of_mariadb_come_back(self, mysql_database: Database, type_: str, value: str) -> None:
        need_maria(mysql_database)
        make(mysql_database, type_)
        load(mysql_database, "held", id=[1], value=[value])
        assert only(mysql_database, "SELECT value FROM held") == value

    def test_zero_is_a_number_of_its_own_also_beside_a_computed_column(self, mysql_database: Database) -> None:
        """Not the sign that the server shall give a number."""
        mysql_database.execute("CREATE TABLE held (id INT PRIMARY KEY AUTO_INCREMENT, value BLOB)")
        load(mysql_database, "held", id=[1, 0, -5], value=[b"1", b"0", b"-5"])
        assert mysql_database.fetch("SELECT id, value FROM held ORDER BY id") == [(-5, b"-5"), (0, b"0"), (1, b"1")]

    @pytest.mark.parametrize(
        ("type_", "kind", "low", "high", "longest"),
        [
            ("TINYINT(1)", Kind.BOOLEAN, -128, 127, None),
            ("TINYINT(4) UNSIGNED", Kind.INTEGER, 0, 255, None),
            ("SMALLINT", Kind.INTEGER, -32768, 32767, None),
            ("MEDIUMINT UNSIGNED", Kind.INTEGER, 0, 2**24 - 1, None),
            ("INT", Kind.INTEGER, -(2**31), 2**31 - 1, None),
            ("BIGINT UNSIGNED", Kind.INTEGER, 0, 2**64 - 1, None),
            ("YEAR", Kind.INTEGER, 1901, 2155, None),
            ("BIT(1)", Kind.BOOLEAN, 0, 1, None),
            ("BIT(10)", Kind.INTEGER, 0, 1023, None),
            ("FLOAT", Kind.FLOAT, None, None, None),
            ("VARCHAR(20)", Kind.TEXT, None, None, 20),
            ("CHAR(3)", Kind.TEXT, None, None, 3),
            ("TEXT", Kind.TEXT, None, None, 65535),
            ("VARBINARY(20)", Kind.BYTES, None, None, 20),
            ("BINARY(16)", Kind.UUID, None, None, None),
            ("TINYBLOB", Kind.BYTES, None, None, 255),
            ("JSON", Kind.JSON, None, None, None),
            ("TIME", None, None, None, None),
            ("SET('a', 'b')", None, None, None, None),
            ("POINT", None, None, None, None),
        ],
    )
    def test_a_column_is_described(
        self, mysql_database: Database, type_: str, kind: Kind | None, low: int, high: int, longest: int
    ) -> None:
        make(mysql_database, type_)
        column = mysql_database.tables(["held"])["held"].columns["value"]
        assert (column.kind, column.low, column.high, column.longest) == (kind, low, high, longest)

    def test_further_facts_of_columns(self, mysql_database: Database) -> None:
        mysql_database.execute(
            "CREATE TABLE held (id INT PRIMARY KEY AUTO_INCREMENT, price DECIMAL(10, 2) NOT NULL, "
            "state ENUM('new', 'don''t') NOT NULL DEFAULT 'new', at TIMESTAMP NULL, seen DATETIME, "
            "nothing INT DEFAULT NULL, twice INT AS (nothing * 2) VIRTUAL, "
            "made DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        )
        columns = mysql_database.tables(["held"])["held"].columns
        assert (columns["price"].precision, columns["price"].scale) == (10, 2)
        assert columns["state"].labels == ("new", "don't")
        assert [name for name, column in columns.items() if column.has_default] == ["id", "state", "twice", "made"]
        assert [name for name, column in columns.items() if column.generated] == ["twice"]
        assert [name for name, column in columns.items() if column.aware] == ["at"]
        assert [name for name, column in columns.items() if column.nullable] == ["at", "seen", "nothing", "twice"]


class TestTables:
    def test_a_key_of_the_beginnings_of_texts_is_none_that_we_can_judge(self, mysql_database: Database) -> None:
        mysql_database.execute(
            "CREATE TABLE held (id INT PRIMARY KEY, a TEXT, b INT, UNIQUE (a(10)), UNIQUE other (b, id))"
        )
        keys = mysql_database.tables(["held"])["held"].unique_keys
        assert [(key.name, key.columns) for key in keys] == [("PRIMARY", ("id",)), ("other", ("b", "id"))]

    def test_a_view_is_no_table(self, mysql_database: Database) -> None:
        make(mysql_database, "INT")
        mysql_database.execute("CREATE VIEW seen AS SELECT * FROM held")
        assert mysql_database.tables(["seen"]) == {}

    def test_a_table_can_be_called_by_its_database_too_but_not_twice(self, mysql_database: Database) -> None:
        make(mysql_database, "INT")
        full = f"{mysql_database.target.database}.held"
        assert mysql_database.tables([full])[full].name == full
        assert load(mysql_database, full, id=[1], value=[2]) == 1
        assert only(mysql_database, f"SELECT value FROM {mysql_database.quote(full)}") == 2
        with pytest.raises(DatabaseError, match="are the same"):
            mysql_database.tables([full, "held"])

    def test_tables_of_other_databases_refer_to_ours(self, mysql_database: Database, mysql_place: Any) -> None:
        make(mysql_database, "INT")
        database = mysql_database.target.database
        with fresh_database(mysql_place.url, f"{database}_other") as other:
            name = f"{database}_other.child"
            ask(other, f"CREATE TABLE {name} (id BIGINT PRIMARY KEY, FOREIGN KEY (id) REFERENCES {database}.held (id))")
            assert mysql_database.tables(["held"])["held"].referenced_by == (name,)
            assert mysql_database.tables([name])[name].foreign_keys[0].parent == "held"
            with pytest.raises(DatabaseError, match=r"other\.child"):
                mysql_database.empty(["held"])
            assert mysql_database.empty(["held", name]) == 0


class TestStaging:
    def test_keys_are_joined_as_their_column_compares(self, mysql_database: Database) -> None:
        make(mysql_database, "VARCHAR(20) UNIQUE")
        load(mysql_database, "held", id=[1, 2], value=["Ann", "Bob"])
        with mysql_database.transaction():
            mysql_database.make_staging("s1", "held", ["id", "value"])
            load(mysql_database, "s1", id=[7, 8], value=["ANN", "Carl"])
            mysql_database.index_staging("s1", ["value"])
            assert mysql_database.update_from("held", ["id", "value"], "s1", ["value"]) == 1
            assert mysql_database.fetch("SELECT id, value FROM held ORDER BY value") == [(7, "ANN"), (2, "Bob")]
            assert mysql_database.delete_matching("held", "s1", ["value"]) == 1

    def test_accents_and_blanks_at_the_end_make_a_difference(self, mysql_database: Database) -> None:
        make(mysql_database, "VARCHAR(20)")
        load(mysql_database, "held", id=[1, 2, 3], value=["e", "b", "same"])
        with mysql_database.transaction():
            mysql_database.make_staging("s1", "held", ["id", "value"])
            load(mysql_database, "s1", id=[1, 2, 3], value=["é", "b ", "same"])
            assert mysql_database.update_from("held", ["value"], "s1", ["id"]) == 2
        assert mysql_database.fetch("SELECT value FROM held ORDER BY id") == [("é",), ("b ",), ("same",)]

    def test_json_is_compared_by_what_it_says(self, mysql_database: Database) -> None:
        make(mysql_database, "JSON")
        load(mysql_database, "held", id=[1, 2], value=['{"a": 1, "b": [1, 2]}', '{"a": 1}'])
        with mysql_database.transaction():
            mysql_database.make_staging("s1", "held", ["id", "value"])
            load(mysql_database, "s1", id=[1, 2], value=[{"b": [1, 2], "a": 1}, {"a": 2}])
            assert mysql_database.update_from("held", ["value"], "s1", ["id"]) == 1

    def test_a_key_that_has_no_index_gets_one_and_nothing_is_committed(self, mysql_database: Database) -> None:
        make(mysql_database, "INT")
        mysql_database.execute("START TRANSACTION")
        mysql_database.execute("INSERT INTO held VALUES (1, 1)")
        mysql_database.make_staging("s1", "held", ["id", "value"])
        mysql_database.execute("INSERT INTO s1 VALUES (1, 2), (3, 4)")
        mysql_database.index_staging("s1", ["value"])
        assert mysql_database.fetch("SELECT id, value FROM s1 ORDER BY id") == [(1, 2), (3, 4)]
        assert [row[4] for row in mysql_database.fetch("SHOW INDEX FROM s1")] == ["id", "value"]
        mysql_database.execute("ROLLBACK")
        assert only(mysql_database, "SELECT count(*) FROM held") == 0


class TestMarks:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE held SET value = 'NULL' WHERE id = 1",
            "UPDATE held SET value = 'A' WHERE id = 2",
            "UPDATE held SET value = CASE id WHEN 2 THEN 'b' ELSE 'a' END WHERE id IN (2, 3)",
            "UPDATE held SET other = value, value = 'x' WHERE id = 2",
            "UPDATE held SET bytes = 0x2d WHERE id = 1",
            "UPDATE held SET ratio = ratio + 0.000001 WHERE id = 1",
        ],
    )
    def test_small_changes_are_found(self, mysql_database: Database, change: str) -> None:
        mysql_database.execute(
            "CREATE TABLE held (id INT PRIMARY KEY, value VARCHAR(9) COLLATE utf8mb4_unicode_ci, "
            "other VARCHAR(9) COLLATE utf8mb4_general_ci, latin VARCHAR(9) CHARACTER SET latin1, bytes BLOB, "
            "ratio FLOAT)"
        )
        load(mysql_database, "held", id=[1, 2, 3], value=[None, "a", "b"], other=["x"] * 3, ratio=[1.1] * 3)
        mark = mysql_database.mark("held", None)
        assert mark is not None
        assert mysql_database.unchanged_since("held", mark, 3)
        assert mysql_database.execute(change) > 0
        assert not mysql_database.unchanged_since("held", mark, 3)


class TestFailures:
    """Whatever breaks a load in the middle: no hang, nothing left, and the cause is told."""

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_rows_that_cannot_be_made_leave_nothing_and_the_connection_lives_on(
        self, mysql_database: Database, error: type[BaseException]
    ) -> None:
        def batches() -> Iterator[Batch]:
            yield Batch(2, [[1, 2], [1, 2]])
            raise error

        make(mysql_database, "INT")
        with pytest.raises(error):
            mysql_database.load("held", ["id", "value"], batches(), ignore)
        assert only(mysql_database, "SELECT count(*) FROM held") == 0

    def test_ctrl_c_while_rows_are_sent_ends_the_connection(
        self, mysql_database: Database, mysql_place: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Half of a message may be sent then: what comes next would be taken for the rest, and never be answered."""
        connection = mysql_database._connection  # type: ignore[attr-defined]
        send = connection._write_bytes

        def interrupted(data: bytes) -> None:
            if b"a long text" not in data:
                return send(data)
            send(data[:-1])
            raise KeyboardInterrupt

        make(mysql_database, "TEXT")
        monkeypatch.setattr(connection, "_write_bytes", interrupted)
        with pytest.raises(KeyboardInterrupt), mysql_database.transaction():
            load(mysql_database, "held", id=[1], value=["a long text"])
        with pytest.raises(DatabaseError, match="connection lost"):
            mysql_database.fetch("SELECT 1")
        with connect(mysql_place.url) as other:
            assert only(other, "SELECT count(*) FROM held") == 0

    def test_a_server_that_asks_for_a_file_gets_none(self, mysql_database: Database) -> None:
        make(mysql_database, "TEXT")
        with pytest.raises(DatabaseError, match="asks for a file"):
            mysql_database.execute("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE held (value)")
        with pytest.raises(DatabaseError, match="connection lost"):
            mysql_database.fetch("SELECT 1")

    def test_a_table_that_is_not_there_is_an_error_and_the_connection_lives_on(self, mysql_database: Database) -> None:
        with pytest.raises(DatabaseError, match="nowhere"):
            load(mysql_database, "nowhere", id=[1])
        assert only(mysql_database, "SELECT 1") == 1

    def test_rows_of_another_transaction_are_not_waited_for_forever(
        self, mysql_database: Database, mysql_place: Any
    ) -> None:
        make(mysql_database, "INT")
        load(mysql_database, "held", id=[1], value=[1])
        mysql_database.execute("SET SESSION innodb_lock_wait_timeout = 1")
        with connect(mysql_place.url) as other, other.transaction():
            other.execute("UPDATE held SET value = 2")
            with pytest.raises(DatabaseError, match="another session holds rows"):
                mysql_database.execute("UPDATE held SET value = 3")

    def test_statements_stay_below_the_servers_limit(
        self, mysql_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(mysql_database, "LONGTEXT")
        monkeypatch.setattr(mysql_load, "_INSERT_BYTES", 2**40)
        largest = only(mysql_database, "SELECT @@max_allowed_packet")
        rows = largest // 1_000_000 + 2
        load(mysql_database, "held", id=range(rows), value=["é" * 500_000] * rows)
        assert only(mysql_database, "SELECT sum(length(value)) FROM held") == rows * 1_000_000


class TestOpening:
    def refusal(self, url: str) -> str:
        with pytest.raises((DatabaseError, OptionError)) as caught, connect(url):
            pass
        assert "secret" not in str(caught.value)
        return str(caught.value)

    def test_a_wrong_password_is_told_without_it(self, mysql_place: Any) -> None:
        place = mysql_place.url.partition("@")[2]
        assert "let in user 'nobody'" in self.refusal(f"mysql://nobody:secret@{place}")

    def test_a_database_that_is_not_there_is_told_by_its_name(self, mysql_place: Any) -> None:
        server = mysql_place.url.rpartition("/")[0]
        assert "'surgeline_test_nowhere'" in self.refusal(f"{server}/surgeline_test_nowhere")

    @pytest.mark.parametrize("options", ["", "?unix_socket=/nowhere/socket"])
    def test_no_server_is_told_with_the_place(self, options: str) -> None:
        assert "found no server there" in self.refusal(f"mysql://root:secret@127.0.0.1:1/test{options}")

    def test_a_password_of_any_letters_is_told_as_it_is(self, mysql_place: Any) -> None:
        """PyMySQL would write it in Latin-1, which not all have a place in."""
        database = mysql_place.url.rpartition("/")[2].partition("?")[0]
        user, password = f"{database}_user", "pä$$/日本"
        ask(mysql_place.url, f"CREATE USER {user} IDENTIFIED BY '{password}'")
        try:
            ask(mysql_place.url, f"GRANT ALL ON {database}.* TO {user}")
            place = mysql_place.url.partition("@")[2]
            with connect(f"mysql://{user}:p%C3%A4$$%2F%E6%97%A5%E6%9C%AC@{place}") as opened:
                assert only(opened, "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)") == user
        finally:
            ask(mysql_place.url, f"DROP USER {user}")

    def test_each_database_has_a_writer_of_its_own(self, mysql_database: Database, mysql_place: Any) -> None:
        name = f"{mysql_database.target.database}_other"
        with (
            fresh_database(mysql_place.url, name) as url,
            connect(url) as other,
            mysql_database.transaction(),
            other.transaction(),
        ):
            mysql_database.only_writer()
            other.only_writer()


def test_what_is_wrong_with_all_rows_alike_is_said_once(mysql_database: Database) -> None:
    mysql_database.execute("CREATE TABLE users (id BIGINT PRIMARY KEY)")
    mysql_database.execute("CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id BIGINT REFERENCES users (id))")
    with pytest.raises(RefusedRowsError) as caught:
        load(mysql_database, "orders", id=range(9), user_id=range(9))
    assert str(caught.value).count("foreign key constraint fails") == 1
