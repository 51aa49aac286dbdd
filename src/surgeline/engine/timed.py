"""Timed operations: what a script does with a library of its own, counted and measured as a request is.

Knows no protocol: a query, a message, a call of another service are all a block that took so long and failed or not.
Clients whose samples are made in Python build on the same, `Measured`, with metrics and tags of their own.
"""

from abc import ABC, abstractmethod
from asyncio import CancelledError
from collections.abc import Hashable, Mapping
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

from surgeline._native.iteration import UserState
from surgeline._native.poller import now_ns
from surgeline.engine.scope import OwnTags, Scope
from surgeline.metrics import names
from surgeline.metrics.names import Metric
from surgeline.metrics.tags import REQUEST_TAGS, refuse_reserved

MOST_SERIES = 1_000
"""How many of a scope are kept: names and reasons may have no end."""
MOST_CHARACTERS = 200
"""Of a reason; it is a tag, which is for few and short values."""
_OURS = REQUEST_TAGS | {"name"}
_BEFORE, _AFTER = 0, -1

_Cells = tuple[Any, Any, Any, Any]


class Measures(NamedTuple):
    """The four metrics that things of one kind are counted and measured by."""

    counter: Metric
    failed: Metric
    duration: Metric
    response_time: Metric


OPERATION = Measures(names.OPERATIONS, names.OPERATION_FAILED, names.OPERATION_DURATION, names.OPERATION_RESPONSE_TIME)


class Measured(ABC):
    """Something that begins and ends, well or not: the block of a `with`. Each kind has tags of its own.

    What is under way when the run interrupts its iteration has neither ended well nor failed: it counts as abandoned.
    """

    __slots__ = ("_error", "_lateness_ns", "_refused", "_scope", "_started_ns", "_user", "took_ns")
    measures: ClassVar[Measures]

    def __init__(self, user: UserState, scope: Scope) -> None:
        """Samples are taken in `scope`."""
        self._user = user
        self._scope = scope
        self._error = ""
        self._refused = False
        self._started_ns = _BEFORE

    @abstractmethod
    def _end(self, error: BaseException | None) -> None:
        """Take note of how it ended: `_error`, empty where well, and `_refused`, whether nobody could be reached."""

    @abstractmethod
    def _key(self) -> Hashable:
        """Return what tells its series from those of others of its kind, in the same scope."""

    @abstractmethod
    def _tags(self) -> Mapping[str, str]:
        """Return its tags beside those of the scope."""

    def __enter__(self) -> Self:
        self._lateness_ns = self._user.lateness_ns
        self._started_ns = now_ns()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.took_ns = now_ns() - self._started_ns
        self._started_ns = _AFTER
        if error is not None and _is_cut_off(error, self._user):
            self._user.abandoned += 1
            return
        self._end(error)
        # Who cannot connect fails at once; this count is what keeps the closed model from spinning.
        self._user.connect_failures = self._user.connect_failures + 1 if self._refused else 0
        count, failed, duration, response_time = self._cells()
        count.add()
        failed.add(bool(self._error))
        duration.record(self.took_ns)
        response_time.record(self._lateness_ns + self.took_ns)

    def _cells(self) -> _Cells:
        known: dict[Hashable, _Cells] = self._scope.clients.setdefault(self.measures.counter.name, {})
        key = self._key()
        cells = known.get(key)
        if cells is None:
            if len(known) >= MOST_SERIES:
                known.clear()
            tags = {**self._scope.tags, **self._tags(), **({"error": self._error} if self._error else {})}
            count, failed, duration, response_time = (self._scope.registry.cell(one, tags) for one in self.measures)
            cells = known[key] = count, failed, duration, response_time
        return cells


class Timing(Measured):
    """One operation: what happens in its block, `async with` or `with`.

    It has failed when the block raises, which goes on as it does without the block, or when the script says so.
    """

    __slots__ = ("_name", "_own")
    measures = OPERATION

    def __init__(self, user: UserState, scope: Scope, name: str, tags: Mapping[str, str] | None) -> None:
        """Raises ValueError for a name that is none, and for tags that are none."""
        if not isinstance(name, str) or not name:
            raise ValueError(f"timed: expected a name such as 'place-order', found {name!r}")
        super().__init__(user, scope)
        self._name = name
        self._own = own_tags(tags, _OURS, "timed") if tags is not None else ()

    def fail(self, why: str) -> None:
        """Count the operation as failed, with `why` (its first 200 characters) as the tag `error`; the last one counts.

        Raises ValueError for a reason that is none, RuntimeError outside of the block.
        """
        if not isinstance(why, str) or not why.strip():
            raise ValueError(f"timing.fail: expected a reason such as 'rejected', found {why!r}")
        if self._started_ns <= _BEFORE:
            raise RuntimeError(f"timing.fail: expected it inside of the block of {self._name!r}, found it outside")
        self._error = why.strip()[:MOST_CHARACTERS]

    def __enter__(self) -> Self:
        if self._started_ns != _BEFORE:
            raise RuntimeError(f"timed: expected a vu.timed() for each block, found {self._name!r} a second time")
        return super().__enter__()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _end(self, error: BaseException | None) -> None:
        self._refused = isinstance(error, OSError)
        if error is not None:
            self._error = self._error or type(error).__name__

    def _key(self) -> Hashable:
        return self._name, self._own, self._error

    def _tags(self) -> Mapping[str, str]:
        return {"name": self._name, **dict(self._own)}


def own_tags(tags: Mapping[str, str], ours: frozenset[str], where: str) -> OwnTags:
    """Return tags that a script gives, none of which is among `ours`. Raises ValueError for what are none."""
    if not isinstance(tags, Mapping):
        raise ValueError(f'{where}: expected tags as a mapping such as {{"shard": "3"}}, found {tags!r}')
    refuse_reserved(tags, ours, f"{where}: tags")
    return tuple((str(tag), str(value)) for tag, value in tags.items())


def _is_cut_off(error: BaseException, user: UserState) -> bool:
    """Does the run end the block, and not the script or what it waits for?"""
    if isinstance(error, CancelledError | GeneratorExit):
        return user.interrupted
    return not isinstance(error, Exception | SystemExit)
