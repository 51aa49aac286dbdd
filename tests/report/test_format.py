"""Numbers and texts as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from surgeline.report.format import clock, data_size, duration, number, percent, printable, rate, shorten_middle

DURATIONS = [
    (0, "0s"),
    (0.000412, "412.0ns"),
    (0.00099996, "1.00µs"),
    (0.4121, "412.1µs"),
    (0.99994, "999.9µs"),
    (0.99996, "1.00ms"),
    (4.5, "4.50ms"),
    (99.994, "99.99ms"),
    (99.996, "100.0ms"),
    (231.44, "231.4ms"),
    (999.94, "999.9ms"),
    (999.96, "1.00s"),
    (1204, "1.20s"),
    (59_994, "59.99s"),
    (59_996, "1m00s"),
    (125_000, "2m05s"),
    (7_260_000, "2h01m"),
    (-4.5, "-4.50ms"),
    (math.nan, "-"),
    (math.inf, "-"),
]


@pytest.mark.parametrize(("milliseconds", "text"), DURATIONS)
def test_duration(milliseconds, text):
    assert duration(milliseconds) == text


CLOCKS = [(0, "0s"), (12.34, "12.3s"), (12.0, "12s"), (59.96, "1m00s"), (300.4, "5m00s"), (3_599.6, "1h00m")]


@pytest.mark.parametrize(("seconds", "text"), CLOCKS)
def test_clock(seconds, text):
    assert clock(seconds) == text


SIZES = [
    (0, "0B"),
    (512, "512B"),
    (999.4, "999B"),
    (999.6, "1.00kB"),
    (12_345_678, "12.35MB"),
    (999_960, "1.00MB"),
    (5e12, "5.00TB"),
    (5e15, "5000.0TB"),
    (-2_000, "-2.00kB"),
    (math.nan, "-"),
]


@pytest.mark.parametrize(("size", "text"), SIZES)
def test_data_size(size, text):
    assert data_size(size) == text


NUMBERS = [
    (0, "0"),
    (1_234_567, "1,234,567"),
    (1_234_567.8, "1,234,568"),
    (3.14159, "3.142"),
    (999.96, "1000"),
    (0.00012345, "0.0001234"),
    (-5, "-5"),
    (1e300, "1e+300"),
    (math.nan, "-"),
]


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_number(value, text):
    assert number(value) == text


RATES = [
    (1997.3, "default", "1,997/s"),
    (0.009987, "default", "0.00999/s"),
    (40.123, "default", "40.1/s"),
    (0, "default", "0/s"),
    (404_127, "data", "404.1kB/s"),
]


@pytest.mark.parametrize(("per_second", "contains", "text"), RATES)
def test_rate(per_second, contains, text):
    assert rate(per_second, contains) == text


PERCENTS = [
    (0, "0%"),
    (1, "100%"),
    (0.5, "50%"),
    (0.0032, "0.32%"),
    (0.00001, "<0.01%"),
    (0.999999, ">99.99%"),
    (0.9998, "99.98%"),
    (math.nan, "-"),
]


@pytest.mark.parametrize(("share", "text"), PERCENTS)
def test_percent(share, text):
    assert percent(share) == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_that_is_not_all_or_nothing_never_reads_so(share):
    assert percent(share) not in {"0%", "100%", "0.00%", "100.00%"}


@given(st.floats(0, 59_000))
def test_durations_below_a_minute_keep_columns_narrow(milliseconds):
    assert len(duration(milliseconds)) <= 7


@given(st.text(), st.integers(1, 40))
def test_a_shortened_text_fits_and_keeps_what_fits_already(text, cells):
    short = shorten_middle(text, cells)

    assert cell_len(short) <= cells
    if cell_len(text) <= cells:
        assert short == text


def test_a_text_is_shortened_in_its_middle():
    assert shorten_middle("/api/v1/customers/orders", 11) == "/api/…rders"
    assert shorten_middle("日本語日本語", 7) == "日 …語"


@given(st.text())
def test_no_text_reaches_the_terminal_with_control_characters(text):
    assert printable(text).isprintable()


def test_control_characters_are_spelled_out():
    assert printable("a\x1b[31mb\nc\u202e") == "a\\x1b[31mb\\nc\\u202e"
