"""A flow while a run goes on: what is declared of it, and its book with the run's clock and metrics.

Knows no script and no watcher's work. May be told of starts and arrivals from any thread.
"""

import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from threading import get_ident
from typing import Any

from surgeline._native.poller import now_ns
from surgeline.engine.context import RunContext
from surgeline.engine.flow_book import FlowBook, Outcome
from surgeline.engine.signals import undisturbed
from surgeline.metrics import names
from surgeline.metrics.names import Metric

METRICS: dict[Outcome, Metric] = {
    Outcome.STARTED: names.FLOW_STARTED,
    Outcome.ARRIVED: names.FLOW_ARRIVED,
    Outcome.LATE: names.FLOW_LATE,
    Outcome.LOST: names.FLOW_LOST,
    Outcome.CANCELLED: names.FLOW_CANCELLED,
    Outcome.OPEN: names.FLOW_OPEN,
    Outcome.DUPLICATE: names.FLOW_DUPLICATES,
    Outcome.UNKNOWN: names.FLOW_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Watch:
    """How the keys of a flow are looked for."""

    function: Callable[[Any, list[Hashable]], Awaitable[Any]]
    every_ns: int
    every: str
    """As a text: a tag of the intervals between looks."""


@dataclass(slots=True)
class DeclaredFlow:
    """A flow as a script declares it."""

    name: str
    timeout_ns: int
    watch: Watch | None = None
    live: "LiveFlow | None" = None
    """The flow in the run that goes on, or the last one; None before."""


class LiveFlow:
    """A flow in one run."""

    def __init__(self, context: RunContext, declared: DeclaredFlow) -> None:
        self.declared = declared
        self.tags = {**context.tags, "flow": declared.name}
        self._context = context
        cell = context.registry.cell
        self._cells = {outcome: cell(metric, self.tags) for outcome, metric in METRICS.items()}
        self.book = FlowBook(declared.timeout_ns, self._count, cell(names.FLOW_DURATION, self.tags).record)
        self._thread = get_ident()

    def start(self, key: Hashable, at: float | None) -> None:
        """Count a key as started, now or `at` seconds of `time.monotonic`. Raises ValueError for a time that is none.

        Raises ValueError for a key that is under way already, TypeError for one that cannot be a key.
        """
        self._enter(self.book.start, key, now_ns() if at is None else _as_ns(at))

    def arrive(self, key: Hashable) -> None:
        """Count a key as arrived now."""
        self._enter(self.book.arrive, key, now_ns())

    def cancel(self, key: Hashable) -> None:
        """Count a key as cancelled."""
        self._enter(self.book.cancel, key)

    def close(self) -> None:
        """End the account; what is told from now on does not count."""
        with undisturbed():
            if not self.book.closed:
                self.book.close(now_ns())

    def _enter(self, entry: Callable[..., None], key: Hashable, *at_ns: int) -> None:
        hash(key)  # where it was told, and not on the loop's thread
        if get_ident() != self._thread:
            with suppress(RuntimeError):  # the run is over, and its loop closed
                self._context.loop.call_soon_threadsafe(self._enter_later, entry, key, *at_ns)
        elif not self.book.closed:
            try:
                with undisturbed():
                    entry(key, *at_ns)
            except ValueError as error:
                raise ValueError(f"flow {self.declared.name!r}: {error}") from None

    def _enter_later(self, entry: Callable[..., None], key: Hashable, *at_ns: int) -> None:
        try:
            self._enter(entry, key, *at_ns)
        except ValueError as error:  # who told it has gone on
            self._context.notify(str(error))

    def _count(self, outcome: Outcome, number: int) -> None:
        if number:
            self._cells[outcome].add(number)


def _as_ns(at: float) -> int:
    now = time.monotonic()
    if isinstance(at, int | float) and 0 <= at <= now:
        return round(at * 1e9)
    raise ValueError(f"at: expected seconds of time.monotonic(), {now:.3f} at most, found {at!r}")
