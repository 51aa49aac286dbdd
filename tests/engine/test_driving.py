"""A load is driven to its end, whenever a signal comes."""

import asyncio
from types import SimpleNamespace

import pytest

from surgeline.engine.driving import drive
from surgeline.engine.loop import new_loop


class Load:
    """Notes what it is told; a signal comes at a step of its end."""

    def __init__(self, signal_at=None):
        self.context = SimpleNamespace(loop=new_loop()[0])
        self.steps = []
        self._signal_at = signal_at

    async def whole(self):
        self.left = asyncio.create_task(self._stays())
        await asyncio.sleep(0)
        self._step("whole")

    def evict(self):
        self._step("evict")

    async def _stays(self):
        try:
            await asyncio.sleep(1000)
        finally:
            self._step("close")

    def _step(self, name):
        self.steps.append(name)
        if name == self._signal_at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("signal_at", [None, "whole", "evict", "close"])
def test_every_step_is_taken_whenever_a_signal_comes(signal_at):
    load = Load(signal_at)
    assert drive(load, load.whole(), 1.0, 1.0) == (signal_at is not None)
    assert load.steps == ["whole", "evict", "close"]
    assert load.context.loop.is_closed()


def test_an_error_is_raised_when_all_is_closed():
    async def fails():
        raise ZeroDivisionError

    load = Load(signal_at="evict")
    with pytest.raises(ZeroDivisionError):
        drive(load, fails(), 1.0, 1.0)
    assert load.steps == ["evict"]
    assert load.context.loop.is_closed()
