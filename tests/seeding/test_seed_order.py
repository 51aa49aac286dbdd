"""The order of loading: what is referred to comes first, and a circle is named."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.seeding.choices import nulls
from surgeline.seeding.database import ForeignKey, RealTable
from surgeline.seeding.declaration import table, written
from surgeline.seeding.ids import sequence
from surgeline.seeding.order import loading_order, same_table
from surgeline.seeding.references import foreign_key


def declared(name, **columns):
    return table(name, rows=3, key="id", columns={"id": sequence(), **columns})


def real(name, *parents):
    """Return a real table with a foreign key on each of the others, of a column called by its name."""
    keys = tuple(ForeignKey(f"{name}_{one}", (f"{one}_id",), one, ("id",)) for one in parents)
    return RealTable(name, {}, (), keys, ())


def names(tables):
    return [one.name for one in tables]


USERS = declared("users")
ORDERS = declared("orders", user_id=foreign_key(USERS))
LINES = declared("lines", order_id=nulls(foreign_key(ORDERS), 0.5))


@pytest.mark.parametrize("given", list(permutations([USERS, ORDERS, LINES])))
def test_declared_references_alone_give_the_order(given):
    assert names(loading_order(given, {})) == ["users", "orders", "lines"]


@pytest.mark.parametrize("given", list(permutations("abc")))
def test_real_foreign_keys_alone_give_the_order(given):
    tables = {"a": declared("a", b_id=sequence()), "b": declared("b", c_id=sequence()), "c": declared("c")}
    found = {"a": real("a", "b"), "b": real("b", "c"), "c": real("c")}
    assert names(loading_order([tables[name] for name in given], found)) == ["c", "b", "a"]


def test_tables_that_do_not_refer_to_one_another_stay_as_they_are_declared():
    tables = [declared(name) for name in "zmay"]
    assert names(loading_order(tables, {name: real(name) for name in "zmay"})) == list("zmay")


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] > pair[1])), st.randoms())
def test_every_parent_comes_first(pairs, random):
    found = {f"t{child}": real(f"t{child}", *(f"t{b}" for a, b in set(pairs) if a == child)) for child in range(8)}
    tables = [declared(one, **{f"t{n}_id": sequence() for n in range(8)}) for one in found]
    random.shuffle(tables)
    order = names(loading_order(tables, found))
    assert sorted(order) == sorted(found)
    assert all(order.index(f"t{parent}") < order.index(f"t{child}") for child, parent in pairs)


def test_a_table_may_refer_to_itself():
    assert names(loading_order([declared("a", a_id=sequence())], {"a": real("a", "a")})) == ["a"]


def test_parents_that_are_not_declared_do_not_matter():
    assert names(loading_order([declared("a", x_id=sequence())], {"a": real("a", "x")})) == ["a"]


def test_a_foreign_key_of_a_column_that_is_not_declared_does_not_matter():
    tables = [declared("a", b_id=sequence()), declared("b")]
    assert names(loading_order(tables, {"a": real("a", "b"), "b": real("b", "a")})) == ["b", "a"]


@pytest.mark.parametrize("given", list(permutations([USERS, ORDERS, written("logs"), written("details")])))
def test_tables_that_only_the_test_writes_come_after_all_that_they_refer_to(given):
    order = names(loading_order(given, {"logs": real("logs", "orders"), "details": real("details", "logs", "users")}))
    assert order == ["users", "orders", "logs", "details"]


def test_a_circle_is_named_from_reference_to_reference():
    circle = "abcd"
    tables = [declared(one, **{f"{other}_id": sequence() for other in circle}) for one in circle]
    found = {one: real(one, other) for one, other in pairwise("abca")} | {"d": real("d", "a")}
    with pytest.raises(OptionError, match=r"found foreign keys in a circle: .*; leave the column of one") as refused:
        loading_order(tables, found)
    named = str(refused.value).split("circle: ")[1].split(";")[0].split(" -> ")
    assert named[0] == named[-1]
    assert sorted(named[1:]) == ["a", "b", "c"]
    assert all(found[one].foreign_keys[0].parent == other for one, other in pairwise(named))


def test_a_parent_named_without_its_schema_is_found():
    tables = [declared("shop.a", b_id=sequence()), declared("shop.b")]
    found = {"shop.a": real("shop.a", "b"), "shop.b": real("shop.b")}
    assert names(loading_order(tables, found)) == ["shop.b", "shop.a"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("users", "users", True),
        ("public.users", "users", True),
        ("users", "public.users", True),
        ("public.users", "shop.users", False),
        ("users", "superusers", False),
        ("public.superusers", "users", False),
        ("users", "orders", False),
    ],
)
def test_names_of_the_same_table(one, other, same):
    assert same_table(one, other) is same
