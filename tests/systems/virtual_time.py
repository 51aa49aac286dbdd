"""Runs a coroutine in a time of its own: where everything waits, the clock moves on at once to what is due next.

A test that sleeps for an hour takes no time, and what it measures is the same on every machine. Only for what waits on
timers: nothing may come from outside.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Selector(selectors.DefaultSelector):
    """Does not wait, but remembers how long it would have."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("expected something that is due at some time, found only waits that nobody ends")
        self.now += max(timeout, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._own = _Selector()
        super().__init__(self._own)

    def time(self) -> float:
        return self._own.now


def run_at_once(main: Coroutine[Any, Any, Result]) -> Result:
    """What the coroutine returns."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


def now() -> float:
    """Seconds since the beginning, in the time of the coroutine."""
    return asyncio.get_running_loop().time()
