"""Requests that fail without an answer have the error codes of k6, where k6's table has one for it."""

import pytest
from http_both_tools import seen_in
from http_script import Options, asks, case
from http_scripted_server import Answer, Close, Raw, Reset, Silence

HEAD = b"HTTP/1.1 200 OK\r\n"
OTHER, CLOSED_EARLY, MALFORMED, HEAD_TOO_LARGE = 1000, 1221, 1710, 1711


def fails(name, url, answer=None, method="GET", body=None, **options):
    step = asks(method, url, body, tell=("error_code",), **options)
    return case(name, step, answers={} if answer is None else {url: answer})


def answered(name, *content):
    return fails(name, "/x", Raw(b"".join(content)))


SAME = [
    fails("refused", "{closed}/x"),
    case("refused_with_a_name", asks("GET", "{closed}/x", name="named", tell=("error_code",))),
    fails("port_0", "http://127.0.0.1:0/x"),
    fails("reset", "/x", Reset()),
    fails("post_reset", "/x", Reset(), "POST", "body"),
    case("reset_later", asks("GET", "/a"), asks("GET", "/x", tell=("error_code",)), answers={"/x": Reset()}),
    case(
        "reset_after_a_redirect",
        asks("GET", "/a", tell=("error_code",)),
        answers={"/a": Answer(302, {"Location": "x"}), "/x": Reset()},
    ),
    fails("unknown_host", "http://something.invalid/x"),
    fails("host_that_cannot_be", "http://a..b/x"),
    fails("timeout", "/x", Silence(), timeout="2s"),
    case(
        "timeout_after_a_redirect",
        asks("GET", "/a", timeout="2s", tell=("error_code",)),
        answers={"/a": Answer(302, {"Location": "x"}), "/x": Silence()},
    ),
    fails("unknown_authority", "{secure}/x"),
    case(
        "statuses",
        *(asks("GET", f"/{status}", tell=("error_code",)) for status in (200, 400, 404, 500, 599)),
        answers={f"/{status}": Answer(status) for status in (200, 400, 404, 500, 599)},
    ),
    answered("until_the_end", HEAD, b"\r\nhello"),
    answered("http_1_0", b"HTTP/1.0 200 OK\r\n\r\nhello"),
    answered(
        "early_hints",
        b"HTTP/1.1 103 Told\r\nLink: a\r\n\r\n",
        HEAD,
        b"Content-Length: 2\r\nConnection: close\r\n\r\nhi",
    ),
    answered("one_length_twice", HEAD, b"Content-Length: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
]
HERE_IN_DETAIL = [
    (answered("garbage", b"garbage\r\n\r\n"), MALFORMED),
    (answered("another_protocol", b"SSH-2.0-OpenSSH_9.6\r\n"), MALFORMED),
    (answered("bad_status", b"HTTP/1.1 abc OK\r\n\r\n"), MALFORMED),
    (answered("no_field", HEAD, b"no colon\r\n\r\n"), MALFORMED),
    (answered("two_lengths", HEAD, b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), MALFORMED),
    (answered("bad_chunk", HEAD, b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"), MALFORMED),
    (answered("short_body", HEAD, b"Content-Length: 10\r\n\r\nhello"), CLOSED_EARLY),
    (answered("short_chunks", HEAD, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), CLOSED_EARLY),
    (fails("closed", "/x", Close()), CLOSED_EARLY),
    (fails("post_closed", "/x", Close(), "POST", "body"), CLOSED_EARLY),
]
NO_TLS = fails("no_tls", "https://{address}/x")
TRUSTED = [
    case("trusted", asks("GET", "{secure}/x"), asks("GET", "{secure}/x")),
    fails("certificate_of_another_host", "{misnamed}/x"),
]
STRICT = [
    answered("length_and_chunks", HEAD, b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    answered("space_before_a_colon", HEAD, b"X : y\r\nContent-Length: 2\r\n\r\nhi"),
    answered("folded_field", HEAD, b"X: y\r\n z\r\nContent-Length: 2\r\n\r\nhi"),
    answered("version_2_0", b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
]
CUT_REDIRECT = answered("cut_redirect", b"HTTP/1.1 302 Told\r\nLocation: y\r\nContent-Length: 9\r\n\r\nhi")
LARGE_HEAD = answered("large_head", HEAD, b"X: ", b"x" * 300_000, b"\r\nContent-Length: 0\r\n\r\n")
SWITCHING = answered("switching", b"HTTP/1.1 101 Told\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
REFUSED_AT_THE_CALL = [
    fails(f"url_{number}", url)
    for number, url in enumerate(
        ["http://127.0.0.1:99999/x", "http://[::1/x", "nothing", "ftp://127.0.0.1/x", "http:///x"]
    )
]
DIFFERENT = [
    *(one for one, _ in HERE_IN_DETAIL),
    NO_TLS,
    *STRICT,
    CUT_REDIRECT,
    LARGE_HEAD,
    SWITCHING,
    *REFUSED_AT_THE_CALL,
]

seen = seen_in(([*SAME, *DIFFERENT], Options()), (TRUSTED, Options(ours="tls=TLS(ca='ca.pem')", trusts_server=True)))


def error_codes(outcome):
    return [code for *_, code in outcome.told]


@pytest.mark.parametrize("case", [*SAME, *TRUSTED], ids=str)
def test_failures_are_the_same(case, seen):
    theirs, ours = seen[case.name]
    assert ours.facts == theirs.facts
    assert theirs.told


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("refused", 1212),
        ("reset", 1220),
        ("reset_later", 1220),
        ("unknown_host", 1101),
        ("timeout", 1050),
        ("timeout_after_a_redirect", 1050),
        ("unknown_authority", 1310),
        ("certificate_of_another_host", 1311),
    ],
)
def test_codes_of_k6s_table(name, code, seen):
    for outcome in seen[name]:
        assert outcome.told[-1][-1] == code
        assert ("0", str(code)) in outcome.tags("status", "error_code")


@pytest.mark.parametrize(("case", "code"), HERE_IN_DETAIL, ids=str)
def test_what_is_one_code_in_k6(case, code, seen):
    theirs, ours = seen[case.name]
    assert error_codes(theirs) == [OTHER]
    assert error_codes(ours) == [code]  # what went wrong can be told apart
    tags = ("name", "status", "expected_response")
    assert ours.tags(*tags) == theirs.tags(*tags)
    assert ours.failed == theirs.failed
    assert ours.facts["sent"] == theirs.facts["sent"]


def test_a_server_without_tls(seen):
    theirs, ours = seen["no_tls"]
    assert error_codes(theirs) == [1301]
    assert ours.facts == theirs.facts


def test_without_an_answer_there_is_no_protocol(seen):
    for outcome in seen["refused"]:
        assert outcome.tags("status", "proto") == [("0", None)]


def test_the_protocol_is_a_tag(seen):
    for name, protocol in (("http_1_0", "HTTP/1.0"), ("until_the_end", "HTTP/1.1")):
        for outcome in seen[name]:
            assert outcome.tags("proto") == [(protocol,)]


def test_the_version_of_tls_is_a_tag(seen):
    for outcome in seen["trusted"]:
        assert outcome.tags("tls_version", "status") == [("tls1.3", "200")] * 2


@pytest.mark.parametrize("case", STRICT, ids=str)
def test_what_has_two_meanings_is_an_error(case, seen):
    theirs, ours = seen[case.name]
    assert theirs.bodies == ["hi"]  # k6 guesses
    assert ours.bodies == [""]
    assert error_codes(ours) == [MALFORMED]


def test_a_redirect_has_to_be_whole(seen):
    theirs, ours = seen["cut_redirect"]
    assert theirs.lines == ["GET /x", "GET /y"]  # k6 does not look at the body of a redirect
    assert ours.lines == ["GET /x"]
    assert error_codes(ours) == [CLOSED_EARLY]


def test_a_head_has_a_limit(seen):
    theirs, ours = seen["large_head"]
    assert theirs.told[0][0] == 200  # k6 takes up to 10 MiB
    assert error_codes(ours) == [HEAD_TOO_LARGE]  # `HttpLimits(head_bytes=..., line_bytes=...)` says how much


def test_another_protocol_is_an_answer(seen):
    theirs, ours = seen["switching"]
    assert theirs.told == []  # k6 raises an exception,
    assert theirs.counted == {}  # and counts no request
    assert ours.told[0][0] == 101
    assert ours.tags("status", "expected_response") == [("101", "false")]


@pytest.mark.parametrize("case", REFUSED_AT_THE_CALL, ids=str)
def test_a_url_that_is_none_is_an_error_of_the_script(case, seen):
    theirs, ours = seen[case.name]
    assert theirs.told[0][0] == 0  # in k6 a request that failed, though none was sent
    assert ours.told == []
    assert ours.counted == {}
    assert "expected a URL" in ours.said or "expected an http" in ours.said or "expected an absolute URL" in ours.said
