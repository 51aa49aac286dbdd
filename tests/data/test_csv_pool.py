"""Pools of CSV files: what is drawn is what Python's csv module reads, and what is wrong is said with its line."""

import csv
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from files_support import small_blocks, user
from hypothesis import given
from hypothesis import strategies as st

from surgeline import pool
from surgeline.data.sources import FileSource
from surgeline.errors import OptionError
from surgeline.schedule.share import Share

FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ROWS = st.lists(st.lists(FIELD, min_size=2, max_size=2), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("csv")


def written(folder, data):
    path = folder / "users.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@given(ROWS, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.randoms())
def test_rows_are_those_that_the_csv_module_reads(folder, rows, delimiter, line_end, marked, random):
    path = folder / "any.csv"
    with path.open("w", encoding="utf-8-sig" if marked else "utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(
            [["id", "ñ,\n"], *rows]
        )
    expected = [dict(zip(["id", "ñ,\n"], row, strict=True)) for row in rows]
    with small_blocks():
        users = pool.csv(path, delimiter=delimiter)
        assert (list(users), len(users)) == (expected, len(rows))
        for _ in range(20):
            place = random.randrange(len(rows))
            assert users.values[place] == expected[place]


@given(st.integers(1, 60), st.integers(1, 5))
def test_workers_share_the_rows_of_a_file(folder, count, workers):
    path = written(folder, "id\n" + "".join(f"{number}\n" for number in range(count)))
    drawn, turns = Counter(), Counter()
    with small_blocks():
        for index in range(workers):
            vu, ids = user(share=Share(index, workers)), pool.csv(path)
            turns.update(ids.cycle(vu)["id"] for _ in range(count))
            drawn.update(ids.unique(vu)["id"] for _ in range(vu.share.count(count)))
            with pytest.raises(LookupError, match="make the pool larger"):
                ids.unique(vu)
    assert drawn == Counter(str(number) for number in range(count))
    assert set(turns) == set(drawn)


def test_every_way_of_drawing(folder):
    users = pool.csv(written(folder, "id,name\r\n1,ada\r\n\r\n2,grace\r\n"))
    vu = user()
    assert users.cycle(vu) == {"id": "1", "name": "ada"}
    assert users.cycle(vu) == {"id": "2", "name": "grace"}
    assert {users.random(vu)["id"] for _ in range(50)} == {users.zipf(vu)["id"] for _ in range(50)} == {"1", "2"}
    assert [users.unique(vu)["id"], users.unique(vu)["id"]] == ["1", "2"]


def test_each_draw_is_a_dict_of_its_own(folder):
    users = pool.csv(written(folder, "id\n1\n"))
    users.cycle(user())["id"] = "changed"
    assert users.cycle(user()) == {"id": "1"}


def test_a_file_without_a_header_is_given_names(folder):
    users = pool.csv(written(folder, "1,ada\n2,grace"), columns=["id", "name"])
    assert list(users) == [{"id": "1", "name": "ada"}, {"id": "2", "name": "grace"}]


@pytest.mark.parametrize(
    ("encoding", "text"), [("latin-1", "é"), ("cp1252", "€"), ("UTF8", "語"), ("iso8859-15", "€"), ("utf-8-sig", "é")]
)
def test_encodings(folder, encoding, text):
    path = written(folder, f'id,{text}\n1,"{text}"\n'.encode(encoding))
    assert list(pool.csv(path, encoding=encoding)) == [{"id": "1", text: text}]


def test_a_character_across_two_readings(folder):
    path = written(folder, "id\n" + "aé" * 20 + "\n")
    for piece in range(1, 6):
        with small_blocks(piece=piece):
            assert list(pool.csv(path)) == [{"id": "aé" * 20}]


def test_a_field_larger_than_the_csv_module_takes(folder):
    limit = csv.field_size_limit()
    path = written(folder, f'id,text\n1,"{"x," * limit}"\n')
    assert pool.csv(path).cycle(user())["text"] == "x," * limit
    assert csv.field_size_limit() == limit


def test_a_row_without_a_name_for_it_and_one_column(folder):
    assert list(pool.csv(written(folder, ",id\n0,a\n"))) == [{"": "0", "id": "a"}]
    assert list(pool.csv(written(folder, 'id\n""\n x\n\n'))) == [{"id": ""}, {"id": " x"}]


def test_where_it_is_drawn_from(folder):
    path = written(folder, "id\n1\n")
    assert pool.csv(str(path)).source == FileSource(path)


WRONG = [
    ("", ": expected a header and rows, found an empty file"),
    ("\n\n", ": expected a header and rows, found an empty file"),
    ("id,name\n", ": expected at least one row below its header, found none"),
    ("id,id\n1,2\n", ":1: expected each column once in the header, found 'id' 2 times"),
    ("\nid,name\n1,ada\n\n2\n", ":5: expected 2 fields, as in the header, found 1"),
    ('id,name\n1,"a\n\nb"\n2,a,b\n', ":5: expected 2 fields, as in the header, found 3"),
    ("id\n1\n2,3\n", ":3: expected 1 field, as in the header, found 2"),
    (
        'id,name\n1,"ada\n2,grace\n',
        ":2: expected a quote that closes the one here, found none before the end of the file",
    ),
    ('id,name\n1,"ada" lovelace\n', ":2: expected ',' or the end of the row after a closing quote, found ' '"),
    (b"id,name\n1,\xe9\n", ":2: expected utf-8 text, found the byte 0xe9, which is none"),
    (b"id,name\n1,a\xc3", ":2: expected utf-8 text, found the byte 0xc3, which is none"),
    (b"id,name\n1,\0\n", ":2: expected text, found a zero byte: is it a binary file, or in UTF-16?"),
    (
        "\ufeffid,name\n1,é\n".encode("utf-16-le"),
        ":1: expected utf-8 text, found UTF-16; convert the file: iconv -f utf-16 -t utf-8",
    ),
    ("\ufeffid,name\n1,é\n".encode("utf-16-be"), ":1: expected utf-8 text, found UTF-16; convert the file"),
    (b"\xff,\xfe\n", ":1: expected utf-8 text, found the byte 0xff, which is none"),
    ("id,name\n".encode("utf-16-le"), ":1: expected text, found a zero byte"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", ":1: expected utf-8 text, found the byte 0x89, which is none"),
]


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_what_is_wrong_with_a_file(folder, data, message):
    path = written(folder, data)
    for piece in (1, 3, 1 << 20):
        with small_blocks(piece=piece), pytest.raises(OptionError, match=f"^pool.csv: {re.escape(f'{path}{message}')}"):
            pool.csv(path)


def test_a_row_with_more_fields_than_there_are_characters(folder):
    path = written(folder, "id\n" + "," * 0x110000)
    with pytest.raises(OptionError, match=r":2: expected 1 field, as in the header, found 1,114,113$"):
        pool.csv(path)


def test_what_is_wrong_with_a_file_without_a_header(folder):
    with pytest.raises(OptionError, match=":1: expected 2 fields, as in columns, found 3"):
        pool.csv(written(folder, "1,2,3\n"), columns=["id", "name"])
    with pytest.raises(OptionError, match="expected at least one row, found none"):
        pool.csv(written(folder, ""), columns=["id", "name"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": ""}, "a delimiter of one ASCII character such as \";\", found ''"),
        ({"delimiter": "::"}, "found '::'"),
        ({"delimiter": '"'}, "found '\"'"),
        ({"delimiter": "\n"}, r"found '\\n'"),
        ({"delimiter": "·"}, "found '·'"),
        ({"delimiter": 5}, "found 5"),
        ({"columns": []}, r"names for columns, each once, \[\"id\", \"name\"\], found \[\]"),
        ({"columns": "id"}, "found 'id'"),
        ({"columns": ["id", "id"]}, r"found \['id', 'id'\]"),
        ({"columns": ["id", 5]}, r"found \['id', 5\]"),
        ({"columns": 5}, "found 5"),
        ({"encoding": "utf-9"}, "an encoding of text such as utf-8 or latin-1, found 'utf-9'"),
        ({"encoding": "hex"}, "found 'hex'"),
        ({"encoding": 5}, "found 5"),
        ({"encoding": "utf-16"}, "convert the file: iconv -f utf-16 -t utf-8"),
        ({"encoding": "shift_jis"}, "iconv -f shift_jis"),
        ({"encoding": "utf-7"}, "iconv -f utf-7"),
        ({"encoding": "cp500"}, "iconv -f cp500"),
        ({"delimeter": ";"}, 'did you mean "delimiter"?'),
    ],
)
def test_wrong_options(folder, options, message):
    with pytest.raises(OptionError, match=rf"^pool\.csv: expected .*{message}"):
        pool.csv(written(folder, "id,name\n1,ada\n"), **options)


def test_what_is_no_file(folder):
    os.mkfifo(folder / "fifo")
    for path, found in [
        (folder / "missing.csv", "missing.csv: expected a file, found nothing there"),
        (folder, "expected a file, found a folder there"),
        (folder / "fifo", "fifo: expected a file, found none there"),
        ("/dev/null", "/dev/null: expected a file, found none there"),
        (folder / "users.csv" / "more", "more: expected a file that can be read: Not a directory"),
        ("a\0b", "expected a file that can be read: embedded null byte"),
        ("", "expected the path of a file, found ''"),
        (None, "expected the path of a file, found None"),
        (5, "expected the path of a file, found 5"),
    ]:
        written(folder, "id\n1\n")
        with pytest.raises(OptionError, match=rf"^pool\.csv: .*{re.escape(found)}"):
            pool.csv(path)


CHANGES = {
    "longer": "id,name\n" + "1,ada\n" * 41,
    "shorter": "id,name\n",
    "empty": "",
    "as long, later": "id,name\n" + "2,ada\n" * 40,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_changed_while_it_is_drawn_from(folder, change):
    path = written(folder, "id,name\n" + "1,ada\n" * 40)
    with small_blocks():
        users = pool.csv(path)
        assert users.values[39] == {"id": "1", "name": "ada"}
        path.write_text(CHANGES[change])
        facts = path.stat()
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1_000_000))
        with pytest.raises(OptionError, match=r"users\.csv: expected the file to stay as it was .* found it changed"):
            users.values[20]


def test_a_file_that_grows_while_it_is_looked_through(folder, monkeypatch):
    path = written(folder, "id\n" + "1\n" * 10)
    read = os.pread

    def read_and_write(*arguments):
        with path.open("a") as file:
            file.write("1\n" * 10)
        return read(*arguments)

    monkeypatch.setattr(os, "pread", read_and_write)
    with small_blocks(), pytest.raises(OptionError, match="found it changed"):
        pool.csv(path)


@pytest.mark.parametrize("text", ["id,name\n1,a\n2,b,c\n\n", "id,name\n1,a\n2,\xe9b\n", 'id,name\n1,a\n2,"b\n', "\n\n"])
def test_a_change_that_the_clock_did_not_see_is_an_error_all_the_same(folder, text):
    before = "id,name\n1,a\n2,bcd\n"
    path = written(folder, before)
    facts = path.stat()
    with small_blocks(block=8):
        users = pool.csv(path)
        path.write_bytes(text.encode("latin-1").ljust(len(before), b"\n"))
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        with pytest.raises(OptionError, match="found it changed"):
            users.values[1]


def test_a_file_that_is_replaced_is_drawn_from_as_it_was(folder):
    path = written(folder, "id\n1\n2\n")
    with small_blocks(block=1, window=1):
        users = pool.csv(path)
        path.unlink()
        written(folder, "name\n")
        assert list(users) == [{"id": "1"}, {"id": "2"}]


def test_no_more_than_the_window_is_kept(folder):
    path = written(folder, "id,name\n" + "".join(f"{number},ada\n" for number in range(1000)))
    with small_blocks(block=20, window=100):
        users = pool.csv(path)
        file, vu = users.values._file, user()
        for _ in range(300):
            users.random(vu)
            users.zipf(vu)
            assert sum(block.size for block in file._kept.values()) == file._kept_bytes <= 100


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_files_are_closed_when_no_one_has_the_pool(folder):
    path = written(folder, "id\n1\n")
    before = descriptors()
    for data in ("id\n1\n", "id\n"):
        written(folder, data)
        for _ in range(10):
            try:
                pool.csv(path)
            except OptionError:
                continue
    assert descriptors() == before
