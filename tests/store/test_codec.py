"""What a run file holds in forms of its own comes back as it was."""

from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_support import THRESHOLDS, fill, result

from surgeline._native.histogram import Histogram
from surgeline.metrics.registry import Registry
from surgeline.metrics.values import TrendValue
from surgeline.store.codec import decode_result, decode_thresholds, encode_result, encode_thresholds, pack, unpack

forms = st.lists(st.tuples(st.integers(1, 2**40), st.binary(max_size=200)), max_size=20)


@given(forms)
def test_packs_come_back(pairs):
    assert [pair for blob in pack(pairs) for pair in unpack(blob)] == pairs


def test_a_pack_of_very_much_is_several():
    pairs = [(number, bytes(range(256)) * 100) for number in range(10)]
    blobs = list(pack(pairs))
    assert 1 < len(blobs) < 10
    assert [pair for blob in blobs for pair in unpack(blob)] == pairs


def test_thresholds_come_back():
    assert decode_thresholds(encode_thresholds(THRESHOLDS)) == THRESHOLDS


def a_result(**changed):
    registry = Registry()
    for second in range(3):
        fill(registry, second)
        registry.rotate()
        registry.seconds = second + 1.0
    return replace(result(registry), **changed)


def plain(value):
    """Histograms have no equality; their encoded form has."""
    match value:
        case TrendValue():
            return value.histogram.encode(), value.divisor
        case tuple():
            return tuple(plain(one) for one in value)
        case _ if hasattr(value, "__dataclass_fields__"):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"title": "load/\udcff.py", "seconds": 1e-9, "interrupted": True},
        {"requests": (), "thresholds": (), "trend_stats": ("p(99.9)", "count")},
    ],
)
def test_a_result_comes_back(changed):
    before = a_result(**changed)
    after = decode_result(encode_result(before), before.metrics)
    assert plain(after) == plain(before)


def test_not_a_number_comes_back():
    before = a_result()
    before = replace(before, health=replace(before.health, lateness_p99_ms=nan))
    assert isnan(decode_result(encode_result(before), before.metrics).health.lateness_p99_ms)


@pytest.mark.parametrize(("hours", "name"), [(0, "UTC"), (2, "CEST"), (-5.5, "EST"), (5.5, "UTC+05:30")])
def test_the_name_of_the_time_zone_comes_back(hours, name):
    zone = timezone(timedelta(hours=hours), name)
    before = a_result(started_at=datetime(2026, 3, 29, 2, 30, 0, 7, zone))
    after = decode_result(encode_result(before), before.metrics)
    assert after.started_at == before.started_at
    assert after.started_at.strftime("%Z %z") == before.started_at.strftime("%Z %z")


def test_what_a_later_version_added_is_passed_over():
    text = encode_result(a_result()).replace('"title":', '"colour": "blue", "title":', 1)
    assert decode_result(text, Registry()).title == "load/checkout.py"


def test_only_results_are_encoded():
    with pytest.raises(NotImplementedError, match="expected data that a result is made of"):
        encode_result(a_result(title=object()))
    assert Histogram().count == 0
