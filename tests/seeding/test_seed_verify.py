"""Looking at every row: each fault is found and counted, and nothing is found where nothing is wrong."""

from datetime import date as day
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from seeding_support import applied, declared, differences, dump, make_shop, orders, rows, users

from surgeline.errors import SurgelineError
from surgeline.seeding import (
    boolean,
    choice,
    computed,
    constant,
    date,
    decimal,
    email,
    foreign_key,
    integer,
    json,
    name,
    normal,
    nulls,
    number,
    pattern,
    sequence,
    table,
    text,
    timestamp,
    uuid,
)
from surgeline.seeding.connect import connect
from surgeline.seeding.database import Database
from surgeline.seeding.declaration import Table
from surgeline.seeding.file import load_declarations
from surgeline.seeding.generator import Generator, Kind
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify

HOSTILE = [
    "",
    " ",
    "  two  ",
    "\\N",
    "\\",
    "\t",
    "\n",
    "\r\n",
    "NULL",
    "'",
    '"',
    "`",
    "%s",
    "é",
    "e\u0301",
    "日本語",
    "🎂",
]

# Of each kind of column, what may be put into it; every generator is here.
GENERATORS: list[tuple[Kind, Generator]] = [
    (Kind.INTEGER, integer(-(2**62), 2**62 - 1)),
    (Kind.INTEGER, sequence(-5, 3)),
    (Kind.INTEGER, integer(1, 10**9, unique=True)),
    (Kind.INTEGER, normal(100, 40, low=0, high=250)),
    (Kind.DECIMAL, decimal(-1000, 1000, places=4)),
    (Kind.DECIMAL, normal(0, 40, places=2)),
    (Kind.FLOAT, number(-1e9, 1e9)),
    (Kind.FLOAT, number(0, 1e-9)),
    (Kind.TEXT, text(words=(1, 20))),
    (Kind.TEXT, text(characters=300)),
    (Kind.TEXT, choice(HOSTILE)),
    (Kind.TEXT, name()),
    (Kind.TEXT, email("shop.example")),
    (Kind.TEXT, pattern("größe {:07d}")),
    (Kind.TEXT, uuid()),
    (Kind.TEXT, computed(lambda row: f"{row.number} {row.random.random()} {row['id']}")),
    (Kind.UUID, uuid()),
    (Kind.UUID, uuid("00000000-0000-4000-8000-{:012x}")),
    (Kind.BOOLEAN, boolean(0.3)),
    (Kind.TIMESTAMP, timestamp("1970-01-02", "2037-12-31", resolution="1us")),
    (Kind.TIMESTAMP, timestamp("2024-01-01T00:00:00", "2024-12-31T23:59:59", resolution="1ms")),
    (Kind.TIMESTAMP, timestamp("2024-03-30T00:00:00+01:00", "2024-04-01T00:00:00+01:00", resolution="1us")),
    (Kind.TIMESTAMP, constant(datetime(2024, 2, 29, 12, 0, 0, 1))),  # noqa: DTZ001 - a clock's reading
    (Kind.DATE, date("1600-01-01", "2999-12-31")),
    (Kind.DATE, constant(day(2024, 2, 29))),
    (Kind.JSON, json({"a": choice(HOSTILE), "b": [integer(1, 9), None, True, {"c": number(0, 1)}], "": {}, "d": []})),
    (Kind.JSON, json([decimal(0, 9, places=2), boolean()])),
    (Kind.BYTES, choice([b"", b"\x00", bytes(range(256)), b"\\x41", b"\\N"])),
]


def everything(place: Any, database: Database) -> Table:
    """A table with a column for each generator, and each once more with NULL between."""
    columns: dict[str, Generator] = {"id": sequence()}
    types = ["id BIGINT NOT NULL PRIMARY KEY"]
    for index, (kind, generator) in enumerate(GENERATORS):
        for column, made in ((f"c{index}", generator), (f"n{index}", nulls(generator, 0.3))):
            columns[column] = made
            types.append(f"{column} {place.types[kind]} NULL")
    database.execute(f"CREATE TABLE everything ({', '.join(types)})")
    return table("everything", rows=200, key="id", columns=columns)


def test_every_generator_comes_back_as_it_was_made(database: Database, place: Any) -> None:
    declaration = everything(place, database)
    assert applied(database, declaration)["everything"].made == 200
    assert verify(database, declared(declaration), Unseen()).differences == []
    before = dump(database, ["everything"])
    assert applied(database, declaration)["everything"].kept == 200
    assert dump(database, ["everything"]) == before
    other = table("everything", rows=200, key="id", columns=declaration.columns, seed=2)
    assert applied(database, other)["everything"].changed == 200
    assert verify(database, declared(other), Unseen()).differences == []


OTHER = {
    Kind.INTEGER: 3_333_333_333,
    Kind.DECIMAL: Decimal("0.0123"),
    Kind.FLOAT: 0.125,
    Kind.TEXT: "something else",
    Kind.UUID: "ffffffff-ffff-4fff-bfff-ffffffffffff",
    Kind.TIMESTAMP: datetime(1999, 1, 1),  # noqa: DTZ001 - a clock's reading
    Kind.DATE: day(1599, 1, 1),
    Kind.JSON: {"other": 1},
    Kind.BYTES: b"other",
}


def test_a_changed_value_is_found_in_every_column(database: Database, place: Any) -> None:
    """One row of each column has another value, then NULL, where there was none, a value."""
    declaration = everything(place, database)
    applied(database, declaration)
    for index, (kind, _) in enumerate(GENERATORS):
        column = declaration.column(f"c{index}")
        other = not column.value(index) if kind is Kind.BOOLEAN else OTHER[kind]
        database.execute(f"UPDATE everything SET c{index} = {database.literal(other)} WHERE id = {index + 1}")
        database.execute(f"UPDATE everything SET c{index} = NULL WHERE id = {index + 101}")
    assert differences(database, declaration) == [("everything", "changed", 2 * len(GENERATORS))]
    applied(database, declaration)
    assert differences(database, declaration) == []


@pytest.fixture
def shop(database: Database, place: Any) -> Database:
    make_shop(database, place.numbered)
    return database


FAULTS = {
    "missing": ("DELETE FROM orders WHERE id IN (101, 105)", ("orders", "missing", 2)),
    "extra": ("INSERT INTO users VALUES (14, 'extra@test.com', 1, 'x')", ("users", "extra in our range", 1)),
    "changed": ("UPDATE users SET age = 1, note = 'x' WHERE id IN (4, 8)", ("users", "changed", 2)),
}


class TestFaults:
    @pytest.fixture
    def seeded(self, shop: Database) -> tuple[Table, Table]:
        people = users(10, id=sequence(2, 2))
        applied(shop, people, orders(people))
        assert differences(shop, people, orders(people)) == []
        return people, orders(people)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_each_alone(self, shop: Database, seeded: tuple[Table, Table], fault: str) -> None:
        if fault == "extra":
            shop.execute("UPDATE users SET email = 'moved' WHERE id = 4")
            shop.execute("INSERT INTO users VALUES (3, 'perf.user.2@test.com', 1, 'x')")
            assert differences(shop, *seeded) == [("users", "extra in our range", 1), ("users", "changed", 1)]
            return
        statement, expected = FAULTS[fault]
        shop.execute(statement)
        assert differences(shop, *seeded) == [expected]

    def test_all_together_with_examples(self, shop: Database, seeded: tuple[Table, Table]) -> None:
        shop.execute("DELETE FROM orders WHERE id BETWEEN 101 AND 105")
        shop.execute("UPDATE users SET age = 1, email = 'x' WHERE id = 4")
        shop.execute("INSERT INTO users VALUES (7, 'extra@test.com', 1, 'x')")
        found = verify(shop, declared(*seeded), Unseen()).differences
        assert [(one.table, one.kind.value, one.rows) for one in found] == [
            ("users", "extra in our range", 1),
            ("users", "changed", 1),
            ("orders", "missing", 5),
        ]
        assert found[0].examples == ["id = 7"]
        age = seeded[0].column("age").value(1)
        assert found[1].examples == [f"id = 4: email is x, expected perf.user.2@test.com; age is 1, expected {age}"]
        assert len(found[2].examples) == 3

    def test_rows_of_others_are_nobodys_business(self, shop: Database, seeded: tuple[Table, Table]) -> None:
        shop.execute("INSERT INTO users VALUES (500, 'other@other.org', 1, 'x')")
        assert differences(shop, *seeded) == []


def test_rows_that_others_had_before_are_not_extra(shop: Database) -> None:
    """Numbers between ours, and a text of the form of ours."""
    shop.execute("INSERT INTO users VALUES (3, 'perf.user.500@test.com', 1, 'x')")
    people = users(10, id=sequence(2, 2))
    applied(shop, people)
    assert differences(shop, people) == []
    shop.execute("INSERT INTO users VALUES (5, 'x', 1, 'x')")
    assert differences(shop, people) == [("users", "extra in our range", 1)]


def test_keys_of_others_in_a_column_of_text(database: Database) -> None:
    """A sequence may be kept as text, where others keep anything."""
    database.execute("CREATE TABLE users (id VARCHAR(20) NOT NULL PRIMARY KEY)")
    people = table("users", rows=10, key="id", columns={"id": sequence()})
    applied(database, people)
    database.execute("INSERT INTO users VALUES ('abc')")
    assert differences(database, people) == []


class TestBrokenForeignKeys:
    @pytest.fixture
    def pair(self, database: Database) -> tuple[Table, Table]:
        """Two tables without a constraint between them."""
        database.execute("CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY)")
        database.execute("CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT, other_id BIGINT)")
        parents = table("users", rows=5, key="id", columns={"id": sequence()})
        columns = {
            "id": sequence(),
            "user_id": foreign_key(parents, per_parent=2),
            "other_id": nulls(foreign_key(parents, per_parent=2), 0.5),
        }
        pair = parents, table("orders", rows=10, key="id", columns=columns)
        applied(database, *pair)
        assert differences(database, *pair) == []
        return pair

    def test_a_parent_that_is_gone(self, database: Database, pair: tuple[Table, Table]) -> None:
        database.execute("DELETE FROM users WHERE id = 3")
        others = pair[1].column("other_id").values(range(10)).count(3)
        assert differences(database, *pair) == [
            ("users", "missing", 1),
            ("orders", "broken foreign key", 2),
            *([("orders", "broken foreign key", others)] if others else []),
        ]

    def test_a_value_that_is_no_parents(self, database: Database, pair: tuple[Table, Table]) -> None:
        database.execute("UPDATE orders SET user_id = 77 WHERE id = 1")
        found = verify(database, declared(*pair), Unseen()).differences
        assert [(one.kind.value, one.rows) for one in found] == [("changed", 1), ("broken foreign key", 1)]
        assert found[1].examples == ["id = 1: user_id = 77, which is not in users"]

    def test_rows_of_others_may_refer_to_nothing(self, database: Database, pair: tuple[Table, Table]) -> None:
        database.execute("INSERT INTO orders VALUES (500, 77, 77)")
        assert differences(database, *pair) == []


def test_it_changes_nothing(shop: Database) -> None:
    people = users()
    applied(shop, people)
    shop.execute("UPDATE users SET age = 1")
    before = dump(shop)
    differences(shop, people)
    assert dump(shop) == before


EXAMPLES = Path(__file__).parent / "examples"
SCHEMAS = {"PostgreSQL": "", "MariaDB": "_mysql", "MySQL": "_mysql", "SQLite": "_sqlite"}


@pytest.mark.parametrize("example", ["shop", "messages"])
def test_the_examples(database: Database, example: str) -> None:
    schema = (EXAMPLES / f"{example}{SCHEMAS[database.target.kind]}.sql").read_text()
    lines = "\n".join(line for line in schema.splitlines() if not line.startswith("--"))
    for statement in filter(str.strip, lines.split(";")):
        database.execute(statement)
    found = load_declarations(EXAMPLES / f"{example}_seed.py")
    made = applied(database, *found.tables, *found.written)
    assert {one.name: made[one.name].made for one in found.tables} == {one.name: len(one) for one in found.tables}
    assert differences(database, *found.tables) == []
    assert all(one.kept == one.rows for one in applied(database, *found.tables, *found.written).values())
    assert rows(database, found.written[0].name) == []


def test_a_table_that_changes_what_is_put_in(postgres_place: Any) -> None:
    """apply keeps these rows, for nobody has touched them since: so verify says why they differ."""
    with connect(postgres_place.url) as database:
        make_shop(database, "bigserial PRIMARY KEY")
        database.execute(
            "CREATE FUNCTION older() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.age := 100; RETURN NEW; END $$; "
            "CREATE TRIGGER older BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION older()"
        )
        applied(database, users())
        found = verify(database, declared(users()), Unseen())
        assert [(one.kind.value, one.rows) for one in found.differences] == [("changed", 10)]
        assert [remark.partition(" (")[0] for remark in found.remarks] == [
            "users: nobody wrote to it since `surgeline seed apply`: the table itself changes what is put in"
        ]
        assert applied(database, users())["users"].kept == 10
        database.execute("DELETE FROM users WHERE id = 3")
        assert verify(database, declared(users()), Unseen()).remarks == []


def test_no_message_names_a_temporary_table(shop: Database) -> None:
    if shop.target.kind == "SQLite":
        pytest.skip("a temporary table takes any value there")
    applied(shop, users())
    with pytest.raises(SurgelineError) as caught:
        verify(
            shop, declared(users(age=computed(lambda _row: "old"), email=computed(lambda _row: "x" * 9_999))), Unseen()
        )
    assert "surgeline_rows" not in str(caught.value)
