"""A choice of tasks by weight: what share of the users does what."""

import inspect
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping
from itertools import accumulate
from math import isfinite
from typing import Any, Protocol

from surgeline.errors import OptionError
from surgeline.script.explained import explained

Task = Callable[[Any], Awaitable[Any]]


class _User(Protocol):
    @property
    def random(self) -> Any: ...


class Weighted:
    """Tasks, each chosen as often as its weight says, by the virtual user's own random generator."""

    def __init__(self, weights: Mapping[Task, float]) -> None:
        self._tasks = tuple(weights)
        self._ends = tuple(accumulate(weights.values()))

    def choose(self, vu: _User) -> Task:
        """Return one of the tasks."""
        place = vu.random.random() * self._ends[-1]
        return self._tasks[bisect_right(self._ends, place)]

    async def run(self, vu: _User) -> Any:
        """Choose a task and run it; return what it returns."""
        return await self.choose(vu)(vu)


@explained("weighted")
def weighted(weights: Mapping[Task, float]) -> Weighted:
    """Return a choice of tasks: `tasks = weighted({browse: 3, buy: 1})`, then `await tasks.run(vu)`.

    A weight is any number from 0 up. Raises OptionError for what is none, and where nothing could be chosen.
    """
    if not isinstance(weights, Mapping):
        raise OptionError(
            f"weighted: expected a mapping of functions to weights, {{browse: 3, buy: 1}}, found {weights!r}"
        )
    for task, weight in weights.items():
        if not _is_async(task):
            found = f"{task.__name__}, which is not async" if inspect.isroutine(task) else repr(task)
            raise OptionError(f"weighted: expected an async function, found {found}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not (weight >= 0 and isfinite(weight)):
            name = getattr(task, "__name__", task)
            raise OptionError(f"weighted: expected a number from 0 up as the weight of {name}, found {weight!r}")
    if not sum(weights.values()):
        raise OptionError("weighted: expected a weight above 0, found none")
    return Weighted(weights)


def _is_async(task: object) -> bool:
    """Is it an async function, or an object that is called like one?"""
    return callable(task) and (inspect.iscoroutinefunction(task) or inspect.iscoroutinefunction(type(task).__call__))
