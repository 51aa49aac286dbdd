"""A call is awaited, cancelled, timed out, gathered and grouped as any coroutine or future of asyncio."""

import asyncio

import pytest
from http_lab import Peer, answering, assert_one_failure, ok, play, silence, turns

from surgeline.metrics import names


async def waiting(peer: Peer):
    """Answer /now; let everything else wait until the client is gone."""
    while request := await peer.request():
        if b"/now" in request:
            await peer.send(ok(b"now"))


def test_a_cancelled_task_closes_its_connection_and_counts_as_a_failure():
    async def scene(lab):
        task = asyncio.create_task(_await(lab.http.get("/later")))
        await turns(20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await turns(20)
        tags, value = lab.only()
        assert (tags["error_code"], tags["error"], value.count) == ("1051", "cancelled by the script", 1)
        assert lab.only(names.HTTP_REQ_FAILED)[1].passes == 1
        assert (await lab.http.get("/now")).body == b"now"
        return lab.server.connections, lab.user.abandoned, lab.user.connect_failures

    assert play(waiting, scene) == (2, 0, 0)


async def _await(call):
    return await call


def test_the_run_itself_abandons_what_it_interrupts():
    async def scene(lab):
        calls = [asyncio.create_task(_await(lab.http.get("/later"))) for _ in range(2)]
        await turns(20)
        lab.user.interrupted = True
        calls[0].cancel()
        calls[1].cancel()
        await asyncio.wait(calls)
        return lab.series(), lab.user.abandoned

    assert play(waiting, scene) == ([], 2)


def test_closing_the_client_abandons_what_is_under_way_and_ends_who_waits_for_it():
    async def scene(lab):
        task = asyncio.create_task(_await(lab.http.get("/later")))
        await lab.http.get("/now")
        lab.http.close()
        lab.http.close()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [tags["status"] for tags, _ in lab.series()], lab.user.abandoned

    assert play(waiting, scene) == (["200"], 1)


@pytest.mark.parametrize("stage", ["looking up", "connecting", "handshaking"])
def test_cancelled_before_the_request_is_out(stage, monkeypatch):
    async def scene(lab):
        host = "127.0.0.1"
        if stage == "looking up":
            host = "h.test"

            async def getaddrinfo(*_arguments, **_options):
                await asyncio.Event().wait()

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        scheme = "https" if stage == "handshaking" else "http"
        call = lab.http.get(f"{scheme}://{host}:{lab.server.port}/")
        if stage != "connecting":
            await turns(20)
        assert call.cancel()
        assert not call.cancel()
        assert call.cancelled()
        with pytest.raises(asyncio.CancelledError):
            await call
        await turns(20)
        (_, value) = lab.only()
        assert value.count == 1
        return lab.only()[0]["error_code"], lab.server.requests, lab.user.connect_failures

    assert play(silence, scene) == ("1051", [], 0)


def test_a_lookup_that_ends_after_all_were_cancelled(monkeypatch):
    async def scene(lab):
        gate = asyncio.Event()
        real = asyncio.get_running_loop().getaddrinfo

        async def getaddrinfo(*arguments, **options):
            await gate.wait()
            return await real(*arguments, **options)

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        url = f"http://localhost:{lab.server.port}/now"
        lab.http.get(url).cancel()
        waiting_call = lab.http.get(url)
        await turns()
        gate.set()
        return (await waiting_call).status, lab.server.connections

    assert play(waiting, scene) == (200, 1)


def test_asyncio_timeout():
    async def scene(lab):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await lab.http.get("/later")
        assert lab.only()[0]["error_code"] == "1051"
        return (await lab.http.get("/now")).status

    assert play(waiting, scene) == 200


def test_wait_for():
    async def scene(lab):
        assert (await asyncio.wait_for(lab.http.get("/now"), 5)).body == b"now"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lab.http.get("/later"), 0.01)
        return sorted(tags.get("error_code", "") for tags, _ in lab.series())

    assert play(waiting, scene) == ["", "1051"]


def test_gather_takes_a_connection_for_each():
    async def scene(lab):
        responses = await asyncio.gather(*(lab.http.get(f"/{number}") for number in range(10)))
        return [response.body for response in responses], lab.server.connections

    async def handler(peer: Peer):
        while request := await peer.request():
            await peer.send(ok(request.split(b" ")[1]))

    assert play(handler, scene) == ([b"/%d" % number for number in range(10)], 10)


def test_gather_of_which_one_is_cancelled():
    async def scene(lab):
        call = lab.http.get("/later")
        both = asyncio.gather(lab.http.get("/now"), call, return_exceptions=True)
        await turns(20)
        call.cancel()
        now, later = await both
        return now.body, type(later)

    assert play(waiting, scene) == (b"now", asyncio.CancelledError)


def test_gather_that_is_cancelled():
    async def scene(lab):
        task = asyncio.create_task(_await(asyncio.gather(lab.http.get("/later"), lab.http.get("/later"))))
        await turns(20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return lab.only()[1].count

    assert play(waiting, scene) == 2


def test_a_task_group_of_calls():
    async def scene(lab):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(lab.http.get("/now")) for _ in range(3)]
        return [task.result().body for task in tasks]

    assert play(waiting, scene) == [b"now"] * 3


def test_a_task_of_a_call_is_cancelled():
    async def scene(lab):
        early = asyncio.create_task(lab.http.get("/later"))
        early.cancel()
        late = asyncio.create_task(lab.http.get("/later"))
        await turns(20)
        late.cancel()
        await asyncio.wait([early, late])
        return early.cancelled(), late.cancelled()

    assert play(waiting, scene) == (True, True)


def test_wait_and_as_completed():
    async def scene(lab):
        later = asyncio.create_task(lab.http.get("/later"))
        done, pending = await asyncio.wait(
            [asyncio.create_task(lab.http.get("/now")), later], return_when=asyncio.FIRST_COMPLETED
        )
        first = next(iter(asyncio.as_completed([lab.http.get("/now"), lab.http.get("/now")])))
        bodies = [done.pop().result().body, (await first).body]
        assert pending == {later}
        later.cancel()
        await turns(20)
        return bodies

    assert play(waiting, scene) == [b"now", b"now"]


def test_shield():
    async def scene(lab):
        call = lab.http.get("/later")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.shield(call)
        assert not call.done()
        call.cancel()
        await turns()
        return (await asyncio.shield(lab.http.get("/now"))).body

    assert play(waiting, scene) == b"now"


def test_awaited_twice_gives_the_same_response():
    async def scene(lab):
        call = lab.http.get("/now")
        first = await call
        assert first is await call
        assert first is call.result()
        assert call.exception() is None
        return call.done(), call.cancelled(), call.cancel()

    assert play(waiting, scene) == (True, False, False)


def test_two_tasks_wait_for_one_call():
    async def scene(lab):
        call = lab.http.get("/now")
        return [r.body for r in await asyncio.gather(_await(call), _await(call))], lab.server.connections

    assert play(waiting, scene) == ([b"now", b"now"], 1)


def test_a_call_that_nobody_awaits_is_sent_and_counted():
    async def scene(lab):
        lab.http.get("/now")
        await turns(40)
        return lab.only()[1].count, lab.server.requests[0].split(b" ")[1]

    assert play(waiting, scene) == (1, b"/now")


def test_a_failure_before_anything_was_awaited_is_there_when_it_is():
    async def scene(lab):
        call = lab.http.get("http://127.0.0.1:1/")
        await turns(20)
        response = await call
        await assert_one_failure(lab, response, 1212)

    play(silence, scene)


def test_a_callback_that_raises_goes_to_the_loop_and_the_connection_lives():
    async def scene(lab):
        complaints = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context["exception"]))
        call = lab.http.get("/now")
        call.add_done_callback(lambda _call: 1 / 0)
        await call
        return [type(one) for one in complaints], (await lab.http.get("/now")).status, lab.server.connections

    assert play(answering(ok()), scene) == ([ZeroDivisionError], 200, 1)


@pytest.mark.parametrize("name", ["status", "json", "headers", "ok", "text"])
def test_a_forgotten_await_is_named(name):
    async def scene(lab):
        call = lab.http.get("/now")
        with pytest.raises(AttributeError, match="was `await` forgotten"):
            getattr(call, name)
        return (await call).status

    assert play(answering(ok()), scene) == 200
