"""How values are drawn from a pool: at random, hot ones more often, in turn, or never twice.

Must not know where the values come from.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

from surgeline.data.sources import Source
from surgeline.data.zipf import zipf_ranks
from surgeline.errors import OptionError
from surgeline.schedule.share import Share
from surgeline.script.collection import collecting

T = TypeVar("T")


class _User(Protocol):
    @property
    def random(self) -> Any: ...
    @property
    def share(self) -> Share | None: ...


class Pool(Generic[T]):
    """Values by position; drawn at random, in turn, or never twice.

    `values` are all of them, by position; `source` says what they are drawn from. The plan of a script knows the pools
    that were made while it was loaded.
    """

    def __init__(self, values: Sequence[T], source: Source) -> None:
        if not len(values):
            raise OptionError("pool: expected at least one value, found none")
        self.values = values
        self.source = source
        self._turn = 0
        self._taken = 0
        collection = collecting.get()
        if collection is not None:
            collection.pools.append(self)

    def random(self, vu: _User) -> T:
        """Return any value, by the virtual user's random generator."""
        index: int = vu.random.randrange(len(self.values))
        return self.values[index]

    def zipf(self, vu: _User, exponent: float = 1.0) -> T:
        """Return a value by Zipf's law, by the virtual user's random generator: the first is the hottest.

        The n-th value is drawn n ** exponent times less often than the first: with 1, the second half as often, the
        tenth a tenth; with 0, all alike. Raises OptionError for an exponent that is no number from 0 up.
        """
        return self.values[zipf_ranks(len(self.values), exponent)(vu.random.random)]

    def cycle(self, vu: _User) -> T:
        """Return the next value in turn, over all virtual users; after the last comes the first.

        Of several workers each has its own turns; together they go through all values. So has set-up.
        """
        value = self.values[(vu.share or Share()).nth(self._turn) % len(self.values)]
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
        if index >= len(self.values):
            raise LookupError(f"pool: {self._drawn(vu.share)} drawn with unique(); make the pool larger")
        self._taken += 1
        return self.values[index]

    def _drawn(self, share: Share) -> str:
        """Return what is used up when there is nothing left for a worker."""
        if share.of == 1:
            return f"all {len(self.values):,} values were"
        own = share.count(len(self.values))
        return (
            f"worker {share.index + 1} of {share.of} has its part of {len(self.values):,} values, and all {own:,} were"
        )

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[T]:
        return iter(self.values)
