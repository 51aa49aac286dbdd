"""Pools: the data that scripts draw from, shared by all virtual users."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

from surgeline.errors import OptionError
from surgeline.schedule.share import Share
from surgeline.script.explained import explained

T = TypeVar("T")


class _User(Protocol):
    @property
    def random(self) -> Any: ...
    @property
    def share(self) -> Share | None: ...


class Pool(Generic[T]):
    """Values by position; drawn at random, in turn, or never twice."""

    def __init__(self, values: Sequence[T]) -> None:
        if not len(values):
            raise OptionError("pool: expected at least one value, found none")
        self._values = values
        self._turn = 0
        self._taken = 0

    def random(self, vu: _User) -> T:
        """Return any value, by the virtual user's random generator."""
        index: int = vu.random.randrange(len(self._values))
        return self._values[index]

    def cycle(self, vu: _User) -> T:
        """Return the next value in turn, over all virtual users; after the last comes the first.

        Of several workers each has its own turns; together they go through all values. So has set-up.
        """
        value = self._values[(vu.share or Share()).nth(self._turn) % len(self._values)]
        self._turn += 1
        return value

    def unique(self, vu: _User) -> T:
        """Return a value that nobody was given before, on no worker. Raises LookupError when there is none left.

        Of several workers each has its own part of the pool, so it is used up when one of them has drawn its part.
        Set-up and tear-down have none then, for they are in a process of their own: there it raises RuntimeError.
        """
        if vu.share is None:
            raise RuntimeError(
                "pool: expected unique() in a virtual user's iterations or @vu_start, found it in @setup or @teardown "
                "of a run with several workers, who would draw the same values; take values by their position there "
                "(a list's slice) and make the pool of the others, or run with one worker"
            )
        index = vu.share.nth(self._taken)
        if index >= len(self._values):
            raise LookupError(f"pool: {self._drawn(vu.share)} drawn with unique(); make the pool larger")
        self._taken += 1
        return self._values[index]

    def _drawn(self, share: Share) -> str:
        """Return what is used up when there is nothing left for a worker."""
        if share.of == 1:
            return f"all {len(self._values):,} values were"
        own = share.count(len(self._values))
        return (
            f"worker {share.index + 1} of {share.of} has its part of {len(self._values):,} values, and all {own:,} were"
        )

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[T]:
        return iter(self._values)


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


@explained("pool.ids")
def ids(pattern: str, *, first: int = 1, count: int) -> Pool[str]:
    """Return a pool of `count` texts: `pattern` formatted with `first`, `first + 1` and so on.

    `ids("user_{:07d}", first=0, count=1_000_000)`. Raises OptionError when the pattern cannot take a number.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise OptionError(f"pool.ids: expected a whole number from 1 for count, found {count!r}")
    if isinstance(first, bool) or not isinstance(first, int):
        raise OptionError(f"pool.ids: expected a whole number for first, found {first!r}")
    try:
        same = pattern.format(first) == pattern.format(first + 1)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise OptionError(f'pool.ids: expected a pattern such as "user_{{:07d}}", found {pattern!r}: {error}') from None
    if same:
        raise OptionError(f'pool.ids: expected a pattern with a place for a number, "user_{{:07d}}", found {pattern!r}')
    return Pool(_Ids(pattern, first, count))


@explained("pool.rows")
def rows(values: Iterable[T]) -> Pool[T]:
    """Return a pool of values that the script has already. Raises OptionError when they cannot be iterated over."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise OptionError(f"pool.rows: expected a list of values, found {values!r}")
    return Pool(values if isinstance(values, Sequence) else tuple(values))
