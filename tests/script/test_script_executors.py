"""Executors as scripts write them: what they become, and what is refused."""

import pytest

from surgeline.engine.executors import (
    ConstantArrivalRate,
    ExternallyControlled,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
)
from surgeline.errors import OptionError
from surgeline.schedule.stages import Stage
from surgeline.script.executors import (
    constant_arrival_rate,
    externally_controlled,
    per_vu_iterations,
    ramping_arrival_rate,
    ramping_vus,
    shared_iterations,
)

SECOND = 1_000_000_000
UP = [("30s", 100), (60, 0)]
STAGES = (Stage(30 * SECOND, 100), Stage(60 * SECOND, 0))


@pytest.mark.parametrize(
    ("executor", "expected"),
    [
        (ramping_vus(stages=UP), RampingVUs(1, STAGES, 30 * SECOND)),
        (
            ramping_vus(start_vus=0, stages=(("0s", 5), ("1s", 5)), graceful_ramp_down=0),
            RampingVUs(0, (Stage(0, 5), Stage(SECOND, 5)), 0),
        ),
        (per_vu_iterations(), PerVUIterations(1, 1, 600 * SECOND)),
        (per_vu_iterations(vus=5, iterations=2, max_duration="1m"), PerVUIterations(5, 2, 60 * SECOND)),
        (ramping_arrival_rate(stages=UP), RampingArrivalRate(0, SECOND, STAGES, 0, 10_000)),
        (
            ramping_arrival_rate(
                start_rate=5, stages=UP, time_unit="1m", pre_allocated_vus=3, max_vus=4, arrivals="poisson"
            ),
            RampingArrivalRate(5, 60 * SECOND, STAGES, 3, 4, "poisson"),
        ),
        (
            constant_arrival_rate(rate=5, duration="1s", arrivals="poisson"),
            ConstantArrivalRate(5, SECOND, SECOND, 0, 10_000, "poisson"),
        ),
        (externally_controlled(vus=0), ExternallyControlled(0, None, 10_000, None)),
        (externally_controlled(vus=20_000), ExternallyControlled(20_000, None, 20_000, None)),
        (externally_controlled(rate=5, max_vus=7, duration="1m"), ExternallyControlled(None, 5, 7, 60 * SECOND)),
    ],
)
def test_what_they_become(executor, expected):
    assert executor == expected


FORM = r'^stages: expected a list such as \[\("30s", 100\), \("1m", 0\)\], found '
PAIR = r'^stages: expected pairs of duration and target, such as \("30s", 100\), found .* in place 1'


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (ramping_vus, {"stages": []}, FORM),
        (ramping_vus, {"stages": None}, FORM),
        (ramping_vus, {"stages": "30s"}, FORM),
        (ramping_vus, {"stages": {"30s": 100}}, FORM),
        (ramping_vus, {"stages": [{"duration": "30s", "target": 100}]}, PAIR),
        (ramping_vus, {"stages": ["30s"]}, PAIR),
        (ramping_vus, {"stages": [("30s",)]}, PAIR),
        (ramping_vus, {"stages": ["10"]}, PAIR),
        (ramping_vus, {"stages": [(1, 1), ("soon", 1)]}, "^stages: the duration in place 2: expected a duration"),
        (ramping_vus, {"stages": [(-1, 1)]}, "^stages: the duration in place 1: expected a duration"),
        (ramping_vus, {"stages": [(1, -1)]}, "^stages: the target in place 1: expected a whole number from 0"),
        (ramping_vus, {"stages": [(1, 1.5)]}, "^stages: the target in place 1: expected a whole number from 0"),
        (ramping_vus, {"stages": [(1, 1_000_001)]}, "^stages: the target in place 1: .* to 1,000,000"),
        (ramping_vus, {"stages": [(0, 1), ("0s", 5)]}, "^stages: expected a duration above 0 in at least one"),
        (ramping_vus, {"stages": [(1, 0)], "start_vus": 0}, "^stages: expected start_vus or a target above 0"),
        (ramping_vus, {"stages": UP, "start_vus": -1}, "^start_vus: expected a whole number from 0"),
        (ramping_vus, {"stages": UP, "graceful_ramp_down": "x"}, "^graceful_ramp_down: expected a duration"),
        (ramping_arrival_rate, {"stages": []}, FORM),
        (ramping_arrival_rate, {"stages": [(1, 0)]}, "^stages: expected start_rate or a target above 0"),
        (ramping_arrival_rate, {"stages": [(1, 10_000_001)]}, "^stages: the target in place 1: .* to 10,000,000"),
        (ramping_arrival_rate, {"stages": UP, "start_rate": 1.5}, "^start_rate: expected a whole number from 0"),
        (ramping_arrival_rate, {"stages": UP, "time_unit": 0}, "^time_unit: expected a duration above 0"),
        (ramping_arrival_rate, {"stages": UP, "max_vus": 0}, "^max_vus: expected a whole number from 1"),
        (ramping_arrival_rate, {"stages": UP, "pre_allocated_vus": 5, "max_vus": 4}, "^max_vus: expected at least"),
        (ramping_arrival_rate, {"stages": UP, "arrivals": "random"}, '^arrivals: expected "constant" or "poisson"'),
        (constant_arrival_rate, {"rate": 1, "duration": 1, "arrivals": None}, '^arrivals: expected "constant" or'),
        (per_vu_iterations, {"vus": 0}, "^vus: expected a whole number from 1"),
        (per_vu_iterations, {"iterations": 0}, "^iterations: expected a whole number from 1"),
        (per_vu_iterations, {"max_duration": 0}, "^max_duration: expected a duration above 0"),
        (shared_iterations, {"vus": 2, "iterations": 1}, "^iterations: expected at least as many as there are vus"),
        (externally_controlled, {}, "^externally_controlled: expected vus or rate, found neither"),
        (externally_controlled, {"vus": 1, "rate": 1}, "^externally_controlled: expected vus or rate, found both"),
        (externally_controlled, {"vus": 2, "max_vus": 1}, "^vus: expected a whole number from 0 to 1, found 2"),
        (externally_controlled, {"vus": "2"}, "^vus: expected a whole number"),
        (externally_controlled, {"rate": -1}, "^rate: expected a whole number from 0"),
        (externally_controlled, {"rate": 1, "max_vus": 0}, "^max_vus: expected a whole number from 1"),
        (externally_controlled, {"rate": 1, "duration": 0}, "^duration: expected a duration above 0"),
    ],
)
def test_what_is_refused(make, options, message):
    with pytest.raises(OptionError, match=message):
        make(**options)
