"""When a ladder stops, what it says then, and what it ends with."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import ExitCode
from surgeline.ladder.climb import JUDGED, Rung, exit_code, next_level, rows
from surgeline.ladder.levels import Ladder, parse_ladder

PASSED, FAILED, UNSURE = ExitCode.PASSED, ExitCode.THRESHOLDS_FAILED, ExitCode.INCONCLUSIVE
STOPPED, SETUP, ABORTED = ExitCode.STOPPED_BY_SIGNAL, ExitCode.SETUP_FAILED, ExitCode.ABORTED
VERDICTS = {PASSED: "passed", FAILED: "failed", UNSURE: "inconclusive", STOPPED: "stopped", SETUP: "hook failed"}


def climbed(ladder: Ladder, codes: Sequence[ExitCode], *, keep_going: bool = False) -> list[Rung]:
    """Levels run until the ladder, or the list of codes, has come to its end."""
    done: list[Rung] = []
    for code in codes:
        level = next_level(ladder, done, keep_going=keep_going)
        if level is None:
            break
        why = "" if code in (PASSED, STOPPED) else "p(95)<500 (812ms)"
        done.append(Rung(level, code, VERDICTS.get(code, "aborted"), why))
    return done


def simple(expect: str | None = None) -> Ladder:
    return parse_ladder("50,100,200", None, (), expect)


MATRIX = parse_ladder("50,100", None, ("EPS=1,2",), None)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([PASSED, PASSED, PASSED], "Passed at every level, up to 200/s"),
        ([PASSED, PASSED, FAILED], "Passed up to 100/s; at 200/s: p(95)<500 (812ms)"),
        ([FAILED], "Passed at no level; at 50/s: p(95)<500 (812ms)"),
        ([PASSED, UNSURE], "Passed up to 50/s; at 100/s inconclusive: p(95)<500 (812ms)"),
        ([PASSED, STOPPED], "Passed up to 50/s; at 100/s stopped"),
        ([PASSED, SETUP], "Passed up to 50/s; at 100/s hook failed: p(95)<500 (812ms)"),
        ([PASSED], "Passed up to 50/s"),
    ],
    ids=["all", "third", "first", "unsure", "stopped", "set-up", "interrupted between"],
)
def test_what_a_ladder_says(codes: list[ExitCode], said: str):
    (row,) = rows(simple(), climbed(simple(), codes))
    assert row.sentence == said


def test_levels_without_thresholds_were_not_judged():
    done = [Rung(level, PASSED, "not judged") for level in simple().runs]
    (row,) = rows(simple(), done)
    assert row.sentence == "Ran at every level, up to 200/s; nothing was judged"


def test_a_failure_ends_its_row_alone():
    done = climbed(MATRIX, [FAILED, PASSED, PASSED])
    assert [rung.level.full_title for rung in done] == ["50/s, EPS=1", "50/s, EPS=2", "100/s, EPS=2"]
    assert next_level(MATRIX, done, keep_going=False) is None
    assert [row.sentence for row in rows(MATRIX, done)] == [
        "EPS=1: passed at no level; at 50/s: p(95)<500 (812ms)",
        "EPS=2: passed at every level, up to 100/s",
    ]


def test_what_passes_above_a_failure_is_not_the_height():
    done = climbed(simple(), [PASSED, FAILED, PASSED], keep_going=True)
    (row,) = rows(simple(), done)
    assert len(done) == 3
    assert row.sentence == "Passed up to 50/s; at 100/s: p(95)<500 (812ms)"


@pytest.mark.parametrize(
    ("expect", "codes", "code"),
    [
        (None, [PASSED, PASSED, PASSED], PASSED),
        (None, [PASSED, FAILED], PASSED),
        (None, [FAILED], FAILED),
        (None, [UNSURE], UNSURE),
        (None, [PASSED, UNSURE], UNSURE),
        ("100", [PASSED, PASSED, FAILED], PASSED),
        ("100", [PASSED, PASSED, UNSURE], PASSED),
        ("100", [PASSED, FAILED], FAILED),
        ("100", [PASSED, UNSURE], UNSURE),
        ("200", [PASSED, PASSED, PASSED], PASSED),
        ("200", [PASSED, PASSED, STOPPED], STOPPED),
        ("50", [PASSED, SETUP], SETUP),
        (None, [ABORTED], ABORTED),
    ],
)
def test_what_a_ladder_ends_with(expect: str | None, codes: list[ExitCode], code: ExitCode):
    assert exit_code(simple(expect), climbed(simple(expect), codes)) is code


@pytest.mark.parametrize(
    ("codes", "code"),
    [([PASSED, FAILED, PASSED, PASSED], PASSED), ([FAILED, UNSURE], FAILED), ([UNSURE, PASSED, PASSED], UNSURE)],
    ids=["every row has its first", "failed and unsure", "unsure and passed"],
)
def test_every_row_counts(codes: list[ExitCode], code: ExitCode):
    assert exit_code(MATRIX, climbed(MATRIX, codes)) is code


LADDERS = st.builds(
    lambda levels, values: parse_ladder(
        ",".join(str(one + 1) for one in range(levels)), None, [f"M={','.join(map(str, range(values)))}"], None
    ),
    st.integers(1, 5),
    st.integers(1, 4),
)
CODES = st.lists(st.sampled_from([PASSED, PASSED, FAILED, UNSURE]), min_size=20, max_size=20)


@given(LADDERS, CODES, st.booleans())
def test_a_level_runs_once_and_only_above_levels_that_passed(ladder: Ladder, codes: list[ExitCode], keep_going: bool):
    done = climbed(ladder, codes, keep_going=keep_going)
    ran = [rung.level for rung in done]
    assert len(set(ran)) == len(ran)
    assert ran == [level for level in ladder.runs if level in set(ran)]
    for row in rows(ladder, done):
        of_it = [rung for rung in done if rung.level.combination == row.combination]
        whole = len(of_it) == len(ladder.levels.values)
        assert whole if keep_going else whole or not of_it[-1].passed
        assert keep_going or all(rung.passed for rung in of_it[:-1])


@given(LADDERS, CODES, st.integers(0, 19), st.sampled_from([STOPPED, SETUP, ABORTED]))
def test_nothing_runs_after_a_level_that_could_not_be_judged(
    ladder: Ladder, codes: list[ExitCode], place: int, end: ExitCode
):
    codes = [*codes[:place], end, *codes[place:]]
    done = climbed(ladder, codes, keep_going=True)
    if end in [rung.code for rung in done]:
        assert done[-1].code is end
        assert exit_code(ladder, done) is end
    else:
        assert exit_code(ladder, done) in JUDGED
