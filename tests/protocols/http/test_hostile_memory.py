"""Bodies that the memory there is does not hold: the request fails, once and in words, and the next one works.

In processes of their own, because the limit holds for all of one.
"""

import pytest
from hostile import run_program

PROGRAM = """
    import resource, sys
    from pathlib import Path
    from http_lab import assert_one_failure, ok, left_open, open_descriptors, play, turns
    from surgeline.metrics import names

    MEGABYTE = 2**20
    PIECE = bytes(MEGABYTE)
    LENGTH = b"Content-Length: %d"
    CHUNKED = b"Transfer-Encoding: chunked"
    UNTIL_CLOSE = b"Connection: close"

    def leave(megabytes):
        '''Let the process have so much more memory than it has.'''
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + megabytes * MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))

    def sending(framing, megabytes):
        async def handler(peer):
            while request := await peer.request():
                if b"/large" not in request:
                    await peer.send(ok(b"later"))
                    continue
                head = framing % (megabytes * MEGABYTE) if b"%d" in framing else framing
                peer.writer.write(b"HTTP/1.1 200 OK\\r\\n" + head + b"\\r\\n\\r\\n")
                for _ in range(megabytes):
                    if framing is CHUNKED:
                        peer.writer.write(b"100000\\r\\n" + PIECE + b"\\r\\n")
                    else:
                        peer.writer.write(PIECE)
                    await peer.writer.drain()
                if framing is CHUNKED:
                    peer.writer.write(b"0\\r\\n\\r\\n")
                elif framing is UNTIL_CLOSE:
                    return await peer.close()
        return handler

"""
FAILS = (
    PROGRAM
    + """
    async def scene(lab):
        before = open_descriptors()
        assert (await lab.http.get("/")).body == b"later"
        leave(40)
        response = await lab.http.get("/large", name="large")
        assert (response.status, response.body) == (0, b""), response
        assert "out of memory" in response.error, response.error
        assert (await lab.http.get("/")).body == b"later"
        counts = {tags["name"]: int(value.count) for tags, value in lab.series()}
        assert sorted(counts.values()) == [1, 2] and counts["large"] == 1, counts
        lab.http.close()
        await turns(40)
        assert await left_open(before) == set()
        print("own" if str(int(response.error_code)) in names.OWN_ERROR_CODES else "the server's")

    play(sending(globals()[sys.argv[1]], 100), scene)
"""
)
FRAMINGS = pytest.mark.parametrize("framing", ["LENGTH", "CHUNKED", "UNTIL_CLOSE"])


@FRAMINGS
def test_a_body_that_memory_does_not_hold(framing):
    done = run_program(FAILS, framing)
    assert (done.stdout in ("own\n", "the server's\n"), done.stderr) == (True, "")


def test_want_of_memory_is_our_own_fault():
    """It makes a run inconclusive, as want of descriptors does."""
    assert run_program(FAILS, "LENGTH").stdout == "own\n"


def test_however_much_memory_there_is_a_request_is_answered_or_fails():
    """The body is there once when it has been read, and twice when the script gets it."""
    program = (
        PROGRAM
        + """
    async def scene(lab):
        for megabytes in range(10, 100, 10):
            leave(megabytes)
            response = await lab.http.get("/large", name="large", timeout=30)
            assert response.status == 200 or "out of memory" in response.error, response.error
            del response
        assert (await lab.http.get("/")).body == b"later"
        print("survived")

    play(sending(LENGTH, 30), scene)
"""
    )
    done = run_program(program)
    assert (done.stdout, done.stderr) == ("survived\n", "")
