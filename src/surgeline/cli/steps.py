"""Shows on standard error how a long job gets on: a bar on a terminal, a line for each step elsewhere.

It must not know what the job is. See `seeding.steps` for what it is told.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click

from surgeline.engine.executors.wording import count_of

Advance = Callable[[int], None]
PLAIN_EVERY_SECONDS = 5


class ShownSteps:
    """Tells a person what is happening; with `quiet`, nobody."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    @contextmanager
    def counting(self, name: str, total: int) -> Iterator[Advance]:
        """A step of `total` rows; the block calls what it is given with the number of rows just done."""
        if self._quiet:
            yield _ignore
            return
        began = time.monotonic()
        with shown_count(name, total, "rows") as advance:
            yield advance
        if not _is_terminal():
            seconds = time.monotonic() - began
            _say(f"{name}: {count_of(total, 'row')} in {seconds:.1f} s ({_rate(total, 'rows', seconds)})")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step that cannot be counted."""
        began = time.monotonic()
        yield
        if not self._quiet:
            _say(f"{name}: {time.monotonic() - began:.1f} s")

    def remark(self, text: str) -> None:
        """Something that is to be known of the job, and takes no time."""
        if not self._quiet:
            _say(text)


@contextmanager
def shown_count(name: str, total: int, unit: str) -> Iterator[Advance]:
    """Show how many of `total` are done: a bar on a terminal, elsewhere a line every few seconds."""
    began = time.monotonic()
    if not _is_terminal():
        yield _plain_count(name, total, unit)
        return
    from rich.console import Console  # noqa: PLC0415 - needed on a terminal alone
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    rate = TextColumn("{task.fields[rate]}")
    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, left)
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=total, rate="")

        def advance(parts: int) -> None:
            done = bar.tasks[0].completed + parts
            bar.update(task, advance=parts, rate=_rate(done, unit, time.monotonic() - began))

        yield advance


def _plain_count(name: str, total: int, unit: str) -> Advance:
    done, due = 0, time.monotonic() + PLAIN_EVERY_SECONDS

    def advance(parts: int) -> None:
        nonlocal done, due
        done += parts
        if time.monotonic() >= due:
            _say(f"{name}: {done:,} of {total:,} {unit}")
            due = time.monotonic() + PLAIN_EVERY_SECONDS

    return advance


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _say(text: str) -> None:
    """Whoever watches may have gone, and the job goes on."""
    with suppress(OSError):
        click.echo(text, err=True)


def _rate(done: float, unit: str, seconds: float) -> str:
    return f"{done / max(seconds, 1e-3):,.0f} {unit}/s"


def _ignore(_parts: int) -> None:
    """Where nobody watches, nobody counts."""
