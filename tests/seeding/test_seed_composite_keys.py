"""Tables whose key is of several columns: the lines of orders, and pairs of rows of two other tables."""

from typing import Any

import pytest
from seeding_support import applied, cleaned, counts, differences

from surgeline.seeding import choice, foreign_key, integer, sequence, table, uuid
from surgeline.seeding.database import Database
from surgeline.seeding.declaration import Table
from surgeline.seeding.generator import Kind

USERS = table("users", rows=40, key="id", columns={"id": uuid()})
TEAMS = table("teams", rows=6, key="id", columns={"id": sequence()})
ITEMS = table(
    "items",
    key=["user_id", "line"],
    columns={
        "user_id": foreign_key(USERS, per_parent=3),
        "line": sequence(every=3),
        "amount": integer(1, 1_000),
    },
)


def members(of_each: int) -> Table:
    """Users in so many teams each."""
    columns = {
        "user_id": foreign_key(USERS, per_parent=of_each),
        "team_id": foreign_key(TEAMS, distinct_in=of_each),
        "role": choice(["owner", "guest"]),
    }
    return table("members", key=["user_id", "team_id"], columns=columns)


@pytest.fixture
def tables(database: Database, place: Any) -> Database:
    user = f"user_id {place.types[Kind.UUID]} NOT NULL"
    refers = "FOREIGN KEY (user_id) REFERENCES users (id)"
    database.execute(f"CREATE TABLE users (id {place.types[Kind.UUID]} NOT NULL PRIMARY KEY)")
    database.execute("CREATE TABLE teams (id BIGINT NOT NULL PRIMARY KEY)")
    database.execute(
        f"CREATE TABLE items ({user}, line INTEGER NOT NULL, amount INTEGER, PRIMARY KEY (user_id, line), {refers})"
    )
    database.execute(
        f"CREATE TABLE members ({user}, team_id BIGINT NOT NULL REFERENCES teams (id), role VARCHAR(9), "
        f"PRIMARY KEY (user_id, team_id), {refers})"
    )
    return database


def test_lines_and_pairs_are_put_in_found_again_and_taken_out(tables: Database) -> None:
    declared = (USERS, TEAMS, ITEMS, members(4))
    found = applied(tables, *declared)
    assert counts(found["items"]) == (120, 0, 0, 0, 0)
    assert counts(found["members"]) == (160, 0, 0, 0, 0)
    assert differences(tables, *declared) == []
    cleaned(tables, *declared)
    assert all(tables.fetch(f"SELECT count(*) FROM {one.name}") == [(0,)] for one in declared)


def test_missing_and_changed_lines_are_told_and_mended(tables: Database) -> None:
    declared = (USERS, TEAMS, ITEMS)
    applied(tables, *declared)
    tables.execute("DELETE FROM items WHERE line = 2")
    tables.execute("UPDATE items SET amount = 0 WHERE line = 3")
    assert differences(tables, *declared) == [("items", "missing", 40), ("items", "changed", 40)]
    assert counts(applied(tables, *declared)["items"]) == (40, 40, 0, 40, 0)
    assert differences(tables, *declared) == []


def test_pairs_of_an_earlier_declaration_that_are_no_longer_declared_are_deleted(tables: Database) -> None:
    applied(tables, USERS, TEAMS, members(2))
    later = members(6)
    change = applied(tables, USERS, TEAMS, later)["members"]
    assert (change.made + change.kept + change.changed, change.rows) == (240, 240)
    assert change.deleted == 0  # all pairs that there can be
    back = applied(tables, USERS, TEAMS, members(2))["members"]
    assert (back.deleted, back.rows) == (160, 80)
    assert differences(tables, USERS, TEAMS, members(2)) == []
