"""Calls run side by side, and one that does not end holds up nothing."""

import threading

import pytest

from surgeline.doctor.side_by_side import side_by_side

PATIENCE = 60.0


def test_calls_run_at_the_same_time():
    all_there = threading.Barrier(3)

    assert side_by_side({name: lambda: all_there.wait(PATIENCE) is not None for name in "abc"}, PATIENCE) == {
        "a": True,
        "b": True,
        "c": True,
    }


def test_what_does_not_end_is_left_behind():
    never = threading.Event()
    try:
        assert side_by_side({"quick": lambda: 7, "stuck": never.wait}, 0.05) == {"quick": 7, "stuck": None}
    finally:
        never.set()


def test_what_a_call_raises_is_raised():
    def fail():
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        side_by_side({"a": fail}, PATIENCE)


def test_nothing_to_call_is_nothing():
    assert side_by_side({}, PATIENCE) == {}
