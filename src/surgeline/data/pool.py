"""Pools: the data that scripts draw from, shared by all virtual users. This is what a script sees as `pool`.

What makes a pool is imported when a script first has one of its kind.
"""

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar

from surgeline.judge.refusals import suggest
from surgeline.script.explained import explained

if TYPE_CHECKING:
    from surgeline.data.drawing import Pool
    from surgeline.data.seeded import Table

T = TypeVar("T")
_KINDS = ("ids", "rows", "table", "csv", "json")


@explained("pool.ids")
def ids(pattern: str, *, first: int = 1, count: int) -> "Pool[str]":
    """Return a pool of `count` texts: `pattern` formatted with `first`, `first + 1` and so on.

    `ids("user_{:07d}", first=0, count=1_000_000)`. Raises OptionError when the pattern cannot take a number.
    """
    from surgeline.data.numbered import numbered  # noqa: PLC0415 - see above

    return numbered(pattern, first, count)


@explained("pool.rows")
def rows(values: Iterable[T]) -> "Pool[T]":
    """Return a pool of values that the script has already. Raises OptionError when they cannot be iterated over."""
    from surgeline.data.given import given  # noqa: PLC0415 - see above

    return given(values)


@explained("pool.table")
def table(table: "Table", *columns: str) -> "Pool[Any]":
    """Return a pool of the rows of a declared seeding table, as the database holds them once it is seeded.

    Of one column, its values: `table(users, "id")`. Of several, tuples; without columns, a dict of each row. A row is
    made when it is drawn. Raises OptionError for a column that the table has not.
    """
    from surgeline.data.seeded import seeded  # noqa: PLC0415 - see above

    return seeded(table, columns)


@explained("pool.csv")
def csv(
    path: str | PathLike[str],
    *,
    delimiter: str = ",",
    columns: Sequence[str] | None = None,
    encoding: str = "utf-8",
) -> "Pool[dict[str, str]]":
    """Return a pool of the rows of a CSV file: a dict of texts each, by the names in the file's first row.

    `columns` are the names for a file whose first row is data. A relative path is found from the script's folder. The
    file is looked through now, and read where it is drawn from. Raises OptionError, with the line, for a file that is
    no such table.
    """
    from surgeline.data.csv_file import csv_rows  # noqa: PLC0415 - see above

    return csv_rows(path, delimiter, columns, encoding)


@explained("pool.json")
def json(path: str | PathLike[str], *, at: str | None = None) -> "Pool[Any]":
    """Return a pool of the elements of a JSON array, or of the values on the lines of a file (JSON Lines).

    `at` names the array where the file is an object: `json("shop.json", at="users")`. A relative path is found from
    the script's folder. The file is looked through now, and read where it is drawn from. Raises OptionError, with the
    line, where its elements cannot be told apart; one that is malformed itself raises it when it is drawn.
    """
    from surgeline.data.json_file import json_values  # noqa: PLC0415 - see above

    return json_values(path, at)


def __getattr__(name: str) -> Any:
    """Return `Pool`, the class of all pools."""
    if name != "Pool":
        raise AttributeError(f"pool has no {name!r}{suggest(name, _KINDS)}")
    from surgeline.data.drawing import Pool  # noqa: PLC0415 - see above

    return Pool
