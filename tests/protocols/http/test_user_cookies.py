"""The cookies of a virtual user, from answers to requests."""

import ssl

import pytest
import trustme
from http_lab import answering, ok, play
from options_lab import client
from routes_lab import answer, received, routes

from surgeline._native.iteration import UserState
from surgeline.protocols.http.options import HttpOptions

SETS = ok(b"", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/deep", "Set-Cookie: c=3; Domain=elsewhere.test")
TABLE = {"/set": SETS, "/": ok(), "/deep/er": ok(), "/gone": ok(b"", "Set-Cookie: a=; Max-Age=0; Path=/")}


def cookies(lab):
    return [one.fields.get("cookie") for one in received(lab)]


def test_what_answers_set_goes_where_it_may():
    async def scene(lab):
        response = await lab.http.get("/set")
        assert response.cookies == {"a": "1", "b": "2", "c": "3"}
        assert dict(lab.http.cookies) == {"a": "1", "b": "2"}
        await lab.http.get("/")
        await lab.http.get("/deep/er")
        await lab.http.get(f"http://localhost:{lab.server.port}/")
        return cookies(lab)

    assert play(routes(TABLE), scene) == [None, "a=1", "b=2; a=1", None]


def test_two_users_do_not_share_them():
    async def scene(lab):
        other = client(lab, HttpOptions(), UserState())
        await lab.http.get("/set")
        await other.get("/")
        assert dict(other.cookies) == {}
        other.close()
        return cookies(lab)

    assert play(routes(TABLE), scene) == [None, None]


@pytest.mark.parametrize("keep", [False, True])
def test_an_iteration_begins_without_those_of_the_last(keep):
    async def scene(lab):
        await lab.http.get("/set")
        await lab.http.get("/")
        lab.user.iteration += 1
        await lab.http.get("/")
        assert dict(lab.http.cookies) == ({"a": "1", "b": "2"} if keep else {})
        lab.user.iteration += 1
        return cookies(lab), dict(lab.http.cookies) != {}

    expected = [None, "a=1", "a=1" if keep else None]
    assert play(routes(TABLE), scene, options=HttpOptions(keep_cookies=keep)) == (expected, keep)


def test_the_fast_path_is_taken_again_when_they_are_gone():
    async def scene(lab):
        plain = [lab.http.is_plain]
        await lab.http.get("/set")
        plain.append(lab.http.is_plain)
        await lab.http.get("/gone")
        await lab.http.get("/")
        plain.append(lab.http.is_plain)
        lab.http.cookies.clear()
        await lab.http.get("/")
        plain.append(lab.http.is_plain)
        lab.user.iteration += 1
        await lab.http.get("/set")
        lab.user.iteration += 1
        await lab.http.get("/")
        plain.append(lab.http.is_plain)
        return plain

    assert play(routes(TABLE | {"/": ok()}), scene) == [True, False, False, True, True]


def test_those_that_the_script_sets():
    async def scene(lab):
        lab.http.cookies.set("own", "x", domain="127.0.0.1")
        await lab.http.get("/")
        lab.http.cookies.delete("own")
        await lab.http.get("/")
        return cookies(lab)

    assert play(answering(ok()), scene) == ["own=x", None]


def test_a_jar_that_the_script_holds_on_to():
    async def scene(lab):
        jar = lab.http.cookies
        await lab.http.get("/")
        assert lab.http.is_plain
        jar.set("own", "x", domain="127.0.0.1")
        await lab.http.get("/")
        lab.user.iteration += 3
        await lab.http.get("/")
        assert (lab.http.is_plain, len(jar)) == (True, 0)
        jar.set("own", "y", domain="127.0.0.1")
        await lab.http.get("/")
        assert jar is lab.http.cookies
        return cookies(lab)

    assert play(answering(ok()), scene) == [None, "own=x", None, "own=y"]


def test_those_of_one_request():
    async def scene(lab):
        await lab.http.get("/set", cookies={"x": "1"})
        await lab.http.get("/", cookies={"a": "own", "x": "2"})
        await lab.http.get("/", cookies={})
        return [None if one is None else sorted(one.split("; ")) for one in cookies(lab)]

    assert play(routes(TABLE), scene) == [["x=1"], ["a=own", "x=2"], ["a=1"]]


def test_the_field_of_the_script_wins():
    async def scene(lab):
        await lab.http.get("/set")
        await lab.http.get("/", headers={"cookie": "mine"})
        with pytest.raises(ValueError, match="cookies: expected none beside a Cookie field"):
            lab.http.get("/", headers={"Cookie": "mine"}, cookies={"x": "1"})
        await lab.http.get("/", headers={"Cookie": ""})
        return cookies(lab)

    assert play(routes(TABLE), scene) == [None, "mine", None]


@pytest.mark.parametrize("over_tls", [False, True])
def test_secure_ones_go_over_https_alone(over_tls, monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    async def scene(lab):
        lab.http.cookies.set("own", "x", domain="127.0.0.1", secure=True)
        await lab.http.get("/")
        await lab.http.get("/")
        return cookies(lab)

    expected = ["own=x", "own=x; sid=7"] if over_tls else [None, None]
    assert play(answering(ok(b"", "Set-Cookie: sid=7; Secure")), scene, tls=tls if over_tls else None) == expected


def test_those_of_answers_that_failed_and_of_bodies_that_were_discarded():
    async def scene(lab):
        await lab.http.get("/a", discard_body=True)
        await lab.http.post("/b", data=b"x")
        await lab.http.head("/c")
        return cookies(lab)

    answers = answer(500, "Set-Cookie: a=1"), answer(404, "Set-Cookie: b=2"), ok()
    assert play(answering(*answers), scene) == [None, "a=1", "a=1; b=2"]


def test_with_a_body_and_with_a_file(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"file")

    async def scene(lab):
        await lab.http.get("/")
        await lab.http.post("/", data=b"bytes")
        await lab.http.post("/", data=path)
        await lab.http.post("/")
        return [(one.fields.get("cookie"), one.body) for one in received(lab)]

    assert play(answering(ok(b"", "Set-Cookie: a=1")), scene) == [
        (None, b""),
        ("a=1", b"bytes"),
        ("a=1", b"file"),
        ("a=1", b""),
    ]


@pytest.mark.parametrize("wrong", [5, "a=1", [("a", "1")], {"a": 1}, {"a b": "1"}, {"a": "x;y"}, {"a": "x\r\ny"}])
def test_what_no_cookie_field_can_hold(wrong):
    async def scene(lab):
        with pytest.raises((ValueError, TypeError), match="cookies: expected"):
            lab.http.get("/", cookies=wrong)
        return lab.server.connections

    assert play(answering(ok()), scene) == 0
