"""Which keys in a database look like those of a declaration: by their form or range, in any type of a driver's."""

import math
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.seeding import email, foreign_key, integer, pattern, sequence, table, uuid
from surgeline.seeding.recognise import looks_like_ours

ROWS = 100
USERS = table("users", rows=ROWS, key="id", columns={"id": pattern("user-{:04d}"), "number": sequence(5)})

GENERATORS = {
    "sequence": sequence(),
    "sequence, every second": sequence(10, 2),
    "sequence, downwards": sequence(-10, -1),
    "sequence, a part": sequence(every=ROWS),
    "uuid template": uuid("00000000-0000-4000-8000-{:012d}"),
    "uuid template, hexadecimal": uuid("{:08x}-0000-4000-8000-000000000000"),
    "pattern": pattern("perf.user.{}@test.com"),
    "pattern with signs of regular expressions": pattern("(user)[{}]+$", first=9),
    "pattern with braces": pattern("{{{}}}"),
    "pattern with digits around": pattern("1{}1"),
    "pattern with two numbers": pattern("{0:07d}/{0:x}"),
    "pattern, hexadecimal": pattern("user-{:x}"),
    "pattern, hexadecimal in capitals": pattern("user-{:04X}"),
    "pattern, octal": pattern("user-{:o}"),
    "pattern, binary": pattern("user-{:b}"),
    "pattern, grouped": pattern("user-{:,}", first=999),
    "pattern, grouped and filled up": pattern("user-{:09_}", first=999),
    "pattern, filled up with blanks": pattern("user-{:4}"),
    "integer": integer(1, 1_000, unique=True),
    "email": email("mail.example"),
    "foreign key": foreign_key(USERS, per_parent=1),
    "foreign key to a number": foreign_key(USERS, "number", per_parent=1),
}


def keyed(*generators):
    columns = {f"key{number}": generator for number, generator in enumerate(generators)}
    return table("keyed", rows=ROWS, key=list(columns), columns=columns)


@pytest.mark.parametrize("case", GENERATORS)
def test_all_declared_keys_look_like_ours(case):
    declared = keyed(GENERATORS[case])
    for value in declared.column("key0").values(range(ROWS)):
        assert looks_like_ours(declared, (value,))
        assert looks_like_ours(declared, (str(value),))


@pytest.mark.parametrize("case", [case for case in GENERATORS if "pattern" in case or "template" in case])
def test_what_a_template_would_make_of_further_rows_looks_like_ours(case):
    values = GENERATORS[case].values(range(10**6, 10**6 + 50), None)
    assert all(looks_like_ours(keyed(GENERATORS[case]), (value,)) for value in values)


OTHERS = [
    (
        sequence(),
        [
            0,
            101,
            -5,
            10**30,
            "0",
            "101",
            "abc",
            "",
            " 5",
            "5 ",
            "05",
            "+5",
            "5.0",
            "1_0",
            "\N{ARABIC-INDIC DIGIT FIVE}",
        ],
    ),
    (sequence(), [5.5, Decimal("5.5"), math.nan, math.inf, Decimal("NaN"), UUID(int=5), None, b"5", [5], "9" * 5_000]),
    (sequence(-10, -1), [-9, -110, 10]),
    (sequence(every=5), [0, 6]),
    (integer(1, 1_000, unique=True), [0, 1_001, "abc"]),
    (
        uuid("00000000-0000-4000-8000-{:012d}"),
        [
            UUID("10000000-0000-4000-8000-000000000001"),
            UUID("00000000-0000-4000-8000-00000000000a"),
            "00000000-0000-4000-8000-1",
            7,
            None,
        ],
    ),
    (
        uuid("{:08x}-0000-4000-8000-000000000000"),
        [UUID(int=0), "0000000g-0000-4000-8000-000000000000", "0000000A-0000-4000-8000-000000000000"],
    ),
    (
        pattern("perf.user.{}@test.com"),
        [
            "perf.user.@test.com",
            "perf.user.1@test.com.au",
            "a.perf.user.1@test.com",
            "perf.user.1x@test.com",
            "perf.user.-1@test.com",
            "perf_user.1@test.com",
            "perf.user.1@test.com\n",
            "perf.user.1@testicom",
            1,
            b"perf.user.1@test.com",
        ],
    ),
    (pattern("{{{}}}"), ["1", "{{1}}", "{}", "{1"]),
    (pattern("user-{:04d}"), ["user-001", "user-   1", "user-00,1"]),
    (pattern("user-{:x}"), ["user-g", "user-A"]),
    (pattern("user-{:X}"), ["user-a"]),
    (pattern("user-{:o}"), ["user-8"]),
    (pattern("user-{:b}"), ["user-2"]),
    (email("mail.example"), ["zoe.okafor@mail.example", "zoe.okafor.17@mailxexample", "17@mail.example", 17]),
    (foreign_key(USERS, per_parent=1), ["user-1", "team-0001", 1]),
    (foreign_key(USERS, "number", per_parent=1), [4, 105, "abc"]),
    (uuid(), [UUID("9f0c5d0e-8c5b-4a53-9d0f-2f1d5a1c7b11"), "9f0c5d0e-8c5b-4a53-9d0f-2f1d5a1c7b11"]),
]


@pytest.mark.parametrize(
    ("generator", "value"), [(generator, value) for generator, values in OTHERS for value in values], ids=repr
)
def test_other_keys_are_not_ours(generator, value):
    columns = {"key": generator, "also": sequence()}
    declared = table("keyed", rows=ROWS, key=["key", "also"], columns=columns)
    assert not looks_like_ours(declared, (value, 1))


@pytest.mark.parametrize(
    ("generator", "value"),
    [
        (sequence(), Decimal(5)),
        (sequence(), Decimal("5.000")),
        (sequence(), 5.0),
        (sequence(), "5"),
        (uuid("00000000-0000-4000-8000-{:012d}"), UUID("00000000-0000-4000-8000-000000000105")),
        (uuid("{:08x}-0000-4000-8000-000000000000"), UUID("000000FF-0000-4000-8000-000000000000")),
        (pattern("user-{:04d}"), "user-0105     "),
    ],
)
def test_keys_are_known_in_any_type_of_a_driver(generator, value):
    assert looks_like_ours(keyed(generator), (value,))


@pytest.mark.parametrize(
    ("key", "ours"),
    [((5, "user-0007"), True), ((101, "user-0007"), False), ((5, "team-0007"), False), ((0, ""), False)],
)
def test_all_parts_of_a_key_must_look_like_ours(key, ours):
    assert looks_like_ours(keyed(sequence(), foreign_key(USERS)), key) is ours


def test_lines_of_parents_are_known_by_both():
    lines = keyed(foreign_key(USERS, "number", per_parent=3), sequence(every=3))
    assert looks_like_ours(lines, (5, 3))
    assert not looks_like_ours(lines, (5, 4))
    assert not looks_like_ours(lines, (105, 3))


@given(
    st.sampled_from(sorted(GENERATORS)),
    st.one_of(st.none(), st.text(), st.binary(), st.integers(), st.floats(), st.decimals(), st.uuids(), st.datetimes()),
)
def test_any_value_has_an_answer(case, value):
    assert looks_like_ours(keyed(GENERATORS[case]), (value,)) in {True, False}
