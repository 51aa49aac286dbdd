"""The result of a run that never came to its end: what its blocks tell, and a verdict that says what it is worth.

Pure. What only the end of a run measures, the generator's own health say, is not known and left at zero.
"""

from surgeline.breakdown import check_results, failure_kinds, median_service_ms, request_rows
from surgeline.judge.evaluate import ThresholdResult
from surgeline.judge.verdict import Outcome, Verdict, judge
from surgeline.metrics import names
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.registry import Registry
from surgeline.metrics.values import TrendValue
from surgeline.result import RunResult
from surgeline.store.facts import StoredFacts


def unfinished_result(facts: StoredFacts, registry: Registry, thresholds: tuple[ThresholdResult, ...]) -> RunResult:
    """Return what there is, of a run that was killed, still goes on, or had no load."""
    health = _health(registry)
    return RunResult(
        title=facts.title,
        scenarios=facts.scenarios,
        started_at=facts.started_at,
        seconds=registry.seconds,
        metrics=registry,
        trend_stats=facts.trend_stats,
        thresholds=thresholds,
        checks=check_results(registry),
        requests=request_rows(registry),
        failures=failure_kinds(registry),
        iteration_errors=(),
        health=health,
        verdict=Verdict(
            Outcome.INCONCLUSIVE,
            (_reason(facts, registry), *judge(thresholds, health, median_service_ms(registry)).reasons),
        ),
        interrupted=False,
        seed=facts.seed,
    )


def _reason(facts: StoredFacts, registry: Registry) -> str:
    if facts.ended_at is not None:
        return "there was no load: set-up failed or was stopped"
    return (
        "the run was not finished: it was killed or still goes on; the figures hold for its first "
        f"{registry.seconds:,.1f} s"
    )


def _health(registry: Registry) -> GeneratorHealth:
    late = registry.value(names.ITERATION_LATENESS.name)
    p50, p99, most = (late.stat(stat) if isinstance(late, TrendValue) else 0.0 for stat in ("med", "p(99)", "max"))
    return GeneratorHealth(
        loop_busy=0.0,
        lateness_p50_ms=p50,
        lateness_p99_ms=p99,
        lateness_max_ms=most,
        dropped_iterations=int(registry.count(names.DROPPED_ITERATIONS.name)),
        abandoned_requests=0,
        gc_pause_max_ms=0.0,
        gc_pause_total_ms=0.0,
        cpu_seconds=0.0,
        max_rss_bytes=0,
        seconds=0.0,
    )
