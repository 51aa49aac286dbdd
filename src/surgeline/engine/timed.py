"""Timed operations: what a script does with a library of its own, counted and measured as a request is.

Knows no protocol: a query, a message, a call of another service are all a block that took so long and failed or not.
"""

from asyncio import CancelledError
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from surgeline._native.iteration import UserState
from surgeline._native.poller import now_ns
from surgeline.engine.scope import OwnTags, Scope
from surgeline.metrics import names
from surgeline.metrics.tags import REQUEST_TAGS, refuse_reserved

MOST_SERIES = 1_000
"""How many of a scope are kept: names and reasons may have no end."""
MOST_CHARACTERS = 200
"""Of a reason; it is a tag, which is for few and short values."""
_OURS = REQUEST_TAGS | {"name"}
_SERIES = "timed"
_BEFORE, _AFTER = 0, -1

_Cells = tuple[Any, Any, Any, Any]
_Key = tuple[str, OwnTags, str]


class Timing:
    """One operation: what happens in its block, `async with` or `with`.

    It has failed when the block raises, which goes on as it does without the block, or when the script says so. What is
    under way when the run interrupts its iteration has neither ended well nor failed: it counts as abandoned.
    """

    __slots__ = ("_error", "_lateness_ns", "_name", "_scope", "_started_ns", "_tags", "_user")

    def __init__(self, user: UserState, scope: Scope, name: str, tags: Mapping[str, str] | None) -> None:
        """Samples are taken in `scope`. Raises ValueError for a name that is none, and for tags that are none."""
        if not isinstance(name, str) or not name:
            raise ValueError(f"timed: expected a name such as 'place-order', found {name!r}")
        self._user = user
        self._scope = scope
        self._name = name
        self._tags = _own(tags) if tags is not None else ()
        self._error = ""
        self._started_ns = _BEFORE

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
        self._lateness_ns = self._user.lateness_ns
        self._started_ns = now_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        took = now_ns() - self._started_ns
        self._started_ns = _AFTER
        if kind is not None:
            if _is_cut_off(error, self._user):
                self._user.abandoned += 1
                return
            self._error = self._error or kind.__name__
        # Who cannot connect fails at once; this count is what keeps the closed model from spinning.
        self._user.connect_failures = self._user.connect_failures + 1 if isinstance(error, OSError) else 0
        operations, failed, duration, response_time = _cells(self._scope, (self._name, self._tags, self._error))
        operations.add()
        failed.add(bool(self._error))
        duration.record(took)
        response_time.record(self._lateness_ns + took)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


def _own(tags: Mapping[str, str]) -> OwnTags:
    if not isinstance(tags, Mapping):
        raise ValueError(f'timed: expected tags as a mapping such as {{"shard": "3"}}, found {tags!r}')
    refuse_reserved(tags, _OURS, "timed: tags")
    return tuple((str(tag), str(value)) for tag, value in tags.items())


def _is_cut_off(error: BaseException | None, user: UserState) -> bool:
    """Does the run end the block, and not the script or what it waits for?"""
    if isinstance(error, CancelledError | GeneratorExit):
        return user.interrupted
    return not isinstance(error, Exception | SystemExit)


def _cells(scope: Scope, key: _Key) -> _Cells:
    """Return where operations of this name, with these tags, are counted that end with this error, "" without."""
    known: dict[_Key, _Cells] = scope.clients.setdefault(_SERIES, {})
    cells = known.get(key)
    if cells is None:
        if len(known) >= MOST_SERIES:
            known.clear()
        cells = known[key] = _new_cells(scope, *key)
    return cells


def _new_cells(scope: Scope, name: str, own: OwnTags, error: str) -> _Cells:
    tags = {**scope.tags, "name": name, **dict(own), **({"error": error} if error else {})}
    cell = scope.registry.cell
    return (
        cell(names.OPERATIONS, tags),
        cell(names.OPERATION_FAILED, tags),
        cell(names.OPERATION_DURATION, tags),
        cell(names.OPERATION_RESPONSE_TIME, tags),
    )
