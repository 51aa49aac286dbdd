"""Pools of declared seeding tables: what is drawn is what the declaration makes."""

from collections import Counter

import pytest
from files_support import user

from surgeline import pool
from surgeline.data.sources import TableSource
from surgeline.errors import OptionError
from surgeline.schedule.share import Share
from surgeline.seeding import choice, email, foreign_key, sequence, table, uuid, written

USERS = table(
    "users", rows=1_000, key="id", columns={"id": uuid(), "email": email(), "plan": choice({"free": 3, "gold": 1})}
)
ORDERS = table("orders", rows=500, key="id", columns={"id": sequence(), "user_id": foreign_key(USERS)})


@pytest.mark.parametrize(("declared", "column"), [(USERS, "id"), (USERS, "plan"), (ORDERS, "id"), (ORDERS, "user_id")])
def test_of_one_column_its_values(declared, column):
    values = pool.table(declared, column)
    assert list(values) == declared.column(column).values(range(declared.rows))
    assert len(values) == declared.rows


def test_of_several_columns_tuples_in_their_order():
    expected = zip(ORDERS.column("user_id").values(range(500)), range(1, 501), strict=True)
    assert list(pool.table(ORDERS, "user_id", "id")) == list(expected)


def test_without_columns_dicts_of_the_rows():
    assert list(pool.table(USERS)) == [USERS.row(number) for number in range(1_000)]


def test_workers_share_the_rows():
    drawn = Counter()
    for index in range(3):
        vu, ids = user(share=Share(index, 3)), pool.table(USERS, "id")
        drawn.update(ids.unique(vu) for _ in range(vu.share.count(1_000)))
    assert drawn == Counter(pool.table(USERS, "id"))


def test_every_way_of_drawing():
    ids, vu = pool.table(ORDERS, "id"), user()
    assert [ids.cycle(vu), ids.cycle(vu), ids.unique(vu), ids.unique(vu)] == [1, 2, 1, 2]
    assert Counter(ids.zipf(vu, 2) for _ in range(100)).most_common(1)[0][0] == 1
    assert len({ids.random(vu) for _ in range(100)} & set(range(1, 501))) > 80


def test_nothing_is_made_but_what_is_drawn():
    many = table("many", rows=10**12, key="id", columns={"id": sequence()})
    assert pool.table(many, "id").values[10**12 - 1] == 10**12


def test_where_it_is_drawn_from():
    assert pool.table(USERS, "id").source == TableSource(USERS, ("id",))
    assert pool.table(USERS).source == TableSource(USERS, ("id", "email", "plan"))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("emial", "columns of 'users' (id, email, plan), found 'emial'; did you mean \"email\"?"),
        ("xyz", "columns of 'users' (id, email, plan), found 'xyz'"),
        (["id"], "columns of 'users' (id, email, plan), found ['id']"),
        (0, "columns of 'users' (id, email, plan), found 0"),
    ],
)
def test_columns_that_the_table_has_not(column, message):
    with pytest.raises(OptionError) as caught:
        pool.table(USERS, "id", column)
    assert str(caught.value) == f"pool.table: expected {message}"


@pytest.mark.parametrize("other", ["users", None, table, written("logs"), {"id": [1]}])
def test_what_is_no_table(other):
    with pytest.raises(
        OptionError, match=r"^pool\.table: expected a table that surgeline\.seeding\.table made, found "
    ):
        pool.table(other, "id")


def test_a_table_that_the_test_writes_is_called_by_its_name():
    with pytest.raises(OptionError, match=r"found 'logs' without declared rows$"):
        pool.table(written("logs"))
