"""Plans for every executor, with the counts that they must come to.

Every plan is made so that its counts follow from it on a busy machine too. There a start may be late, an iteration may
take longer, and k6 may notice the end late and start once more: so each start is due a tenth of a second or more from
the end, and from the moment at which the user that it needs is free.
"""

from dataclasses import dataclass, replace

from plan_language import Get, Plan, Scenario, SetVUs, Sleep


@dataclass(frozen=True)
class Counts:
    """Iterations that were completed, dropped and interrupted; requests that were answered, and that were sent."""

    iterations: int
    answered: int
    dropped: int = 0
    interrupted: int = 0
    sent: int | None = None
    """As many as answered, unless given."""


@dataclass(frozen=True)
class Case:
    """A plan, what we must make of it, and what k6 makes of it."""

    plan: Plan
    ours: Counts
    k6: Counts
    reason: str = ""
    """Why k6 differs."""


def _case(name, counts, *scenarios):
    expected = replace(counts, sent=counts.answered if counts.sent is None else counts.sent)
    return Case(Plan(name, scenarios), expected, expected)


_REQUEST = (Get(),)


def _one(name, counts, executor, body=_REQUEST, **options):
    return _case(name, counts, Scenario(executor, options, body))


def _but_in_k6(case, reason, **counts):
    return replace(case, k6=replace(case.k6, **counts), reason=reason)


def _pause(seconds):
    return (Get(), Sleep(seconds))


_QUIET_END = [("0s", 0), ("200ms", 0)]
"""Stages that end a rate: the last start is well before the end."""

_SHARED = [
    _one("shared", Counts(10, 10), "shared-iterations", vus=3, iterations=10),
    _one("shared_defaults", Counts(1, 1), "shared-iterations"),
    _one(
        "shared_out_of_time",  # each of 2 users starts at 0, 400 and 800 ms
        Counts(6, 6, dropped=4),
        "shared-iterations",
        _pause(0.4),
        vus=2,
        iterations=10,
        max_duration="1s",
    ),
    _one(
        "shared_interrupted",
        Counts(4, 6, dropped=4, interrupted=2),
        "shared-iterations",
        _pause(0.4),
        vus=2,
        iterations=10,
        max_duration="1s",
        graceful_stop="50ms",
    ),
]
_PER_VU = [
    _one("per_vu", Counts(12, 12), "per-vu-iterations", vus=3, iterations=4),
    _one(
        "per_vu_out_of_time",
        Counts(6, 6, dropped=4),
        "per-vu-iterations",
        _pause(0.4),
        vus=2,
        iterations=5,
        max_duration="1s",
    ),
    _one(
        "per_vu_interrupted",
        Counts(4, 6, dropped=4, interrupted=2),
        "per-vu-iterations",
        _pause(0.4),
        vus=2,
        iterations=5,
        max_duration="1s",
        graceful_stop="50ms",
    ),
]
_CONSTANT_VUS = [
    _one("constant_vus", Counts(15, 15), "constant-vus", _pause(0.4), vus=5, duration="1s"),
    _one(
        "constant_vus_interrupted",
        Counts(4, 6, interrupted=2),
        "constant-vus",
        _pause(0.4),
        vus=2,
        duration="1s",
        graceful_stop="50ms",
    ),
    _one(
        "constant_vus_interrupted_request",  # the third request of each has no answer
        Counts(4, 4, interrupted=2, sent=6),
        "constant-vus",
        (Get("/sleep/400"),),
        vus=2,
        duration="1s",
        graceful_stop="0s",
    ),
]
_RAMPING_VUS = [
    _one(
        "ramping_vus_jumps",  # two go at 1,000 ms, after three starts; the third has two more, at 1,290 and 1,720 ms
        Counts(11, 11),
        "ramping-vus",
        _pause(0.43),
        start_vus=0,
        stages=[("0s", 3), ("1s", 3), ("0s", 1), ("1s", 1)],
    ),
    _one(
        "ramping_vus_up_and_down",  # the first from 500 to 2,000 ms: three starts; the second from 1,000 to 1,500: one
        Counts(4, 4),
        "ramping-vus",
        _pause(0.6),
        start_vus=0,
        stages=[("1s", 2), ("1s", 0)],
    ),
    _one(
        "ramping_vus_interrupted",  # the second goes at 1,000 ms, and may finish until 1,100; the first until the end
        Counts(4, 5, interrupted=1),
        "ramping-vus",
        _pause(0.75),
        start_vus=2,
        stages=[("1s", 2), ("0s", 1), ("1s", 1)],
        graceful_ramp_down="100ms",
    ),
    _one(
        "ramping_vus_called_back",  # the second goes at 300 ms and is called back at 500, all in its first iteration
        Counts(4, 4),
        "ramping-vus",
        _pause(0.8),
        start_vus=2,
        stages=[("300ms", 2), ("0s", 1), ("200ms", 1), ("0s", 2), ("700ms", 2)],
    ),
    _one(
        "ramping_vus_interrupted_at_the_end",
        Counts(2, 4, interrupted=2),
        "ramping-vus",
        _pause(0.7),
        start_vus=2,
        stages=[("1s", 2)],
        graceful_stop="100ms",
    ),
]
_CONSTANT_ARRIVAL_RATE = [
    _one(
        "constant_arrival_rate",  # the first at 0, the last at 1,000 ms
        Counts(5, 5),
        "constant-arrival-rate",
        rate=4,
        duration="1125ms",
        pre_allocated_vus=5,
    ),
    _one(
        "constant_arrival_rate_of_a_minute",
        Counts(5, 5),
        "constant-arrival-rate",
        rate=240,
        time_unit="1m",
        duration="1125ms",
        pre_allocated_vus=5,
    ),
    _one(
        "constant_arrival_rate_and_no_user_free",
        Counts(3, 3, dropped=2),
        "constant-arrival-rate",
        _pause(1.5),
        rate=4,
        duration="1125ms",
        pre_allocated_vus=3,
        max_vus=3,
    ),
    _one(
        "constant_arrival_rate_and_a_user_free_again",  # starts each 200 ms, a user for every second one
        Counts(3, 3, dropped=3),
        "constant-arrival-rate",
        _pause(0.3),
        rate=5,
        duration="1100ms",
        pre_allocated_vus=1,
        max_vus=1,
    ),
    _one(
        "constant_arrival_rate_interrupted",  # six starts; the first three end by 1,000 ms
        Counts(3, 6, interrupted=3),
        "constant-arrival-rate",
        _pause(0.6),
        rate=5,
        duration="1100ms",
        pre_allocated_vus=6,
        graceful_stop="0s",
    ),
]
_RAMPING_ARRIVAL_RATE = [
    _one(
        "ramping_arrival_rate",  # where the integral of the rate is whole: 20, and 20, and a half
        Counts(40, 40),
        "ramping-arrival-rate",
        start_rate=10,
        stages=[("1s", 30), ("1s", 10), ("50ms", 10), *_QUIET_END],
        pre_allocated_vus=40,
    ),
    _one(
        "ramping_arrival_rate_jumps",
        Counts(25, 25),
        "ramping-arrival-rate",
        start_rate=0,
        stages=[("0s", 20), ("500ms", 20), ("0s", 0), ("300ms", 0), ("0s", 30), ("516ms", 30), *_QUIET_END],
        pre_allocated_vus=25,
    ),
    _one(
        "ramping_arrival_rate_of_a_minute",  # four and a half in the first stage, six in the second
        Counts(10, 10),
        "ramping-arrival-rate",
        start_rate=0,
        stages=[("900ms", 600), ("600ms", 600), *_QUIET_END],
        time_unit="1m",
        pre_allocated_vus=10,
    ),
    _one(
        "ramping_arrival_rate_and_no_user_free",
        Counts(2, 2, dropped=8),
        "ramping-arrival-rate",
        _pause(2),
        start_rate=10,
        stages=[("1050ms", 10), *_QUIET_END],
        pre_allocated_vus=2,
        max_vus=2,
    ),
    _one(
        "ramping_arrival_rate_interrupted",
        Counts(0, 10, interrupted=10),
        "ramping-arrival-rate",
        _pause(2),
        start_rate=10,
        stages=[("1050ms", 10), *_QUIET_END],
        pre_allocated_vus=10,
        graceful_stop="100ms",
    ),
]
_NO_GRACEFUL_STOP = "k6 has no graceful stop for this executor, and interrupts what is under way at the end"
_EXTERNALLY_CONTROLLED = [
    _but_in_k6(
        _one(
            "externally_controlled",
            Counts(9, 9),
            "externally-controlled",
            _pause(0.4),
            vus=3,
            max_vus=3,
            duration="1s",
        ),
        _NO_GRACEFUL_STOP,
        iterations=6,
        interrupted=3,
    ),
]
_CHANGED = {"vus": 1, "max_vus": 3, "duration": "2s"}
_EXTERNALLY_CONTROLLED.append(
    Case(
        Plan(
            "externally_controlled_change",  # one starts each 600 ms; two more from 900 ms on, twice each
            (Scenario("externally-controlled", _CHANGED, _pause(0.6)),),
            meanwhile=SetVUs(0.9, 3),
        ),
        ours=Counts(8, 8, sent=8),
        k6=Counts(5, 8, interrupted=3, sent=8),
        reason=_NO_GRACEFUL_STOP,
    )
)
_TOGETHER = [
    _case(
        "several_scenarios",
        Counts(10, 15),
        Scenario("shared-iterations", {"vus": 2, "iterations": 5}, (Get("/first"),), "first"),
        Scenario(
            "constant-arrival-rate",
            {"rate": 4, "duration": "1125ms", "pre_allocated_vus": 5, "start_time": "500ms"},
            (Get("/second"), Get()),
            "second",
        ),
    ),
]
USERS_MADE_ON_THE_WAY = Plan(
    "users_made_on_the_way",  # 20 starts, with one user to begin with and up to 20 needed
    (
        Scenario(
            "ramping-arrival-rate",
            {
                "start_rate": 20,
                "stages": [("1025ms", 20), *_QUIET_END],
                "pre_allocated_vus": 1,
                "max_vus": 20,
            },
            _pause(1.5),
        ),
    ),
)
CASES = [
    *_SHARED,
    *_PER_VU,
    *_CONSTANT_VUS,
    *_RAMPING_VUS,
    *_CONSTANT_ARRIVAL_RATE,
    *_RAMPING_ARRIVAL_RATE,
    *_EXTERNALLY_CONTROLLED,
    *_TOGETHER,
]
