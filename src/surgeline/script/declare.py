"""What a script says of its test: `@scenario`, `thresholds`, `env`."""

import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from surgeline.engine.context import asked_for
from surgeline.engine.context import environment as run_environment
from surgeline.engine.scenario import Executor, Scenario, ScenarioFunction
from surgeline.errors import OptionError
from surgeline.metrics.tags import REQUEST_TAGS, refuse_reserved
from surgeline.protocols.http.url import parse_url
from surgeline.schedule.duration import parse_duration
from surgeline.script.collection import collecting
from surgeline.script.explained import explained
from surgeline.script.setting import EnvValue, Layer

if TYPE_CHECKING:
    from surgeline.judge.grammar import Declared

_NAME = r"[0-9A-Za-z_-]+"
_MISSING: Any = object()
TRUTHS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
"""How texts say yes and no."""
Function = TypeVar("Function", bound=Callable[..., Any])
T = TypeVar("T")


@explained("@scenario")
def scenario(
    executor: Executor,
    *,
    name: str | None = None,
    start_time: str | float = 0,
    graceful_stop: str | float = "30s",
    tags: Mapping[str, str] | None = None,
    base_url: str | None = None,
    env: Mapping[str, str] | None = None,
    pacing: str | float = 0,
) -> Callable[[Function], Function]:
    """Make an async function a scenario, started as `executor` says.

    `name` is the function's unless given. `start_time` is when it begins, from the run's start; `graceful_stop` is how
    long iterations under way may go on at the end. `tags` go onto every sample; relative URLs start at `base_url`;
    `env` holds values that `env()` finds first while the scenario runs. With `pacing`, iterations of one user start at
    least so far apart; one that takes longer is followed at once, and nothing is caught up. Raises OptionError for
    what cannot be used.
    """
    if inspect.isroutine(executor):
        raise OptionError('@scenario: expected an executor; write @scenario(constant_vus(vus=1, duration="10s"))')
    if not hasattr(executor, "execute"):
        raise OptionError(f"@scenario: expected an executor such as constant_vus(...), found {executor!r}")

    pacing_ns = parse_duration(pacing, "pacing")
    if pacing_ns and executor.is_open:
        raise OptionError(f"pacing: expected none where a rate says when iterations start, found {pacing!r}")
    options = Scenario(
        "",
        _nothing,
        executor,
        parse_duration(start_time, "start_time"),
        parse_duration(graceful_stop, "graceful_stop"),
        checked_tags(tags, "tags"),
        None if base_url is None else checked_base_url(base_url, "base_url"),
        _checked_texts(env, "env"),
        pacing_ns,
    )

    def declare(function: Function) -> Function:
        declared = replace(options, name=_checked_name(function, name), function=function)
        collection = collecting.get()
        if collection is not None:
            if any(other.name == declared.name for other in collection.scenarios):
                raise OptionError(f"@scenario: expected a name of its own, found a second {declared.name!r}")
            collection.scenarios.append(declared)
        return function

    return declare


async def _nothing(_vu: object) -> None:
    """What a scenario does before it has its function."""


def _checked_name(function: ScenarioFunction, name: str | None) -> str:
    """Return the scenario's name. Raises OptionError where it has none, or its function cannot be one."""
    name = getattr(function, "__name__", "scenario") if name is None else name
    if not inspect.iscoroutinefunction(function):
        raise OptionError(f"@scenario: expected `async def {name}(vu)`, found a function that is not async")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise OptionError(f"@scenario: expected `async def {name}(vu)`, with one parameter: the virtual user") from None
    if not re.fullmatch(_NAME, name):
        raise OptionError(f"name: expected letters, digits, - and _, found {name!r}")
    return name


@explained("thresholds")
def thresholds(conditions: "Mapping[str, Declared | Sequence[Declared]]") -> None:
    """Declare what must hold: `{"http_req_duration": ["p(95)<500"], "http_req_failed{name:login}": "rate<0.01"}`.

    A condition is a text or, to end the run where it fails, `{"threshold": "p(95)<500", "abort_on_fail": True,
    "delay_abort_eval": "10s"}`. Raises OptionError for what is neither.
    """
    collection = collecting.get()
    if not isinstance(conditions, Mapping):
        raise OptionError(f"thresholds: expected a mapping of metrics to conditions, found {conditions!r}")
    if collection is None:
        return
    for selector, condition in conditions.items():
        several = [condition] if isinstance(condition, str | Mapping) else condition
        if not isinstance(several, Sequence) or not all(isinstance(one, str | Mapping) for one in several):
            raise OptionError(
                f'thresholds: expected a list of texts, or of {{"threshold": ...}}, for {selector!r}, found '
                f"{condition!r}"
            )
        if not several:
            raise OptionError(
                f"thresholds: expected at least one condition for {selector!r}, found none; the figures of any tag are "
                "shown by `surgeline report RUN --tag KEY=VALUE`"
            )
        collection.thresholds.setdefault(selector, []).extend(several)


def options(**values: object) -> None:
    """Declare options of the run: `options(seed=1, base_url="http://127.0.0.1:8080", tags={"team": "red"})`.

    They stand over `surgeline.toml`, and below the environment (`SURGELINE_*`) and flags. Raises OptionError for an
    unknown name or a value that cannot be used.
    """
    from surgeline.script.options import declared_options  # noqa: PLC0415 - the table is for those who have options

    caller = sys._getframe(1)
    given = declared_options(values, f"{caller.f_code.co_filename}:{caller.f_lineno}")
    collection = collecting.get()
    if collection is not None:
        collection.options |= given


@explained("env")
def env(name: str, default: T = _MISSING) -> T:
    """Return a value from `-e NAME=VALUE`, the environment or `[env]` of `surgeline.toml`, of the type of `default`.

    Raises OptionError when the value is not of that type, or when there is neither a value nor a default.
    """
    collection = collecting.get()
    environment = run_environment.get() if collection is None else collection.environment
    text = environment.get(name)
    if text is None:
        if default is _MISSING:
            raise OptionError(f"env: expected a value for {name}, found none; give -e {name}=VALUE")
        value = default
    else:
        value = _typed(name, text, default)
    if collection is not None:
        layer = Layer.DEFAULT if text is None else collection.env_layers.get(name, Layer.ENVIRONMENT)
        called = EnvValue(name, None if default is _MISSING else default, value, layer)
        if called not in collection.env_values:
            collection.env_values.append(called)
    elif (asked := asked_for.get()) is not None:
        asked[name] = str(value)
    return value


def _typed(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        truth = False if text == "" else TRUTHS.get(text.lower())
        if truth is not None:
            return truth
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


def checked_tags(tags: Mapping[str, str] | None, option: str) -> dict[str, str]:
    """Return tags as texts. Raises OptionError, naming the option, when they are none, or are reserved."""
    texts = _checked_texts(tags, option)
    try:
        refuse_reserved(texts, REQUEST_TAGS, option)
    except ValueError as error:
        raise OptionError(str(error)) from None
    return texts


def _checked_texts(texts: Mapping[str, str] | None, option: str) -> dict[str, str]:
    if texts is None:
        return {}
    if not isinstance(texts, Mapping) or not all(isinstance(key, str) for key in texts):
        raise OptionError(f"{option}: expected a mapping of texts, found {texts!r}")
    return {key: str(value) for key, value in texts.items()}


def checked_base_url(url: object, option: str) -> str:
    """Return the URL. Raises OptionError, naming the option, when it is not an absolute http or https URL."""
    if isinstance(url, str) and "://" in url:
        try:
            parse_url(url)
        except ValueError as error:
            raise OptionError(f"{option}: {error}") from None
        return url
    raise OptionError(f"{option}: expected an absolute URL such as http://localhost:8080, found {url!r}")
