"""Pools: how values are drawn, and what is no pool."""

from collections import Counter
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline import pool
from surgeline.errors import OptionError
from surgeline.schedule.share import Share


def user(seed=1, share=Share()):  # noqa: B008 - it is frozen
    return SimpleNamespace(random=Random(seed), share=share)


def test_ids():
    ids = pool.ids("user_{:07d}", first=5, count=3)
    assert list(ids) == ["user_0000005", "user_0000006", "user_0000007"]
    assert len(ids) == 3
    assert len(pool.ids("{}", count=10**12)) == 10**12


@given(st.integers(1, 50), st.integers(0, 200))
def test_cycle_takes_turns_over_all_users(count, draws):
    ids = pool.ids("{}", first=0, count=count)
    assert [ids.cycle(user()) for _ in range(draws)] == [str(turn % count) for turn in range(draws)]


@given(st.integers(1, 50), st.integers(1, 5))
def test_workers_share_what_is_unique_and_cycle_through_all_of_it(count, workers):
    """Each worker has a pool of its own, which does not know of the others."""
    drawn, turns = Counter(), Counter()
    for index in range(workers):
        vu, ids = user(share=Share(index, workers)), pool.ids("{}", first=0, count=count)
        turns.update(ids.cycle(vu) for _ in range(count))
        drawn.update(ids.unique(vu) for _ in range(vu.share.count(count)))
        with pytest.raises(LookupError):
            ids.unique(vu)
    assert drawn == Counter(pool.ids("{}", first=0, count=count))
    assert set(turns) == set(drawn)


@given(st.integers(1, 50))
def test_unique_gives_each_once_and_then_says_so(count):
    ids = pool.ids("{}", count=count)
    assert Counter(ids.unique(user()) for _ in range(count)) == Counter(ids)
    with pytest.raises(LookupError, match="make the pool larger"):
        ids.unique(user())


def test_what_is_used_up_is_said_of_the_worker():
    vu, ids = user(share=Share(1, 3)), pool.ids("{}", first=0, count=5)
    assert [ids.unique(vu), ids.unique(vu)] == ["1", "4"]
    with pytest.raises(LookupError, match="worker 2 of 3 has its part of 5 values, and all 2 were drawn"):
        ids.unique(vu)


def test_set_up_beside_several_workers_takes_turns_and_draws_nothing_unique():
    ids = pool.ids("{}", first=0, count=5)
    assert [ids.cycle(user(share=None)) for _ in range(2)] == ["0", "1"]
    with pytest.raises(RuntimeError, match="@setup or @teardown"):
        ids.unique(user(share=None))


def test_random_is_by_the_users_generator_and_reaches_all():
    ids = pool.ids("{}", count=10)
    one, same, other = user(1), user(1), user(2)
    draws = [ids.random(one) for _ in range(200)]
    assert draws == [ids.random(same) for _ in range(200)]
    assert draws != [ids.random(other) for _ in range(200)]
    assert set(draws) == set(ids)


def test_rows():
    assert list(pool.rows([1, 2])) == [1, 2]
    assert pool.rows(number * 2 for number in range(3)).cycle(user()) == 0
    assert len(pool.rows({"a": 1, "b": 2}.items())) == 2


@pytest.mark.parametrize("values", [[], (), iter([]), "text", b"bytes", None, 5])
def test_what_is_no_pool_of_rows(values):
    with pytest.raises(OptionError, match="expected"):
        pool.rows(values)


@pytest.mark.parametrize("pattern", ["user", "{0.x}", "{name}", "{:q}", "{} {}", "{", "{[0]}"])
def test_wrong_pattern(pattern):
    with pytest.raises(OptionError, match=r"pool\.ids: expected a pattern"):
        pool.ids(pattern, count=1)


@pytest.mark.parametrize("options", [{"count": 0}, {"count": -1}, {"count": 1.5}, {"count": True}, {"count": "3"}])
def test_wrong_count(options):
    with pytest.raises(OptionError, match=r"pool\.ids: expected a whole number"):
        pool.ids("{}", **options)


def test_wrong_first():
    with pytest.raises(OptionError, match="first"):
        pool.ids("{}", first="1", count=2)


@pytest.mark.parametrize(
    ("name", "meant"), [("tabel", '; did you mean "table"?'), ("cvs", '; did you mean "csv"?'), ("x", "")]
)
def test_a_kind_that_there_is_not(name, meant):
    with pytest.raises(AttributeError) as caught:
        getattr(pool, name)
    assert str(caught.value) == f"pool has no {name!r}{meant}"
