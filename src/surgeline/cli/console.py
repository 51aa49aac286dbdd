"""What a command says while it works: messages and the live status line, all on standard error.

On a terminal the status line is drawn over itself each second; elsewhere (CI, a file) it is a plain line every few
seconds.
"""

import shutil
import sys
from contextlib import suppress

from surgeline.report.progress import ProgressSnapshot, render_progress
from surgeline.store.redact_code import redact_code

PLAIN_EVERY_SECONDS = 5
_ERASE_LINE = "\r\x1b[2K"


class Console:
    """Standard error as a command uses it. `quiet` leaves the status line out, never a message."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._drawn = False
        self._seconds = 0

    def notify(self, message: str) -> None:
        """Show a message, without secrets that it quotes."""
        self.clear()
        self._show(redact_code(message) + "\n")

    def progress(self, snapshot: ProgressSnapshot) -> None:
        """Show how the run stands; called once a second."""
        self._seconds += 1
        if self.is_live:
            self.status(render_progress(snapshot, shutil.get_terminal_size().columns - 1))
        elif not self._quiet and self._seconds % PLAIN_EVERY_SECONDS == 0:
            self._show(render_progress(snapshot, 120) + "\n")

    @property
    def is_live(self) -> bool:
        """Is there a terminal on which a line can be drawn over?"""
        return self._terminal and not self._quiet

    def status(self, line: str) -> None:
        """Draw the status line over the last one; where it is live alone."""
        self._show(_ERASE_LINE + line)
        self._drawn = True

    def clear(self) -> None:
        """Take the status line away."""
        if self._drawn:
            self._show(_ERASE_LINE)
            self._drawn = False

    def _show(self, text: str) -> None:
        """Whoever watches may have gone, and the run goes on: its verdict is the exit code."""
        if sys.stderr is None:
            return
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()
