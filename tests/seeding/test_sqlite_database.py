"""What is SQLite's own: one file and one writer, types that are only names, keys that are checked late."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from surgeline.seeding.connect import connect
from surgeline.seeding.database import Batch, Database, DatabaseError, RefusedRowsError
from surgeline.seeding.databases import sqlite
from surgeline.seeding.generator import Kind

PLUS_TWO = timezone(timedelta(hours=2))


def ignore(_rows: int) -> None:
    """Nobody watches."""


def load(database: Database, table: str, **columns: Sequence[Any]) -> int:
    values = list(columns.values())
    return database.load(table, list(columns), [Batch(len(values[0]), values)], ignore)


def only(database: Database, statement: str) -> Any:
    ((value,),) = database.fetch(statement)
    return value


class TestOpening:
    def test_a_file_that_is_not_there_is_refused_and_not_made(self, tmp_path: Path) -> None:
        file = tmp_path / "typo.db"
        with pytest.raises(DatabaseError, match=r"found no file .*typo\.db"), connect(f"sqlite:///{file}"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_is_no_database(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseError, match="found no file"), connect(f"sqlite:///{tmp_path}"):
            pass

    def test_another_kind_of_file_is_no_database_and_stays_as_it_is(self, tmp_path: Path) -> None:
        file = tmp_path / "notes.txt"
        file.write_text("not a database, but long enough to have a header " * 10)
        before = file.read_bytes()
        with pytest.raises(DatabaseError, match="found another kind of file"), connect(f"sqlite:///{file}"):
            pass
        assert file.read_bytes() == before

    def test_a_name_may_have_letters_that_urls_write_otherwise(self, tmp_path: Path) -> None:
        file = tmp_path / "a ? # % b.db"
        file.touch()
        opened = sqlite.open_database(sqlite.DatabaseURL(kind="sqlite", database="odd", file=file))
        opened.execute("CREATE TABLE t (a)")
        opened.close()
        assert file.stat().st_size > 0
        assert list(tmp_path.iterdir()) == [file]

    def test_while_another_writes_the_message_says_so(self, sqlite_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0.0)
        with connect(sqlite_place.url) as writer, connect(sqlite_place.url) as other, writer.transaction():
            with pytest.raises(DatabaseError, match="another process writes"), other.transaction():
                pass
            with pytest.raises(DatabaseError, match="another process writes"):
                other.execute("CREATE TABLE t (a)")


class TestColumns:
    @pytest.mark.parametrize(
        ("type_", "kind", "longest", "precision", "scale"),
        [
            ("INTEGER", Kind.INTEGER, None, None, None),
            ("unsigned big int", Kind.INTEGER, None, None, None),
            ("INT8", Kind.INTEGER, None, None, None),
            ("VARCHAR(255)", Kind.TEXT, 255, None, None),
            ("NATIVE CHARACTER(70)", Kind.TEXT, 70, None, None),
            ("CLOB", Kind.TEXT, None, None, None),
            ("BLOB", Kind.BYTES, None, None, None),
            ("REAL", Kind.FLOAT, None, None, None),
            ("DOUBLE PRECISION", Kind.FLOAT, None, None, None),
            ("DECIMAL(10, 5)", Kind.DECIMAL, None, 10, 5),
            ("NUMERIC(10)", Kind.DECIMAL, None, 10, 0),
            ("NUMERIC", Kind.DECIMAL, None, None, None),
            ("BOOLEAN", Kind.BOOLEAN, None, None, None),
            ("datetime", Kind.TIMESTAMP, None, None, None),
            ("TIMESTAMP(3)", Kind.TIMESTAMP, None, None, None),
            ("DATE", Kind.DATE, None, None, None),
            ("JSON", Kind.JSON, None, None, None),
            ("UUID", Kind.UUID, None, None, None),
            ("POINT", Kind.INTEGER, None, None, None),
            ("STRING", None, None, None, None),
            ("TIME", None, None, None, None),
            ("", None, None, None, None),
        ],
    )
    def test_a_type_is_known_by_its_name(
        self, sqlite_database: Database, type_: str, kind: Kind, longest: int, precision: int, scale: int
    ) -> None:
        sqlite_database.execute(f"CREATE TABLE t (a {type_})")
        column = sqlite_database.tables(["t"])["t"].columns["a"]
        assert (column.kind, column.longest, column.precision, column.scale) == (kind, longest, precision, scale)

    def test_all_whole_numbers_have_64_bits(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE t (a SMALLINT)")
        column = sqlite_database.tables(["t"])["t"].columns["a"]
        assert (column.low, column.high) == (-(2**63), 2**63 - 1)
        load(sqlite_database, "t", a=[column.low, column.high])
        with pytest.raises(RefusedRowsError, match=r"row 1: a = 9223372036854775808"):
            load(sqlite_database, "t", a=[1, 2**63])
        assert only(sqlite_database, "SELECT count(*) FROM t") == 2

    @pytest.mark.parametrize(
        ("declared", "needs_no_value"),
        [
            ("a INTEGER PRIMARY KEY", True),
            ("a INTEGER, PRIMARY KEY (a)", True),
            ("a INTEGER PRIMARY KEY DESC", False),
            ("a INT PRIMARY KEY", False),
            ("a INTEGER, b INT, PRIMARY KEY (a, b)", False),
            ("a INT DEFAULT 5", True),
            ("b INT, a INT AS (b * 2)", True),
            ("b INT, a INT AS (b * 2) STORED", True),
        ],
    )
    def test_whether_a_column_gets_a_value_by_itself(
        self, sqlite_database: Database, declared: str, needs_no_value: bool
    ) -> None:
        sqlite_database.execute(f"CREATE TABLE t ({declared})")
        column = sqlite_database.tables(["t"])["t"].columns["a"]
        assert column.has_default is needs_no_value
        assert column.generated is (" AS " in declared)

    def test_a_table_without_row_numbers_gives_none(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b) WITHOUT ROWID")
        assert not sqlite_database.tables(["t"])["t"].columns["a"].has_default

    @pytest.mark.parametrize(
        ("type_", "given", "found"),
        [
            ("DATETIME", datetime(2025, 1, 31, 1, tzinfo=PLUS_TWO), "2025-01-30 23:00:00"),
            ("DATETIME", "2025-01-31 01:00:00+02:00", "2025-01-30 23:00:00"),
            ("DATETIME", "2025-01-31 01:00:00.5+00:00", "2025-01-31 01:00:00.5"),
            ("DATETIME", datetime(2025, 1, 31, 1, 2, 3, 4, tzinfo=UTC), "2025-01-31 01:02:03.000004"),
            ("DATETIME", "2025-01-31 01:00:00", "2025-01-31 01:00:00"),
            ("DATE", datetime(2025, 1, 31, 23), "2025-01-31"),  # noqa: DTZ001
            ("DATE", "2025-01-31 23:00:00", "2025-01-31"),
            ("DATE", date(2025, 1, 31), "2025-01-31"),
            ("DECIMAL(10, 2)", Decimal("12.50"), 12.5),
            ("TEXT", Decimal("12.50"), "12.50"),
            ("INTEGER", True, 1),
            ("TEXT", {"a": [1, None]}, '{"a":[1,null]}'),
        ],
    )
    def test_values_are_kept_as_sqlite_s_own_functions_read_them(
        self, sqlite_database: Database, type_: str, given: Any, found: Any
    ) -> None:
        sqlite_database.execute(f"CREATE TABLE t (a {type_})")
        load(sqlite_database, "t", a=[given])
        assert only(sqlite_database, "SELECT a FROM t") == found

    def test_a_value_that_no_database_holds_is_refused(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE t (a)")
        with pytest.raises(RefusedRowsError, match="found one of type object"):
            load(sqlite_database, "t", a=[object()])


class TestKeys:
    def test_only_keys_of_whole_columns_and_all_rows_are_ours_to_judge(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE t (a INT, b INT, c INT UNIQUE, PRIMARY KEY (b, a))")
        sqlite_database.execute("CREATE UNIQUE INDEX part ON t (a) WHERE b > 1")
        sqlite_database.execute("CREATE UNIQUE INDEX expression ON t (a + b)")
        keys = sqlite_database.tables(["t"])["t"].unique_keys
        assert [(key.columns, key.primary) for key in keys] == [(("b", "a"), True), (("c",), False)]

    def test_a_parent_s_primary_key_need_not_be_named(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE parent (a INT, b INT, PRIMARY KEY (b, a))")
        sqlite_database.execute("CREATE TABLE child (x INT, y INT, FOREIGN KEY (x, y) REFERENCES PARENT)")
        (key,) = sqlite_database.tables(["child"])["child"].foreign_keys
        assert (key.columns, key.parent, key.parent_columns) == (("x", "y"), "parent", ("b", "a"))

    def test_tables_are_called_as_they_were_asked_for(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE Parent (a INTEGER PRIMARY KEY)")
        sqlite_database.execute("CREATE TABLE Child (a INT REFERENCES parent)")
        found = sqlite_database.tables(["main.Parent", "child"])
        assert found["child"].foreign_keys[0].parent == "main.Parent"
        assert found["main.Parent"].referenced_by == ("child",)
        assert load(sqlite_database, "main.Parent", a=[1]) == 1
        assert sqlite_database.empty(["main.Parent", "child"]) == 1
        with pytest.raises(DatabaseError, match="are the same"):
            sqlite_database.tables(["parent", "PARENT"])

    def test_rows_may_refer_to_later_ones(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE nodes (id INTEGER PRIMARY KEY, next INT REFERENCES nodes)")
        with sqlite_database.transaction():
            assert load(sqlite_database, "nodes", id=[1, 2, 3], next=[3, 1, None]) == 3
        assert only(sqlite_database, "SELECT count(*) FROM nodes") == 3

    @pytest.mark.parametrize("options", ["", "WITHOUT ROWID"])
    def test_rows_without_a_parent_are_refused_with_examples(self, sqlite_database: Database, options: str) -> None:
        sqlite_database.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        sqlite_database.execute(f"CREATE TABLE child (id INT PRIMARY KEY, p INT REFERENCES parent) {options}")
        load(sqlite_database, "parent", id=[1])
        with pytest.raises(RefusedRowsError, match="expected p to be in parent") as caught:
            load(sqlite_database, "child", id=[1, 2], p=[1, 77])
        assert ("p = 77" in str(caught.value)) is (options == "")
        assert only(sqlite_database, "SELECT count(*) FROM child") == 0

    def test_later_statements_check_foreign_keys_at_once_again(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE nodes (id INTEGER PRIMARY KEY, next INT REFERENCES nodes)")
        with sqlite_database.transaction():
            load(sqlite_database, "nodes", id=[1], next=[1])
            with pytest.raises(RefusedRowsError):
                sqlite_database.execute("INSERT INTO nodes VALUES (2, 9)")

    def test_the_row_that_is_refused_is_named(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE t (a INT UNIQUE, b TEXT)")
        batches = [Batch(2, [[1, 2], ["x", "y"]]), Batch(3, [[3, 2, 4], ["u", "v", "w"]])]
        with pytest.raises(RefusedRowsError, match=r"t: .*UNIQUE constraint failed: t\.a; row 3: a = 2, b = 'v'"):
            sqlite_database.load("t", ["a", "b"], batches, ignore)
        assert only(sqlite_database, "SELECT count(*) FROM t") == 0

    def test_keys_are_joined_as_their_column_compares(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE t (id INT, name TEXT COLLATE NOCASE UNIQUE)")
        load(sqlite_database, "t", id=[1, 2], name=["Ann", "Bob"])
        with sqlite_database.transaction():
            sqlite_database.make_staging("s1", "t", ["id", "name"])
            load(sqlite_database, "s1", id=[1, 3], name=["ANN", "Carl"])
            sqlite_database.index_staging("s1", ["name"])
            for one, other in ("st", "ts"):
                query = f"SELECT count(*) FROM s1 s JOIN t ON {one}.name = {other}.name"
                assert only(sqlite_database, query) == 1
            assert sqlite_database.update_from("t", ["name"], "s1", ["name"]) == 1
            assert sqlite_database.fetch("SELECT name FROM t ORDER BY id") == [("ANN",), ("Bob",)]
            assert sqlite_database.delete_matching("t", "s1", ["name"]) == 1

    def test_a_unique_index_that_others_refer_to_stays_while_the_rest_is_aside(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT, name TEXT)")
        sqlite_database.execute("CREATE UNIQUE INDEX codes ON parent (code)")
        sqlite_database.execute("CREATE INDEX names ON parent (name) WHERE name <> ''")
        sqlite_database.execute("CREATE TABLE child (code TEXT REFERENCES parent (code))")
        sqlite_database.execute("CREATE UNIQUE INDEX one_each ON child (code)")
        indexes = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name"
        before = sqlite_database.fetch(indexes)
        with sqlite_database.transaction(), sqlite_database.indexes_aside(["parent", "child"]):
            assert [row[0] for row in sqlite_database.fetch(indexes)] == ["codes"]
            load(sqlite_database, "parent", id=[1, 2], code=["a", "b"], name=["", "x"])
            load(sqlite_database, "child", code=["b"])
        assert sqlite_database.fetch(indexes) == before


ROWS = 305
"""More than two statements insert, and some that are left over."""


class TestManyRows:
    """Several go into one statement."""

    @pytest.mark.parametrize("columns", [1, 3, 300])
    def test_all_are_there_in_their_order(self, sqlite_database: Database, columns: int) -> None:
        names = [f"c{number}" for number in range(columns)]
        sqlite_database.execute(f"CREATE TABLE t ({', '.join(names)})")
        rows = [tuple(range(row, row + columns)) for row in range(2 * ROWS)]
        batches = [Batch(ROWS, list(zip(*half, strict=True))) for half in (rows[:ROWS], rows[ROWS:])]
        assert sqlite_database.load("t", names, batches, ignore) == len(rows)
        assert sqlite_database.fetch("SELECT * FROM t ORDER BY rowid") == rows

    @pytest.mark.parametrize("bad", [1, 150, 199, 200, ROWS - 1])
    @pytest.mark.parametrize(
        ("table", "value"),
        [
            ("(a INT, b INT UNIQUE)", 0),
            ("(a INT PRIMARY KEY, b INT CHECK (b >= 0)) WITHOUT ROWID", -1),
            ("(a INT UNIQUE, b INTEGER PRIMARY KEY)", "x"),
            ("(a INT UNIQUE, b INTEGER) STRICT", "x"),
            ("(a INT, b INT UNIQUE)", 2**63),
            ("(a INT, b INT UNIQUE ON CONFLICT IGNORE)", 0),
            ("(a INT, b INT UNIQUE ON CONFLICT ROLLBACK)", 0),
        ],
    )
    def test_the_one_that_is_refused_is_named(
        self, sqlite_database: Database, table: str, value: object, bad: int
    ) -> None:
        if "STRICT" in table and sqlite3.sqlite_version_info < (3, 37):
            pytest.skip("SQLite has no STRICT tables before 3.37")
        sqlite_database.execute(f"CREATE TABLE t {table}")
        first, second = (Batch(ROWS, [list(range(start, start + ROWS))] * 2) for start in (0, ROWS))
        refused: list[Any] = list(second.columns[1])
        refused[bad] = value
        batches = [first, Batch(ROWS, [second.columns[0], refused])]
        with pytest.raises(RefusedRowsError, match=f"row {ROWS + bad}: a = {ROWS + bad}, b = {value!r}$"):
            sqlite_database.load("t", ["a", "b"], batches, ignore)
        assert only(sqlite_database, "SELECT count(*) FROM t") == 0

    def test_what_triggers_do_about_conflicts_is_left_to_them(self, sqlite_database: Database) -> None:
        sqlite_database.execute("CREATE TABLE t (a INT)")
        sqlite_database.execute("CREATE TABLE parities (parity INT UNIQUE)")
        sqlite_database.execute(
            "CREATE TRIGGER note AFTER INSERT ON t BEGIN INSERT OR IGNORE INTO parities VALUES (new.a % 2); END"
        )
        load(sqlite_database, "t", a=range(ROWS))
        assert sqlite_database.fetch("SELECT parity FROM parities ORDER BY 1") == [(0,), (1,)]


class TestLiterals:
    @pytest.mark.parametrize("text", ["it's", "nul\0inside", "", "\\", "é\U0010ffff"])
    def test_a_text_is_itself(self, sqlite_database: Database, text: str) -> None:
        assert only(sqlite_database, f"SELECT {sqlite_database.literal(text)}") == text
        assert only(sqlite_database, f"SELECT typeof({sqlite_database.literal(text)})") == "text"
