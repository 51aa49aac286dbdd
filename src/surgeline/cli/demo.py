"""`surgeline demo [SYSTEM]`: start a reference system, seed it, load it, show the result, leave nothing running."""

import importlib
from dataclasses import replace
from pathlib import Path

import click

from surgeline.cli.conduct import conduct
from surgeline.cli.steps import ShownSteps
from surgeline.errors import ExitCode, OptionError
from surgeline.script.load import load_script
from surgeline.script.options import RunSettings
from surgeline.script.plan import Overrides, apply_overrides

SYSTEMS = ("coupons",)


@click.command(short_help="Start a reference system, seed it, load it, show the result.")
@click.argument("system", type=click.Choice(SYSTEMS), default=SYSTEMS[0])
@click.option(
    "--users",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    metavar="N",
    help="How many users to seed.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(system: str, users: int, quiet: bool) -> ExitCode:
    """Start a reference SYSTEM on a real database, seed it, load it, show the result, and stop it."""
    try:
        demo = importlib.import_module(f"surgeline_systems.{system}.demo")
    except ImportError as error:
        raise OptionError(
            f"the reference systems need more packages, and {error.name!r} is not installed; "
            'install the extras: pip install -e ".[systems,embedded]"'
        ) from None

    def run_script(path: Path, base_url: str) -> ExitCode:
        plan = replace(load_script(path), title=f"{system}: {path.stem}")
        return conduct(apply_overrides(plan, Overrides(base_url=base_url)), RunSettings(quiet=quiet))

    return ExitCode(demo.run_demo(run_script=run_script, users=users, steps=ShownSteps(quiet=quiet)))
