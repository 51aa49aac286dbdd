"""Redirects: where a call goes next and with what, as RFC 9110 15.4 and Go's client, thus k6, have it."""

import asyncio
import ssl

import pytest
import trustme
from http_lab import Peer, ok, play, silence, turns
from options_lab import ServerAt
from routes_lab import answer, counted, lines, one_by_one, read, received, routes

from surgeline.protocols.http.auth import BasicAuth, BearerAuth, DigestAuth
from surgeline.protocols.http.options import HttpLimits, HttpOptions

BODY = b'{"x":1}'


def to(location: str, status: int = 302, body: bytes = b"") -> bytes:
    return answer(status, f"Location: {location}", body=body)


def going_on(method: str, status: int) -> tuple[str, bool]:
    """Return the method that follows, and whether the body goes along."""
    if status in {307, 308}:
        return method, True
    return ("HEAD" if method == "HEAD" else "GET"), False


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("body", [None, b"", BODY])
def test_the_method_and_the_body_that_follow(status, method, body):
    async def scene(lab):
        own = {"Content-Type": "text/x", "Content-Language": "en", "X-Own": "1", "Content-Encoding": ""}
        response = await lab.http.request(method, "/a", data=body, headers=own)
        assert (response.status, response.url, len(response.history)) == (200, lab.server.url + "/b", 1)
        assert (response.history[0].status, response.history[0].url) == (status, lab.server.url + "/a")
        return [one._asdict() for one in received(lab)], lab.server.connections, counted(lab)

    heads = {"/a": to("/b", status), "/b": answer(200)}
    (first, second), connections, counts = play(routes(heads), scene)
    expected, keeps_body = going_on(method, status)
    has_length = "content-length" in first["fields"]
    assert first["line"] == f"{method} /a HTTP/1.1"
    assert second["line"] == f"{expected} /b HTTP/1.1"
    assert second["body"] == ((body or b"") if keeps_body else b"")
    assert ("content-length" in second["fields"]) == (keeps_body and has_length)
    assert ("content-type" in second["fields"]) == ("content-language" in second["fields"]) == keeps_body
    assert (second["fields"]["x-own"], second["fields"]["host"]) == ("1", first["fields"]["host"])
    assert connections == 1
    assert counts == sorted([(method, "/a", str(status), "true"), (expected, "/b", "200", "true")])


LOCATIONS = {
    "absolute": ("{}/x/y?q=1", "/x/y?q=1"),
    "absolute path": ("/x", "/x"),
    "relative": ("x", "/dir/x"),
    "upwards": ("../x/./y", "/x/y"),
    "too far upwards": ("../../../x", "/x"),
    "query alone": ("?b=2", "/dir/page?b=2"),
    "without a scheme": ("//{host}/x", "/x"),
    "scheme in capitals": ("HTTP://{host}/x", "/x"),
    "fragment": ("/x?q#part", "/x?q"),
    "fragment alone": ("#part", "/dir/page?a=1"),
    "space": ("/a b?c d", "/a%20b?c%20d"),
    "escaped": ("/a%20b%2Fc?d%26e", "/a%20b%2Fc?d%26e"),
    "utf-8": ("/é".encode().decode("latin-1"), "/%C3%A9"),
    "latin-1": ("/é", "/%E9"),
    "a tab inside": ("/a\tb", "/ab"),
    "spaces around": ("   /x  ", "/x"),
    "a URL in the query": ("/x?next=http://h/", "/x?next=http://h/"),
    "path with a colon": ("/a:b", "/a:b"),
    "user and password": ("http://u:p@{host}/x", "/x"),
}


@pytest.mark.parametrize("case", LOCATIONS)
def test_where_a_location_points_to(case):
    location, expected = LOCATIONS[case]

    async def handler(peer: Peer):
        await peer.request()
        await peer.send(to(location.replace("{}", peer.server.url).replace("{host}", peer.server.url[7:])))
        await peer.request()
        await peer.send(ok())

    async def scene(lab):
        response = await lab.http.get("/dir/page?a=1")
        assert (response.status, response.url, lab.notes) == (200, lab.server.url + expected, [])
        return received(lab)[1]

    sent = play(handler, scene)
    assert sent.line == f"GET {expected} HTTP/1.1"
    assert sent.fields.get("authorization") == ("Basic dTpw" if case == "user and password" else None)


@pytest.mark.parametrize(
    "location",
    [
        "ftp://127.0.0.1/x",
        "javascript:alert(1)",
        "mailto:a@b.c",
        "http://",
        "http://[::1",
        "http://h:x/",
        "http://h:99999/",
        "https:///x",
        "//[::1",
    ],
)
def test_a_location_that_cannot_be_gone_to_is_returned_as_it_is_and_noted_once(location):
    async def scene(lab):
        for _ in range(3):
            response = await lab.http.get("/a")
            assert (response.status, response.ok, response.body, response.history) == (302, True, b"see", ())
        assert counted(lab) == [("GET", "/a", "302", "true")] * 3
        return lab.notes, lab.server.connections

    (note,), connections = play(routes({"/a": to(location, body=b"see")}), scene)
    assert note.startswith(f"A redirect to {location!r} could not be followed, so it was returned as it is: ")
    assert connections == 1


@pytest.mark.parametrize(
    "plain", [answer(302), to(""), to("/b", 300), to("/b", 304), to("/b", 305), to("/b", 201), to("/b", 200)]
)
def test_what_is_no_redirect(plain):
    async def scene(lab):
        response = await lab.http.get("/a")
        return response.history, lab.notes, lines(lab)

    if plain.startswith(b"HTTP/1.1 304"):
        plain = plain.replace(b"Content-Length: 0\r\n", b"")
    assert play(routes({"/a": plain}), scene) == ((), [], ["GET /a"])


def test_of_two_locations_the_first_counts():
    async def scene(lab):
        return (await lab.http.get("/a")).url.removeprefix(lab.server.url), lab.notes

    assert play(routes({"/a": answer(302, "Location: /b", "Location: /c"), "/b": ok()}), scene) == ("/b", [])


@pytest.mark.parametrize(("given", "followed"), [({"redirects": 0}, 0), ({"redirects": 1}, 1), ({}, 10)])
def test_the_limit_returns_the_last_redirect_and_is_noted_once(given, followed):
    async def scene(lab):
        for _ in range(2):
            response = await lab.http.get("/loop", **given)
            assert (response.status, response.body, len(response.history)) == (302, b"last", followed)
            assert all(one.status == 302 for one in response.history)
        assert counted(lab) == [("GET", "/loop", "302", "true")] * 2 * (followed + 1)
        return lab.notes, lab.server.connections

    notes, connections = play(routes({"/loop": to("/loop", body=b"last")}), scene)
    assert connections == 1
    assert len(notes) == (followed > 0)
    assert all(f"redirected more than {followed} times" in note and "'/loop'" in note for note in notes)


def test_the_limit_of_the_run_and_the_one_of_a_request():
    async def scene(lab):
        return [len((await lab.http.get("/loop", **one)).history) for one in ({}, {"redirects": 3}, {"redirects": 0})]

    assert play(routes({"/loop": to("/loop")}), scene, options=HttpOptions(redirects=1)) == [1, 3, 0]


def test_a_chain_of_methods():
    async def scene(lab):
        response = await lab.http.post("/a", data=BODY)
        assert [one.status for one in response.history] == [308, 307, 303]
        return lines(lab), [one.body for one in received(lab)]

    table = {"/a": to("/b", 308), "/b": to("/c", 307), "/c": to("/d", 303), "/d": ok()}
    assert play(routes(table), scene) == (["POST /a", "POST /b", "POST /c", "GET /d"], [BODY, BODY, BODY, b""])


# Who asks


CREDENTIALS = {
    "headers": ({"headers": {"AUTHORIZATION": "secret"}}, {"authorization": "secret"}),
    "basic": ({"auth": ("u", "p")}, {"authorization": "Basic dTpw"}),
    "bearer": ({"auth": BearerAuth("t")}, {"authorization": "Bearer t"}),
    "proxy": ({"headers": {"Proxy-Authorization": "secret"}}, {"proxy-authorization": "secret"}),
    "cookie field": ({"headers": {"cookie": "a=b"}}, {"cookie": "a=b"}),
    "cookies": ({"cookies": {"a": "b"}}, {"cookie": "a=b"}),
    "host": ({"headers": {"Host": "other.test"}}, {"host": "other.test"}),
}


@pytest.mark.parametrize("case", CREDENTIALS)
@pytest.mark.parametrize("status", [302, 307])
def test_what_proves_who_asks_goes_within_an_origin_and_no_further(case, status):
    options, expected = CREDENTIALS[case]

    async def scene(lab):
        async with ServerAt(routes({"/c": to("/d"), "/d": ok()})) as other:
            table["/b"] = to(f"{other.url}/c", status)
            await lab.http.get("/a", **options | {"headers": {**options.get("headers", {}), "X-Own": "1"}})
            return received(lab), [read(one) for one in other.requests], other.url[7:]

    table = {"/a": to("/b", status)}
    own, others, host = play(routes(table), scene)
    assert (len(own), len(others)) == (2, 2)
    for name, value in expected.items():
        assert [one.fields.get(name) for one in own] == [value, value]
        assert [one.fields.get(name) for one in others] == ([host] * 2 if name == "host" else [None, None])
    assert all(one.fields["x-own"] == "1" for one in (*own, *others))


def test_user_and_password_of_a_url_stay_with_its_origin():
    async def scene(lab):
        host = lab.server.url[7:]
        await lab.http.get(f"http://u:p@{host}/a")
        table["/b"] = to(f"http://localhost:{lab.server.port}/c")
        await lab.http.get(f"http://u:p@{host}/a")
        return [one.fields.get("authorization") for one in received(lab)]

    table = {"/a": to("/b"), "/b": ok(), "/c": ok()}
    assert play(routes(table), scene) == ["Basic dTpw"] * 4 + [None]


def test_another_origin_does_not_learn_a_hash_of_the_password():
    async def scene(lab):
        response = await lab.http.get("/a", auth=DigestAuth("u", "p"))
        assert (response.status, response.ok) == (401, False)
        return [one.fields.get("authorization") for one in received(lab)]

    async def handler(peer: Peer):
        while request := await peer.request():
            if b"GET /a" in request:
                await peer.send(to(f"http://localhost:{peer.server.port}/b"))
            else:
                await peer.send(answer(401, 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'))

    assert play(handler, scene) == [None, None]


def test_from_https_to_http_of_the_same_host(monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    async def scene(lab):
        async with ServerAt(routes({"/b": ok()})) as plain:
            cookies = ["Set-Cookie: s=1; Secure; Path=/", "Set-Cookie: p=2; Path=/"]
            table["/a"] = answer(302, f"Location: {plain.url}/b", *cookies)
            response = await lab.http.get("/a", cookies={"mine": "1"}, auth=BasicAuth("u", "p"))
            assert response.url == f"{plain.url}/b"
            (sent,) = plain.requests
            return read(sent).fields

    table = {}
    fields = play(routes(table), scene, tls=tls)
    assert (fields.get("authorization"), fields["cookie"]) == (None, "p=2")


def test_cookies_that_a_redirect_sets_go_with_the_next_hop():
    async def scene(lab):
        await lab.http.get("/login", cookies={"own": "1"})
        return [one.fields.get("cookie") for one in received(lab)]

    table = {"/login": answer(302, "Location: /home", "Set-Cookie: sid=7"), "/home": ok()}
    first, second = play(routes(table), scene)
    assert first == "own=1"
    assert sorted(second.split("; ")) == ["own=1", "sid=7"]


def test_a_name_and_tags_are_for_all_hops():
    async def scene(lab):
        await lab.http.get("/a", name="login", tags={"kind": "k"}, expect=[200, 302])
        keys = ("name", "kind", "status", "expected_response")
        return sorted(tuple(tags[key] for key in keys) for tags, _ in lab.series())

    assert play(routes({"/a": to("/b"), "/b": ok()}), scene) == [
        ("login", "k", "200", "true"),
        ("login", "k", "302", "true"),
    ]


# Bodies from a source


def test_a_file_is_sent_again(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"z" * 200_000)

    async def scene(lab):
        response = await lab.http.put("/a", data=path)
        return response.status, [one.body == path.read_bytes() for one in received(lab)]

    assert play(routes({"/a": to("/b", 307), "/b": ok()}), scene) == (200, [True, True])


def test_a_generator_is_not_sent_again_but_dropped_where_no_body_follows():
    async def handler(peer: Peer):
        while head := await peer.request():
            line = read(head).line
            if "transfer-encoding" in read(head).fields:
                assert await peer.reader.readuntil(b"0\r\n\r\n") == b"3\r\nabc\r\n0\r\n\r\n"
            await peer.send(ok() if " /b " in line else to("/b", 307 if " /kept " in line else 303))

    async def scene(lab):
        for _ in range(2):
            kept = await lab.http.post("/kept", data=iter([b"ab", b"c"]))
            assert (kept.status, kept.history) == (307, ())
        dropped = await lab.http.post("/dropped", data=iter([b"ab", b"c"]))
        assert (dropped.status, len(dropped.history)) == (200, 1)
        return lab.notes, lab.server.connections

    (note,), connections = play(handler, scene)
    assert "/kept could not be sent again, so its answer was returned" in note
    assert connections == 1


def test_a_redirect_while_the_body_is_still_sent(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"z" * 20_000_000)

    async def handler(peer: Peer):
        head = await peer.reader.readuntil(b"\r\n\r\n")
        if b" /a " in head:
            await peer.send(to("/b", 303))
            await peer.end()
        else:
            await peer.send(ok(b"seen"))

    async def scene(lab):
        response = await lab.http.post("/a", data=path)
        return response.body, len(response.history), lab.server.connections

    assert play(handler, scene) == (b"seen", 1, 2)


# Time, cancellation, the end


async def slow_second(peer: Peer):
    while request := await peer.request():
        if b" /a " in request:
            await peer.send(to("/b"))


def test_the_timeout_is_for_all_hops():
    async def scene(lab):
        response = await lab.http.get("/a", timeout=0.05)
        assert (response.status, response.error_code, len(response.history)) == (0, 1050, 1)
        return counted(lab)

    assert play(slow_second, scene) == [("GET", "/a", "302", "true"), ("GET", "/b", "0", "false")]


@pytest.mark.parametrize("who", ["the script", "the run", "the end"])
def test_cancelled_in_the_second_hop(who):
    async def scene(lab):
        call = lab.http.get("/a")
        while len(lab.server.requests) < 2:
            await turns()
        lab.user.interrupted = who == "the run"
        lab.http.close() if who == "the end" else call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return counted(lab), lab.user.abandoned, lab.series()[-1][0].get("error_code")

    counts, abandoned, code = play(slow_second, scene)
    if who == "the script":
        assert counts == [("GET", "/a", "302", "true"), ("GET", "/b", "0", "false")]
        assert (abandoned, code) == (0, "1051")
    else:
        assert (counts, abandoned) == ([("GET", "/a", "302", "true")], 1)


def test_a_second_hop_that_is_refused():
    async def scene(lab):
        response = await lab.http.get("/a")
        return response.error_code, len(response.history), response.url

    assert play(routes({"/a": to("http://127.0.0.1:1/b")}), scene) == (1212, 1, "http://127.0.0.1:1/b")


def test_a_redirect_larger_than_the_limit_fails_and_is_not_followed():
    async def scene(lab):
        response = await lab.http.get("/a")
        return response.error_code, response.history, lines(lab)

    options = HttpOptions(limits=HttpLimits(body_bytes=10))
    assert play(routes({"/a": to("/b", body=b"x" * 11)}), scene, options=options) == (1712, (), ["GET /a"])


def test_a_redirect_that_closes_its_connection():
    async def scene(lab):
        return (await lab.http.get("/a")).status, lab.server.connections

    table = {"/a": answer(302, "Location: /b", "Connection: close"), "/b": ok()}
    assert play(routes(table), scene) == (200, 2)


def test_redirects_side_by_side():
    async def scene(lab):
        responses = await asyncio.gather(*(lab.http.get(f"/{n}") for n in range(8)))
        return [(one.text, len(one.history)) for one in responses], lab.server.connections

    table = {f"/{n}": to(f"/end/{n}") for n in range(8)} | {f"/end/{n}": ok(b"%d" % n) for n in range(8)}
    assert play(routes(table), scene) == ([(str(n), 1) for n in range(8)], 8)


def test_a_discarded_and_a_streamed_answer_after_a_redirect():
    async def scene(lab):
        discarded = await lab.http.get("/a", discard_body=True)
        async with lab.http.stream("GET", "/a") as streamed:
            body = await streamed.read()
        return discarded.size, discarded.body, len(discarded.history), body, [one.status for one in streamed.history]

    assert play(routes({"/a": to("/b", body=b"gone"), "/b": ok(b"here")}), scene) == (4, b"", 1, b"here", [302])


def test_a_retried_hop_after_a_redirect():
    async def scene(lab):
        response = await lab.http.get("/a", retries=1)
        return response.status, response.retries, [one.status for one in response.history], lines(lab)

    table = {"/a": to("/b"), "/b": one_by_one(answer(503, "Retry-After: 0"), ok())}
    assert play(routes(table), scene) == (200, 1, [302, 503], ["GET /a", "GET /b", "GET /b"])


def test_silence_is_no_redirect():
    async def scene(lab):
        return (await lab.http.get("/a", timeout=0.02)).history

    assert play(silence, scene) == ()
