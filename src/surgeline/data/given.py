"""A pool of values that the script has already."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from surgeline.data.drawing import Pool
from surgeline.data.sources import RowsSource
from surgeline.errors import OptionError

T = TypeVar("T")


def given(values: Iterable[T]) -> Pool[T]:
    """Return the pool of `pool.rows`."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise OptionError(f"pool.rows: expected a list of values, found {values!r}")
    return Pool(values if isinstance(values, Sequence) else tuple(values), RowsSource())
