"""Flows in whole runs: our counts are those of the other side, and the account is exact however a run ends."""

import textwrap

import pytest
from flow_server import SOON, running_queue

from surgeline.errors import ExitCode
from surgeline.report.terminal import render_summary
from surgeline.run import RunOptions, run_plan
from surgeline.script.load import load_script
from surgeline.store.reader import open_run
from surgeline.store.runs import SUFFIX
from surgeline.store.writer import RunFile

COUNTS = ("started", "arrived", "late", "lost", "cancelled", "open", "duplicates", "unknown")
IMPORTS = """
import asyncio, os, signal, sys, threading, time
from surgeline import *
events = []
"""
QUEUE = """
PORT = {port}
flow = Flow("sent_to_there", timeout="1s")

@scenario(constant_arrival_rate(rate=100, duration="1s"))
async def send(vu):
    if not hasattr(vu, "queue"):
        vu.queue = await asyncio.open_connection("127.0.0.1", PORT)
    reader, writer = vu.queue
    key = vu.scenario_iteration
    flow.started(key)
    writer.write(f"send {{key}}\\n".encode())
    if await reader.readline() != b"ok\\n":
        flow.cancelled(key)

@vu_stop
async def hang_up(vu):
    if hasattr(vu, "queue"):
        vu.queue[1].close()
        await vu.queue[1].wait_closed()
"""
CONSUMER = """
@setup
async def consume():
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(b"feed\\n")
    events.append(asyncio.create_task(read(reader)))
    events.append(writer)

async def read(reader):
    async for line in reader:
        flow.arrived(int(line))

@teardown
async def stop():
    events[0].cancel()
    events[1].close()
    await events[1].wait_closed()
"""
WATCHER = """
@flow.watch(every="20ms")
async def there(vu, waiting):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    try:
        writer.write(f"there {' '.join(map(str, waiting))}\\n".encode())
        return map(int, (await reader.readline()).split())
    finally:
        writer.close()
        await writer.wait_closed()
"""


@pytest.fixture
def run(tmp_path):
    """Run a script in this process; return its report, its messages, and what it noted in `events`."""

    def run(text, on_progress=lambda _: None, **options):
        path = tmp_path / "script.py"
        path.write_text(IMPORTS + textwrap.dedent(text))
        plan = load_script(path)
        messages = []
        report = run_plan(plan, RunOptions(messages.append, on_progress, **options))
        return report, messages, plan.scenarios[0].function.__globals__["events"]

    return run


def counts(report, flow=None):
    """Return the counts that are not zero."""
    found = {}
    for name in COUNTS:
        value = report.result.metrics.value(f"flow_{name}", {"flow": flow} if flow else None)
        if value is not None:
            found[name] = value.stat("count")
    return found


def trend(report, name):
    return report.result.metrics.value(name)


@pytest.mark.parametrize("way", [CONSUMER, WATCHER], ids=["consumer", "watcher"])
def test_counts_are_those_of_the_other_side(run, way):
    with running_queue() as queue:
        report, messages, _ = run(QUEUE.format(port=queue.port) + way)
    told = queue.counts

    assert told.total() == 100
    assert told["late"] == 2
    duplicates = {"duplicates": told["twice"]} if way is CONSUMER else {}  # what is looked up is there once
    assert counts(report, "sent_to_there") == {
        "started": 100,
        "arrived": told["once"] + told["twice"],
        "late": told["late"],
        "lost": told["lost"],
        "cancelled": told["refused"],
        **duplicates,
    }
    took = trend(report, "flow_duration")
    assert took.stat("count") == told["once"] + told["twice"] + told["late"]
    assert took.stat("min") >= SOON * 1000
    assert any("waiting for what is under way in flows, 1s at most" in message for message in messages)
    assert (trend(report, "flow_look_interval") is not None) == (way is WATCHER)
    assert report.result.iteration_errors == ()


def test_the_drain_is_no_part_of_the_load_and_is_shown(run):
    snapshots = []
    report, _, _ = run(
        """
        flow = Flow("slow", timeout="1500ms")

        @scenario(per_vu_iterations(vus=1, iterations=1))
        async def send(vu):
            flow.started(1)
            await vu.sleep(0.05)
        """,
        snapshots.append,
    )

    assert counts(report) == {"started": 1, "lost": 1}
    assert report.result.seconds < 1.5
    assert {one.under_way for one in snapshots} == {1}


def test_a_drain_ends_when_nothing_is_under_way(run):
    report, _, events = run("""
        flow = Flow("quick", timeout="10m")

        @flow.watch(every="5ms")
        async def look(vu, waiting):
            events.append((vu.id, vu.scenario, list(waiting)))
            return waiting if len(events) == 3 else None

        @scenario(per_vu_iterations(vus=1, iterations=1))
        async def send(vu):
            flow.started("a")
            flow.started("b", at=time.monotonic() - 5)
    """)

    assert counts(report) == {"started": 2, "arrived": 2}
    assert events == [(0, "quick", ["a", "b"])] * 3
    assert trend(report, "flow_duration").stat("max") >= 5_000
    assert trend(report, "flow_look_interval").stat("min") >= 5


ENDINGS = {
    "signal": ("os.kill(os.getpid(), signal.SIGINT)", ExitCode.STOPPED_BY_SIGNAL),
    "abort": ('abort("enough")', ExitCode.ABORTED),
    "second signal": ("os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGINT)",
                      ExitCode.STOPPED_BY_SIGNAL),
}  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_under_way_when_the_drain_is_broken_off_is_open(run, ending):
    statement, code = ENDINGS[ending]
    report, _, _ = run(f"""
        flow = Flow("slow", timeout="10m")

        @flow.watch(every="1ms")
        async def look(vu, waiting):
            flow.arrived(1)
            if len(waiting) == 2 and vu.elapsed > 0.1:
                {statement}

        @scenario(per_vu_iterations(vus=1, iterations=1))
        async def send(vu):
            for key in range(3):
                flow.started(key)
    """)

    assert report.exit_code == code
    assert counts(report) == {"started": 3, "arrived": 1, "open": 2, **again(report)}


def again(report):
    """The watcher tells of the first key at each look."""
    return {"duplicates": report.result.metrics.value("flow_duplicates").stat("count")}


def test_after_a_signal_in_the_load_what_is_under_way_may_arrive(run):
    report, _, _ = run("""
        flow = Flow("slow", timeout="10m")

        @flow.watch(every="1ms")
        async def look(vu, waiting):
            return waiting if events else ()

        @scenario(constant_vus(vus=1, duration="10m"))
        async def send(vu):
            flow.started(vu.iteration)
            os.kill(os.getpid(), signal.SIGINT)
            await vu.sleep(0.02)

        @teardown
        def end():
            events.append("over")

        @vu_stop
        async def arrives(vu):
            events.append("load over")
    """)

    assert report.exit_code == ExitCode.STOPPED_BY_SIGNAL
    assert counts(report) == {"started": 1, "arrived": 1}


def test_a_watcher_that_raises_is_counted_and_goes_on(run):
    report, messages, _ = run("""
        flow = Flow("shaky", timeout="10m")

        @flow.watch(every="1ms")
        async def look(vu, waiting):
            events.append(1)
            if len(events) < 3:
                raise OSError("gone")
            return waiting

        @scenario(per_vu_iterations(vus=1, iterations=1))
        async def send(vu):
            flow.started(1)
    """)

    assert counts(report) == {"started": 1, "arrived": 1}
    assert report.result.metrics.value("flow_look_errors").stat("count") == 2
    (shown,) = [message for message in messages if "OSError: gone" in message]
    assert shown.startswith("The watcher of the flow 'shaky' raised")


def test_other_threads_may_tell(run):
    report, messages, _ = run("""
        flow = Flow("threads", timeout="10m")

        def elsewhere():
            for key in range(50):
                flow.started(key)
            flow.started(7)
            for key in range(50):
                flow.arrived(key)

        @scenario(per_vu_iterations(vus=1, iterations=1))
        async def send(vu):
            await asyncio.to_thread(elsewhere)
    """)

    assert counts(report) == {"started": 50, "arrived": 50}
    assert messages == ["flow 'threads': expected a key that is not under way, found 7 a second time"]


def test_what_is_wrong_is_said_where_it_is_told(run):
    report, _, events = run("""
        flow = Flow("wrong", timeout="10m")

        @setup
        def too_early():
            try:
                flow.started(1)
            except RuntimeError as error:
                events.append(str(error))

        @scenario(per_vu_iterations(vus=1, iterations=1))
        async def send(vu):
            flow.started(1)
            flow.arrived(1)
            flow.started("twice")
            for tell in (
                lambda: flow.started("twice"),
                lambda: flow.started(2, at=time.monotonic() + 60),
                lambda: flow.started(2, at="noon"),
                lambda: flow.started([2]),
            ):
                try:
                    tell()
                except (ValueError, TypeError) as error:
                    events.append(str(error))
            flow.cancelled("twice")

        @teardown
        def too_late():
            flow.arrived(1)
    """)

    assert counts(report) == {"started": 2, "arrived": 1, "cancelled": 1}
    assert events[0] == "flow.started() belongs in the load: it has not begun in this process"
    assert events[1] == "flow 'wrong': expected a key that is not under way, found 'twice' a second time"
    assert [event.partition(",")[0] for event in events[2:4]] == ["at: expected seconds of time.monotonic()"] * 2
    assert "unhashable" in events[4]


def test_requests_of_a_watcher_are_told_from_those_of_the_load(run):
    report, _, _ = run("""
        flow = Flow("tagged", timeout="10m")
        looked = Counter("looked")

        @flow.watch(every="1ms")
        async def look(vu, waiting):
            looked.add()
            async with vu.timed("look"):
                return waiting

        @scenario(per_vu_iterations(vus=1, iterations=1), tags={"team": "red"})
        async def send(vu):
            flow.started(1)
    """)

    tags = {"flow": "tagged", "group": "::watch"}
    assert report.result.metrics.value("looked", tags).stat("count") == 1
    assert report.result.metrics.by_tag("operations", "scenario", "name").keys() == {("", "look")}


def test_the_run_file_tells_the_same(run, tmp_path):
    report, _, _ = run(
        """
        flow = Flow("stored", timeout="50ms")
        thresholds({"flow_lost{flow:stored}": "count<1", "flow_duration{flow:stored}": "max<10000"})

        @flow.watch(every="1ms")
        async def look(vu, waiting):
            return [key for key in waiting if key]

        @scenario(shared_iterations(vus=1, iterations=3))
        async def send(vu):
            flow.started(vu.iteration)
        """,
        outputs=[RunFile(folder=tmp_path)],
        run_id="flows",
    )

    with open_run(tmp_path / f"flows{SUFFIX}") as stored:
        result = stored.result()
    assert counts(report) == {"started": 3, "arrived": 2, "lost": 1}
    assert report.exit_code == ExitCode.THRESHOLDS_FAILED
    assert render_summary(result, width=120, color=False) == render_summary(report.result, width=120, color=False)
    assert "1 of 3 stored were lost" in render_summary(result, width=120, color=False)
