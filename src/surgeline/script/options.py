"""Every option of a run, in one table: its kind, its default, its help, and where it can be given.

Flags, environment variables, the file and `options()` in a script all come from this table; none of them knows an
option by itself. How the layers add up stands in `script.settings`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from surgeline.errors import OptionError
from surgeline.judge.refusals import suggest
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS
from surgeline.schedule.duration import NANOSECONDS
from surgeline.schedule.numbers import MOST_RATE, MOST_VUS
from surgeline.script import option_kinds as kinds
from surgeline.script.option_kinds import Kind
from surgeline.script.plan import Overrides
from surgeline.script.setting import EnvValue, Layer, Setting

PREFIX = "SURGELINE_"


_EVERYWHERE = frozenset(Layer) - {Layer.DEFAULT}
_NOT_IN_SCRIPT = _EVERYWHERE - {Layer.SCRIPT}
"""What scenarios and thresholds say themselves, or what is the choice of the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a run."""

    name: str
    """In the file and in `options()`."""
    flags: tuple[str, ...]
    """Messages name the last."""
    kind: Kind
    default: Any
    help: str
    metavar: str | None
    layers: frozenset[Layer]

    @property
    def variable(self) -> str | None:
        """Its environment variable; None for `-e`, whose values the environment holds under their own names."""
        return PREFIX + self.name.upper() if Layer.ENVIRONMENT in self.layers else None

    @property
    def default_text(self) -> str | None:
        """The default as it could be written; None for nothing."""
        return None if self.default in (None, (), False) or self.default == {} else self.kind.show(self.default)


def _option(
    kind: Kind,
    help_text: str,
    *,
    default: Any = None,
    flags: tuple[str, ...] = (),
    metavar: str | None = None,
    layers: frozenset[Layer] = _EVERYWHERE,
) -> Any:
    facts = {"kind": kind, "help": help_text, "default": default, "flags": flags, "metavar": metavar, "layers": layers}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=facts)
    return field(default=default, metadata=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How to run a script, beside what its scenarios say: the value of every option. This is the table.

    Durations are kept in nanoseconds, in fields that end in `_ns`; the options are named without that.
    """

    scenario: tuple[str, ...] = _option(
        kinds.TEXTS, "Run this scenario only; may be given again.", default=(), metavar="NAME"
    )
    env: Mapping[str, str] = _option(
        kinds.TABLE,
        "A value for env() in the script.",
        default={},
        flags=("--env", "-e"),
        metavar="KEY=VALUE",
        layers=frozenset({Layer.FILE, Layer.FLAG}),
    )
    vus: int | None = _option(
        kinds.whole_number(1, MOST_VUS),
        "Virtual users; with --duration, run with constant_vus.",
        metavar="N",
        layers=_NOT_IN_SCRIPT,
    )
    duration_ns: int | None = _option(
        kinds.DURATION,
        'How long to start iterations, such as "30s" or "1m30s".',
        metavar="TIME",
        layers=_NOT_IN_SCRIPT,
    )
    iterations: int | None = _option(
        kinds.whole_number(1, 10**12),
        "Run this many iterations, with shared_iterations.",
        metavar="N",
        layers=_NOT_IN_SCRIPT,
    )
    rate: int | None = _option(
        kinds.whole_number(1, MOST_RATE),
        "Start this many iterations a second, with constant_arrival_rate.",
        metavar="N",
        layers=_NOT_IN_SCRIPT,
    )
    base_url: str | None = _option(
        kinds.URL, "Where relative URLs start, instead of the scenarios' base_url.", metavar="URL"
    )
    tags: Mapping[str, str] = _option(
        kinds.TAGS, "A tag for every sample of the run.", default={}, flags=("--tag",), metavar="KEY=VALUE"
    )
    no_thresholds: bool = _option(kinds.SWITCH, "Do not judge.", default=False, layers=_NOT_IN_SCRIPT)
    seed: int | None = _option(
        kinds.whole_number(-(2**63), 2**63 - 1),
        "Seed of all random choices; one is drawn when not given.",
        metavar="N",
    )
    insecure: bool = _option(kinds.SWITCH, "Accept any TLS certificate.", default=False)
    workers: int = _option(
        kinds.WORKERS, "Processes that share the load; auto is one for each core.", default=1, metavar="N|auto"
    )
    setup_timeout_ns: int = _option(
        kinds.DURATION, "How long set-up may take.", default=60 * NANOSECONDS, metavar="TIME"
    )
    teardown_timeout_ns: int = _option(
        kinds.DURATION, "How long tear-down may take.", default=60 * NANOSECONDS, metavar="TIME"
    )
    control: str | None = _option(
        kinds.ADDRESS, "Take changes of rate and users at this address while it runs.", metavar="HOST:PORT"
    )
    out: tuple[str, ...] = _option(
        kinds.TEXTS,
        "Write samples while it runs, such as json=FILE; may be given again.",
        default=(),
        flags=("-o", "--out"),
        metavar="OUTPUT",
    )
    summary_trend_stats: tuple[str, ...] = _option(
        kinds.TREND_STATS,
        "Statistics of trends in the summary: avg, min, med, max, count, p(N).",
        default=DEFAULT_TREND_STATS,
        metavar="LIST",
    )
    summary_export: Path | None = _option(  # noqa: RUF009 - makes a field
        kinds.FILE, "Write the summary as JSON, in the shape of k6's handleSummary data.", metavar="FILE"
    )
    run_dir: Path = _option(  # noqa: RUF009 - makes a field
        kinds.FOLDER, "Where run files are kept.", default=Path(".surgeline/runs"), metavar="FOLDER"
    )
    no_run_file: bool = _option(kinds.SWITCH, "Keep no run file.", default=False)
    quiet: bool = _option(
        kinds.SWITCH, "No progress line.", default=False, flags=("-q", "--quiet"), layers=_NOT_IN_SCRIPT
    )
    given: Mapping[str, Setting] = field(default_factory=dict)
    """What was given and by whom, by the option's name; the items of a table one by one, as `tags.team`."""
    replaced: Mapping[str, Setting] = field(default_factory=dict)
    """What was given of the load and does not count, another load being given by a later layer."""

    def value(self, option: Option) -> Any:
        """Return the value of an option of the table."""
        return getattr(self, _FIELDS[option.name])

    def as_written(self) -> dict[str, Any]:
        """Return the value of every option in a type that JSON has, durations and paths as texts."""
        return {name: option.kind.plain(self.value(option)) for name, option in OPTIONS.items()}

    def as_given(self) -> dict[str, Any]:
        """Return what was given, as `as_written`."""
        names = {key.partition(".")[0] for key in self.given}
        return {name: value for name, value in self.as_written().items() if name in names}

    def names(self, name: str) -> str:
        """Return who gave an option, as an error about its value begins; its flag where nobody did."""
        setting = self.given.get(name)
        return OPTIONS[name].flags[-1] if setting is None else setting.names(name)

    def unread_env(self, values: Iterable[EnvValue]) -> dict[str, Setting]:
        """Return what was given for `env` and is not among the values that a script asked for, by name.

        A misspelled name, or one that is asked for while the load runs.
        """
        read = {one.name for one in values}
        return {name: self.given[f"env.{name}"] for name in self.env if name not in read}

    @property
    def overrides(self) -> Overrides:
        """What of this changes the plan. A base URL of the file or of `options()` is for scenarios without one."""
        url = self.given.get("base_url")
        for_all = url is None or url.layer in (Layer.ENVIRONMENT, Layer.FLAG)
        return Overrides(
            scenarios=self.scenario,
            vus=self.vus,
            duration_ns=self.duration_ns,
            iterations=self.iterations,
            rate=self.rate,
            base_url=self.base_url if for_all else None,
            default_base_url=None if for_all else self.base_url,
            tags=self.tags,
            no_thresholds=self.no_thresholds,
            names=self.names,
        )


def _table() -> dict[str, Option]:
    table = {}
    for one in fields(RunSettings):
        if one.metadata:
            name = one.name.removesuffix("_ns")
            facts = {**one.metadata, "flags": one.metadata["flags"] or (f"--{name.replace('_', '-')}",)}
            table[name] = Option(name, **facts)
    return table


OPTIONS = _table()
_FIELDS = {one.name.removesuffix("_ns"): one.name for one in fields(RunSettings)}


def known_option(name: str, layer: Layer, where: str) -> Option:
    """Return an option that can be given in a layer. Raises OptionError, naming `where`, when there is none."""
    option = OPTIONS.get(name)
    if option is None:
        known = [one.name for one in OPTIONS.values() if layer in one.layers]
        raise OptionError(f"{where}: expected an option, found {name!r}{suggest(name, known)}")
    if layer not in option.layers:
        raise OptionError(f"{where}: {name} cannot be given in a script; expected {_elsewhere(option)}")
    return option


def _elsewhere(option: Option) -> str:
    places = [option.flags[-1], option.variable, f"{option.name} in surgeline.toml"]
    return " or ".join(place for place in places if place)


def flattened(option: Option, value: Any, setting: Callable[..., Setting]) -> dict[str, Setting]:
    """Return what an option gives by its name; a table item by item, so that layers add up key by key.

    `setting` takes a value and the keys that lead to it.
    """
    if option.kind.shape is not kinds.Shape.TABLE:
        return {option.name: setting(value, option.name)}
    return {f"{option.name}.{key}": setting(one, option.name, key) for key, one in value.items()}


def declared_options(values: Mapping[str, object], place: str) -> dict[str, Setting]:
    """Return what a script gives to `options()` at a place.

    Raises OptionError for an unknown name or a value that cannot be used.
    """
    given: dict[str, Setting] = {}
    for name, value in values.items():
        option = known_option(name, Layer.SCRIPT, "options")
        checked = option.kind.check(value, f"options: {name}")
        given |= flattened(option, checked, lambda one, *_: Setting(one, Layer.SCRIPT, place))
    return given
