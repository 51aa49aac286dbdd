"""Durations, as users write them and as they are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.schedule.duration import format_duration, parse_duration

SECOND = 1_000_000_000


@given(st.integers(0, 10**18 - 1))
def test_round_trip(nanoseconds):
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from(["d", "h", "m", "s", "ms", "us", "µs"])), min_size=1))
def test_parts_add_up(parts):
    units = {"d": 86_400 * SECOND, "h": 3_600 * SECOND, "m": 60 * SECOND, "s": SECOND}
    units |= {"ms": 10**6, "us": 10**3, "µs": 10**3}
    assert parse_duration("".join(f"{n}{unit}" for n, unit in parts)) == sum(n * units[unit] for n, unit in parts)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1m30s", 90 * SECOND),
        ("500ms", SECOND // 2),
        ("0.5s", SECOND // 2),
        (" 10s ", 10 * SECOND),
        ("10", 10 * SECOND),
        ("1.5", 1_500_000_000),
        (10, 10 * SECOND),
        (0.1, SECOND // 10),
        (0, 0),
        ("0s", 0),
        ("1h1m1s1ms1us", 3_661_001_001_000),
        ("1d", 86_400 * SECOND),
        ("0.000001ms", 1),
        (1e-9, 1),
        ("277777h46m39.999999999s", 10**18 - 1),
    ],
)
def test_examples(text, nanoseconds):
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "soon",
        "-1s",
        "-1",
        -1,
        "1m 30s",
        "1x",
        "s",
        "1ss",
        "nan",
        "inf",
        "-inf",
        float("nan"),
        float("inf"),
        1e9,
        "1000000000s",
        True,
        None,
        [],
        "5 s",
        "1,5s",
        "0x10",
        "1s\n2s",
        b"1s",
    ],
)
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(OptionError, match=r"^start_time: expected a duration such as .*found "):
        parse_duration(value, "start_time")


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "0.000001ms"),
        (500_000, "0.5ms"),
        (SECOND // 2, "500ms"),
        (SECOND, "1s"),
        (90 * SECOND, "1m30s"),
        (3_600 * SECOND, "1h"),
        (3_600 * SECOND + SECOND // 4, "1h0.25s"),
        (59_999_999_999, "59.999999999s"),
        (86_400 * SECOND, "24h"),
    ],
)
def test_shown(nanoseconds, text):
    assert format_duration(nanoseconds) == text
