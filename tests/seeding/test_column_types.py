"""The declaration against the real table: what fits into what, and what is said where it does not."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from surgeline import seeding
from surgeline.seeding.choices import boolean, choice, constant, nulls
from surgeline.seeding.column_types import misfits, remarks
from surgeline.seeding.database import ForeignKey, RealColumn, RealTable, UniqueKey
from surgeline.seeding.databases.sqlite_tables import read_tables
from surgeline.seeding.declaration import table
from surgeline.seeding.documents import json
from surgeline.seeding.encode import COMMON, text_of
from surgeline.seeding.file import load_declarations
from surgeline.seeding.generator import Kind
from surgeline.seeding.ids import pattern, sequence, uuid
from surgeline.seeding.numbers import decimal, integer, normal, number
from surgeline.seeding.order import loading_order
from surgeline.seeding.own import computed
from surgeline.seeding.people import email, name
from surgeline.seeding.references import foreign_key
from surgeline.seeding.times import date, timestamp
from surgeline.seeding.words import text

EXAMPLES = Path(__file__).parent / "examples"
PRIMARY = UniqueKey("things_pkey", ("id",), primary=True)
ID = RealColumn("id", "bigint", Kind.INTEGER, nullable=False, has_default=False, low=-(2**63), high=2**63 - 1)
USERS = table("users", rows=50, key="id", columns={"id": uuid(), "email": email()})
TEAMS = table("teams", rows=5, key="id", columns={"id": sequence()})


def column(name, kind, kind_text="thing", nullable=True, **more):
    return RealColumn(name, kind_text, kind, nullable=nullable, has_default=False, **more)


def real_table(*columns, unique_keys=(PRIMARY,), foreign_keys=()):
    by_name = {one.name: one for one in (ID, *columns)}
    return RealTable("things", by_name, tuple(unique_keys), tuple(foreign_keys), ())


def declared(rows=100, key="id", **columns):
    return table("things", rows=rows, key=key, columns={"id": sequence(), **columns})


INTEGERS = column("it", Kind.INTEGER, "integer", low=-(2**31), high=2**31 - 1)
SMALL = column("it", Kind.INTEGER, "smallint", low=-(2**15), high=2**15 - 1)
MONEY = column("it", Kind.DECIMAL, "numeric(8,2)", precision=8, scale=2)
ANY_DECIMAL = column("it", Kind.DECIMAL, "numeric")
FLOATS = column("it", Kind.FLOAT, "double precision")
TEXTS = column("it", Kind.TEXT, "text")
SHORT = column("it", Kind.TEXT, "character varying(10)", longest=10)
UUIDS = column("it", Kind.UUID, "uuid")
FLAGS = column("it", Kind.BOOLEAN, "boolean")
SMALL_FLAGS = column("it", Kind.BOOLEAN, "tinyint(1)", low=-128, high=127)
MOMENTS = column("it", Kind.TIMESTAMP, "timestamp with time zone", aware=True)
CLOCKS = column("it", Kind.TIMESTAMP, "timestamp without time zone")
DAYS = column("it", Kind.DATE, "date")
DOCUMENTS = column("it", Kind.JSON, "jsonb")
BYTES = column("it", Kind.BYTES, "binary(4)", longest=4)
STATES = column("it", Kind.TEXT, "order_status", labels=("PENDING", "PAID"))
UNKNOWN = column("it", None, "inet")

MOMENT = timestamp("2024-01-01T00:00:00Z", "2024-12-31T00:00:00Z")
CLOCK = timestamp("2024-01-01", "2024-12-31")
DAY = date("2024-01-01", "2024-12-31")


@pytest.mark.parametrize(
    ("generator", "into"),
    [
        (integer(-(2**31), 2**31 - 1), INTEGERS),
        (integer(0, 999_999), MONEY),
        (integer(0, 10**15), ANY_DECIMAL),
        (integer(0, 5), FLOATS),
        (integer(-99, 9_999_999_999), SHORT),
        (integer(0, 1), FLAGS),
        (choice([0, 1]), FLAGS),
        (integer(-128, 127), SMALL_FLAGS),
        (normal(100, 10, low=0, high=200), SMALL),
        (decimal(-999999.99, 999999.99, places=2), MONEY),
        (decimal(0, 5, places=1), MONEY),
        (decimal(0, 5, places=9), ANY_DECIMAL),
        (decimal(0, 5), FLOATS),
        (decimal(0, 5), SHORT),
        (decimal(0, 5, places=0), INTEGERS),
        (number(0, 5), FLOATS),
        (number(0, 5), ANY_DECIMAL),
        (number(0, 5), TEXTS),
        (name(), TEXTS),
        (pattern("user-{}"), SHORT),
        (choice(["a", "b"]), SHORT),
        (text(), TEXTS),
        (uuid(), UUIDS),
        (uuid(), TEXTS),
        (uuid(), column("it", Kind.TEXT, "char(36)", longest=36)),
        (pattern("00000000-0000-4000-8000-{:012d}"), UUIDS),
        (constant("6f1f9e9a-3bd5-4d25-9c1c-111111111111"), UUIDS),
        (boolean(), FLAGS),
        (boolean(), INTEGERS),
        (MOMENT, MOMENTS),
        (CLOCK, CLOCKS),
        (CLOCK, TEXTS),
        (CLOCK, DAYS),
        (DAY, DAYS),
        (DAY, CLOCKS),
        (DAY, SHORT),
        (json({"a": integer(0, 1)}), DOCUMENTS),
        (json({"a": integer(0, 1)}), TEXTS),
        (constant(b"abcd"), BYTES),
        (choice({"PENDING": 99, "PAID": 1}), STATES),
        (choice(["PAID", None]), STATES),
        (constant(None), INTEGERS),
        (nulls(integer(0, 5), 0.5), INTEGERS),
        (computed(lambda row: row.number), INTEGERS),
        (computed(lambda row: str(row.number)), STATES),
        (text(), UNKNOWN),
        (foreign_key(USERS), UUIDS),
        (foreign_key(TEAMS), SMALL),
    ],
)
def test_values_that_fit_are_let_through(generator, into):
    assert misfits(declared(it=generator), real_table(into)) == []


@pytest.mark.parametrize(
    ("generator", "into", "expected"),
    [
        (integer(0, 40_000), SMALL, "numbers from -32,768 to 32,767, for the column is smallint, found 0 to 40,000"),
        (integer(-40_000, 0), SMALL, "numbers from -32,768 to 32,767, for the column is smallint, found -40,000 to 0"),
        (sequence(first=32_700), SMALL, "found 32,700 to 32,799; make the range smaller, or the column larger"),
        (nulls(integer(0, 40_000), 0.5), SMALL, "found 0 to 40,000"),
        (
            integer(0, 1_000_000),
            MONEY,
            "at most 6 digits before the point, for the column is numeric(8,2), found up to 7",
        ),
        (
            integer(-1_000_000, 5),
            MONEY,
            "at most 6 digits before the point, for the column is numeric(8,2), found up to 7",
        ),
        (
            decimal(0, 5, places=3),
            MONEY,
            "at most 2 digits after the point, for the column is numeric(8,2), found 3; use",
        ),
        (decimal(0, 10**6, places=2), MONEY, "at most 6 digits before the point"),
        (number(0, 5), MONEY, "found floating-point numbers, which would be rounded; use decimal(low, high, places=2)"),
        (
            decimal(0, 5),
            INTEGERS,
            "whole numbers, for the column is integer, found decimal numbers; use integer(low, high)",
        ),
        (decimal(0, 40_000, places=0), SMALL, "numbers from -32,768 to 32,767"),
        (
            number(0, 5),
            INTEGERS,
            "whole numbers, for the column is integer, found a generator of floating-point numbers",
        ),
        (integer(0, 2), FLAGS, "true or false, for the column is boolean, found other whole numbers; use boolean()"),
        (integer(0, 128), SMALL_FLAGS, "numbers from -128 to 127, for the column is tinyint(1), found 0 to 128"),
        (integer(0, 10**10), SHORT, "at most 10 characters, for the column is character varying(10), found up to 11"),
        (integer(-(10**9), 0), SHORT, "found up to 11"),
        (decimal(0, 10**6, places=3), SHORT, "found up to 11"),
        (pattern("users-{}", first=9_990), SHORT, "found up to 11; make the values shorter, or the column longer"),
        (choice(["short", "not so short"]), SHORT, "found up to 12"),
        (uuid(), SHORT, "at most 10 characters, for the column is character varying(10), found up to 36"),
        (foreign_key(USERS), SHORT, "found up to 36"),
        (name(), UUIDS, "UUIDs, for the column is uuid, found '"),
        (
            pattern("00000000-0000-4000-8000-{:013d}"),
            UUIDS,
            "found '00000000-0000-4000-8000-0000000000001'; use uuid()",
        ),
        (name(), INTEGERS, "whole numbers, for the column is integer, found a generator of text; use integer(0, 100)"),
        (name(), CLOCKS, "dates with times, for the column is timestamp without time zone, found a generator of text"),
        (name(), DOCUMENTS, "JSON, for the column is jsonb, found a generator of text; use json({...})"),
        (name(), BYTES, "bytes, for the column is binary(4), found a generator of text"),
        (uuid(), BYTES, "bytes, for the column is binary(4), found a generator of UUIDs"),
        (uuid(), INTEGERS, "found a generator of UUIDs"),
        (integer(0, 1), UUIDS, "found a generator of whole numbers; use uuid()"),
        (integer(0, 1), DAYS, 'found a generator of whole numbers; use date("2024-01-01", "2024-12-31")'),
        (boolean(), TEXTS, "text, for the column is text, found a generator of true or false"),
        (MOMENT, INTEGERS, "found a generator of dates with times"),
        (json([]), INTEGERS, "found a generator of JSON"),
        (constant(b"abcde"), BYTES, "at most 4 bytes, for the column is binary(4), found up to 5"),
        (
            choice({"PENDING": 10**9, "PAYED": 1}),
            STATES,
            "'PENDING' or 'PAID', all that the column allows, found 'PAYED'",
        ),
        (nulls(choice(["PAYED"]), 0.9), STATES, "found 'PAYED'; did you mean \"PAID\"?"),
        (number(0, 5), SHORT, "at most 10 characters, for the column is character varying(10), found up to 20"),
        (CLOCK, SHORT, "at most 10 characters, for the column is character varying(10), found up to 19"),
        (MOMENT, SHORT, "found up to 25"),
        (json({"a": "b"}), replace(SHORT, longest=8), "found up to 9"),
        (integer(1, 2), STATES, "all that the column allows, found '1'"),
        (pattern("S{}"), STATES, "'PENDING' or 'PAID', all that the column allows, found 'S1'"),
    ],
)
def test_values_that_do_not_fit_are_one_message_with_their_place(generator, into, expected):
    (message,) = misfits(declared(it=generator), real_table(into))
    assert message.startswith("things.it: expected ")
    assert expected in message


EVERY_GENERATOR = [
    integer(0, 100), decimal(0, 9), number(0, 9), name(), uuid(), boolean(), MOMENT, DAY, json([]), constant(b"a"),
    constant(None), computed(lambda row: "a"),
]  # fmt: skip
EVERY_COLUMN = [
    INTEGERS, MONEY, FLOATS, TEXTS, SHORT, UUIDS, FLAGS, MOMENTS, CLOCKS, DAYS, DOCUMENTS, BYTES, STATES, UNKNOWN
]  # fmt: skip


@pytest.mark.parametrize("generator", EVERY_GENERATOR, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("into", EVERY_COLUMN, ids=lambda one: one.type)
def test_whatever_is_declared_for_a_column_there_is_an_answer_in_one_form(generator, into):
    for message in misfits(declared(it=generator), real_table(into)):
        assert message.startswith("things.it: expected ")
        assert " found " in message


@pytest.mark.parametrize("kind", [None, *(kind for kind in Kind if kind is not Kind.ANY)])
def test_a_column_that_must_have_a_value_and_gets_none_is_named_with_what_to_add(kind):
    forgotten = column("it", kind, "sometype", nullable=False)
    (message,) = misfits(declared(), real_table(forgotten))
    assert message.startswith("things.it: expected a generator, for the column (sometype) is NOT NULL")
    assert message.endswith(")")


@pytest.mark.parametrize(
    "change", [{"nullable": True}, {"has_default": True}, {"generated": True, "has_default": True}]
)
def test_columns_that_the_database_fills_need_no_generator(change):
    assert misfits(declared(), real_table(replace(column("it", Kind.TEXT, nullable=False), **change))) == []


def test_a_column_that_is_not_there_is_named_with_what_may_be_meant():
    real = real_table(column("email", Kind.TEXT))
    assert misfits(declared(emial=email()), real) == [
        'things.emial: expected a column, found none; did you mean "email"?'
    ]
    assert misfits(declared(xyz=email()), real) == [
        "things.xyz: expected a column, found none; the table has id, email"
    ]


@pytest.mark.parametrize(
    "generator",
    [
        nulls(integer(0, 5), 0.1),
        choice([1, None]),
        constant(None),
        computed(lambda row: None if row.number == 7 else row.number),
    ],
)
def test_null_where_the_column_is_not_null(generator):
    (message,) = misfits(declared(it=generator), real_table(replace(INTEGERS, nullable=False)))
    assert message.startswith("things.it: expected values in all rows, for the column (integer) is NOT NULL")


def test_a_function_that_makes_no_null_is_let_into_a_column_without():
    real = real_table(replace(INTEGERS, nullable=False))
    assert misfits(declared(it=computed(lambda row: row.number)), real) == []


def test_a_column_that_the_database_always_makes_may_not_be_declared():
    (message,) = misfits(declared(it=name()), real_table(replace(INTEGERS, generated=True)))
    assert message.startswith("things.it: expected no generator")
    assert "leave it out" in message


def test_all_that_does_not_fit_is_said_at_once():
    real = real_table(replace(SMALL, name="a"), replace(SHORT, name="b"), column("c", Kind.TEXT, nullable=False))
    messages = misfits(declared(a=integer(0, 10**6), b=name(), d=name()), real)
    assert [message.split(":")[0] for message in messages] == ["things.d", "things.c", "things.a", "things.b"]


UNIQUE_EMAIL = UniqueKey("things_email_key", ("email",), primary=False)
EMAIL = column("email", Kind.TEXT, "text")
BOTH = (column("team", Kind.INTEGER), column("number", Kind.INTEGER))


@pytest.mark.parametrize(
    ("key", "unique_keys", "found"),
    [
        ("email", [PRIMARY], "key=email to be the primary key or a unique key"),
        ("id", [UNIQUE_EMAIL], "found as unique keys email; take one of them"),
        ("id", [], "found as unique keys none at all; make one"),
        (("id", "email"), [PRIMARY], "key=(id, email)"),
        ("id", [UniqueKey("both", ("id", "email"), primary=True)], "found as unique keys (id, email)"),
    ],
)
def test_the_key_must_be_one_of_the_database(key, unique_keys, found):
    (message,) = misfits(declared(key=key, email=email()), real_table(EMAIL, unique_keys=unique_keys))
    assert message.startswith("things: expected key=")
    assert found in message


@pytest.mark.parametrize("key", ["id", "email", ("email", "id")])
def test_any_unique_key_will_do_in_any_order(key):
    unique_keys = [PRIMARY, UNIQUE_EMAIL, UniqueKey("both", ("id", "email"), primary=False)]
    assert misfits(declared(key=key, email=email()), real_table(EMAIL, unique_keys=unique_keys)) == []


@pytest.mark.parametrize("generator", [email(), uuid(), pattern("u{}"), nulls(email(), 0.5), sequence()])
def test_generators_that_make_no_value_twice_fill_unique_keys(generator):
    assert misfits(declared(email=generator), real_table(EMAIL, unique_keys=[PRIMARY, UNIQUE_EMAIL])) == []


@pytest.mark.parametrize(
    "generator", [name(), choice(["a", "b"]), constant("a"), nulls(name(), 0.5), integer(0, 10**9)]
)
def test_generators_that_may_repeat_are_refused_for_a_unique_key(generator):
    (message,) = misfits(declared(email=generator), real_table(EMAIL, unique_keys=[PRIMARY, UNIQUE_EMAIL]))
    assert message.startswith(
        "things.email: expected no value twice, for the table has the unique key things_email_key"
    )
    assert "use sequence(), uuid()" in message


def test_a_single_row_repeats_nothing():
    real = real_table(EMAIL, unique_keys=[PRIMARY, UNIQUE_EMAIL])
    assert misfits(declared(rows=1, email=constant("a")), real) == []


def test_whether_a_function_repeats_only_the_database_can_say():
    declaration = declared(email=computed(lambda row: f"u{row.number}"))
    assert misfits(declaration, real_table(EMAIL, unique_keys=[PRIMARY, UNIQUE_EMAIL])) == []


def test_a_unique_key_with_a_column_that_the_database_fills_is_not_ours_to_judge():
    assert misfits(declared(), real_table(EMAIL, unique_keys=[PRIMARY, UNIQUE_EMAIL])) == []


def test_one_unique_column_is_enough_for_a_key_of_several():
    several = UniqueKey("team_number", ("team", "number"), primary=False)
    real = real_table(*BOTH, unique_keys=[PRIMARY, several])
    assert misfits(declared(team=integer(1, 5), number=integer(1, 500, unique=True)), real) == []
    (message,) = misfits(declared(team=integer(1, 5), number=integer(1, 500)), real)
    assert message.startswith("things.(team, number): expected no value twice")
    assert message.endswith("for one of them")


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        (sequence(every=20), True),
        (foreign_key(USERS, distinct_in=20), True),
        (sequence(every=40), True),
        (sequence(every=30), False),
        (foreign_key(USERS, distinct_in=10), False),
    ],
)
def test_numbers_that_differ_for_each_parent_are_enough_for_a_key_of_both(number, fits):
    several = UniqueKey("team_number", ("number", "team"), primary=False)
    real = real_table(*BOTH, unique_keys=[PRIMARY, several])
    declaration = declared(team=foreign_key(TEAMS, per_parent=20), number=number)
    messages = [message for message in misfits(declaration, real) if "no value twice" in message]
    assert (messages == []) == fits


def test_a_key_of_parent_and_line_may_be_the_primary_key():
    primary = UniqueKey("things_pkey", ("team", "number"), primary=True)
    lines = {"team": foreign_key(TEAMS, per_parent=4), "number": sequence(every=4)}
    declaration = table("things", key=["team", "number"], columns=lines)
    real = replace(real_table(*BOTH, unique_keys=[primary]), columns={one.name: one for one in BOTH})
    assert misfits(declaration, real) == []


USER = column("user_id", Kind.UUID, "uuid")
ON_USERS = ForeignKey("things_user_fk", ("user_id",), "users", ("id",))


@pytest.mark.parametrize("parent", ["users", "public.users"])
def test_a_reference_to_the_real_parent_fits(parent):
    real = real_table(USER, foreign_keys=[replace(ON_USERS, parent=parent)])
    assert misfits(declared(user_id=foreign_key(USERS)), real) == []
    assert misfits(declared(user_id=nulls(foreign_key(USERS), 0.5)), real) == []


def test_a_reference_without_a_real_foreign_key_fits():
    assert misfits(declared(user_id=foreign_key(USERS)), real_table(USER)) == []


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (replace(ON_USERS, parent="people"), "expected a reference to people.id"),
        (replace(ON_USERS, parent_columns=("uid",)), "expected a reference to users.uid"),
    ],
)
def test_a_reference_to_another_parent_is_refused(key, found):
    (message,) = misfits(declared(user_id=foreign_key(USERS)), real_table(USER, foreign_keys=[key]))
    assert message.startswith(f"things.user_id: {found}, for the table has the foreign key things_user_fk on it")
    assert "found foreign_key(users, 'id')" in message


def test_one_of_two_foreign_keys_of_a_column_is_enough():
    keys = [replace(ON_USERS, parent="people"), ON_USERS]
    assert misfits(declared(user_id=foreign_key(USERS)), real_table(USER, foreign_keys=keys)) == []


@pytest.mark.parametrize("generator", [uuid(), constant("6f1f9e9a-3bd5-4d25-9c1c-111111111111")])
def test_a_real_foreign_key_on_a_declared_table_that_is_filled_otherwise_is_remarked_on(generator):
    real = real_table(USER, foreign_keys=[ON_USERS])
    declaration = declared(user_id=generator)
    assert misfits(declaration, real) == []
    (remark,) = remarks(declaration, real, [declaration, USERS])
    assert remark.startswith(
        "things.user_id: expected foreign_key(users), for the table has the foreign key things_user_fk"
    )


@pytest.mark.parametrize(
    ("declaration", "tables"),
    [
        (declared(user_id=foreign_key(USERS)), [USERS]),
        (declared(user_id=uuid()), [TEAMS]),
        (declared(), [USERS]),
    ],
)
def test_other_foreign_keys_are_not_remarked_on(declaration, tables):
    assert remarks(declaration, real_table(USER, foreign_keys=[ON_USERS]), tables) == []


@pytest.mark.parametrize(
    ("generator", "into", "expected"),
    [
        (CLOCK, DAYS, "things.it: the column (date) keeps no time of day"),
        (MOMENT, CLOCKS, "things.it: the column (timestamp without time zone) keeps no offset"),
        (CLOCK, MOMENTS, "things.it: the column (timestamp with time zone) keeps moments"),
    ],
)
def test_times_that_the_database_keeps_otherwise_are_remarked_on(generator, into, expected):
    (remark,) = remarks(declared(it=generator), real_table(into), [])
    assert remark.startswith(expected)


@pytest.mark.parametrize(
    ("generator", "into"), [(MOMENT, MOMENTS), (CLOCK, CLOCKS), (DAY, DAYS), (DAY, CLOCKS), (MOMENT, TEXTS)]
)
def test_times_that_are_kept_are_not_remarked_on(generator, into):
    assert remarks(declared(it=generator), real_table(into), []) == []


@pytest.mark.parametrize("example", ["messages", "shop"])
def test_the_examples_fit_their_tables_and_can_be_put_in(example):
    declarations = load_declarations(EXAMPLES / f"{example}_seed.py")
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript((EXAMPLES / f"{example}_sqlite.sql").read_text())
        database.execute("PRAGMA foreign_keys = ON")
        declared = declarations.tables
        real = read_tables(lambda query: database.execute(query).fetchall(), [one.name for one in declared])
        assert [misfits(one, real[one.name]) for one in declared] == [[]] * len(declared)
        assert [remarks(one, real[one.name], declared) for one in declared] == [[]] * len(declared)
        for one in loading_order(declared, real):
            columns = [one.column(name).values(range(len(one))) for name in one.columns]
            rows = (
                [None if value is None else text_of(value, COMMON) for value in row]
                for row in zip(*columns, strict=True)
            )
            places = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {one.name} ({', '.join(one.columns)}) VALUES ({places})", rows)
            assert database.execute(f"SELECT count(*) FROM {one.name}").fetchone() == (len(one),)
        for one in declarations.written:
            assert database.execute(f"SELECT count(*) FROM {one.name}").fetchone() == (0,)


def test_the_shop_has_every_generator():
    written = (EXAMPLES / "shop_seed.py").read_text()
    missing = [name for name in seeding.__all__ if name.islower() and f"{name}(" not in written.split("\n)\n", 1)[1]]
    assert missing == []


@pytest.mark.parametrize(
    ("parent", "advice"),
    [
        ("users", "such as foreign_key(users), for the table has the foreign key fk on users.id"),
        ("billing.users", "such as foreign_key(users), for the table has the foreign key fk on billing.users.id"),
        ("things", "such as uuid()"),
    ],
)
def test_a_forgotten_foreign_key_is_advised_as_one(parent, advice):
    real = real_table(
        column("user_id", Kind.UUID, "uuid", nullable=False),
        foreign_keys=[ForeignKey("fk", ("user_id",), parent, ("id",))],
    )
    (said,) = misfits(declared(), real)
    assert said.endswith(advice)
