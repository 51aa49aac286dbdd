"""Every executor starts, completes, drops and interrupts as many iterations as in k6, and sends as many requests."""

from dataclasses import replace

import pytest
from load_plans import CASES, USERS_MADE_ON_THE_WAY, Counts

CASES_AND_PLANS = [pytest.param(case, case.plan, id=case.plan.name) for case in CASES]
OF_TWO_WORKERS = [
    pytest.param(case, replace(case.plan, name=f"{case.plan.name}_by_two", workers=2), id=case.plan.name)
    for case in CASES
    if case.ours.dropped or case.ours.interrupted or len(case.plan.scenarios) > 1
]


def counts(outcome):
    return Counts(
        iterations=outcome.count("iterations"),
        answered=outcome.count("http_reqs"),
        dropped=outcome.count("dropped_iterations"),
        interrupted=outcome.interrupted,
        sent=sum(outcome.served.values()),
    )


@pytest.mark.parametrize(("case", "plan"), CASES_AND_PLANS)
def test_k6_counts(case, theirs):
    assert counts(theirs) == case.k6, theirs.said


@pytest.mark.parametrize(("case", "plan"), CASES_AND_PLANS)
def test_our_counts(case, theirs, ours):
    assert counts(ours) == case.ours, ours.said
    assert ours.served == theirs.served or case.reason


@pytest.mark.parametrize(("case", "plan"), OF_TWO_WORKERS)
def test_two_workers_come_to_the_same(case, ours):
    assert counts(ours) == case.ours, ours.said


def test_where_the_counts_differ_it_is_said_why():
    assert all(bool(case.reason) == (case.ours != case.k6) for case in CASES)


@pytest.mark.parametrize("plan", [USERS_MADE_ON_THE_WAY], ids=str)
def test_k6_drops_starts_while_it_makes_users_and_we_do_not(theirs, ours):
    assert counts(theirs).dropped > 0
    assert counts(theirs).iterations + counts(theirs).dropped == 20
    assert counts(ours) == Counts(iterations=20, answered=20, sent=20)
