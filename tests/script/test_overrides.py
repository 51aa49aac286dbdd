"""What --vus, --duration, --iterations and --rate make of each executor."""

import pytest

from surgeline.engine.executors import (
    ConstantArrivalRate,
    ConstantVUs,
    ExternallyControlled,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    SharedIterations,
)
from surgeline.engine.scenario import Scenario
from surgeline.errors import OptionError
from surgeline.schedule.stages import Stage
from surgeline.script import plan as plans

SECOND = 1_000_000_000
STAGES = (Stage(30 * SECOND, 100), Stage(60 * SECOND, 0))
USERS = RampingVUs(1, STAGES, 30 * SECOND)
RATE = RampingArrivalRate(0, 60 * SECOND, STAGES, 5, 7)
POISSON = ConstantArrivalRate(5, SECOND, SECOND, 5, 7, "poisson")
EACH = PerVUIterations(3, 10, SECOND)
STEERED_USERS = ExternallyControlled(3, None, 10, None)
STEERED_RATE = ExternallyControlled(None, 3, 10, None)


def overridden(executor, **options):
    plan = plans.TestPlan("plan", (Scenario("one", None, executor),))
    return plans.apply_overrides(plan, plans.Overrides(**options)).scenarios[0].executor


@pytest.mark.parametrize(
    ("executor", "options", "expected"),
    [
        (USERS, {"vus": 5, "duration_ns": SECOND}, ConstantVUs(5, SECOND)),
        (USERS, {"rate": 5}, ConstantArrivalRate(5, SECOND, 90 * SECOND, 0, 10_000)),
        (USERS, {"rate": 5, "duration_ns": SECOND, "vus": 2}, ConstantArrivalRate(5, SECOND, SECOND, 0, 2)),
        (USERS, {"iterations": 500}, SharedIterations(100, 500, 600 * SECOND)),
        (RATE, {"rate": 5}, ConstantArrivalRate(5, SECOND, 90 * SECOND, 0, 7)),
        (RATE, {"iterations": 5}, SharedIterations(5, 5, 600 * SECOND)),
        (RATE, {"vus": 5, "duration_ns": SECOND}, ConstantVUs(5, SECOND)),
        (POISSON, {"rate": 9}, ConstantArrivalRate(9, SECOND, SECOND, 0, 7, "poisson")),
        (POISSON, {"duration_ns": 9}, ConstantArrivalRate(5, SECOND, 9, 5, 7, "poisson")),
        (EACH, {"vus": 5}, PerVUIterations(5, 10, SECOND)),
        (EACH, {"duration_ns": 5}, PerVUIterations(3, 10, 5)),
        (EACH, {"iterations": 2}, SharedIterations(2, 2, 600 * SECOND)),
        (EACH, {"rate": 2}, ConstantArrivalRate(2, SECOND, 10 * SECOND, 0, 10_000)),
        (STEERED_USERS, {"vus": 10}, ExternallyControlled(10, None, 10, None)),
        (STEERED_USERS, {"vus": 1, "duration_ns": 5}, ExternallyControlled(1, None, 10, 5)),
        (STEERED_USERS, {"duration_ns": 5}, ExternallyControlled(3, None, 10, 5)),
        (STEERED_USERS, {"rate": 5}, ConstantArrivalRate(5, SECOND, 10 * SECOND, 0, 10_000)),
        (STEERED_USERS, {"iterations": 5}, SharedIterations(5, 5, 600 * SECOND)),
        (STEERED_RATE, {"rate": 10}, ExternallyControlled(None, 10, 10, None)),
        (STEERED_RATE, {"rate": 10, "vus": 5, "duration_ns": 5}, ExternallyControlled(None, 10, 5, 5)),
        (STEERED_RATE, {"vus": 5, "duration_ns": 5}, ConstantVUs(5, 5)),
        (STEERED_RATE, {"duration_ns": 5}, ExternallyControlled(None, 3, 10, 5)),
    ],
)
def test_what_comes_of_it(executor, options, expected):
    assert overridden(executor, **options) == expected


STAGES_KEEP_THEIR_TIME = (
    r"^--duration: scenario 'one' runs up to .* in 2 stages.*, each with a duration of its own; "
    "expected --vus or --rate beside --duration"
)
NO_NUMBER_OF_USERS = "^--vus: scenario 'one' runs .*; expected --duration beside --vus .*, or --rate"


@pytest.mark.parametrize(
    ("executor", "options", "message"),
    [
        (USERS, {"duration_ns": 5}, STAGES_KEEP_THEIR_TIME),
        (RATE, {"duration_ns": 5}, STAGES_KEEP_THEIR_TIME),
        (USERS, {"vus": 5}, NO_NUMBER_OF_USERS),
        (RATE, {"vus": 5}, NO_NUMBER_OF_USERS),
        (POISSON, {"vus": 5}, NO_NUMBER_OF_USERS),
        (STEERED_RATE, {"vus": 5}, NO_NUMBER_OF_USERS),
        (STEERED_USERS, {"vus": 11}, r"^--vus: expected at most its max_vus \(10\), found 11"),
        (STEERED_RATE, {"rate": 1, "iterations": 1}, "^--rate and --iterations: expected one of them"),
    ],
)
def test_where_they_do_not_fit(executor, options, message):
    with pytest.raises(OptionError, match=message):
        overridden(executor, **options)
