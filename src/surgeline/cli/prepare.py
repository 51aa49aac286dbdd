"""From a script and flags to what is going to happen: the plan as it will be run, and how."""

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from surgeline.judge.refusals import suggest
from surgeline.script.load import load_script
from surgeline.script.options import RunSettings
from surgeline.script.plan import TestPlan, apply_overrides
from surgeline.script.settings import Flag, Given, read_given
from surgeline.workers.recipe import script_plan


@dataclass(frozen=True, slots=True)
class Prepared:
    """A script with every option applied."""

    declared: TestPlan
    """As the script says it."""
    plan: TestPlan
    """As it will be run."""
    settings: RunSettings
    recipe: Callable[[], TestPlan]
    """Makes the plan again, in another process."""

    @property
    def unread(self) -> dict[str, str]:
        """Names of values for `env` that the script has not asked for, and what to say of a name that is nearly right.

        A name that stands in the script may be asked for while the load runs.
        """
        asked_for = [one.name for one in self.plan.env_values if one.name not in self.settings.env]
        return {
            name: suggest(name, asked_for)
            for name in self.settings.unread_env(self.plan.env_values)
            if not re.search(rf"\b{re.escape(name)}\b", self.plan.text)
        }

    @property
    def unread_env(self) -> str | None:
        """What to say of values that the script has not asked for; None when there are none."""
        given = self.settings.given
        named = [f"{name} ({given[f'env.{name}'].source}{nearly})" for name, nearly in self.unread.items()]
        return f"Given, and not asked for while the script was loaded: {', '.join(named)}" if named else None


def prepare(script: Path, flags: Mapping[str, Flag]) -> Prepared:
    """Load the script and apply every option. Sends nothing; raises SurgelineError for what is wrong."""
    return prepare_given(script, read_options(flags))


def prepare_given(script: Path, given: Given) -> Prepared:
    """Do as `prepare` with options that were read before."""
    with redirect_stdout(sys.stderr):  # what a script prints is no result
        declared = load_script(script, given.env, given.stored_env)
    settings = given.settle(declared.options)
    overrides = settings.overrides
    recipe = partial(script_plan, script, given.env, given.stored_env, overrides)
    return Prepared(declared, apply_overrides(declared, overrides), settings, recipe)


def read_options(flags: Mapping[str, Flag]) -> Given:
    """Return what the file, the environment and the flags give, and say what looks wrong."""
    given = read_given(flags)
    for remark in given.remarks:
        click.echo(remark, err=True)
    return given
