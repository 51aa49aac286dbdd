"""Names, addresses, texts and documents: what they look like, and that they never change."""

import json as standard_json
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.seeding.declaration import table
from surgeline.seeding.documents import json
from surgeline.seeding.generator import Generator, Kind, Place, Shape
from surgeline.seeding.ids import sequence
from surgeline.seeding.numbers import integer
from surgeline.seeding.own import computed
from surgeline.seeding.people import email, name
from surgeline.seeding.people_names import FIRST_NAMES, LAST_NAMES
from surgeline.seeding.references import foreign_key
from surgeline.seeding.word_list import WORDS
from surgeline.seeding.words import text

PLACE = Place(1, "users", "about")
GOLDEN = standard_json.loads((Path(__file__).parent / "golden_people.json").read_text(encoding="utf-8"))
GOLDEN_ROWS = [0, 1, 2, 3, 999, 10**6, 10**12]
GENERATORS = {
    "name()": name(),
    "email()": email(),
    'email("mail.example")': email("mail.example"),
    "text()": text(),
    "text(3)": text(3),
    "text((1, 40))": text((1, 300)),
    "text(characters=60)": text(characters=60),
    "json({...})": json({"who": name(), "tags": ["new", text((1, 2)), {}], "more": {"left": None, "mail": email()}}),
}


LISTS = {"FIRST_NAMES": FIRST_NAMES, "LAST_NAMES": LAST_NAMES, "WORDS": WORDS}


class Given(Generator, frozen=True, tag="given"):
    """Makes the values it is told, in turn."""

    kind: Kind
    turns: tuple

    def values(self, rows, place):
        return [self.turns[row % len(self.turns)] for row in rows]

    def shape(self, rows):
        return Shape(self.kind)


@pytest.mark.parametrize("case", GENERATORS)
def test_values_are_those_of_the_golden_file(case):
    assert GENERATORS[case].values(GOLDEN_ROWS, PLACE) == GOLDEN[case]


def test_the_lists_are_those_of_the_golden_file():
    for case, words in LISTS.items():
        assert sha256("\n".join(words).encode()).hexdigest() == GOLDEN[case], f"{case}: changed without a new VERSION"


@pytest.mark.parametrize("case", GENERATORS)
@given(rows=st.lists(st.integers(0, 2**40), max_size=30))
def test_a_value_depends_on_the_number_of_its_row_alone(case, rows):
    generator = GENERATORS[case]
    assert generator.values(rows, PLACE) == [generator.values([row], PLACE)[0] for row in rows]


@pytest.mark.parametrize("case", GENERATORS)
@pytest.mark.parametrize("other", [Place(2, "users", "about"), Place(1, "staff", "about"), Place(1, "users", "title")])
def test_seed_table_and_column_each_make_other_values(case, other):
    rows = range(50)
    assert GENERATORS[case].values(rows, PLACE) != GENERATORS[case].values(rows, other)


@pytest.mark.parametrize("case", [case for case in GENERATORS if not case.startswith("json")])
def test_no_value_is_longer_than_its_shape_says(case):
    generator = GENERATORS[case]
    rows = range(20_000)
    longest = max(map(len, generator.values(rows, PLACE)))
    promised = generator.shape(len(rows))
    assert promised.kind is Kind.TEXT
    assert promised.longest * 0.75 <= longest <= promised.longest


@pytest.mark.parametrize("case", GENERATORS)
def test_an_empty_batch_has_no_values(case):
    assert GENERATORS[case].values(range(0), PLACE) == []


def test_names_are_many_written_in_one_way_and_none_stands_twice():
    for names, least in ((FIRST_NAMES, 200), (LAST_NAMES, 300)):
        assert len(names) >= least
        assert len(set(names)) == len(names)
        assert all(unicodedata.normalize("NFC", one) == one for one in names)
        assert 20 <= sum(not one.isascii() for one in names) <= len(names) // 2


def test_all_first_and_last_names_are_drawn():
    drawn = [one.split(" ") for one in name().values(range(20_000), PLACE)]
    assert {first for first, _ in drawn} == set(FIRST_NAMES)
    assert {last for _, last in drawn} == set(LAST_NAMES)


def test_first_and_last_names_are_drawn_without_regard_to_one_another():
    drawn = name().values(range(20_000), PLACE)
    # Of 152,256 pairs 20,000 draws meet 18,745 on average, 33 more or less; pairs tied together would be few.
    assert 18_600 < len(set(drawn)) < 18_900


def test_addresses_are_unique_plain_and_end_in_the_number_of_the_row():
    rows = range(50_000)
    addresses = email("mail.example").values(rows, PLACE)
    assert len(set(addresses)) == len(rows)
    assert email().shape(10).unique
    for row, address in zip(rows, addresses, strict=True):
        matched = re.fullmatch(r"[a-z-]+\.[a-z-]+\.(\d+)@mail\.example", address)
        assert matched is not None, address
        assert int(matched[1]) == row


def test_the_accents_of_all_names_are_taken_off_in_addresses():
    made = {address.split(".")[0] for address in email().values(range(20_000), PLACE)}
    assert {"bjorn", "pawel", "soren", "zoe", "eun-ji"} <= made
    assert len(made) == len(FIRST_NAMES)


def test_a_key_can_be_made_of_addresses_and_of_nothing_else_here():
    assert email().numbered
    assert not any(one.numbered for case, one in GENERATORS.items() if not case.startswith("email"))


@pytest.mark.parametrize("case", ["name()", 'email("mail.example")', "text((1, 40))", "text(characters=60)"])
def test_a_generator_is_made_again_from_its_json(case):
    generator = GENERATORS[case]
    again = msgspec.json.decode(msgspec.json.encode(generator), type=type(generator))
    assert again.values(GOLDEN_ROWS, PLACE) == generator.values(GOLDEN_ROWS, PLACE)


@pytest.mark.parametrize(
    "domain", ["", "Test.com", "test_1.com", ".com", "test..com", "a@b", "-a.com", "a" * 64, "x\n", 7, None]
)
def test_a_domain_that_cannot_be_one_is_refused(domain):
    with pytest.raises(OptionError, match=r"^email: expected a domain .* found "):
        email(domain)


def test_words_are_short_enough_and_none_stands_twice():
    assert len(set(WORDS)) == len(WORDS)
    assert max(map(len, WORDS)) <= 9
    assert all(re.fullmatch("[a-z]+", word) for word in WORDS)


def test_all_words_come_up():
    said = {word for one in text().values(range(5_000), PLACE) for word in one[:-1].lower().split(" ")}
    assert said == set(WORDS)


@given(least=st.integers(1, 60), more=st.integers(0, 60), seed=st.integers(0, 2**31))
def test_a_sentence_has_as_many_words_as_asked_for_a_capital_and_a_full_stop(least, more, seed):
    known = set(WORDS)
    for one in text((least, least + more)).values(range(20), Place(seed, "t", "c")):
        assert re.fullmatch(r"[A-Z][a-z]*( [a-z]+)*\.", one)
        words = one[:-1].lower().split(" ")
        assert least <= len(words) <= least + more
        assert set(words) <= known


def test_all_numbers_of_words_are_equally_often():
    counts = [one.count(" ") + 1 for one in text((5, 20)).values(range(16_000), PLACE)]
    shares = [counts.count(number) for number in range(5, 21)]
    assert sum(shares) == 16_000
    # Chi-square with 15 degrees of freedom: above 44.3 in one of 10,000 fair draws; these are always the same ones.
    assert sum((share - 1_000) ** 2 / 1_000 for share in shares) < 44.3


@given(characters=st.integers(20, 400), seed=st.integers(0, 2**31))
def test_a_text_of_characters_is_exactly_as_long_and_of_whole_words(characters, seed):
    known = set(WORDS)
    for one in text(characters=characters).values(range(20), Place(seed, "t", "c")):
        assert len(one) == characters
        assert re.fullmatch(r"[A-Z][a-z]*( [a-z]+)*\.{1,20}", one)
        assert set(one.rstrip(".").lower().split(" ")) <= known


@pytest.mark.parametrize("longest", [{"words": 10_000}, {"characters": 40_000}])
def test_the_longest_texts_are_as_long_as_they_say(longest):
    for one in text(**longest).values(range(200), PLACE):
        if "characters" in longest:
            assert len(one) == 40_000
            assert len(one.rstrip(".")) > 39_980
        else:
            assert one.count(" ") == 9_999


def test_texts_hardly_ever_repeat():
    assert len(set(text().values(range(100_000), PLACE))) > 99_900


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"words": 0}, "words: expected a whole number from 1 to 10,000"),
        ({"words": (5, 2)}, "words: expected a whole number from 5 to 10,000"),
        ({"words": (1, 2, 3)}, "words: expected a number, or the least and the most"),
        ({"words": (1, 10_001)}, "words: expected a whole number from 1 to 10,000"),
        ({"words": True}, "words: expected a whole number"),
        ({"words": "5"}, "words: expected a whole number"),
        ({"characters": 19}, "characters: expected a whole number from 20 to 40,000"),
        ({"characters": 40_001}, "characters: expected a whole number from 20 to 40,000"),
        ({"characters": 99.5}, "characters: expected a whole number"),
        ({"characters": True}, "characters: expected a whole number"),
        ({"words": 5, "characters": 50}, "expected words or characters"),
        ({"word": 5}, "expected words"),
    ],
)
def test_numbers_that_no_text_can_have_are_refused(wrong, expected):
    with pytest.raises(OptionError, match=f"^text: {expected}.* found "):
        text(**wrong)


def test_a_document_has_the_form_of_its_template():
    document = json({"a": 1, "b": [True, None, 1.5, "x", [], {}], "c": {"d": {"e": (1, 2)}}})
    expected = {"a": 1, "b": [True, None, 1.5, "x", [], {}], "c": {"d": {"e": [1, 2]}}}
    assert document.values([0, 1], PLACE) == [expected, expected]
    assert document.shape(2) == Shape(Kind.JSON)


@pytest.mark.parametrize("value", [7, "x", None, 2.5, False])
def test_a_document_may_be_one_value(value):
    assert json(value).values([0, 1], PLACE) == [value, value]


def test_generators_inside_of_a_document_each_make_values_of_their_own():
    made = json({"one": name(), "two": name(), "list": [name(), name()]}).values(range(100), PLACE)
    columns = zip(*([one["one"], one["two"], *one["list"]] for one in made), strict=True)
    assert len(set(columns)) == 4


def test_a_part_of_a_document_is_what_its_generator_makes_at_its_own_place():
    made = json({"who": {"names": [7, name()]}}).values(range(20), PLACE)
    place = PLACE.part("who").part("names").part("1")
    assert [one["who"]["names"][1] for one in made] == name().values(range(20), place)


def test_what_is_done_to_a_document_shows_in_no_other_and_not_in_the_template():
    template = {"tags": ["a"], "deep": {"x": []}, "plain": {}}
    generator = json(template)
    template["tags"].append("later")
    first, second = generator.values([0, 1], PLACE)
    first["tags"].append("b")
    first["deep"]["x"].append(1)
    first["plain"]["y"] = 2
    untouched = {"tags": ["a"], "deep": {"x": []}, "plain": {}}
    assert second == untouched
    assert generator.values([0], PLACE) == [untouched]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.TIMESTAMP, datetime(2024, 2, 29, 12, 30), "2024-02-29T12:30:00"),  # noqa: DTZ001 - a reading of a clock
        (Kind.TIMESTAMP, datetime(2024, 2, 29, 12, 30, tzinfo=UTC), "2024-02-29T12:30:00+00:00"),
        (Kind.DATE, date(2024, 2, 29), "2024-02-29"),
        (Kind.DECIMAL, Decimal("19.90"), 19.9),
        (Kind.ANY, date(2024, 2, 29), "2024-02-29"),
        (Kind.INTEGER, 2**62, 2**62),
        (Kind.TIMESTAMP, None, None),
    ],
)
def test_values_inside_are_as_json_has_them(kind, value, expected):
    (document,) = json([Given(kind=kind, turns=(value,))]).values([0], PLACE)
    assert document == [expected]
    assert standard_json.loads(standard_json.dumps(document)) == document


def test_references_and_functions_may_stand_in_a_document():
    parents = table("parents", rows=9, key="id", columns={"id": sequence()})
    columns = {"id": sequence(), "about": json({"id": computed(lambda row: row["id"] * 2), "of": foreign_key(parents)})}
    made = table("children", rows=5, key="id", columns=columns).column("about").values(range(5))
    assert [one["id"] for one in made] == [2, 4, 6, 8, 10]
    assert {one["of"] for one in made} <= set(range(1, 10))


def test_generators_inside_of_a_document_must_have_enough_values():
    document = json({"a": [1, {"b": integer(1, 3, unique=True)}]})
    assert document.misfit(3) is None
    assert document.misfit(4) == integer(1, 3, unique=True).misfit(4)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": {1: 2}}, r"expected texts as the keys of the document\['a'\], found 1; write '1'"),
        ({"a": [1, {2}]}, r"the document\['a'\]\[1\], found \{2\}"),
        ([float("nan")], r"the document\[0\], found nan"),
        ([b"x"], r"the document\[0\], found b'x'"),
        ([Given(kind=Kind.BYTES, turns=(b"x",))], r"the document\[0\], found a generator of bytes; use text"),
    ],
)
def test_what_json_does_not_have_is_refused_with_its_place(value, found):
    with pytest.raises(OptionError, match=f"^json: .*{found}"):
        json(value)


def test_a_document_without_end_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(OptionError, match="at most 50 dicts and lists"):
        json(endless)
