"""`Flow`: latency that ends in another place than where it began. An event is sent; later it can be seen."""

import inspect
import re
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from surgeline.engine.flow import DeclaredFlow, LiveFlow, Watch
from surgeline.errors import OptionError
from surgeline.schedule.duration import format_duration, parse_duration
from surgeline.script.collection import collecting
from surgeline.script.explained import explained

_NAME = r"[0-9A-Za-z_-]+"
Function = TypeVar("Function", bound=Callable[..., Any])


class Flow:
    """What is started in one place and arrives in another, told by keys: ids of events, of messages, of orders."""

    @explained("Flow")
    def __init__(self, name: str, *, timeout: str | float) -> None:
        """`name` is the tag `flow` of its metrics; what takes longer than `timeout` is late, or lost.

        Raises OptionError for a name that is none or is there already, and for a timeout that is none.
        """
        if not isinstance(name, str) or not re.fullmatch(_NAME, name):
            raise OptionError(f"Flow: expected a name of letters, digits, - and _, found {name!r}")
        self._declared = DeclaredFlow(name, _positive(timeout, "Flow: timeout"))
        collection = collecting.get()
        if collection is not None:
            if any(other.name == name for other in collection.flows):
                raise OptionError(f"Flow: expected a name of its own, found a second {name!r}")
            collection.flows.append(self._declared)

    @property
    def name(self) -> str:
        """What thresholds call it: `flow_duration{flow:NAME}`."""
        return self._declared.name

    def started(self, key: Hashable, *, at: float | None = None) -> None:
        """Say that a key is on its way, from now on, or from `at` on: seconds of `time.monotonic()` that have passed.

        Raises ValueError for a key that is under way already.
        """
        self._live("started").start(key, at)

    def arrived(self, key: Hashable) -> None:
        """Say that a key is there. From any task, and any thread; one that was never started counts as unknown."""
        self._live("arrived").arrive(key)

    def cancelled(self, key: Hashable) -> None:
        """Say that a key that was started is not on its way: it could not be sent."""
        self._live("cancelled").cancel(key)

    @explained("@flow.watch")
    def watch(self, *, every: str | float) -> Callable[[Function], Function]:
        """Have `async def function(vu, waiting)` look for the keys under way, so often, until none is left.

        `waiting` is a list of them, the oldest first. What the function returns has arrived; it may call `arrived` too.
        """
        every_ns = _positive(every, "@flow.watch: every")

        def declare(function: Function) -> Function:
            _check_watcher(function)
            if self._declared.watch is not None:
                raise OptionError(f"@flow.watch: expected one function for {self.name!r}, found a second")
            self._declared.watch = Watch(function, every_ns, format_duration(every_ns))
            return function

        return declare

    def _live(self, call: str) -> LiveFlow:
        if self._declared.live is None:
            raise RuntimeError(f"flow.{call}() belongs in the load: it has not begun in this process")
        return self._declared.live


def _positive(duration: str | float, what: str) -> int:
    parsed = parse_duration(duration, what)
    if parsed <= 0:
        raise OptionError(f"{what}: expected a time above 0, found {duration!r}")
    return parsed


def _check_watcher(function: Any) -> None:
    if not inspect.iscoroutinefunction(function):
        raise OptionError("@flow.watch: expected `async def function(vu, waiting)`, found one that is not async")
    try:
        inspect.signature(function).bind(None, [])
    except TypeError:
        raise OptionError(
            "@flow.watch: expected `async def function(vu, waiting)`, with two parameters: the virtual user, and the "
            "keys under way"
        ) from None
