"""A scenario that is controlled from outside, carried out by two processes: one number for both."""

from functools import partial

import pytest
from workers_support import read_notes, write_script

from surgeline.engine.context import RunContext
from surgeline.engine.loop import close_loop, new_loop
from surgeline.engine.steering import Change, Steering
from surgeline.errors import OptionError
from surgeline.metrics.registry import Registry
from surgeline.script.plan import Overrides
from surgeline.workers.pool import PoolOptions, WorkerPool
from surgeline.workers.recipe import script_plan

STEERED = """
@scenario(externally_controlled(vus=1, max_vus=6))
async def steered(vu):
    note("steered", user=vu.number)
    await vu.sleep(0.005)
"""


def test_a_number_is_shared_by_all_workers(tmp_path):
    users = lambda: {(note["user"], note["pid"]) for note in read_notes(tmp_path, "steered")}  # noqa: E731

    async def steer(steering, context):
        while not steering.targets():
            await context.poller.sleep_until(context.loop.time() * 1e9 + 5_000_000)
        with pytest.raises(OptionError, match="vus"):
            steering.change(Change(vus=7))
        steering.change(Change(vus=5))
        assert steering.targets()["steered"].value == 5
        while len(users()) < 5:
            await context.poller.sleep_until(context.loop.time() * 1e9 + 5_000_000)
        steering.change(Change(scenario="steered", stopped=True))

    pool, messages = carry_out(write_script(tmp_path, STEERED), steer)
    assert sorted(user for user, _ in users()) == [1, 2, 3, 4, 5]
    assert len({pid for _, pid in users()}) == 2
    assert pool.context.controls == {}
    assert messages == []
    assert pool.context.registry.count("iterations") == len(read_notes(tmp_path, "steered"))


def carry_out(script, steer):
    recipe, messages = partial(script_plan, script, {}, {}, Overrides()), []
    loop, poller = new_loop()
    context = RunContext(loop, poller, Registry(), 1, {}, messages.append)
    pool = WorkerPool(context, recipe().scenarios, PoolOptions(2, recipe))

    async def whole():
        await pool.prepare()
        steering = loop.create_task(steer(Steering(pool), context))
        await pool.run([])
        await steering

    try:
        loop.run_until_complete(whole())
    finally:
        pool.evict()
        pool.finish()
        close_loop(loop)
    return pool, messages
