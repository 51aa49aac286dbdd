"""Answers out of turn: before the request is out or was made, after the end, and on half-closed sockets."""

import asyncio
import socket

import pytest
from hostile import LATER, assert_each_was_counted, raw_server, server_tls, survives
from http_lab import Lab, Peer, answering, assert_one_failure, left_open, ok, open_descriptors, play, turns

from surgeline.metrics import names

HEAD = b"HTTP/1.1 200 OK\r\n"
LARGE = bytes(5_000_000)
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])


async def post_large(lab: Lab):
    return await lab.http.post("/", data=LARGE)


# Before all of the request is sent


async def head_of_request(peer: Peer):
    """Read the head, and nothing more until it is told to."""
    await peer.reader.readuntil(b"\r\n\r\n")
    peer.writer.transport.pause_reading()


EARLY = {
    "200 that would be kept": (ok(b"early"), 200, b"early"),
    "413 and close": (b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!", 413, b"no!"),
    "401, chunked": (b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n", 401, b"no!"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "after an interim one": (b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b"early"), 200, b"early"),
}


@PLAIN_AND_TLS
@pytest.mark.parametrize("way", ["reads on", "reads nothing", "closes", "resets"])
@pytest.mark.parametrize("case", EARLY)
def test_an_answer_while_the_body_is_being_sent_counts_and_ends_the_connection(case, way, tls):
    answer, status, body = EARLY[case]

    async def worst(peer: Peer):
        await head_of_request(peer)
        await peer.send(answer)
        match way:
            case "reads on":
                peer.writer.transport.resume_reading()
                await peer.end()
            case "reads nothing":
                await turns(20)
            case "closes":
                peer.cut()
            case "resets":
                peer.reset()

    response = survives(worst, post_large, tls=tls)
    assert (response.status, response.body, response.waiting_ns) == (status, body, 0)
    assert response.sending_ns > 0


def test_the_head_of_an_answer_while_the_body_is_being_sent_and_the_rest_after_it():
    """Then all of the request was sent, and the connection can be used again."""

    async def worst(peer: Peer):
        await head_of_request(peer)
        await peer.send(HEAD + b"Content-Length: 4\r\n\r\n")
        peer.writer.transport.resume_reading()
        await peer.reader.readexactly(len(LARGE))
        await peer.send(b"done")
        while await peer.request():
            await peer.send(ok(LATER))

    assert survives(worst, post_large, closes=False).body == b"done"


@pytest.mark.parametrize("rest", [b"", HEAD, HEAD + b"Content-Length: 5\r\n\r\nhal"], ids=["nothing", "line", "half"])
@pytest.mark.parametrize("way", ["closes", "resets"])
def test_half_an_answer_while_the_body_is_being_sent_is_a_failure(rest, way):
    async def worst(peer: Peer):
        await head_of_request(peer)
        if rest:
            await peer.send(rest)
        if way == "closes":
            peer.writer.write_eof()
            await turns(20)
        else:
            peer.reset()

    async def scene(lab: Lab):
        response = await post_large(lab)
        await assert_one_failure(lab, response, response.error_code)
        assert_each_was_counted(lab, 1)
        assert lab.server.connections == 1
        return response.error_code

    assert play(worst, scene) in ({1221} if way == "closes" else {1201, 1220})


def test_a_reset_after_the_answer_does_not_undo_it():
    """The answer and the RST are both there before the client reads."""

    async def scene(lab: Lab):
        async def handler(peer):
            await peer.read(100)
            peer.socket.send(ok(b"answered"))
            peer.reset()

        async with raw_server(handler) as url:
            before = open_descriptors()
            response = await lab.http.post(f"{url}/", data=b"x" * 50_000)
            assert_each_was_counted(lab, 1)
            await turns(20)
            assert await left_open(before) == set()
            return response.body

    assert play(None, scene) == b"answered"


# Nobody asked


@PLAIN_AND_TLS
def test_an_answer_on_a_fresh_connection_before_the_request(tls):
    """It cannot be told from a quick answer to the request; the answer that the request gets then is one too many."""

    async def worst(peer: Peer):
        await peer.send(ok(b"unasked"))
        await peer.request()
        await peer.send(ok(b"asked"))
        await peer.end()

    assert survives(worst, tls=tls).body == b"unasked"


def test_a_408_on_a_fresh_connection_that_is_closed_at_once():
    async def worst(peer: Peer):
        await peer.send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await peer.close()

    assert survives(worst).status == 408


UNASKED = {
    "a second answer": ok(b"forged"),
    "part of one": b"HTTP/1.1 2",
    "an interim one": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a line end": b"\r\n",
    "a byte": b"\0",
    "more than a buffer": ok(bytes(300_000)),
}


@PLAIN_AND_TLS
@pytest.mark.parametrize("together", [True, False], ids=["with the answer", "on the idle connection"])
@pytest.mark.parametrize("case", UNASKED)
def test_more_than_was_asked_for_ends_the_connection(case, together, tls):
    async def worst(peer: Peer):
        await peer.request()
        if together:
            await peer.send(ok(b"asked") + UNASKED[case])
        else:
            await peer.send(ok(b"asked"), UNASKED[case])
        await peer.end()

    assert survives(worst, tls=tls).body == b"asked"


BODIES_THAT_MAY_NOT_BE = {
    "204 with a length": ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\n", 204),
    "204 in chunks": ("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 204),
    "204 without a length": ("POST", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    "304 with a length": ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n", 304),
    "HEAD with a length": ("HEAD", HEAD + b"Content-Length: 6\r\n\r\n", 200),
    "HEAD in chunks": ("HEAD", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", 200),
    "HEAD without a length": ("HEAD", HEAD + b"\r\n", 200),
    "101 without an upgrade": ("GET", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101),
    "Connection: close": ("GET", HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n", 200),
    "an empty one": ("GET", ok(), 200),
}


@pytest.mark.parametrize("together", [True, False], ids=["with the head", "later"])
@pytest.mark.parametrize("case", BODIES_THAT_MAY_NOT_BE)
def test_a_body_that_may_not_be_is_not_read_and_ends_the_connection(case, together):
    method, head, status = BODIES_THAT_MAY_NOT_BE[case]

    async def worst(peer: Peer):
        await peer.request()
        await peer.send(head + b"forged") if together else await peer.send(head, b"forged")
        await peer.end()

    response = survives(worst, lambda lab: lab.http.request(method, "/"))
    assert (response.status, response.body) == (status, b"")


def test_data_without_end_after_connection_close_is_not_read():
    async def worst(peer: Peer):
        await peer.request()
        peer.writer.write(ok(b"all", "Connection: close"))
        while True:
            peer.writer.write(bytes(100_000))
            await peer.writer.drain()

    async def scene(lab: Lab):
        body = (await lab.http.get("/")).body
        return body, lab.only(names.DATA_RECEIVED)[1].count < 1_000_000

    assert play(worst, scene) == (b"all", True)


WRONG_LENGTHS = {
    "shorter than the body": (HEAD + b"Content-Length: 2\r\n\r\nhello", b"he"),
    "0 with a body": (HEAD + b"Content-Length: 0\r\n\r\nhello", b""),
    "last chunk before the end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\nllo", b"he"),
}


@PLAIN_AND_TLS
@pytest.mark.parametrize("case", WRONG_LENGTHS)
def test_a_length_that_is_too_small_gives_so_much_and_ends_the_connection(case, tls):
    answer, body = WRONG_LENGTHS[case]

    async def worst(peer: Peer):
        await peer.request()
        await peer.send(answer)
        await peer.end()

    assert survives(worst, tls=tls).body == body


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 6\r\n\r\nhello",
        HEAD + b"Content-Length: 127000000\r\n\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n6\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
)
def test_a_length_that_is_too_large_is_a_failure_when_the_connection_ends(answer):
    async def worst(peer: Peer):
        await peer.request()
        await peer.send(answer)
        await peer.close()

    survives(worst, code=1221)


def test_a_chunk_longer_than_its_size_is_malformed():
    async def worst(peer: Peer):
        await peer.request()
        await peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n")
        await peer.end()

    survives(worst, code=1710)


# Interim responses


@pytest.mark.parametrize("status", [100, 102, 103, 150, 199])
def test_sixteen_interim_responses_are_passed_over_and_one_more_is_too_many(status):
    interim = b"HTTP/1.1 %d Interim\r\nA: b\r\n\r\n" % status
    assert survives(answering(interim * 16 + ok(b"at last"), ok(LATER)), closes=False).body == b"at last"
    survives(answering(interim * 17 + ok(b"too late")), code=1711)
    survives(answering((interim,) * 17), code=1711)


def test_an_interim_response_has_no_body():
    survives(answering(b"HTTP/1.1 100 Continue\r\nContent-Length: 6\r\n\r\nforged" + ok()), code=1710)


def test_what_an_interim_response_says_of_framing_is_forgotten():
    interim = b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert survives(answering(interim + ok(b"plain"), ok(LATER)), closes=False).body == b"plain"


# Half-closed sockets


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param(b"", 1221, id="nothing"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", 1221, id="interim"),
        pytest.param(HEAD + b"Content-Length: 5\r\n\r\nhell", 1221, id="most"),
        pytest.param(ok(b"hello"), 0, id="all"),
        pytest.param(HEAD + b"\r\nhello", 0, id="until close"),
    ],
)
def test_a_server_that_shuts_down_its_sending_side(said, code):
    async def worst(peer: Peer):
        await peer.request()
        if said:
            await peer.send(said)
        peer.writer.write_eof()
        await peer.end()

    response = survives(worst, code=code)
    assert response.body == (b"" if code else b"hello")


def test_a_server_that_shuts_down_its_sending_side_before_the_request():
    async def worst(peer: Peer):
        peer.writer.write_eof()
        await peer.end()

    survives(worst, code=1221)


def test_a_server_that_shuts_down_its_sending_side_while_we_send():
    async def worst(peer: Peer):
        await head_of_request(peer)
        peer.writer.write_eof()
        await turns(20)

    survives(worst, post_large, code=1221)


def test_a_server_that_shuts_down_its_receiving_side_may_still_answer():
    async def scene(lab: Lab):
        async def handler(peer):
            await peer.read(10)
            if lab.series():  # the request after it
                await peer.send(ok(LATER))
                await peer.end()
            else:
                peer.socket.shutdown(socket.SHUT_RD)
                await peer.send(ok(b"deaf"))

        async with raw_server(handler) as url:
            bodies = [(await lab.http.post(f"{url}/", data=b"x")).body]
            await turns(20)
            bodies.append((await lab.http.post(f"{url}/", data=b"x")).body)
            assert_each_was_counted(lab, 2)
            lab.http.close()
            return bodies

    assert play(None, scene) == [b"deaf", LATER]


# Kept connections that end just as a request goes out on them


def ending_when_asked_again(last_words):
    """Answer one request of the first connection, then end it when another comes."""

    async def handler(peer: Peer):
        kept = peer.server.connections == 1
        while await peer.request():
            if kept and len(peer.server.requests) == 2:
                last_words(peer)
                break
            await peer.send(ok(b"answer"))

    return handler


ENDINGS = {"FIN": Peer.cut, "RST": Peer.reset, "in order": lambda peer: peer.writer.close()}


@PLAIN_AND_TLS
@pytest.mark.parametrize("method", ["GET", "TRACE", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_changes_nothing_is_sent_again_once_and_counted_once(method, ending, tls):
    async def scene(lab: Lab):
        await lab.http.request(method, "/", data=b"once")
        response = await lab.http.request(method, "/", data=b"once")
        assert_each_was_counted(lab, 2)
        sent = sum(value.count for _, value in lab.series(names.DATA_SENT))
        return response.status, response.error_code, sent, lab.server

    status, code, sent, server = play(
        ending_when_asked_again(ENDINGS[ending]), scene, tls=server_tls() if tls else None, insecure=tls
    )
    repeated = method in ("GET", "TRACE")
    assert (status, code) == ((200, 0) if repeated else (0, 1220 if ending == "RST" else 1221))
    assert (len(server.requests), server.connections) == ((3, 2) if repeated else (2, 1))
    on_the_wire = sum(map(len, server.requests))
    assert sent > on_the_wire if tls else sent == on_the_wire


def test_what_is_sent_again_may_fail_in_a_way_of_its_own():
    """The server is gone for good: refused is what the one sample says."""

    async def scene(lab: Lab):
        async def handler(peer):
            await peer.read(20)
            await peer.send(ok())
            await asyncio.Event().wait()

        async with raw_server(handler) as url:
            await lab.http.get(f"{url}/", name="first")
            again = lab.http.get(f"{url}/", name="again")
            await turns(20)
        response = await again
        return response.error_code, {tags["name"]: value.count for tags, value in lab.series()}

    assert play(None, scene) == (1212, {"first": 1, "again": 1})


def test_what_is_sent_again_still_has_the_time_limit_it_began_with():
    async def handler(peer: Peer):
        await peer.request()
        if peer.server.connections == 1:
            await peer.send(ok())
            await peer.request()
            peer.cut()
        else:
            await peer.end()

    async def scene(lab: Lab):
        await lab.http.get("/", name="first")
        response = await lab.http.get("/", name="again", timeout=0.05)
        return response.error_code, {tags["name"]: value.count for tags, value in lab.series()}

    code, counts = play(handler, scene)
    assert counts == {"first": 1, "again": 1}
    assert code in (1050, 1211)  # a machine that stands still may leave no time to connect again


@PLAIN_AND_TLS
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("says_so", [True, False], ids=["Connection: close", "says nothing"])
def test_idle_connections_that_the_server_ends_are_replaced_without_a_trace(says_so, ending, tls):
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(ok(b"once", *(["Connection: close"] if says_so else [])))
        if not peer.writer.is_closing():  # the client may have been first
            ENDINGS[ending](peer)

    async def scene(lab: Lab):
        before = open_descriptors()
        bodies = []
        for _ in range(4):
            bodies.append((await lab.http.post("/")).body)
            await turns(20)  # the end arrives
            assert await left_open(before) == set()
        assert_each_was_counted(lab, 4)
        return bodies, [tags["status"] for tags, _ in lab.series()], lab.server.connections

    found = play(handler, scene, tls=server_tls() if tls else None, insecure=tls)
    assert found == ([b"once"] * 4, ["200"], 4)
