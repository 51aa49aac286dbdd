"""The way from commands to the reference systems, which are beside this package and may lack theirs, and back."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from surgeline.cli.conduct import conduct
from surgeline.cli.prepare import prepare
from surgeline.errors import ExitCode, OptionError
from surgeline.judge.refusals import suggest

names = importlib.import_module("surgeline_systems.catalogue").NAMES


def module(name: str) -> Any:
    """A module of the reference systems. Raises OptionError where packages that it needs are not installed."""
    try:
        return importlib.import_module(f"surgeline_systems.{name}")
    except ImportError as error:
        raise OptionError(
            f"the reference systems need more packages, and {error.name!r} is not installed; "
            'install the extras: pip install -e ".[systems,embedded]"'
        ) from None


def system_named(name: str) -> Any:
    """A reference system. Raises OptionError where packages that it needs are not installed."""
    module(f"{name}.system")
    return module("catalogue").system_named(name)


def known_name(_context: click.Context, _argument: click.Parameter, name: str | None) -> str | None:
    """The name of a system, as it was given. Raises OptionError."""
    if name is not None and name not in names:
        raise OptionError(f"expected a system, one of {', '.join(names)}, found {name!r}{suggest(name, names)}")
    return name


def system_argument(*, required: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The name of a system on a command line."""
    metavar = f"{{{'|'.join(names)}}}"
    shown = metavar if required else f"[{metavar}]"
    return click.argument("name", callback=known_name, required=required, metavar=shown)


def run_script(script: Path, title: str, options: Mapping[str, Any]) -> ExitCode:
    """Run a load script as `surgeline run` does, with its options by their names; see `surgeline_systems.system`."""
    prepared = prepare(script, options)
    if prepared.unread_env is not None:
        click.echo(prepared.unread_env, err=True)
    return conduct(replace(prepared.plan, title=title), prepared.settings, prepared.recipe)
