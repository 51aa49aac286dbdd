"""What set-up returned, as it goes from the coordinator to the workers."""

import pickle
from collections.abc import Sequence
from typing import Any

from surgeline.engine.iteration_errors import script_traceback
from surgeline.errors import SetupError


def pickled(data: Any, of_scenarios: list[Any]) -> bytes:
    """Return what set-up returned, as it goes to the workers. Raises SetupError when it cannot."""
    try:
        return pickle.dumps((data, of_scenarios), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in (data, *of_scenarios) if one is not None))
        raise SetupError(
            f"@setup: expected data that can be copied to other processes, found {kinds}: {error}. Return texts, "
            "numbers, lists, dicts and the like; open connections and files in @vu_start, or run with one worker."
        ) from None


def unpickled(data: bytes) -> tuple[Any, Sequence[Any]]:
    """Return it as it was: that of the run, and that of each scenario. Raises SetupError when it cannot be read."""
    try:
        both: tuple[Any, Sequence[Any]] = pickle.loads(data)  # noqa: S301 - from the process that started this one
    except Exception as error:
        raise SetupError(
            f"What @setup returned can be given to a worker, but the worker cannot read it.\n{script_traceback(error)}"
        ) from None
    return both
