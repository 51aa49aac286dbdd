"""Floating-point numbers in columns of any width: the database's own rounding is no difference to what is declared."""

from typing import Any

import pytest
from seeding_support import applied, counts, differences

from surgeline.seeding import decimal, integer, nulls, number, sequence, table
from surgeline.seeding.database import Database
from surgeline.seeding.generator import Generator

ROWS = 300
GENERATORS: dict[str, Generator] = {
    "small": number(-1, 1),
    "money": number(0, 100_000),
    "large": number(-1e37, 1e37),
    "tiny": number(0, 1e-37),
    "sparse": nulls(number(0, 1), 0.5),
    "decimals": decimal(0, 99_999, places=9),
    "whole": integer(-(2**53), 2**53),
}
THINGS = table("things", rows=ROWS, key="id", columns={"id": sequence(), **GENERATORS})


@pytest.fixture(params=["REAL", "FLOAT"])  # of 24 bits in PostgreSQL the one, in MySQL the other
def things(request: pytest.FixtureRequest, database: Database, place: Any) -> Database:
    columns = ", ".join(f"{name} {request.param}" for name in GENERATORS)
    database.execute(f"CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, {columns})")
    return database


def test_numbers_that_the_column_rounds_are_as_declared(things: Database) -> None:
    assert counts(applied(things, THINGS)["things"]) == (ROWS, 0, 0, 0, 0)
    assert differences(things, THINGS) == []


def test_numbers_that_the_column_rounds_are_not_written_again(things: Database) -> None:
    applied(things, THINGS)
    things.execute("DELETE FROM things WHERE id = 7")
    assert counts(applied(things, THINGS)["things"]) == (1, 0, 0, ROWS - 1, 0)


def test_a_number_that_was_changed_a_little_is_found(things: Database) -> None:
    applied(things, THINGS)
    things.execute("UPDATE things SET money = money * 1.000001 WHERE id = 7")
    assert differences(things, THINGS) == [("things", "changed", 1)]
