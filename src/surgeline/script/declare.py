"""What a script may say: `@scenario`, `thresholds`, `@setup`, `@teardown`, `env`.

Each declaration goes into the collection that the loader opened; nothing is global, so scripts can be loaded one after
the other. Imported by other means than the loader, a script declares nothing and stays an ordinary module.
"""

import inspect
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from surgeline.engine.scenario import Executor, Scenario, ScenarioFunction
from surgeline.errors import OptionError
from surgeline.protocols.http.url import parse_url
from surgeline.schedule.duration import parse_duration
from surgeline.script.plan import Hook

_NAME = r"[0-9A-Za-z_-]+"
_MISSING: Any = object()
Function = TypeVar("Function", bound=Callable[..., Any])
T = TypeVar("T")


@dataclass(slots=True)
class Collection:
    """What one script has declared so far, and the values of its environment."""

    environment: Mapping[str, str]
    scenarios: list[Scenario] = field(default_factory=list)
    thresholds: dict[str, list[str]] = field(default_factory=dict)
    setup: Hook | None = None
    teardown: Hook | None = None


collecting: ContextVar[Collection | None] = ContextVar("collecting", default=None)
run_environment: ContextVar[Mapping[str, str]] = ContextVar("run_environment", default=os.environ)
"""What `env` reads once the script is loaded; the process's environment outside of a run."""


def scenario(
    executor: Executor,
    *,
    name: str | None = None,
    start_time: str | float = 0,
    graceful_stop: str | float = "30s",
    tags: Mapping[str, str] | None = None,
    base_url: str | None = None,
) -> Callable[[Function], Function]:
    """Make an async function a scenario, started as `executor` says.

    `name` is the function's unless given. `start_time` is when it begins, from the run's start; `graceful_stop` is how
    long iterations under way may go on at the end. `tags` go onto every sample; relative URLs start at `base_url`.
    Raises OptionError for what cannot be used.
    """
    if not hasattr(executor, "execute"):
        raise OptionError(f"@scenario: expected an executor such as constant_vus(...), found {executor!r}")

    def declare(function: Function) -> Function:
        declared = _make_scenario(function, executor, name, tags, base_url, start_time, graceful_stop)
        collection = collecting.get()
        if collection is not None:
            if any(other.name == declared.name for other in collection.scenarios):
                raise OptionError(f"@scenario: expected a name of its own, found a second {declared.name!r}")
            collection.scenarios.append(declared)
        return function

    return declare


def _make_scenario(
    function: ScenarioFunction,
    executor: Executor,
    name: str | None,
    tags: Mapping[str, str] | None,
    base_url: str | None,
    start_time: str | float,
    graceful_stop: str | float,
) -> Scenario:
    name = getattr(function, "__name__", "scenario") if name is None else name
    if not inspect.iscoroutinefunction(function):
        raise OptionError(f"@scenario: expected `async def {name}(vu)`, found a function that is not async")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise OptionError(f"@scenario: expected `async def {name}(vu)`, with one parameter: the virtual user") from None
    if not re.fullmatch(_NAME, name):
        raise OptionError(f"name: expected letters, digits, - and _, found {name!r}")
    start_ns = parse_duration(start_time, "start_time")
    graceful_ns = parse_duration(graceful_stop, "graceful_stop")
    return Scenario(name, function, executor, start_ns, graceful_ns, checked_tags(tags), checked_base_url(base_url))


def thresholds(conditions: Mapping[str, str | Sequence[str]]) -> None:
    """Declare what must hold: `{"http_req_duration": ["p(95)<500"], "http_req_failed{name:login}": "rate<0.01"}`."""
    collection = collecting.get()
    if not isinstance(conditions, Mapping):
        raise OptionError(f"thresholds: expected a mapping of metrics to conditions, found {conditions!r}")
    if collection is None:
        return
    for selector, condition in conditions.items():
        several = [condition] if isinstance(condition, str) else condition
        if not isinstance(several, Sequence) or not all(isinstance(one, str) for one in several):
            raise OptionError(f"thresholds: expected a list of texts for {selector!r}, found {condition!r}")
        collection.thresholds.setdefault(selector, []).extend(several)


def setup(function: Function) -> Function:
    """Run this function once before the load; what it returns is every virtual user's `vu.data`.

    Async or not; with one parameter it is given a virtual user, for requests.
    """
    collection = collecting.get()
    if collection is not None:
        collection.setup = _only(function, collection.setup, "setup")
    return function


def teardown(function: Function) -> Function:
    """Run this function once after the load, also when the load was stopped. Parameters as for `setup`."""
    collection = collecting.get()
    if collection is not None:
        collection.teardown = _only(function, collection.teardown, "teardown")
    return function


def _only(function: Hook, before: Hook | None, name: str) -> Hook:
    if not callable(function):
        raise OptionError(f"@{name}: expected a function, found {function!r}; write @{name} without brackets")
    if before is not None:
        raise OptionError(f"@{name}: expected one function, found a second: {getattr(function, '__name__', function)}")
    required = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    if len([one for one in required if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]) > 1:
        raise OptionError(f"@{name}: expected a function of no parameter or of one, the virtual user")
    return function


def env(name: str, default: T = _MISSING) -> T:
    """Return a value from `-e NAME=VALUE` or the environment, of the type of `default`.

    Raises OptionError when the value is not of that type, or when there is neither a value nor a default.
    """
    collection = collecting.get()
    environment = run_environment.get() if collection is None else collection.environment
    text = environment.get(name)
    if text is None:
        if default is _MISSING:
            raise OptionError(f"env: expected a value for {name}, found none; give -e {name}=VALUE")
        return default
    value: T = _typed(name, text, default)
    return value


def _typed(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off", ""):
            return False
        raise OptionError(f"env: expected true or false for {name}, found {text!r}")
    if isinstance(default, int | float):
        value = _number(type(default), text)
        if value is None:
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise OptionError(f"env: expected {kind} for {name} (its default is {default!r}), found {text!r}")
        return value
    return text


def _number(kind: type[int] | type[float], text: str) -> float | None:
    try:
        value = kind(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def checked_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Return tags as texts. Raises OptionError when they are not a mapping of texts."""
    if tags is None:
        return {}
    if not isinstance(tags, Mapping) or not all(isinstance(key, str) for key in tags):
        raise OptionError(f"tags: expected a mapping of texts, found {tags!r}")
    return {key: str(value) for key, value in tags.items()}


def checked_base_url(url: str | None) -> str | None:
    """Return the URL. Raises OptionError when it is not an absolute http or https URL."""
    if url is None:
        return None
    try:
        parse_url(url)
    except ValueError as error:
        raise OptionError(f"base_url: {error}") from None
    return url
