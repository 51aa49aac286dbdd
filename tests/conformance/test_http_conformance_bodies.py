"""Bodies are the same as in k6: forms, files, codings; and what a request has that a script says nothing of."""

import email.parser
import email.policy
import gzip
import json
import sys
import zlib
from importlib import import_module

import brotli
import pytest
from http_both_tools import seen_in
from http_script import Options, Step, asks, case
from http_scripted_server import Answer

zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

TEXT = "Grüße, Welt! " * 20
DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
ENCODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}
FORM = {"a": "ä & =", "b": "two words", "empty": "", "list": ["x", "y z"], "n": 1, "plus": "1+1", "rest": "~*-._é/?"}


def posts(name, theirs, ours, files=None):
    """Send a body, written as each tool has it."""
    more = "" if files is None else f", files={files}"
    return case(
        name,
        Step(f"tell(http.post('{{here}}/x', {theirs}));", f"tell(await vu.http.post('{{here}}/x', data={ours}{more}))"),
    )


def receives(name, coding, body, method="GET"):
    step = asks(method, "/x", tell=("error_code",))
    return case(name, step, answers={"/x": Answer(200, {"Content-Encoding": coding}, body)})


FILES = [
    posts(
        "field_and_file",
        "{field: 'a value', file: http.file('content', 'na me.txt', 'text/plain')}",
        "{'field': 'a value'}",
        "{'file': ('na me.txt', b'content', 'text/plain')}",
    ),
    posts("file_without_type", "{file: http.file('content', 'some')}", "None", "{'file': ('some', b'content')}"),
    posts(
        "file_in_utf_8", "{'ö': http.file('ü', 'ä.txt', 'text/plain')}", "None", "{'ö': ('ä.txt', 'ü', 'text/plain')}"
    ),
    posts(
        "file_of_all_bytes",
        "{file: http.file(new Uint8Array(256).map((_, i) => i).buffer, 'b', 'image/png')}",
        "None",
        "{'file': ('b', bytes(range(256)), 'image/png')}",
    ),
]
SENT_CODED = [
    case(f"sends_{coding}", asks("POST", "/x", TEXT, compression=coding, headers={"Content-Type": "text/plain"}))
    for coding in DECODERS
]
SAME = [
    case(
        "methods",
        *(asks(method, "/x") for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")),
        *(asks(method, "/x", "body") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
    ),
    case("own_fields", asks("GET", "/x", headers={"user-agent": "mine", "ACCEPT": "text/html", "x-lower": "1"})),
    posts("form", json.dumps(FORM), repr(FORM)),
    posts("text", json.dumps(TEXT), repr(TEXT)),
    posts("binary", "new Uint8Array([0, 255, 10, 13]).buffer", "bytes([0, 255, 10, 13])"),
    case(
        "form_of_another_type",
        Step(
            "tell(http.post('{here}/x', {a: 'b'}, {headers: {'Content-Type': 'text/x-form'}}));",
            "tell(await vu.http.post('{here}/x', data={'a': 'b'}, headers={'Content-Type': 'text/x-form'}))",
        ),
    ),
    case(
        "json",
        Step(
            "tell(http.post('{here}/x', JSON.stringify({a: [1, 'ä', null]}),"
            " {headers: {'Content-Type': 'application/json'}}));",
            "tell(await vu.http.post('{here}/x', json={'a': [1, 'ä', None]}))",
        ),
    ),
    case("url", asks("GET", "/ä/a%20b?x=%2F&y=a+b"), asks("GET", "/a;b=c,d:e@f!$&()*+?x=a,b;c:d@e/f?g[]")),
    *(receives(f"receives_{coding}", coding, encode(TEXT.encode())) for coding, encode in ENCODERS.items()),
    receives("receives_gzip_in_br", "gzip, br", brotli.compress(gzip.compress(TEXT.encode()))),
    receives("receives_nothing", "identity", b"hello"),
    case("receives_no_body", asks("GET", "/x"), answers={"/x": Answer(204)}),
    case("receives_no_utf_8", asks("GET", "/x"), answers={"/x": Answer(200, {}, b"\xef\xbb\xbfa\xff\xfeb")}),
    case(
        "discards",
        Step(
            "tell(http.post('{here}/x', 'a', {responseType: 'none'}));",
            "tell(await vu.http.post('{here}/x', data='a', discard_body=True))",
        ),
    ),
]
DISCARDED = [
    case("discarded", asks("GET", "/x"), asks("POST", "/x", "a")),
    case(
        "not_discarded",
        Step(
            "tell(http.get('{here}/x', {responseType: 'text'}));",
            "tell(await vu.http.get('{here}/x', discard_body=False))",
        ),
    ),
    case(
        "redirects",
        asks("GET", "/1"),
        asks("GET", "/1", redirects=2),
        answers={"/1": Answer(302, {"Location": "2"}), "/2": Answer(302, {"Location": "3"})},
    ),
]
AGENT = case("agent", asks("GET", "/x"), asks("GET", "/x", headers={"User-Agent": "own"}))

DEFAULTS = case("defaults", asks("GET", "/x"), asks("GET", "/x", headers={"User-Agent": "", "X-Empty": ""}))
SMALL_LETTERS = case("small_letters", asks("get", "/x"))
EMPTY_BODY = case("empty_body", asks("POST", "/x", ""))
FORM_ORDER = posts("form_order", "{b: '2', a: '1'}", "{'b': '2', 'a': '1'}")
FORM_VALUES = posts("form_values", "{a: true, b: null, c: 1.5}", "{'a': True, 'b': None, 'c': 1.5}")
FILE_NAMES = posts(
    "file_names",
    "{'fi\"eld': http.file('x', 'a\"b\\\\c.txt', 'text/plain')}",
    "None",
    "{'fi\"eld': ('a\"b\\\\c.txt', b'x', 'text/plain')}",
)
IN_CAPITALS = receives("coding_in_capitals", "GZIP", gzip.compress(TEXT.encode()))
UNKNOWN = receives("unknown_coding", "UTF-8", b"hello")
OF_HEAD = receives("coding_of_head", "gzip", b"", "HEAD")
CORRUPT = case(
    "corrupt",
    Step(
        "const r = http.get('{here}/x'); say(r.status, r.error_code);",
        "r = await vu.http.get('{here}/x'); say(r.status, r.error_code); r.body",
    ),
    answers={"/x": Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"hello")[:-8] + bytes(8))},
)
LATIN_1 = case(
    "latin_1",
    asks("GET", "/x"),
    answers={"/x": Answer(200, {"Content-Type": "text/plain; charset=iso-8859-1"}, "ä".encode("latin-1"))},
)
SPACE_IN_URL = case("space_in_url", asks("GET", "/a b"))
QUERY_IN_UTF_8 = case("query_in_utf_8", asks("GET", "/x?q=ö"))
EMPTY_QUERY = case("empty_query", asks("GET", "/x?"))
DIFFERENT = [
    DEFAULTS,
    SMALL_LETTERS,
    EMPTY_BODY,
    FORM_ORDER,
    FORM_VALUES,
    FILE_NAMES,
    IN_CAPITALS,
    UNKNOWN,
    OF_HEAD,
    CORRUPT,
    LATIN_1,
    SPACE_IN_URL,
    QUERY_IN_UTF_8,
    EMPTY_QUERY,
]

seen = seen_in(
    ([*SAME, *FILES, *SENT_CODED, *DIFFERENT], Options()),
    (
        [*DISCARDED, AGENT],
        Options(
            {"discardResponseBodies": True, "maxRedirects": 1, "userAgent": "named"},
            "discard_bodies=True, redirects=1, user_agent='named'",
        ),
    ),
)


def parts(sent):
    """What a form with files says: head and content of each part, in the order of their names."""
    head = f"Content-Type: {sent.header('content-type')}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + sent.body)
    assert not message.defects
    return sorted((sorted(part.items()), part.get_payload(decode=True)) for part in message.iter_parts())


@pytest.mark.parametrize("case", [*SAME, *DISCARDED], ids=str)
def test_bodies_are_the_same(case, seen):
    theirs, ours = seen[case.name]
    assert ours.facts == theirs.facts
    assert theirs.told


@pytest.mark.parametrize("case", FILES, ids=str)
def test_forms_with_files_say_the_same(case, seen):
    theirs, ours = seen[case.name]
    assert parts(ours.sent[0]) == parts(theirs.sent[0]) != []
    assert ours.counted == theirs.counted
    for outcome in (theirs, ours):
        assert outcome.header("content-length") == [str(len(outcome.sent[0].body))]


@pytest.mark.parametrize("case", SENT_CODED, ids=str)
def test_bodies_are_sent_in_a_coding(case, seen):
    theirs, ours = seen[case.name]
    for outcome in (theirs, ours):
        (coding,) = outcome.header("content-encoding")
        assert case.name == f"sends_{coding}"
        assert DECODERS[coding](outcome.sent[0].body).decode() == TEXT
        assert outcome.header("content-length") == [str(len(outcome.sent[0].body))]
        assert outcome.header("content-type") == ["text/plain"]


def test_what_a_request_says_of_itself(seen):
    theirs, ours = seen["defaults"]
    # Accept is what RFC 9110 12.5.1 means by none; some servers refuse a request without it.
    assert (theirs.header("user-agent")[0], theirs.header("accept")) == ("Grafana k6/1.1.0", [None, None])
    assert (ours.header("user-agent")[0], ours.header("accept")) == ("surgeline", ["*/*", "*/*"])
    assert ours.header("user-agent")[1] == theirs.header("user-agent")[1] is None
    assert ours.header("host") == theirs.header("host")
    # Here a field that is "" is not sent, whichever it is; to k6 only User-Agent is so.
    assert theirs.header("x-empty") == [None, ""]
    assert ours.header("x-empty") == [None, None]
    for outcome in seen["agent"]:
        assert outcome.header("user-agent") == ["named", "own"]


def test_a_method_is_in_capitals(seen):
    theirs, ours = seen["small_letters"]
    assert theirs.lines == ["get /x"]
    assert theirs.tags("method") == [("get",)]
    assert ours.lines == ["GET /x"]
    assert ours.tags("method") == [("GET",)]


def test_an_empty_body_has_a_length(seen):
    theirs, ours = seen["empty_body"]
    assert (theirs.header("content-length"), theirs.header("transfer-encoding")) == ([None], ["chunked"])
    assert (ours.header("content-length"), ours.header("transfer-encoding")) == (["0"], [None])


def test_a_form_is_in_the_order_of_the_script(seen):
    theirs, ours = seen["form_order"]
    assert theirs.sent[0].body == b"a=1&b=2"  # k6 sorts it
    assert ours.sent[0].body == b"b=2&a=1"


def test_values_of_a_form_are_as_the_language_writes_them(seen):
    theirs, ours = seen["form_values"]
    assert theirs.sent[0].body == b"a=true&b=%3Cnil%3E&c=1.5"
    assert ours.sent[0].body == b"a=True&c=1.5"  # None leaves a field out; for the rest str() counts


def test_names_of_files_are_written_as_browsers_do(seen):
    theirs, ours = seen["file_names"]
    assert b'name="fi"eld"; filename="a\\"b\\\\c.txt"' in theirs.sent[0].body  # which is no field name any more
    assert b'name="fi%22eld"; filename="a%22b\\c.txt"' in ours.sent[0].body  # WHATWG HTML 4.10.21.8


def test_a_coding_has_no_case(seen):
    theirs, ours = seen["coding_in_capitals"]
    assert theirs.bodies[0].startswith("\x1f")  # undecoded
    assert ours.bodies == [TEXT]  # RFC 9110 8.4.1: codings are case-insensitive


def test_an_unknown_coding_leaves_the_body_as_it_is(seen):
    theirs, ours = seen["unknown_coding"]
    assert ours.told == theirs.told


def test_an_answer_to_head_needs_no_decoding(seen):
    theirs, ours = seen["coding_of_head"]
    assert theirs.told[0][0] == 0  # k6 looks for a gzip header in the body that HEAD has not
    assert theirs.tags("status", "error_code") == [("0", "1701")]
    assert ours.told[0][0] == 200
    assert ours.tags("status", "error_code") == [("200", None)]


def test_a_body_that_is_corrupt_is_an_error_of_whoever_reads_it(seen):
    theirs, ours = seen["corrupt"]
    assert theirs.tags("status", "expected_response", "error_code") == [("0", "false", "1701")]
    assert theirs.told == [[0, 1701]]
    # Bodies are decoded when a script looks at them: a load does not pay for what nobody reads.
    assert ours.tags("status", "expected_response", "error_code") == [("200", "true", None)]
    assert ours.told == [[200, 0]]
    assert "DecodeError" in ours.said


def test_text_is_in_the_charset_that_the_server_names(seen):
    theirs, ours = seen["latin_1"]
    assert theirs.bodies == ["\ufffd"]
    assert ours.bodies == ["ä"]


def test_a_space_in_a_url_is_refused(seen):
    theirs, ours = seen["space_in_url"]
    assert theirs.lines == ["GET /a%20b"]
    assert ours.lines == []  # it may be meant as %20 or as +, and the script knows
    assert "expected a URL without spaces" in ours.said


def test_a_query_is_escaped(seen):
    theirs, ours = seen["query_in_utf_8"]
    assert theirs.lines == ["GET /x?q=Ã¶"]  # bytes that no request line may have
    assert ours.lines == ["GET /x?q=%C3%B6"]


def test_an_empty_query_is_one(seen):
    theirs, ours = seen["empty_query"]
    assert ours.lines == theirs.lines == ["GET /x?"]
