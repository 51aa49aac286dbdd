"""The exact bytes of requests, and what is refused before anything is sent."""

import asyncio
import os

import pytest
from http_lab import Lab, answering, has_ipv6, ok, open_descriptors, play

AGENT = b"User-Agent: surgeline\r\nAccept: */*\r\n"


def sent(send, base_url=None):
    """Return the bytes of the request that `send(http)` makes, with the server's address shown as HOST."""

    async def scene(lab: Lab):
        response = await send(lab.http)
        assert response.status == 200
        (request,) = lab.server.requests
        return request.replace(f"127.0.0.1:{lab.server.port}".encode(), b"HOST")

    return play(answering(ok()), scene, base_url=base_url)


@pytest.mark.parametrize("method", ["get", "delete", "head", "options"])
def test_a_method_without_a_body(method):
    expected = method.upper().encode() + b" /path HTTP/1.1\r\nHost: HOST\r\n" + AGENT + b"\r\n"
    assert sent(lambda http: getattr(http, method)("/path")) == expected


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_method_that_has_a_body_says_so_when_it_is_empty(method):
    expected = method.upper().encode() + b" / HTTP/1.1\r\nHost: HOST\r\n" + AGENT + b"Content-Length: 0\r\n\r\n"
    assert sent(lambda http: getattr(http, method)("/")) == expected


@pytest.mark.parametrize(
    ("method", "expected"), [("TRACE", b"TRACE"), ("get", b"GET"), ("M-SEARCH", b"M-SEARCH"), ("Post", b"POST")]
)
def test_request_takes_any_method_in_any_case(method, expected):
    assert sent(lambda http: http.request(method, "/")).startswith(expected + b" / HTTP/1.1\r\n")


def test_a_head_request_in_small_letters_expects_no_body():
    async def scene(lab):
        first = await lab.http.request("head", "/")
        return first, await lab.http.get("/")

    head, after = play(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ok(b"after")), scene)
    assert (head.body, after.body) == (b"", b"after")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "b": [True, None, "ü"]}, '{"a":1,"b":[true,null,"ü"]}'.encode()),
        ([], b"[]"),
        (0, b"0"),
        (False, b"false"),
        ("", b'""'),
    ],
)
def test_json(value, expected):
    request = sent(lambda http: http.post("/", json=value))
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == expected
    assert head.endswith(b"Content-Type: application/json\r\nContent-Length: %d" % len(expected))


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"\x00\xff", b"\x00\xff"),
        ("grün", "grün".encode()),
        (b"", b""),
        ("", b""),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abc")[1:], b"bc"),
    ],
)
def test_data_goes_as_it_is_and_without_a_type(data, body):
    request = sent(lambda http: http.put("/", data=data))
    assert request == b"PUT / HTTP/1.1\r\nHost: HOST\r\n" + AGENT + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def test_a_mapping_is_sent_as_a_form():
    request = sent(lambda http: http.post("/", data={"name": "Ada & Bob", "tag": ["x", "y"], "none": None, "n": 1}))
    assert b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 32\r\n" in request
    assert request.endswith(b"\r\n\r\nname=Ada+%26+Bob&tag=x&tag=y&n=1")


def test_a_get_may_have_a_body():
    assert sent(lambda http: http.get("/", json={})).endswith(b"Content-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    ("url", "params", "target"),
    [
        ("/p", {"a": 1, "b": "x y", "c": ["1", "2"]}, b"/p?a=1&b=x+y&c=1&c=2"),
        ("/p?a=1", {"b": "ü&="}, b"/p?a=1&b=%C3%BC%26%3D"),
        ("/p", [("a", 1), ("a", 2)], b"/p?a=1&a=2"),
        ("/p", {"a": None, "b": 2}, b"/p?b=2"),
        ("/p", {}, b"/p"),
        ("/p#part", {"a": 1}, b"/p?a=1"),
    ],
)
def test_params(url, params, target):
    assert sent(lambda http: http.get(url, params=params)).split(b" ")[1] == target


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-One": "1"}, b"Host: HOST\r\n" + AGENT + b"X-One: 1\r\n\r\n"),
        ({"uSeR-aGeNt": "mine"}, b"Host: HOST\r\nAccept: */*\r\nuSeR-aGeNt: mine\r\n\r\n"),
        ({"HOST": "other.example"}, AGENT + b"HOST: other.example\r\n\r\n"),
        ({"accept": ""}, b"Host: HOST\r\nUser-Agent: surgeline\r\n\r\n"),
        ({"X-Latin": "grün"}, b"Host: HOST\r\n" + AGENT + "X-Latin: grün\r\n\r\n".encode("latin-1")),
    ],
)
def test_headers_go_over_the_default_ones_in_any_case(headers, expected):
    assert sent(lambda http: http.get("/", headers=headers)) == b"GET / HTTP/1.1\r\n" + expected


def test_the_type_of_json_can_be_said_otherwise():
    request = sent(lambda http: http.post("/", json=[], headers={"content-type": "application/vnd.api+json"}))
    assert request.lower().count(b"content-type") == 1
    assert b"content-type: application/vnd.api+json\r\nContent-Length: 2\r\n\r\n[]" in request


def test_user_and_password_in_the_url_are_sent_as_basic_authorization_and_shown_nowhere():
    async def scene(lab):
        url = f"http://ada:p%40ss@127.0.0.1:{lab.server.port}/"
        response = await lab.http.get(url)
        return response.url, lab.server.requests[0], lab.only()[0]

    url, request, tags = play(answering(ok()), scene)
    assert b"\r\nAuthorization: Basic YWRhOnBAc3M=\r\n" in request
    assert "ada" not in url + str(tags)


def test_requests_of_the_same_url_with_and_without_a_name_and_a_body_are_told_apart():
    async def scene(lab):
        for options in ({}, {"name": "named"}, {"json": 1}, {"data": b"x"}, {"headers": {"A": "b"}}, {}):
            await lab.http.get("/", **options)
        names = [tags["name"] for tags, _ in lab.series()]
        return [request.partition(b"\r\n\r\n")[2] for request in lab.server.requests], names, lab.server.url

    bodies, names, url = play(answering(ok()), scene)
    assert bodies == [b"", b"", b"1", b"x", b"", b""]
    assert sorted(names) == sorted([f"{url}/", "named"])


def test_a_cache_of_prepared_requests_that_is_full_is_begun_anew(monkeypatch):
    monkeypatch.setattr("surgeline.protocols.http.scenario.MOST_PREPARED", 2)

    async def scene(lab):
        for number in range(5):
            await lab.http.get(f"/{number}")
            assert len(lab.scenario.prepared_once) <= 2
            assert len(lab.scenario.prepared_gets) <= 2
        return [request.split(b" ")[1] for request in lab.server.requests]

    assert play(answering(ok()), scene) == [b"/0", b"/1", b"/2", b"/3", b"/4"]


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_over_ipv6():
    async def scene(lab):
        server = await asyncio.start_server(_answer_one, "::1", 0)
        port = server.sockets[0].getsockname()[1]
        response = await lab.http.get(f"http://[::1]:{port}/")
        lab.http.close()
        server.close()
        await server.wait_closed()
        return response, port

    response, port = play(None, scene)
    assert response.body.startswith(b"GET / HTTP/1.1\r\nHost: [::1]:%d\r\n" % port)


async def _answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(await reader.readuntil(b"\r\n\r\n")))
    await reader.read()
    writer.close()
    await writer.wait_closed()


def test_the_host_field_without_the_default_port_and_in_ascii():
    async def scene(lab):
        return [
            lab.scenario.prepared(lab.scenario.request("GET", url, None)).head.split(b"\r\n")[1]
            for url in (
                "http://h.test:80/",
                "http://H.test",
                "https://h.test:443",
                "http://h.test:443",
                "http://bücher.test:8080/",
            )
        ]

    assert play(None, scene) == [
        b"Host: h.test",
        b"Host: h.test",
        b"Host: h.test",
        b"Host: h.test:443",
        b"Host: xn--bcher-kva.test:8080",
    ]


REFUSED = {
    "CR in a value": ("/", {"headers": {"X": "a\rb"}}, "X"),
    "LF in a value": ("/", {"headers": {"X": "a\nInjected: 1"}}, "one line"),
    "NUL in a value": ("/", {"headers": {"X": "a\0b"}}, "X"),
    "CRLF in a name": ("/", {"headers": {"X\r\nY": "1"}}, "field name"),
    "NUL in a name": ("/", {"headers": {"X\0": "1"}}, "field name"),
    "a space in a name": ("/", {"headers": {"X ": "1"}}, "field name"),
    "a colon in a name": ("/", {"headers": {"X:": "1"}}, "field name"),
    "an empty name": ("/", {"headers": {"": "1"}}, "field name"),
    "a name that is no text": ("/", {"headers": {1: "1"}}, "field name"),
    "a value that is no text": ("/", {"headers": {"X": 1}}, "expected text"),
    "a value beyond Latin-1": ("/", {"headers": {"X": "€"}}, "Latin-1"),
    "a length of one's own": ("/", {"headers": {"content-LENGTH": "5"}}, "field name"),
    "a coding of one's own": ("/", {"headers": {"Transfer-Encoding": "chunked"}}, "field name"),
    "CRLF in a URL": ("/a\r\nX: 1", {}, "without spaces"),
    "a space in a URL": ("/a b", {}, "without spaces"),
    "a space before a URL": (" http://127.0.0.1/", {}, "without spaces"),
    "a tab in a URL": ("http://127.0.0.1/\t", {}, "without spaces"),
    "a scheme that is not ours": ("ftp://127.0.0.1/", {}, "http:// or https://"),
    "no host": ("http:///path", {}, "with a host"),
    "a port that is no number": ("http://127.0.0.1:http/", {}, "expected a URL"),
    "a port that is too large": ("http://127.0.0.1:65536/", {}, "expected a URL"),
    "half an IPv6 address": ("http://[::1/", {}, "expected a URL"),
    "a URL that is no text": (5, {}, "as text"),
    "a URL of bytes": (b"/", {}, "as text"),
    "no time": ("/", {"timeout": 0}, "timeout: expected seconds above 0"),
    "negative time": ("/", {"timeout": -1}, "timeout"),
    "a time that is no number": ("/", {"timeout": float("nan")}, "timeout"),
    "a time as text": ("/", {"timeout": "soon"}, "timeout"),
    "two bodies": ("/", {"json": 1, "data": b""}, "both"),
    "a body that is no data": ("/", {"data": 5}, "data: expected bytes"),
    "JSON that cannot be": ("/", {"json": object()}, "object"),
    "params as text": ("/", {"params": "a=1"}, "expected a mapping"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_at_the_call_and_nothing_is_sent(case):
    url, options, words = REFUSED[case]

    async def scene(lab):
        with pytest.raises((ValueError, TypeError), match=words) as caught:
            lab.http.request("POST", url, **options)
        assert caught.traceback[0].path.samefile(__file__)
        assert lab.series() == []
        return lab.server.connections

    assert play(answering(ok()), scene) == 0


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", "GÉT", "CONNECT"])
def test_a_bad_method_is_refused(method):
    async def scene(lab):
        with pytest.raises(ValueError, match="expected one such as GET"):
            lab.http.request(method, "/")

    play(answering(ok()), scene)


def test_a_method_that_is_no_text_is_refused():
    async def scene(lab):
        with pytest.raises(TypeError, match="method: expected text"):
            lab.http.request(None, "/")

    play(answering(ok()), scene)


def test_a_relative_url_without_a_base_says_what_to_do():
    async def scene(lab):
        with pytest.raises(ValueError, match=r"found '/users\?next=http://x/'; give base_url="):
            lab.http.get("/users?next=http://x/")

    play(None, scene)


def test_after_a_refusal_later_requests_work():
    async def scene(lab):
        for _ in range(3):
            with pytest.raises(ValueError, match="spaces"):
                lab.http.get("/a b")
        return (await lab.http.get("/")).status

    assert play(answering(ok()), scene) == 200


def test_a_very_long_timeout_is_as_good_as_none():
    async def scene(lab):
        return [(await lab.http.get("/", timeout=timeout)).status for timeout in (1e300, float("inf"), 10**30, 1)]

    assert play(answering(ok()), scene) == [200] * 4


def test_after_the_end_of_the_user_requests_are_refused():
    async def scene(lab):
        lab.http.close()
        with pytest.raises(RuntimeError, match="after its end"):
            lab.http.get("/")

    play(answering(ok()), scene)


def test_no_descriptor_is_inherited_by_processes_that_a_script_starts():
    async def scene(lab):
        before = open_descriptors()
        await lab.http.get("/")
        return [os.get_inheritable(fd) for fd in open_descriptors() - before]

    inherited = play(answering(ok()), scene)
    assert inherited
    assert not any(inherited)
