"""A pool of texts that are made from a number when they are drawn."""

from collections.abc import Sequence
from typing import Any

from surgeline.data.drawing import Pool
from surgeline.data.sources import IdsSource
from surgeline.errors import OptionError


class _Ids(Sequence[str]):
    """Texts made from their number when asked for: a million of them cost nothing."""

    def __init__(self, pattern: str, first: int, count: int) -> None:
        self._pattern = pattern
        self._first = first
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._pattern.format(self._first + index)


def numbered(pattern: str, first: int, count: int) -> Pool[str]:
    """Return the pool of `pool.ids`."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise OptionError(f"pool.ids: expected a whole number from 1 for count, found {count!r}")
    if isinstance(first, bool) or not isinstance(first, int):
        raise OptionError(f"pool.ids: expected a whole number for first, found {first!r}")
    try:
        same = pattern.format(first) == pattern.format(first + 1)
    except (AttributeError, IndexError, KeyError, MemoryError, TypeError, ValueError) as error:
        raise OptionError(f'pool.ids: expected a pattern such as "user_{{:07d}}", found {pattern!r}: {error}') from None
    if same:
        raise OptionError(f'pool.ids: expected a pattern with a place for a number, "user_{{:07d}}", found {pattern!r}')
    return Pool(_Ids(pattern, first, count), IdsSource(pattern, first, count))
