"""What is between two levels of a ladder: a command that puts the system back, and time for it to settle."""

import math
import os
import signal
import subprocess
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from surgeline.cli.console import Console
from surgeline.engine.signals import signals_handled
from surgeline.errors import SetupError
from surgeline.ladder.levels import Level
from surgeline.schedule.duration import NANOSECONDS, format_duration

_STANDARD_ERROR = 2
"""Results alone go to standard output."""


@dataclass(frozen=True, slots=True)
class Between:
    """What is to be done, and who is told."""

    cool_down_ns: int
    reset: str | None
    console: Console

    def pass_to(self, level: Level) -> None:
        """Put the system back, then wait. Raises SetupError where that fails."""
        if self.reset is not None:
            self._put_back(self.reset)
        if self.cool_down_ns:
            self._cool_down(level)

    def _put_back(self, command: str) -> None:
        self.console.notify(f"Reset: {command}")
        code = _run_in_shell(command)
        if code:
            raise SetupError(
                f"--reset: expected exit code 0, found {code} from: {command}; the ladder ends here, for "
                "the next level would not start from the same"
            )

    def _cool_down(self, level: Level) -> None:
        """On a terminal it counts down."""
        if not self.console.is_live:
            self.console.notify(f"Cooling down for {format_duration(self.cool_down_ns)}")
        ends = time.monotonic() + self.cool_down_ns / NANOSECONDS
        try:
            while (left := ends - time.monotonic()) > 0:
                if self.console.is_live:
                    self.console.status(f"Cooling down: {math.ceil(left)}s to {level.full_title}")
                time.sleep(left % 1 or 1)
        finally:
            self.console.clear()


def interruptible() -> AbstractContextManager[None]:
    """Let each signal that ends a run raise KeyboardInterrupt; a run inside minds them itself."""
    return signals_handled(signal.default_int_handler)


def _run_in_shell(command: str) -> int:
    """Run a command and return its exit code. A signal ends it, with all that it started."""
    received: list[int] = []
    with signals_handled(lambda number, _frame: received.append(number)):  # half started, it would stay behind
        process = subprocess.Popen(  # noqa: S602 - a shell is what is asked for
            command, shell=True, stdin=subprocess.DEVNULL, stdout=_STANDARD_ERROR, start_new_session=True
        )
    try:
        if received:
            signal.raise_signal(received[0])
        return process.wait()
    except KeyboardInterrupt:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
