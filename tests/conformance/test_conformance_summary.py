"""The file of `--summary-export` has the keys of the data that k6 gives to `handleSummary`, for the same run."""

import pytest
from plan_language import Add, Check, Every, Fail, Get, GetPathOfSetup, Group, Plan, Scenario, Sleep

OURS_ALWAYS = {"iteration_lateness", "iteration_response_time"}
OURS_WITH_REQUESTS = {"http_req_looking_up", "http_req_response_time"}
OURS_WHEN_IT_HAPPENS = {"interrupted_iterations", "iteration_errors"}

EVERYTHING = Plan(
    "everything",
    (
        Scenario(
            "constant-arrival-rate",
            {"rate": 4, "duration": "1125ms", "pre_allocated_vus": 4, "max_vus": 4, "graceful_stop": "100ms"},
            (
                GetPathOfSetup(),
                Group("shop", (Check("found"), Group("basket", (Check("filled", 2), Get("/status/404"))))),
                Add("Counter", "bought", 2),
                Add("Gauge", "stock", 5),
                Add("Rate", "lucky", True, {"side": "left"}),
                Add("Trend", "price", 9.5),
                Sleep(2),
            ),
            "shoppers",
        ),
        Scenario("shared-iterations", {"iterations": 2}, (Every(2, (Fail(),)),), "failers"),
    ),
    setup_path="/from/setup",
    thresholds={
        "http_req_duration": ["p(95)<5000", "max<5000"],
        "http_req_duration{status:404}": ["p(95)<5000"],
        "http_req_failed": ["rate<0.1"],
        "checks{check:found}": ["rate==1"],
        "lucky{side:left}": ["rate==1"],
        "dropped_iterations": ["count<100"],
    },
)
NO_REQUEST = Plan("no_request", (Scenario("per-vu-iterations", {"vus": 2}, (Sleep(1.2),)),))
BOTH_PLANS = pytest.mark.parametrize("plan", [EVERYTHING, NO_REQUEST], ids=str)


def keys(both, part):
    return tuple(outcome.summary[part].keys() for outcome in both)


@BOTH_PLANS
def test_the_parts_are_the_same(plan, theirs, ours):
    for part in ("options", "state", "root_group"):
        assert ours.summary[part].keys() == theirs.summary[part].keys()
    # k6 writes what set-up returned. Here it may be any object, and is never written: tokens are what it often holds.
    assert ours.summary.keys() == theirs.summary.keys() | {"setup_data"}
    assert ours.summary["setup_data"] is None


@pytest.mark.parametrize(
    ("plan", "ours_alone", "k6_alone"),
    [
        (EVERYTHING, OURS_ALWAYS | OURS_WITH_REQUESTS | OURS_WHEN_IT_HAPPENS, set()),
        # What was neither sent nor received has no samples here; k6 adds zeros.
        (NO_REQUEST, OURS_ALWAYS, {"data_sent", "data_received"}),
    ],
    ids=["everything", "no_request"],
)
def test_the_metrics_are_the_same(ours_alone, k6_alone, both):
    theirs, ours = keys(both, "metrics")

    assert ours - theirs == ours_alone
    assert theirs - ours == k6_alone


@pytest.mark.parametrize("plan", [EVERYTHING], ids=str)
def test_each_metric_is_written_in_the_same_way(both):
    theirs, ours = (outcome.summary["metrics"] for outcome in both)

    for name in theirs:
        assert ours[name].keys() == theirs[name].keys(), name
        assert (ours[name]["type"], ours[name]["contains"]) == (theirs[name]["type"], theirs[name]["contains"]), name
        assert ours[name]["values"].keys() == theirs[name]["values"].keys(), name
        assert ours[name].get("thresholds") == theirs[name].get("thresholds"), name


@pytest.mark.parametrize("plan", [EVERYTHING], ids=str)
def test_what_can_be_the_same_is_the_same(theirs, ours):
    assert ours.summary["root_group"] == theirs.summary["root_group"]
    for name in ("iterations", "http_reqs", "dropped_iterations", "bought", "data_received"):
        assert ours.count(name) == theirs.count(name), name
    for name in ("stock", "lucky", "checks", "http_req_failed"):
        assert ours.values(name) == theirs.values(name), name
