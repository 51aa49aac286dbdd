"""Each way a request can fail: a response that says why, exactly one sample, and later requests that work."""

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from http_lab import Peer, answering, assert_one_failure, free_port, get, ok, once, play, silence

from surgeline.metrics import names
from surgeline.protocols.http.errors import ErrorCode

HEAD = b"HTTP/1.1 200 OK\r\n"


def fails(handler, code, *, path="/", words="", **options):
    """A GET fails with a code; the next one, that the server answers as it should, does not."""

    async def misbehaving_once(peer: Peer):
        await (handler if peer.server.connections == 1 else answering(ok(b"later")))(peer)

    async def scene(lab):
        response = await lab.http.get(path, **options)
        await assert_one_failure(lab, response, code)
        assert words in response.error
        assert (await lab.http.get("/")).body == b"later"
        assert lab.server.connections == 2

    play(misbehaving_once, scene)


def fails_elsewhere(url, code, **options):
    async def scene(lab):
        response = await lab.http.get(url, **options)
        await assert_one_failure(lab, response, code)
        assert (await lab.http.get("/")).status == 200
        return response

    return play(answering(ok()), scene)


def test_refused():
    response = fails_elsewhere(f"http://127.0.0.1:{free_port()}/", 1212)
    assert response.error == "connection refused"
    assert response.blocked_ns >= response.connecting_ns > 0
    assert response.timings.duration == 0


def test_unknown_host():
    assert fails_elsewhere("http://something.invalid/", 1101).error.startswith("unknown host: ")


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_a_host_that_cannot_be_a_name(host):
    fails_elsewhere(f"http://{host}/", 1101)


def test_a_lookup_that_takes_too_long(monkeypatch):
    async def scene(lab):
        async def getaddrinfo(*_arguments, **_options):
            await asyncio.Event().wait()

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        response = await lab.http.get("http://h.test/", timeout=0.01)
        await assert_one_failure(lab, response, 1100)
        return response.error

    assert play(None, scene) == "name lookup failed: timed out"


def test_connecting_takes_too_long():
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        assert fails_elsewhere(url, 1211, timeout=0.05).error == "connecting timed out"


def test_the_answer_takes_too_long():
    fails(silence, 1050, timeout=0.01, words="request timed out")


def test_the_rest_of_the_answer_takes_too_long():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(HEAD + b"Content-Length: 5\r\n\r\n", b"hel")
        await peer.end()

    fails(handler, 1050, timeout=0.02)


def test_each_call_has_its_own_time():
    """The shortest is not always the last, nor the first."""

    async def scene(lab):
        timeouts = [60, 0.03, 50, 0.01, 0.02, 40]
        ended = []

        async def one(timeout):
            response = await lab.http.get("/", timeout=timeout)
            ended.append((timeout, response.error_code))

        tasks = [asyncio.create_task(one(timeout)) for timeout in timeouts]
        await asyncio.wait(tasks[1:2])
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return ended

    assert play(silence, scene) == [(0.01, 1050), (0.02, 1050), (0.03, 1050)]


def test_time_limits_that_are_met_leave_no_timers_behind():
    async def scene(lab):
        for _ in range(50):
            await lab.http.get("/", timeout=60)
            response = await lab.http.get("/silent", timeout=0.001)
            assert response.error_code == 1050
        return lab.http

    async def handler(peer: Peer):
        while request := await peer.request():
            if b"/silent" not in request:
                await peer.send(ok())

    # The poller's heap holds a reference for each timer; `play` has dropped its own by now.
    assert sys.getrefcount(play(handler, scene)) < 20


def test_reset():
    async def handler(peer: Peer):
        await peer.request()
        peer.reset()

    fails(handler, 1220, words="reset by the server")


def test_reset_in_the_middle():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(HEAD + b"Content-Length: 5\r\n\r\nhel")
        peer.reset()

    fails(handler, 1220)


GARBAGE = {
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "no line end": b"\0\1\2",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "a line that is no field": HEAD + b"nonsense\r\n\r\n",
    "both lengths": HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a length beyond numbers": HEAD + b"Content-Length: 99999999999999999999\r\n\r\n",
    "a chunk that is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a coding we do not know": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
}


@pytest.mark.parametrize("case", GARBAGE)
def test_garbage(case):
    fails(answering(GARBAGE[case]), 1710, words="malformed response: ")


TOO_LARGE_HEADS = {
    "one field": HEAD + b"A: " + b"x" * 300_000,
    "many fields": HEAD + b"A: b\r\n" * 300,
    "interim ones without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 30,
    "a status line without end": HEAD[:-2] + b"x" * 300_000,
}


@pytest.mark.parametrize("case", TOO_LARGE_HEADS)
def test_head_too_large(case):
    fails(answering(TOO_LARGE_HEADS[case]), 1711)


def test_body_too_large():
    fails(answering(HEAD + b"Content-Length: %d\r\n\r\n" % (2**27 + 1)), 1712)


def test_a_chunk_too_large():
    fails(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n8000001\r\n"), 1712)


@pytest.mark.parametrize(
    "answer",
    [ok(b"hello", "A: b"), HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
    ids=["counted", "chunked"],
)
def test_closed_early_at_every_byte(answer):
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(answer[: peer.server.connections - 1])
        await peer.close()

    async def scene(lab):
        return [await lab.http.get("/") for _ in answer], lab.series()

    responses, series = play(handler, scene)
    assert {(r.status, r.error_code, r.body, r.head) for r in responses} == {(0, 1221, b"", b"")}
    assert responses[0].error == "the server closed the connection without an answer"
    assert {r.error for r in responses[1:]} == {"the server closed the connection before the response was complete"}
    assert sum(value.count for _, value in series) == len(answer)
    assert {tags["error"]: value.count for tags, value in series} == {
        responses[0].error: 1,
        responses[1].error: len(answer) - 1,
    }


def test_errors_of_one_code_are_told_apart():
    async def scene(lab):
        errors = [(await lab.http.get("/")).error for _ in range(4)]
        return errors, {tags["error"]: value.count for tags, value in lab.series()}

    async def handler(peer: Peer):
        await peer.request()
        await peer.send(HEAD + b"nonsense\r\n\r\n" if peer.server.connections % 2 else b"SSH-2.0\r\n")
        await peer.end()

    errors, counts = play(handler, scene)
    assert counts == dict.fromkeys(errors, 2)
    assert len(counts) == 2


def test_a_failure_counts_the_bytes_that_went_and_came():
    async def scene(lab):
        await lab.http.get("/")
        (request,) = lab.server.requests
        return lab.only(names.DATA_SENT)[1].count - len(request), lab.only(names.DATA_RECEIVED)[1].count

    assert play(once(b"HTTP/1.1 20"), scene) == (0, 11)


def test_a_server_that_closes_before_it_reads():
    async def handler(peer: Peer):
        peer.reset()

    async def scene(lab):
        response = await lab.http.get("/")
        return response.status, response.error_code

    status, code = play(handler, scene)
    assert status == 0
    assert code in (1201, 1220)  # whether the request was already out is the kernel's business


def test_no_descriptor_left():
    """In a process of its own, because the limit holds for all of it."""
    program = """
        import resource
        from http_lab import answering, assert_one_failure, ok, open_descriptors, play

        async def scene(lab):
            assert (await lab.http.get("/")).status == 200
            lowest = max(open_descriptors()) + 1
            resource.setrlimit(resource.RLIMIT_NOFILE, (len(open_descriptors()), 20000))
            busy = lab.http.get("/")
            response = await lab.http.get("/")
            assert (response.status, response.error_code) == (0, 1218), response
            assert "no file descriptor left" in response.error
            assert lab.user.connect_failures == 1
            assert (await busy).status == 200
            assert (await lab.http.get("/")).status == 200
            assert lab.user.connect_failures == 0
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 20, 20000))
            counts = {tags["status"]: value.count for tags, value in lab.series()}
            assert counts == {"200": 3, "0": 1}, counts
            print("done")

        play(answering(ok()), scene)
    """
    here = str(Path(__file__).parent)
    path = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_failures_to_connect_are_counted_until_something_is_answered():
    async def scene(lab):
        for url in (f"http://127.0.0.1:{free_port()}/", f"http://{'a' * 64}/"):
            await lab.http.get(url)
        before = lab.user.connect_failures
        await lab.http.get("/")
        return before, lab.user.connect_failures

    assert play(answering(ok()), scene) == (2, 0)


def test_a_response_that_fails_does_not_end_the_others():
    async def scene(lab):
        good = f"{lab.server.url}/"
        bad = f"http://127.0.0.1:{free_port()}/"
        responses = await asyncio.gather(*(lab.http.get(url) for url in (good, bad, good, bad)))
        return [response.status for response in responses]

    assert play(answering(ok()), scene) == [200, 0, 200, 0]


def test_the_scene_helper_itself_sees_a_good_answer():
    assert play(answering(ok(b"x")), get()).body == b"x"


def test_the_codes_of_our_own_failures_are_the_ones_that_make_a_run_inconclusive():
    assert {str(int(code)) for code in (ErrorCode.NO_MEMORY, ErrorCode.NO_DESCRIPTOR, ErrorCode.NO_PORT)} == set(
        names.OWN_ERROR_CODES
    )
