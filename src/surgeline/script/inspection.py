"""Puts together what is known of a run before it begins: a plan and its settings in, an `Inspection` out.

Sends nothing, calls nothing of the script. Secrets are taken out here, so that no rendering can show one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgeline.engine.executors import ExternallyControlled
from surgeline.engine.flow import DeclaredFlow
from surgeline.engine.scenario import Executor, Scenario
from surgeline.errors import SurgelineError
from surgeline.judge.grammar import Threshold
from surgeline.metrics.names import Metric, MetricType
from surgeline.protocols.http.options import HttpOptions, changed
from surgeline.report.plan import (
    EnvPlan,
    FlowPlan,
    Inspection,
    MetricPlan,
    ScenarioPlan,
    Sourced,
    ThresholdPlan,
    Totals,
    total_of,
)
from surgeline.schedule.duration import NANOSECONDS
from surgeline.script import executors
from surgeline.script.option_kinds import Shape
from surgeline.script.options import OPTIONS, RunSettings
from surgeline.script.plan import TestPlan
from surgeline.script.setting import EnvValue, Layer
from surgeline.script.settings import LOAD
from surgeline.store.redact import REDACTED, is_secret, redact_urls

_DEFAULT, _SCRIPT = Layer.DEFAULT.value, Layer.SCRIPT.value
_GIVEN_BY = {"vus": "vus", "max_vus": "vus", "duration": "duration", "max_duration": "duration", "rate": "rate"} | {
    "iterations": "iterations"
}
"""Which option of a run changes an option of an executor."""


def inspect_plan(declared: TestPlan, plan: TestPlan, settings: RunSettings) -> Inspection:
    """Return what would happen. `declared` is what the script says, `plan` what the settings make of it."""
    by_name = {scenario.name: scenario for scenario in declared.scenarios}
    scenarios = [_Scenario(one, by_name[one.name], settings).facts() for one in plan.scenarios]
    return Inspection(
        script=plan.title,
        scenarios=scenarios,
        totals=_totals(scenarios),
        thresholds=[_threshold(one) for one in plan.thresholds],
        metrics=[MetricPlan(one.name, one.type.value, one.contains, one.unit) for one in plan.metrics],
        flows=[_flow(one) for one in plan.flows],
        tags={key: Sourced(_hide(key, one), _source(settings, f"tags.{key}")) for key, one in plan.tags.items()},
        setup=plan.setup is not None,
        teardown=plan.teardown is not None,
        summary=plan.summary is not None,
        env=[_env(one, settings) for one in plan.env_values],
        unread_env=list(settings.unread_env(plan.env_values)),
        options=_options(settings),
        http=_http(plan.http),
        outputs=_outputs(settings),
    )


def _seconds(nanoseconds: int) -> float:
    return nanoseconds / NANOSECONDS


def _source(settings: RunSettings, name: str) -> str:
    setting = settings.given.get(name)
    return _DEFAULT if setting is None else setting.source


def _hide(name: str, value: Any) -> Any:
    """Return a value that anybody may see."""
    if is_secret(name):
        return REDACTED
    return _shown(value)


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return redact_urls(value) if isinstance(value, str) else value


def _hide_all(values: Mapping[str, str]) -> dict[str, str]:
    return {name: _hide(name, value) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class _Scenario:
    """One scenario as it will run, and as the script declared it."""

    planned: Scenario
    declared: Scenario
    settings: RunSettings

    def facts(self) -> ScenarioPlan:
        one = self.planned
        executor = self._seeded()
        planned_ns = executor.planned_ns
        longest_ns = getattr(executor, "max_duration_ns", None) if planned_ns is None else planned_ns
        end_ns = None if longest_ns is None else one.start_ns + longest_ns
        return ScenarioPlan(
            name=one.name,
            executor=_name_of(executor),
            description=executor.describe(),
            options={name: Sourced(value, self._source(name, value)) for name, value in executor.options().items()},
            start_s=_seconds(one.start_ns),
            end_s=None if end_ns is None else _seconds(end_ns),
            end_is_planned=planned_ns is not None,
            latest_s=None if end_ns is None else _seconds(end_ns + one.graceful_stop_ns),
            graceful_stop_s=_seconds(one.graceful_stop_ns),
            pacing_s=_seconds(one.pacing_ns),
            planned_iterations=executor.planned_iterations,
            max_vus=executor.max_vus,
            vus_over_time=self._line(executor.vus_over_time()),
            rate_over_time=self._line(executor.rate_over_time()),
            begins_with=_begins_with(executor),
            base_url=self._base_url(),
            tags=_hide_all(one.tags),
            env=_hide_all(one.environment),
            hooks=[name for name in ("setup", "teardown", "vu_start", "vu_stop") if getattr(one, name) is not None],
        )

    def _seeded(self) -> Executor:
        """With a seed, what is drawn from it is known too."""
        seed = self.settings.seed
        executor = self.planned.executor
        return executor if seed is None else executor.seeded(f"{seed}/{self.planned.name}")

    def _line(self, corners: list[tuple[int, Any]] | None) -> list[tuple[float, float]] | None:
        if corners is None:
            return None
        return [(_seconds(self.planned.start_ns + t), value) for t, value in corners]

    def _source(self, name: str, value: Any) -> str:
        """Who gave an option of the executor: of the run's options, else the script where it says the same."""
        given = self.settings.given.get(_GIVEN_BY.get(name, ""))
        if given is not None and given.value is not None and self.planned.executor != self.declared.executor:
            return given.source
        declared = self.declared.executor.options()
        if declared.get(name) != value or _is_default(self.declared.executor, name):
            return _DEFAULT
        return _SCRIPT

    def _base_url(self) -> Sourced:
        url = self.planned.base_url
        if url is None:
            return Sourced(None, _DEFAULT)
        source = _SCRIPT if url == self.declared.base_url else _source(self.settings, "base_url")
        return Sourced(redact_urls(url), source)


def _begins_with(executor: Executor) -> dict[str, int] | None:
    if not isinstance(executor, ExternallyControlled):
        return None
    return {"rate": executor.rate} if executor.rate is not None else {"vus": executor.vus or 0}


def _is_default(executor: Executor, name: str) -> bool:
    """Would the executor be the same without this option? What follows from other options is a default too."""
    others = {key: value for key, value in executor.options().items() if key != name}
    try:
        return bool(getattr(executors, _name_of(executor))(**others) == executor)
    except SurgelineError:
        return False


def _name_of(executor: Executor) -> str:
    """Return the executor as scripts call it; each has a module of that name."""
    return type(executor).__module__.rpartition(".")[2]


def _totals(scenarios: list[ScenarioPlan]) -> Totals:
    users = total_of([_users(one) for one in scenarios])
    return Totals(
        planned_iterations=_all(scenarios, lambda one: one.planned_iterations, sum),
        max_vus=round(max(count for _, count in users)),
        end_s=_all(scenarios, lambda one: one.end_s, max),
        latest_s=_all(scenarios, lambda one: one.latest_s, max),
    )


def _all(
    scenarios: list[ScenarioPlan], figure: Callable[[ScenarioPlan], Any], total: Callable[[list[Any]], Any]
) -> Any:
    figures = [figure(one) for one in scenarios]
    return None if None in figures else total(figures)


def _users(one: ScenarioPlan) -> list[tuple[float, float]]:
    """The users that there can be; iterations under way keep theirs while they may."""
    latest = float("inf") if one.latest_s is None else one.latest_s
    if one.vus_over_time is None:
        return [(one.start_s, one.max_vus), (latest, one.max_vus)]
    return [*one.vus_over_time, (latest, one.vus_over_time[-1][1])]


def _threshold(one: Threshold) -> ThresholdPlan:
    condition = one.condition
    return ThresholdPlan(
        metric=one.selector.metric,
        tags=dict(one.selector.tags),
        aggregation=condition.aggregation,
        operator=condition.operator,
        bound=condition.bound,
        unit="" if condition.of_target else _unit(one.metric, condition.aggregation),
        of_target=condition.of_target,
        over_s=condition.over_seconds,
        after_s=condition.after_seconds,
        abort_on_fail=one.abort_on_fail,
        delay_abort_s=_seconds(one.delay_abort_ns),
        source=condition.source,
    )


def _unit(metric: Metric, aggregation: str) -> str:
    """The unit of a bound: none for counts of samples and for shares."""
    if (
        metric.type is MetricType.RATE
        or aggregation == "count/s"
        or (metric.type is MetricType.TREND and aggregation == "count")
    ):
        return ""
    unit = {"time": "ms", "data": "B"}.get(metric.contains, metric.unit)
    return f"{unit}/s" if metric.type is MetricType.COUNTER and aggregation == "rate" else unit


def _flow(one: DeclaredFlow) -> FlowPlan:
    return FlowPlan(one.name, _seconds(one.timeout_ns), _seconds(one.watch.every_ns) if one.watch else None)


def _env(one: EnvValue, settings: RunSettings) -> EnvPlan:
    setting = settings.given.get(f"env.{one.name}")
    in_settings = one.layer in (Layer.FILE, Layer.FLAG) and setting is not None
    source = setting.source if in_settings and setting is not None else one.layer.value
    default = None if one.default is None else _hide(one.name, one.default)
    return EnvPlan(one.name, default, _hide(one.name, one.value), source)


def _options(settings: RunSettings) -> dict[str, Sourced]:
    """Every option but the tables, whose items are shown by themselves."""
    return {
        name: Sourced(_shown(value), _why_not(settings, name) or _source(settings, name))
        for name, value in settings.as_written().items()
        if OPTIONS[name].kind.shape is not Shape.TABLE
    }


def _http(options: HttpOptions) -> dict[str, Any]:
    """Return the options of HTTP that are not what they are by default."""
    shown: dict[str, Any] = {}
    for name, value in changed(options, HttpOptions()).items():
        match name:
            case "headers":
                shown |= {f"{name}.{field}": one for field, one in _hide_all(value).items()}
            case "hosts":
                shown |= {f"{name}.{host}": place for host, place in value.items()}
            case "tls.password":
                shown[name] = REDACTED
            case _:
                shown[name] = list(value) if isinstance(value, tuple) else _shown(_written(value))
    return shown


def _written(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _why_not(settings: RunSettings, name: str) -> str | None:
    """Return why an option has no value though one was given; None where it has what was given."""
    replaced = settings.replaced.get(name)
    if replaced is None:
        return None
    instead = {settings.given[one].source for one in LOAD if one in settings.given}
    value = OPTIONS[name].kind.plain(replaced.value)
    return f"{value} of {replaced.source} does not count beside {', '.join(sorted(instead))}"


def _outputs(settings: RunSettings) -> list[str]:
    outputs = [redact_urls(text) for text in settings.out]
    outputs += [] if settings.summary_export is None else [f"summary={settings.summary_export}"]
    return outputs + ([] if settings.no_run_file else [f"run file in {settings.run_dir}"])
