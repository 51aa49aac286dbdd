"""Servers that never come to an end: a limit ends each, and what was read until then is little more than the limit."""

import pytest
from hostile import survives
from http_lab import Lab, Peer, assert_one_failure, play, turns

from surgeline.metrics import names

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 2**20

# (what comes first, what comes for ever then)
ENDLESS = {
    "a status line": (HEAD[:-2], b"x" * 4_000),
    "a field's name": (HEAD, b"x" * 4_000),
    "a field's value": (HEAD + b"A: ", b"x" * 4_000),
    "blanks before a value": (HEAD + b"A:", b" " * 4_000),
    "short fields": (HEAD, b"A: b\r\n" * 50),
    "long fields": (HEAD, b"A: %b\r\n" % (b"x" * 20_000)),
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim responses with fields": (b"", b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </a>\r\n" * 20 + b"\r\n"),
    "an interim response": (b"HTTP/1.1 103 Early Hints\r\n", b"Link: %b\r\n" % (b"x" * 4_000)),
    "a chunk's extension": (CHUNKED + b"5;", b"x" * 4_000),
    "blanks after a chunk's size": (CHUNKED + b"5", b" " * 4_000),
    "extensions of one chunk": (CHUNKED + b"5", b";a=b" * 1_000),
    "extensions of many chunks": (CHUNKED, (b"1;%b\r\nx\r\n" % (b"e" * 200)) * 20),
    "a trailer's name": (CHUNKED + b"0\r\n", b"x" * 4_000),
    "a trailer's value": (CHUNKED + b"0\r\nA: ", b"x" * 4_000),
    "short trailers": (CHUNKED + b"0\r\n", b"A: b\r\n" * 50),
    "long trailers": (CHUNKED + b"0\r\n", b"A: %b\r\n" % (b"x" * 20_000)),
}


def without_end(first, piece):
    """Send until the client leaves."""

    async def handler(peer: Peer):
        await peer.request()
        peer.writer.write(first)
        while True:
            peer.writer.write(piece)
            await peer.writer.drain()  # raises once the client has closed
            await turns(1)

    return handler


@pytest.mark.parametrize("case", ENDLESS)
def test_no_end(case):
    async def ask(lab: Lab):
        response = await lab.http.get("/")
        assert lab.only(names.DATA_RECEIVED)[1].count < MEGABYTE
        return response

    survives(without_end(*ENDLESS[case]), ask, code=1711)


@pytest.mark.parametrize("case", ["a field's value", "interim responses", "a chunk's extension", "a trailer's value"])
def test_no_end_over_tls(case):
    survives(without_end(*ENDLESS[case]), code=1711, tls=True)


MOST_BODY = 128 * MEGABYTE
BODIES = {
    "counted": (HEAD + b"Content-Length: %d\r\n\r\n" % (MOST_BODY + 1), b"x"),
    "in chunks": (CHUNKED, b"100000\r\n" + bytes(MEGABYTE) + b"\r\n"),
    "until close": (HEAD + b"\r\n", bytes(MEGABYTE)),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_without_end_is_ended_by_the_limit(case):
    """A length that says it is too large is refused before the first byte of the body."""

    async def scene(lab: Lab):
        response = await lab.http.get("/")
        await assert_one_failure(lab, response, 1712)
        return lab.only(names.DATA_RECEIVED)[1].count

    received = play(without_end(*BODIES[case]), scene)
    assert received <= (200 if case == "counted" else MOST_BODY + 2 * MEGABYTE)


NUMBERS = {
    "the greatest there is": b"18446744073709551615",
    "one more": b"18446744073709551616",
    "of a hundred digits": b"9" * 100,
    "of many zeros": b"0" * 1_000 + b"9" * 30,
}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("case", NUMBERS)
def test_a_length_that_no_memory_holds(case, tls):
    async def worst(peer: Peer):
        await peer.request()
        await peer.send(HEAD + b"Content-Length: %b\r\n\r\nabc" % NUMBERS[case])
        await peer.end()

    survives(worst, code=1712 if case == "the greatest there is" else 1710, tls=tls)


@pytest.mark.parametrize(
    ("size", "code"), [(b"8000001", 1712), (b"f" * 16, 1712), (b"0" * 9 + b"8000001", 1712), (b"1" * 17, 1710)]
)
def test_a_chunk_that_no_memory_holds(size, code):
    async def worst(peer: Peer):
        await peer.request()
        await peer.send(CHUNKED + b"3\r\nabc\r\n" + size + b"\r\nabc")
        await peer.end()

    survives(worst, code=code)
