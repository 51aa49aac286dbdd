"""The generators of columns: golden values, independence of batches, and what each promises of its values."""

# ruff: noqa: DTZ001, DTZ901 - readings of a clock without a zone are values too

import json
import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from statistics import NormalDist
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surgeline import seeding
from surgeline._native.mixing import below
from surgeline.errors import OptionError
from surgeline.seeding.generator import Kind, Place

PLACE = Place(1, "users", "about")
ROWS = 10_000
GOLDEN = json.loads((Path(__file__).parent / "golden_generators.json").read_text(encoding="utf-8"))
USERS = seeding.table("users", rows=1_000, key="id", columns={"id": seeding.uuid(), "number": seeding.sequence()})
FEW = seeding.table("few", rows=5, key="id", columns={"id": seeding.sequence()})
LINES = seeding.table(
    "lines",
    key=["order", "line"],
    columns={"order": seeding.foreign_key(USERS, per_parent=3), "line": seeding.sequence(every=3)},
)

GENERATORS = {
    "sequence()": seeding.sequence(),
    "sequence(100, -3)": seeding.sequence(100, -3),
    "sequence(every)": seeding.sequence(10, -2, every=7),
    "uuid()": seeding.uuid(),
    "uuid(template)": seeding.uuid("00000000-0000-4000-8000-{:012d}"),
    "uuid(hexadecimal, 0)": seeding.uuid("{:08x}-0000-4000-8000-000000000000", first=0),
    "pattern()": seeding.pattern("perf.user.{}@test.com"),
    "pattern(digits, 0)": seeding.pattern("{:07d}/{0:x}".replace("{:07d}", "{0:07d}"), first=0),
    "choice(list)": seeding.choice(["red", "green", "blue"]),
    "choice(weights)": seeding.choice({"red": 0.7, "green": 0.2, None: 0.1}),
    "choice(exact)": seeding.choice({"PENDING": 8, "SENT": 2}, exact=True),
    "choice(exact, many)": seeding.choice({"a": 999, "b": 1}, exact=True),
    "integer()": seeding.integer(-5, 5),
    "integer(unique)": seeding.integer(1, 20_000, unique=True),
    "integer(widest)": seeding.integer(-(2**62), 2**62 - 1),
    "number()": seeding.number(-1, 1),
    "decimal()": seeding.decimal(-1, 9.99),
    "decimal(places=0)": seeding.decimal(0, 10, places=0),
    "normal()": seeding.normal(100, 15),
    "normal(bounds)": seeding.normal(100, 15, low=90, high=101),
    "normal(places=2)": seeding.normal(0, 1, low=-1.5, places=2),
    "boolean()": seeding.boolean(0.1),
    "timestamp()": seeding.timestamp("2024-01-01", "2024-12-31 23:59:59"),
    "timestamp(Z, 1ms)": seeding.timestamp("2024-02-28T23:00:00Z", "2024-03-01T00:00:00.5Z", resolution="1ms"),
    "timestamp(offset, 1d)": seeding.timestamp("1999-12-31 23:30:00+05:30", "2030-01-01T00:00:00Z", resolution="1d"),
    "date()": seeding.date("1950-01-01", "2005-12-31"),
    "constant(7)": seeding.constant(7),
    "constant(None)": seeding.constant(None),
    "nulls()": seeding.nulls(seeding.integer(0, 9), 0.3),
    "foreign_key()": seeding.foreign_key(USERS),
    "foreign_key(column)": seeding.foreign_key(USERS, "number"),
    "foreign_key(zipf)": seeding.foreign_key(USERS, "number", distribution="zipf"),
    "foreign_key(zipf, 0.5)": seeding.foreign_key(USERS, "number", distribution="zipf", exponent=0.5),
    "foreign_key(per_parent)": seeding.foreign_key(USERS, per_parent=20),
    "foreign_key(distinct_in)": seeding.foreign_key(USERS, "number", distinct_in=7),
    "foreign_key(distinct_in, few)": seeding.foreign_key(FEW, distinct_in=5),
    "computed()": seeding.computed(lambda row: row.number * 2),
    "computed(random)": seeding.computed(lambda row: row.random.randrange(10**6)),
}
LIMITED = {"integer(unique)": 20_000, "foreign_key(per_parent)": 20_000}
"""Rows of generators that have no more."""


def shown(values: list) -> list[str]:
    return [f"{type(value).__name__} {value}" for value in values]


def golden(case: str) -> dict:
    """Return what the golden file holds of a generator. It changes with VERSION, and never without."""
    values = shown(GENERATORS[case].values(range(ROWS), PLACE))
    return {"first": values[:5], "sha256": sha256("\n".join(values).encode()).hexdigest()}


def test_the_golden_file_has_all_generators():
    assert set(GOLDEN) == set(GENERATORS)


@pytest.mark.parametrize("case", GENERATORS)
def test_values_are_those_of_the_golden_file(case):
    assert golden(case) == GOLDEN[case]


@pytest.mark.parametrize("case", GENERATORS)
@settings(max_examples=30)
@given(data=st.data())
def test_a_value_depends_on_the_number_of_its_row_alone(case, data):
    rows = data.draw(st.lists(st.integers(0, LIMITED.get(case, 2**31) - 1), max_size=20))
    generator = GENERATORS[case]
    assert generator.values(rows, PLACE) == [generator.values([row], PLACE)[0] for row in rows]


@pytest.mark.parametrize("case", GENERATORS)
@settings(max_examples=30)
@given(start=st.integers(0, 9_000), stop=st.integers(0, 9_000), step=st.sampled_from([1, 2, 7, -1, -5]))
def test_a_range_of_rows_is_the_same_as_their_numbers(case, start, stop, step):
    rows = range(start, stop, step)[:50]
    assert GENERATORS[case].values(rows, PLACE) == GENERATORS[case].values(list(rows), PLACE)


ALIKE = {"sequence()", "sequence(100, -3)", "uuid(template)", "uuid(hexadecimal, 0)", "pattern()", "pattern(digits, 0)"}
ALIKE |= {"sequence(every)", "constant(7)", "constant(None)", "foreign_key(per_parent)", "computed()"}
"""Generators whose values are the same in all places."""


@pytest.mark.parametrize("case", GENERATORS)
@pytest.mark.parametrize("other", [Place(2, "users", "about"), Place(1, "staff", "about"), Place(1, "users", "title")])
def test_seed_table_and_column_each_make_other_values(case, other):
    values = GENERATORS[case].values(range(2_000), PLACE)
    assert (values == GENERATORS[case].values(range(2_000), other)) == (case in ALIKE)


def runs(values: list, length: int) -> list[list]:
    return [values[start : start + length] for start in range(0, len(values), length)]


@pytest.mark.parametrize("case", GENERATORS)
def test_values_are_as_their_shape_says(case):
    generator = GENERATORS[case]
    shape = generator.shape(ROWS)
    values = generator.values(range(ROWS), PLACE)
    types = {Kind.INTEGER: int, Kind.FLOAT: float, Kind.DECIMAL: Decimal, Kind.TEXT: str, Kind.UUID: str}
    types |= {Kind.BOOLEAN: bool, Kind.TIMESTAMP: datetime, Kind.DATE: date, Kind.ANY: object}
    given_values = [value for value in values if value is not None]
    assert shape.nulls or len(given_values) == ROWS
    assert all(isinstance(value, types[shape.kind]) for value in given_values)
    if shape.unique:
        assert len(set(values)) == ROWS
    if shape.distinct_in is not None:
        assert all(len(set(run)) == len(run) for run in runs(values, shape.distinct_in))
    if shape.alike_in is not None:
        assert all(len(set(run)) == 1 for run in runs(values, shape.alike_in))
        assert len(set(values)) == len(runs(values, shape.alike_in))
    if shape.low is not None:
        assert shape.low <= min(given_values)
        assert max(given_values) <= shape.high
    if shape.longest is not None:
        assert max(map(len, given_values)) <= shape.longest
    if shape.scale is not None:
        assert all(-value.as_tuple().exponent == shape.scale for value in given_values)
    if shape.kind is Kind.TIMESTAMP:
        assert {value.tzinfo is not None for value in given_values} == {shape.aware}
    if shape.kind is Kind.UUID:
        assert all(str(UUID(value)) == value for value in given_values)


@pytest.mark.parametrize(
    ("generator", "rows", "low", "high", "longest"),
    [
        (seeding.sequence(5, 2), 3, 5, 9, None),
        (seeding.sequence(5, -2), 3, 1, 5, None),
        (seeding.sequence(5), 1, 5, 5, None),
        (seeding.sequence(5, 2, every=4), 3, 5, 9, None),
        (seeding.sequence(5, -2, every=4), 100, -1, 5, None),
        (seeding.pattern("u{}"), 9, None, None, 2),
        (seeding.pattern("u{}"), 10, None, None, 3),
        (seeding.pattern("u{:04d}"), 10, None, None, 5),
        (seeding.choice([3, 9, None]), 9, 3, 9, None),
        (seeding.choice(["a", "bcd"]), 9, None, None, 3),
        (seeding.constant(b"1234"), 9, None, None, 4),
        (seeding.nulls(seeding.integer(3, 4), 0.5), 9, 3, 4, None),
        (seeding.normal(0, 1), 9, -9, 9, None),
        (seeding.foreign_key(USERS, "number"), 9, 1, 1_000, None),
    ],
)
def test_a_shape_says_the_least_and_the_most(generator, rows, low, high, longest):
    shape = generator.shape(rows)
    assert (shape.low, shape.high, shape.longest) == (low, high, longest)


EXACT = [{"PENDING": 8, "SENT": 2}, {"a": 1, "b": 1, "c": 1}, {1: 0.5, 2: 0.3, 3: 0.2}, {"a": 999, "b": 1}, {"a": 7}]


@pytest.mark.parametrize("weights", EXACT)
def test_exact_shares_are_exact_in_each_run_of_rows(weights):
    """The runs are as long as the weights are together, when all are divided by what divides them all."""
    whole = [round(weight * 10) for weight in weights.values()]
    runs = sum(whole) // math.gcd(*whole)
    generator = seeding.choice(weights, exact=True)
    orders = set()
    for run in range(20):
        values = generator.values(range(run * runs, (run + 1) * runs), PLACE)
        found = Counter(values)
        assert {value: found[value] * math.gcd(*whole) / 10 for value in weights} == weights
        orders.add(tuple(values))
    assert len(orders) > 1 or len(weights) == 1


def test_shares_without_exact_are_right_on_the_whole_and_differ_from_run_to_run():
    values = seeding.choice({"a": 0.7, "b": 0.2, "c": 0.1}).values(range(100_000), PLACE)
    found = Counter(values)
    for value, share in {"a": 0.7, "b": 0.2, "c": 0.1}.items():
        assert abs(found[value] - 100_000 * share) < 4 * math.sqrt(100_000 * share * (1 - share))
    assert len({values[start : start + 10].count("a") for start in range(0, 1_000, 10)}) > 3


@pytest.mark.parametrize("rows", [1, 999, 1_000, ROWS])
def test_a_choice_is_the_one_in_whose_share_the_draw_is(rows):
    draws = below(PLACE.key, range(rows), 1_000)
    values = seeding.choice({"a": 499, "b": 500, "c": 1}).values(range(rows), PLACE)
    assert values == ["a" if draw < 499 else "b" if draw < 999 else "c" for draw in draws]


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 1])
def test_shares_of_nulls_and_of_true_are_right(share):
    spread = 4 * math.sqrt(100_000 * share * (1 - share))
    nulls = seeding.nulls(seeding.constant(1), share).values(range(100_000), PLACE).count(None)
    true = sum(seeding.boolean(share).values(range(100_000), PLACE))
    assert abs(nulls - 100_000 * share) <= spread
    assert abs(true - 100_000 * share) <= spread


def test_nulls_leave_the_other_values_what_they_are():
    plain = seeding.integer(0, 10**9)
    pairs = zip(plain.values(range(1_000), PLACE), seeding.nulls(plain, 0.5).values(range(1_000), PLACE), strict=True)
    assert all(other in (None, value) for value, other in pairs)


def test_the_ends_of_a_range_are_among_its_values():
    rows = range(3_000)
    assert set(seeding.integer(-2, 2).values(rows, PLACE)) == {-2, -1, 0, 1, 2}
    assert set(seeding.decimal(0, 0.2, places=1).values(rows, PLACE)) == {
        Decimal("0.0"),
        Decimal("0.1"),
        Decimal("0.2"),
    }
    assert set(seeding.date("2024-02-28", "2024-03-01").values(rows, PLACE)) == {
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
    }
    times = seeding.timestamp("2024-01-01", "2024-01-01 00:00:02.9").values(rows, PLACE)
    assert set(times) == {datetime(2024, 1, 1, 0, 0, second) for second in (0, 1, 2)}
    assert set(seeding.normal(0, 2, low=-1, high=1).values(rows, PLACE)) == {-1, 0, 1}


@pytest.mark.parametrize(("low", "high"), [(None, None), (90, None), (None, 101), (90, 101), (130, 160)])
def test_normal_numbers_are_distributed_as_the_normal_distribution_between_its_bounds(low, high):
    """Against the distribution function, by the statistic of Kolmogorov and Smirnov."""
    normal = NormalDist(100, 15)
    least = 0 if low is None else normal.cdf(low)
    most = 1 if high is None else normal.cdf(high)
    generator = seeding.normal(100, 15, low=low, high=high, places=6)
    values = sorted(map(float, generator.values(range(20_000), PLACE)))
    furthest = max(
        abs((index + 0.5) / 20_000 - (normal.cdf(value) - least) / (most - least)) for index, value in enumerate(values)
    )
    assert furthest < 2.2 / math.sqrt(20_000)  # exceeded once in 10,000 times


@pytest.mark.parametrize("case", [case for case in GENERATORS if case.startswith(("timestamp", "date"))])
def test_texts_of_times_are_what_str_makes_of_them(case):
    generator = GENERATORS[case]
    assert generator.texts(range(5_000), PLACE) == list(map(str, generator.values(range(5_000), PLACE)))


@given(
    first=st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)),
    length=st.integers(0, 10**15),
    resolution=st.sampled_from(["1us", "7us", "1ms", "1s", "90s", "1d"]),
    zone=st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30)), timezone(timedelta(seconds=1))]),
)
def test_texts_of_any_times_are_what_str_makes_of_them(first, length, resolution, zone):
    last = first + min(timedelta(microseconds=length), datetime.max - first)
    generator = seeding.timestamp(first.replace(tzinfo=zone), last.replace(tzinfo=zone), resolution)
    values = generator.values(range(20), PLACE)
    assert generator.texts(range(20), PLACE) == list(map(str, values))
    assert all(first <= value.replace(tzinfo=None) <= last for value in values)


def test_texts_of_more_days_than_are_kept_are_right():
    generator = seeding.date("0001-01-01", "9999-12-31")
    for rows in (range(60_000), range(1_000)):
        assert generator.texts(rows, PLACE) == list(map(str, generator.values(rows, PLACE)))


def test_generators_without_texts_of_their_own_say_so():
    assert seeding.integer(1, 2).texts(range(3), PLACE) is None


def test_a_time_in_a_zone_is_taken_with_its_offset_of_that_moment():
    berlin = ZoneInfo("Europe/Berlin")
    winter, summer = datetime(2024, 1, 1, tzinfo=berlin), datetime(2024, 7, 1, tzinfo=berlin)
    values = seeding.timestamp(winter, summer, "1h").values(range(2_000), PLACE)
    assert {value.utcoffset() for value in values} == {timedelta(hours=1)}
    assert winter <= min(values) <= max(values) <= summer


def test_a_foreign_key_gives_values_of_the_parent():
    parents = USERS.column("id").values(range(1_000))
    assert set(seeding.foreign_key(USERS).values(range(20_000), PLACE)) == set(parents)
    zipf = Counter(seeding.foreign_key(USERS, distribution="zipf").values(range(20_000), PLACE))
    assert set(zipf) <= set(parents)
    harmonic = sum(1 / rank for rank in range(1, 1_001))
    for rank in (1, 2, 5):
        expected = 20_000 / rank / harmonic
        assert abs(zipf[parents[rank - 1]] - expected) < 4 * math.sqrt(expected)


def test_rows_for_each_parent_follow_the_parents():
    values = seeding.foreign_key(USERS, per_parent=3).values(range(3_000), PLACE)
    assert values == [parent for parent in USERS.column("id").values(range(1_000)) for _ in range(3)]


def test_a_sequence_that_begins_again_counts_the_rows_of_each_parent():
    assert seeding.sequence(every=3).values(range(7), PLACE) == [1, 2, 3, 1, 2, 3, 1]
    assert seeding.sequence(10, 5, every=2).values([4, 0, 3], PLACE) == [10, 10, 15]


def test_distinct_parents_are_others_in_every_run_of_rows_and_all_equally_likely():
    found = runs(seeding.foreign_key(USERS, "number", distinct_in=4).values(range(40_000), PLACE), 4)
    assert all(len(set(run)) == 4 for run in found)
    assert len(set(map(frozenset, found))) > 9_990
    counts = Counter(value for run in found for value in run)
    assert set(counts) == set(range(1, 1_001))
    expected, parents = 40, 1_000  # chi-square, by the normal approximation
    statistic = sum((count - expected) ** 2 / expected for count in counts.values())
    assert abs(statistic - parents) < 5 * math.sqrt(2 * parents)


def test_as_many_distinct_parents_as_there_are_are_all_of_them_in_orders_of_their_own():
    found = runs(seeding.foreign_key(FEW, distinct_in=5).values(range(5_000), PLACE), 5)
    assert all(sorted(run) == [1, 2, 3, 4, 5] for run in found)
    assert len(set(map(tuple, found))) == math.factorial(5)


@pytest.mark.parametrize(
    ("generator", "unique", "distinct_in", "alike_in"),
    [
        (seeding.foreign_key(USERS), False, None, None),
        (seeding.foreign_key(USERS, per_parent=1), True, None, 1),
        (seeding.foreign_key(USERS, per_parent=3), False, None, 3),
        (seeding.foreign_key(USERS, distinct_in=3), False, 3, None),
        (seeding.foreign_key(LINES, "order", per_parent=1), False, None, None),
        (seeding.foreign_key(LINES, "order", per_parent=3), False, None, None),
        (seeding.foreign_key(LINES, "order", distinct_in=3), False, None, None),
        (seeding.foreign_key(LINES, "line", per_parent=1), False, None, None),
        (seeding.foreign_key(LINES, "line"), False, None, None),
        (seeding.sequence(every=3), False, 3, None),
        (seeding.sequence(every=10), True, 10, None),
        (seeding.nulls(seeding.foreign_key(USERS, per_parent=3), 0.5), False, None, 3),
    ],
)
def test_a_shape_says_where_a_value_may_stand_again(generator, unique, distinct_in, alike_in):
    shape = generator.shape(10)
    assert (shape.unique, shape.distinct_in, shape.alike_in) == (unique, distinct_in, alike_in)


def test_a_foreign_key_to_a_foreign_key_goes_through_to_the_first_table():
    profiles = seeding.table("profiles", key="user_id", columns={"user_id": seeding.foreign_key(USERS, per_parent=1)})
    pictures = seeding.foreign_key(profiles).values(range(5_000), PLACE)
    assert set(pictures) <= set(USERS.column("id").values(range(1_000)))


def test_values_that_are_given_come_out_as_their_column_has_them():
    assert seeding.constant(UUID("00000000-0000-4000-8000-00000000000A")).values([0], PLACE) == [
        "00000000-0000-4000-8000-00000000000a"
    ]
    mixed = seeding.choice([1, 2.5, None]).values(range(100), PLACE)
    assert {type(value) for value in mixed} == {float, type(None)}
    mixed = seeding.choice([1, Decimal("2.50")])
    assert {type(value) for value in mixed.values(range(100), PLACE)} == {Decimal}
    assert (mixed.shape(9).scale, mixed.shape(9).low, mixed.shape(9).high) == (2, 1, 2.5)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, Kind.BOOLEAN),
        (1, Kind.INTEGER),
        (1.5, Kind.FLOAT),
        (Decimal(1), Kind.DECIMAL),
        ("a", Kind.TEXT),
        (b"a", Kind.BYTES),
        (UUID(int=1), Kind.UUID),
        (datetime(2024, 1, 1, tzinfo=UTC), Kind.TIMESTAMP),
        (date(2024, 1, 1), Kind.DATE),
        (None, Kind.ANY),
    ],
)
def test_a_constant_is_of_the_kind_of_its_value(value, kind):
    shape = seeding.constant(value).shape(1)
    assert (shape.kind, shape.nulls) == (kind, value is None)
    assert shape.aware == (kind is Kind.TIMESTAMP)


REFUSED = [
    (lambda: seeding.sequence("1"), "sequence: first: expected a whole number, found '1'"),
    (lambda: seeding.sequence(1.5), "sequence: first: expected a whole number, found 1.5"),
    (lambda: seeding.sequence(step=0), "sequence: expected a step other than 0"),
    (lambda: seeding.sequence(begin=0), "sequence: expected first, step, every; found 'begin'"),
    (lambda: seeding.sequence(every=0), "sequence: every: expected a whole number from 1 up, found 0"),
    (lambda: seeding.sequence(every="3"), "sequence: every: expected a whole number, found '3'"),
    (lambda: seeding.uuid("users-{}"), "uuid: expected a template that makes UUIDs"),
    (
        lambda: seeding.uuid("00000000-0000-4000-8000-00000000000A"),
        "uuid: expected a template with a place for a number",
    ),
    (lambda: seeding.uuid("{:08X}-0000-4000-8000-000000000000"), "uuid: expected a template that makes UUIDs in lower"),
    (
        lambda: seeding.uuid("A{:07d}-0000-4000-8000-000000000000"),
        "uuid: expected a template that makes UUIDs in lower",
    ),
    (lambda: seeding.uuid(first=5), "uuid: expected first only with a template, found first=5 alone"),
    (lambda: seeding.uuid(7), "uuid: expected a template such as"),
    (lambda: seeding.pattern("user"), "pattern: expected a template with a place for a number"),
    (lambda: seeding.pattern("user{{}}"), "pattern: expected a template with a place for a number"),
    (lambda: seeding.pattern("abc{i}"), "found 'abc{i}' with a place for something called 'i'; write {}"),
    (lambda: seeding.pattern("user{"), "pattern: expected a template such as"),
    (lambda: seeding.pattern("{}{}"), "pattern: expected a template such as"),
    (lambda: seeding.pattern("{name}"), "pattern: expected a template with a place for a number, such as"),
    (lambda: seeding.pattern("{:.1e}"), "pattern: expected places for a number as {}"),
    (lambda: seeding.pattern("{:0<5}"), "pattern: expected places for a number as {}"),
    (lambda: seeding.pattern("{:c}"), "pattern: expected places for a number as {}"),
    (lambda: seeding.pattern("{!r}"), "pattern: expected places for a number as {}"),
    (lambda: seeding.pattern("{0.real}"), "pattern: expected places for a number as {}"),
    (lambda: seeding.pattern("u{}", first=-1), "pattern: first: expected a whole number from 0 up, found -1"),
    (lambda: seeding.choice([]), "choice: expected at least one value, found none"),
    (lambda: seeding.choice({}), "choice: expected at least one value, found none"),
    (lambda: seeding.choice("abc"), "choice: expected a list of values"),
    (lambda: seeding.choice({"a", "b"}), "it has no order"),
    (lambda: seeding.choice(5), "choice: expected a list of values"),
    (lambda: seeding.choice({"a": 0, "b": 1}), "choice: expected a weight above 0 for 'a', found 0"),
    (lambda: seeding.choice({"a": -1}), "choice: expected a weight above 0 for 'a', found -1"),
    (lambda: seeding.choice({"a": math.nan}), "choice: expected a weight above 0 for 'a', found nan"),
    (lambda: seeding.choice({"a": True}), "choice: expected a weight above 0 for 'a', found True"),
    (lambda: seeding.choice({"a": "2"}), "choice: expected a weight above 0 for 'a', found '2'"),
    (lambda: seeding.choice({"a": 1e-30, "b": 1}), "choice: expected weights with fewer digits"),
    (lambda: seeding.choice(["a", 1]), "choice: expected values of one kind, found 'a', 1"),
    (lambda: seeding.choice([True, 1]), "choice: expected values of one kind"),
    (lambda: seeding.choice([date(2024, 1, 1), datetime(2024, 1, 1)]), "choice: expected values of one kind"),
    (
        lambda: seeding.choice([datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)]),
        "choice: expected values of one",
    ),
    (lambda: seeding.choice([{}]), "for documents there is json(...)"),
    (lambda: seeding.choice([1], exact="yes"), "choice: expected True or False for exact, found 'yes'"),
    (lambda: seeding.constant([1]), "for documents there is json(...)"),
    (lambda: seeding.constant(seeding.sequence()), "constant: expected text, a number"),
    (lambda: seeding.constant(math.inf), "constant: expected a number, found inf"),
    (lambda: seeding.constant(Decimal("NaN")), "constant: expected a number, found Decimal('NaN')"),
    (lambda: seeding.nulls(5, 0.5), "nulls: expected a generator such as integer(1, 6), found 5"),
    (lambda: seeding.nulls(seeding.sequence(), 1.5), "nulls: share: expected a share from 0 to 1"),
    (lambda: seeding.nulls(seeding.sequence()), "nulls: expected share, found none: nulls(generator, share)"),
    (lambda: seeding.boolean("often"), "boolean: share: expected a number, found 'often'"),
    (lambda: seeding.boolean(True), "boolean: share: expected a number, found True"),
    (lambda: seeding.integer(5, 1), "integer: expected low to be at most high, found low=5 and high=1"),
    (lambda: seeding.integer(1, 2.5), "integer: high: expected a whole number, found 2.5"),
    (lambda: seeding.integer(-(2**63), 2**63), "integer: expected a range of at most 2**63 numbers"),
    (lambda: seeding.integer(1, 2, unique=1), "integer: expected True or False for unique, found 1"),
    (lambda: seeding.number(1, 0), "number: expected low to be at most high, found low=1.0 and high=0.0"),
    (lambda: seeding.number(-1e308, 1e308), "number: high - low: expected a number, found inf"),
    (lambda: seeding.number(0, math.nan), "number: high: expected a number, found nan"),
    (lambda: seeding.decimal(1, 0), "decimal: expected low to be at most high, found low=1.00 and high=0.00"),
    (lambda: seeding.decimal(0.125, 1), "decimal: low: expected at most 2 digits after the point, found 0.125"),
    (lambda: seeding.decimal(0, 1, places=-1), "decimal: expected places from 0 to 18, found -1"),
    (lambda: seeding.decimal(0, 10**30), "decimal: expected a range of at most 2**63 numbers"),
    (lambda: seeding.decimal(0, Decimal("1e999999")), "decimal: high: expected a number of at most 37 digits"),
    (lambda: seeding.decimal(Decimal("1e-999999"), 1), "decimal: low: expected a number of at most 37 digits"),
    (lambda: seeding.decimal(math.nan, 1), "decimal: low: expected a number, found nan"),
    (lambda: seeding.normal(1e308, 1e308), "normal: mean + 9 * deviation: expected a number, found inf"),
    (lambda: seeding.normal(0, 1e30), "normal: expected a range of at most 2**63 numbers"),
    (lambda: seeding.number(0, 10**400), "number: high: expected a whole number of at most 37 digits"),
    (lambda: seeding.sequence(10**5000), "sequence: first: expected a whole number of at most 37 digits"),
    (lambda: seeding.constant(10**5000), "constant: expected a whole number of at most 37 digits"),
    (lambda: seeding.decimal("0", 1), "decimal: low: expected a number, found '0'"),
    (lambda: seeding.normal(0, 0), "normal: expected a deviation above 0, found 0"),
    (lambda: seeding.normal(0, 1, low=2, high=1), "normal: expected low to be at most high, found low=2 and high=1"),
    (lambda: seeding.normal(0, 1, low=50), "normal: expected bounds that leave some of the distribution"),
    (lambda: seeding.normal(0, 1, low=0.5), "normal: low: expected at most 0 digits after the point, found 0.5"),
    (lambda: seeding.normal(0, 1, 5), "normal: expected options by name"),
    (lambda: seeding.timestamp("tomorrow", "2024-01-01"), "timestamp: first: expected a time such as"),
    (lambda: seeding.timestamp("2024-01-01", 5), "timestamp: last: expected a time such as"),
    (lambda: seeding.timestamp("2024-01-02", "2024-01-01"), "timestamp: expected first to be at most last"),
    (lambda: seeding.timestamp("2024-01-01", "2024-01-02Z"), "expected a time such as"),
    (lambda: seeding.timestamp("2024-01-01", "2024-01-02T00:00Z"), "timestamp: expected an offset from UTC in both"),
    (lambda: seeding.timestamp("2024-01-01", "2024-01-02", "soon"), "timestamp: resolution: expected a duration"),
    (
        lambda: seeding.timestamp("2024-01-01", "2024-01-02", 0),
        "timestamp: expected a resolution of whole microseconds",
    ),
    (lambda: seeding.date("2024-02-30", "2024-03-01"), "date: first: expected a day such as"),
    (lambda: seeding.date("2024-03-01", datetime(2024, 3, 1)), "date: last: expected a day such as"),
    (
        lambda: seeding.date("2024-03-02", "2024-03-01"),
        "date: expected first to be at most last, found first=2024-03-02",
    ),
    (
        lambda: seeding.foreign_key("users"),
        "foreign_key: expected a table that is declared with table(...), found 'users'",
    ),
    (lambda: seeding.foreign_key(USERS, "mail"), "foreign_key: expected a column of users: id, number; found 'mail'"),
    (lambda: seeding.foreign_key(USERS, distribution="normal"), 'foreign_key: expected "uniform" or "zipf"'),
    (lambda: seeding.foreign_key(USERS, exponent=2), 'expected exponent only with distribution="zipf"'),
    (
        lambda: seeding.foreign_key(USERS, distribution="zipf", exponent=-1),
        "expected an exponent from 0 to 100, found -1",
    ),
    (lambda: seeding.foreign_key(USERS, per_parent=0), "foreign_key: per_parent: expected a whole number from 1 up"),
    (lambda: seeding.foreign_key(USERS, distinct_in=0), "foreign_key: distinct_in: expected a whole number from 1 up"),
    (
        lambda: seeding.foreign_key(USERS, distinct_in=1_001),
        "foreign_key: expected distinct_in to be at most the 1,000 rows of users, found 1,001",
    ),
    (
        lambda: seeding.foreign_key(USERS, per_parent=2, distribution="zipf"),
        'expected one of distribution="zipf", per_parent, distinct_in, found distribution="zipf" and per_parent',
    ),
    (lambda: seeding.foreign_key(USERS, per_parent=2, distinct_in=2), "found per_parent and distinct_in"),
    (lambda: seeding.foreign_key(USERS, distinct_in=2, exponent=2), 'expected exponent only with distribution="zipf"'),
    (lambda: seeding.computed(5), "computed: expected a function or lambda of one row, found 5"),
    (lambda: seeding.computed(str.upper), "computed: expected a function or lambda of one row"),
]


@pytest.mark.parametrize(("declare", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_wrong_options_are_refused(declare, message):
    with pytest.raises(OptionError) as caught:
        declare()
    assert message in str(caught.value)


def test_a_foreign_key_needs_a_column_that_is_made_again():
    tags = seeding.table(
        "tags", rows=9, key="id", columns={"id": seeding.sequence(), "word": seeding.choice(["a", "b"])}
    )
    with pytest.raises(
        OptionError, match=r"^foreign_key: expected a column of tags that a key can be made of .*'word'"
    ):
        seeding.foreign_key(tags, "word")
