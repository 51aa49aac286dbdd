"""What the scenarios of executor tests do, when they are stopped, and that their counts add up."""

import asyncio
import time

from engine_support import SECOND

from surgeline.engine.executors import ConstantArrivalRate
from surgeline.schedule.stages import Stage


def rate(rate, duration_ns, pre=0, most=1_000, unit=SECOND, arrivals="constant"):
    return ConstantArrivalRate(rate, unit, duration_ns, pre, most, arrivals)


def stages(*pairs):
    return tuple(Stage(duration_ns, target) for duration_ns, target in pairs)


async def nothing(vu):
    pass


async def briefly(vu):
    await vu.sleep(0.0005)


async def for_long(vu):
    await vu.sleep(1000)


async def computes(vu):
    until = time.perf_counter() + 0.002
    while time.perf_counter() < until:
        pass


def after_starts(count):
    async def stop(execution):
        while execution.runs[0].started < count:  # noqa: ASYNC110 - a native counter sets no event
            await asyncio.sleep(0)

    return stop


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what it waits for sets no event
        await asyncio.sleep(0)


async def at_once(execution):
    pass


def adds_up(ran):
    for run in ran.runs:
        planned = run.scenario.executor.planned_for(run.context.share)
        tags = {"scenario": run.scenario.name}
        assert run.started + run.dropped == planned
        assert ran.count("dropped_iterations", tags) == run.dropped
        assert run.started == ran.count("iterations", tags) + ran.count("interrupted_iterations", tags)
        assert ran.count("iteration_lateness", tags) == ran.count("iterations", tags)
        assert run.active == 0
    return ran
