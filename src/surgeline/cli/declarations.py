"""From a file of declarations and `-e` to what it declares, as every command reads it."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surgeline.cli.prepare import read_options
from surgeline.cli.run_options import given_flags

if TYPE_CHECKING:
    from surgeline.seeding.file import Declarations


def load_declared(file: Path, flags: dict[str, Any]) -> "Declarations":
    """Return what the file declares; `flags` holds the command's `env`. Raises SurgelineError for what is wrong."""
    from surgeline.seeding.file import load_declarations  # noqa: PLC0415 - so that --help is quick

    given = read_options(given_flags(flags))
    with redirect_stdout(sys.stderr):  # what a file prints is no result
        declarations = load_declarations(file, given.env, given.stored_env)
    if unread := declarations.unread(given.env):
        click.echo(f"Given, and not asked for by {file}: {', '.join(unread)}", err=True)
    return declarations
