"""Puts together what came of a run: a snapshot of each second while it goes on, the result at its end.

Reads the registry and the execution; starts nothing, changes nothing, and knows no way of showing it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from surgeline._native.histogram import Histogram
from surgeline.engine.execution import Blocks, Execution
from surgeline.judge.evaluate import ThresholdResult, evaluate
from surgeline.judge.verdict import Verdict, judge
from surgeline.metrics import names
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.values import RateValue, TrendValue
from surgeline.report.progress import ProgressSnapshot
from surgeline.result import CheckResult, FailureKind, IterationError, RequestRow, RunResult
from surgeline.script.plan import TestPlan


def snapshot(execution: Execution, blocks: Blocks) -> ProgressSnapshot:
    """Return what the status line shows, from the second that has just ended and the totals."""
    registry = execution.context.registry
    durations = [block for series, block in blocks if series.metric is names.HTTP_REQ_DURATION]
    counted = names.HTTP_REQS if durations else names.ITERATIONS
    p95 = None
    if durations:
        last_second = durations[0].copy()
        for block in durations[1:]:
            last_second.merge(block)
        p95 = last_second.quantile(0.95) / 1e6
    failed = registry.value(names.HTTP_REQ_FAILED.name)
    failed = failed if isinstance(failed, RateValue) else RateValue(0, 0)
    planned = [run.scenario.executor.planned_iterations for run in execution.runs]
    ends = [
        None
        if run.scenario.executor.planned_ns is None
        else (run.scenario.start_ns + run.scenario.executor.planned_ns) / 1e9
        for run in execution.runs
    ]
    return ProgressSnapshot(
        elapsed_s=execution.elapsed_seconds,
        total_s=_known(ends, max),
        rate=sum(block for series, block in blocks if series.metric is counted),
        vus=sum(run.vus for run in execution.runs),
        p95_ms=p95,
        errors=failed.passes,
        failed_share=failed.stat("rate"),
        iterations=int(registry.count(names.ITERATIONS.name)),
        iterations_total=_known(planned, sum),
        dropped=int(registry.count(names.DROPPED_ITERATIONS.name)),
    )


def _known(values: Sequence[Any], combine: Callable[[Sequence[Any]], Any]) -> Any:
    return None if any(value is None for value in values) else combine(values)


class Results:
    """Builds the `RunResult` of a finished execution."""

    def __init__(self, plan: TestPlan, trend_stats: tuple[str, ...], execution: Execution) -> None:
        self._plan = plan
        self._trend_stats = trend_stats
        self._execution = execution
        self._registry = execution.context.registry

    def build(self, started_at: datetime, interrupted: bool) -> RunResult:
        """Return the result."""
        thresholds = tuple(
            evaluate(threshold, self._registry.value(threshold.selector.metric, dict(threshold.selector.tags)))
            for threshold in self._plan.thresholds
        )
        health = self._execution.health()
        return RunResult(
            title=self._plan.title,
            scenarios=tuple(f"{one.name}: {one.executor.describe()}" for one in self._plan.scenarios),
            started_at=started_at,
            seconds=self._execution.elapsed_seconds,
            metrics=self._registry,
            trend_stats=self._trend_stats,
            thresholds=thresholds,
            checks=self._checks(),
            requests=self._requests(),
            failures=self._failures(),
            iteration_errors=self._iteration_errors(),
            health=health,
            verdict=self._judge(thresholds, health),
            interrupted=interrupted,
            seed=self._execution.context.seed,
        )

    def _judge(self, thresholds: Sequence[ThresholdResult], health: GeneratorHealth) -> Verdict:
        measured = self._registry.value(names.HTTP_REQ_DURATION.name) or self._registry.value(
            names.ITERATION_DURATION.name
        )
        p50 = measured.stat("med") if isinstance(measured, TrendValue) else 0.0
        return judge(thresholds, health, p50)

    def _checks(self) -> tuple[CheckResult, ...]:
        return tuple(
            CheckResult(name, value)
            for (name,), value in self._registry.by_tag(names.CHECKS.name, "check").items()
            if isinstance(value, RateValue)
        )

    def _requests(self) -> tuple[RequestRow, ...]:
        counts = self._registry.by_tag(names.HTTP_REQS.name, "method", "name")
        failed = self._registry.by_tag(names.HTTP_REQ_FAILED.name, "method", "name")
        durations = self._registry.by_tag(names.HTTP_REQ_DURATION.name, "method", "name")
        rows = []
        for (method, name), count in counts.items():
            share = failed[method, name]
            # Requests that were never sent have no duration.
            duration = durations.get((method, name), TrendValue(Histogram()))
            assert isinstance(share, RateValue)
            assert isinstance(duration, TrendValue)
            rows.append(RequestRow(method, name, duration, count.stat("rate"), share))
        return tuple(rows)

    def _failures(self) -> tuple[FailureKind, ...]:
        counted = self._registry.by_tag(names.HTTP_REQS.name, "error_code", "error")
        kinds = [
            FailureKind(int(code), error, int(value.stat("count"))) for (code, error), value in counted.items() if code
        ]
        return tuple(sorted(kinds, key=lambda kind: -kind.count))

    def _iteration_errors(self) -> tuple[IterationError, ...]:
        return tuple(
            IterationError(kind, count, run.errors.first_tracebacks[kind])
            for run in self._execution.runs
            for kind, count in run.errors.counts.items()
        )
