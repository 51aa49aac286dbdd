"""Slow work in a thread of its own, behind a queue with an end: the load never waits for a disk or a network.

Knows nothing of what the work is. Whatever is not done is counted, and said: once when it begins, and in all at the
end.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

PATIENCE_SECONDS = 10.0
"""How long the end of a run waits for an output."""
_POLITE_SECONDS = 0.000_5

Item = TypeVar("Item")


class BehindAQueue(Generic[Item]):
    """Does `work` on one item after the other, in a daemon thread.

    `name` is the output as it was asked for, `unit` what the sizes of items count. Items that come while more than
    `capacity` of these wait are left out. When `work` raises, its item and all after it are left out. `notify` is only
    ever called by whoever calls `put` and `close`.
    """

    def __init__(
        self, name: str, unit: str, work: Callable[[Item], None], notify: Callable[[str], None], capacity: int
    ) -> None:
        self._name = name
        self._unit = unit
        self._work = work
        self._notify = notify
        self._capacity = capacity
        self._queue: SimpleQueue[tuple[Item, int] | None] = SimpleQueue()
        self._messages: SimpleQueue[str] = SimpleQueue()
        self._put = self._taken = self._done = 0
        self._failed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How much was taken and is not done."""
        return self._taken - self._done

    def put(self, item: Item, size: int = 1) -> bool:
        """Take an item, at once; False when it is left out."""
        self._pass_on()
        overflow = self.waiting > 0 and self.waiting + size > self._capacity
        if overflow and self._put == self._taken:
            self._notify(f"{self._name}: cannot keep up with the load; {self._unit} are left out and counted.")
        self._put += size
        if self._failed or overflow:
            return False
        self._taken += size
        self._queue.put((item, size))
        return True

    def say(self, message: str) -> None:
        """Pass on a message, from the work, when the load next comes by."""
        self._messages.put(message)

    def close(self, patience: float = PATIENCE_SECONDS) -> bool:
        """Wait until all is done, at most `patience` seconds; say what was left out. Is all done?"""
        self._queue.put(None)
        self._thread.join(patience)
        self._pass_on()
        lost = self._put - self._done
        if lost:
            self._notify(f"{self._name}: {lost:,} of {self._put:,} {self._unit} were left out.")
        return not (lost or self._failed or self._thread.is_alive())

    def _pass_on(self) -> None:
        while not self._messages.empty():
            self._notify(self._messages.get())

    def _run(self) -> None:
        while (entry := self._queue.get()) is not None:
            item, size = entry
            try:
                self._work(item)
            except Exception as error:
                self._failed = True
                self.say(f"{self._name}: {_reason(error)}; nothing more is written to it.")
                return
            self._done += size


def politely(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items, and let the load have the interpreter every half a millisecond: Python alone would take 5."""
    since = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - since > _POLITE_SECONDS:
            time.sleep(0)
            since = time.perf_counter()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
