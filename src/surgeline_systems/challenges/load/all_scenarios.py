"""All scenarios against the system that is up, the first three at rising levels until one fails:

    python -m surgeline_systems.challenges.load.all_scenarios --duration 30m --cool-down 60s

Each run begins with the data as they were seeded. It must not know what a scenario does.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

import click

from surgeline import ExitCode, SurgelineError
from surgeline_systems.challenges.system import SYSTEM
from surgeline_systems.durations import seconds_of
from surgeline_systems.standing import Place
from surgeline_systems.suites import worst

SURGELINE = (sys.executable, "-m", "surgeline")
# What is in the event handler's buffer would be written after the reset.
RESET = f"sleep 5 && {shlex.join([*SURGELINE, 'seed', 'reset', '--quiet', str(SYSTEM.seeds)])} >&2"
RPS, EPS = "TARGET_RPS=50,100,200,500,1000", "TARGET_EPS=100,500,1000,2000,5000"
LADDERS = {
    "scenario1": ("--levels", RPS),
    "scenario2": ("--levels", EPS),
    "scenario3": ("--levels", RPS, "--matrix", EPS),
}
ONCE = {"scenario4": ("-e", "TARGET_RPS=500", "-e", "TARGET_EPS=2000"), "scenario5": ()}


def _duration(_context: click.Context, option: click.Parameter, given: str) -> str:
    """Looked at before the first run: all of them would be refused."""
    try:
        seconds_of(option.opts[0], given)
    except SurgelineError as error:
        click.echo(error, err=True)
        sys.exit(ExitCode.WRONG_INPUT)
    return given


@click.command(context_settings={"show_default": True})
@click.option("--duration", default="30m", callback=_duration, help="Of each run.")
@click.option("--cool-down", default="60s", callback=_duration, help="How long the system settles after a level.")
def main(duration: str, cool_down: str) -> None:
    """Run all scenarios of the challenges system that is up; tables of levels are kept in ladder-SCENARIO.json.

    Exits with the worst code of the five: 0 when all passed, of those with levels the first level.
    """
    standing = Place(SYSTEM.name).read()
    if standing is None:
        sys.exit(f"expected the system to be up, found it down in this folder: `surgeline system up {SYSTEM.name}`")
    places = {**standing.backing.urls, "BASE_URL": standing.base_url}
    environment = {**os.environ, **standing.sizes, **places, "DURATION": duration}
    between = ("--cool-down", cool_down, "--reset", RESET)
    planned = [
        ("ladder", _script(name), *levels, *between, "--json", f"ladder-{name}.json")
        for name, levels in LADDERS.items()
    ]
    planned += [("run", _script(name), *values) for name, values in ONCE.items()]
    signal.signal(signal.SIGINT, _leave_it_to_the_command)
    codes: list[int] = []
    for arguments in planned:
        codes.append(_code(["sh", "-c", RESET], environment) or _code([*SURGELINE, *arguments], environment))
        if codes[-1] == ExitCode.STOPPED_BY_SIGNAL:
            break
    sys.exit(worst(codes))


def _leave_it_to_the_command(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C reaches the command that runs, too; it says so by its exit code."""


def _script(name: str) -> str:
    return str(SYSTEM.folder / "load" / f"{name}.py")


def _code(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command; gives its exit code."""
    click.echo(f"$ {shlex.join(command)}", err=True)
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    main()
