"""The `surgeline` command: its sub-commands, and the one place where errors become messages and exit codes."""

import importlib
import signal
import sys
from contextlib import suppress
from typing import Any

import click

from surgeline import __version__
from surgeline.cli.summary import print_text
from surgeline.errors import ExitCode, SurgelineError

# Imported when asked for, so that a command starts no slower than it must.
_COMMANDS = {
    "run": "Run a load test script.",
    "ladder": "Run a script at rising levels until one fails.",
    "http": "Load one URL.",
    "inspect": "Show what a script would do, without doing it.",
    "doctor": "Say before a run what would make it fail.",
    "new": "Write a script to start from.",
    "runs": "List earlier runs.",
    "report": "Show an earlier run again, or any part of it.",
    "seed": "Put a test's data into a database, look at it, put it back.",
    "fixtures": "Make users, tokens and catalogues for scripts to draw from.",
    "system": "Keep a reference system up, load it, look at it.",
    "demo": "Start a reference system, seed it, load it, show the result.",
}


class _Commands(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"surgeline.cli.{name}").command
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="surgeline %(version)s")
def surgeline() -> None:
    """Load testing from plain Python scripts, at native speed, with a verdict that can be trusted.

    Exit codes: 0 passed; 99 thresholds failed, or what was looked at is not as it should be; 104 the script, a file or
    an option is wrong (nothing was sent or changed); 105 stopped by a signal; 107 set-up or tear-down failed; 108
    aborted by the script; 112 inconclusive; 1 a defect of surgeline.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit."""
    try:
        code = _run(arguments)
    except SurgelineError as error:
        code = _fail(str(error), error.exit_code)
    except click.ClickException as error:
        hint = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "surgeline"
        code = _fail(f"{error.format_message()}\nSee `{hint} --help`.", ExitCode.WRONG_INPUT)
    except (click.Abort, KeyboardInterrupt):
        code = _fail("stopped by a signal", ExitCode.STOPPED_BY_SIGNAL)
    # What is left is Python's own end: one more Ctrl-C there must not change what the command ends with.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(int(code or 0))


def _run(arguments: list[str] | None) -> Any:
    """The command alone is a question, and its help the answer."""
    try:
        return surgeline.main(arguments, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print_text(error.format_message())
        return ExitCode.PASSED


def _fail(message: str, code: ExitCode) -> ExitCode:
    from surgeline.store.redact_code import redact_code  # noqa: PLC0415 - for who makes a mistake

    with suppress(OSError):  # whoever would read it has gone, and the code says it too
        click.echo(f"surgeline: {redact_code(message)}", err=True)
    return code
