"""What a command says while it works: messages and the live status line, all on standard error.

On a terminal the status line is drawn over itself each second; elsewhere (CI, a file) it is a plain line every few
seconds.
"""

import shutil
import sys

from surgeline.report.progress import ProgressSnapshot, render_progress

PLAIN_EVERY_SECONDS = 5
_ERASE_LINE = "\r\x1b[2K"


class Console:
    """Standard error as a command uses it. `quiet` leaves the status line out, never a message."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._drawn = False
        self._seconds = 0

    def notify(self, message: str) -> None:
        """Show a message."""
        self.clear()
        print(message, file=sys.stderr, flush=True)  # noqa: T201 - showing is this module's job

    def progress(self, snapshot: ProgressSnapshot) -> None:
        """Show how the run stands; called once a second."""
        self._seconds += 1
        if self._quiet:
            return
        if self._terminal:
            line = render_progress(snapshot, shutil.get_terminal_size().columns - 1)
            print(_ERASE_LINE + line, end="", file=sys.stderr, flush=True)  # noqa: T201
            self._drawn = True
        elif self._seconds % PLAIN_EVERY_SECONDS == 0:
            print(render_progress(snapshot, 120), file=sys.stderr, flush=True)  # noqa: T201

    def clear(self) -> None:
        """Take the status line away."""
        if self._drawn:
            print(_ERASE_LINE, end="", file=sys.stderr, flush=True)  # noqa: T201
            self._drawn = False
