"""Puts the options of a run together: default < file < script < environment < flag, one way for all of them.

Each layer gives its values by the option's name, with who gave them; a later layer stands over an earlier one. Tables
(`tags`, `env`) add up key by key, everything else is taken as a whole. Of the options that say what the load is, a
layer that gives one of them takes the place of all that earlier layers gave, as in k6.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from surgeline.judge.refusals import suggest
from surgeline.script.config_file import ConfigFile, find_config
from surgeline.script.options import OPTIONS, PREFIX, RunSettings, flattened, known_option
from surgeline.script.setting import Layer, Setting

Settings = Mapping[str, Setting]
Flag = str | bool | Sequence[str]
"""A flag as it was given: its text, all texts of one that may be given again, or true."""

LOAD = ("vus", "duration", "iterations", "rate")
"""The options that say together what the load is."""
OTHER_VARIABLES = frozenset(
    {
        "SURGELINE_JWT_SECRET",  # `surgeline fixtures tokens`
        "SURGELINE_MYSQL_URL",  # the reference systems
        "SURGELINE_POSTGRES_URL",
        "SURGELINE_PROMETHEUS_TREND_STATS",  # the output of that name
        "SURGELINE_RABBITMQ_URL",  # the reference systems
        "SURGELINE_REDIS_URL",
        "SURGELINE_REQUIRE_SERVERS",  # our own tests
    }
)
"""Variables that are read elsewhere; no options of a run."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was given outside of the script: all that is known before the script is loaded."""

    file: Settings
    environment: Settings
    flags: Settings
    remarks: tuple[str, ...] = ()
    """Messages about variables that look like options and are none."""

    @property
    def env(self) -> dict[str, str]:
        """The values of `-e`."""
        return _items("env", self.flags)

    @property
    def stored_env(self) -> dict[str, str]:
        """The values of the file's `[env]`."""
        return _items("env", self.file)

    def settle(self, script: Settings | None = None, *, only: Collection[str] = OPTIONS) -> RunSettings:
        """Return every option's value; `only` names those that the command has, and the others keep their default."""
        merged, cleared = _laid_over([self.file, script or {}, self.environment, self.flags])
        given = {key: setting for key, setting in merged.items() if key.partition(".")[0] in only}
        values: dict[str, Any] = {}
        for one in fields(RunSettings):
            name = one.name.removesuffix("_ns")
            if name in given:
                values[one.name] = given[name].value
            elif items := _items(name, given):
                values[one.name] = items
        replaced = {name: one for name, one in cleared.items() if name in only}
        return RunSettings(**values, given=given, replaced=replaced)


def read_given(
    flags: Mapping[str, Flag], environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> Given:
    """Read the file, the environment and the flags, by the option's name. Raises OptionError, naming who is wrong."""
    environ = os.environ if environ is None else environ
    config = find_config(Path.cwd() if folder is None else folder)
    return Given(
        file={} if config is None else _from_file(config),
        environment=_from_environment(environ),
        flags=_from_flags(flags),
        remarks=_remarks(environ),
    )


def _laid_over(layers: Sequence[Settings]) -> tuple[dict[str, Setting], dict[str, Setting]]:
    """Return what counts, and what was given of the load and is not even in part what counts."""
    merged: dict[str, Setting] = {}
    replaced: dict[str, Setting] = {}
    for layer in layers:
        if any(name in layer for name in LOAD):
            replaced |= {name: merged.pop(name) for name in LOAD if name in merged}
        merged |= layer
    return merged, {name: one for name, one in replaced.items() if name not in merged}


def _items(name: str, settings: Settings) -> dict[str, str]:
    prefix = name + "."
    return {key.removeprefix(prefix): one.value for key, one in settings.items() if key.startswith(prefix)}


def _from_file(config: ConfigFile) -> Settings:
    given: dict[str, Setting] = {}
    for name, value in config.values.items():
        place = config.place(name)
        option = known_option(name, Layer.FILE, place)
        checked = option.kind.check(value, f"{place}: {name}")
        given |= flattened(option, checked, lambda one, *keys: Setting(one, Layer.FILE, config.place(*keys)))
    return given


def _from_environment(environ: Mapping[str, str]) -> Settings:
    """An empty variable gives nothing: that is how a pipeline leaves one out."""
    given: dict[str, Setting] = {}
    for option in OPTIONS.values():
        name = option.variable
        if name is not None and (text := environ.get(name)):
            value, setting = option.kind.parse(text, name), _setting_of(Layer.ENVIRONMENT, name)
            given |= flattened(option, value, setting)
    return given


def _from_flags(flags: Mapping[str, Flag]) -> Settings:
    given: dict[str, Setting] = {}
    for name, flag in flags.items():
        option = OPTIONS[name]
        source = option.flags[-1]
        value = option.kind.check(flag, source) if isinstance(flag, bool) else option.kind.parse(flag, source)
        given |= flattened(option, value, _setting_of(Layer.FLAG, source))
    return given


def _setting_of(layer: Layer, source: str) -> Any:
    return lambda value, *_keys: Setting(value, layer, source)


def _remarks(environ: Mapping[str, str]) -> tuple[str, ...]:
    known = OTHER_VARIABLES | {option.variable for option in OPTIONS.values()}
    strange = [name for name in environ if name.startswith(PREFIX) and name not in known]
    return tuple(_remark(name, name.removeprefix(PREFIX).lower()) for name in strange)


def _remark(variable: str, name: str) -> str:
    options = [option.name for option in OPTIONS.values() if option.variable]
    return f'{variable} is ignored: there is no option "{name}" for a variable{suggest(name, options)}'
