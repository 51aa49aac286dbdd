"""`surgeline run SCRIPT`: run a load test script."""

from pathlib import Path
from typing import Any

import click

from surgeline.cli.conduct import conduct
from surgeline.cli.prepare import prepare
from surgeline.cli.run_options import given_flags, run_options
from surgeline.errors import ExitCode


@click.command(short_help="Run a load test script.")
@click.argument("script", type=click.Path(path_type=Path))
@run_options()
def command(script: Path, **flags: Any) -> ExitCode:
    """Run a load test SCRIPT, show what came of it, and judge it by its thresholds.

    Options are read from surgeline.toml or [tool.surgeline] of pyproject.toml, from options() in the script, from
    the environment (SURGELINE_VUS for --vus) and from flags; what comes later in this list counts.
    """
    prepared = prepare(script, given_flags(flags))
    if prepared.unread_env is not None:
        click.echo(prepared.unread_env, err=True)
    return conduct(prepared.plan, prepared.settings, prepared.recipe)
