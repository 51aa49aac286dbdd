"""The end-of-run summary: whole texts kept beside this file, and what must hold for any result.

A golden text that changed on purpose is written anew by deleting its file and running this test twice.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from sample_results import HEALTHY, KNOWN, OVERLOADED, FixedMetrics, coupons, operations_alone, with_operations

from surgeline._native.histogram import Histogram
from surgeline.judge.evaluate import ThresholdResult, evaluate
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.verdict import judge
from surgeline.metrics.names import Metric, MetricType
from surgeline.metrics.values import RateValue, TrendValue
from surgeline.report.terminal import render_summary
from surgeline.result import CheckResult, FailureKind, IterationError, Kind, RequestRow

GOLDEN = Path(__file__).parent / "golden"
HAPPY = {"http_req_duration": ["p(95)<500", "p(99)<1000"], "http_req_failed": "rate<0.01"}


def empty():
    """A run that sent nothing: stopped at once, without thresholds."""
    return replace(
        coupons(HEALTHY, {}),
        metrics=FixedMetrics({}),
        checks=(),
        requests=(),
        failures=(),
        iteration_errors=(),
        seconds=0.0,
        interrupted=True,
    )


def windows():
    """Thresholds of every form beyond k6's, one of which failed in one window."""
    declared = {
        "http_req_duration": ["p(95)<500 over 30s", "p(95)<500 over 10s after 30s"],
        "http_req_failed": ["count<10", "count/s<1 over 1m"],
        "iterations{scenario:peak}": "rate>=0.99 of target",
        "http_reqs": "count/s>=1900 after 30s",
    }
    measured = [
        (612.3, False, (90.0, 120.0)),
        (431.25, True, (290.0, 300.4)),
        (None, None, None),
        (0.45, True, (0.0, 60.0)),
        (0.9872, False, None),
        (1_997.2, True, None),
    ]
    judged = tuple(map(ThresholdResult, parse_thresholds(declared, KNOWN), *zip(*measured, strict=True)))
    return replace(coupons(HEALTHY, {}), thresholds=judged, verdict=judge(judged, HEALTHY, 2.0))


RESULTS = {
    "failed": (coupons(), 100),
    "passed": (coupons(HEALTHY, HAPPY), 120),
    "inconclusive": (coupons(replace(OVERLOADED, dropped_iterations=12_045), response_factor=1.3), 80),
    "no_samples": (coupons(HEALTHY, {"http_req_duration{name:validat}": "p(95)<500", "checks": "rate>0.9"}), 100),
    "empty": (empty(), 100),
    "windows": (windows(), 100),
    "operations": (with_operations(coupons(HEALTHY, HAPPY)), 100),
    "operations_alone": (operations_alone(), 100),
}


@pytest.mark.parametrize("name", RESULTS)
def test_golden(name):
    result, width = RESULTS[name]
    text = render_summary(result, width=width, color=False)
    golden = GOLDEN / f"{name}.txt"
    if not golden.exists():
        golden.write_text(text, encoding="utf-8")
        pytest.fail(f"{golden} was not there: it is written, read it")

    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("width", [80, 93, 200])
def test_lines_fit_the_width_and_end_without_blanks(name, width):
    lines = render_summary(RESULTS[name][0], width=width, color=False).split("\n")

    assert [line for line in lines if cell_len(line) > width] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[-1] == ""
    assert lines[-2] != ""


@pytest.mark.parametrize("name", RESULTS)
def test_colour_changes_nothing_but_adds_escape_codes(name):
    result, width = RESULTS[name]
    colored = render_summary(result, width=width, color=True)
    plain = render_summary(result, width=width, color=False)

    assert "\x1b[" in colored
    assert "\x1b" not in plain
    assert without_codes(colored) == plain


def without_codes(text):
    kept, *rest = text.split("\x1b[")
    return kept + "".join(part.split("m", 1)[1] for part in rest)


def test_the_environment_does_not_change_the_text(monkeypatch):
    expected = [render_summary(coupons(), width=100, color=color) for color in (True, False)]
    for name, value in {"NO_COLOR": "1", "FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": "20"}.items():
        monkeypatch.setenv(name, value)

    assert [render_summary(coupons(), width=100, color=color) for color in (True, False)] == expected


LABELS = [("failed", "FAIL  "), ("passed", "PASS  "), ("inconclusive", "INCONCLUSIVE  "), ("empty", "NOT JUDGED  ")]


@pytest.mark.parametrize(("name", "label"), LABELS)
def test_the_verdict_is_the_first_line_and_the_last(name, label):
    result, width = RESULTS[name]
    lines = render_summary(result, width=width, color=False).splitlines()

    assert lines[0].startswith(label)
    assert lines[-1].startswith(label)


def test_values_stand_in_columns():
    lines = render_summary(coupons(), width=100, color=False).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("REQUESTS"))
    header, *rows = lines[start : start + 4]
    ends = [header.index(name) + len(name) for name in ("count", "rate", "p50", "p90", "p95", "p99", "max", "failed")]

    for row in rows:
        assert all(row[end - 1] != " " and row[end : end + 1] in {" ", ""} for end in ends), row


def test_a_long_request_name_keeps_its_ends():
    name = "/api/v1/organisations/{organisation}/departments/{department}/members/{member}"
    row = replace(coupons().requests[0], name=name)
    line = next(
        line
        for line in render_summary(replace(coupons(), requests=(row,)), width=100, color=False).splitlines()
        if "/api" in line
    )

    assert len(line) <= 100
    assert line.startswith("  POST /api/v1")
    assert "…" in line
    assert "{member}" in line
    assert line.endswith("0.35%")


def test_one_kind_of_request_needs_no_total():
    one = replace(coupons(), requests=coupons().requests[:1])

    assert "all requests" not in render_summary(one, width=100, color=False)
    assert "all requests" in render_summary(coupons(), width=100, color=False)


def test_the_total_is_over_all_requests():
    def row(milliseconds, failed, passed):
        histogram = Histogram()
        histogram.record(milliseconds * 1_000_000, failed + passed)
        return RequestRow("GET", f"/{milliseconds}", TrendValue(histogram), 10.0, RateValue(failed, passed))

    rows = (row(10, 1, 9), row(20, 0, 20), row(30, 0, 70))
    text = render_summary(replace(coupons(), requests=rows), width=100, color=False)
    total = next(line for line in text.splitlines() if "all requests" in line)

    assert total.split()[2:] == ["100", "30/s", "30.00ms", "30.00ms", "30.00ms", "30.00ms", "30.00ms", "1%"]
    assert rows[0].duration.histogram.count == 10


def many_names(kind=Kind.REQUESTS, failed=()):
    """A run with 1,041 names: the request of /17 was sent 18 times. Those of `failed` failed once."""
    rows = []
    for place in range(1_041):
        histogram = Histogram()
        histogram.record(1_000_000, place + 1)
        share = RateValue(int(place in failed), place + int(place not in failed))
        rows.append(RequestRow("", f"/{place}", TrendValue(histogram), 10.0, share, kind))
    return replace(coupons(), requests=tuple(rows))


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        (Kind.REQUESTS, 'give requests whose URL holds an id a name: vu.http.get(url, name="…")'),
        (Kind.OPERATIONS, "give operations that differ in an id one name"),
    ],
)
def test_of_very_many_names_the_busiest_and_the_failed_are_shown(kind, advice):
    failed = range(0, 100, 10)
    text = render_summary(many_names(kind, failed), width=150, color=False)
    lines = text.splitlines()
    names = [int(line.split()[0][1:]) for line in lines if line.startswith("  /")]

    assert names == [*failed, *range(991, 1_041)]
    total = next(place for place, line in enumerate(lines) if f"all {kind.value}" in line)
    assert lines[total].split()[2] == f"{sum(range(1_042)):,}"
    assert lines[total + 1] == f"  … 981 more names; {advice}"


def test_of_very_many_failed_names_as_many_are_shown():
    text = render_summary(many_names(failed=range(500)), width=150, color=False)

    assert sum(line.startswith("  /") for line in text.splitlines()) == 100
    assert "… 941 more names" in text


def test_where_all_names_are_shown_nothing_is_said_of_more():
    result = many_names()
    assert "more name" not in render_summary(replace(result, requests=result.requests[:50]), width=150, color=False)
    text = render_summary(replace(result, requests=result.requests[:51]), width=150, color=False)
    assert "… 1 more name; " in text


@pytest.mark.parametrize(("factor", "shown"), [(1.0, False), (1.02, False), (1.3, True)])
def test_waiting_is_told_when_it_is_noticeable(factor, shown):
    text = render_summary(coupons(response_factor=factor), width=100, color=False)

    assert ("waited longer than the service took" in text) is shown


OFF = [
    ({"loop_busy": 0.95}, "the loop was busier than 90%"),
    ({"lateness_p99_ms": 10.1}, "starts were later than 10.00ms at p99"),
    ({"gc_pause_max_ms": 12.5}, "a garbage collection took 12.50ms"),
    ({"dropped_iterations": 7}, "iterations were dropped"),
    ({"abandoned_requests": 1_234}, "requests cut off when their iteration ended: 1,234"),
]
CUT_OFF = [
    (with_operations(coupons()), "requests and operations"),
    (operations_alone(), "operations"),
    (empty(), "requests"),
]


@pytest.mark.parametrize(("health", "warning"), OFF)
def test_each_trouble_of_the_generator_is_warned_of(health, warning):
    assert f"! {warning}" in render_summary(coupons(replace(HEALTHY, **health)), width=120, color=False)


@pytest.mark.parametrize(("result", "what"), CUT_OFF)
def test_what_was_cut_off_is_called_by_what_the_run_did(result, what):
    result = replace(result, health=replace(HEALTHY, abandoned_requests=3))

    assert f"! {what} cut off when their iteration ended: 3" in render_summary(result, width=120, color=False)


def test_starts_are_late_by_the_service_time_of_what_the_run_did():
    slow = {("operation_duration", ()): COUPONS.metrics.value("http_req_response_time")}  # a median of 7 ms
    iterations = {("iteration_duration", ()): TrendValue(_of_one(400))}
    late = replace(HEALTHY, lateness_p99_ms=30.0)

    def warned(values):
        result = replace(COUPONS, requests=(), health=late, metrics=FixedMetrics(values))
        return "starts were later than 10.00ms" in render_summary(result, width=100, color=False)

    assert warned({**slow, **iterations})
    assert not warned(iterations)  # a tenth of 400 ms
    assert warned({})


def _of_one(milliseconds):
    histogram = Histogram()
    histogram.record(milliseconds * 1_000_000)
    return histogram


def test_a_healthy_generator_needs_no_warning():
    assert "!" not in render_summary(coupons(), width=120, color=False)


def test_operations_wait_too():
    def told(factor):
        result = with_operations(coupons(response_factor=1.0), response_factor=factor)
        return "the rest is late starts\n" in render_summary(result, width=200, color=False)

    assert told(1.5)
    assert not told(1.0)


def test_one_operation_is_one():
    row = replace(operations_alone().requests[0], failed=RateValue(1, 0))
    text = render_summary(replace(operations_alone(), requests=(row,)), width=100, color=False)

    assert "  1 operation at " in text
    assert "all operations failed" in text
    assert "\n  all operations" not in text


def test_chosen_statistics_are_the_columns_and_a_count_has_no_unit():
    result = replace(coupons(), trend_stats=("count", "p(99.9)"))
    lines = render_summary(result, width=100, color=False).splitlines()

    assert next(line for line in lines if line.startswith("METRICS")).split() == ["METRICS", "count", "p(99.9)"]
    blocked = next(line for line in lines if line.startswith("  http_req_blocked"))
    assert blocked.split()[1] == "600,000"
    assert blocked.split()[2].endswith("µs")


def test_a_unit_of_ones_own_stands_beside_the_name_once():
    metrics = FixedMetrics({("http_req_response_time", ()): COUPONS.metrics.value("http_req_duration")})
    metrics.metrics = lambda: [Metric("http_req_response_time", MetricType.TREND, unit="EUR")]
    text = render_summary(replace(COUPONS, metrics=metrics), width=100, color=False)

    assert text.count("EUR") == 1
    assert "  http_req_response_time (EUR)  " in text


def test_the_names_of_metrics_stay_whole_where_some_statistics_may_go():
    stats = ("avg", "min", "med", "max", "count", "p(90)", "p(95)", "p(99)")
    lines = render_summary(replace(coupons(), trend_stats=stats), width=80, color=False).splitlines()

    heading = next(line for line in lines if line.startswith("METRICS"))
    assert heading.split() == ["METRICS", "avg", "min", "med", "max", "count", "p(95)", "p(99)"]
    assert "  at 80 columns without p(90)" in lines
    assert any(line.startswith("  http_req_response_time ") for line in lines)


def test_metrics_stand_in_the_order_of_k6():
    text = render_summary(coupons(), width=100, color=False)
    names = [line.split()[0] for line in text[text.index("\nTOTALS") :].splitlines()[2:12]]

    assert names == [
        "http_reqs",
        "http_req_failed",
        "iterations",
        "iteration_errors",
        "checks",
        "vus",
        "vus_max",
        "coupons_applied",
        "data_sent",
        "data_received",
    ]


def test_of_a_long_traceback_the_end_is_shown():
    frames = "\n".join(f'  File "a.py", line {number}, in f' for number in range(40))
    error = IterationError("ValueError: x", 1, f"Traceback (most recent call last):\n{frames}\nValueError: x")
    text = render_summary(replace(coupons(), iteration_errors=(error,)), width=100, color=False)

    assert "    ... 30 lines before\n" in text
    assert "line 28," not in text
    assert "line 29," in text
    assert "    ValueError: x\n" in text


COUPONS = coupons()
HOSTILE = st.text(st.sampled_from("[red]\x1b[31m\n\r\t\u202e\x00日a "), max_size=120)


@settings(deadline=None)
@given(HOSTILE, st.integers(0, 130))
def test_no_text_from_outside_breaks_the_summary(text, width):
    thresholds = parse_thresholds({"http_reqs{name:'x" + text.replace("'", "") + "'}": "count<0"}, KNOWN)
    judged = tuple(evaluate(threshold, None) for threshold in thresholds)
    result = replace(
        COUPONS,
        title=text,
        scenarios=(text,),
        thresholds=judged,
        checks=(CheckResult(text, RateValue(1, 1)),),
        requests=(
            replace(COUPONS.requests[0], name=text),
            replace(COUPONS.requests[0], method="", name=text, kind=Kind.OPERATIONS),
        ),
        failures=(FailureKind(1000, text, 1), FailureKind(0, text, 1, Kind.OPERATIONS)),
        iteration_errors=(IterationError(text, 1, text),),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        verdict=judge(judged, HEALTHY, 1.0),
    )
    summary = render_summary(result, width=width, color=False)

    assert all(line.isprintable() for line in summary.split("\n"))
    traceback = summary[summary.index("ITERATION ERRORS") : summary.index("METRICS")]
    too_long = [line for line in summary.replace(traceback, "").splitlines() if cell_len(line) > max(width, 80)]
    assert [line for line in too_long if "日" not in line] == []
