"""Slow servers: one byte at a time, in every part of a response, also of TLS's own records."""

import asyncio

import pytest
from hostile import assert_each_was_counted, raw_server, server_tls, survives
from http_lab import Lab, Peer, Server, answering, assert_one_failure, left_open, ok, open_descriptors, play, turns

from surgeline.metrics import names

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = ok(b"hello", "A: b")
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"

SLOW = {
    "head": (HEAD + b"A:  b \r\nB:\r\nC: \xff\r\nContent-Length: 0\r\n\r\n", 200, b""),
    "interim heads": (INTERIM + HELLO, 200, b"hello"),
    "counted body": (HELLO, 200, b"hello"),
    "chunk lines": (
        CHUNKED + b'00a ; a = "b" ;c\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n',
        200,
        b"0123456789" * 2,
    ),
    "trailers": (CHUNKED + b"1\r\nx\r\n0;last\r\nA: b\r\nB:\r\nContent-Length: 7\r\n\r\n", 200, b"x"),
    "an error": (b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno", 503, b"no"),
    "nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
}


def by_bytes(data):
    return tuple(data[at : at + 1] for at in range(len(data)))


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("case", SLOW)
def test_each_byte_by_itself(case, tls):
    answer, status, body = SLOW[case]
    response = survives(answering(by_bytes(answer), ok(b"later")), tls=tls, closes=False)
    assert (response.status, response.body) == (status, body)
    assert response.receiving_ns > 0


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_body_until_close_byte_by_byte(tls):
    async def worst(peer: Peer):
        await peer.request()
        await peer.send(*by_bytes(HEAD + b"\r\nhello"))
        await peer.close()

    assert survives(worst, tls=tls).body == b"hello"


WRONG = {
    "status line": (b"HTTP/1.1 2x0 OK\r\n", 1710),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6", 1710),
    "field": (HEAD + b"A b: c\r\n", 1710),
    "length": (HEAD + b"Content-Length: 5x\r\n", 1710),
    "chunk size": (CHUNKED + b"5\r\nhello\r\ng\r\n", 1710),
    "chunk extension": (CHUNKED + b"5;\0\r\n", 1710),
    "chunk end": (CHUNKED + b"5\r\nhello!\r\n", 1710),
    "trailer": (CHUNKED + b"0\r\nA b: c\r\n", 1710),
    "size of a chunk": (CHUNKED + b"fffffffffffffff\r\n", 1712),
    "length beyond the limit": (HEAD + b"Content-Length: 999999999999\r\n\r\n", 1712),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_found_where_it_stands(case):
    """The server says nothing after it and waits: the error does not."""
    answer, code = WRONG[case]

    async def worst(peer: Peer):
        await peer.request()
        await peer.send(*by_bytes(answer))
        await peer.end()

    survives(worst, code=code)


PARTS = {
    "nothing": b"",
    "status line": b"HTTP/1.1 2",
    "head": HEAD + b"A: b\r\n",
    "interim": INTERIM,
    "body": HELLO[:-1],
    "chunk line": CHUNKED + b"5",
    "extension": CHUNKED + b"5;a",
    "chunk": CHUNKED + b"5\r\nhell",
    "chunk end": CHUNKED + b"5\r\nhello\r",
    "trailer": CHUNKED + b"0\r\nA: b\r\n",
    "last line end": CHUNKED + b"0\r\n\r",
    "until close": HEAD + b"\r\nall of it",
}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_server_that_stops_in_the_middle_runs_into_the_time_limit(tls):
    """All of them at once, because each takes the whole time."""

    async def worst(peer: Peer):
        while request := await peer.request():
            path = request.split(b" ")[1].decode()
            await peer.send(PARTS[path[1:].replace("-", " ")] if path != "/" else ok())

    async def scene(lab: Lab):
        before = open_descriptors()
        await asyncio.gather(*(lab.http.get("/") for _ in PARTS))
        paths = [f"/{case.replace(' ', '-')}" for case in PARTS]
        responses = await asyncio.gather(*(lab.http.get(path, name="cut", timeout=0.05) for path in paths))
        assert lab.server.connections == len(PARTS)
        assert_each_was_counted(lab, 2 * len(PARTS))
        counts = {(tags["name"], tags.get("error_code")): value.count for tags, value in lab.series()}
        assert counts == {(f"{lab.server.url}/", None): len(PARTS), ("cut", "1050"): len(PARTS)}
        await turns(40)
        assert await left_open(before) == set()
        assert (await lab.http.get("/")).status == 200
        return {(response.status, response.error, response.body) for response in responses}

    found = play(worst, scene, tls=server_tls() if tls else None, insecure=tls)
    assert found == {(0, "request timed out", b"")}


# Below HTTP: TLS's records in pieces


async def dripping(peer, port):
    """Pass everything on to the server at `port` as it comes, and every byte of its answers by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def up():
        while data := await peer.reader.read(65536):
            writer.write(data)
        writer.write_eof()

    going_up = asyncio.create_task(up())
    try:
        while data := await reader.read(65536):
            for byte in by_bytes(data):
                peer.writer.write(byte)
                await turns(2)
    finally:
        going_up.cancel()
        writer.close()
        await asyncio.wait([going_up])


def test_every_byte_of_tls_by_itself_from_the_handshake_on():
    async def relay(peer: Peer):
        await dripping(peer, hidden.port)

    async def scene(lab: Lab):
        await hidden.start()
        try:
            url = f"https://127.0.0.1:{lab.server.port}/"
            bodies = [(await lab.http.post(url, data=b"x" * 40_000)).body for _ in range(2)]
            lab.http.close()
            await turns(20)
            return bodies, lab.server.connections, len(hidden.requests)
        finally:
            await hidden.stop()

    hidden = Server(answering(ok(b"drop by drop")), server_tls())
    assert play(relay, scene, insecure=True) == ([b"drop by drop"] * 2, 1, 2)


@pytest.mark.parametrize("size", [0, 1, 5, 6, 50, 500])
def test_a_handshake_that_is_cut(size):
    """The records of the server's first flight, up to some byte."""

    async def relay(peer: Peer):
        reader, writer = await asyncio.open_connection("127.0.0.1", hidden.port)
        writer.write(await peer.reader.read(65536))
        await peer.send(await reader.readexactly(size))
        writer.close()
        peer.cut()

    async def scene(lab: Lab):
        await hidden.start()
        try:
            response = await lab.http.get(f"https://127.0.0.1:{lab.server.port}/")
            await assert_one_failure(lab, response, 1300)
            assert lab.user.connect_failures == 1
            return response.error
        finally:
            await hidden.stop()

    hidden = Server(answering(ok()), server_tls())
    assert "the server closed the connection during the handshake" in play(relay, scene, insecure=True)


# The other way: servers that are slow to take the request


def test_a_server_that_takes_the_request_byte_by_byte():
    async def scene(lab: Lab):
        taken = []

        async def handler(peer):
            while not b"".join(taken).endswith(b"\r\n\r\nlast"):
                taken.append(await peer.read(1))
                await turns(1)
            await peer.send(ok(b"taken"))
            await peer.end()

        async with raw_server(handler) as url:
            response = await lab.http.post(f"{url}/", data=b"last")
            assert_each_was_counted(lab, 1)
            sent = lab.only(names.DATA_SENT)[1].count
            lab.http.close()
        assert {len(byte) for byte in taken} == {1}
        return response.body, sent == len(taken)

    assert play(None, scene) == (b"taken", True)
