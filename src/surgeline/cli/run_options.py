"""The options of a run as flags of a command, made from the table of `script.options`."""

from collections.abc import Callable, Collection
from typing import Any

import click
from click.core import ParameterSource

from surgeline.script.option_kinds import Shape
from surgeline.script.options import OPTIONS, Option
from surgeline.script.settings import Flag


def run_options(names: Collection[str] = OPTIONS) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add these options to a command; `given_flags` says which of them were given."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed([option for option in OPTIONS.values() if option.name in names]):
            function = _click_option(option)(function)
        return function

    return add


def _click_option(option: Option) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Texts are taken as they are: what they mean, and what is wrong with them, is for the table to say."""
    shape = option.kind.shape
    if shape is Shape.SWITCH:
        return click.option(*option.flags, option.name, is_flag=True, help=option.help)
    several = shape is not Shape.ONE
    return click.option(
        *option.flags,
        option.name,
        multiple=several,
        default=None if several else option.default_text,
        show_default=not several and option.default_text is not None,
        metavar=option.metavar,
        help=option.help,
    )


def given_flags(flags: dict[str, Any]) -> dict[str, Flag]:
    """Return those of a command's options that stand on its command line."""
    context = click.get_current_context()
    return {
        name: flag for name, flag in flags.items() if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
