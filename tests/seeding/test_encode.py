"""Lines of a bulk load, read back by a reader of the format written from PostgreSQL's documentation of COPY."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.seeding.database import Batch, RefusedRowsError
from surgeline.seeding.encode import COMMON, encode, text_of

SPELLING = {**COMMON, bytes: lambda value: f"\\x{value.hex()}"}
LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Number(IntEnum):
    ONE = 1


class Colour(StrEnum):
    RED = "red"


class Mixed(str, Enum):  # noqa: UP042 - it shows itself otherwise than StrEnum
    RED = "red"


class Mine(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "shown as something else"


def read(data: bytes) -> list[list[str | None]]:
    """Read COPY's text format, character by character."""
    assert data.endswith(b"\n") or not data
    lines = data.decode().split("\n")[:-1]  # an escaped line feed is written with a letter
    return [[None if field == "\\N" else unescaped(field) for field in line.split("\t")] for line in lines]


def unescaped(field: str) -> str:
    characters = iter(field)
    text = ""
    for character in characters:
        if character == "\\":
            following = next(characters)
            text += LETTERS.get(following, following)
        else:
            assert character not in "\t\n\r"
            text += character
    return text


def encoded(*columns: list[Any]) -> list[list[str | None]]:
    return read(encode(Batch(len(columns[0]), columns), [f"c{number}" for number in range(len(columns))], SPELLING))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        ("\\N", "\\N"),
        ("\\.", "\\."),
        ("a\tb\nc\rd\\e", "a\tb\nc\rd\\e"),
        (0, "0"),
        (-(2**63), "-9223372036854775808"),
        (True, "1"),
        (False, "0"),
        (0.1, "0.1"),
        (1e16, "1e+16"),
        (Decimal("1.50"), "1.50"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05"),  # noqa: DTZ001
        (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "2026-01-02 03:04:05.000006+00:00"),
        (datetime(999, 1, 2, tzinfo=timezone(timedelta(hours=-3.5))), "0999-01-02 00:00:00-03:30"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(1, 2, 3), "01:02:03"),
        (b"\x00\xff\\", "\\x00ff5c"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"a": [1, None, "é\n\\"], "b": Decimal("1.50")}, '{"a":[1,null,"é\\n\\\\"],"b":1.50}'),
        ([], "[]"),
        (Number.ONE, "1"),
        (Colour.RED, "red"),
        (Mixed.RED, "red"),
        (Mine("as it is"), "as it is"),
    ],
    ids=repr,
)
def test_each_value_is_written_so_that_it_can_be_read(value: Any, text: str | None) -> None:
    assert encoded([value]) == [[text]]
    assert encoded([value, None, value, "x"]) == [[text], [None], [text], ["x"]]


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.integers(), st.text() | st.integers() | st.booleans())))
def test_any_rows_come_back(rows: list[tuple[Any, ...]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    try:
        found = encoded(*columns)
    except RefusedRowsError:
        assert any(isinstance(value, str) and not is_encodable(value) for row in rows for value in row)
        return
    assert found == [[None if value is None else text_of(value, SPELLING) for value in row] for row in rows]


def is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def test_any_sequence_can_be_a_column() -> None:
    assert encoded(range(3), ("a", "b", "c")) == [["0", "a"], ["1", "b"], ["2", "c"]]  # type: ignore[arg-type]


def test_no_rows_are_no_bytes() -> None:
    assert encode(Batch(0, [[], []]), ["a", "b"], SPELLING) == b""


@pytest.mark.parametrize(
    ("value", "found"),
    [(object(), "object"), ({1, 2}, "set"), ({"a": object()}, "object"), (1j, "complex"), ("a\ud800b", "surrogate")],
    ids=["object", "set", "object within", "complex number", "half a character"],  # the same in every process
)
def test_a_value_that_cannot_be_written_is_refused_with_its_column(value: Any, found: str) -> None:
    with pytest.raises(RefusedRowsError, match="'second'") as caught:
        encode(Batch(2, [["é", "b"], [1, value]]), ["first", "second"], SPELLING)
    assert found in str(caught.value)


def test_columns_of_different_lengths_are_a_defect() -> None:
    with pytest.raises(ValueError, match="shorter"):
        encode(Batch(2, [[1, 2], [1]]), ["a", "b"], SPELLING)
