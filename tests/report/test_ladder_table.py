"""The table of a ladder: the figures of each level's run, and what has room."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from sample_results import HEALTHY, OVERLOADED, FixedMetrics, coupons, operations_alone, trend

from surgeline.engine.scenario import Executor, Scenario
from surgeline.errors import ExitCode
from surgeline.ladder.climb import Rung
from surgeline.ladder.figures import Figures, figures_of, planned_rate, why
from surgeline.ladder.levels import parse_ladder
from surgeline.metrics.values import RateValue
from surgeline.report.ladder import render_ladder
from surgeline.result import RunResult
from surgeline.script.executors import constant_arrival_rate, constant_vus, ramping_arrival_rate

FIGURES = Figures(
    planned_rate=200.0,
    reached_rate=199.26,
    iterations=60_000,
    p50_ms=0.412,
    p95_ms=12.345,
    p99_ms=812.0,
    failed_share=0.0051,
    errors=3,
    dropped=17,
)
LADDER = parse_ladder("TARGET_RPS=100,200", None, ("TARGET_EPS=500",), None)
LOW, HIGH = LADDER.runs
DONE = [
    Rung(LOW, ExitCode.PASSED, "passed", "", "20261120-101530-peak-3fa9", FIGURES),
    Rung(HIGH, ExitCode.SETUP_FAILED, "hook failed", "@setup raised ValueError", "", None),
]


def test_all_of_it_where_there_is_room():
    assert render_ladder(LADDER, DONE, 200) == "\n".join(
        [
            "TARGET_RPS  TARGET_EPS  planned   reached  iterations      p50      p95      p99  failed  errors  dropped"
            "  verdict      run",
            "  100              500    200/s  199.3/s      60,000  412.0µs  12.35ms  812.0ms   0.51%       3       17"
            "  passed       20261120-101530-peak-3fa9",
            "  200              500        -        -           -        -        -        -       -       -        -"
            "  hook failed  -",
            "",
            "TARGET_EPS=500: passed up to TARGET_RPS=100; at TARGET_RPS=200 hook failed: @setup raised ValueError",
        ]
    ).replace("planned   reached", "planned  reached")


def test_levels_that_passed_though_all_requests_failed_are_named():
    done = [replace(DONE[0], figures=replace(FIGURES, failed_share=1.0)), DONE[1]]
    doubt = "All requests failed at TARGET_RPS=100, TARGET_EPS=500, and no threshold of the script looks at that"
    assert render_ladder(LADDER, done, 200).splitlines()[-1].startswith(doubt)
    assert "All requests failed" not in render_ladder(LADDER, DONE, 200)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_what_has_no_room_is_left_out_and_named(width: int):
    *lines, note, _, _ = render_ladder(LADDER, DONE, width).splitlines()
    assert max(map(len, lines)) <= width
    assert f"at {width} columns without" in note
    assert all("verdict" in lines[0] and name in lines[0] for name in ("TARGET_EPS", "reached", "p95", "failed"))


def test_the_figures_of_a_run():
    figures = figures_of(coupons(), 1_800.0)
    assert figures.planned_rate == 1_800.0
    assert figures.reached_rate == pytest.approx(540_000 / 300.4)
    assert (figures.iterations, figures.errors, figures.dropped) == (540_000, 3, 0)
    assert figures.failed_share == pytest.approx(1_894 / 600_000)
    assert figures.p50_ms is not None
    assert figures.p95_ms is not None
    assert 5 < figures.p50_ms < figures.p95_ms < figures.p99_ms


def test_a_run_without_requests_is_told_by_its_operations():
    result = operations_alone()
    expected = result.metrics.value("operation_duration")
    assert expected is not None
    figures = figures_of(result, None)
    assert figures.p95_ms == expected.stat("p(95)")
    assert figures.failed_share == result.metrics.value("operation_failed").stat("rate")


def test_a_run_of_iterations_alone_is_told_by_them():
    whole = coupons().metrics
    kept = FixedMetrics({key: value for key, value in whole.values.items() if key[0].startswith("iteration")})
    figures = figures_of(replace(coupons(), metrics=kept), None)
    assert figures.p95_ms == whole.value("iteration_duration").stat("p(95)")
    assert figures.failed_share is None


@pytest.mark.parametrize("failed", ["http_req_failed", "grpc_req_failed"])
def test_requests_that_had_no_answer_have_failed(failed: str):
    metrics = FixedMetrics({(failed, ()): RateValue(5, 0), ("iteration_duration", ()): trend(1, 0.1, 2_000, 1)})
    figures = figures_of(replace(coupons(), metrics=metrics), None)
    assert (figures.failed_share, figures.p95_ms) == (1.0, None)


def test_a_run_that_measured_nothing_has_no_percentiles():
    figures = figures_of(replace(coupons(), metrics=FixedMetrics({}), seconds=0.0), None)
    assert (figures.p50_ms, figures.p99_ms, figures.reached_rate, figures.iterations) == (None, None, 0.0, 0)


@pytest.mark.parametrize(
    ("result", "begins"),
    [
        (lambda: coupons(HEALTHY, {"http_reqs": "count<5", "iterations": "count<6"}), "http_reqs count<5 (600,000)"),
        (lambda: coupons(OVERLOADED, {"http_reqs": "count<5"}), "the generator was the limit"),
    ],
    ids=["failed", "inconclusive"],
)
def test_why_a_level_did_not_pass(result: Callable[[], RunResult], begins: str):
    assert why(result()).startswith(begins)


async def _nothing(_vu: object) -> None:
    """A scenario that does nothing."""


def scenario(executor: Executor, start_s: int = 0) -> Scenario:
    return Scenario("s", _nothing, executor, start_ns=start_s * 10**9)


@pytest.mark.parametrize(
    ("scenarios", "expected"),
    [
        ([scenario(constant_arrival_rate(rate=200, duration="10s"))], 200),
        ([scenario(constant_arrival_rate(rate=30, duration="10s", time_unit="1m"))], 0.5),
        ([scenario(ramping_arrival_rate(stages=[("10s", 100), ("10s", 100)]))], 75),
        ([scenario(constant_arrival_rate(rate=20, duration="10s", arrivals="poisson"))], 20),
        ([scenario(constant_arrival_rate(rate=20, duration="10s"), start) for start in (0, 10)], 20),
        ([scenario(constant_arrival_rate(rate=20, duration="10s"), 60)], 20),
        ([scenario(constant_vus(vus=5, duration="10s"))], math.nan),
        ([scenario(constant_arrival_rate(rate=20, duration=1)), scenario(constant_vus(vus=5, duration=1))], math.nan),
    ],
    ids=["rate", "a minute", "ramp", "poisson", "one after the other", "late", "users", "both"],
)
def test_the_rate_that_was_planned(scenarios: list[Scenario], expected: float):
    found = planned_rate(scenarios)
    assert (math.nan if found is None else found) == pytest.approx(expected, nan_ok=True)
