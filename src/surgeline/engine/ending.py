"""How a script ends an iteration, or the whole run."""

from contextvars import ContextVar
from typing import NoReturn, Protocol

from surgeline.engine.context import Abort


class RunAborted(BaseException):
    """What `abort` raises: it ends the virtual user that called it, and with it the run."""


class IterationFailed(Exception):  # noqa: N818 - `fail` is its word
    """What `fail` raises: it ends the iteration, as any exception does."""

    __module__ = "builtins"  # tracebacks call it by its name alone, as what Python itself raises


class Ends(Protocol):
    """What can be ended before its time: a run."""

    def end(self, abort: Abort) -> None:
        """End it at once; the first reason counts."""


running: ContextVar[Ends | None] = ContextVar("running", default=None)
"""The run in which a script's code runs."""


def abort(reason: str) -> NoReturn:
    """End the run at once, with exit code 108: iterations under way are interrupted, tear-down runs.

    k6's `exec.test.abort`. In scenario functions, the functions of a virtual user's start and stop, and set-up.
    """
    run = running.get()
    if (
        run is not None
    ):  # whoever waits for the task that calls this, if anybody, may make something else of the exception
        run.end(Abort(str(reason)))
    raise RunAborted(str(reason))


def fail(reason: str) -> NoReturn:
    """End this iteration, counted in `iteration_errors` under `reason`; the virtual user goes on. k6's `fail`."""
    raise IterationFailed(str(reason))
