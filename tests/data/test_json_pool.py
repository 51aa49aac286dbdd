"""Pools of JSON files: what is drawn is what Python's json module reads, and what is wrong is said with its place."""

import json
import re

import pytest
from files_support import small_blocks, user
from hypothesis import given
from hypothesis import strategies as st

from surgeline import pool
from surgeline.data.sources import FileSource
from surgeline.errors import OptionError

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)
LISTS = st.lists(VALUES, min_size=1, max_size=12)
LAYOUTS = st.sampled_from([{}, {"indent": 2}, {"separators": (",", ":"), "ensure_ascii": False}])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("json")


def written(folder, data, name="users.json"):
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def check(values, expected, random):
    assert list(values) == expected
    for _ in range(20):
        place = random.randrange(len(expected))
        assert values.values[place] == expected[place]


@given(LISTS, LAYOUTS, st.sampled_from(["", "\ufeff", " \n"]), st.randoms())
def test_elements_of_an_array(folder, values, layout, before, random):
    path = written(folder, before + json.dumps(values, **layout))
    with small_blocks():
        check(pool.json(path), values, random)


@given(LISTS, LAYOUTS, TEXT, st.randoms())
def test_elements_of_a_named_array(folder, values, layout, name, random):
    layout = {**layout, "ensure_ascii": False}
    path = written(folder, json.dumps({"": [0], f"{name}s": values, "zz": {name: [1]}}, **layout))
    with small_blocks():
        check(pool.json(path, at=f"{name}s"), values, random)


@given(LISTS, st.sampled_from(["\n", "\r\n", "\n\n"]), st.randoms())
def test_values_on_lines(folder, values, line_end, random):
    path = written(folder, "".join(json.dumps(value) + line_end for value in values), "users.jsonl")
    with small_blocks():
        check(pool.json(path), values, random)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("a.json", '{"id": 1}\n{"id": 2}', [{"id": 1}, {"id": 2}]),
        ("a.json", "[[1], [2]]", [[1], [2]]),
        ("a.jsonl", "[1]\n[2]\n", [[1], [2]]),
        ("a.NDJSON", '{"id": 1}', [{"id": 1}]),
        ("a.txt", '"a"', ["a"]),
        ("a.json", "1\n2\n", [1, 2]),
        ("a.json", f"[{10**30}]", [10**30]),
    ],
)
def test_lines_and_arrays_are_told_apart(folder, name, text, values):
    assert list(pool.json(written(folder, text, name))) == values


def test_every_way_of_drawing(folder):
    path = written(folder, '[{"id": 1}, {"id": 2}]')
    users, vu = pool.json(path), user()
    assert users.source == FileSource(path)
    users.cycle(vu)["id"] = "changed"
    assert [users.cycle(vu), users.cycle(vu)] == [{"id": 2}, {"id": 1}]
    assert {users.random(vu)["id"] for _ in range(50)} == {users.zipf(vu)["id"] for _ in range(50)} == {1, 2}
    assert [users.unique(vu), users.unique(vu)] == [{"id": 1}, {"id": 2}]


WRONG = [
    ("", ": expected at least one value, found an empty file"),
    (" \n", ": expected at least one value, found an empty file"),
    ("[]", ": expected at least one value, found an empty array"),
    ("[1,\n2", ":1: expected ] for the [ here, found none before the end of the file"),
    ('[1,\n{"a": "b\n', ":2: expected a quote that closes the one here, found none before the end of the line"),
    ("[1,\n{]\n]", ":2: expected the closing bracket of what was opened last, found ']'"),
    ("[1,\n]", ":2: expected a value, found ']'"),
    ("[{}\n{}]", ":2: expected a comma or closing bracket after a value, found '{'"),
    ("[1]\n[2]", ":2: expected the end of the file, found '['; where each line is a value, call the file *.jsonl"),
    ("[" * 1100, ":1: expected at most 1,024 brackets in one another, found more"),
    (
        '{"users":\n [1]}',
        ":1: expected } for the { here, found none in its line; write one value a line, or name the array",
    ),
    (
        '{"users": [1]}',
        ": expected an array, or a value on each line, found one object; call the file *.jsonl, or name",
    ),
    ("{} {}", ":1: expected the end of the line after a value, found '{'"),
    (b'["\xff"]', ":1: expected utf-8 text, found the byte 0xff, which is none"),
    ("[1]".encode("utf-16"), ":1: expected utf-8 text, found UTF-16; convert the file: iconv -f utf-16 -t utf-8"),
    (b"[1,\n\0]", ":2: expected text, found a zero byte"),
]


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_what_is_wrong_with_a_file(folder, data, message):
    path = written(folder, data)
    with pytest.raises(OptionError, match=f"^pool.json: {re.escape(f'{path}{message}')}"):
        pool.json(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: expected an object with an array at 'users', found the end of the file"),
        ("[1]", ":1: expected an object with an array at 'users', found '['"),
        ('{"user": [1]}', ":1: expected an array at 'users', found an object without it"),
        ('{"users": 5}', ":1: expected an array at 'users', found '5'"),
        ('{"users": []}', ": expected at least one value, found an empty array"),
        ("{\nusers: [1]}", ":2: expected a key and its colon, found 'u'"),
    ],
)
def test_an_object_without_the_array(folder, text, message):
    path = written(folder, text)
    with pytest.raises(OptionError, match=f"^pool.json: {re.escape(f'{path}{message}')}"):
        pool.json(path, at="users")


def test_at_is_a_name(folder):
    with pytest.raises(OptionError, match=r"pool\.json: expected the name of an array for at, found 5"):
        pool.json(written(folder, "[1]"), at=5)


@pytest.mark.parametrize("wrong", ["{1: 2}", "01", "tru", "[1 2]", '"\\x"', "NaN", '{"a": 1e999}'])
def test_a_malformed_value_is_an_error_when_it_is_drawn(folder, wrong):
    users = pool.json(written(folder, f"[1,\n2,\n\n{wrong},\n4]"))
    assert [users.values[0], users.values[1], users.values[3]] == [1, 2, 4]
    message = r"^pool\.json: .*users\.json:4: expected JSON in value 3 of the file, found it malformed: "
    with pytest.raises(OptionError, match=message):
        users.values[2]


@pytest.mark.parametrize("depth", [100, 900])
def test_deep_values(folder, depth):
    assert str(pool.json(written(folder, f"[{'[' * depth}{']' * depth}]")).values[0]) == "[" * depth + "]" * depth


def test_a_value_deeper_than_python_goes_is_an_error(folder):
    users = pool.json(written(folder, f"[{'[' * 1023}{']' * 1023}]"))
    with pytest.raises(OptionError, match="expected JSON in value 1 of the file, found it malformed"):
        users.values[0]


def test_what_is_no_file(folder):
    with pytest.raises(OptionError, match=r"^pool\.json: .*missing\.json: expected a file, found nothing there"):
        pool.json(folder / "missing.json")
