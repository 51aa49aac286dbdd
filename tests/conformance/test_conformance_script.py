"""Beside the load, a script comes to the same in k6: hooks, checks, groups, tags, metrics, and the exit code."""

import pytest
from plan_language import (
    NUMBER,
    Abort,
    Add,
    Check,
    Every,
    Fail,
    Get,
    GetPathOfSetup,
    Group,
    Plan,
    Raise,
    Scenario,
    Sleep,
    Stop,
    Tag,
)

PASSED, THRESHOLDS_FAILED, WRONG, STOPPED, SCRIPT_RAISED, ABORTED = 0, 99, 104, 105, 107, 108


def plan(name, *body, iterations=6, vus=2, tags=None, **more):
    options = {"vus": vus, "iterations": iterations, **({"tags": tags} if tags else {})}
    return Plan(name, (Scenario("shared-iterations", options, body),), **more)


def asked_of(selectors, condition="count>=0"):
    """Thresholds that make k6 keep what the selectors choose."""
    return {selector: [condition] for selector in selectors}


HOOKS = plan(
    "hooks",
    GetPathOfSetup(),
    setup=(Get("/setup"),),
    setup_path="/from/setup",
    teardown=(Get("/teardown"),),
    thresholds=asked_of(["http_reqs{group:::setup}", "http_reqs{group:::teardown}"]),
)
CHECKS = plan("checks", Check("always"), Check("each third", 3), Check("never", 0), iterations=9)
GROUPS = plan(
    "groups",
    Group("outer", (Get(), Group("inner", (Get(), Get("/status/404"), Check("deep"))), Check("inside"))),
    Group("outer", (Check("inside"),)),
    Check("inside"),
    thresholds=asked_of(
        [
            "http_reqs{group:::outer}",
            "http_reqs{group:::outer::inner}",
            "http_reqs{group:::outer::inner,status:404}",
        ]
    ),
)
TAGS = plan(
    "tags",
    Get(tags={"kind": "a"}),
    Get("/status/500", tags={"kind": "b"}),
    Get(tags={"kind": "a", "name": "named"}),
    Tag("tier", "gold"),
    Get("/status/302", tags={"team": "blue"}),
    tags={"team": "red"},
    thresholds=asked_of(
        "http_reqs{" + tags + "}"
        for tags in (
            "kind:a",
            "kind:b",
            "kind:c",
            "name:named",
            "tier:gold",
            "team:red",
            "team:blue",
            "kind:a,team:red",
            "scenario:main",
            "status:200",
            "status:500",
            "method:GET",
            "method:POST",
            "proto:HTTP/1.1",
            "expected_response:true",
            "expected_response:false",
            "error_code:1500",
        )
    ),
)
METRICS = plan(
    "metrics",
    Add("Counter", "numbers", NUMBER),
    Add("Counter", "parts", 0.25, {"side": "left"}),
    Add("Counter", "parts", 0.5, {"side": "right"}),
    Add("Gauge", "level", -3),
    Add("Gauge", "level", 7.5),
    Add("Rate", "share", True),
    Add("Rate", "share", False),
    Add("Rate", "share", False, {"side": "left"}),
    Add("Trend", "spread", NUMBER),
    Add("Trend", "spread", 1234.5, {"side": "left"}),
    iterations=10,
    thresholds={
        "parts{side:left}": ["count>=0"],
        "share{side:left}": ["rate<1"],
        "spread{side:left}": ["avg>0"],
    },
)
FAIL = plan("fail", Every(2, (Fail(),)), Get())
RAISE = plan("raise", Every(3, (Raise(),)), Get())

CODES = [
    (plan("code_passed", Get(), thresholds={"http_reqs": ["count==6"]}), PASSED),
    (plan("code_failed", Get(), thresholds={"http_reqs": ["count==6", "count>6"]}), THRESHOLDS_FAILED),
    (plan("code_checks_do_not_fail", Check("never", 0)), PASSED),
    (plan("code_iterations_that_raise", Raise()), PASSED),
    (plan("code_unknown_metric", Get(), thresholds={"no_such_metric": ["count>0"]}), WRONG),
    (plan("code_wrong_aggregation", Get(), thresholds={"http_reqs": ["p(95)<1"]}), WRONG),
    (plan("code_not_a_threshold", Get(), thresholds={"http_reqs": ["count is 1"]}), WRONG),
    (plan("code_wrong_option", Get(), iterations=1, vus=2), WRONG),
    (plan("code_setup_raises", Get(), setup=(Raise(),)), SCRIPT_RAISED),
    (plan("code_setup_fails", Get(), setup=(Fail(),)), SCRIPT_RAISED),
    (plan("code_setup_aborts", Get(), setup=(Abort(),)), ABORTED),
    (plan("code_teardown_raises", Get(), teardown=(Raise(),)), SCRIPT_RAISED),
]
ABORT = plan("abort", Get(), Abort(), iterations=4, vus=1, teardown=(Get("/teardown"),))
ABORT_OF_MANY = Plan(
    "abort_of_many",  # one user aborts while the others are within their first iteration
    (
        Scenario("per-vu-iterations", {"vus": 3, "iterations": 2}, (Get(), Sleep(5)), "sleepers"),
        Scenario("per-vu-iterations", {"start_time": "300ms"}, (Get(), Abort()), "aborter"),
    ),
    teardown=(Get("/teardown"),),
)


def threshold_abort(name, **more):
    return Plan(
        name,
        (Scenario("constant-vus", {"vus": 2, "duration": "9s"}, (Get("/status/500"), Sleep(0.1))),),
        thresholds={"http_req_failed": [{"threshold": "rate<0.5", "abort_on_fail": True, **more}]},
        teardown=(Get("/teardown"),),
    )


THRESHOLD_ABORT = threshold_abort("threshold_abort")
THRESHOLD_ABORT_LATER = threshold_abort("threshold_abort_later", delay_abort_eval="3s")
STOPPED_BY_HAND = Plan(
    "stop",  # k6 interrupts what is under way, here it may end
    (Scenario("constant-vus", {"duration": "30s"}, (Get(), Sleep(1.5))),),
    teardown=(Get("/teardown"),),
    meanwhile=Stop(),
)


def counted(outcome, plan):
    """What the summary says of the selectors of the plan's thresholds."""
    return {selector: outcome.count(selector) for selector in plan.thresholds}


def in_order(group):
    """The group with those in it sorted by name: their order is that of users who run side by side."""
    inner = [in_order(one) for one in sorted(group["groups"], key=lambda one: one["name"])]
    return {**group, "groups": inner, "checks": sorted(group["checks"], key=lambda one: one["name"])}


def of_plan(*plans):
    return pytest.mark.parametrize("plan", plans, ids=str)


@of_plan(HOOKS)
def test_hooks_run_once_and_hand_data_on(theirs, ours):
    assert ours.served == theirs.served == {"/setup": 1, "/from/setup": 6, "/teardown": 1}
    assert ours.count("http_reqs") == theirs.count("http_reqs") == 8
    assert ours.count("iterations") == theirs.count("iterations") == 6


@of_plan(HOOKS, GROUPS, TAGS)
def test_requests_have_the_same_tags(plan, theirs, ours):
    assert counted(ours, plan) == counted(theirs, plan)
    assert ours.served == theirs.served
    assert ours.verdicts == theirs.verdicts


@of_plan(TAGS)
def test_the_same_requests_have_failed(theirs, ours):
    assert ours.values("http_req_failed") == theirs.values("http_req_failed")
    assert theirs.values("http_req_failed")["passes"] == 6


@of_plan(CHECKS, GROUPS)
def test_checks_pass_and_fail_as_often(theirs, ours):
    assert ours.values("checks") == theirs.values("checks")
    assert in_order(ours.summary["root_group"]) == in_order(theirs.summary["root_group"])


@of_plan(GROUPS)
def test_groups_are_measured_as_often(theirs, ours):
    assert ours.values("group_duration")["count"] == theirs.values("group_duration")["count"] == 18


@of_plan(METRICS)
@pytest.mark.parametrize(
    "selector",
    ["numbers", "parts", "parts{side:left}", "level", "share", "share{side:left}", "spread", "spread{side:left}"],
)
def test_metrics_have_the_same_values(selector, both):
    theirs, ours = (outcome.values(selector) for outcome in both)
    per_second = {"rate"} if "count" in theirs and "avg" not in theirs else set()

    assert ours.keys() == theirs.keys()
    assert {name: ours[name] for name in ours if name not in per_second} == pytest.approx(
        {name: theirs[name] for name in theirs if name not in per_second}, rel=0.0005
    )


@of_plan(FAIL, RAISE)
def test_iterations_that_raise_are_iterations(theirs, ours):
    assert ours.count("iterations") == theirs.count("iterations") == 6
    assert ours.served == theirs.served
    assert ours.code == theirs.code == PASSED


@pytest.mark.parametrize(("plan", "code"), CODES, ids=str)
def test_exit_codes(code, theirs, ours):
    assert theirs.code == code, theirs.said
    assert ours.code == code, ours.said


@of_plan(ABORT, ABORT_OF_MANY)
def test_abort_ends_the_run_and_tear_down_runs(theirs, ours):
    assert (ours.code, theirs.code) == (ABORTED, ABORTED)
    assert ours.served == theirs.served
    assert ours.served["/teardown"] == 1
    assert ours.interrupted == theirs.interrupted
    # The iteration that aborted did not end as others do, so it is interrupted. k6 counts it as an iteration as well.
    assert ours.count("iterations") == theirs.count("iterations") - 1 == 0


@pytest.mark.parametrize(("plan", "after"), [(THRESHOLD_ABORT, 0), (THRESHOLD_ABORT_LATER, 3_000)], ids=str)
def test_a_threshold_ends_the_run(after, both):
    for outcome in both:
        assert outcome.code == THRESHOLDS_FAILED
        assert after < outcome.summary["state"]["testRunDurationMs"] < 8_000  # k6 looks every 2 s, we every second
        assert outcome.served["/teardown"] == 1


@of_plan(STOPPED_BY_HAND)
def test_a_signal_ends_the_run(theirs, ours):
    assert (ours.code, theirs.code) == (STOPPED, STOPPED)
    assert ours.served == theirs.served == {"/ok": 1, "/teardown": 1}
    assert (theirs.count("iterations"), theirs.interrupted) == (0, 1)
    assert (ours.count("iterations"), ours.interrupted) == (1, 0)
