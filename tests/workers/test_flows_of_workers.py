"""Flows over several workers: each knows its own keys, and the summary is that of one run."""

import pytest
from workers_support import run_script

from surgeline.errors import ExitCode

ENDS = ("arrived", "late", "lost", "cancelled", "open")
SCRIPT = """
import asyncio, signal
flow = Flow("own", timeout="{timeout}")
gone = {{}}

@flow.watch(every="5ms")
async def look(vu, waiting):
    note("looks", keys=waiting)
    return [key for key in waiting if key % 4 != 3 and vu.elapsed > 0.3]

@scenario(constant_arrival_rate(rate=100, duration="400ms"))
async def send(vu):
    key = vu.scenario_iteration
    note("started", key=key)
    flow.started(key)
    if key % 10 == 0:
        flow.cancelled(key)
    {more}
"""


def counts(ran):
    return {name: ran.value(f"flow_{name}", flow="own") for name in ("started", *ENDS)}


def test_the_counts_of_all_workers_add_up(tmp_path):
    ran = run_script(tmp_path, SCRIPT.format(timeout="2s", more=""))

    cancelled, lost = 4, 10
    assert counts(ran) == {
        "started": 40,
        "arrived": 40 - cancelled - lost,
        "late": 0,
        "lost": lost,
        "cancelled": cancelled,
        "open": 0,
    }
    assert ran.value("flow_duration") == 40 - cancelled - lost
    assert ran.result.seconds < 2  # the drain is no part of it
    assert len([message for message in ran.messages if "waiting for what is under way" in message]) == 1
    assert ran.snapshots[-1].under_way == lost
    started = {note["pid"]: set() for note in ran.notes("started")}
    assert len(started) == 2
    for note in ran.notes("started"):
        started[note["pid"]].add(note["key"])
    for note in ran.notes("looks"):
        assert set(note["keys"]) <= started[note["pid"]]


def test_what_a_lost_worker_had_under_way_is_open(tmp_path):
    die = "if key == 181: os.kill(os.getpid(), signal.SIGKILL)"
    ran = run_script(tmp_path, SCRIPT.format(timeout="1200ms", more=die).replace("400ms", "2s"))

    found = counts(ran)
    assert found["started"] == sum(found[name] for name in ENDS)
    assert found["open"] > 0
    assert any("died (signal 9)" in message for message in ran.messages)


@pytest.mark.parametrize("signals", [1, 2])
def test_what_is_under_way_when_a_signal_ends_the_drain_is_open(tmp_path, signals):
    ran = run_script(
        tmp_path,
        f"""
        import signal
        flow = Flow("own", timeout="10m")
        sent = []

        @flow.watch(every="5ms")
        async def look(vu, waiting):
            if 0 in waiting and vu.elapsed > 0.4 and len(sent) < {signals}:
                sent.append(1)
                os.kill(os.getppid(), signal.SIGINT)

        @scenario(constant_arrival_rate(rate=100, duration="100ms"))
        async def send(vu):
            flow.started(vu.scenario_iteration)
        """,
    )

    assert counts(ran) == {"started": 10, "arrived": 0, "late": 0, "lost": 0, "cancelled": 0, "open": 10}
    assert ran.report.exit_code == ExitCode.STOPPED_BY_SIGNAL
