"""Runs in virtual time: samples into a registry, each second into a run file, as an engine does it."""

from datetime import datetime, timedelta, timezone

from surgeline.breakdown import check_results, failure_kinds, request_rows
from surgeline.judge.evaluate import evaluate
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.verdict import judge
from surgeline.metrics import names
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.registry import Registry
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS
from surgeline.result import IterationError, RunFacts, RunResult
from surgeline.store.writer import RunFile

BASKET = Metric("basket", MetricType.TREND, unit="items")
STOCK = Metric("stock", MetricType.GAUGE)
OWN = {metric.name: metric for metric in (BASKET, STOCK)}
HEALTH = GeneratorHealth(0.1, 0.2, 1.5, 3.0, 0, 0, 0.5, 0.7, 1.25, 50_000_000, 3.0)
STARTED = datetime(2026, 3, 29, 12, 0, 0, 123456, timezone(timedelta(hours=2), "CEST"))
ANSWERED = {"status": "200", "expected_response": "true"}
UNAVAILABLE = {"status": "503", "expected_response": "false", "error_code": "1503", "error": "503 Service Unavailable"}
REFUSED = {"status": "0", "expected_response": "false", "error_code": "1212", "error": "connection refused"}
THRESHOLDS = parse_thresholds(
    {"http_req_duration": ["p(95)<500", "p(99)<1"], "http_req_failed{name:/b}": "rate<0.01", "checks": "rate>0.5"},
    BUILTIN | OWN,
)


def facts(run_id="20260329-100000-checkout-0001", **changed):
    known = {
        "run_id": run_id,
        "title": "load/checkout.py",
        "script_path": None,
        "script_text": "print('load')\n",
        "started_at": STARTED,
        "seed": 7,
        "tags": {},
        "options": {},
        "scenarios": ("checkout: 10 iterations/s for 3s",),
        "metrics": tuple(OWN.values()),
        "notify": complain,
    }
    return RunFacts(**(known | changed))


def complain(message):
    raise AssertionError(message)


class Recorded:
    """A registry whose seconds go into a run file."""

    def __init__(self, folder, thresholds=THRESHOLDS, environment=None, **changed):
        self.registry = Registry()
        self.file = RunFile(thresholds, environment=environment, folder=folder)
        self.file.start(facts(**changed))
        self.next_second = -1

    def end_second(self, seconds=None):
        second = self.next_second
        self.registry.seconds = second + 1.0 if seconds is None else seconds
        blocks = self.registry.rotate()
        for start in range(0, len(blocks), 5):
            self.file.take(second, blocks[start : start + 5])
        self.file.end_second(second, self.registry.seconds)
        self.next_second += 1

    def finish(self):
        """End the run; returns its result."""
        made = result(self.registry)
        self.file.finish(made)
        return made


def a_run(folder, seconds=3, **changed):
    """A run of some requests, checks and metrics of its own; some fail. Not finished."""
    run = Recorded(folder, **changed)
    run.end_second(0.0)
    for second in range(seconds):
        fill(run.registry, second)
        run.end_second()
    return run


def fill(registry, second):
    scenario = {"scenario": "checkout"}
    for name, ending in (("/a", ANSWERED), ("/b", UNAVAILABLE), ("/b", REFUSED)):
        tags = {**scenario, "method": "GET", "name": name, "url": name, **ending}
        registry.cell(names.HTTP_REQS, tags).add(second + 1)
        registry.cell(names.DATA_RECEIVED, tags).add(1000.25)
        for number in range(second + 1):
            registry.cell(names.HTTP_REQ_FAILED, tags).add(ending is not ANSWERED)
            registry.cell(names.HTTP_REQ_DURATION, tags).record(1_000_000 * (number + 1) + second)
    registry.cell(names.CHECKS, {**scenario, "check": "accepted"}).add(second > 0)
    registry.cell(names.VUS, scenario).set(5 + second)
    registry.cell(BASKET, scenario).record(3_000_000)
    registry.cell(STOCK, {"shop": "north"}).set(100 - second)
    registry.cell(STOCK, {"shop": "south"}).set(50)
    registry.cell(names.ITERATION_LATENESS, scenario).record(2_000)


def result(registry):
    thresholds = tuple(
        evaluate(one, registry.value(one.selector.metric, dict(one.selector.tags)), registry.seconds)
        for one in THRESHOLDS
    )
    return RunResult(
        title="load/checkout.py",
        scenarios=("checkout: 10 iterations/s for 3s",),
        started_at=STARTED,
        seconds=registry.seconds,
        metrics=registry,
        trend_stats=DEFAULT_TREND_STATS,
        thresholds=thresholds,
        checks=check_results(registry),
        requests=request_rows(registry),
        failures=failure_kinds(registry),
        iteration_errors=(IterationError("KeyError: 'x' (checkout.py:4)", 2, "Traceback ...\nKeyError: 'x'"),),
        health=HEALTH,
        verdict=judge(thresholds, HEALTH, 2.0),
        interrupted=False,
        seed=7,
    )
