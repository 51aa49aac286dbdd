"""Exceptions of scenario functions, by kind: how many, and the traceback of the first."""

import traceback
from collections.abc import Callable
from pathlib import Path

_ENGINE = Path(__file__).parent


class IterationErrors:
    """Counts exceptions by type and place; the first of each kind is kept and shown at once."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self.counts: dict[str, int] = {}
        self.first_tracebacks: dict[str, str] = {}
        self._kinds: dict[tuple[type, str, int], str] = {}

    def record(self, error: BaseException) -> None:
        """Count an exception."""
        place = _place(error)
        key = (type(error), *place)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = f"{type(error).__name__}: {error} ({place[0]}:{place[1]})"
            self.first_tracebacks[kind] = _script_traceback(error)
            self._notify(f"An iteration raised; the first of its kind is shown, all are counted.\n"
                         f"{self.first_tracebacks[kind]}")
        self.counts[kind] = self.counts.get(kind, 0) + 1


def _place(error: BaseException) -> tuple[str, int]:
    entry = error.__traceback__
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    if entry is None:
        return "?", 0
    return entry.tb_frame.f_code.co_filename, entry.tb_lineno


def _script_traceback(error: BaseException) -> str:
    """Format from the script's frame on: the engine's own frames say nothing to its author."""
    start = error.__traceback__
    while start is not None and Path(start.tb_frame.f_code.co_filename).parent == _ENGINE:
        start = start.tb_next
    return "".join(traceback.format_exception(type(error), error, start)).rstrip()
