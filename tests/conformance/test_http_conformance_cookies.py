"""Cookies are kept, sent and forgotten as in k6, or as RFC 6265 has it where k6 does otherwise."""

import pytest
from http_both_tools import seen_in
from http_script import Options, Step, asks, case
from http_scripted_server import Answer

FOREVER = "Expires=Wed, 21 Oct 2099 07:28:00 GMT"
LONG_AGO = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
HOSTS = dict.fromkeys(("example.test", "www.example.test", "api.example.test", "a.www.example.test"), "127.0.0.1")


def sets(*cookies, status=200, location=None):
    """An answer that sets cookies."""
    return Answer(status, {"Set-Cookie": list(cookies)} | ({} if location is None else {"Location": location}))


def kept(name, *cookies, then=(), answers=None, **more):
    """Ask before, let the server set cookies, and look at what comes back."""
    return case(name, GET, SET, GET, *then, answers={"/set": sets(*cookies), **(answers or {})}, **more)


def at(host, path):
    return asks("GET", f"http://{host}:{{port}}{{path}}{path}")


SET, GET = asks("GET", "/set"), asks("GET", "/get")
SECURE_GET = asks("GET", "{secure}/get")

SAME = [
    kept("one", "a=1; Path=/"),
    kept("several", "b=1; Path=/", "a=2; Path=/", "c=3; Path=/"),
    kept("only_for_http", "a=1; Path=/; HttpOnly", "b=2; Path=/; SameSite=Strict"),
    kept("values", "eq=a=b==; Path=/", "empty=; Path=/", "escaped=%20; Path=/", 'quoted="a b"; Path=/'),
    kept("not_cookies", "no equals; Path=/", "=no name; Path=/", "a=1;Path=/;;;"),
    kept("on_other_places", "a=1; Path=/", then=[asks("GET", "{there}/get"), asks("GET", "{elsewhere}/get")]),
    kept(
        "limited_to_a_path",
        "a=1; Path={path}/x",
        then=[asks("GET", path) for path in ("/x", "/x/", "/xy", "/x/y")],
    ),
    kept(
        "longest_path_first",
        "a=1; Path=/",
        "b=2; Path={path}/x/y",
        "c=3; Path={path}/x",
        "a=4; Path={path}/x",
        then=[asks("GET", "/x/y/get")],
    ),
    case(
        "path_of_the_request",
        *(asks("GET", path) for path in ("/x/set", "/x/get", "/x", "/xy", "/x/y/z")),
        answers={"/x/set": sets("a=1", "b=2; Path=relative", "c=3; Path=")},
    ),
    case(
        "by_a_host_without_dots",
        asks("GET", "{there}/set"),
        asks("GET", "{there}/get"),
        GET,
        answers={
            "/set": sets("a=1; Domain=localhost", "b=2; Domain=.localhost", "c=3; Domain=example.test", "d=4; Domain=")
        },
    ),
    case(
        "by_a_domain",
        at("www.example.test", "/set"),
        *(at(host, "/get") for host in HOSTS),
        answers={
            "/set": sets(
                "a=1; Domain=example.test",
                "b=2",
                "c=3; Domain=.EXAMPLE.test",
                "d=4; Domain=api.example.test",
                "e=5; Domain=www.example.test",
            )
        },
    ),
    kept(
        "replaced",
        "a=1; Path=/",
        "b=1; Path=/",
        then=[asks("GET", "/again"), GET],
        answers={"/again": sets("a=2; Path=/")},
    ),
    kept(
        "ended",
        "a=1; Path=/",
        "b=2; Path=/",
        "c=3; Path=/",
        then=[asks("GET", "/end"), GET],
        answers={"/end": sets("a=; Path=/; Max-Age=0", "b=; Max-Age=-5; Path=/", f"c=; Path=/; {LONG_AGO}")},
    ),
    kept(
        "ages",
        f"a=1; Path=/; {FOREVER}",
        "b=2; Path=/; Expires=nonsense",
        "c=3; Path=/; Expires=Wed, 21-Oct-2099 07:28:00 GMT",
        f"d=4; Path=/; Max-Age=100; {LONG_AGO}",
        f"e=5; Path=/; Max-Age=abc; {LONG_AGO}",
        f"f=6; Path=/; {LONG_AGO}",
    ),
    kept("by_a_404", answers={"/set": sets("a=1; Path=/", status=404)}),
    kept("in_each_iteration", "a=1; Path=/", iterations=2),
    case("by_a_redirect", asks("GET", "/go"), GET, answers={"/go": sets("a=1; Path=/", status=302, location="get")}),
    case(
        "by_each_of_three",
        asks("GET", "/go"),
        GET,
        answers={
            "/go": sets("a=1; Path=/", "step=0; Path=/", status=302, location="next"),
            "/next": sets("b=2; Path=/", "step=1; Path=/", status=307, location="get"),
            "/get": sets("c=3; Path=/"),
        },
    ),
    case(
        "by_redirects_between_hosts",
        asks("GET", "/go"),
        GET,
        asks("GET", "{there}/get"),
        answers={
            "/go": sets("a=1; Path=/", status=302, location="{there}/next"),
            "/next": sets("b=2; Path=/", status=302, location="{here}/get"),
        },
    ),
    kept(
        "ended_by_a_redirect",
        "a=1; Path=/",
        then=[asks("GET", "/go")],
        answers={"/go": sets("a=; Path=/; Max-Age=0", status=302, location="get")},
    ),
    case(
        "by_a_redirect_for_its_path",
        asks("GET", "/x/go"),
        asks("GET", "/x/get"),
        answers={"/x/go": sets("a=1", status=302, location="{path}/y/get")},
    ),
    case(
        "by_a_redirect_to_itself",
        GET,
        answers={
            "/get": lambda sent, _: Answer() if sent.header("cookie") else sets("a=1", status=302, location="get"),
        },
    ),
    case(
        "by_a_redirect_not_followed",
        asks("GET", "/go", redirects=0),
        GET,
        answers={"/go": sets("a=1; Path=/", status=302, location="get")},
    ),
    case("of_the_script", asks("GET", "/get", cookies={"mine": "1"}), GET, asks("GET", "/get", cookies={"mine": ""})),
    case(
        "of_the_script_over_a_redirect",
        asks("GET", "/go", cookies={"mine": "1"}),
        answers={"/go": Answer(302, {"Location": "get"})},
    ),
    kept(
        "of_the_script_instead",
        "a=1; Path=/",
        then=[
            Step(
                "tell(http.get('{here}/get', {cookies: {a: {value: 'mine', replace: true}}}));",
                "tell(await vu.http.get('{here}/get', cookies={'a': 'mine'}))",
            ),
            GET,
        ],
    ),
    case(
        "read_from_a_response",
        Step(
            "const c = http.get('{here}/set').cookies; say(Object.keys(c).sort().map((n) => [n, c[n][0].value]));",
            "r = await vu.http.get('{here}/set'); say(sorted([n, value] for n, value in r.cookies.items()))",
        ),
        answers={"/set": sets("a=1; Path=/", "b=2; Path=/; Secure", "c=; Path=/nowhere")},
    ),
    kept(
        "read_from_the_jar",
        "a=1; Path=/",
        "b=2; Path={path}/x",
        "c=3; Path={path}",
        then=[
            Step(
                "const c = http.cookieJar().cookiesForURL('{here}/get');"
                " say(Object.keys(c).sort().map((n) => [n, c[n][0]]));",
                "say(sorted([n, v] for n, v in vu.http.cookies.for_url('http', '127.0.0.1', '{path}/get').items()))",
            )
        ],
    ),
    case(
        "put_into_the_jar",
        Step(
            "const jar = http.cookieJar();"
            " jar.set('{here}', 'a', '1', {path: '/'});"
            " jar.set('{here}', 'b', '2', {path: '{path}/x'});"
            " jar.set('{secure}', 'c', '3', {path: '/', secure: true});",
            "vu.http.cookies.set('a', '1', domain='127.0.0.1')\n"
            "vu.http.cookies.set('b', '2', domain='127.0.0.1', path='{path}/x')\n"
            "vu.http.cookies.set('c', '3', domain='127.0.0.1', secure=True)",
        ),
        GET,
        asks("GET", "/x/y"),
        SECURE_GET,
    ),
]
BY_TWO_USERS = kept("by_each_of_two_users", "a=1; Path=/", vus=2)
KEPT_ON = [kept("over_iterations", "a=1; Path=/", iterations=2)]

SECURE_BY_HTTP = kept("secure_by_http", "a=1; Path=/; Secure", then=[SECURE_GET])
SECURE_BY_HTTPS = case(
    "secure_by_https",
    asks("GET", "{secure}/set"),
    asks("GET", "/over"),
    GET,
    SECURE_GET,
    answers={"/set": sets("a=1; Path=/; Secure"), "/over": sets("a=2; Path=/")},
)
PREFIXES = kept("prefixes", "__Host-a=1; Path=/", "__Secure-b=1; Path=/", "c=1; Path=/")
OLD_DATE = kept("old_date", "a=1; Path=/; Expires=Wednesday, 21-Oct-98 07:28:00 GMT", "b=2; Path=/")
ADDRESS_AS_DOMAIN = kept(
    "address_as_domain", "a=1; Path=/; Domain=127.0.0.1", "b=2; Path=/; Domain=.127.0.0.1", "c=3; Path=/; Domain=0.0.1"
)
TOP_DOMAIN = case(
    "top_domain",
    at("www.example.test", "/set"),
    at("api.example.test", "/get"),
    answers={"/set": sets("a=1; Domain=test", "b=2; Domain=example.test")},
)
OTHER_BYTES = kept(
    "other_bytes",
    'quoted="a"; Path=/',
    "comma=a,b; Path=/",
    "space=a b; Path=/",
    "utf_8=\u00c3\u00a4; Path=/",
    "back=a\\b; Path=/",
    'inner=a"b; Path=/',
    "list[]=1; Path=/",
)
OWN_VALUES = case("own_values", *(asks("GET", "/get", cookies={"a": value}) for value in ("x y", "x,y", '"q"')))
OWN_AND_KEPT = kept("own_and_kept", "a=1; Path=/", then=[asks("GET", "/get", cookies={"mine": "2"})])
OWN_TWICE = kept("own_twice", "a=1; Path=/", then=[asks("GET", "/get", cookies={"a": "mine"}), GET])
OWN_AWAY = [
    case(
        f"own_{name}",
        asks("GET", "/go", cookies={"mine": "1"}),
        answers={"/go": Answer(302, {"Location": f"{{{name}}}/get"})},
    )
    for name in ("there", "elsewhere", "secure")
]
FIELD = kept("own_field", "a=1; Path=/", then=[asks("GET", "/get", headers={"Cookie": "x=y"}), GET])
FIELD_AND_OWN = case("own_field_and_own", asks("GET", "/get", headers={"Cookie": "x=y"}, cookies={"mine": "1"}))
TAKEN_OUT = case(
    "taken_out_of_the_jar",
    Step(
        "const jar = http.cookieJar();"
        " jar.set('{here}', 'a', '1', {path: '/'});"
        " jar.set('{here}', 'b', '2', {path: '/'});"
        " jar.set('{here}', 'c', '3', {path: '/', max_age: 0});",
        "for name, value in ('a', '1'), ('b', '2'):\n"
        "    vu.http.cookies.set(name, value, domain='127.0.0.1')\n"
        "vu.http.cookies.set('c', '3', domain='127.0.0.1', max_age=0)",
    ),
    GET,
    Step("http.cookieJar().delete('{here}', 'a');", "vu.http.cookies.delete('a')"),
    GET,
    Step("http.cookieJar().clear('{here}');", "vu.http.cookies.clear()"),
    GET,
)
BATCH = case(
    "by_a_batch",
    Step(
        "http.batch(['{here}/set', '{here}/too']); http.get('{here}/get');",
        "await vu.http.batch(['{here}/set', '{here}/too']); await vu.http.get('{here}/get')",
    ),
    answers={"/set": sets("a=1; Path=/"), "/too": sets("b=2; Path=/")},
)
MANY = kept("many", *(f"c{number}={number}; Path=/" for number in range(60)))
DIFFERENT = [
    BY_TWO_USERS,
    SECURE_BY_HTTP,
    SECURE_BY_HTTPS,
    PREFIXES,
    OLD_DATE,
    ADDRESS_AS_DOMAIN,
    TOP_DOMAIN,
    OTHER_BYTES,
    OWN_VALUES,
    OWN_AND_KEPT,
    OWN_TWICE,
    *OWN_AWAY,
    FIELD,
    FIELD_AND_OWN,
    TAKEN_OUT,
    BATCH,
    MANY,
]

seen = seen_in(
    ([*SAME, *DIFFERENT], Options({"hosts": HOSTS}, f"hosts={HOSTS!r}", insecure=True)),
    (KEPT_ON, Options({"noCookiesReset": True}, "keep_cookies=True")),
)


def last(outcome):
    """The Cookie field of the last request."""
    return outcome.header("cookie")[-1]


@pytest.mark.parametrize("case", [*SAME, *KEPT_ON], ids=str)
def test_cookies_are_the_same(case, seen):
    theirs, ours = seen[case.name]
    assert ours.facts == theirs.facts
    assert theirs.told


def test_users_and_iterations_are_strangers_to_each_other(seen):
    for outcome in (*seen["by_each_of_two_users"], *seen["in_each_iteration"]):
        assert sorted(map(str, outcome.header("cookie"))) == ["None"] * 4 + ["a=1"] * 2
    for outcome in seen["over_iterations"]:
        assert outcome.header("cookie") == [None, None, "a=1", "a=1", "a=1", "a=1"]


def test_a_secure_cookie_is_of_https_alone(seen):
    theirs, ours = seen["secure_by_http"]
    # k6 lets http set a cookie for https, and replace one of it. RFC 6265bis 5.7 forbids both, as browsers do.
    assert theirs.header("cookie") == [None, None, None, "a=1"]
    assert ours.header("cookie") == [None, None, None, None]
    theirs, ours = seen["secure_by_https"]
    assert theirs.header("cookie")[2:] == ["a=2", "a=2"]
    assert ours.header("cookie")[2:] == [None, "a=1"]


def test_a_prefix_of_a_name_is_a_promise(seen):
    theirs, ours = seen["prefixes"]
    assert last(theirs) == "__Host-a=1; __Secure-b=1; c=1"
    assert last(ours) == "c=1"  # RFC 6265bis 4.1.3: these two need Secure, which http cannot give


def test_a_date_of_the_old_form_is_one(seen):
    theirs, ours = seen["old_date"]
    assert last(theirs) == "a=1; b=2"  # Go's client does not read it, so the cookie lives on
    assert last(ours) == "b=2"  # RFC 6265 5.1.1: it is of 1998


def test_an_address_with_a_dot_before_it_is_that_address(seen):
    theirs, ours = seen["address_as_domain"]
    assert last(theirs) == "a=1"
    assert last(ours) == "a=1; b=2"  # RFC 6265 5.2.3: the dot is dropped


def test_no_cookie_is_for_a_whole_top_domain(seen):
    theirs, ours = seen["top_domain"]
    assert last(theirs) == "a=1; b=2"
    assert last(ours) == "b=2"


def test_values_come_back_as_they_were(seen):
    theirs, ours = seen["other_bytes"]
    # Go's client takes quotes away, puts others there, and drops what its own grammar does not have. By RFC 6265 5.2 a
    # client keeps the bytes as they are, and browsers do: frameworks sign such values.
    assert last(theirs) == 'quoted=a; comma="a,b"; space="a b"'
    assert last(ours) == ('quoted="a"; comma=a,b; space=a b; utf_8=\u00c3\u00a4; back=a\\b; inner=a"b; list[]=1')
    theirs, ours = seen["own_values"]
    assert theirs.header("cookie") == ['a="x y"', 'a="x,y"', "a=q"]
    assert ours.header("cookie") == ["a=x y", "a=x,y", 'a="q"']


def test_cookies_of_a_request_go_with_those_of_the_user(seen):
    theirs, ours = seen["own_and_kept"]
    assert set(last(ours).split("; ")) == set(last(theirs).split("; ")) == {"a=1", "mine=2"}  # no order has a meaning


def test_a_cookie_of_a_request_stands_for_the_users_own(seen):
    theirs, ours = seen["own_twice"]
    assert theirs.header("cookie")[3:] == ["a=mine; a=1", "a=1"]  # k6 sends both, and the server picks one
    assert ours.header("cookie")[3:] == ["a=mine", "a=1"]  # as k6 with `replace`


@pytest.mark.parametrize("case", OWN_AWAY, ids=str)
def test_cookies_of_a_request_stay_with_its_origin(case, seen):
    theirs, ours = seen[case.name]
    assert ours.lines == theirs.lines == ["GET /go", "GET /get"]
    assert theirs.header("cookie") == ["mine=1", "mine=1"]  # k6 gives them to whoever a redirect points to
    assert ours.header("cookie") == ["mine=1", None]


def test_a_cookie_field_of_the_script_is_the_whole_of_it(seen):
    theirs, ours = seen["own_field"]
    assert theirs.header("cookie")[3:] == ["x=y; a=1", "a=1"]
    assert ours.header("cookie")[3:] == ["x=y", "a=1"]  # a header field of the script is never changed


def test_cookies_beside_a_cookie_field_are_sent_or_refused(seen):
    theirs, ours = seen["own_field_and_own"]
    assert theirs.header("cookie") == ["x=y; mine=1"]
    assert ours.header("cookie") == theirs.header("cookie") or "ValueError: " in ours.said


def test_what_is_taken_out_of_the_jar_is_gone(seen):
    theirs, ours = seen["taken_out_of_the_jar"]
    # k6 takes a cookie out by setting another that has ended, at the path of the URL and so beside it; and a `max_age`
    # of 0 means to Go that there is none.
    assert theirs.header("cookie") == ["a=1; b=2; c=3"] * 3
    assert ours.header("cookie") == ["a=1; b=2", "b=2", None]


def test_a_batch_sets_cookies(seen):
    for outcome in seen["by_a_batch"]:
        assert set(last(outcome).split("; ")) == {"a=1", "b=2"}  # in the order of the answers


def test_a_server_can_set_as_many_as_browsers_must_keep(seen):
    theirs, ours = seen["many"]
    assert len(last(theirs).split("; ")) == 60  # Go's client has no limit
    assert len(last(ours).split("; ")) == 50  # RFC 6265 6.1: at least 50 for a domain; those that were first give way
