"""Outputs that are one file, written from the result when the run has ended. Knows nothing of what the file holds."""

from collections.abc import Callable
from pathlib import Path

from surgeline.engine.sink import Blocks
from surgeline.errors import OptionError
from surgeline.outputs.files import check_writable
from surgeline.result import RunFacts, RunResult

Notify = Callable[[str], None]


class AtTheEnd:
    """An `Output` that calls `write(result, path, notify)`, which may raise OptionError; `what` names its content."""

    def __init__(self, path: Path, what: str, write: Callable[[RunResult, Path, Notify], None]) -> None:
        self._path = path
        self._what = what
        self._write = write

    def start(self, facts: RunFacts) -> None:
        """Find out whether the file can be written. Raises OptionError."""
        check_writable(self._path, self._what)
        self._notify = facts.notify

    def take(self, second: int, blocks: Blocks) -> None:
        """Samples are of no interest here."""

    def end_second(self, second: int, seconds: float) -> None:
        """Samples are of no interest here."""

    def finish(self, result: RunResult | None) -> None:
        """Write the file, unless there was no load."""
        if result is None:
            return
        try:
            self._write(result, self._path, self._notify)
        except OptionError as error:
            self._notify(str(error))
