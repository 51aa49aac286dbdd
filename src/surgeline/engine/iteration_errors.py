"""Exceptions of scenario functions, by kind: how many, and the traceback of the first."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

_PACKAGE = str(Path(__file__).parents[1]) + os.sep
_NATIVE = "surgeline/_native/"


MOST_KINDS = 100
OTHER = "other exceptions"


class IterationErrors:
    """Counts exceptions by type and place; the first of each kind is kept and shown at once.

    After `MOST_KINDS` kinds, further ones count together.
    """

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self.counts: dict[str, int] = {}
        self.first_tracebacks: dict[str, str] = {}
        self._kinds: dict[tuple[str, str, int], str] = {}

    def record(self, error: BaseException) -> None:
        """Count an exception."""
        path, line = _place(error)
        name = type(error).__name__
        kind = self._kinds.get((name, path, line))
        if kind is None:
            kind = self._add_kind(error, name, path, line)
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _add_kind(self, error: BaseException, name: str, path: str, line: int) -> str:
        if len(self._kinds) >= MOST_KINDS:
            self.first_tracebacks.setdefault(OTHER, script_traceback(error))
            return OTHER
        kind = self._kinds[name, path, line] = f"{name}: {_message(error)} ({path}:{line})"
        trace = self.first_tracebacks[kind] = script_traceback(error)
        self._notify(f"An iteration raised; the first of its kind is shown, all are counted.\n{trace}")
        return kind


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:
        return f"<its text cannot be had: {type(second).__name__}>"


def _place(error: BaseException) -> tuple[str, int]:
    """Return file and line of the innermost frame that is not ours: what in the script led to the error."""
    place = ("?", 0)
    entry = error.__traceback__
    while entry is not None:
        filename = entry.tb_frame.f_code.co_filename
        if not _is_ours(filename):
            place = (filename, entry.tb_lineno)
        entry = entry.tb_next
    return place


def script_traceback(error: BaseException) -> str:
    """Format without our own frames: they say nothing to the script's author."""
    report = traceback.TracebackException.from_exception(error)
    report.stack = traceback.StackSummary.from_list([frame for frame in report.stack if not _is_ours(frame.filename)])
    return "".join(report.format()).rstrip()


def _is_ours(filename: str) -> bool:
    return filename.startswith(_PACKAGE) or _NATIVE in filename
