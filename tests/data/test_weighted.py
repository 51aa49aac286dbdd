"""Tasks by weight: how often each is chosen, and what is refused."""

import asyncio
from functools import partial
from random import Random

import pytest

from surgeline.data.weighted import weighted
from surgeline.errors import OptionError


class User:
    def __init__(self, seed=1):
        self.random = Random(seed)


async def browse(vu):
    return "browse"


async def buy(vu):
    return "buy"


async def never(vu):
    raise AssertionError


def test_each_is_chosen_as_often_as_its_weight_says():
    tasks, user = weighted({browse: 3, buy: 1}), User()
    chosen = [tasks.choose(user) for _ in range(10_000)]
    assert chosen.count(browse) == pytest.approx(7_500, abs=150)
    assert chosen.count(browse) + chosen.count(buy) == 10_000


@pytest.mark.parametrize("weights", [{never: 0, browse: 0.5}, {browse: 1e-9, never: 0}])
def test_a_weight_of_nothing_is_never_chosen(weights):
    tasks, user = weighted(weights), User()
    assert {tasks.choose(user) for _ in range(1_000)} == {browse}


def test_it_is_run_with_the_user():
    tasks = weighted({browse: 1, buy: 1})

    async def some():
        return {await tasks.run(User(seed)) for seed in range(20)}

    assert asyncio.run(some()) == {"browse", "buy"}


def test_the_same_user_chooses_the_same():
    tasks = weighted({browse: 1, buy: 1})
    one, other = User(7), User(7)
    assert [tasks.choose(one) for _ in range(50)] == [tasks.choose(other) for _ in range(50)]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([browse, buy], "expected a mapping of functions to weights"),
        ({}, "expected a weight above 0, found none"),
        ({browse: 0}, "expected a weight above 0, found none"),
        ({"browse": 1}, "expected an async function, found 'browse'"),
        ({browse: -1}, "the weight of browse, found -1"),
        ({browse: float("nan")}, "the weight of browse, found nan"),
        ({browse: float("inf")}, "the weight of browse, found inf"),
        ({browse: "3"}, "the weight of browse, found '3'"),
        ({browse: True}, "the weight of browse, found True"),
    ],
)
def test_what_is_refused(weights, message):
    with pytest.raises(OptionError, match=rf"^weighted: .*{message}"):
        weighted(weights)


def plain(vu):
    return "plain"


class Called:
    async def __call__(self, vu):
        return "called"


@pytest.mark.parametrize(
    ("task", "found"),
    [(plain, "plain, which is not async"), (lambda vu: None, "<lambda>, which is not async"), (5, "5")],
)
def test_a_task_that_is_not_async(task, found):
    with pytest.raises(OptionError) as caught:
        weighted({browse: 1, task: 1})
    assert str(caught.value) == f"weighted: expected an async function, found {found}"


def test_objects_that_are_called_like_async_functions():
    tasks = weighted({Called(): 1, partial(browse): 1})
    assert {asyncio.run(tasks.run(User(seed))) for seed in range(20)} == {"browse", "called"}
