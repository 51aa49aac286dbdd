"""What a script gives a request as options, where that is a number, a time, a size or a switch: checked. Pure."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from surgeline.errors import OptionError
from surgeline.protocols.http.options import parse_size
from surgeline.schedule.duration import parse_duration

LONGEST_TIMEOUT = 1e9


def refuse_wrong_types(name: object, tags: object, params: object, redirects: object) -> None:
    """Raise TypeError or ValueError, naming the option, for one that is of another kind."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name: expected text, found {name!r}")
    if tags is not None and not isinstance(tags, Mapping):
        raise TypeError(f"tags: expected a mapping, found {tags!r}")
    if params is not None and not isinstance(params, Mapping | list | tuple):
        raise TypeError(f"params: expected a mapping or pairs, found {params!r}")
    if redirects is not None and (not isinstance(redirects, int) or redirects < 0):
        raise ValueError(f"redirects: expected a number from 0 up, found {redirects!r}")


def as_key(pairs: Any) -> Any:
    """Return names and values as part of a key; None for None. Raises TypeError for what is neither."""
    return tuple(pairs.items()) if isinstance(pairs, Mapping) else None if pairs is None else tuple(pairs)


@contextmanager
def raising_value_errors() -> Iterator[None]:
    """Let what refuses an option of a declaration refuse one of a call: there, a wrong value is a ValueError."""
    try:
        yield
    except OptionError as error:
        raise ValueError(str(error)) from None


def timeout_in_ns(timeout: float | str) -> int:
    """Return the nanoseconds of a time limit. Raises ValueError for one that is none."""
    with raising_value_errors():
        seconds = parse_duration(timeout, "timeout") / 1e9 if isinstance(timeout, str) else timeout
    if not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f'timeout: expected seconds above 0, or a duration such as "5s", found {timeout!r}')
    return int(min(seconds, LONGEST_TIMEOUT) * 1e9)


def max_body_in_bytes(max_body: int | str) -> int:
    """Return a size of a body. Raises ValueError for one that is none."""
    with raising_value_errors():
        return parse_size(max_body, "max_body", least=0)


def as_switch(discard_body: object) -> bool:
    """Return True or False. Raises TypeError for anything else."""
    if not isinstance(discard_body, bool):
        raise TypeError(f"discard_body: expected True or False, found {discard_body!r}")
    return discard_body
