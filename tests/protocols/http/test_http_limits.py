"""Nothing leaks, and a server that refuses does not make virtual users spin."""

import asyncio
import gc
import socket
import threading

import pytest
from http_lab import Lab, Peer, free_port, left_open, ok, open_descriptors, play, silence, turns

from surgeline.engine.executors import ConstantVUs, SharedIterations
from surgeline.engine.scenario import Scenario
from surgeline.judge.verdict import Outcome
from surgeline.metrics import names
from surgeline.run import RunOptions, run_plan
from surgeline.script.plan import TestPlan as Plan


async def moody(peer: Peer):
    """Every way to end, one after the other."""
    while request := await peer.request():
        match peer.server.connections % 5:
            case 0:
                peer.reset()
            case 1:
                peer.cut()
            case 2:
                await peer.send(b"nonsense\r\n\r\n")
            case 3:
                await peer.send(b"HTTP/1.1 200 OK\r\n\r\n", request)
                await peer.close()
            case _:
                await peer.send(ok(request))


def test_no_descriptor_is_left_whatever_the_server_does():
    async def scene(lab: Lab):
        before = open_descriptors()
        for _ in range(40):
            await asyncio.gather(*(lab.http.post("/", data=b"x") for _ in range(5)))
            cancelled = lab.http.get("/")
            await turns(1)
            cancelled.cancel()
            await lab.http.get(f"http://127.0.0.1:{free_port()}/")
        lab.http.close()
        await turns(40)
        return await left_open(before)

    assert play(moody, scene) == set()


def test_closing_with_calls_under_way_leaves_no_descriptor():
    async def scene(lab: Lab):
        before = open_descriptors()
        calls = [lab.http.get("/") for _ in range(20)]
        await turns(20)
        assert len(open_descriptors() - before) >= 40
        lab.http.close()
        await turns(40)
        return await left_open(before), {call.cancelled() for call in calls}

    assert play(silence, scene) == (set(), {True})


def test_nothing_of_a_session_outlives_it():
    async def scene(lab: Lab):
        for _ in range(10):
            await asyncio.gather(*(lab.http.post("/", data=b"x") for _ in range(5)))
            lab.http.get("/").cancel()

    play(moody, scene)
    gc.collect()
    # Connections and calls have no public type.
    ours = {"Session", "Connection", "HttpCall", "Response"}
    kinds = [type(one) for one in gc.get_objects()]
    assert [kind for kind in kinds if str(kind.__module__).startswith("surgeline.") and kind.__name__ in ours] == []


def run(function, executor) -> tuple[object, list[str]]:
    notes: list[str] = []
    plan = Plan(title="test", scenarios=(Scenario("test", function, executor),))
    report = run_plan(plan, RunOptions(notify=notes.append, on_progress=lambda _snapshot: None, seed=1))
    assert report.result is not None
    return report.result, notes


def count(result, metric, **tags) -> float:
    value = result.metrics.value(metric.name, tags)
    return 0 if value is None else value.count


@pytest.mark.parametrize("way", ["refused", "unknown host"])
def test_virtual_users_that_cannot_connect_do_not_spin(way):
    url = f"http://127.0.0.1:{free_port()}/" if way == "refused" else f"http://{'a' * 64}/"

    async def scene(vu):
        response = await vu.http.get(url)
        assert response.status == 0

    result, _ = run(scene, ConstantVUs(vus=4, duration_ns=1_000_000_000))
    # At 0, 10, 30, 70 ms, and every 50 ms from then on.
    assert 4 <= count(result, names.HTTP_REQS) <= 4 * 23


def test_a_whole_run_counts_what_the_server_saw():
    """The run has a loop of its own, so the server is one of the operating system's: a thread."""
    seen = []

    def serve(listener: socket.socket) -> None:
        for _ in range(3):
            connection, _address = listener.accept()
            threads.append(threading.Thread(target=answer, args=(connection,)))
            threads[-1].start()

    def answer(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                seen.append(data)
                connection.sendall(ok(b"{}"))

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        threads.append(threading.Thread(target=serve, args=(listener,)))
        threads[0].start()

        async def scene(vu):
            response = await vu.http.get(url)
            assert response.json() == {}

        result, notes = run(scene, SharedIterations(vus=3, iterations=300, max_duration_ns=60_000_000_000))
        for thread in threads:
            thread.join()
    assert (count(result, names.HTTP_REQS, status="200"), len(seen), notes) == (300, 300, [])
    assert count(result, names.ITERATION_ERRORS) == 0


def test_requests_that_nobody_waits_for_are_told_and_leave_the_run_inconclusive():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"

        async def forgets(vu):
            vu.http.get(url)

        forgotten, notes = run(forgets, SharedIterations(vus=2, iterations=20, max_duration_ns=60_000_000_000))

    assert [note for note in notes if "await" in note]
    assert forgotten.health.abandoned_requests == 20
    assert forgotten.verdict.outcome is Outcome.INCONCLUSIVE
    assert forgotten.verdict.reasons[0].startswith("20 of 20 requests were cut off when their iteration ended")
