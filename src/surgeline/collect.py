"""Puts together what came of a run: a snapshot of each second while it goes on, the result at its end.

Reads the registry and the load; starts nothing, changes nothing, and knows no way of showing it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from surgeline.advice import advise
from surgeline.breakdown import check_results, failure_kinds, median_service_ms, request_rows
from surgeline.engine.load import Load, LoadedScenario
from surgeline.engine.missing_parents import MissingParents
from surgeline.engine.sink import Blocks
from surgeline.errors import ExitCode
from surgeline.judge.evaluate import ThresholdResult
from surgeline.judge.verdict import CUT_OFF_SHARE, Verdict, judge
from surgeline.metrics import names
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.values import RateValue
from surgeline.report.progress import ProgressSnapshot
from surgeline.result import Advice, FailureKind, IterationError, Kind, RunResult
from surgeline.script.plan import TestPlan
from surgeline.store.redact_code import redact_code

_COUNTS = (names.HTTP_REQS, names.GRPC_REQS, names.OPERATIONS)
_FAILED = (names.HTTP_REQ_FAILED, names.GRPC_REQ_FAILED, names.OPERATION_FAILED)
_DURATIONS = (names.HTTP_REQ_DURATION, names.GRPC_REQ_DURATION, names.OPERATION_DURATION)


def snapshot(load: Load, blocks: Blocks) -> ProgressSnapshot:
    """Return what the status line shows, from the second that has just ended and the totals."""
    registry = load.context.registry
    durations = [block for series, block in blocks if series.metric in _DURATIONS]
    counted = _COUNTS if durations else (names.ITERATIONS,)
    p95 = None
    if durations:
        last_second = durations[0].copy()
        for block in durations[1:]:
            last_second.merge(block)
        p95 = last_second.quantile(0.95) / 1e6
    shares = [value for metric in _FAILED if isinstance(value := registry.value(metric.name), RateValue)]
    failed = RateValue(sum(share.passes for share in shares), sum(share.fails for share in shares))
    planned = [run.scenario.executor.planned_iterations for run in load.runs]
    ends = [
        None if run.scenario.executor.planned_ns is None else (run.begins_ns + run.scenario.executor.planned_ns) / 1e9
        for run in load.runs
    ]
    return ProgressSnapshot(
        elapsed_s=load.elapsed_seconds,
        total_s=_known(ends, max),
        rate=sum(block for series, block in blocks if series.metric in counted),
        vus=sum(run.vus for run in load.runs),
        p95_ms=p95,
        errors=failed.passes,
        failed_share=failed.stat("rate"),
        iterations=int(registry.count(names.ITERATIONS.name)),
        iterations_total=_known(planned, sum),
        dropped=int(registry.count(names.DROPPED_ITERATIONS.name)),
        under_way=load.under_way,
    )


def _known(values: Sequence[Any], combine: Callable[[Sequence[Any]], Any]) -> Any:
    return None if any(value is None for value in values) else combine(values)


def planned_starts(runs: Sequence[LoadedScenario], tags: Mapping[str, str], start_ns: int, end_ns: int) -> int | None:
    """Return how many iterations the scenarios with these tags were to start in a span of the run's time.

    Where only the number of all is known, that; None where not even that is.
    """
    total = 0
    for run in runs:
        if tags.items() <= run.tags.items():
            executor, offset = run.scenario.executor, run.begins_ns
            planned = executor.planned_between(start_ns - offset, end_ns - offset)
            planned = executor.planned_iterations if planned is None else planned
            if planned is None:
                return None
            total += planned
    return total


class Results:
    """Builds the `RunResult` of a finished load."""

    def __init__(
        self, plan: TestPlan, trend_stats: tuple[str, ...], load: Load, thresholds: tuple[ThresholdResult, ...]
    ) -> None:
        self._thresholds = thresholds
        self._plan = plan
        self._trend_stats = trend_stats
        self._load = load
        self._registry = load.context.registry

    def build(self, started_at: datetime, interrupted: bool) -> RunResult:
        """Return the result."""
        health = self._load.health()
        failures = failure_kinds(self._registry)
        return RunResult(
            title=self._plan.title,
            scenarios=tuple(scenario.describe() for scenario in self._plan.scenarios),
            started_at=started_at,
            seconds=self._load.elapsed_seconds,
            metrics=self._registry,
            trend_stats=self._trend_stats,
            thresholds=self._thresholds,
            checks=check_results(self._registry),
            requests=request_rows(self._registry),
            failures=failures,
            iteration_errors=self._iteration_errors(),
            health=health,
            verdict=self._judge(health, interrupted),
            interrupted=interrupted,
            seed=self._load.context.seed,
            advice=self._advice(failures),
        )

    def _advice(self, failures: Sequence[FailureKind]) -> tuple[Advice, ...]:
        """Answers were looked at while they came; what the script's own libraries raised is all here."""
        parents = MissingParents()
        parents.take(self._load.context.missing_parents.found)
        for run in self._load.runs:
            for kind, trace in run.errors.first_tracebacks.items():
                parents.look(f"iterations of {run.name}", f"{kind}\n{trace}")
        for failure in failures:
            if failure.kind is Kind.OPERATIONS:
                parents.look(failure.message.partition(":")[0], failure.message)
        return advise(parents.found, self._plan.pools)

    def _judge(self, health: GeneratorHealth, interrupted: bool) -> Verdict:
        abort = self._load.context.abort
        return judge(
            self._thresholds,
            health,
            median_service_ms(self._registry),
            doubts=[*self._load.doubts(), *self._cut_off(health, ended_early=interrupted or abort is not None)],
            abort_reason=None if abort is None else abort.reason.partition("\n")[0],
            ended_by_threshold=abort is not None and abort.exit_code is ExitCode.THRESHOLDS_FAILED,
            stopped=interrupted,
        )

    def _cut_off(self, health: GeneratorHealth, *, ended_early: bool) -> list[str]:
        """Say so where a large part of the requests had no answer when their iteration was over."""
        counted = sum(self._registry.count(metric.name) for metric in _COUNTS)
        cut_off = health.abandoned_requests
        if ended_early or cut_off <= CUT_OFF_SHARE * (counted + cut_off):
            return []
        return [
            f"{cut_off:,.0f} of {counted + cut_off:,.0f} requests were cut off when their iteration ended, and are in "
            "no other figure; was an `await` forgotten, or is graceful_stop too short?"
        ]

    def _iteration_errors(self) -> tuple[IterationError, ...]:
        return tuple(
            IterationError(redact_code(kind), count, redact_code(run.errors.first_tracebacks[kind]))
            for run in self._load.runs
            for kind, count in run.errors.counts.items()
        )
