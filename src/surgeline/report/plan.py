"""What a script would do, as `surgeline inspect` shows it: the load over time first, then what is behind it.

Pure rendering to plain text of data that is given. Must not know scripts, executors, nor how the data came to be.
"""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil
from typing import Any

from surgeline.report.format import number, printable
from surgeline.schedule.duration import NANOSECONDS, format_duration

_INDENT = "  "
_BLOCKS = "▁▂▃▄▅▆▇█"
_NAME_MOST = 20
_SCALE_LEAST = len("max 1,000 users")
"""So that plans of about the same size are drawn at the same width."""
Line = Sequence[tuple[float, float]]
"""The corners of a line over time: seconds from the run's start, and a value; a jump is two corners at one time."""


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value, and where it comes from."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class ScenarioPlan:
    """One scenario as it would run. Times are seconds from the run's start."""

    name: str
    executor: str
    description: str
    options: dict[str, Sourced]
    start_s: float
    end_s: float | None
    """When the last iteration starts at the latest; None when it goes on until it is stopped."""
    end_is_planned: bool
    """Else it is over as soon as all iterations are."""
    latest_s: float | None
    """When the last iteration has ended at the latest, the graceful stop included."""
    graceful_stop_s: float
    pacing_s: float
    planned_iterations: int | None
    max_vus: int
    vus_over_time: list[tuple[float, float]] | None
    rate_over_time: list[tuple[float, float]] | None
    begins_with: dict[str, int] | None
    """`{"vus": 3}` or `{"rate": 20}` where somebody changes the number while it runs."""
    base_url: Sourced
    tags: dict[str, str]
    env: dict[str, str]
    hooks: list[str]


@dataclass(frozen=True, slots=True)
class Totals:
    """All scenarios together; None where one of them has no such figure."""

    planned_iterations: int | None
    max_vus: int
    """The most virtual users that there can be at once."""
    end_s: float | None
    latest_s: float | None


@dataclass(frozen=True, slots=True)
class ThresholdPlan:
    """A threshold as it was understood."""

    metric: str
    tags: dict[str, str]
    aggregation: str
    operator: str
    bound: float
    unit: str
    of_target: bool
    over_s: int | None
    after_s: int
    abort_on_fail: bool
    delay_abort_s: float
    source: str


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """A metric of the script's own."""

    name: str
    type: str
    contains: str
    unit: str


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """A flow, and how often its watcher looks for what is under way; None where it has no watcher."""

    name: str
    timeout_s: float
    every_s: float | None


@dataclass(frozen=True, slots=True)
class EnvPlan:
    """What `env()` returned."""

    name: str
    default: Any
    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that is known of a run before it begins. Its fields are the keys of `inspect --json`."""

    script: str
    scenarios: list[ScenarioPlan]
    totals: Totals
    thresholds: list[ThresholdPlan]
    metrics: list[MetricPlan]
    flows: list[FlowPlan]
    tags: dict[str, Sourced]
    setup: bool
    teardown: bool
    summary: bool
    env: list[EnvPlan]
    unread_env: list[str]
    """Given for `env`, and not asked for while the script was loaded."""
    options: dict[str, Sourced]
    http: dict[str, Any]
    """What the script declares of HTTP, by `tls.ca` or `headers.Accept`, where that is not the default."""
    outputs: list[str]


def render_plan(plan: Inspection, width: int) -> str:
    """Return the plan as text, in lines of at most `width` columns where names allow it, ending in a newline."""
    sections = (
        _overview(plan, width),
        _chart(plan, width),
        _section("SCENARIOS", plan.scenarios, lambda one: _scenario(one, width)),
        _section("THRESHOLDS", plan.thresholds, lambda one: _threshold(one, width)),
        _section("METRICS OF THE SCRIPT", plan.metrics, lambda one: [_metric(one)]),
        _section("FLOWS", plan.flows, lambda one: _wrapped(_flow(one), width)),
        _section("ENV", plan.env, lambda one: _env(one, width), _unread(plan, width)),
        _options(plan, width),
        _section("HTTP", plan.http.items(), lambda one: _wrapped(_http(*one), width)),
        _section("TAGS", plan.tags.items(), lambda one: _wrapped(f"{one[0]}={_sourced(one[1])}", width)),
        _section("OUTPUTS", plan.outputs, lambda one: _wrapped(one, width)),
    )
    return "\n".join("\n".join(line.rstrip() for line in lines) + "\n" for lines in sections if lines)


def _section(
    title: str, items: Iterable[Any], show: Callable[[Any], list[str]], closing: Sequence[str] = ()
) -> list[str]:
    lines = [line for item in items for line in show(item)]
    return [title, *lines, *closing] if lines or closing else []


def _wrapped(text: str, width: int, level: int = 1) -> list[str]:
    indent = _INDENT * level
    return textwrap.wrap(printable(text), width, initial_indent=indent, subsequent_indent=indent + _INDENT)


def _time(seconds: float) -> str:
    return format_duration(round(seconds * NANOSECONDS))


def _sourced(one: Sourced) -> str:
    return f"{_value(one.value)}  ({one.source})"


def _value(value: Any) -> str:
    """Return a value as a script would write it, on one line."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(f"{one[0]} to {one[1]:,}" if isinstance(one, tuple) else str(one) for one in value) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)


def _overview(plan: Inspection, width: int) -> list[str]:
    totals = plan.totals
    planned = "not known beforehand" if totals.planned_iterations is None else f"{totals.planned_iterations:,}"
    several = len(plan.scenarios) > 1
    partly = [one for one in plan.scenarios if one.planned_iterations is not None]
    if several and partly and totals.planned_iterations is None:
        known = sum(one.planned_iterations or 0 for one in partly)
        planned = f"{known:,} by {_names(partly)}, those of the others not known beforehand"
    around = (("set-up", plan.setup), ("tear-down", plan.teardown), ("summary of its own", plan.summary))
    hooks = [name for name, there in around if there]
    return [
        *textwrap.wrap(printable(plan.script), width),
        *_wrapped(f"time         {_length(plan)}", width),
        *_wrapped(f"users        at most {totals.max_vus:,} at once, graceful stop included", width),
        *_wrapped(f"iterations   {planned}", width),
        *_wrapped(f"around it    {', '.join(hooks) or 'no set-up, no tear-down'}", width),
    ]


def _names(scenarios: Sequence[ScenarioPlan]) -> str:
    return " and ".join(one.name for one in scenarios)


def _length(plan: Inspection) -> str:
    totals = plan.totals
    if totals.end_s is None or totals.latest_s is None:
        return "until it is stopped"
    at_most = "" if all(one.end_is_planned for one in plan.scenarios) else "at most "
    return f"{at_most}{_time(totals.end_s)}, with graceful stop at most {_time(totals.latest_s)}"


# The chart


@dataclass(frozen=True, slots=True)
class _Curve:
    name: str
    line: Line
    what: str
    known: str = "max"
    """What is known of its numbers: the most of them, or what it begins with."""

    @property
    def most(self) -> float:
        return max(value for _, value in self.line)

    @property
    def scale(self) -> str:
        most = number(self.most)
        what = self.what if self.what == "/s" else f" {'user' if most == '1' else 'users'}"
        return f"{self.known} {most}{what}"


def _chart(plan: Inspection, width: int) -> list[str]:
    end = _chart_end(plan)
    curves = [curve for one in plan.scenarios for curve in _curves(one, end)]
    curves += [*_together("all users", "users", curves), *_together("all starts", "/s", curves)]
    name_width = min(_NAME_MOST, max((len(curve.name) for curve in curves), default=0))
    scale_width = max(_SCALE_LEAST, *(len(curve.scale) for curve in curves))
    columns = max(10, width - len(_INDENT) - name_width - 2 - 2 - scale_width)
    each = end / columns
    has_end = any(one.end_s is not None for one in plan.scenarios)
    scale = f"0s to {_time(end)}, {number(float(f'{each:.2g}'))}s a column" if has_end else "until it is stopped"
    title = f"LOAD OVER TIME  {scale}; each line to its own scale"
    return [*textwrap.wrap(title, width), *(_drawn(curve, each, columns, name_width) for curve in curves)]


def _chart_end(plan: Inspection) -> float:
    """The planned end, so that iterations that may take ten minutes do not make a plan of one look like a dot."""
    ends = [one.end_s for one in plan.scenarios if one.end_s is not None]
    planned = [one.end_s for one in plan.scenarios if one.end_s is not None and one.end_is_planned]
    starts = max(one.start_s for one in plan.scenarios)
    return max([*(planned or ends), starts * 1.1]) or 1.0


def _curves(one: ScenarioPlan, end: float) -> list[_Curve]:
    """The starts of an arrival rate, the users of the others; those are at most so many where nothing is planned."""
    if one.rate_over_time is not None:
        return [_Curve(one.name, one.rate_over_time, "/s")]
    if one.vus_over_time is not None:
        return [_Curve(one.name, one.vus_over_time, "users")]
    what, value = next(iter((one.begins_with or {"vus": one.max_vus}).items()))
    line = [(one.start_s, value), (min(one.end_s or end, end), value)]
    return [_Curve(one.name, line, "/s" if what == "rate" else "users", "begins with" if one.begins_with else "max")]


def _together(name: str, what: str, curves: Sequence[_Curve]) -> list[_Curve]:
    lines = [curve.line for curve in curves if curve.what == what]
    return [_Curve(name, total_of(lines), what)] if len(lines) > 1 else []


def total_of(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Return the line of the sum of several; where one jumps, before and after."""
    times = sorted({t for line in lines for t, _ in line})
    return [(t, sum(_at(line, t, after=after) for line in lines)) for t in times for after in (False, True)]


def _at(line: Line, t: float, *, after: bool) -> float:
    """Return the value at `t`, just before it or just after; 0 outside of the line."""
    if not line or t < line[0][0] or t > line[-1][0] or (t == line[-1][0] if after else t == line[0][0]):
        return 0.0
    for (start, first), (end, last) in pairwise(line):
        if (start <= t < end) if after else (start < t <= end):
            return first if first == last else first + (last - first) * (t - start) / (end - start)
    return 0.0


def _drawn(curve: _Curve, each: float, columns: int, name_width: int) -> str:
    cells = "".join(_cell(curve.line, i * each, (i + 1) * each, curve.most) for i in range(columns))
    name = printable(curve.name)[:name_width].ljust(name_width)
    return f"{_INDENT}{name}  {cells}  {curve.scale}"


def _cell(line: Line, start: float, end: float, most: float) -> str:
    """Return the block of the most between two times; a space where there is nothing."""
    if end <= line[0][0] or start >= line[-1][0]:
        return " "
    little = (end - start) * 1e-6  # what is at the edge of a column belongs to its neighbour, however it was rounded
    start, end = start + little, end - little
    inside = [value for t, value in line if start < t < end]
    value = max([_at(line, start, after=True), _at(line, end, after=False), *inside])
    return _BLOCKS[min(ceil(value / most * len(_BLOCKS)), len(_BLOCKS)) - 1] if value > 0 else " "


# What is behind it


def _scenario(one: ScenarioPlan, width: int) -> list[str]:
    facts = [
        f"{one.executor}: {one.description}",
        *_by_source(one.options),
        f"from {_time(one.start_s)} {_end(one)}, graceful stop {_time(one.graceful_stop_s)}",
        f"iterations {_iterations(one)}",
        f"at most {one.max_vus:,} users",
    ]
    facts += [f"pacing {_time(one.pacing_s)}"] if one.pacing_s else []
    facts += [f"base_url {_sourced(one.base_url)}"] if one.base_url.value else []
    facts += [f"tags {_pairs(one.tags)}"] if one.tags else []
    facts += [f"env {_pairs(one.env)}"] if one.env else []
    facts += [f"hooks {', '.join(one.hooks)}"] if one.hooks else []
    return [_INDENT + printable(one.name), *(line for fact in facts for line in _wrapped(fact, width, 2))]


def _by_source(options: dict[str, Sourced]) -> list[str]:
    """Return one line for each source, not for each option."""
    said = [(name, one) for name, one in options.items() if one.value is not None]
    ordered = sorted(said, key=lambda item: item[1].source)
    return [
        "; ".join(f"{name} {_value(one.value)}" for name, one in same) + f"  ({source})"
        for source, same in groupby(ordered, key=lambda item: item[1].source)
    ]


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _end(one: ScenarioPlan) -> str:
    if one.end_s is None:
        return "until it is stopped"
    end = _time(one.end_s)
    return f"to {end}" if one.end_is_planned else f"until all iterations have ended, or {end}"


def _iterations(one: ScenarioPlan) -> str:
    if one.planned_iterations is not None:
        return f"{one.planned_iterations:,}"
    return "as the system lets them" if one.rate_over_time is None else "drawn at random: known with --seed"


def _threshold(one: ThresholdPlan, width: int) -> list[str]:
    tags = f"{{{','.join(f'{key}:{value}' for key, value in one.tags.items())}}}" if one.tags else ""
    space = "" if one.unit in ("", "ms", "B", "B/s", "/s") else " "
    target = " of the planned starts" if one.of_target else ""
    said = [f"{one.aggregation} {one.operator} {one.bound:,.15g}{space}{one.unit}{target}"]
    said += [f"in every {_time(one.over_s)}"] if one.over_s else []
    said += [f"without the first {_time(one.after_s)}"] if one.after_s else []
    if one.abort_on_fail:
        said.append("ends the run" + (f", not before {_time(one.delay_abort_s)}" if one.delay_abort_s else ""))
    return _wrapped(f"{one.metric}{tags}  {'; '.join(said)}", width)


def _metric(one: MetricPlan) -> str:
    kinds = [one.type, {"time": "times in ms", "data": "bytes"}.get(one.contains, ""), one.unit]
    return f"{_INDENT}{one.name}  {', '.join(kind for kind in kinds if kind)}"


def _flow(one: FlowPlan) -> str:
    looks = "no watcher" if one.every_s is None else f"looked for every {_time(one.every_s)}"
    return f"{one.name}  timeout {_time(one.timeout_s)}; {looks}"


def _env(one: EnvPlan, width: int) -> list[str]:
    default = "no default" if one.default is None else f"default {one.default!r}"
    source = "default" if one.source == "default" else f"{one.source}; {default}"
    return _wrapped(f"{one.name} = {one.value!r}  ({source})", width)


def _http(name: str, value: Any) -> str:
    """A host holds dots of its own, and the name of the option would look like a part of it."""
    option, _, host = name.partition(".")
    return f"{option}  {host} -> {value}" if option == "hosts" else f"{name} {_value(value)}"


def _options(plan: Inspection, width: int) -> list[str]:
    """What was given, one by one, and what the rest is."""
    given = {name: one for name, one in plan.options.items() if one.source != "default"}
    rest = {name: one for name, one in plan.options.items() if name not in given and one.value not in (None, [], False)}
    lines = [line for name, one in given.items() for line in _wrapped(f"{name} {_sourced(one)}", width)]
    lines += _wrapped("by default: " + "; ".join(f"{name} {_value(one.value)}" for name, one in rest.items()), width)
    return ["OPTIONS", *lines]


def _unread(plan: Inspection, width: int) -> list[str]:
    if not plan.unread_env:
        return []
    return _wrapped(f"given, and not asked for while the script was loaded: {', '.join(plan.unread_env)}", width)
