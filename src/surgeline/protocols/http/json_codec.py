"""JSON, by msgspec; imported when the first request or answer needs it, for it is slow to import."""

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def encoder() -> Callable[[Any], bytes]:
    """Return what turns a value into JSON; that raises TypeError for what JSON does not have."""
    import msgspec  # noqa: PLC0415 - see above

    return msgspec.json.Encoder().encode


@cache
def decoder() -> Callable[[bytes], Any]:
    """Return what turns JSON into a value; that raises ValueError for what is not JSON."""
    import msgspec  # noqa: PLC0415 - see above

    return msgspec.json.decode
