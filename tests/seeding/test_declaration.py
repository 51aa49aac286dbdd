"""What a declaration says: tables and their rows, versions, keys kept as JSON, and what is refused."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline import seeding
from surgeline.errors import OptionError
from surgeline.seeding import computed, foreign_key, integer, nulls, pattern, sequence, table, uuid, written
from surgeline.seeding.declaration import declaring, table_from_key_json

USERS = table(
    "users",
    rows=1_000,
    key="id",
    columns={"id": uuid(), "email": pattern("perf.user.{}@test.com"), "age": integer(18, 99)},
)
TEAMS = table("teams", rows=9, key="id", columns={"id": sequence()})
LINES = table(
    "lines", key=["user_id", "line"], columns={"user_id": foreign_key(USERS, per_parent=3), "line": sequence(every=3)}
)


def test_a_table_knows_its_rows_and_where_it_is_declared():
    here = table("here", rows=3, key="id", columns={"id": sequence()})
    assert (len(here), here.rows, here.seed, here.key) == (3, 3, 1, ("id",))
    assert here.file.path == __file__
    assert "here = table(" in Path(__file__).read_text(encoding="utf-8").splitlines()[here.file.line - 1]
    assert here == table("here", rows=3, key=["id"], columns={"id": sequence()})


def test_a_row_is_what_its_columns_have():
    assert USERS.row(7) == {name: USERS.column(name).value(7) for name in ("id", "email", "age")}
    assert USERS.row(7)["email"] == "perf.user.8@test.com"
    assert USERS.row(7)["id"] == USERS.column("id").values(range(1_000))[7]


def test_a_row_does_not_depend_on_how_many_there_are():
    more = table("users", rows=5_000, key="id", columns=dict(USERS.columns))
    assert [more.row(number) for number in range(5)] == [USERS.row(number) for number in range(5)]


def test_columns_in_another_order_make_the_same_rows_and_version():
    turned = table("users", rows=1_000, key="id", columns=dict(reversed(USERS.columns.items())))
    assert turned.row(3) == USERS.row(3)
    assert turned.version == USERS.version


@pytest.mark.parametrize("rows", [[-1], [1_000], range(-1, 5), range(990, 1_001), range(1_005, 3, -7), [3, 1_000, 4]])
def test_rows_that_a_table_does_not_have_are_refused(rows):
    for ask in (USERS.column("id").values, USERS.column("id").texts):
        with pytest.raises(IndexError, match="table users: expected a row from 0 to 999, found "):
            ask(rows)


def test_no_rows_are_no_values():
    assert USERS.column("id").values([]) == USERS.column("id").values(range(0)) == []


def test_tables_with_other_seeds_have_other_values():
    other = table("users", rows=1_000, key="id", seed=2, columns=dict(USERS.columns))
    assert set(other.column("id").values(range(1_000))).isdisjoint(USERS.column("id").values(range(1_000)))


def test_rows_may_be_left_out_where_a_foreign_key_says_how_many():
    orders = table("orders", key="id", columns={"id": sequence(), "user_id": foreign_key(USERS, per_parent=3)})
    assert orders.rows == 3_000
    both = {"id": sequence(), "a": foreign_key(USERS, per_parent=3), "b": nulls(foreign_key(USERS, per_parent=3), 0.5)}
    assert table("orders", key="id", columns=both).rows == 3_000


def test_references_are_found_also_where_some_rows_have_none():
    orders = table(
        "orders",
        rows=5,
        key="id",
        columns={"id": sequence(), "by": foreign_key(USERS), "for": nulls(foreign_key(USERS, "email"), 0.5)},
    )
    found = {name: (one.parent.name, one.column) for name, one in orders.references.items()}
    assert found == {"by": ("users", "id"), "for": ("users", "email")}


def test_a_function_sees_the_other_columns_of_its_row_and_random_numbers_of_its_own():
    users = table(
        "users",
        rows=100,
        key="id",
        columns={
            "label": computed(lambda row: f"{row['mail']}#{row.number}"),
            "id": sequence(10),
            "mail": computed(lambda row: f"u{row['id']}@test.com"),
            "dice": computed(lambda row: row.random.randint(1, 6)),
            "some": nulls(computed(lambda row: row["id"]), 0.5),
            "doc": seeding.json({"id": computed(lambda row: row["id"])}),
        },
    )
    assert users.row(5)["label"] == "u15@test.com#5"
    assert users.row(5)["doc"] == {"id": 15}
    dice = users.column("dice").values(range(100))
    assert set(dice) == {1, 2, 3, 4, 5, 6}
    assert [users.column("dice").value(row) for row in range(100)] == dice
    assert {value for value in users.column("some").values(range(100)) if value is not None} < set(range(10, 110))


def test_a_column_that_is_used_for_a_batch_is_made_once():
    calls = []
    users = table(
        "users",
        rows=50,
        key="id",
        columns={
            "id": sequence(),
            "base": computed(lambda row: calls.append(row.number) or row.number),
            "twice": computed(lambda row: row["base"] + row["base"]),
        },
    )
    assert users.column("twice").values(range(50)) == list(range(0, 100, 2))
    assert calls == list(range(50))


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"a": lambda row: row["a"]}, "users.a: expected no column computed from itself, found a <- a"),
        (
            {"a": lambda row: row["b"], "b": lambda row: row["c"], "c": lambda row: row["a"]},
            "users.a: expected no column computed from itself, found a <- b <- c <- a",
        ),
        ({"a": lambda row: row["b"], "b": lambda row: row["b"]}, "users.b: expected no column computed from itself"),
        ({"a": lambda row: row["d"]}, "table users: expected one of the columns id, a, found 'd'"),
        ({"a": lambda row: 1 // row.number}, "users.a: the function of computed(...) raised ZeroDivisionError"),
    ],
)
def test_a_function_that_cannot_be_computed_is_refused(functions, message):
    columns = {"id": sequence()} | {name: computed(function) for name, function in functions.items()}
    users = table("users", rows=5, key="id", columns=columns)
    with pytest.raises(OptionError) as caught:
        users.column("a").values(range(3, -1, -1))
    assert message in str(caught.value)


def test_what_a_function_raised_is_told_with_its_row_and_line():
    def fails(row):
        return {}[row.number]

    users = table("users", rows=5, key="id", columns={"id": sequence(), "a": computed(fails)})
    with pytest.raises(OptionError, match=r"raised KeyError: 3, for row 3 \(.*test_declaration.py:\d+\)"):
        users.column("a").value(3)


KEYS = {
    "sequence": {"id": sequence(5, -2)},
    "uuid": {"id": uuid()},
    "uuid template": {"id": uuid("00000000-0000-4000-8000-{:012d}", first=7)},
    "pattern": {"id": pattern("perf.user.{:07d}@test.com")},
    "integer": {"id": integer(-50, 10**6, unique=True)},
    "email": {"id": seeding.email("mail.example")},
    "foreign key": {"id": foreign_key(USERS, per_parent=1)},
    "lines": {"user_id": foreign_key(USERS, per_parent=4), "line": sequence(10, 10, every=4)},
    "pairs": {"user_id": foreign_key(USERS, per_parent=4), "team_id": foreign_key(TEAMS, distinct_in=4)},
    "several": {"id": sequence(), "user_id": foreign_key(USERS, "email", distribution="zipf", exponent=0.7)},
}


def keyed(case: str, seed: int = 3):
    return table("keyed", rows=500, key=list(KEYS[case]), seed=seed, columns={**KEYS[case], "more": integer(1, 9)})


@pytest.mark.parametrize("case", KEYS)
def test_keys_are_made_again_from_their_json(case):
    declared = keyed(case)
    again = table_from_key_json(declared.key_json())
    assert again == declared.key_table()
    assert again.key_json() == declared.key_json()
    for name in KEYS[case]:
        assert again.column(name).values(range(500)) == declared.column(name).values(range(500))


@pytest.mark.parametrize("case", KEYS)
def test_no_two_rows_have_the_same_key(case):
    columns = [keyed(case).column(name).values(range(500)) for name in KEYS[case]]
    assert len(set(zip(*columns, strict=True))) == 500


@given(
    per_parent=st.integers(1, 6),
    every=st.integers(1, 12),
    rows=st.integers(2, 60),
    inner=st.sampled_from([lambda n: sequence(every=n), lambda n: foreign_key(USERS, distinct_in=n)]),
)
def test_a_pair_is_taken_for_a_key_just_where_no_two_rows_can_have_the_same(per_parent, every, rows, inner):
    columns = {"outer": foreign_key(USERS, "email", per_parent=per_parent), "inner": inner(every)}
    try:
        declared = table("pairs", rows=rows, key=list(columns), columns=columns)
    except OptionError:
        assert every % per_parent
    else:
        found = list(zip(*(declared.column(name).values(range(rows)) for name in columns), strict=True))
        assert len(set(found)) == rows


@given(st.text(max_size=20), st.integers(1, 10**12), st.integers(-(2**70), 2**70))
def test_any_name_and_seed_come_through_json(name, rows, seed):
    declared = seeding.Table(name, rows, ("id",), {"id": sequence()}, seed)
    assert table_from_key_json(declared.key_json()) == declared


def test_the_json_of_a_key_is_that_of_the_first_release():
    """It is kept in databases: what was written must stay readable."""
    lines = (
        '{"values":1,"name":"keyed","rows":500,"key":["user_id","line"],"columns":{"line":{"is":"sequence","first":10,'
        '"step":10,"every":4},"user_id":{"is":"foreign_key","parent":{"name":"users","rows":1000,"seed":1,"generator":'
        '{"is":"uuid","template":null,"first":1}},"column":"id","distribution":"uniform","exponent":0.0,"per_parent":4}},'
        '"seed":3}'
    )
    assert keyed("lines").key_json() == lines
    text = (
        '{"values":1,"name":"keyed","rows":500,"key":["id","user_id"],"columns":{"id":{"is":"sequence","first":1,"step":1},'
        '"user_id":{"is":"foreign_key","parent":{"name":"users","rows":1000,"seed":1,"generator":{"is":"pattern",'
        '"template":"perf.user.{}@test.com","first":1}},"column":"email","distribution":"zipf","exponent":0.7,'
        '"per_parent":null}},"seed":3}'
    )
    assert keyed("several").key_json() == text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda kept: kept.pop("columns"), "expected the declaration of a key as JSON"),
        (lambda kept: kept.update(rows=0), "expected the declaration of a key as JSON"),
        (lambda kept: kept.update(key=[]), "expected the declaration of a key as JSON"),
        (lambda kept: kept.update(key=["other"]), "expected the declaration of a key as JSON"),
        (lambda kept: kept["columns"]["id"].update({"is": "dice"}), "expected the declaration of a key as JSON"),
        (lambda kept: kept.update(values=2), "another release of surgeline seeded it; clean it with that one"),
    ],
)
def test_json_that_is_no_key_is_refused(change, message):
    kept = json.loads(keyed("sequence").key_json())
    change(kept)
    with pytest.raises(OptionError, match=message):
        table_from_key_json(json.dumps(kept))


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 5_000, "\x00", '"users"'])
def test_what_is_no_json_of_a_key_is_refused(text):
    with pytest.raises(OptionError, match="expected the declaration of a key as JSON, found "):
        table_from_key_json(text)


def version(**changes) -> str:
    """Return the version of a table with a column `a` of a generator, or with other changes."""
    generator = changes.pop("a", integer(1, 9))
    columns = changes.pop("columns", {"id": sequence(), "a": generator})
    return table(**{"name": "users", "rows": 10, "key": "id", "columns": columns, **changes}).version


RATE, NAMES = 2, {"a": [1, 2]}


MANY = table("many", rows=10**12, key="id", columns={"id": sequence()}).column("id")


def doubled(number):
    return number * 2


SAME, OTHER = (lambda row: row.number), (lambda row: row.number + 1)
(ALSO_SAME,) = (lambda row: row.number,)


OTHERS = {
    "name": {"name": "people"},
    "rows": {"rows": 11},
    "seed": {"seed": 2},
    "key": {"key": ["id", "b"], "columns": {"id": sequence(), "a": integer(1, 9), "b": sequence()}},
    "one more column": {"columns": {"id": sequence(), "a": integer(1, 9), "b": sequence()}},
    "another name of a column": {"columns": {"id": sequence(), "b": integer(1, 9)}},
    "low": {"a": integer(2, 9)},
    "high": {"a": integer(1, 10)},
    "unique": {"a": integer(1, 10, unique=True)},
    "another generator": {"a": sequence()},
    "with nulls": {"a": nulls(integer(1, 9), 0.1)},
    "share of nulls": {"a": nulls(integer(1, 9), 0.2)},
    "text": {"a": seeding.constant("1")},
    "bytes": {"a": seeding.constant(b"1")},
    "whole number": {"a": seeding.constant(1)},
    "floating-point number": {"a": seeding.constant(1.0)},
    "decimal number": {"a": seeding.constant(Decimal(1))},
    "true": {"a": seeding.constant(True)},
    "none": {"a": seeding.constant(None)},
    "time": {"a": seeding.constant(datetime(2024, 1, 1, tzinfo=UTC))},
    "time as text": {"a": seeding.constant("2024-01-01T00:00:00Z")},
    "order of choices": {"a": seeding.choice(["x", "y"])},
    "other order of choices": {"a": seeding.choice(["y", "x"])},
    "exact": {"a": seeding.choice(["x", "y"], exact=True)},
    "weights": {"a": seeding.choice({"x": 2, "y": 1})},
    "document": {"a": seeding.json({"x": integer(1, 9)})},
    "another document": {"a": seeding.json({"x": integer(1, 8)})},
    "parent": {"a": foreign_key(USERS)},
    "column of a parent": {"a": foreign_key(USERS, "email")},
    "rows of a parent": {"a": foreign_key(table("users", rows=999, key="id", columns={"id": uuid()}))},
    "seed of a parent": {"a": foreign_key(table("users", rows=1_000, seed=5, key="id", columns={"id": uuid()}))},
    "zipf": {"a": foreign_key(USERS, distribution="zipf")},
    "exponent": {"a": foreign_key(USERS, distribution="zipf", exponent=2)},
    "per_parent": {"a": foreign_key(USERS, per_parent=2)},
    "distinct_in": {"a": foreign_key(USERS, distinct_in=2)},
    "distinct in more rows": {"a": foreign_key(USERS, distinct_in=3)},
    "every": {"a": sequence(every=20)},
    "function": {"a": computed(SAME)},
    "another function on the same line": {"a": computed(OTHER)},
    "a function that calls another": {"a": computed(lambda row: doubled(row.number))},
    "a function that uses a number": {"a": computed(lambda row: row.number * RATE)},
    "a function that uses a dict": {"a": computed(lambda row: NAMES["a"][row.number % 2])},
    "a function that uses a column": {"a": computed(lambda row: MANY.value(row.number))},
    "a function that uses a table": {"a": computed(lambda row: USERS.column("email").value(row.number))},
}


def test_every_change_of_values_is_another_version():
    versions = {case: version(**changes) for case, changes in OTHERS.items()}
    versions["as it was"] = version()
    assert len(set(versions.values())) == len(versions)
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in versions.values())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"key": ("id",)}),
        ({"a": seeding.choice({"x": 2, "y": 1})}, {"a": seeding.choice({"x": 0.5, "y": 0.25})}),
        ({"a": seeding.decimal(0, 1)}, {"a": seeding.decimal(Decimal("0.00"), 1.0)}),
        ({"a": seeding.number(0, 1)}, {"a": seeding.number(0.0, 1.0)}),
        (
            {"a": seeding.timestamp("2024-01-01", "2024-01-02")},
            {"a": seeding.timestamp(datetime(2024, 1, 1), "2024-01-02 00:00:00.5")},  # noqa: DTZ001 - one without a zone
        ),
        ({"a": seeding.constant(UUID(int=5))}, {"a": seeding.constant(UUID(str(UUID(int=5)).upper()))}),
        ({"a": foreign_key(USERS)}, {"a": foreign_key(USERS, "id", distribution="uniform")}),
        ({"a": computed(SAME)}, {"a": computed(ALSO_SAME)}),
        ({"a": seeding.json({"x": 1, "y": 2})}, {"a": seeding.json({"y": 2, "x": 1})}),
    ],
)
def test_what_makes_the_same_values_is_the_same_version(one, other):
    assert version(**one) == version(**other)


def test_a_function_has_the_version_of_all_that_it_is_made_of(tmp_path):
    """Each variant in a file of its own: another process, another hash seed, and only values that differ count."""
    variants = {
        "plain": ("", "lambda row: helper(row.number) + RATE"),
        "comment": ("# a comment\n", "lambda row: helper(row.number) + RATE"),
        "another helper": ("def helper(number):\n    return number * 3\n", "lambda row: helper(row.number) + RATE"),
        "another number": ("RATE = 4\n", "lambda row: helper(row.number) + RATE"),
        "a set": ("RATE = {'a', 'b', 'c'}\n", "lambda row: helper(row.number) + len(RATE)"),
        "in brackets": ("", "(\n        lambda row: helper(row.number)\n        + RATE\n    )"),
        "in brackets, other": ("", "(\n        lambda row: helper(row.number)\n        - RATE\n    )"),
    }
    found = {}
    for number, (case, (more, function)) in enumerate(variants.items()):
        file = tmp_path / f"variant{number}.py"
        file.write_text(
            "from surgeline.seeding import computed, sequence, table\n"
            "RATE = 2\ndef helper(number):\n    return number * 2\n"
            f"{more}users = table('users', rows=9, key='id', columns={{'id': sequence(), 'a': computed({function})}})\n"
            "print(users.version)\n"
        )
        runs = {
            subprocess.run([sys.executable, file], capture_output=True, text=True, check=True, timeout=60).stdout
            for _ in range(2 if case == "a set" else 1)
        }
        assert len(runs) == 1
        found[case] = runs.pop()
    assert found["plain"] == found["comment"]
    assert len(set(found.values())) == len(variants) - 1


def test_a_function_without_source_has_no_version():
    users = table("users", rows=5, key="id", columns={"id": sequence(), "a": computed(eval("lambda row: 1"))})
    with pytest.raises(OptionError, match="computed: expected a function in a file"):
        _ = users.version


def test_a_function_that_uses_its_own_table_is_refused():
    users = table(
        "users", rows=5, key="id", columns={"id": sequence(), "a": computed(lambda row: users.row(row.number))}
    )
    with pytest.raises(OptionError, match=r'found one that uses its own table.*; write row\["column"\]'):
        _ = users.version


def test_versions_are_those_of_the_first_release():
    """They are kept in databases: another one for the same declaration has everything compared anew."""
    assert USERS.version == "db106435f243"
    assert keyed("several").version == "8f503591cd95"


ID = {"id": sequence()}
REFUSED = [
    ({"name": ""}, "table: expected the name of a table"),
    ({"name": 5}, 'table: expected the name of a table, such as "users", found 5'),
    ({"rows": 0}, "table 'users': expected rows from 1 to 1,000,000,000,000, found 0"),
    ({"rows": "10"}, "table 'users': rows: expected a whole number, found '10'"),
    ({"rows": True}, "table 'users': rows: expected a whole number, found True"),
    ({"rows": None}, "table 'users': expected rows, found none; only a foreign key with per_parent"),
    ({"seed": 10**38}, "table 'users': seed: expected a whole number of at most 37 digits, found one of more"),
    ({"seed": "1"}, "table 'users': seed: expected a whole number, found '1'"),
    ({"columns": {}}, "table 'users': expected columns={\"id\": sequence(), ...}, found {}"),
    ({"columns": [sequence()]}, "table 'users': expected columns="),
    ({"columns": {1: sequence()}}, "table 'users': expected the name of a column, found 1"),
    (
        {"columns": {"id": sequence(), "a": 5}},
        "table 'users', column 'a': expected a generator, found 5; write constant(5)",
    ),
    ({"columns": {"id": sequence}}, "table 'users', column 'id': expected a generator, found the function"),
    ({"columns": {"id": sequence}}, "call it: sequence(...)"),
    (
        {"columns": {**ID, "a": lambda row: row.number}},
        "column 'a': expected a generator, found a lambda; write computed(lambda row: ...)",
    ),
    ({"columns": {**ID, "a": keyed}}, "found the function keyed; write computed(keyed) if it makes the value of a row"),
    ({"key": "uid"}, "table 'users': expected key to be one of its columns id; found 'uid'"),
    ({"key": ()}, "table 'users': expected the column that is the key, found ()"),
    ({"key": 5}, "table 'users': expected the column that is the key, found 5"),
    ({"key": ["id", "id"]}, "table 'users': expected each column once in its key, found 'id' twice"),
    ({"columns": {"id": integer(1, 99)}}, "table 'users', column 'id': expected a generator that a key can be made of"),
    (
        {"columns": {"id": nulls(uuid(), 0)}},
        "table 'users', column 'id': expected a generator that a key can be made of",
    ),
    ({"columns": {"id": computed(SAME)}}, "table 'users', column 'id': expected a generator that a key can be made of"),
    (
        {"columns": {"id": foreign_key(USERS)}},
        "table 'users': expected a key that no two rows have in common, found id",
    ),
    (
        {"columns": {"id": foreign_key(LINES, "user_id", per_parent=1)}},
        "table 'users': expected a key that no two rows have in common, found id",
    ),
    (
        {"columns": {"id": sequence(every=9)}},
        "foreign_key(..., per_parent=n) and, with the same n, sequence(every=n) or foreign_key(..., distinct_in=n)",
    ),
    (
        {
            "key": ["user_id", "line"],
            "columns": {"user_id": foreign_key(USERS, per_parent=3), "line": sequence(every=4)},
        },
        "table 'users': expected a key that no two rows have in common, found user_id, line, where the same values may",
    ),
    (
        {
            "key": ["a", "b"],
            "columns": {"a": foreign_key(LINES, "line", per_parent=3), "b": foreign_key(TEAMS, distinct_in=3)},
        },
        "table 'users': expected a key that no two rows have in common, found a, b",
    ),
    (
        {
            "key": ["a", "b"],
            "columns": {"a": foreign_key(USERS, per_parent=3), "b": foreign_key(LINES, "line", distinct_in=3)},
        },
        "table 'users': expected a key that no two rows have in common, found a, b",
    ),
    (
        {"columns": {**ID, "a": foreign_key(MANY.table, distinct_in=2)}, "rows": 10**12},
        "table 'users', column 'a': expected at most 18,446,744 rows for distinct_in=2 and the 1,000,000,000,000 of",
    ),
    (
        {"columns": {"id": integer(1, 9, unique=True)}},
        "table 'users', column 'id': expected at least 10 numbers for so many rows, found 9 from 1 to 9",
    ),
    (
        {
            "columns": {
                "id": uuid("00000000-0000-4000-8000-00000000000{}"),
            },
            "rows": 10,
        },
        "table 'users', column 'id': expected a template with room for 10 numbers from 1",
    ),
    (
        {"columns": {**ID, "a": foreign_key(USERS, per_parent=2)}, "rows": 2_001},
        "table 'users', column 'a': expected at most 2,000 rows, 2 for each of the 1,000 of users, found 2,001",
    ),
    (
        {"columns": {**ID, "a": nulls(foreign_key(USERS, per_parent=2), 0.5)}, "rows": 2_001},
        "table 'users', column 'a': expected at most 2,000 rows",
    ),
    (
        {"columns": {**ID, "a": foreign_key(USERS, per_parent=2), "b": foreign_key(USERS, per_parent=3)}, "rows": None},
        "expected rows, or foreign keys that agree on how many there are; found 2,000 for 'a', 3,000 for 'b'",
    ),
    ({"color": "red"}, "table: expected name, rows, key, columns, seed; found 'color'"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_table_that_cannot_be_is_refused(changes, message):
    with pytest.raises(OptionError) as caught:
        table(**{"name": "users", "rows": 10, "key": "id", "columns": ID, **changes})
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["", "  ", None, 5, "a\0b"])
def test_a_written_table_needs_a_name(name):
    with pytest.raises(OptionError, match="written: expected the name of a table"):
        written(name)


def test_a_key_of_several_columns_needs_one_to_be_named_by_a_foreign_key():
    pairs = table("pairs", rows=9, key=["a", "b"], columns={"a": sequence(), "b": foreign_key(USERS)})
    with pytest.raises(OptionError, match="expected one of the columns of pairs: a, b; its key has several"):
        foreign_key(pairs)
    assert foreign_key(pairs, "a").values([0], seeding.generator.Place(1, "t", "c"))[0] in range(1, 10)


def test_declarations_are_collected_only_while_a_file_is_loaded():
    assert declaring.get() is None
    collected = []
    token = declaring.set(collected)
    try:
        users, logs = table("users", rows=1, key="id", columns=ID), written("logs")
        with pytest.raises(OptionError):
            table("wrong", rows=0, key="id", columns=ID)
    finally:
        declaring.reset(token)
    assert collected == [users, logs]
    table("later", rows=1, key="id", columns=ID)
    assert len(collected) == 2


def test_surgeline_itself_does_not_import_seeding():
    script = "import sys, surgeline; print([name for name in sys.modules if 'seeding' in name])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
