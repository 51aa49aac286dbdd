"""What a script sees of a response."""

import pytest
from http_lab import answering, free_port, get, ok, play

from surgeline.protocols.http.response import Headers, HTTPError, Response


def respond(body=b"", *fields, status="200 OK") -> Response:
    answer = ok(body, *fields).replace(b"200 OK", status.encode(), 1)
    return play(answering(answer), get("/path"))


def refused() -> Response:
    return play(None, get(f"http://127.0.0.1:{free_port()}/"))


def test_headers_are_a_mapping_in_any_case():
    headers = Headers(b"Content-Type: text/plain\r\nX-Two:  a \t\r\nx-two: b\r\nEmpty:\r\nColon: a:b\r\n")
    assert dict(headers) == {"Content-Type": "text/plain", "X-Two": "a, b", "Empty": "", "Colon": "a:b"}
    assert headers["CONTENT-TYPE"] == "text/plain"
    assert headers.get_all("X-TWO") == ["a", "b"]
    assert headers.get_all("missing") == []
    assert headers.get("missing") is None
    assert ("empty" in headers, "missing" in headers, 5 in headers, len(headers)) == (True, False, False, 4)
    with pytest.raises(KeyError, match="missing"):
        headers["missing"]


def test_headers_keep_every_latin_1_character():
    assert Headers("A: \xa0ü\x85\r\n".encode("latin-1"))["a"] == "\xa0ü\x85"


def test_headers_are_made_once():
    response = respond(b"", "A: b")
    assert response.headers is response.headers
    assert response.headers["a"] == "b"


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (None, "ü".encode(), "ü"),
        ("text/plain", b"\xff", "\ufffd"),
        ("text/plain; charset=latin-1", b"\xfc", "ü"),
        ('text/plain; Charset="ISO-8859-1"; x=y', b"\xfc", "ü"),
        ("text/plain; charset=utf-16", "ü".encode("utf-16"), "ü"),
        ("text/plain; charset=", "ü".encode(), "ü"),
        ("text/plain; charset=nonsense", "ü".encode(), "ü"),
        ("text/plain; charset=hex", b"6162", "6162"),
        ("text/plain; charset=idna", b"ab", "ab"),
        ("text/plain; charset=undefined", b"ab", "ab"),
    ],
)
def test_text(content_type, body, text):
    fields = [] if content_type is None else [f"Content-Type: {content_type}"]
    assert respond(body, *fields).text == text


def test_json():
    assert respond(b'{"a": [1, null, "\xc3\xbc"]}').json() == {"a": [1, None, "ü"]}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff", b"[" * 100_000, b"1 2", b"NaN"])
def test_json_that_is_none_is_a_value_error(body):
    with pytest.raises(ValueError, match="JSON"):
        respond(body).json()


def test_the_json_error_says_which_request_and_what_came():
    with pytest.raises(ValueError, match=r"<Response 200 http://.*/path>: expected JSON, found b'<html>'"):
        respond(b"<html>").json()
    with pytest.raises(ValueError, match="and 940 more bytes"):
        respond(b"x" * 1000).json()
    with pytest.raises(ValueError, match="connection refused"):
        refused().json()


@pytest.mark.parametrize(("status", "ok"), [("200 OK", True), ("302 Found", True), ("404 Not Found", False)])
def test_ok_and_raise_for_status(status, ok):
    response = respond(status=status)
    assert response.ok is ok
    if ok:
        assert response.raise_for_status() is response
        return
    with pytest.raises(HTTPError, match=r"http://.*/path: status 404") as caught:
        response.raise_for_status()
    assert caught.value.response is response


def test_raise_for_status_of_a_failed_request_says_why():
    with pytest.raises(HTTPError, match="connection refused"):
        refused().raise_for_status()


def test_repr():
    assert repr(respond()).startswith("<Response 200 http://127.0.0.1:")
    assert repr(refused()).startswith("<Response connection refused http://127.0.0.1:")


def test_a_failed_response_has_all_its_parts():
    response = refused()
    assert (response.headers, response.text, response.body, response.head) == ({}, "", b"", b"")


def test_the_url_is_the_one_that_was_asked_for():
    async def scene(lab):
        return (await lab.http.get("/a?b=c#d", params={"e": "f"})).url, lab.server.url

    url, base = play(answering(ok()), scene)
    assert url == f"{base}/a?b=c&e=f"


def test_timings_in_milliseconds_add_up():
    response = respond(b"body")
    timings = response.timings
    assert timings.duration == pytest.approx(timings.sending + timings.waiting + timings.receiving)
    assert timings.blocked * 1e6 == pytest.approx(response.blocked_ns)
    assert 0 < timings.connecting <= timings.blocked
    assert timings.tls_handshaking == 0
