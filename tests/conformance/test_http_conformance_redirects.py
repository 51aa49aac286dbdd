"""Redirects are followed as k6 follows them: what the server gets of each hop, and how it is counted."""

import pytest
from http_both_tools import seen_in
from http_script import Options, asks, case
from http_scripted_server import Answer


def to(location, status=302):
    return Answer(status, {"Location": location})


def chain(length):
    """Redirects from /1 to /2, and so on; the last place answers 200."""
    return {f"/{n}": to(f"{{path}}/{n + 1}") for n in range(1, length + 1)}


def redirected(name, location, status=302, url="/a", **options):
    """A GET whose answer has a Location."""
    return case(name, asks("GET", url, tell=("error_code",), **options), answers={"/a": to(location, status)})


def by_status(method, status, body=None):
    name = f"{method.lower()}_{status}{'_body' if body else ''}"
    return case(name, asks(method, "/a", body, headers={"X-Own": "1"}), answers={"/a": to("{here}/b?c=d", status)})


SECRETS = {"Authorization": "Bearer secret", "X-Own": "1"}
STATUSES = (301, 302, 303, 307, 308)

SAME = [
    *(by_status(method, status) for method in ("GET", "HEAD", "DELETE", "OPTIONS") for status in STATUSES),
    *(by_status(method, status, "body") for method in ("POST", "PUT", "PATCH", "DELETE") for status in STATUSES),
    case("limit_0", asks("GET", "/1", redirects=0), answers=chain(2)),
    case("limit_0_of_post", asks("POST", "/1", "x", redirects=0), answers=chain(2)),
    case("limit_1", asks("GET", "/1", redirects=1), answers=chain(2)),
    case("limit_of_the_length", asks("GET", "/1", redirects=2), answers=chain(2)),
    case("limit_by_default", asks("GET", "/1"), answers=chain(12)),
    case("circle", asks("GET", "/a", redirects=3), answers={"/a": to("a")}),
    case(
        "relative",
        asks("GET", "/a/b?x=1"),
        answers={
            "/a/b": to("c"),
            "/a/c": to("../d"),
            "/d": to("?q"),
            "/d?q": to("//{address}/e"),
            "/e": to("{path}/f"),
        },
    ),
    by_status("PURGE", 301, "body"),
    by_status("TRACE", 303),
    redirected("to_nowhere", ""),
    redirected("in_capitals", "HTTP://{address}/b"),
    redirected("over_the_top", "." + "/.." * 9 + "{path}/b"),
    redirected("by_dots", "./b/../c/."),
    redirected("with_a_colon", "./b:c"),
    redirected("with_parameters", "b;c=d?e;f"),
    redirected("with_spaces_around", "  b  "),
    redirected("with_what_is_for_quotes", 'b"<>\\^`{}|c'),
    redirected("with_a_space", "b c"),
    redirected("in_utf_8", "b\u00c3\u00a4"),
    redirected("escaped", "b%2Fc%20d"),
    case("to_two_places", asks("GET", "/a"), answers={"/a": Answer(302, {"Location": ["b", "c"]})}),
    case("without_location", asks("GET", "/a"), answers={"/a": Answer(302)}),
    *(redirected(f"location_of_{status}", "b", status) for status in (200, 201, 300, 304, 305)),
    redirected("to_another_host", "{there}/b", headers=SECRETS | {"Cookie": "c=d"}),
    case(
        "to_another_host_and_back",
        asks("GET", "/a", headers=SECRETS),
        answers={"/a": to("{there}/b"), "/b": to("{here}/c")},
    ),
    redirected("to_the_same_host", "{here}/b", headers=SECRETS),
    redirected("own_host_field", "b", headers={"Host": "example.test"}),
    case("named_chain", asks("GET", "/1", name="the chain"), answers=chain(3)),
    case("ends_in_404", asks("GET", "/a", tell=("error_code",)), answers={"/a": to("b"), "/b": Answer(404)}),
    redirected("ends_refused", "{closed}/b"),
]

CONTENT_TYPE = case(
    "content_type",
    asks("POST", "/1", "x", headers={"Content-Type": "text/plain", "Content-Encoding": "x", "Content-Language": "en"}),
    answers={"/1": to("2", 307), "/2": to("3", 303)},
)
REFERER = case("referer", asks("GET", "/1"), asks("GET", "/1", headers={"Referer": "own"}), answers=chain(1))
OWN_HOST_AWAY = redirected("own_host_field_away", "{here}/b", headers={"Host": "example.test"})
OWN_COOKIE_FIELD = redirected("own_cookie_field", "b", headers={"Cookie": "c=d"})
TO_ANOTHER_PORT = redirected("to_another_port", "{elsewhere}/b", headers=SECRETS)
TO_ANOTHER_SCHEME = redirected("to_another_scheme", "{secure}/b", headers=SECRETS)
USER_IN_LOCATION = redirected("user_in_location", "http://user:secret@{address}/b")
FRAGMENT = redirected("fragment", "b#there", url="/a#here")
BAD_ESCAPE = redirected("bad_escape", "b%2Fc%zz")
NOT_TO_FOLLOW = [
    redirected("to_ftp", "ftp://127.0.0.1/b"),
    redirected("to_mail", "mailto:me@example.test"),
    redirected("to_no_address", "http://[nowhere/b"),
    redirected("to_no_port", "http://127.0.0.1:99999/b"),
]
DIFFERENT = [
    CONTENT_TYPE,
    REFERER,
    OWN_HOST_AWAY,
    OWN_COOKIE_FIELD,
    TO_ANOTHER_PORT,
    TO_ANOTHER_SCHEME,
    USER_IN_LOCATION,
    FRAGMENT,
    BAD_ESCAPE,
    *NOT_TO_FOLLOW,
]

seen = seen_in(([*SAME, *DIFFERENT], Options(insecure=True)))


@pytest.mark.parametrize("case", SAME, ids=str)
def test_redirects_are_the_same(case, seen):
    theirs, ours = seen[case.name]
    assert ours.facts == theirs.facts
    assert theirs.lines
    assert theirs.told


def test_the_limit_is_k6s(seen):
    theirs, ours = seen["limit_by_default"]
    assert ours.lines == theirs.lines == [f"GET /{n}" for n in range(1, 12)]
    assert ours.told == theirs.told
    assert theirs.told[0][0] == 302


def test_every_hop_has_its_url_for_a_name_or_the_one_that_was_given(seen):
    for outcome in seen["limit_1"]:
        assert [name.rpartition("/")[2] for (name,) in outcome.tags("name")] == ["1", "2"]
    for outcome in seen["named_chain"]:
        assert outcome.tags("name", "url", "status") == [
            ("the chain", "the chain", status) for status in ("200", *["302"] * 3)
        ]


def test_fields_of_a_body_go_with_it(seen):
    theirs, ours = seen["content_type"]
    assert ours.lines == theirs.lines == ["POST /1", "POST /2", "GET /3"]
    assert [one.body for one in ours.sent] == [one.body for one in theirs.sent] == [b"x", b"x", b""]
    # Without the body they are a lie; browsers drop them (Fetch 4.4, step 12), Go's client keeps them.
    assert theirs.header("content-type") == ["text/plain"] * 3
    assert ours.header("content-type") == ["text/plain", "text/plain", None]
    assert ours.header("content-encoding") == ["x", "x", None]
    assert ours.header("content-language") == ["en", "en", None]


def test_no_referer_is_made_up(seen):
    theirs, ours = seen["referer"]
    # Go's client adds it. Here a request has what the script says; a script that wants the field can give it.
    assert [value is not None for value in theirs.header("referer")] == [False, True, True, True]
    assert ours.header("referer") == [None, None, "own", "own"]


def test_a_location_with_a_host_is_asked_by_that_name(seen):
    theirs, ours = seen["own_host_field_away"]
    assert ours.header("host") == theirs.header("host")


def test_the_scripts_own_cookie_field_goes_on(seen):
    theirs, ours = seen["own_cookie_field"]
    assert ours.header("cookie") == ["c=d", "c=d"]
    assert theirs.header("cookie") == ["c=d", None]  # k6 writes the field anew from its jar, and loses what was there


@pytest.mark.parametrize("case", [TO_ANOTHER_PORT, TO_ANOTHER_SCHEME], ids=str)
def test_secrets_stay_with_their_origin(case, seen):
    theirs, ours = seen[case.name]
    assert ours.lines == theirs.lines == ["GET /a", "GET /b"]
    assert ours.counted == theirs.counted
    assert theirs.header("authorization") == ["Bearer secret"] * 2  # to Go a host is the same on every port
    assert ours.header("authorization") == ["Bearer secret", None]
    assert ours.header("x-own") == theirs.header("x-own") == ["1", "1"]


def test_a_user_in_location_is_believed_and_not_shown(seen):
    theirs, ours = seen["user_in_location"]
    assert ours.header("authorization") == theirs.header("authorization") == [None, "Basic dXNlcjpzZWNyZXQ="]
    assert "http://user:secret@" in theirs.told[0][1]
    assert all("****:****@" in name for (name,) in theirs.tags("name") if name.endswith("/b"))
    assert "@" not in ours.told[0][1] + str(ours.tags("name", "url"))


def test_fragments_are_not_sent_and_not_counted(seen):
    theirs, ours = seen["fragment"]
    assert ours.lines == theirs.lines == ["GET /a", "GET /b"]
    # A fragment is the client's own affair; with it, one place would be counted under many names.
    assert [name.rpartition("/")[2] for (name,) in theirs.tags("name")] == ["a#here", "b#there"]
    assert [name.rpartition("/")[2] for (name,) in ours.tags("name")] == ["a", "b"]


def test_an_escape_that_is_none_is_sent_as_browsers_send_it(seen):
    theirs, ours = seen["bad_escape"]
    assert theirs.lines == ["GET /a"]
    assert theirs.told[0][0] == 0
    assert ours.lines == ["GET /a", "GET /b%2Fc%zz"]
    assert ours.told[0][0] == 200


@pytest.mark.parametrize("case", NOT_TO_FOLLOW, ids=str)
def test_what_cannot_be_followed_is_returned(case, seen):
    theirs, ours = seen[case.name]
    assert ours.lines == theirs.lines == ["GET /a"]
    # k6 calls it a failed request, with a hop that was never sent. Here the script gets the redirect itself, such as
    # one to an app's own scheme at the end of a login, and is told once that it was not followed.
    assert theirs.told[0][0] == 0
    assert max(value for _, value in theirs.failed) == 1
    assert ours.told[0][0] == 302
    assert ours.tags("status", "expected_response") == [("302", "true")]
    assert "could not be followed" in ours.said
