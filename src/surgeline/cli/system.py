"""`surgeline system`: the reference systems, kept up, looked at, loaded, taken down."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click

from surgeline.cli.files_of_each import files_of_each
from surgeline.cli.reference_systems import module, names, run_script, system_argument, system_named
from surgeline.cli.run_options import given_flags, run_options
from surgeline.cli.seed import InOrder
from surgeline.cli.steps import ShownSteps
from surgeline.cli.summary import print_text
from surgeline.cli.system_text import as_json, render_codes, render_standing, render_statuses, render_systems
from surgeline.errors import ExitCode, OptionError
from surgeline.judge.refusals import suggest
from surgeline.script.settings import read_given

NOT_UP = ExitCode.THRESHOLDS_FAILED
"""What was looked at is not as it should be."""


@click.group(cls=InOrder, short_help="Keep a reference system up, load it, look at it.", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Keep reference systems up, and load them. Alone, it lists them and their suites.

    A reference system is a small real service with its database, its data and its load suites. What is up is known in
    the folder where it was brought up: .surgeline/systems.
    """
    if context.invoked_subcommand is None:
        print_text(render_systems([system_named(name) for name in names]))


@command.command("up", short_help="Start a system, and keep it up.")
@system_argument()
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    metavar="N",
    help="Where its service listens, on 127.0.0.1.  [default: 3000]",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Tasks of its service that work off the queue."
)
@click.option("--no-seed", is_flag=True, help="Make the tables, and leave them as they are.")
@click.option(
    "-e", "--env", multiple=True, metavar="KEY=VALUE", help="A setting of the service, or a size of the seeds."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def up_command(name: str, port: int | None, workers: int | None, no_seed: bool, **flags: Any) -> ExitCode:
    """Find or start the servers of a system, make and fill its tables, start its service, and keep all that up.

    Ends when the service is healthy. -e may be given again.
    """
    system = system_named(name)
    environment = {**read_given(given_flags(flags)).env, **system.workers_setting(workers)}
    _expect_known(system, environment)
    wish = module("standing").Wish(system=name, port=port, environment=environment, with_seeds=not no_seed)
    place = module("standing").Place(name)
    standing, was_up = module("keeping").bring_up(wish, place, ShownSteps(quiet=flags["quiet"]))
    print_text(render_standing(standing, place, was_up=was_up))
    return ExitCode.PASSED


@command.command("down", short_help="End a system, or all that are up.")
@system_argument(required=False)
def down_command(name: str | None) -> ExitCode:
    """End a system, or all that are up: the service finishes what it has accepted, then its servers end.

    The database on a server that was there before stays.
    """
    for one in [name] if name else names:
        was_up = module("keeping").bring_down(module("standing").Place(one))
        if was_up or name:
            print_text(f"{one} is down." if was_up else f"{one} was not up.")
    return ExitCode.PASSED


@command.command("status", short_help="Say what is up.")
@system_argument(required=False)
@click.option("--json", "in_json", is_flag=True, help="Print it as JSON.")
def status_command(name: str | None, in_json: bool) -> ExitCode:
    """Say of each system, or of one, whether it is up and how its service is. Of one that is not well, ends with 99."""
    places = [module("standing").Place(one) for one in ([name] if name else names)]
    found = [module("keeping").status(place) for place in places]
    print_text(json.dumps([as_json(one) for one in found], indent=2) if in_json else render_statuses(found))
    return NOT_UP if name and not found[0].is_well else ExitCode.PASSED


@command.command("run", short_help="Run a system's load suites.")
@system_argument()
@click.argument("suite", required=False)
@run_options()
@click.option("--keep-data", is_flag=True, help="Leave the tables as they are before each suite.")
def run_command(name: str, suite: str | None, keep_data: bool, **flags: Any) -> ExitCode:
    """Run the load SUITE of a system, or all of them, against the system that is up.

    If it is not up, it is started for the time of the run; with --base-url, the load goes there, and nothing is
    started. Before each suite the tables are put back to what was seeded. -e gives values to the scripts, and to the
    seeds of a system that is started: -e DURATION=30s shortens suites that take minutes. Files are written once for
    each suite, under names with {suite} in them.
    """
    system, given = system_named(name), given_flags(flags)
    suites, values = _chosen(system, suite), read_given(given).env
    options = {option: flag for option, flag in given.items() if option != "env"}
    files = files_of_each(given, "suite", [one.name for one in suites])
    planned = [(one, values, {**options, **files[one.name]}) for one in suites]
    own = flags["base_url"] or values.get("BASE_URL")
    with _stand(system, own, values, ShownSteps(quiet=flags["quiet"]), keep_data) as stand:
        codes = module("suites").run_suites(system, planned, stand, run_script)
    if len(suites) > 1:
        print_text(render_codes(codes, [one.name for one in suites]))
    return ExitCode(module("suites").worst(codes.values()))


def _expect_known(system: Any, given: Mapping[str, str]) -> None:
    known = module("wishes").known_names(system, given)
    for name in given:
        if name not in known:
            raise OptionError(
                f"-e {name}: expected a setting of {system.name} or a size of its seeds, one of {', '.join(known)}, "
                f"found {name!r}{suggest(name, known)}"
            )


def _chosen(system: Any, name: str | None) -> Sequence[Any]:
    """The suite of that name, or all."""
    suites = {suite.name: suite for suite in system.suites}
    if name is None:
        return list(suites.values())
    if name not in suites:
        raise OptionError(
            f"expected a suite of {system.name}, one of {', '.join(suites)}, found {name!r}{suggest(name, suites)}"
        )
    return [suites[name]]


def _stand(
    system: Any, own: str | None, values: Mapping[str, str], steps: ShownSteps, keep_data: bool
) -> AbstractContextManager[Any]:
    """What suites run against: a service of the user's own, the system that is up, or one that is started now."""
    stands = module("stands")
    if own is not None:
        return nullcontext(stands.Stand(base_url=own))
    found = module("keeping").status(module("standing").Place(system.name))
    if found.state == "changing":
        raise OptionError(f"{system.name}: expected it to be up or down, found it on its way; try again in a moment")
    stand: AbstractContextManager[Any] = (
        stands.standing_stand(system, found.standing, values, steps, keep_data=keep_data)
        if found.state == "up"
        else stands.started_stand(system, values, steps, keep_data=keep_data)
    )
    return stand
