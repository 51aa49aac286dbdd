"""Wrong calls of what scripts declare, answered with the options that there are."""

import inspect

import pytest

import surgeline
from surgeline.errors import OptionError
from surgeline.script.explained import explained

WRONG = [
    (
        lambda: surgeline.constant_vus(vuss=1),
        """constant_vus: expected vus, duration; found 'vuss'; did you mean "vus"?""",
    ),
    (lambda: surgeline.constant_vus(nothing=1), "constant_vus: expected vus, duration; found 'nothing'"),
    (
        lambda: surgeline.constant_vus(vus=1),
        "constant_vus: expected duration, found none: constant_vus(vus=..., duration=...)",
    ),
    (
        lambda: surgeline.constant_vus(5, "10s"),
        "constant_vus: expected options by name: constant_vus(vus=..., duration=...); found 5",
    ),
    (
        lambda: surgeline.Counter("hits", units="ms"),
        """metric: expected name, unit; found 'units'; did you mean "unit"?""",
    ),
    (surgeline.Trend, "metric: expected name, found none: metric(name, unit=...)"),
    (
        lambda: surgeline.pool.ids("{}", 5),
        "pool.ids: expected options by name: pool.ids(pattern, first=..., count=...); found 5",
    ),
    (surgeline.pool.rows, "pool.rows: expected values, found none: pool.rows(values)"),
    (lambda: surgeline.weighted({}, weights={}), "weighted: expected weights once, found it twice"),
    (surgeline.env, "env: expected name, found none: env(name, default)"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_says_what_is_expected(call, message):
    with pytest.raises(OptionError) as caught:
        call()

    assert str(caught.value) == message


K6 = {
    "constant_arrival_rate": {
        "preAllocatedVUs": "pre_allocated_vus",
        "maxVUs": "max_vus",
        "timeUnit": "time_unit",
    },
    "ramping_arrival_rate": {"startRate": "start_rate"},
    "ramping_vus": {"startVUs": "start_vus", "gracefulRampDown": "graceful_ramp_down"},
    "shared_iterations": {"maxDuration": "max_duration"},
    "scenario": {"gracefulStop": "graceful_stop", "startTime": "start_time", "baseURL": "base_url"},
}


@pytest.mark.parametrize(("name", "given", "meant"), [(name, *pair) for name in K6 for pair in K6[name].items()])
def test_the_names_of_k6(name, given, meant):
    with pytest.raises(OptionError) as caught:
        getattr(surgeline, name)(**{given: 1})

    assert str(caught.value).endswith(f"""; found '{given}'; did you mean "{meant}"?""")


def test_an_error_of_the_function_itself_stays():
    @explained("double")
    def double(value):
        """Twice."""
        return value + "" + value

    with pytest.raises(TypeError, match="unsupported operand"):
        double(5)
    assert double("a") == "aa"
    assert (double.__doc__, str(inspect.signature(double))) == ("Twice.", "(value)")
