"""Answers in a content coding, and answers that are not kept."""

import gzip
import zlib

import pytest
from http_lab import answering, get, ok, once, play
from routes_lab import counted

from surgeline.metrics import names
from surgeline.protocols.http.options import HttpLimits, HttpOptions

TEXT = b'{"word": "' + b"word " * 1000 + b'"}'
PACKED = {"gzip": gzip.compress(TEXT), "deflate": zlib.compress(TEXT), "identity": TEXT, "gzip, deflate": None}
PACKED["gzip, deflate"] = zlib.compress(PACKED["gzip"])


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("name", ["Content-Encoding", "content-encoding"])
def test_codings_are_undone(coding, name):
    async def scene(lab):
        response = await lab.http.get("/")
        assert (response.body, response.text, response.json()) == (TEXT, TEXT.decode(), {"word": "word " * 1000})
        assert (response.size, response.raw_body, response.is_encoded) == (len(PACKED[coding]), PACKED[coding], True)
        assert response.body is response.body
        wire = lab.only(names.DATA_RECEIVED)[1].count
        assert len(PACKED[coding]) < wire < len(PACKED[coding]) + 200

    play(answering(ok(PACKED[coding], f"{name}: {coding}")), scene)


def test_only_when_looked_at():
    async def scene(lab):
        response = await lab.http.get("/")
        assert (response.ok, response.status, response.size) == (True, 200, 2)
        with pytest.raises(ValueError, match=r"<Response 200 .*>: gzip: expected a body of this coding"):
            response.body  # noqa: B018 - looking at it is what decodes it
        with pytest.raises(ValueError, match="gzip"):
            response.json()
        return counted(lab)

    assert play(answering(ok(b"no", "Content-Encoding: gzip")), scene) == [("GET", "/", "200", "true")]


BROKEN = {
    "cut": ("gzip", PACKED["gzip"][:-9], "gzip: expected the rest of a body that is cut"),
    "too many": ("gzip, " * 9, b"x", "Content-Encoding: expected at most 5 codings"),
}


def test_a_coding_that_nobody_knows_leaves_the_body_as_it_came():
    assert play(answering(ok(b"text", "Content-Encoding: UTF-8")), get()).text == "text"


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_undone_says_why(case):
    coding, body, words = BROKEN[case]

    async def scene(lab):
        with pytest.raises(ValueError, match=words):
            (await lab.http.get("/")).body  # noqa: B018

    play(answering(ok(body, f"Content-Encoding: {coding}")), scene)


def test_the_limit_is_of_what_is_decoded():
    async def scene(lab):
        response = await lab.http.get("/")
        with pytest.raises(ValueError, match="gzip: expected at most 5,000 bytes decoded, found more"):
            response.body  # noqa: B018
        return response.ok, response.size

    options = HttpOptions(limits=HttpLimits(decoded_bytes=5000))
    assert play(answering(ok(PACKED["gzip"], "Content-Encoding: gzip")), scene, options=options) == (
        True,
        len(PACKED["gzip"]),
    )


def test_an_empty_body_in_a_coding():
    async def scene(lab):
        return (await lab.http.get("/")).body, (await lab.http.head("/")).body

    assert play(answering(ok(b"", "Content-Encoding: gzip")), scene) == (b"", b"")


@pytest.mark.parametrize(
    ("options", "given", "is_kept"),
    [
        (HttpOptions(), {}, True),
        (HttpOptions(), {"discard_body": True}, False),
        (HttpOptions(discard_bodies=True), {}, False),
        (HttpOptions(discard_bodies=True), {"discard_body": False}, True),
    ],
)
@pytest.mark.parametrize("fields", [[], ["Content-Encoding: gzip"]])
@pytest.mark.parametrize("method", ["get", "post"])
def test_bodies_that_are_discarded(options, given, is_kept, fields, method):
    body = PACKED["gzip"] if fields else TEXT

    async def scene(lab):
        for _ in range(2):
            response = await getattr(lab.http, method)("/", **given)
            assert (response.status, response.size, response.is_discarded) == (200, len(body), not is_kept)
            assert (response.body, response.text) == ((TEXT, TEXT.decode()) if is_kept else (b"", ""))
            if is_kept:
                assert response.json()
            else:
                with pytest.raises(ValueError, match="found no body: it was discarded, as discard_body asks"):
                    response.json()
        return lab.server.connections

    assert play(answering(ok(body, *fields)), scene, options=options) == 1


def test_a_stream_is_read_where_bodies_are_discarded():
    async def scene(lab):
        async with lab.http.stream("GET", "/") as response:
            return await response.read()

    assert play(answering(ok(TEXT)), scene, options=HttpOptions(discard_bodies=True)) == TEXT


@pytest.mark.parametrize(("given", "code"), [({}, 1712), ({"discard_body": True}, 0)])
def test_the_limit_of_a_body_is_for_one_that_is_kept(given, code):
    async def scene(lab):
        return (await lab.http.get("/", **given)).error_code

    assert play(once(ok(TEXT)), scene, options=HttpOptions(limits=HttpLimits(body_bytes=100))) == code
