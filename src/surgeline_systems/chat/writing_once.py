"""Writes each message once, however often it comes: what is there already stays, and what contradicts it is told.

Nearly always all rows are new: so they are inserted at once, and only where the database refuses one it is asked which
are there. It must not know a driver nor a statement.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from surgeline_systems.chat.store import MessageRow, StoreAwayError, Written

MOST_ATTEMPTS = 10

# Inserts in one transaction; gives the first position, and how many messages each of the chats has now.
# Raises: RowsThereError, TryAgainError.
Insert = Callable[[Sequence[MessageRow]], Awaitable[tuple[int, Mapping[int, int]]]]
# Which of these rows' chats and numbers are there, and as what.
Find = Callable[[Sequence[MessageRow]], Awaitable[Iterable[MessageRow]]]


class RowsThereError(Exception):
    """One of the rows, at least, has a chat and number that are taken; nothing was inserted."""


class TryAgainError(Exception):
    """The database gave up because of another transaction; nothing was inserted."""


class Sorted(NamedTuple):
    """Rows by what is to become of them; see `Written`."""

    new: Sequence[MessageRow]
    there: Sequence[MessageRow]
    conflicting: Sequence[MessageRow]


async def write_once(rows: Sequence[MessageRow], insert: Insert, find: Find) -> Written:
    """Insert what is not there yet. Raises: StoreAwayError, and what `insert` and `find` raise of their own."""
    sorted_out = Sorted(rows, (), ())
    for _ in range(MOST_ATTEMPTS):
        try:
            return Written(*sorted_out, *(await insert(sorted_out.new) if sorted_out.new else (0, {})))
        except RowsThereError:  # another writer may add some between this question and the next attempt: then once more
            sorted_out = sort_out(rows, await find(rows))
        except TryAgainError:
            pass
    raise StoreAwayError(f"expected to write {len(rows):,} messages, found others in the way {MOST_ATTEMPTS} times")


def sort_out(rows: Sequence[MessageRow], stored: Iterable[MessageRow]) -> Sorted:
    """Compare rows with stored ones, and with those before them."""
    known = {row[:2]: row for row in stored}
    new: list[MessageRow] = []
    there: list[MessageRow] = []
    conflicting: list[MessageRow] = []
    for row in rows:
        known_as = known.get(row[:2])
        if known_as is None:
            known[row[:2]] = row
            new.append(row)
        else:
            (there if known_as == row else conflicting).append(row)
    return Sorted(new, there, conflicting)
