"""Responses in every framing and in any pieces, and what may follow on the connection."""

from itertools import pairwise

import pytest
from http_lab import Peer, answering, get, ok, once, play
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
HELLO = ok(b"hello", "X-Field: a", "x-field: b")


def twice(*answers):
    """Return two responses to GETs, and how many connections they took."""

    async def scene(lab):
        first = await lab.http.get("/1")
        second = await lab.http.get("/2")
        return first, second, lab.server.connections

    return play(answering(*answers), scene)


KEPT = {
    "counted": (HELLO, 200, b"hello"),
    "empty": (ok(), 200, b""),
    "chunked": (CHUNKED, 200, b"abcde"),
    "interim ones before": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + HELLO,
        200,
        b"hello",
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "no content, with a length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, b""),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
    "an error": (b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno", 500, b"no"),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
    "bare line ends": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, b"ok"),
    "HTTP/1.0 that says so": (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
}


@pytest.mark.parametrize("case", KEPT)
def test_the_connection_is_kept(case):
    answer, status, body = KEPT[case]
    first, second, connections = twice(answer)
    assert (first.status, first.body, first.error) == (status, body, None)
    assert (second.status, second.body, connections) == (status, body, 1)


ENDED = {
    "says close": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "more than was asked for": ok(b"ok") + b"HTTP/1.1 200 OK\r\n",
    "one byte more": ok(b"ok") + b"\n",
}


@pytest.mark.parametrize("case", ENDED)
def test_the_connection_is_not_kept(case):
    first, second, connections = twice(ENDED[case])
    assert (first.body, second.body, connections) == (b"ok", b"ok", 2)


def test_a_body_until_close():
    response = play(once(b"HTTP/1.1 200 OK\r\n\r\n", b"one ", b"two"), get())
    assert (response.status, response.body, response.error) == (200, b"one two", None)


def test_an_empty_body_until_close():
    response = play(once(b"HTTP/1.1 200 OK\r\n\r\n"), get())
    assert (response.status, response.body, response.error) == (200, b"", None)


def test_a_head_response_has_a_length_and_no_body():
    async def scene(lab):
        head = await lab.http.head("/")
        return head, await lab.http.get("/"), lab.server.connections

    head, after, connections = play(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", HELLO), scene)
    assert (head.status, head.headers["content-length"], head.body) == (200, "5", b"")
    assert (after.body, connections) == (b"hello", 1)


def test_switching_protocols_is_a_response_after_which_the_connection_is_closed():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        await peer.end()

    async def scene(lab):
        return await lab.http.get("/"), lab.only()[0]

    response, tags = play(handler, scene)
    assert (response.status, response.headers["upgrade"], response.ok) == (101, "x", False)
    assert tags["expected_response"] == "false"


@pytest.mark.parametrize("answer", [HELLO, CHUNKED], ids=["counted", "chunked"])
def test_split_at_every_byte(answer):
    async def handler(peer: Peer):
        for cut in range(1, len(answer)):
            await peer.request()
            await peer.send(answer[:cut], answer[cut:])
        await peer.end()

    async def scene(lab):
        return [await lab.http.get("/") for _ in range(1, len(answer))], lab.server.connections

    whole = play(answering(answer), get())
    responses, connections = play(handler, scene)
    assert {(r.status, r.head, r.body) for r in responses} == {(200, whole.head, whole.body)}
    assert connections == 1


def test_byte_by_byte():
    response = play(answering(tuple(CHUNKED[at : at + 1] for at in range(len(CHUNKED)))), get())
    assert (response.status, response.body) == (200, b"abcde")


def test_a_body_of_exactly_the_buffer_and_around_it():
    sizes = [256 * 1024 + extra for extra in (-200, -39, -38, -37, -1, 0, 1)]

    async def scene(lab):
        return [len((await lab.http.get("/")).body) for _ in sizes], lab.server.connections

    assert play(answering(*(ok(bytes(size)) for size in sizes)), scene) == (sizes, 1)


TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$%&'*+-.^_`|~", min_size=1, max_size=12)
VALUE = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f", categories=["L", "N", "P", "S"]),
    max_size=20,
)
FRAMING = {"content-length", "transfer-encoding", "connection"}


@st.composite
def responses(draw):
    """Return (bytes, status, fields, body)."""
    status = draw(st.integers(200, 599).filter(lambda status: status not in (204, 304)))
    fields = draw(st.lists(st.tuples(TOKEN.filter(lambda name: name.lower() not in FRAMING), VALUE), max_size=5))
    chunks = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
    body = b"".join(chunks)
    if draw(st.booleans()):
        framing = ("Transfer-Encoding", "chunked")
        framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    else:
        framing, framed = ("Content-Length", str(len(body))), body
    at = draw(st.integers(0, len(fields)))
    fields = [*fields[:at], framing, *fields[at:]]
    lines = [f"HTTP/1.1 {status} {draw(VALUE)}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + framed, status, fields, body


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(responses(), min_size=1, max_size=3), st.data())
def test_any_response_in_any_pieces_comes_back_as_it_was(expected, data):
    answers = []
    for raw, *_ in expected:
        cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=4))})
        answers.append(tuple(raw[start:end] for start, end in pairwise(cuts)))

    async def scene(lab):
        return [await lab.http.get("/") for _ in answers], lab.server.connections

    found, connections = play(answering(*answers), scene)
    assert connections == 1
    for response, (_, status, fields, body) in zip(found, expected, strict=True):
        assert (response.status, response.body) == (status, body)
        for name, _ in fields:
            assert response.headers.get_all(name) == [v for n, v in fields if n.lower() == name.lower()]
