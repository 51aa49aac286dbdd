"""A generator of values that a function of the user's computes from a row.

Must not know what a table is: the row's other columns come with the place of its values.
"""

import traceback
from collections.abc import Callable, Sequence
from random import Random
from types import FunctionType
from typing import Any

from surgeline._native.mixing import bits
from surgeline.engine.frames import is_users_own
from surgeline.errors import OptionError, SurgelineError
from surgeline.script.explained import explained
from surgeline.seeding.generator import Generator, Kind, Place, Shape


class Computed(Generator, frozen=True, tag="computed"):
    """What a function returns for each row."""

    function: Callable[["Row"], Any]

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:
        """Return the values. Raises OptionError where the function raises anything, naming the row."""
        batch, function, number = _Batch(rows, place), self.function, 0
        try:
            return [function(Row(batch, index, number := each)) for index, each in enumerate(rows)]
        except SurgelineError:
            raise
        except Exception as error:
            raise OptionError(
                f"{place.table}.{place.column}: the function of computed(...) raised {type(error).__name__}: {error}, "
                f"for row {number}{_where(error)}"
            ) from None

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them: nothing."""
        return Shape(Kind.ANY, nulls=True)


class Row:
    """What the function of `computed` is given: a row's number, its other values, and random numbers of its own."""

    __slots__ = ("_batch", "_index", "_random", "number")

    def __init__(self, batch: "_Batch", index: int, number: int) -> None:
        self._batch = batch
        self._index = index
        self._random: Random | None = None
        self.number = number
        """From 0."""

    @property
    def random(self) -> Random:
        """A generator of random numbers, seeded by the table's seed number, the column and the row."""
        if self._random is None:
            self._random = Random(bits(self._batch.place.key, (self.number,))[0])
        return self._random

    def __getitem__(self, column: str) -> Any:
        """Return the row's value in another column. Raises OptionError when it is itself computed from this one."""
        return self._batch.column(column)[self._index]


class _Batch:
    """Rows that are computed together, so that the columns that they are computed from are made only once."""

    def __init__(self, rows: Sequence[int], place: Place) -> None:
        self.place = place
        self._rows = rows
        self._columns: dict[str, list[Any]] = {}

    def column(self, name: str) -> list[Any]:
        values = self._columns.get(name)
        if values is None:
            assert self.place.others is not None, "only columns of tables are computed"
            values = self._columns[name] = self.place.others(name, self._rows)
        return values


@explained("computed")
def computed(function: Callable[[Row], Any]) -> Computed:
    """Return a generator of what `function` returns for each row: `computed(lambda row: row["price"] * row["count"])`.

    The row has `number`, from 0; `random`, a `random.Random` of its own; and `row["other"]`, its value in any other
    column of the table. The function is to depend on nothing else that changes: not on the time, not on its last call.
    Raises OptionError for what is no function.
    """
    if not isinstance(function, FunctionType):
        raise OptionError(f"computed: expected a function or lambda of one row, found {function!r}")
    return Computed(function)


def _where(error: Exception) -> str:
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users_own(frame.filename)]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
