"""Connections that end at any byte: of the response, by RST, by FIN, over TLS with and without its end mark, and of the
request while it is being received.
"""

import pytest
from hostile import LATER, assert_each_was_counted, raw_server, server_tls
from http_lab import Lab, Peer, left_open, ok, open_descriptors, play, turns

from surgeline.metrics import names

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\n"
ANSWERS = {
    "counted": ok(b"hello", "A: b"),
    "no body": ok(),
    "chunked": HEAD + CHUNKS + b"\r\n",
    "trailers": HEAD + CHUNKS + b"Expires: never\r\nX: y\r\n\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok(b"hello"),
    "until close": HEAD + b"\r\nhello",
}
LATER_AND_CLOSE = ok(LATER, "Connection: close")
UNANSWERED = "the server closed the connection without an answer"
EARLY = "the server closed the connection before the response was complete"
NO_END_MARK = "the server closed the connection without TLS's end mark; the response may have been cut"
RESET = "connection reset by the server"


def cut_everywhere(answer, end, *, tls=False):
    """POST once for each position at which `end(peer)` cuts `answer`; return what came of each.

    After each, another request works. POST, because a GET on a kept connection would be sent again.
    """

    async def handler(peer: Peer):
        position = (await peer.request()).split(b" ")[1][1:]
        if position == LATER:
            await peer.send(LATER_AND_CLOSE)
        else:
            if int(position):
                await peer.send(answer[: int(position)])
            end(peer)

    async def scene(lab: Lab):
        before = open_descriptors()
        found = []
        for position in range(len(answer) + 1):
            found.append(await lab.http.post(f"/{position}", name="cut"))
            assert (await lab.http.get("/later")).body == LATER
        assert_each_was_counted(lab, 2 * len(found))
        failed = sum(value.passes for _, value in lab.series(names.HTTP_REQ_FAILED))
        assert failed == sum(response.error is not None for response in found)
        assert lab.server.connections == 2 * len(found)
        assert lab.user.connect_failures == 0
        lab.http.close()
        await turns(40)
        assert await left_open(before) == set()
        return [(response.status, response.error_code, response.error, response.body) for response in found]

    return play(handler, scene, tls=server_tls() if tls else None, insecure=tls)


def expect(answer, body, unanswered, early):
    """Return what each position but the last of a response that frames itself gives, then the last."""
    failures = [(0, *unanswered, b""), *[(0, *early, b"")] * (len(answer) - 1)]
    return [*failures, (200, 0, None, body)]


def whole_body(case):
    return {"counted": b"hello", "no body": b"", "interim": b"hello"}.get(case, b"abcde")


FRAMED = [case for case in ANSWERS if case != "until close"]


@pytest.mark.parametrize("case", FRAMED)
def test_reset_at_every_byte(case):
    found = cut_everywhere(ANSWERS[case], Peer.reset)
    assert found == expect(ANSWERS[case], whole_body(case), (1220, RESET), (1220, RESET))


@pytest.mark.parametrize("case", ["trailers", "interim", "no body"])
def test_closed_at_every_byte(case):
    found = cut_everywhere(ANSWERS[case], Peer.cut)
    assert found == expect(ANSWERS[case], whole_body(case), (1221, UNANSWERED), (1221, EARLY))


@pytest.mark.parametrize("case", FRAMED)
def test_closed_over_tls_without_the_end_mark_at_every_byte(case):
    found = cut_everywhere(ANSWERS[case], Peer.cut, tls=True)
    assert found == expect(ANSWERS[case], whole_body(case), (1221, UNANSWERED), (1221, NO_END_MARK))


@pytest.mark.parametrize("case", ["counted", "trailers"])
def test_closed_over_tls_with_the_end_mark_at_every_byte(case):
    found = cut_everywhere(ANSWERS[case], lambda peer: peer.writer.close(), tls=True)
    assert found == expect(ANSWERS[case], whole_body(case), (1221, UNANSWERED), (1221, EARLY))


@pytest.mark.parametrize("case", ["counted", "trailers"])
def test_reset_over_tls_at_every_byte(case):
    found = cut_everywhere(ANSWERS[case], Peer.reset, tls=True)
    assert found == expect(ANSWERS[case], whole_body(case), (1220, RESET), (1220, RESET))


@pytest.mark.parametrize(
    ("end", "tls", "in_body"),
    [
        pytest.param(Peer.cut, False, None, id="FIN is its end"),
        pytest.param(Peer.reset, False, (1220, RESET), id="RST"),
        pytest.param(lambda peer: peer.writer.close(), True, None, id="TLS's end mark is its end"),
        pytest.param(Peer.cut, True, (1221, NO_END_MARK), id="TLS without the end mark"),
        pytest.param(Peer.reset, True, (1220, RESET), id="RST over TLS"),
    ],
)
def test_a_body_until_close_is_whole_only_where_the_connection_ends_in_order(end, tls, in_body):
    answer = ANSWERS["until close"]
    found = cut_everywhere(answer, end, tls=tls)
    body_starts = len(HEAD) + 2
    assert {status for status, *_ in found[:body_starts]} == {0}
    in_order = [(200, 0, None, b"hello"[:size]) for size in range(6)]
    assert found[body_starts:] == (in_order if in_body is None else [(0, *in_body, b"")] * 6)


# While the request is being received


def request_of(path, data):
    """Return a request's bytes, to know how many there are."""
    whole = b"POST /%b HTTP/1.1\r\nHost: 127.0.0.1:%05d\r\nUser-Agent: surgeline\r\nAccept: */*\r\n" % (path, 0)
    return whole + b"Content-Length: %d\r\n\r\n%b" % (len(data), data)


SMALL = request_of(b"000", b"body of it")


def test_closed_at_every_byte_of_the_request():
    """What the server has not read when it closes, its kernel answers with an RST; a FIN comes only after all of it."""

    async def scene(lab: Lab):
        async def handler(peer):
            start = await peer.read(10)
            if start.startswith(b"GET"):
                await peer.send(LATER_AND_CLOSE)
            else:
                await peer.read(int(start[6:9]) - len(start))

        async with raw_server(handler) as url:
            before = open_descriptors()
            found = []
            for position in range(10, len(SMALL) + 1):
                port_digits = len(url.rpartition(":")[2])
                assert port_digits == 5, "the request's length is worked out for a port of five digits"
                response = await lab.http.post(f"{url}/{position:03}", data=b"body of it", name="cut")
                found.append((response.status, response.error_code, response.body))
                assert (await lab.http.get(f"{url}/later")).body == LATER
            assert_each_was_counted(lab, 2 * len(found))
            sent = sum(value.count for tags, value in lab.series(names.DATA_SENT) if tags["name"] == "cut")
            assert sent == len(SMALL) * len(found)
            lab.http.close()
            await turns(40)
            assert await left_open(before) == set()
            return found

    *unread, read = play(None, scene)
    assert set(unread) == {(0, 1220, b"")}
    assert read == (0, 1221, b"")


LARGE = bytes(5_000_000)


@pytest.mark.parametrize("size", [0, 1, 100, 65_536, 1_000_000, 4_999_999])
def test_closed_in_the_middle_of_a_large_request(size):
    async def scene(lab: Lab):
        async def handler(peer):
            await peer.read(size)

        async with raw_server(handler) as url:
            response = await lab.http.post(f"{url}/", data=LARGE)
            assert_each_was_counted(lab, 1)
            sent = lab.only(names.DATA_SENT)[1].count
            return response.status, response.error_code, size <= sent <= len(LARGE) + 500

    status, code, plausible = play(None, scene)
    assert (status, plausible) == (0, True)
    assert code in (1201, 1220)  # whether we meet the RST when we send or when we read is the kernel's business
