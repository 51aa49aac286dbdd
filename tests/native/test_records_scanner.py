"""The scanner of records against the standard library's csv and json, however the file is cut into pieces."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.records import Kind, MalformedError, Problem, RecordIndex

CUTS = st.lists(st.integers(1, 9), max_size=20)
SPACING = st.integers(0, 40)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
LAYOUTS = st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False, "indent": "\t"}])


def feed(index, data, cuts):
    """Feed in pieces of these sizes, the rest in one."""
    at = 0
    for size in cuts:
        index.feed(data[at : at + size])
        at += size
    index.feed(data[at:])
    index.end()
    return index


def records(index, data, start=0):
    """Return all records, found by the blocks that they are in."""
    found = []
    for number in range(len(index)):
        block = index.block_of(number)
        begin, end = index.bounds(block)
        found.append(index.cut(block, data[begin - start : end - start]).record(number))
    return found


def scanned(kind, data, cuts=(), **options):
    return records(feed(RecordIndex(kind, **options), data, cuts), data)


def read_by_csv(text, delimiter):
    """Return the rows up to the first problem, and the problem."""
    rows, reader = [], csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row and rows and len(row) != len(rows[0]):
                return rows, {Problem.FIELDS}
            rows += [row] if row else []
    except csv.Error:
        return rows, {Problem.OPEN_QUOTE, Problem.AFTER_QUOTE}
    return rows, set()


@given(st.text('ab,;" \n\r', max_size=40), st.sampled_from(",;"), CUTS, SPACING)
def test_rows_are_those_of_the_csv_module(text, delimiter, cuts, spacing):
    rows, problems = read_by_csv(text, delimiter)
    index = RecordIndex(Kind.CSV, delimiter=ord(delimiter), spacing=spacing)
    if problems:
        with pytest.raises(MalformedError) as caught:
            feed(index, text.encode(), cuts)
        assert caught.value.problem in problems
        assert len(index) == len(rows)
    else:
        found = records(feed(index, text.encode(), cuts), text.encode())
        parsed = [next(csv.reader([row.decode()], delimiter=delimiter, strict=True)) for row in found]
        assert parsed == rows


@given(
    st.lists(st.lists(st.text(max_size=6), min_size=2, max_size=2), max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]),
    CUTS,
    SPACING,
)
def test_rows_that_the_csv_module_wrote(rows, line_end, cuts, spacing):
    rows = [[field.replace("\0", "") for field in row] for row in rows]
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    found = scanned(Kind.CSV, file.getvalue().encode("utf-8", "surrogatepass"), cuts, spacing=spacing)
    assert [next(csv.reader([row.decode("utf-8", "surrogatepass")])) for row in found] == rows


@given(st.lists(VALUES, max_size=6), LAYOUTS, CUTS, SPACING)
def test_elements_of_an_array(values, layout, cuts, spacing):
    data = json.dumps(values, **layout).encode("utf-8", "surrogatepass")
    found = scanned(Kind.ARRAY, data, cuts, spacing=spacing)
    assert [json.loads(each.decode("utf-8", "surrogatepass")) for each in found] == values


@given(st.lists(VALUES, max_size=6), CUTS, SPACING, st.sampled_from(["\n", "\r\n", "\n \n"]))
def test_values_on_lines(values, cuts, spacing, line_end):
    data = line_end.join(json.dumps(value) for value in values).encode()
    assert [json.loads(each) for each in scanned(Kind.LINES, data, cuts, spacing=spacing)] == values


@given(
    st.dictionaries(st.text('abu{[,:\\"é', max_size=3), VALUES, max_size=4), st.lists(VALUES, max_size=4), LAYOUTS, CUTS
)
def test_an_array_inside_of_an_object(members, values, layout, cuts):
    members.pop("users", None)
    data = json.dumps({**members, "users": values, "zzzz": [1]}, **layout).encode()
    found = scanned(Kind.ARRAY, data, cuts, key=b"users", spacing=10)
    assert [json.loads(each) for each in found] == values


def decoded(data, kind):
    """Return the values of all records, None where the file or one of them is malformed."""
    try:
        return [json.loads(each) for each in scanned(kind, data, spacing=5)]
    except (MalformedError, ValueError):
        return None


def loaded(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


@given(st.lists(VALUES, max_size=4), st.data())
def test_a_file_that_is_no_array_is_refused_as_a_whole_or_at_one_element(values, data):
    """One character is replaced: json and the scanner must agree on whether that is still an array, and of what."""
    text = json.dumps(values)
    place = data.draw(st.integers(0, len(text) - 1))
    text = text[:place] + data.draw(st.sampled_from('[]{},:"\\ 1\n')) + text[place + 1 :]
    expected = loaded(text)
    assert decoded(text.encode(), Kind.ARRAY) == (expected if isinstance(expected, list) else None)


@given(st.binary(max_size=60), st.sampled_from(Kind), CUTS)
def test_any_bytes_give_the_same_however_they_are_cut(data, kind, cuts):
    def told(cuts):
        index = RecordIndex(kind)
        try:
            feed(index, data, cuts)
        except MalformedError as error:
            return len(index), error.problem, error.line, error.found
        return records(index, data)

    assert told(cuts) == told([])


@given(st.lists(st.text("a\n", max_size=5), min_size=1, max_size=8), SPACING)
def test_the_line_of_a_row(fields, spacing):
    data = "".join(f'"{field}"\n' for field in fields).encode()
    index = feed(RecordIndex(Kind.CSV, spacing=spacing), data, [])
    at = 0
    for number, field in enumerate(fields):
        begin, end = index.bounds(index.block_of(number))
        block = index.cut(index.block_of(number), data[begin:end])
        assert block.line(number) == data[:at].count(b"\n") + 1
        at += len(field) + 3


MALFORMED = [
    (Kind.CSV, b"a,b\n1,\0", Problem.ZERO_BYTE, 2, 0),
    (Kind.CSV, b'a,b\n1,"2\n\n3,4\n', Problem.OPEN_QUOTE, 2, ord('"')),
    (Kind.CSV, b'a,b\r\n1,"2"x\r\n', Problem.AFTER_QUOTE, 2, ord("x")),
    (Kind.CSV, b'a,b\r\r\r"\n",1\r2\r', Problem.FIELDS, 6, 1),
    (Kind.LINES, b'1\n{"a": "b\n"}', Problem.OPEN_QUOTE, 2, ord('"')),
    (Kind.LINES, b'1\n{"a": [\n', Problem.OPEN_BRACKET, 2, ord("[")),
    (Kind.LINES, b"1\n[}\n", Problem.WRONG_BRACKET, 2, ord("}")),
    (Kind.LINES, b"1\n]\n", Problem.WRONG_BRACKET, 2, ord("]")),
    (Kind.LINES, b"{} {}\n", Problem.NO_COMMA, 1, ord("{")),
    (Kind.LINES, b"{}\n" + b"[" * 1025, Problem.TOO_DEEP, 2, 0),
    (Kind.ARRAY, b"", Problem.NO_ARRAY, 1, 0),
    (Kind.ARRAY, b" \n{}", Problem.NO_ARRAY, 2, ord("{")),
    (Kind.ARRAY, b"[1,\n,2]", Problem.NO_VALUE, 2, ord(",")),
    (Kind.ARRAY, b"[1,2,\n]", Problem.NO_VALUE, 2, ord("]")),
    (Kind.ARRAY, b"[{}\n{}]", Problem.NO_COMMA, 2, ord("{")),
    (Kind.ARRAY, b'[1,\n{"a": [1,\n2]', Problem.OPEN_BRACKET, 2, ord("{")),
    (Kind.ARRAY, b"[\n1}", Problem.WRONG_BRACKET, 2, ord("}")),
    (Kind.ARRAY, b"[1]\n[2]", Problem.AFTER_END, 2, ord("[")),
]


@pytest.mark.parametrize(("kind", "data", "problem", "line", "found"), MALFORMED)
def test_what_is_malformed(kind, data, problem, line, found):
    with pytest.raises(MalformedError) as caught:
        scanned(kind, data)
    assert (caught.value.problem, caught.value.line, caught.value.found) == (problem, line, found)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", Problem.NO_OBJECT),
        (b"[1]", Problem.NO_OBJECT),
        (b"{}", Problem.NO_KEY),
        (b'{"user": [1], "userss": [2], "us\\u0065rs": [3]}', Problem.NO_KEY),
        (b'{"users": {"a": 1}}', Problem.NO_ARRAY),
        (b'{"a": 1, "users" [1]}', Problem.BAD_KEY),
        (b"{'users': [1]}", Problem.BAD_KEY),
        (b'{"users": [1],}', Problem.BAD_KEY),
        (b'{"users": [1]', Problem.OPEN_BRACKET),
        (b'{"us', Problem.OPEN_QUOTE),
        (b'{"us\ners": []}', Problem.OPEN_QUOTE),
        (b'{"users": [1]} {}', Problem.AFTER_END),
    ],
)
def test_an_object_without_the_array(data, problem):
    with pytest.raises(MalformedError) as caught:
        scanned(Kind.ARRAY, data, key=b"users")
    assert caught.value.problem == problem


def test_the_first_member_of_the_name_is_taken():
    assert scanned(Kind.ARRAY, b'{"users": [1], "users": [2]}', key=b"users") == [b"1"]


def test_an_index_keeps_one_record_for_about_every_so_many_bytes():
    data = b"0123456789\n" * 10_000
    index = feed(RecordIndex(Kind.CSV, spacing=1000), data, [])
    assert (len(index), index.fields, index.blocks) == (10_000, 1, 110)
    assert [index.bounds(block) for block in (0, 109)] == [(0, 1001), (109_109, 109_999)]


def test_a_file_may_begin_after_a_mark():
    data = b"a,b\n1,2\n"
    index = feed(RecordIndex(Kind.CSV, 3), data, [])
    assert index.bounds(0) == (3, 7)
    assert records(index, data, start=3) == [b"a,b", b"1,2"]


def test_bytes_that_are_no_longer_those_of_the_block_do_no_harm():
    index = feed(RecordIndex(Kind.CSV, spacing=100), b"a,b\n1,2\n", [])
    assert len(index.cut(0, b"a,b\n")) == 1
    with pytest.raises(IndexError):
        index.cut(0, b"a,b\n").record(1)
    with pytest.raises(MalformedError):
        index.cut(0, b"a,b\n1,2,3\n")


@pytest.mark.parametrize("number", [2, 2**40])
def test_what_is_not_there(number):
    index = feed(RecordIndex(Kind.CSV), b"a\nb\n", [])
    for find in (index.block_of, index.bounds, lambda block: index.cut(block, b"")):
        with pytest.raises(IndexError):
            find(number)
