"""Whatever a script passes as text, no byte of it becomes part of a request's own lines: it is refused at the call, or
the server receives one well-formed request, and nothing else.
"""

import asyncio
import socket
from enum import Enum

import pytest
from hostile import strictly_parsed
from http_lab import Lab, Peer, ok, play, turns
from hypothesis import given, settings
from hypothesis import strategies as st

AGENT = [(b"User-Agent", b"surgeline"), (b"Accept", b"*/*")]
FORGERY = "HTTP/1.1\r\nHost: forged\r\n\r\nGET /forged"


async def collecting(peer: Peer):
    """Answer each thing that ends like a request; keep all that was received, in one piece, in `server.requests`."""
    received = bytearray()
    peer.server.requests.append(received)
    while data := await peer.reader.read(65536):
        received += data
        head, end, body = bytes(received).partition(b"\r\n\r\n")
        length = next(
            (line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), b"0"
        )
        if end and len(body) >= int(length):
            await peer.send(ok())


def received(method="GET", url="/", *, base_url=None, everywhere=False, **options):
    """Return all that the server received for one call, with its own port shown as PORT. What the call raises passes.

    With `everywhere` every host name and port lead to the server.
    """

    async def scene(lab: Lab):
        if everywhere:
            lead_everything_to(lab.server.port)
        response = await lab.http.request(method, url, **options)
        assert response.status == 200, response
        lab.http.close()
        await turns(20)
        assert lab.server.connections == 1
        return bytes(lab.server.requests[0]).replace(b"127.0.0.1:%d" % lab.server.port, b"127.0.0.1:PORT")

    return play(collecting, scene, base_url=base_url)


def lead_everything_to(port):
    loop = asyncio.get_running_loop()

    async def getaddrinfo(*_arguments, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    loop.getaddrinfo = getaddrinfo


CONTROLS = ["\x01", "\b", "\v", "\f", "\x1b", "\x1f", "\x7f"]
LINE_ENDS = ["\r", "\n", "\r\n", "\0", "\r\n\r\n"]


def refused(kind, words, **options):
    with pytest.raises(kind, match=words):
        received(**options)


@pytest.mark.parametrize("text", [*LINE_ENDS, *CONTROLS, "\t", " ", "\x80", "é", "€", "\ud800", "\u2028"], ids=ascii)
def test_method(text):
    for method in (f"GET{text}", f"{text}GET", f"GE{text}T", f"GET / {FORGERY}{text}"):
        refused(ValueError, "method: expected one such as GET", method=method)


@pytest.mark.parametrize("method", ["po\u017ft", "opt\u0131ons", "g\u0131t"], ids=ascii)
def test_letters_whose_capitals_are_ascii_make_no_method(method):
    """A long s and an i without a dot."""
    refused(ValueError, "method: expected one such as GET", method=method)


@pytest.mark.parametrize("text", [*LINE_ENDS, *CONTROLS, "\t", " "], ids=ascii)
@pytest.mark.parametrize("url", ["/a{}b", "/{}", "/?a={}", "/#{}", "{}/", "http://127.0.0.1{}/", "http://a:1{}/"])
def test_url(url, text):
    refused(ValueError, "expected a URL", url=url.format(text))


@pytest.mark.parametrize("text", ["\r", "\n", "\r\n", "\t"], ids=ascii)
def test_url_of_a_host_without_a_scheme(text):
    with pytest.raises(ValueError, match="expected a URL"):
        received(url=f"//127.0.0.1{text}/", everywhere=True)


@pytest.mark.parametrize("text", [*LINE_ENDS, *CONTROLS, "\t", " "], ids=ascii)
@pytest.mark.parametrize("base_url", ["http://127.0.0.1/{}", "http://127.0.0.1{}", "{}http://127.0.0.1", "http://{}a"])
def test_base_url(base_url, text):
    refused(ValueError, "expected a", base_url=base_url.format(text), url="/path")


QUOTED = {
    "é": b"%C3%A9",
    "€": b"%E2%82%AC",
    "\u2028": b"%E2%80%A8",
    "\x85": b"%C2%85",
    '"': b"%22",
    "<>": b"%3C%3E",
    "\\": b"%5C",
    "^`{|}": b"%5E%60%7B%7C%7D",
    "%0d%0a": b"%0d%0a",
}


@pytest.mark.parametrize("text", QUOTED, ids=ascii)
def test_text_in_a_path_and_a_query_is_quoted(text):
    assert strictly_parsed(received(url=f"/a{text}b"))[1] == b"/a%bb" % QUOTED[text]
    assert strictly_parsed(received(url=f"/?a{text}b"))[1] == b"/?a%bb" % QUOTED[text]


@pytest.mark.parametrize("text", [*LINE_ENDS, *CONTROLS, "\t", " ", "é", "&=#%+/?", FORGERY], ids=ascii)
def test_params_and_forms_are_quoted(text):
    for where in ({text: "v"}, {"n": text}, {"n": ["a", text]}, [("n", text)]):
        _, target, _, _ = strictly_parsed(received(params=where))
        assert b"forged" not in target.partition(b"?")[0]
        _, target, _, body = strictly_parsed(received("POST", data=dict(where)))
        assert target == b"/"
        assert not set(body) & set(b"\r\n\0 ")


@pytest.mark.parametrize("name", [*LINE_ENDS, *CONTROLS, "\t", " ", ":", "é", "\x85", "\ud800", "(", '"'], ids=ascii)
def test_header_names(name):
    for field in (f"X{name}", f"{name}X", f"X{name}Y: z"):
        refused(ValueError, "headers: expected a field name that is a token", headers={field: "v"})


@pytest.mark.parametrize("text", LINE_ENDS, ids=ascii)
def test_header_values_of_more_than_one_line(text):
    for value in (text, f"a{text}b", f"a{text} b", f"{text}Forged: x", f"a{text}"):
        refused(ValueError, "headers: expected text of one line for 'X', found", headers={"X": value})


@pytest.mark.parametrize("text", ["€", "\ud800", "\u2028", "\u010a\u010d"], ids=ascii)
def test_header_values_beyond_latin_1(text):
    """U+010A and U+010D would be LF and CR for who cuts them to a byte."""
    refused(ValueError, "headers: expected Latin-1 text for 'X', found", headers={"X": f"a{text}b"})


@pytest.mark.parametrize("text", CONTROLS, ids=ascii)
def test_header_values_with_control_characters(text):
    """RFC 9110 5.5 has no control character but a tab in a field's value; Go's client, and so k6, refuses them."""
    with pytest.raises(ValueError, match="headers: expected text of one line for 'X', found"):
        received(headers={"X": f"a{text}b"})


@pytest.mark.parametrize("value", ["a\tb", "a b", "  a ", "\x80\xff", "é", "a:b", '"', "a,b", "x" * 100_000], ids=len)
def test_header_values_that_are_one_line_go_as_they_are(value):
    *_, fields, _ = strictly_parsed(received(headers={"X": value}))
    assert fields == [(b"Host", b"127.0.0.1:PORT"), *AGENT, (b"X", value.encode("latin-1").lstrip())]


def test_one_host_however_it_is_written():
    """A server must answer 400 to two (RFC 9112 3.2)."""
    try:
        *_, fields, _ = strictly_parsed(received(headers={"Host": "a", "HOST": "b"}))
    except ValueError:
        return
    assert [name.lower() for name, _ in fields].count(b"host") == 1


class Level(str, Enum):  # noqa: UP042 - this kind is what many scripts have
    """As scripts name the values of a header."""

    DEBUG = "debug"


def test_text_of_a_kind_of_its_own_is_sent_as_the_text_that_it_is():
    *_, fields, _ = strictly_parsed(received(headers={"X-Level": Level.DEBUG}))
    assert fields[-1] == (b"X-Level", b"debug")


@pytest.mark.parametrize("text", [*LINE_ENDS, *CONTROLS, "€", "\ud800", FORGERY, ""], ids=ascii)
def test_names_and_tags_never_leave_the_generator(text):
    plain = received("POST", data=b"x")
    assert received("POST", data=b"x", name=text) == plain
    assert received("POST", data=b"x", tags={"tag": text, text: "value"}) == plain


@pytest.mark.parametrize("text", [*LINE_ENDS, *CONTROLS, "é", FORGERY, "\r\n0\r\n\r\n"], ids=ascii)
def test_bodies_are_counted_in_bytes_and_never_read_as_anything_else(text):
    assert strictly_parsed(received("POST", data=text))[3] == text.encode()
    assert strictly_parsed(received("POST", data=text.encode("utf-16")))[3] == text.encode("utf-16")
    body = strictly_parsed(received("POST", json={text: text}))[3]
    assert not set(body) & set(b"\r\n\0")


# A lone surrogate has no bytes at all.
WITHOUT_BYTES = {
    "path": {"url": "/\ud800"},
    "query": {"url": "/?\ud800"},
    "base URL": {"url": "/", "base_url": "http://127.0.0.1/\ud800"},
    "host": {"url": "http://\ud800/"},
    "user": {"url": "http://\ud800@127.0.0.1/"},
    "param": {"params": {"a": "\ud800"}},
    "param's name": {"params": {"\ud800": "a"}},
    "text": {"data": "\ud800"},
    "form": {"data": {"a": "\ud800"}},
    "json": {"json": ["\ud800"]},
}


@pytest.mark.parametrize("case", WITHOUT_BYTES)
def test_a_lone_surrogate_is_refused(case):
    with pytest.raises((ValueError, TypeError)):
        received("POST", **WITHOUT_BYTES[case])


@pytest.mark.parametrize(
    ("case", "place"),
    [
        ("host", "expected a URL"),
        ("json", "json: "),
        ("path", "expected a URL"),
        ("query", "expected a URL"),
        ("base URL", "expected a URL"),
        ("user", "expected a URL"),
        ("param", "params: "),
        ("param's name", "params: "),
        ("text", "data: "),
        ("form", "data: "),
    ],
)
def test_a_lone_surrogate_is_refused_in_words_that_say_where(case, place):
    with pytest.raises((ValueError, TypeError), match=place):
        received("POST", **WITHOUT_BYTES[case])


@pytest.mark.parametrize("host", ['a"b', "a<b>", "a\\b", "a^b", "a`b", "a{b}", "a|b", "a\xa0b"], ids=ascii)
def test_a_host_that_cannot_be_one_is_refused(host):
    """U+00A0 becomes a space, which goes into the Host field."""
    with pytest.raises(ValueError, match="expected a URL"):
        received(url=f"http://{host}/", everywhere=True)


@pytest.mark.parametrize("value", [5, True, ["a"], object()], ids=["int", "bool", "list", "object"])
@pytest.mark.parametrize("option", ["headers", "tags", "params"])
def test_no_mapping_is_refused_by_name(option, value):
    with pytest.raises((TypeError, ValueError), match=option):
        received(**{option: value})


# Whatever it is

EVIL = [
    "\r",
    "\n",
    "\r\n",
    "\0",
    "\t",
    " ",
    "\x01",
    "\x0b",
    "\x1f",
    "\x7f",
    "\x85",
    "\xa0",
    "é",
    "€",
    "\u2028",
    "\ud800",
]
EVIL += [
    "a",
    "0",
    ":",
    "/",
    "//",
    "?",
    "#",
    "@",
    "[",
    "]",
    "%",
    "%0a",
    ";",
    ",",
    '"',
    "\\",
    ".",
    "-",
    "+",
    "=",
    "&",
    "{",
    "|",
]
text = st.lists(st.sampled_from([*EVIL, FORGERY, "http://"]), max_size=4).map("".join) | st.text(max_size=20)
tame = st.text("abcXYZ019-_.~:;=,+&?/%[]@!$'()* é", max_size=12)
some_text = tame | text
anything = st.none() | st.integers() | st.floats() | st.booleans() | st.binary(max_size=5)
mapping = st.dictionaries(some_text, some_text | anything, max_size=3)
tokens = st.from_regex(r"[A-Za-z][A-Za-z-]{0,7}", fullmatch=True)
nested = st.recursive(
    some_text | anything, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(some_text, inner, max_size=3)
)
OPTIONS = {
    "params": mapping | st.lists(st.tuples(some_text, some_text | anything), max_size=3),
    "headers": st.dictionaries(tokens, some_text, max_size=2) | st.dictionaries(some_text, some_text, max_size=2),
    "name": some_text,
    "tags": mapping,
    "data": some_text | st.binary(max_size=50) | mapping,
    "json": nested,
}
some_options = st.lists(st.sampled_from(sorted(OPTIONS)), max_size=2, unique=True).flatmap(
    lambda chosen: st.fixed_dictionaries({option: OPTIONS[option] for option in chosen})
)
of_any_kind = st.sampled_from(["params", "name", "data", "json", "timeout"]).flatmap(
    lambda option: st.fixed_dictionaries({option: anything | some_text | mapping})
)
PROPERTY = settings(max_examples=150)


def refused_or_one_well_formed_request(method, url, options):
    """Anything else than these two is a defect: an exception of another kind, two requests, half a one."""
    timeout = options.get("timeout")
    if isinstance(timeout, int | float) and 0 < timeout < 60:
        options = {"timeout": 60}
    try:
        data = received(method, url, everywhere=True, **options)
    except (ValueError, TypeError):
        return
    found, _, sent, body = strictly_parsed(data)
    assert found == method.upper().encode()
    assert b"forged" not in b"".join(name for name, _ in sent).lower()
    if isinstance(options.get("data"), bytes):
        assert body == options["data"]


@PROPERTY
@given(st.sampled_from(["GET", "POST", "OPTIONS", "patch"]), some_options)
def test_any_options(method, options):
    refused_or_one_well_formed_request(method, "/", options)


@PROPERTY
@given(some_text.map("/".__add__) | some_text.map("http://{}/".format) | some_text.map("http://a".__add__) | some_text)
def test_any_url(url):
    refused_or_one_well_formed_request("POST", url, {})


@settings(max_examples=50)
@given(some_text | anything, some_text | anything, of_any_kind)
def test_anything_for_text(method, url, options):
    refused_or_one_well_formed_request(method, "/", {})
    refused_or_one_well_formed_request("GET", url, {})
    refused_or_one_well_formed_request("GET", "/", options)
