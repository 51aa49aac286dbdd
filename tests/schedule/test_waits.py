"""Waiting times: what is drawn, on average and at the ends, and what is refused."""

from random import Random

import pytest

from surgeline.errors import OptionError
from surgeline.schedule.waits import Constant, Exponential, Uniform, constant, exponential, uniform


def mean_of(wait, count=20_000):
    random = Random(1)
    return sum(wait.draw(random) for _ in range(count)) / count


def test_what_is_drawn():
    assert constant("500ms") == Constant(0.5)
    assert constant(0).draw(Random(1)) == 0
    assert uniform(1, "3s") == Uniform(1, 3)
    assert exponential("2s") == Exponential(2)
    assert mean_of(constant(2)) == 2
    assert mean_of(uniform(1, 3)) == pytest.approx(2, abs=0.02)
    assert mean_of(exponential(2)) == pytest.approx(2, abs=0.05)
    assert all(1 <= uniform(1, 3).draw(random) <= 3 for random in [Random(1)] for _ in range(1_000))
    assert all(exponential(2).draw(random) >= 0 for random in [Random(1)] for _ in range(1_000))
    assert uniform(2, 2).draw(Random(1)) == 2


def test_the_same_for_the_same_generator():
    for wait in (constant(1), uniform(1, 3), exponential(2)):
        assert wait.draw(Random(5)) == wait.draw(Random(5))


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (constant, (-1,), "^constant: expected a duration"),
        (constant, ("soon",), "^constant: expected a duration"),
        (uniform, (3, 1), "^uniform: expected the shorter duration first, found 3, 1"),
        (uniform, (None, 1), "^uniform: expected a duration"),
        (exponential, (0,), "^exponential: expected a mean above 0"),
        (exponential, (True,), "^exponential: expected a duration"),
    ],
)
def test_what_is_refused(make, arguments, message):
    with pytest.raises(OptionError, match=message):
        make(*arguments)
