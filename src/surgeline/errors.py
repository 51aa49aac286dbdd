"""The errors a user can cause, and the exit code of each cause.

Every message says what was expected, what was found, where, and what to do. Knows nothing of the rest of the package.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Why a command ended; the numbers are k6's where k6 has one."""

    PASSED = 0
    DEFECT = 1
    THRESHOLDS_FAILED = 99
    WRONG_INPUT = 104
    STOPPED_BY_SIGNAL = 105
    SETUP_FAILED = 107
    ABORTED = 108
    INCONCLUSIVE = 112


class SurgelineError(Exception):
    """Something the user can mend; shown as one message, never as a traceback."""

    exit_code = ExitCode.WRONG_INPUT


class OptionError(SurgelineError):
    """An option, on the command line or in a script, has a value that cannot be used."""


class ScriptError(SurgelineError):
    """The script cannot be turned into a plan.

    `path` and `line` say where; they stand at the front of the message.
    """

    def __init__(self, message: str, path: str | None = None, line: int | None = None) -> None:
        self.path = path
        self.line = line
        where = "" if path is None else f"{path}:{line}: " if line else f"{path}: "
        super().__init__(where + message)


class ThresholdError(SurgelineError):
    """A threshold cannot be read, or asks a metric for what it does not have."""


class SetupError(SurgelineError):
    """`@setup` or `@teardown` raised; the message holds the traceback of the user's code."""

    exit_code = ExitCode.SETUP_FAILED
