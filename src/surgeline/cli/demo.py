"""`surgeline demo [SYSTEM]`: start a reference system, seed it, load it, show the result, leave nothing running."""

import click

from surgeline.cli.reference_systems import known_name, module, names, run_script, system_named
from surgeline.cli.steps import ShownSteps
from surgeline.cli.summary import print_text
from surgeline.cli.system_text import render_codes
from surgeline.errors import ExitCode, OptionError


@click.command(short_help="Start a reference system, seed it, load it, show the result.")
@click.argument("name", callback=known_name, default=names[0], metavar=f"[{'|'.join(names)}]")
@click.option("--users", type=click.IntRange(min=1), metavar="N", help="How many users to seed.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(name: str, users: int | None, quiet: bool) -> ExitCode:
    """Start a reference system on a real database, seed it, load it, show the result, and stop it."""
    if not module("standing").Place(name).is_free():
        raise OptionError(
            f"{name}: expected it to be down, found it up: a demo would change the data under it. "
            f"`surgeline system run {name}` loads the one that is up, `surgeline system down {name}` ends it"
        )
    system = system_named(name)
    sizes = {} if users is None else {"USERS": str(users)}
    options = {"quiet": True} if quiet else {}
    steps = ShownSteps(quiet=quiet)
    planned = [(suite, system.demo[suite.name], options) for suite in system.suites if suite.name in system.demo]
    with steps.step("demo"), module("stands").started_stand(system, sizes, steps, keep_data=False) as stand:
        codes = module("suites").run_suites(system, planned, stand, run_script)
    if len(planned) > 1:
        print_text(render_codes(codes, [suite.name for suite, *_ in planned]))
    return ExitCode(module("suites").worst(codes.values()))
