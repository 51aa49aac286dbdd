"""How threshold results and the generator's health make a verdict."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import ExitCode
from surgeline.judge.evaluate import ThresholdResult
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.verdict import Outcome, judge, lateness_limit_ms
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.names import BUILTIN

HEALTHY = GeneratorHealth(0.5, 0.01, 0.02, 1.0, 0, 0, 0.1, 0.2, 10.0, 50_000_000, 60.0)
BUSY = replace(HEALTHY, loop_busy=0.95, cpu_seconds=57.0)
LATE = replace(HEALTHY, lateness_p99_ms=38.4)
DROPPED = replace(HEALTHY, dropped_iterations=1_204)

THRESHOLD = parse_thresholds({"http_req_duration": "p(95)<500"}, BUILTIN)[0]
PASS = ThresholdResult(THRESHOLD, 412.0, True)
FAIL = ThresholdResult(THRESHOLD, 612.3, False)
EMPTY = ThresholdResult(THRESHOLD, None, None)

CASES = [
    ([], HEALTHY, Outcome.NOT_JUDGED),
    ([], BUSY, Outcome.NOT_JUDGED),
    ([PASS], HEALTHY, Outcome.PASSED),
    ([PASS, PASS], DROPPED, Outcome.PASSED),
    ([FAIL], HEALTHY, Outcome.FAILED),
    ([PASS, FAIL], HEALTHY, Outcome.FAILED),
    ([PASS, EMPTY], HEALTHY, Outcome.INCONCLUSIVE),
    ([EMPTY], HEALTHY, Outcome.INCONCLUSIVE),
    ([EMPTY, FAIL], HEALTHY, Outcome.FAILED),
    ([PASS], BUSY, Outcome.INCONCLUSIVE),
    ([FAIL], BUSY, Outcome.INCONCLUSIVE),
    ([FAIL], LATE, Outcome.INCONCLUSIVE),
    ([FAIL], DROPPED, Outcome.FAILED),
    ([PASS], replace(HEALTHY, loop_busy=0.90), Outcome.PASSED),
    ([PASS], replace(BUSY, seconds=0.49), Outcome.PASSED),
    ([PASS], replace(HEALTHY, saturated_seconds=0.4), Outcome.PASSED),
    ([PASS], replace(HEALTHY, saturated_seconds=0.7), Outcome.INCONCLUSIVE),
    ([PASS], replace(HEALTHY, saturated_seconds=0.7, seconds=100.0), Outcome.PASSED),
    ([PASS], replace(HEALTHY, requests_for_want_of_resources=1), Outcome.INCONCLUSIVE),
    ([FAIL], replace(HEALTHY, requests_for_want_of_resources=1), Outcome.INCONCLUSIVE),
    ([PASS], replace(HEALTHY, abandoned_requests=3), Outcome.PASSED),
    ([PASS], replace(BUSY, seconds=0.5), Outcome.INCONCLUSIVE),
    ([PASS], replace(HEALTHY, lateness_p99_ms=10.0), Outcome.PASSED),
]


@pytest.mark.parametrize(("results", "health", "outcome"), CASES)
def test_outcome(results, health, outcome):
    assert judge(results, health, p50_ms=4.0).outcome is outcome


EXITS = [([PASS], HEALTHY, 0), ([], HEALTHY, 0), ([FAIL], HEALTHY, 99), ([FAIL], BUSY, 112), ([EMPTY], HEALTHY, 112)]


@pytest.mark.parametrize(("results", "health", "code"), EXITS)
def test_exit_code(results, health, code):
    assert judge(results, health, p50_ms=4.0).exit_code is ExitCode(code)


@pytest.mark.parametrize(("p50_ms", "limit"), [(4, 10), (100, 10), (101, 10.1), (2_000, 200), (math.nan, 10)])
def test_starts_may_be_late_by_a_tenth_of_the_median_or_ten_milliseconds(p50_ms, limit):
    assert lateness_limit_ms(p50_ms) == pytest.approx(limit)


def test_a_slow_service_forgives_the_lateness_that_a_fast_one_does_not():
    assert judge([PASS], LATE, p50_ms=380.0).outcome is Outcome.INCONCLUSIVE
    assert judge([PASS], LATE, p50_ms=390.0).outcome is Outcome.PASSED


def test_all_thresholds_passed_is_said():
    assert judge([PASS, PASS], HEALTHY, 4.0).reasons == ("2 of 2 thresholds passed",)


def test_failed_thresholds_are_named_with_what_was_measured():
    assert judge([PASS, FAIL], HEALTHY, 4.0).reasons == (
        "1 of 2 thresholds failed: http_req_duration p(95)<500 (612.30ms)",
    )


def test_of_many_failed_thresholds_three_are_named():
    (reason,) = judge([FAIL] * 5, HEALTHY, 4.0).reasons

    assert reason.startswith("5 of 5 thresholds failed: ")
    assert reason.count("p(95)<500") == 3
    assert reason.endswith(" and 2 more")


def test_a_run_without_thresholds_says_so_first_and_still_tells_the_limits():
    reasons = judge([], replace(BUSY, dropped_iterations=3), 4.0).reasons

    assert reasons[0] == "there are no thresholds, so nothing was judged"
    assert "95.0% busy" in reasons[1]
    assert reasons[2].startswith("dropped iterations: 3 ")


def test_missing_samples_are_named():
    reason = judge([PASS, EMPTY], HEALTHY, 4.0).reasons[0]

    assert reason.startswith("1 of 2 thresholds had no samples: http_req_duration p(95)<500; check ")


def test_both_limits_are_told_with_figures_and_advice_before_the_thresholds():
    busy, late, failed, dropped = judge(
        [FAIL], replace(BUSY, lateness_p99_ms=38.4, dropped_iterations=1_204), p50_ms=4.0
    ).reasons

    assert "its loop was 95.0% busy (at most 90%); lower the rate" in busy
    assert "started 38.40ms late or more (at most 10.00ms); lower the rate" in late
    assert failed.startswith("1 of 1 threshold failed")
    assert "1,204 were planned and never started" in dropped


def test_a_loop_that_was_busy_and_did_not_compute_was_blocked():
    (busy, *_) = judge([PASS], replace(BUSY, cpu_seconds=3.0), p50_ms=4.0).reasons

    assert "its loop was 95.0% busy" in busy
    assert "the script blocked it (time.sleep, requests, a database driver?)" in busy
    assert "lower the rate" not in busy


HEALTHS = st.builds(
    replace,
    st.just(HEALTHY),
    loop_busy=st.floats(0, 1),
    lateness_p99_ms=st.floats(0, 500),
    dropped_iterations=st.integers(0, 9),
)


@given(st.lists(st.sampled_from([PASS, FAIL, EMPTY]), max_size=6), HEALTHS, st.floats(0, 5_000) | st.just(math.nan))
def test_never_passes_what_failed_or_was_not_measured(results, health, p50_ms):
    verdict = judge(results, health, p50_ms)

    assert verdict.reasons
    limited = health.loop_busy > 0.90 or health.lateness_p99_ms > max(10.0, 0.0 if math.isnan(p50_ms) else p50_ms / 10)
    if verdict.outcome is Outcome.PASSED:
        assert results
        assert not limited
        assert all(result.ok for result in results)
    if verdict.outcome is Outcome.FAILED:
        assert not limited
        assert FAIL in results
    assert (verdict.outcome is Outcome.NOT_JUDGED) is (not results)


def test_a_quiet_rest_of_the_run_does_not_hide_that_the_loop_was_too_busy():
    busy, *_ = judge([PASS], replace(HEALTHY, loop_busy=0.4, saturated_seconds=3.0, seconds=9.0), 1.0).reasons
    assert "its loop was for 3.0 s of 9.0 s more than 90% busy" in busy


LOST = "worker 2 of 4 was lost after 12.5 s: a quarter of the plan was not carried out"


@pytest.mark.parametrize("results", [[], [PASS], [FAIL], [PASS, FAIL], [EMPTY]])
def test_a_doubt_found_elsewhere_makes_any_run_inconclusive(results):
    verdict = judge(results, HEALTHY, 4.0, doubts=(LOST,))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.exit_code is ExitCode.INCONCLUSIVE
    assert verdict.reasons[0] == LOST


def test_doubts_stand_before_the_limits():
    doubt, limit, *_ = judge([PASS], BUSY, 4.0, doubts=(LOST,)).reasons
    assert (doubt, limit[:27]) == (LOST, "the generator was the limit")

    reasons = judge([], BUSY, 4.0, doubts=(LOST,)).reasons
    assert reasons[:2] == (LOST, "there are no thresholds, so nothing was judged")


@pytest.mark.parametrize("results", [[], [PASS], [FAIL], [EMPTY]])
@pytest.mark.parametrize("doubts", [(), (LOST,)])
def test_why_a_run_was_aborted_is_said_first(results, doubts):
    plain = judge(results, BUSY, 4.0, doubts=doubts)
    aborted = judge(results, BUSY, 4.0, doubts=doubts, abort_reason="the login does not work")

    assert aborted.reasons == ("the run was aborted: the login does not work", *plain.reasons)
    assert aborted.outcome is plain.outcome


def test_what_passed_until_an_abort_need_not_have_held():
    assert judge([PASS], HEALTHY, 4.0, abort_reason="x").outcome is Outcome.INCONCLUSIVE
    assert judge([FAIL], HEALTHY, 4.0, abort_reason="x").outcome is Outcome.FAILED


NONE_DROPPED = ThresholdResult(parse_thresholds({"dropped_iterations": "count<1"}, BUILTIN)[0], 500.0, False)
BY_STOPPING = "; the run was stopped by a signal, and what had not started by then counts as dropped"
STOPPED = [
    ([NONE_DROPPED], True, f"1 of 1 threshold failed: dropped_iterations count<1 (500){BY_STOPPING}"),
    ([NONE_DROPPED], False, "1 of 1 threshold failed: dropped_iterations count<1 (500)"),
    ([FAIL], True, "1 of 1 threshold failed: http_req_duration p(95)<500 (612.30ms)"),
    ([replace(NONE_DROPPED, ok=True), PASS], True, "2 of 2 thresholds passed"),
    (
        [FAIL, NONE_DROPPED],
        True,
        "2 of 2 thresholds failed: http_req_duration p(95)<500 (612.30ms), dropped_iterations count<1 (500)"
        + BY_STOPPING,
    ),
]


@pytest.mark.parametrize(("results", "stopped", "reason"), STOPPED)
def test_dropped_iterations_of_a_stopped_run_are_explained(results, stopped, reason):
    assert judge(results, HEALTHY, 4.0, stopped=stopped).reasons == (reason,)


def test_a_failed_window_is_named_with_its_time():
    windowed = parse_thresholds({"http_req_duration": "p(95)<500 over 30s"}, BUILTIN)[0]
    (reason,) = judge([ThresholdResult(windowed, 612.3, False, (30.0, 60.0))], HEALTHY, 4.0).reasons

    assert reason == "1 of 1 threshold failed: http_req_duration p(95)<500 over 30s (612.30ms from 30s to 1m)"
