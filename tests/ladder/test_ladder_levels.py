"""Which levels the command line asks for, and what it is told when it asks for none."""

import pytest

from surgeline.errors import OptionError
from surgeline.ladder.levels import Level, Values, parse_ladder


@pytest.mark.parametrize(
    ("levels", "option", "expected"),
    [
        ("50,100", None, Values("rate", ("50", "100"))),
        ("50", "rate", Values("rate", ("50",))),
        (" 1 , 2.5 ", "vus", Values("vus", ("1", "2.5"))),
        ("TARGET_RPS=50,100", None, Values("TARGET_RPS", ("50", "100"))),
        ("50,100", "TARGET_RPS", Values("TARGET_RPS", ("50", "100"))),
        ("vus=5,10", None, Values("vus", ("5", "10"))),
    ],
)
def test_what_a_level_sets(levels: str, option: str | None, expected: Values):
    assert parse_ladder(levels, option, (), None).levels == expected


def test_each_combination_has_all_levels_in_turn():
    ladder = parse_ladder("RPS=1,2", None, ("EPS=100,500", "SIZE=s,l"), None)
    combinations = [
        (("EPS", eps), ("SIZE", size)) for eps, size in (("100", "s"), ("100", "l"), ("500", "s"), ("500", "l"))
    ]
    assert ladder.runs == [Level("RPS", value, one) for one in combinations for value in ("1", "2")]


@pytest.mark.parametrize(
    ("levels", "option", "matrix", "expect", "said"),
    [
        ("", None, (), None, r"--levels: .*values with commas"),
        ("50,,100", None, (), None, r"--levels: .*found 'rate=50,,100'"),
        ("=50", None, (), None, r"--levels: .*found '=50'"),
        ("50,ten", None, (), None, r"--levels: expected numbers .*found 'ten'"),
        ("50,nan", None, (), None, r"--levels: expected numbers .*found 'nan'"),
        ("100,50", None, (), None, r"--levels: .*from low to high, found 100,50"),
        ("50,50.0", None, (), None, r"--levels: .*from low to high, found 50,50\.0"),
        ("50,50", None, (), None, r"--levels: expected each value once"),
        ("RPS=50", "vus", (), None, r"--levels: expected numbers alone beside --option vus"),
        ("50", None, ("EPS",), None, r"--matrix: .*NAME=100,500; found 'EPS'"),
        ("50", None, ("EPS=1,1",), None, r"--matrix: expected each value once"),
        ("50", None, ("URL=a/b,a-b",), None, r"--matrix: expected values that differ in letters, .*found URL=a/b,a-b"),
        ("RPS=50", None, ("RPS=1",), None, r"expected each name once, found 'RPS' again"),
        ("50,100", None, (), "70", r"--expect: expected one of the levels 50, 100, found '70'"),
    ],
)
def test_what_is_wrong_is_said(levels: str, option: str | None, matrix: tuple[str, ...], expect: str | None, said: str):
    with pytest.raises(OptionError, match=said):
        parse_ladder(levels, option, matrix, expect)


@pytest.mark.parametrize(
    ("level", "title", "file_name"),
    [
        (Level("rate", "200"), "200/s", "200"),
        (Level("vus", "20"), "20 VUs", "20"),
        (Level("vus", "1"), "1 VU", "1"),
        (Level("RPS", "2.5"), "RPS=2.5", "2.5"),
        (Level("RPS", "50", (("EPS", "500"),)), "RPS=50, EPS=500", "50-500"),
        (Level("rate", "5", (("URL", "http://a/b"),)), "5/s, URL=http://a/b", "5-http-a-b"),
    ],
    ids=lambda value: value if isinstance(value, str) else "level",
)
def test_how_a_level_is_named(level: Level, title: str, file_name: str):
    assert (level.full_title, level.file_name) == (title, file_name)
