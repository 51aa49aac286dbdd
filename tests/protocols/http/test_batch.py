"""Several requests side by side."""

import asyncio

import pytest
from http_lab import Peer, ok, play, silence, turns
from options_lab import ServerAt
from routes_lab import counted, lines

from surgeline.protocols.http.options import HttpOptions


class Busy:
    """Answers each request with its path after some turns, and says how many were there at once."""

    def __init__(self):
        self.now = self.most = 0

    async def __call__(self, peer: Peer):
        while request := await peer.request():
            self.now += 1
            self.most = max(self.most, self.now)
            await turns(20)
            self.now -= 1
            await peer.send(ok(request.split(b" ")[1]))


@pytest.mark.parametrize(
    ("options", "count", "expected"),
    [
        ({}, 3, 3),
        ({}, 40, 6),
        ({"batch_per_host": 2}, 9, 2),
        ({"batch": 4}, 9, 4),
        ({"batch": 1}, 3, 1),
        ({"batch_per_host": 50}, 40, 20),
    ],
)
def test_limits_and_order(options, count, expected):
    async def scene(lab):
        responses = await lab.http.batch([f"/{number}" for number in range(count)])
        assert [one.text for one in responses] == [f"/{number}" for number in range(count)]
        assert sorted(lines(lab)) == sorted(f"GET /{number}" for number in range(count))
        return busy.most, lab.server.connections

    busy = Busy()
    assert play(busy, scene, options=HttpOptions(**options)) == (expected, expected)


def test_the_limit_of_a_host_holds_however_it_is_written():
    async def scene(lab):
        host = lab.server.url[7:]
        urls = ["/a", f"http://{host}/b", f"HTTP://{host}/c", f"http://u:p@{host}/d"]
        return [one.text for one in await lab.http.batch(urls)], busy.most

    busy = Busy()
    assert play(busy, scene, options=HttpOptions(batch_per_host=1)) == (["/a", "/b", "/c", "/d"], 1)


def test_each_host_has_its_own_limit_and_does_not_hold_up_others():
    async def scene(lab):
        async with ServerAt(other) as second:
            responses = await lab.http.batch([f"/{n}" for n in range(4)] + [f"{second.url}/{n}" for n in range(4)])
            return [one.text for one in responses], own.most, other.most

    own, other = Busy(), Busy()
    expected = [f"/{n}" for n in range(4)] * 2
    assert play(own, scene, options=HttpOptions(batch_per_host=2)) == (expected, 2, 2)


def test_entries_of_all_kinds():
    async def scene(lab):
        responses = await lab.http.batch(
            [
                "/a",
                ("PUT", "/b"),
                ("POST", "/c", {"data": b"x", "name": "c"}),
                {"url": "/d"},
                {"method": "delete", "url": "/e", "params": {"q": 1}},
            ]
        )
        assert [one.status for one in responses] == [200] * 5
        return sorted(lines(lab)), sorted((method, name) for method, name, *_ in counted(lab))

    sent, counts = play(Busy(), scene)
    assert sent == ["DELETE /e?q=1", "GET /a", "GET /d", "POST /c", "PUT /b"]
    assert counts == [("DELETE", "/e?q=1"), ("GET", "/a"), ("GET", "/d"), ("POST", "c"), ("PUT", "/b")]


def test_by_name():
    async def scene(lab):
        found = await lab.http.batch({"home": "/h", "api": ("GET", "/a")})
        return {name: one.text for name, one in found.items()}, list(found)

    assert play(Busy(), scene) == ({"home": "/h", "api": "/a"}, ["home", "api"])


def test_an_empty_batch():
    async def scene(lab):
        return await lab.http.batch([]), await lab.http.batch({}), lab.server.connections

    assert play(silence, scene) == ([], {}, 0)


def test_requests_that_fail_are_responses_among_the_others():
    async def scene(lab):
        responses = await lab.http.batch(["/a", "http://127.0.0.1:1/", "/b"])
        return [(one.status, one.error_code) for one in responses]

    assert play(Busy(), scene) == [(200, 0), (0, 1212), (200, 0)]


BAD = {
    "no url": ["/a", {"method": "GET"}],
    "too long": [("GET", "/a", {}, 1)],
    "a number": ["/a", 5],
    "a url that is none": ["/a", ("GET", 5)],
    "options that are none": [("GET", "/a", 5)],
    "text": "/a",
    "bytes": b"/a",
    "a number alone": 5,
    "by name": {"a": None},
    "a broken url": ["/a", "http://[::1/"],
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_entries_are_refused_before_anything_is_sent(bad):
    async def scene(lab):
        with pytest.raises((TypeError, ValueError), match=r"batch: expected|Invalid IPv6 URL|expected a URL"):
            lab.http.batch(BAD[bad])
        await turns(20)
        return lab.server.connections, lab.series()

    assert play(silence, scene) == (0, [])


def test_an_option_that_is_wrong_ends_those_that_were_sent_before_it():
    async def scene(lab):
        with pytest.raises(ValueError, match="redirects: expected"):
            lab.http.batch(["/a", ("GET", "/b", {"redirects": -1})])
        await turns(20)
        return lab.only()[0]["error_code"]

    assert play(silence, scene) == "1051"


def test_an_error_in_the_middle_ends_the_others():
    async def handler(peer: Peer):
        while request := await peer.request():
            if b" /quick " in request:
                await peer.send(ok())

    async def scene(lab):
        with pytest.raises(ValueError, match="redirects: expected"):
            await lab.http.batch(["/quick", "/slow", ("GET", "/bad", {"redirects": -1}), "/never"])
        await turns(20)
        return counted(lab), sorted(lines(lab))

    assert play(handler, scene, options=HttpOptions(batch=2)) == (
        [("GET", "/quick", "200", "true"), ("GET", "/slow", "0", "false")],
        ["GET /quick", "GET /slow"],
    )


@pytest.mark.parametrize("who", ["the script", "the run", "the end"])
def test_cancelled(who):
    async def scene(lab):
        async def wait():
            await lab.http.batch([f"/{n}" for n in range(5)])

        task = asyncio.ensure_future(wait())
        await turns(20)
        lab.user.interrupted = who == "the run"
        lab.http.close() if who == "the end" else task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await turns(20)
        return len(counted(lab)), lab.user.abandoned, len(lab.server.requests)

    counts = play(silence_after_reading, scene, options=HttpOptions(batch=2))
    assert counts == ((2, 0, 2) if who == "the script" else (0, 2, 2))


async def silence_after_reading(peer: Peer):
    while await peer.request():
        pass


def test_redirects_cookies_and_tries_within_a_batch():
    async def handler(peer: Peer):
        while request := await peer.request():
            moved = b"HTTP/1.1 302 X\r\nLocation: /end\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"
            await peer.send(ok(b"end") if b" /end " in request else moved)

    async def scene(lab):
        return [(one.text, len(one.history)) for one in await lab.http.batch(["/1", "/2", "/3"])]

    assert play(handler, scene) == [("end", 1)] * 3
