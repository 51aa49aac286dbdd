"""How long a service takes to recover from a spike: from made-up answers, and of a stand-in that does not recover."""

import math
from dataclasses import dataclass

import pytest
from conversations_load_support import marks, run_loadtest
from conversations_stand_in import Asked, stand_in

from surgeline_systems.conversations.load.recovery import Answer, Recovery, Spike, p95, recovery

SPIKE = Spike(begins=3, falls=18, ends=30)
WATCHED = 12


def around(before: list[float], after: dict[float, list[float]]) -> list[Answer]:
    """Answers before the spike and at these times after its fall, and slow ones during it, which do not count."""
    return [
        *(Answer(at=0.1 * number, ms=ms) for number, ms in enumerate(before)),
        *(Answer(at=at, ms=4_000) for at in range(3, 18)),
        *(Answer(at=18 + at, ms=ms) for at, durations in after.items() for ms in durations),
    ]


@dataclass(frozen=True)
class Case:
    name: str
    after: dict[float, list[float]]
    seconds: float
    recovered: bool = True


# Before the spike the p95 is 100 ms, so windows up to 200 ms are as quick as before.
CASES = [
    Case("at once", {0: [100], 1: [200]}, 0),
    Case("one slow window", {0.9: [201], 1: [200], 2: [50]}, 1),
    Case("slow again later", {0: [300], 1: [100], 2: [100], 3.99: [300], 4: [100]}, 4),
    Case("after windows without answers", {0: [300], 6.5: [100]}, 1),
    Case("slow and then nothing", {0: [100], 2: [900]}, WATCHED, recovered=False),
    Case("slow to the end", {second: [900] for second in range(WATCHED)}, WATCHED, recovered=False),
    Case("a failed answer is a slow one", {0: [100], 1: [math.inf], 2: [100]}, 2),
    Case("what hangs fails after the end", {0: [100], 14: [math.inf]}, WATCHED, recovered=False),
    Case("one slow of twenty is no p95", {0: [100] * 19 + [900]}, 0),
    Case("two slow of twenty are", {0: [100] * 18 + [900] * 2, 1: [100]}, 1),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_recovery_is_the_first_window_from_which_on_all_are_quick(case: Case):
    expected = Recovery(before_ms=100, limit_ms=200, seconds=case.seconds, recovered=case.recovered)
    assert recovery(around([100, 90, 80], case.after), SPIKE) == expected
    assert recovery(reversed(around([100, 90, 80], case.after)), SPIKE) == expected


def test_what_nobody_notices_is_no_slowness():
    assert recovery(around([3], {0: [50], 1: [51], 2: [4]}), SPIKE) == Recovery(3, 50, 2, True)


@pytest.mark.parametrize(
    ("before", "after"),
    [([], {0: [100]}), ([100], {}), ([100, math.inf], {0: [100]}), ([], {})],
    ids=["nothing before", "nothing after", "failures before", "nothing at all"],
)
def test_without_something_to_compare_there_is_no_answer(before: list[float], after: dict[float, list[float]]):
    assert recovery(around(before, after), SPIKE) is None


@pytest.mark.parametrize(
    ("durations", "value"),
    [([7], 7), ([2, 1], 2), (range(1, 21), 19), (range(1, 101), 95), (range(100, 0, -1), 95)],
    ids=["one", "two", "twenty", "hundred", "unsorted"],
)
def test_p95(durations: list[float], value: float):
    assert p95(durations) == value


def test_a_service_that_stays_slow_fails_a_spike_test():
    def seconds(asked: Asked) -> float:
        return 0.5 if asked["/auth/login"] > 5 else 0

    with stand_in(seconds=seconds) as base_url:
        done = run_loadtest(base_url, "--scenario", "spike", values={"DURATION": "4s"})
    assert done.returncode == 99, done.stdout + done.stderr
    assert "recovery: not in 1.6 s" in done.stderr
    assert [metric for metric, mark in marks(done).items() if mark != "✓"] == [
        "recovery_seconds{scenario:spike} value<1.6"
    ]
