"""Responses that are read while they come."""

import asyncio
import gc
import gzip

import pytest
from http_lab import Peer, answering, ok, once, play, silence, turns
from routes_lab import answer, counted, lines, one_by_one, received, routes

from surgeline.metrics import names
from surgeline.protocols.http.auth import DigestAuth
from surgeline.protocols.http.options import HttpLimits, HttpOptions

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = bytes(range(256)) * 80_000  # 20 MB


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


FRAMINGS = {
    "chunked": (CHUNKED, chunk(b"one"), chunk(b"two"), b"0\r\n\r\n"),
    "chunked, one piece": (CHUNKED + chunk(b"one") + chunk(b"two") + b"0\r\n\r\n",),
    "counted": (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", b"one", b"two"),
    "counted, byte by byte": tuple(bytes([byte]) for byte in ok(b"onetwo")),
    "until close": (b"HTTP/1.1 200 OK\r\n\r\none", b"two"),
}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("over_tls", [False, True])
def test_framings(framing, over_tls, server_tls):
    async def scene(lab):
        found = []
        for _ in range(2):
            async with lab.http.stream("GET", "/") as response:
                assert (response.status, response.ok, response.error) == (200, True, None)
                found.append(b"".join([piece async for piece in response.chunks()]))
                assert (response.size, response.ok, response.error) == (6, True, None)
                with pytest.raises(ValueError, match=r"expected a whole body, found one .*: use chunks\(\)"):
                    response.text  # noqa: B018
                assert await response.read() == b""
        assert counted(lab) == [("GET", "/", "200", "true")] * 2
        return found, lab.server.connections

    ends = framing == "until close"
    handler = (once if ends else answering)(*(FRAMINGS[framing] if ends else [FRAMINGS[framing]]))
    assert play(handler, scene, tls=server_tls if over_tls else None) == ([b"onetwo"] * 2, 2 if ends else 1)


def test_each_piece_as_it_comes():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(CHUNKED)
        while (line := await gates.get()) is not None:
            await peer.send(line)

    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            pieces = response.chunks()
            for word in (b"a", b"b" * 70_000, b"c"):
                gates.put_nowait(chunk(word))
                got = b""
                while len(got) < len(word):
                    got += await anext(pieces)
                assert got == word
            gates.put_nowait(b"0\r\n\r\n")
            assert [piece async for piece in pieces] == []
            gates.put_nowait(None)
        return True

    gates = asyncio.Queue()
    assert play(handler, scene)


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_server_that_is_faster_than_its_reader_has_to_wait(over_tls, server_tls):
    async def handler(peer: Peer):
        await peer.request()
        peer.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LARGE))
        for at in range(0, len(LARGE), 65536):
            peer.writer.write(LARGE[at : at + 65536])
            await peer.writer.drain()
            written.append(at)
        await peer.end()

    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            before = -1
            while before != len(written):  # until neither side can go on
                before = len(written)
                await turns(200)
            assert len(written) * 65536 < len(LARGE) * 3 // 4
            held = await response.stream.read()
            assert len(held) < 2_000_000
            return held + await response.read() == LARGE, response.size, lab.only(names.HTTP_REQS)[1].count

    written = []
    assert play(handler, scene, tls=server_tls if over_tls else None) == (True, len(LARGE), 1)


def test_leaving_early_closes_the_connection_and_counts_the_answer_once():
    async def handler(peer: Peer):
        while await peer.request():
            await peer.send(CHUNKED, chunk(b"one"))

    async def scene(lab):
        for _ in range(2):
            async with lab.http.stream("GET", "/") as response:
                async for piece in response.chunks():
                    assert piece == b"one"
                    break
            assert (response.ok, response.size, await response.read()) == (True, 3, b"")
        return counted(lab), lab.server.connections, lab.user.abandoned

    assert play(handler, scene) == ([("GET", "/", "200", "true")] * 2, 2, 0)


def test_an_exception_of_the_script_leaves_it_too():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(CHUNKED)
        await peer.end()
        ended.append(True)

    async def scene(lab):
        with pytest.raises(ZeroDivisionError):
            async with lab.http.stream("GET", "/"):
                raise ZeroDivisionError
        await turns(20)
        return counted(lab), ended

    ended = []
    assert play(handler, scene) == ([("GET", "/", "200", "true")], [True])


ENDS = {
    "closed in a chunk": (CHUNKED + b"5\r\nab", 1221, b"ab"),
    "closed between chunks": (CHUNKED + chunk(b"ab"), 1221, b"ab"),
    "closed in a counted body": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", 1221, b"ab"),
    "not a chunk": (CHUNKED + chunk(b"ab") + b"x\r\n", 1710, None),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_error_in_the_middle_ends_the_body_and_is_in_the_response(end):
    sent, code, body = ENDS[end]

    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            assert (response.status, response.ok) == (200, True)
            await turns(20)
            got = await response.read()
        assert body is None or got == body
        assert (response.ok, response.error_code) == (False, code)
        assert response.error
        assert counted(lab) == [("GET", "/", "0", "false")]
        return lab.only()[0]["error_code"]

    async def handler(peer: Peer):
        await peer.request()
        await peer.send(sent[: sent.index(b"\r\n\r\n") + 4], sent[sent.index(b"\r\n\r\n") + 4 :])
        await turns(20)
        await peer.close()

    assert play(handler, scene) == str(code)


@pytest.mark.parametrize("server", ["silent", "gone"])
def test_a_request_that_gets_no_answer_is_an_empty_stream(server):
    async def scene(lab):
        url = "/" if server == "silent" else "http://127.0.0.1:1/"
        async with lab.http.stream("GET", url, timeout=0.02) as response:
            body = await response.read()
        return response.status, response.ok, response.error_code, body

    assert play(silence, scene) == (0, False, 1050 if server == "silent" else 1212, b"")


async def two_pieces(peer: Peer):
    while await peer.request():
        await peer.send(CHUNKED, chunk(b"one"))


def test_the_timeout_is_for_each_piece():
    async def scene(lab):
        async with lab.http.stream("GET", "/", timeout=0.05) as response:
            assert [piece async for piece in response.chunks()] == [b"one"]
        return response.error_code, response.ok, lab.only()[0]["error_code"]

    assert play(two_pieces, scene) == (1050, False, "1050")


@pytest.mark.parametrize("first", ["before the first piece", "after a piece"])
def test_a_script_that_takes_its_time_is_not_timed_out(first):
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(CHUNKED)
        await gate.wait()
        await peer.send(chunk(b"one"))
        await other_gate.wait()
        await peer.send(chunk(b"two"), b"0\r\n\r\n")

    async def scene(lab):
        async with lab.http.stream("GET", "/", timeout=0.05) as response:
            if first == "before the first piece":
                await asyncio.sleep(0.1)
            gate.set()
            pieces = response.chunks()
            assert await anext(pieces) == b"one"
            if first == "after a piece":
                await asyncio.sleep(0.1)
            other_gate.set()
            return [piece async for piece in pieces], response.error

    gate, other_gate = asyncio.Event(), asyncio.Event()
    assert play(handler, scene) == ([b"two"], None)


def test_a_cancelled_reader_loses_nothing_and_is_not_timed_out():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(CHUNKED)
        await gate.wait()
        await peer.send(chunk(b"one"), b"0\r\n\r\n")

    async def scene(lab):
        async with lab.http.stream("GET", "/", timeout=0.05) as response:
            reader = asyncio.ensure_future(response.read())
            await turns()
            reader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
            await asyncio.sleep(0.1)
            gate.set()
            await turns(20)
            return await response.read(), response.error

    gate = asyncio.Event()
    assert play(handler, scene) == (b"one", None)


def test_two_readers():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            assert await response.stream.read() == b"one"
            first = asyncio.ensure_future(response.read())
            await turns()
            with pytest.raises(RuntimeError, match="one task to read a response's body, found another"):
                await response.read()
            assert not first.done()
        return await first, response.ok

    assert play(two_pieces, scene) == (b"", True)


@pytest.mark.parametrize("who", ["the run", "the end"])
def test_what_the_run_ends_is_abandoned(who):
    async def scene(lab):
        async def read():
            async with lab.http.stream("GET", "/") as response:
                await response.read()

        task = asyncio.ensure_future(read())
        await turns(20)
        lab.user.interrupted = who == "the run"
        task.cancel() if who == "the run" else lab.http.close()
        with pytest.raises(asyncio.CancelledError):
            await task
        return lab.series(), lab.user.abandoned

    assert play(two_pieces, scene) == ([], 1)


def test_a_reader_cancelled_by_the_script_leaves_an_answer():
    async def scene(lab):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02), lab.http.stream("GET", "/") as response:
                await response.read()
        return counted(lab), lab.user.abandoned

    assert play(two_pieces, scene) == ([("GET", "/", "200", "true")], 0)


def test_cancelled_before_the_head():
    async def scene(lab):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02), lab.http.stream("GET", "/"):
                pass
        return lab.only()[0]["error_code"]

    assert play(silence, scene) == "1051"


def test_tries_before_a_stream():
    async def scene(lab):
        async with lab.http.stream("GET", "/a", retries=2) as response:
            body = await response.read()
        statuses = [one.status for one in response.history]
        return response.url, body, statuses, response.retries, lines(lab), lab.server.connections

    table = {
        "/a": answer(302, "Location: /b", body=b"x"),
        "/b": one_by_one(answer(503, "Retry-After: 0", body=b"y"), ok(b"yes")),
    }
    url, *rest = play(routes(table), scene)
    assert url.endswith("/b")
    assert rest == [b"yes", [302, 503], 1, ["GET /a", "GET /b", "GET /b"], 1]


def test_a_digest_challenge_before_a_stream():
    from surgeline.protocols.http.auth import DigestAuth

    async def scene(lab):
        async with lab.http.stream("POST", "/", data=b"body", auth=DigestAuth("u", "p")) as response:
            return response.status, await response.read(), [one.body for one in received(lab)]

    challenge = answer(401, 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"', body=b"who?")
    assert play(answering(challenge, ok(b"you")), scene) == (200, b"you", [b"body"] * 2)


def test_cookies_that_a_stream_sets():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            assert response.cookies == {"a": "1"}
            await lab.http.get("/", discard_body=True)
        return [one.fields.get("cookie") for one in received(lab)]

    assert play(answering(ok(b"x" * 10, "Set-Cookie: a=1")), scene) == [None, "a=1"]


def test_a_coding_is_undone_piece_by_piece():
    packed = gzip.compress(b"word " * 10_000)
    half = len(packed) // 2

    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            body = await response.read()
        return body, response.size

    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    assert play(once(head, packed[:half], packed[half:]), scene) == (b"word " * 10_000, len(packed))


def test_a_coding_that_cannot_be_undone():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            with pytest.raises(ValueError, match="gzip: expected a body of this coding"):
                await response.read()
        return counted(lab)

    assert play(answering(ok(b"no", "Content-Encoding: gzip")), scene) == [("GET", "/", "200", "true")]


def test_a_coding_that_is_not_known_is_left_as_it_is():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            return await response.read()

    assert play(answering(ok(b"x", "Content-Encoding: lzw")), scene) == b"x"


def test_lines():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            return [line async for line in response.lines()]

    pieces = (b"on", b"e\r", b"\ntwo\n\nth\xc3", b"\xa9\n", b"last")
    answers = (CHUNKED, *map(chunk, pieces), b"0\r\n\r\n")
    assert play(answering(answers), scene) == ["one", "two", "", "thé", "last"]


def test_events():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            return [(event.type, event.data, event.id) async for event in response.events()]

    pieces = (b"data: a\nda", b"ta: b\n\nevent: x\nid: 7\ndata: c\n\ndata: cut")
    assert play(answering((CHUNKED, *map(chunk, pieces), b"0\r\n\r\n")), scene) == [
        ("message", "a\nb", ""),
        ("x", "c", "7"),
    ]


def test_an_event_above_the_limit():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            with pytest.raises(ValueError, match="at most 10 bytes"):
                [event async for event in response.events()]
        return True

    options = HttpOptions(limits=HttpLimits(event_bytes=10))
    assert play(answering(ok(b"data: " + b"x" * 20)), scene, options=options)


@pytest.mark.parametrize(("options", "given", "code"), [
    (None, {"max_body": 5}, 1712),
    (None, {"max_body": 6}, 0),
    (None, {"max_body": "5B"}, 1712),
    (None, {"max_body": "1KiB"}, 0),
    (HttpOptions(limits=HttpLimits(body_bytes=5)), {}, 0),
    (HttpOptions(limits=HttpLimits(body_bytes=5)), {"max_body": 6}, 0),
])  # fmt: skip
def test_the_most_that_a_body_may_have(options, given, code):
    async def scene(lab):
        async with lab.http.stream("GET", "/", **given) as response:
            await response.read()
        return response.error_code

    assert play(answering((CHUNKED, chunk(b"one"), chunk(b"two"), b"0\r\n\r\n")), scene, options=options) == code


@pytest.mark.parametrize("wrong", ["5 bytes", -1, 1.5, True, 1 << 80])
def test_a_wrong_most(wrong):
    async def scene(lab):
        with pytest.raises(ValueError, match=r"^max_body: expected bytes, from 0 to .*, found "):
            lab.http.stream("GET", "/", max_body=wrong)
        return lab.server.connections

    assert play(silence, scene) == 0


def test_a_call_that_is_entered_is_refused_and_given_up():
    async def scene(lab):
        with pytest.raises(TypeError, match=r"^write: response = await vu\.http\.get"):
            async with lab.http.get("/"):
                pass
        return lab.only()[0]["error_code"]

    assert play(silence, scene) == "1051"


def test_a_stream_that_is_awaited_is_refused_and_nothing_is_sent():
    async def scene(lab):
        with pytest.raises(TypeError, match=r"^write: async with vu\.http\.stream\(\.\.\.\) as response:$"):
            await lab.http.stream("GET", "/")
        return lab.server.connections

    assert play(silence, scene) == 0


def test_a_stream_that_is_left_holds_no_memory():
    """Until the collector of cycles comes: in a run that takes a while."""

    async def handler(peer: Peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 800_000)
        await peer.end()

    async def scene(lab):
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                async with lab.http.stream("GET", "/") as response:
                    await turns(20)
                del response
            return sum(type(one).__name__ in ("BodyStream", "HttpCall") for one in gc.get_objects())
        finally:
            gc.enable()

    assert play(handler, scene) == 0


NOT_FOLLOWED = {
    "a digest that was wrong": (b"HTTP/1.1 401 No\r\nContent-Length: 6\r\n\r\nreason", {"auth": DigestAuth("u", "p")}),
    "a scheme that is another": (b"HTTP/1.1 302 F\r\nLocation: ftp://a/\r\nContent-Length: 6\r\n\r\nreason", {}),
    "no time for a retry": (
        b"HTTP/1.1 503 No\r\nRetry-After: 9\r\nContent-Length: 6\r\n\r\nreason",
        {"retries": 1, "timeout": 5},
    ),
}


@pytest.mark.parametrize("case", NOT_FOLLOWED)
def test_an_answer_that_nothing_follows_after_all_has_its_body(case):
    head, options = NOT_FOLLOWED[case]

    async def scene(lab):
        async with lab.http.stream("GET", "/", **options) as response:
            return [piece async for piece in response.chunks()]

    assert play(answering((head[:-3], head[-3:])), scene) == [b"reason"]
