"""asyncio's own things on our loop, and the poller's timers beside them."""

import asyncio
import gc
import random
import socket
import subprocess
import sys
import threading
import weakref

import pytest
from engine_support import MS, SECOND, our_loop, run_async

from surgeline._native.poller import Alarm, Poller, now_ns
from surgeline.engine.loop import PollerSelector, close_loop, new_loop


def test_streams_echo():
    async def main(poller):
        async def echo(reader, writer):
            while line := await reader.readline():
                writer.write(line.upper())
                await writer.drain()
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(echo, "127.0.0.1", 0, limit=2**20) as server:
            host, port = server.sockets[0].getsockname()

            async def client(number):
                reader, writer = await asyncio.open_connection(host, port, limit=2**20)
                big = b"x" * 300_000 + b"\n"  # more than a socket's buffer: the writer has to wait
                writer.write(b"hello %d\n" % number + big)
                await writer.drain()
                lines = await reader.readline(), await reader.readline()
                writer.close()
                await writer.wait_closed()
                return lines[0], len(lines[1])

            return await asyncio.gather(*(client(number) for number in range(20)))

    assert run_async(main) == [(b"HELLO %d\n" % number, 300_001) for number in range(20)]


def test_subprocess():
    async def main(poller):
        program = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.exit(3)"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        out, _ = await process.communicate(b"hello")
        return out, process.returncode

    assert run_async(main) == (b"HELLO", 3)


def test_executor_and_to_thread():
    async def main(poller):
        loop = asyncio.get_running_loop()
        here = threading.get_ident()
        other = await loop.run_in_executor(None, threading.get_ident)
        async with asyncio.timeout(30):
            return other != here, await asyncio.to_thread(sum, [1, 2, 3])

    assert run_async(main) == (True, 6)


def test_call_soon_threadsafe_wakes_a_loop_that_waits_for_nothing_else():
    async def main(poller):
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(future.set_result, "woken"))
        thread.start()
        result = await future
        thread.join()
        return result

    assert run_async(main) == "woken"


def test_call_soon_and_call_later_keep_their_order():
    async def main(poller):
        loop = asyncio.get_running_loop()
        calls, over = [], loop.create_future()
        now = loop.time()
        for name, delay in (("c", 0.003), ("a", 0.001), ("b", 0.002), ("past", -1.0), ("a2", 0.001)):
            loop.call_at(now + delay, calls.append, name)
        loop.call_at(now + 0.004, over.set_result, None)
        for number in range(3):
            loop.call_soon(calls.append, number)
        await over
        return calls

    assert run_async(main) == [0, 1, 2, "past", "a", "a2", "b", "c"]


def test_a_cancelled_call_later_does_not_happen():
    async def main(poller):
        loop = asyncio.get_running_loop()
        calls = []
        loop.call_later(0.001, calls.append, "cancelled").cancel()
        await asyncio.sleep(0.002)
        return calls

    assert run_async(main) == []


def test_add_reader_and_writer():
    async def main(poller):
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        events, readable = [], loop.create_future()

        def on_writable():
            events.append("writable")
            loop.remove_writer(ours)
            theirs.send(b"x")

        def on_readable():
            events.append(ours.recv(1))
            assert loop.remove_reader(ours)
            assert not loop.remove_reader(ours)
            readable.set_result(None)

        loop.add_reader(ours, on_readable)
        loop.add_writer(ours, on_writable)
        await readable
        ours.close()
        theirs.close()
        return events

    assert run_async(main) == ["writable", b"x"]


def test_a_reader_sees_the_end_of_the_other_side():
    async def main(poller):
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.close()
        data = await loop.sock_recv(ours, 10)
        ours.close()
        return data

    assert run_async(main) == b""


def test_sock_methods():
    async def main(poller):
        loop = asyncio.get_running_loop()
        server = socket.create_server(("127.0.0.1", 0))
        server.setblocking(False)
        client = socket.socket()
        client.setblocking(False)
        accepting = asyncio.create_task(loop.sock_accept(server))
        await loop.sock_connect(client, server.getsockname())
        connection, _ = await accepting
        await loop.sock_sendall(client, b"a" * 1_000)
        data = b""
        while len(data) < 1_000:
            data += await loop.sock_recv(connection, 4096)
        for each in (server, client, connection):
            each.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            await loop.sock_recv(connection, 1)
        return len(data)

    assert run_async(main) == 1_000


def test_a_connection_that_is_refused_is_refused():
    async def main(poller):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    run_async(main)


def test_works_in_debug_mode():
    with our_loop() as (loop, poller):
        loop.set_debug(True)
        loop.slow_callback_duration = 60

        async def main():
            await poller.sleep_until(now_ns() + MS)
            async with asyncio.timeout(30):
                return await asyncio.gather(poller.sleep_until(now_ns()), asyncio.sleep(0.001, "slept"))

        assert loop.run_until_complete(main()) == [None, "slept"]


def test_selector_refuses_what_the_standard_one_refuses():
    selector = PollerSelector(Poller())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        key = selector.register(ours, 1, "data")
        assert selector.get_key(ours) is key
        assert selector.get_map()[ours.fileno()] is selector.get_map().get(ours) is key
        with pytest.raises(KeyError):
            selector.register(ours.fileno(), 1)
        with pytest.raises(KeyError):
            selector.unregister(theirs)
        with pytest.raises(KeyError):
            selector.modify(theirs, 1)
        assert selector.modify(ours, 1, "other").data == "other"
        assert selector.select(0) == []
        theirs.send(b"x")
        assert [(key.data, events) for key, events in selector.select(None)] == [("other", 1)]
        assert selector.unregister(ours).fd == ours.fileno()
        other, gone = socket.socketpair()
        selector.register(other, 1)
        other.close()
        gone.close()
        [watched] = selector.get_map()
        assert selector.unregister(other).fd == watched
        assert len(selector.get_map()) == 0
        with pytest.raises(KeyError):
            selector.get_key(other)
        assert selector.select(0) == []
        selector.close()
        selector.close()


def test_a_regular_file_is_refused_and_not_kept(tmp_path):
    selector = PollerSelector(Poller())
    with (tmp_path / "file").open("w") as file:
        with pytest.raises(PermissionError):
            selector.register(file, 1)
        assert not selector.get_map()
    selector.close()


# Timers


def test_sleeps_end_in_order_of_their_times_and_ties_in_order_of_their_making():
    async def main(poller):
        start = now_ns() + 2 * MS
        dues = [(random.Random(5).randrange(20), number) for number in range(200)]
        dues = [((due * 7919) % 20, number) for due, number in dues]
        ended = []

        async def sleeps(due, number):
            await poller.sleep_until(start + due * 100_000)
            ended.append((due, number))

        await asyncio.gather(*(asyncio.create_task(sleeps(*each)) for each in dues))
        return ended == sorted(dues)

    assert run_async(main)


@pytest.mark.parametrize("due", [-(2**63) + 1, -1, 0, 1])
def test_due_in_the_past_is_due_now(due):
    async def main(poller):
        await poller.sleep_until(due)
        fired = asyncio.get_running_loop().create_future()
        alarm = Alarm(poller, fired.set_result)
        alarm.set(due)
        return await fired

    assert run_async(main) > 0


@pytest.mark.parametrize("precise", [False, True])
def test_nothing_fires_before_its_time(precise):
    async def main(poller):
        fired = []
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        dues = [now_ns() + k * MS // 4 for k in range(1, 20)]
        remaining = iter(dues[1:])

        def on_due(now):
            fired.append(now)
            due = next(remaining, None)
            if due is None:
                over.set_result(None)
            return due

        Alarm(poller, on_due, precise).set(dues[0])
        await over
        return [now >= due for now, due in zip(fired, dues, strict=True)]

    assert all(run_async(main))


def test_an_alarm_can_be_cancelled_set_again_earlier_and_later():
    async def main(poller):
        fired = []
        alarm = Alarm(poller, lambda now: fired.append("fired"))
        start = now_ns()
        alarm.set(start + MS)
        alarm.cancel()
        await poller.sleep_until(start + 2 * MS)
        assert fired == []
        alarm.set(start + 4 * MS)
        alarm.set(start + 3 * MS)  # earlier: fires once
        await poller.sleep_until(start + 5 * MS)
        assert fired == ["fired"]
        alarm.set(now_ns() + MS)
        later = now_ns() + 3 * MS
        alarm.set(later)
        await poller.sleep_until(later - MS)
        assert fired == ["fired"]
        await poller.sleep_until(later + 1)
        return fired

    assert run_async(main) == ["fired", "fired"]


def test_what_an_alarm_raises_ends_the_loops_run_and_the_loop_can_go_on():
    with our_loop() as (loop, poller):

        def fails(_now):
            raise ValueError("alarm")

        Alarm(poller, fails).set(now_ns())
        with pytest.raises(ValueError, match="alarm"):
            loop.run_until_complete(asyncio.sleep(60))
        assert loop.run_until_complete(asyncio.sleep(0, "on")) == "on"


def test_a_cancelled_sleep_wakes_nobody():
    async def main(poller):
        sleep = poller.sleep_until(now_ns() + MS)
        task = asyncio.create_task(sleep)
        await asyncio.sleep(0)
        task.cancel()
        await poller.sleep_until(now_ns() + 2 * MS)
        return task.cancelled(), sleep.cancelled()

    assert run_async(main) == (True, True)


@pytest.mark.parametrize("way", ["asyncio", "ours", "alarm"])
def test_what_is_always_ready_starves_nobody(way):
    """A loop of sleeps of nothing, or an alarm that is always due, beside a socket, a timer and another task."""

    async def main(poller):
        running = True

        async def spins():
            while running:
                await (asyncio.sleep(0) if way == "asyncio" else poller.sleep_until(now_ns()))

        if way == "alarm":
            Alarm(poller, lambda now: now if running else None).set(now_ns())
        else:
            spinning = [asyncio.create_task(spins()) for _ in range(3)]
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.send(b"x")
        async with asyncio.timeout(30):
            got = await asyncio.get_running_loop().sock_recv(ours, 1)
            await asyncio.sleep(0.001)
            await poller.sleep_until(now_ns() + MS)
        running = False
        ours.close()
        theirs.close()
        if way != "alarm":
            await asyncio.wait(spinning)
        return got

    assert run_async(main) == b"x"


def test_gather_of_sleeps_and_its_cancellation():
    async def main(poller):
        await asyncio.gather(*(poller.sleep_until(now_ns() + k) for k in range(100)))
        group = asyncio.gather(*(poller.sleep_until(now_ns() + 1_000 * SECOND) for _ in range(100)))
        asyncio.get_running_loop().call_soon(group.cancel)
        with pytest.raises(asyncio.CancelledError):
            await group

    run_async(main)


def test_idle_time_is_counted_and_no_more_than_passed():
    async def main(poller):
        start, idle = now_ns(), poller.idle_ns
        await poller.sleep_until(start + 20 * MS)
        return poller.idle_ns - idle, now_ns() - start

    idle, passed = run_async(main)
    assert 0 < idle <= passed


def test_a_closed_loop_keeps_nothing_alive():
    """Timers that are not due point at their owners from where the collector cannot see."""

    class Value:
        pass

    kept = []

    async def waits(sleep, _value):
        await sleep

    async def leaves_timers(poller, value):
        alarm = Alarm(poller, lambda now, value=value: None)
        alarm.set(now_ns() + 1_000 * SECOND)
        sleep = poller.sleep_until(now_ns() + 1_000 * SECOND)
        sleep.add_done_callback(lambda _, value=value: None)
        kept.append(weakref.ref(asyncio.create_task(waits(sleep, value))))
        await asyncio.sleep(0)
        return weakref.ref(value)

    def run_and_close():
        loop, poller = new_loop()
        reference = loop.run_until_complete(leaves_timers(poller, Value()))
        close_loop(loop)
        return reference, weakref.ref(loop)

    references = run_and_close()
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_a_sleep_is_forgotten_when_it_is_over():
    async def main(poller):
        await poller.sleep_until(now_ns())
        sleep = poller.sleep_until(now_ns() + MS)
        during = sys.getrefcount(sleep)
        await sleep
        await asyncio.sleep(0)
        return during - sys.getrefcount(sleep)

    assert run_async(main) == 1


def test_close_loop_gives_up_on_tasks_that_do_not_end():
    loop, poller = new_loop()
    stubborn = True

    async def swallows():
        while stubborn:
            try:
                await poller.sleep_until(now_ns() + SECOND)
            except asyncio.CancelledError:
                continue

    async def main():
        kept.append(asyncio.create_task(swallows()))
        await asyncio.sleep(0)

    kept = []
    loop.run_until_complete(main())
    assert close_loop(loop, patience=0.01) == 1
    assert loop.is_closed()
    stubborn = False


def test_close_loop_ends_asynchronous_generators():
    loop, _ = new_loop()
    closed = []

    async def generates():
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    async def main():
        generator = generates()
        kept.append(generator)
        return await anext(generator)

    kept = []
    assert loop.run_until_complete(main()) == 1
    assert close_loop(loop) == 0
    assert closed == [True]


def test_an_alarm_that_is_always_overdue_rings_once_a_step():
    with our_loop() as (_, poller):
        rung = []
        alarm = Alarm(poller, lambda now: rung.append(now) or 0)
        sleeps = [poller.sleep_until(10**18) for _ in range(50)]
        alarm.set(0)
        for step in range(1, 6):
            poller.poll(0)
            assert len(rung) == step
        assert len(sleeps) == 50
