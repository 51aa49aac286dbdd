"""A signal that breaks a run off lets a block end that must not be left half done."""

import signal

import pytest

from surgeline.engine.loop import close_loop, new_loop
from surgeline.engine.signals import signals_kept, stop_signals, undisturbed


@pytest.fixture
def loop():
    loop, _ = new_loop()
    yield loop
    close_loop(loop)


def interrupted_within(done):
    signal.raise_signal(signal.SIGINT)
    with undisturbed():
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            done.append("inner")
        done.append("outer")
    done.append("never")


def test_it_is_raised_when_the_outermost_block_has_ended(loop):
    done = []
    with stop_signals(loop, lambda: done.append("asked to stop")), pytest.raises(KeyboardInterrupt):
        interrupted_within(done)
    assert done == ["asked to stop", "inner", "outer"]
    with undisturbed():
        done.append("undisturbed again")


def test_nothing_waits_where_no_signal_came(loop):
    with stop_signals(loop, lambda: None), undisturbed():
        signal.raise_signal(signal.SIGINT)  # the first one asks, and breaks nothing off
    with stop_signals(loop, lambda: None):
        with undisturbed():
            pass
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_signal_before_the_run_minds_them_stops_it_as_soon_as_it_does(loop):
    done = []
    with signals_kept():
        signal.raise_signal(signal.SIGTERM)
        assert done == []
        with stop_signals(loop, lambda: done.append("asked to stop")):
            assert done == ["asked to stop"]
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # it has ended: its summary is not to be lost
    with signals_kept(), stop_signals(loop, lambda: done.append("again")):
        assert done == ["asked to stop"]
