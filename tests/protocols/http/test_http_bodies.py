"""Large bodies both ways, and servers that answer before they have read what we send."""

import asyncio
import os

import pytest
from http_lab import Peer, answering, ok, play, turns

from surgeline.metrics import names

LARGE = os.urandom(1000) * 10_000  # 10 MB


@pytest.mark.parametrize("body", [LARGE, LARGE[: 256 * 1024], LARGE[:70_000]], ids=len)
def test_up(body):
    async def scene(lab):
        first = await lab.http.post("/", data=body)
        second = await lab.http.put("/", data=body)
        (request, again) = lab.server.requests
        sent = sum(value.count for _, value in lab.series(names.DATA_SENT))
        assert request.partition(b"\r\n\r\n")[2] == again.partition(b"\r\n\r\n")[2] == body
        assert sent == len(request) + len(again)
        return first.status, second.status, lab.server.connections

    assert play(answering(ok()), scene) == (200, 200, 1)


def test_up_to_a_server_that_reads_slowly():
    async def handler(peer: Peer):
        head = await peer.reader.readuntil(b"\r\n\r\n")
        body = bytearray()
        while len(body) < len(LARGE):
            body += await peer.reader.read(100_000)
            await turns(1)
        assert bytes(body) == LARGE
        assert b"Content-Length: 10000000\r\n" in head
        await peer.send(ok())
        await peer.end()

    async def scene(lab):
        return await lab.http.post("/", data=LARGE)

    response = play(handler, scene)
    assert response.status == 200
    assert response.sending_ns > response.receiving_ns


CHUNKS = b"".join(b"186a0\r\n%b\r\n" % LARGE[at : at + 100_000] for at in range(0, len(LARGE), 100_000))
DOWN = {
    "counted": ok(LARGE),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"0\r\n\r\n",
}


@pytest.mark.parametrize("case", DOWN)
def test_down(case):
    async def scene(lab):
        first = await lab.http.get("/")
        second = await lab.http.get("/")
        received = lab.only(names.DATA_RECEIVED)[1].count
        return first.body == second.body == LARGE, received, lab.server.connections

    assert play(answering(DOWN[case]), scene) == (True, 2 * len(DOWN[case]), 1)


def test_down_until_close():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n" + LARGE)

    async def scene(lab):
        return (await lab.http.get("/")).body == LARGE

    assert play(handler, scene)


def test_while_a_large_body_comes_other_requests_are_answered():
    """One step takes one buffer, so a fast server cannot hold the loop."""

    async def handler(peer: Peer):
        request = await peer.request()
        if b"/large" in request:
            peer.writer.write(ok(LARGE * 5))
        else:
            await peer.send(ok(b"small"))
        await peer.end()

    async def scene(lab):
        large = lab.http.get("/large")
        small = await lab.http.get("/small")
        return small.body, large.done(), len((await large).body)

    assert play(handler, scene) == (b"small", False, 5 * len(LARGE))


EARLY = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!"


@pytest.mark.parametrize("ending", ["stay", "close", "reset"])
def test_an_answer_before_the_body_was_read_counts_and_ends_the_connection(ending):
    async def handler(peer: Peer):
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.transport.pause_reading()
        await peer.send(EARLY)
        if ending == "reset":
            peer.reset()
        elif ending == "close":
            peer.cut()
        else:
            peer.writer.transport.resume_reading()
            await peer.end()

    async def scene(lab):
        first = await lab.http.post("/", data=LARGE)
        second = await lab.http.post("/", data=LARGE)
        return first, second, lab.server.connections

    first, second, connections = play(handler, scene)
    for response in (first, second):
        assert (response.status, response.body, response.error) == (413, b"no!", None)
        assert response.waiting_ns == 0
    assert connections == 2


def test_a_server_that_leaves_while_we_send_is_an_error():
    async def handler(peer: Peer):
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.reset()

    async def scene(lab):
        response = await lab.http.post("/", data=LARGE)
        return response.status, response.error_code

    status, code = play(handler, scene)
    assert status == 0
    assert code in (1201, 1220)


def test_time_runs_while_we_send():
    async def handler(peer: Peer):
        peer.writer.transport.pause_reading()
        await asyncio.Event().wait()

    async def scene(lab):
        response = await lab.http.post("/", data=LARGE * 2, timeout=0.05)
        return response.error_code, response.sending_ns > 0, response.waiting_ns + response.receiving_ns

    assert play(handler, scene) == (1050, True, 0)
