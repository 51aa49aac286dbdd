"""Exceptions of scenario functions, by kind: how many, and the traceback of the first."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from surgeline.engine import frames
from surgeline.engine.frames import is_ours, is_users_own

MOST_KINDS = 100
OTHER = "other exceptions"
Place = tuple[str, str, int]
"""The exception's type, the file and the line."""


@dataclass(frozen=True, slots=True)
class Raised:
    """Exceptions of one kind."""

    place: Place
    kind: str
    """Type, message and place of the first, in one line."""
    count: int
    traceback: str
    """That of the first."""


class IterationErrors:
    """Counts exceptions by type and place; the first of each kind is kept and shown at once.

    After `MOST_KINDS` kinds, further ones count together.
    """

    def __init__(self, notify: Callable[[str], None], what: str = "An iteration") -> None:
        """`what` raises, as messages say."""
        frames.prepare()
        self._notify = notify
        self._what = what
        self.counts: dict[str, int] = {}
        self.first_tracebacks: dict[str, str] = {}
        self._kinds: dict[Place, str] = {}

    def record(self, error: BaseException) -> None:
        """Count an exception."""
        place = (type(error).__name__, *_place(error))
        kind = self._kinds.get(place)
        if kind is None:
            text = f"{place[0]}: {_message(error)} ({place[1]}:{place[2]})"
            kind = self._add_kind(place, text, script_traceback(error))
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def absorb(self, raised: Raised) -> None:
        """Count exceptions that were recorded in another process."""
        kind = self._kinds.get(raised.place) or self._add_kind(raised.place, raised.kind, raised.traceback)
        self.counts[kind] = self.counts.get(kind, 0) + raised.count

    def since(self, counts: Mapping[str, int]) -> list[Raised]:
        """Return what was recorded since `counts` were as given."""
        places = {kind: place for place, kind in self._kinds.items()}
        return [
            Raised(places.get(kind, ("", OTHER, 0)), kind, count - counts.get(kind, 0), self.first_tracebacks[kind])
            for kind, count in self.counts.items()
            if count > counts.get(kind, 0)
        ]

    def _add_kind(self, place: Place, kind: str, trace: str) -> str:
        if kind == OTHER or len(self._kinds) >= MOST_KINDS:
            self.first_tracebacks.setdefault(OTHER, trace)
            return OTHER
        self._kinds[place] = kind
        self.first_tracebacks[kind] = trace
        self._notify(f"{self._what} raised; the first of its kind is shown, all are counted.\n{trace}")
        return kind


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:
        return f"<its text cannot be had: {type(second).__name__}>"


def _place(error: BaseException) -> tuple[str, int]:
    """Return file and line of the innermost frame of the user's own; where there is none, of the one that is not ours.

    It is what in the script led to the error, whatever library raised it.
    """
    own = other = ("?", 0)
    entry = error.__traceback__
    while entry is not None:
        filename = entry.tb_frame.f_code.co_filename
        if is_users_own(filename):
            own = (filename, entry.tb_lineno)
        elif not is_ours(filename):
            other = (filename, entry.tb_lineno)
        entry = entry.tb_next
    return other if own == ("?", 0) else own


def script_traceback(error: BaseException) -> str:
    """Format without our own frames: they say nothing to the script's author."""
    report = traceback.TracebackException.from_exception(error)
    _leave_out_ours(report)
    return "".join(report.format()).rstrip()


def _leave_out_ours(report: traceback.TracebackException) -> None:
    """Take our frames out, also of the exceptions that led to this one or are held by it."""
    report.stack = traceback.StackSummary.from_list([frame for frame in report.stack if not is_ours(frame.filename)])
    for other in (report.__cause__, report.__context__, *(report.exceptions or ())):
        if other is not None:
            _leave_out_ours(other)
