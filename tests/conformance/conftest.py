"""k6 and a server for it; without k6 these tests are skipped, or fail where it must be there."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from both_tools import BothTools, find_k6
from counting_server import CountingServer
from plan_language import Plan

_AT_ONCE = 8
"""Runs side by side: nearly all of their time they sleep."""


@pytest.fixture(scope="session")
def k6():
    try:
        return find_k6()
    except (RuntimeError, OSError) as error:
        if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(f"no k6: {error}")


@pytest.fixture(scope="module")
def outcomes(request, k6, tmp_path_factory):
    """What k6 and surgeline made of each plan that a test of the file has as a parameter, by the plan's name.

    Of the file alone: runs of others would go on behind the next file's tests, and reach the server in this process.
    """
    items = [item for item in request.session.items if item.path == request.path]
    calls = [item.callspec.params for item in items if hasattr(item, "callspec")]
    plans = {one.name: one for params in calls for one in params.values() if isinstance(one, Plan)}
    with CountingServer() as server, ThreadPoolExecutor(_AT_ONCE) as pool:
        tools = BothTools(k6, server, tmp_path_factory.mktemp("conformance"))
        theirs = {name: pool.submit(tools.run_k6, one) for name, one in plans.items() if one.workers == 1}
        ours = {name: pool.submit(tools.run_ours, one) for name, one in plans.items()}
        yield theirs, ours


@pytest.fixture
def theirs(outcomes, plan):
    """What k6 made of the test's plan."""
    return outcomes[0][plan.name].result()


@pytest.fixture
def ours(outcomes, plan):
    """What surgeline made of the test's plan."""
    return outcomes[1][plan.name].result()


@pytest.fixture
def both(theirs, ours):
    """Both of them, k6's first."""
    return theirs, ours
