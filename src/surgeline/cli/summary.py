"""Prints a summary, or other text for people, on standard output: as wide as the terminal, without colour in a file."""

import codecs
import os
import shutil
import sys

import click

from surgeline.errors import OptionError
from surgeline.result import RunResult

_WIDTH_WITHOUT_TERMINAL = 120
_PLAINLY = "surgeline.plainly"
"""How characters are written that an encoding does not have."""
_IN_ASCII = dict(zip("✓✗µ·…▁▂▃▄▅▆▇█", "+xu-~12345678", strict=True))


def print_summary(result: RunResult) -> None:
    """Print the summary of a run. Raises OptionError when standard output cannot be written."""
    from surgeline.report.terminal import render_summary  # noqa: PLC0415 - rich is not needed before the end

    print_text(render_summary(result, width=width(), color=has_color()))


def width(without_terminal: int = _WIDTH_WITHOUT_TERMINAL) -> int:
    """Return how many columns there are."""
    return shutil.get_terminal_size().columns if _is_terminal() else without_terminal


def has_color() -> bool:
    """May the text hold colours?"""
    return _is_terminal() and "NO_COLOR" not in os.environ


def print_text(text: str) -> None:
    """Print a text that may be long; whoever reads it may leave before its end.

    Characters that the encoding does not have are replaced. Raises OptionError when it cannot be written.
    """
    if sys.stdout is None:
        raise OptionError("standard output cannot be written: it is closed")
    encoding = sys.stdout.encoding
    try:
        click.echo(text.encode(encoding, _PLAINLY).decode(encoding))
    except OSError as error:
        # Python would write what is left in the buffer once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever read our output, `head` say, has seen enough; the verdict is still the exit code.
        if not isinstance(error, BrokenPipeError):
            raise OptionError(f"standard output cannot be written: {error.strerror}") from None


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Replace what cannot be encoded: marks that mean something by others, the rest by question marks."""
    assert isinstance(error, UnicodeEncodeError)
    return "".join(_IN_ASCII.get(one, "?") for one in error.object[error.start : error.end]), error.end


codecs.register_error(_PLAINLY, _plainly)
