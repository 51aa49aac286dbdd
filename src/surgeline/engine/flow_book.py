"""The book-keeping of one flow: what was started, what came of it, and how long that took.

Pure: time is what it is told. Every key that was started has ended in one way by the time the book is closed: arrived,
late, lost, cancelled or open. Knows no clock, no metric and nobody who starts or looks.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from enum import StrEnum
from itertools import islice

MOST_OVERDUE = 100_000
"""How many keys are kept whose timeout is over: what arrives after all is late, and not lost."""
MOST_ARRIVED = 100_000
"""How many keys are kept that have arrived: to know them when they arrive again."""
MOST_EARLY = 10_000
"""How many keys are kept that arrived and were not started: a start may be told after the arrival."""


class Outcome(StrEnum):
    """What is counted of a key. Texts, which are hashed at once: the hash of a plain enum's member is Python code."""

    STARTED = "started"
    ARRIVED = "arrived"
    LATE = "late"
    LOST = "lost"
    CANCELLED = "cancelled"
    OPEN = "open"
    DUPLICATE = "duplicates"
    UNKNOWN = "unknown"


class FlowBook:
    """The keys of one flow. `count` takes outcomes as they come, `record` the nanoseconds of each arrival."""

    def __init__(self, timeout_ns: int, count: Callable[[Outcome, int], None], record: Callable[[int], None]) -> None:
        self.closed = False
        self._timeout_ns = timeout_ns
        self._count = count
        self._record = record
        # Ordered, for the oldest has to be found at once however many have gone before it.
        self._under_way: OrderedDict[Hashable, int] = OrderedDict()
        self._overdue: OrderedDict[Hashable, int] = OrderedDict()
        self._arrived: OrderedDict[Hashable, None] = OrderedDict()
        self._early: OrderedDict[Hashable, int] = OrderedDict()

    def start(self, key: Hashable, at_ns: int) -> None:
        """Count a key as started at a time. Raises ValueError when it is under way already.

        One whose timeout is over may start again: what it was before is lost.
        """
        self._let_expire(at_ns)
        if key in self._under_way:
            raise ValueError(f"expected a key that is not under way, found {key!r} a second time")
        if self._overdue.pop(key, None) is not None:
            self._count(Outcome.LOST, 1)
        self._arrived.pop(key, None)
        self._count(Outcome.STARTED, 1)
        arrived_ns = self._early.pop(key, None)
        self._under_way[key] = at_ns
        if arrived_ns is not None:
            self.arrive(key, arrived_ns)

    def arrive(self, key: Hashable, at_ns: int) -> None:
        """Count a key as arrived at a time."""
        started_ns = self._taken(key)
        if started_ns is not None:
            took_ns = max(0, at_ns - started_ns)
            self._count(Outcome.ARRIVED if took_ns <= self._timeout_ns else Outcome.LATE, 1)
            self._record(took_ns)
            self._arrived[key] = None
            self._forget(self._arrived, MOST_ARRIVED)
        elif key in self._arrived or key in self._early:
            self._count(Outcome.DUPLICATE, 1)
        else:
            self._early[key] = at_ns
            self._count(Outcome.UNKNOWN, self._forget(self._early, MOST_EARLY))

    def cancel(self, key: Hashable) -> None:
        """Count a key as cancelled; nothing where it is not under way."""
        if self._taken(key) is not None:
            self._count(Outcome.CANCELLED, 1)

    def under_way(self, now_ns: int) -> int:
        """Return how many keys are neither there nor overdue."""
        self._let_expire(now_ns)
        return len(self._under_way)

    def keys(self, now_ns: int, most_overdue: int = MOST_OVERDUE) -> list[Hashable]:
        """Return the keys to look for, the oldest first: those under way, and some of the overdue in turn."""
        self._let_expire(now_ns)
        overdue = list(islice(self._overdue, most_overdue))
        for key in overdue:
            self._overdue.move_to_end(key)
        return [*overdue, *self._under_way]

    def close(self, now_ns: int) -> None:
        """End the account: what had its time and did not arrive is lost, what had not is open."""
        self.closed = True
        still = sum(now_ns - started_ns < self._timeout_ns for started_ns in self._under_way.values())
        self._count(Outcome.OPEN, still)
        self._count(Outcome.LOST, len(self._under_way) - still + len(self._overdue))
        self._count(Outcome.UNKNOWN, len(self._early))
        for keys in (self._under_way, self._overdue, self._arrived, self._early):
            keys.clear()

    def _taken(self, key: Hashable) -> int | None:
        """Take a key off the book; return when it was started, None where it is not there."""
        started_ns = self._under_way.pop(key, None)
        return self._overdue.pop(key, None) if started_ns is None else started_ns

    def _let_expire(self, now_ns: int) -> None:
        while self._under_way:
            key, started_ns = next(iter(self._under_way.items()))
            if now_ns - started_ns <= self._timeout_ns:
                return
            self._overdue[key] = self._under_way.pop(key)
            self._count(Outcome.LOST, self._forget(self._overdue, MOST_OVERDUE))

    @staticmethod
    def _forget(keys: OrderedDict[Hashable, int] | OrderedDict[Hashable, None], most: int) -> int:
        """Let the oldest go where there are too many; return how many went."""
        if len(keys) <= most:
            return 0
        keys.popitem(last=False)
        return 1
