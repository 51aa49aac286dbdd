"""How many users and connections a plan needs, for the checks of what the system allows. Pure."""

import re
from dataclasses import dataclass
from math import inf

from surgeline.engine.scenario import Executor, Scenario
from surgeline.report.plan import Line, total_of
from surgeline.schedule.duration import NANOSECONDS
from surgeline.script.plan import TestPlan

_ANEW = {"request": "for each request", "iteration": "for each iteration"}
_USES_BATCH = re.compile(r"\bhttp\.batch\(")


@dataclass(frozen=True, slots=True)
class Demand:
    """What a plan needs of connections."""

    users: int
    """That there will be at once."""
    most_users: int
    """That there may be at once, where the service is slow."""
    per_user: int
    """Connections of one user to one origin."""
    origins: int
    """How many a user may be connected to."""
    rate: float | None
    """Starts of iterations a second, at the most; None where that depends on the service."""
    anew: str | None
    """When connections are made anew, in words; None where they are kept."""


def demand_of(plan: TestPlan, origins: int) -> Demand:
    """Return what a plan that goes to so many origins needs, all of its workers together."""
    rates = [scenario.executor.rate_over_time() for scenario in plan.scenarios]
    batches = _USES_BATCH.search(plan.text) is not None
    return Demand(
        users=_peak([line for scenario in plan.scenarios if (line := _planned_users(scenario))]),
        most_users=_peak([_most_users(scenario) for scenario in plan.scenarios]),
        per_user=min(plan.http.batch, plan.http.batch_per_host) if batches else 1,
        origins=max(1, origins) if plan.http.connections == "keep" else 1,
        rate=None if None in rates else sum(max(value for _, value in rate) for rate in rates if rate),
        anew=_ANEW.get(plan.http.connections),
    )


def longest_ns(executor: Executor) -> int | None:
    """Return how long starts go on at the most; None where nobody knows."""
    planned = executor.planned_ns
    longest: int | None = getattr(executor, "max_duration_ns", None) if planned is None else planned
    return longest


def _planned_users(scenario: Scenario) -> Line:
    """Return the users that there will be; none where that depends on the service or on who steers."""
    executor = scenario.executor
    corners = executor.vus_over_time()
    if corners is None:  # those that share iterations all begin
        return [] if executor.is_open or executor.planned_iterations is None else _most_users(scenario)
    return [((scenario.start_ns + t) / NANOSECONDS, count) for t, count in corners]


def _most_users(scenario: Scenario) -> Line:
    """Return the users that there may be, those whose last iteration is still under way too."""
    users, longest = _most_vus(scenario.executor), longest_ns(scenario.executor)
    end = inf if longest is None else scenario.start_ns + longest + scenario.graceful_stop_ns
    return [(scenario.start_ns / NANOSECONDS, users), (end / NANOSECONDS, users)]


def _most_vus(executor: Executor) -> int:
    """Return the most users that there can be: of the open model, each start makes one more than there are already."""
    if not executor.is_open or executor.planned_iterations is None:
        return executor.max_vus
    from_the_beginning: int = getattr(executor, "pre_allocated_vus", 0)
    return min(executor.max_vus, max(from_the_beginning, executor.planned_iterations))


def _peak(lines: list[Line]) -> int:
    return round(max((count for _, count in total_of(lines)), default=0))
