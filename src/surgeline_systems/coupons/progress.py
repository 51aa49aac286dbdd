"""Shows on standard error how a long job gets on: a bar on a terminal, a line per step elsewhere.

It must not know what the job is.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


class Steps:
    """Tells a person what is happening; with `quiet`, nobody."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, quiet=quiet)

    @contextmanager
    def counting(self, name: str, total: int) -> Iterator[Advance]:
        """A step of `total` parts; the block calls what it is given with the number of parts just done."""
        if not self._console.is_terminal or self._quiet:
            with self.step(f"{name}: {total:,}"):
                yield _ignore
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(name, total=total)
            yield lambda parts: bar.advance(task, parts)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step that says when it is done how long it took."""
        began = time.monotonic()
        yield
        self.say(f"{name} ({time.monotonic() - began:.1f} s)")

    def say(self, text: str) -> None:
        """One line, as it is: no wrapping, no markup, so that a log can be searched."""
        if not self._quiet:
            print(text, file=sys.stderr, flush=True)  # noqa: T201 this is the module that prints


def _ignore(_parts: int) -> None:
    """Where no bar is shown, nobody counts."""
