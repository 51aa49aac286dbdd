"""Lets a wrong call of a declaration be answered in the words of scripts, where Python's speak of arguments.

Must not know any declaration.
"""

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from inspect import Parameter
from typing import Any, ParamSpec, TypeVar

from surgeline.errors import OptionError
from surgeline.judge.refusals import suggest

P = ParamSpec("P")
T = TypeVar("T")


def explained(name: str, instead: Mapping[str, str] | None = None) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a function raise OptionError where its parameters do not fit; `name` is what scripts call it.

    `instead` says what to do for options that it has not, but that scripts may be expected to try.
    A TypeError from inside of the function stays what it is.
    """

    def explain(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return function(*args, **kwargs)
            except TypeError:
                misfit = _misfit(name, instead or {}, function, args, kwargs)
                if misfit is None:
                    raise
                raise OptionError(f"{name}: {misfit}") from None

        return call

    return explain


def advice(option: str, known: Collection[str], instead: Mapping[str, str]) -> str:
    """Return how the error about an option that there is not goes on: what to do instead, or what may be meant."""
    return f"; {instead[option]}" if option in instead else suggest(option, known)


def _misfit(
    name: str,
    instead: Mapping[str, str],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> str | None:
    """Say what does not fit in a call; None where everything does."""
    parameters = list(inspect.signature(function).parameters.values())
    if parameters and parameters[0].name == "self":
        parameters, args = parameters[1:], args[1:]
    known = [one.name for one in parameters]
    for option in kwargs:
        if option not in known:
            return f"expected {', '.join(known)}; found {option!r}{advice(option, known, instead)}"
    placed = [one.name for one in parameters if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    if len(args) > len(placed):
        return f"expected options by name: {_written(name, parameters)}; found {args[len(placed)]!r}"
    for option in placed[: len(args)]:
        if option in kwargs:
            return f"expected {option} once, found it twice"
    missing = [one.name for one in parameters[len(args) :] if one.default is one.empty and one.name not in kwargs]
    return f"expected {' and '.join(missing)}, found none: {_written(name, parameters)}" if missing else None


def _written(name: str, parameters: list[Parameter]) -> str:
    """Return a call as scripts write it; what may be left out stands for itself."""
    options = [one.name if one.kind is Parameter.POSITIONAL_OR_KEYWORD else f"{one.name}=..." for one in parameters]
    return f"{name}({', '.join(options)})"
