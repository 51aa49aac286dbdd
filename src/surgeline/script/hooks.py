"""What a script may have called around its iterations: `@setup`, `@teardown`, `@vu_start`, `@vu_stop`, `@summary`."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from surgeline.engine.scenario import Hook
from surgeline.errors import OptionError
from surgeline.script.collection import collecting

Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def setup(function: Function) -> Function: ...
@overload
def setup(*, scenario: str) -> Callable[[Function], Function]: ...
def setup(function: Any = None, *, scenario: str | None = None) -> Any:
    """Run this function once before the load; what it returns is every virtual user's `vu.data`.

    Async or not; with one parameter it is given a virtual user, for requests. `@setup(scenario="browse")` runs after
    it, for one scenario: it finds the run's data in its own `vu.data`, and returns that of the scenario's users.
    """
    return _declare("setup", function, scenario)


@overload
def teardown(function: Function) -> Function: ...
@overload
def teardown(*, scenario: str) -> Callable[[Function], Function]: ...
def teardown(function: Any = None, *, scenario: str | None = None) -> Any:
    """Run this function once after the load, also when the load was stopped or aborted. Parameters as for `setup`."""
    return _declare("teardown", function, scenario)


@overload
def vu_start(function: Function) -> Function: ...
@overload
def vu_start(*, scenario: str) -> Callable[[Function], Function]: ...
def vu_start(function: Any = None, *, scenario: str | None = None) -> Any:
    """Run this function when a virtual user begins, before its first iteration: to log in, say.

    Its samples are in the group `::vu_start`. When it raises, the run ends, with the exit code of a failed set-up.
    """
    return _declare("vu_start", function, scenario)


@overload
def vu_stop(function: Function) -> Function: ...
@overload
def vu_stop(*, scenario: str) -> Callable[[Function], Function]: ...
def vu_stop(function: Any = None, *, scenario: str | None = None) -> Any:
    """Run this function when a virtual user ends, within the graceful stop. In the group `::vu_stop`."""
    return _declare("vu_stop", function, scenario)


def summary(function: Function) -> Function:
    """Call `function(results)` when all is over: the text that it returns becomes a part of the summary.

    `results` is a `Results`: `results.value("http_req_duration{name:home}", "p(99)")` is a figure. The function is not
    async. When it raises, summary and verdict are shown without it, and the exit code is that of a failed set-up.
    """
    if inspect.iscoroutinefunction(function):
        raise OptionError("@summary: expected a function that is not async: the load and its loop have ended")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise OptionError("@summary: expected a function of one parameter, the results") from None
    return cast("Function", _declare("summary", function, None))


def _declare(kind: str, function: Any, scenario: str | None) -> Any:
    if function is None and scenario is not None:
        return lambda decorated: _declare(kind, decorated, scenario)
    _check(kind, function)
    collection = collecting.get()
    if collection is not None:
        if (kind, scenario) in collection.hooks:
            again = getattr(function, "__name__", function)
            raise OptionError(f"@{kind}: expected one function{_for(scenario)}, found a second: {again}")
        collection.hooks[kind, scenario] = function
    return function


def _for(scenario: str | None) -> str:
    return f" for scenario {scenario!r}" if scenario is not None else ""


def _check(kind: str, function: Hook) -> None:
    if not callable(function):
        raise OptionError(
            f'@{kind}: expected a function, found {function!r}; write @{kind} or @{kind}(scenario="name")'
        )
    required = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    if len([one for one in required if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]) > 1:
        raise OptionError(f"@{kind}: expected a function of no parameter or of one, the virtual user")
