"""When a connection is kept for another request."""

import pytest
from http_lab import answering, ok, play
from routes_lab import received

from surgeline.protocols.http.options import HttpOptions


@pytest.mark.parametrize(
    ("connections", "expected"), [("keep", [1, 1, 1, 1]), ("iteration", [1, 1, 2, 2]), ("request", [1, 2, 3, 4])]
)
def test_how_long_connections_are_kept(connections, expected):
    async def scene(lab):
        opened = []
        for number in range(4):
            lab.user.iteration = number // 2
            await lab.http.get("/")
            opened.append(lab.server.connections)
        return opened, {one.fields.get("connection") for one in received(lab)}

    opened, fields = play(answering(ok()), scene, options=HttpOptions(connections=connections))
    assert opened == expected
    assert fields == ({"close"} if connections == "request" else {None})


def test_hops_of_one_call_in_each_iteration():
    async def scene(lab):
        for number in range(2):
            lab.user.iteration = number
            assert len((await lab.http.get("/")).history) == 10
        return lab.server.connections

    moved = b"HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    assert play(answering(moved), scene, options=HttpOptions(connections="iteration")) == 2


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        (ok(), True),
        (ok(b"", "Connection: keep-alive"), True),
        (ok(b"", "Connection: close"), False),
        (ok(b"", "connection: x, CLOSE"), False),
        (ok().replace(b"1.1", b"1.0"), False),
        (ok(b"", "Connection: keep-alive").replace(b"1.1", b"1.0"), True),
    ],
)
def test_what_the_server_says(answer, is_kept):
    async def scene(lab):
        for _ in range(3):
            assert (await lab.http.get("/")).ok
        return lab.server.connections

    assert play(answering(answer), scene) == (1 if is_kept else 3)


def test_a_request_that_asks_to_close():
    async def scene(lab):
        for _ in range(2):
            await lab.http.get("/", headers={"Connection": "close"})
        return [one.fields["connection"] for one in received(lab)]

    assert play(answering(ok(b"", "Connection: close")), scene) == ["close"] * 2
