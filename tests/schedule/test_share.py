"""Shares of a plan: together they are the whole, and each item is in one of them."""

from hypothesis import given
from hypothesis import strategies as st

from surgeline.schedule.share import Share

workers = st.integers(1, 64)
items = st.integers(0, 1_000)


@given(workers, items)
def test_the_union_of_all_shares_is_the_whole_each_item_once(of, n):
    taken = [k for index in range(of) for k in Share(index, of).items(n)]
    assert sorted(taken) == list(range(n))


@given(workers, items)
def test_count_and_nth_say_what_items_lists(of, n):
    for index in range(of):
        share = Share(index, of)
        assert share.count(n) == len(share.items(n))
        assert [share.nth(i) for i in range(share.count(n))] == list(share.items(n))


@given(workers, items)
def test_shares_differ_by_one_item_at_most(of, n):
    counts = [Share(index, of).count(n) for index in range(of)]
    assert max(counts) - min(counts) <= 1


def test_everything():
    assert Share() == Share(0, 1)
    assert list(Share().items(5)) == [0, 1, 2, 3, 4]
    assert Share().count(10**15) == 10**15


def test_thirds():
    assert [Share(index, 3).count(7) for index in range(3)] == [3, 2, 2]
    assert list(Share(1, 3).items(7)) == [1, 4]
    assert Share(2, 3).nth(1) == 5


@given(workers, st.integers(1, 64), items)
def test_split_over_the_first_workers_only_it_is_still_the_whole(of, n, count):
    parts = [part for index in range(of) if (part := Share(index, of).among(n))]
    assert len(parts) == min(of, n)
    assert sorted(k for part in parts for k in part.items(count)) == list(range(count))
