"""The cookies of a virtual user: the algorithms of RFC 6265 as tables, what is sent where, and what is refused."""

import http.client
import io
import math
import urllib.request
from email.utils import formatdate
from http.cookiejar import CookieJar as StandardJar
from http.cookiejar import DefaultCookiePolicy
from http.cookies import SimpleCookie

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from surgeline.protocols.http.cookies import (
    MOST_ATTRIBUTE_BYTES,
    MOST_COOKIES,
    MOST_PAIR_BYTES,
    MOST_PER_DOMAIN,
    Cookie,
    CookieJar,
    cookie_pairs,
    default_path,
    domain_matches,
    parse_cookie_date,
    path_matches,
)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = 1_700_000_000.0
HOST = "www.example.com"


class Clock:
    def __init__(self):
        self.seconds = NOW

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jar(clock):
    return CookieJar(clock)


def stored(*values, scheme="https", host=HOST, path="/dir/page?q=/x/y"):
    """Return the cookies of a jar after a response with these Set-Cookie values."""
    jar = CookieJar(lambda: NOW)
    for value in values:
        jar.store(scheme, host, path, value)
    return [cookie for name in jar for cookie in jar.get_all(name)]


def sent(jar, url_path="/", scheme="https", host=HOST):
    return jar.header(scheme, host, url_path)


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        ("SID=31d4d96e407aad42", "SID", "31d4d96e407aad42"),
        ("a=b=c; SameSite=Lax", "a", "b=c"),
        ("  a \t=\t b c  ;", "a", "b c"),
        ("a=", "a", ""),
        ('a="quoted; b"', "a", '"quoted'),
        ('a="quoted"', "a", '"quoted"'),
        ("a=b,c=d", "a", "b,c=d"),
        ("a=\xc3\xbc", "a", "\xc3\xbc"),
        ("a=b\tc", "a", "b\tc"),
        ("cart[1]=x", "cart[1]", "x"),
        ("a=" + "x" * (MOST_PAIR_BYTES - 1), "a", "x" * (MOST_PAIR_BYTES - 1)),
    ],
)
def test_name_and_value(value, name, text):
    (cookie,) = stored(value)
    assert cookie == Cookie(name, text, HOST, "/dir", host_only=True)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ";",
        "name",
        "=value",
        " = value; Path=/",
        "; a=b",
        "a=b\0",
        "a=b\r\nSet-Cookie: c=d",
        "a=b; Path=/\x7f",
        "a=b\x1f",
        "a=\u0100",
        "a=" + "x" * MOST_PAIR_BYTES,
    ],
)
def test_what_is_no_cookie_is_ignored(value):
    assert stored(value) == []


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("Path=/a/b", {"path": "/a/b"}),
        ("path = /a ", {"path": "/a"}),
        ("Path=a", {"path": "/dir"}),
        ("Path=", {"path": "/dir"}),
        ("Path", {"path": "/dir"}),
        ("Path=/a; Path=/b", {"path": "/b"}),
        ("Path=/a; Path=b", {"path": "/dir"}),
        ("Path=/" + "p" * (MOST_ATTRIBUTE_BYTES - 1), {"path": "/" + "p" * (MOST_ATTRIBUTE_BYTES - 1)}),
        ("Path=/" + "p" * MOST_ATTRIBUTE_BYTES, {"path": "/dir"}),
        ("Domain=example.com", {"domain": "example.com", "host_only": False}),
        ("domain=.Example.COM", {"domain": "example.com", "host_only": False}),
        ("Domain=www.example.com", {"domain": HOST, "host_only": False}),
        ("Domain=example.com; Domain=", {}),
        ("Domain=other.org; Domain=example.com", {"domain": "example.com", "host_only": False}),
        ("Domain", {}),
        ("Domain=.", {}),
        ("Secure", {"secure": True}),
        ("secure=no; HTTPONLY", {"secure": True, "http_only": True}),
        ("HttpOnly=", {"http_only": True}),
        ("SameSite=Strict; Partitioned; Priority=High; unknown", {}),
        ("Max-Age=60", {"expires": NOW + 60}),
        ("Max-Age=60; Max-Age=x", {"expires": NOW + 60}),
        ("Max-Age=60; Max-Age=30", {"expires": NOW + 30}),
        ("Max-Age=+60", {}),
        ("Max-Age=6.0", {}),
        ("Max-Age=-", {}),
        ("Max-Age=", {}),
        ("Max-Age=\xb2", {}),
        ("Max-Age=" + "9" * MOST_ATTRIBUTE_BYTES, {"expires": NOW + 10**10}),
        ("Expires=Wed, 09 Jun 2123 10:18:14 GMT", {"expires": 4841979494.0}),
        ("Expires=Wed, 09 Jun 2123 10:18:14 GMT; Expires=soon", {"expires": 4841979494.0}),
        ("Expires=Wed, 09 Jun 1999 10:18:14 GMT; Max-Age=5", {"expires": NOW + 5}),
        ("Max-Age=5; Expires=Wed, 09 Jun 1999 10:18:14 GMT", {"expires": NOW + 5}),
        ("Expires=never", {}),
    ],
)
def test_attributes(attributes, expected):
    (cookie,) = stored(f"a=b; {attributes}")
    assert cookie == Cookie("a", "b", **({"domain": HOST, "path": "/dir", "host_only": True} | expected))


@pytest.mark.parametrize(
    "attributes",
    ["Max-Age=0", "Max-Age=-1", "Max-Age=-" + "9" * 50, "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "max-age=00"],
)
def test_a_cookie_of_the_past_removes_the_one_that_is_there(attributes):
    assert stored(f"a=b; {attributes}") == []
    assert stored("a=b", f"a=; {attributes}") == []
    assert len(stored("a=b; Path=/other", f"a=; {attributes}")) == 1


@pytest.mark.parametrize(
    ("host", "domain", "kept"),
    [
        (HOST, "example.com", True),
        (HOST, "ample.com", False),
        (HOST, "api.example.com", False),
        (HOST, "deep.www.example.com", False),
        (HOST, "com", False),
        (HOST, ".com", False),
        (HOST, "..example.com", False),
        (HOST, "example.com.", False),
        ("example.com.", "com.", False),
        ("localhost", "localhost", True),
        ("a.localhost", "localhost", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.1", False),
        ("::1", "::1", True),
        ("WWW.Example.Com", "example.com", True),
    ],
)
def test_the_domain_attribute_must_hold_the_host(host, domain, kept):
    assert bool(stored(f"a=b; Domain={domain}", host=host)) is kept


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_host_without_names_below_it_keeps_its_cookies_to_itself(jar, host):
    jar.store("http", host, "/", f"a=b; Domain={host}")
    assert jar.get_all("a") == [Cookie("a", "b", host, host_only=True)]
    assert sent(jar, host=host) == "a=b"
    assert sent(jar, host=f"www.{host}") == ""


@pytest.mark.parametrize(
    ("host", "domain", "matches"),
    [
        ("example.com", "example.com", True),
        ("www.example.com", "example.com", True),
        ("a.b.example.com", "example.com", True),
        ("example.com", "www.example.com", False),
        ("badexample.com", "example.com", False),
        ("example.com", "", False),
        ("1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "3.4", False),
        ("::1.2.3.4", "2.3.4", False),
        ("4.example", "example", True),
    ],
)
def test_domain_matches(host, domain, matches):
    assert domain_matches(host, domain) is matches


@pytest.mark.parametrize(
    ("path", "cookie_path", "matches"),
    [
        ("/", "/", True),
        ("/a", "/", True),
        ("/a", "/a", True),
        ("/a/", "/a", True),
        ("/a/b", "/a", True),
        ("/a/b", "/a/", True),
        ("/ab", "/a", False),
        ("/a", "/a/", False),
        ("/", "/a", False),
        ("/A", "/a", False),
    ],
)
def test_path_matches(path, cookie_path, matches):
    assert path_matches(path, cookie_path) is matches


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/"),
        ("relative", "/"),
        ("/", "/"),
        ("/page", "/"),
        ("/dir/page", "/dir"),
        ("/dir/", "/dir"),
        ("/a/b/c?d=/e/f", "/a/b"),
        ("/?a=/b/c", "/"),
        ("?/a/b", "/"),
    ],
)
def test_default_path(path, expected):
    assert default_path(path) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("6 nOvEmBeR 1994 8:49:37", 784111777),
        ("1994 Nov 6 08:49:37", 784111777),
        ("94 Nov 2006 08:49:37", None),
        ("08:49:37 06 Nov 1994 09:00:00", 784111777),
        ("06 Nov 1994 08:49:37.123 +0100", 784111777),
        ("06th Nov 1994x 08:49:37", 784111777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
        ("01 Jan 70 00:00:00", 0),
        ("01 Jan 69 00:00:00", 3124224000),
        ("01 Jan 00 00:00:00", 946684800),
        ("29 Feb 2024 00:00:00", 1709164800),
        ("29 Feb 2023 00:00:00", None),
        ("31 Apr 2023 00:00:00", None),
        ("00 Jan 2023 00:00:00", None),
        ("32 Jan 2023 00:00:00", None),
        ("01 Jan 1600 00:00:00", None),
        ("01 Jan 1601 00:00:00", -11644473600),
        ("31 Dec 9999 23:59:59", 253402300799),
        ("01 Jan 2023 24:00:00", None),
        ("01 Jan 2023 00:60:00", None),
        ("01 Jan 2023 00:00:60", None),
        ("01 Jan 2023 00:00", None),
        ("01 Jan 2023 000:00:00", None),
        ("01 Jan 20234 00:00:00", None),
        ("001 Jan 2023 00:00:00", None),
        ("01 Jnu 2023 00:00:00", None),
        ("Jan 2023 00:00:00", None),
        ("01 Jan 00:00:00", None),
        ("", None),
        ("tomorrow", None),
    ],
)
def test_cookie_dates(text, expected):
    assert parse_cookie_date(text) == expected


@unhurried
@given(st.integers(0, 253402300799))
def test_a_date_as_the_standard_library_writes_it(seconds):
    assert parse_cookie_date(formatdate(seconds, usegmt=True)) == seconds


@pytest.mark.parametrize(
    ("name", "attributes", "kept"),
    [
        ("__Secure-a", "Secure", True),
        ("__Secure-a", "", False),
        ("__SECURE-a", "", False),
        ("__Host-a", "Secure; Path=/", True),
        ("__Host-a", "Secure; Path=/; Domain=", True),
        ("__Host-a", "Secure", False),
        ("__Host-a", "Secure; Path=/a", False),
        ("__Host-a", "Path=/", False),
        ("__host-a", "Path=/", False),
        ("__Host-a", "Secure; Path=/; Domain=www.example.com", False),
        ("__Hosta", "", True),
    ],
)
def test_name_prefixes(name, attributes, kept):
    assert bool(stored(f"{name}=b; {attributes}", path="/")) is kept
    assert not stored(f"{name}=b; Secure; {attributes}", scheme="http")


def test_secure_cookies_are_set_and_sent_by_https_alone(jar):
    jar.store("http", HOST, "/", "no=1; Secure")
    jar.store("https", HOST, "/", "yes=1; Secure")
    jar.store("https", HOST, "/", "any=1")
    assert sent(jar) == "yes=1; any=1"
    assert sent(jar, scheme="http") == "any=1"
    assert sent(CookieJar(), scheme="http", host="localhost") == ""


@pytest.mark.parametrize(
    ("host", "path", "value", "kept"),
    [
        (HOST, "/login", "a=evil", False),
        (HOST, "/login/deep/page", "a=evil", False),
        (HOST, "/login", "a=evil; Path=/login; Domain=example.com", False),
        ("example.com", "/login", "a=evil; Path=/login", False),
        (HOST, "/login", "a=; Path=/login; Max-Age=0", False),
        (HOST, "/", "a=fine; Path=/", True),
        (HOST, "/login", "b=fine; Path=/login", True),
        ("other.example.com", "/login", "a=fine; Path=/login", True),
    ],
)
def test_http_cannot_replace_a_secure_cookie_or_hide_it(jar, host, path, value, kept):
    jar.store("https", HOST, "/", "a=good; Secure; Path=/login; Domain=www.example.com")
    jar.store("http", host, f"{path}/", value)
    assert len([cookie for name in jar for cookie in jar.get_all(name)]) == (2 if kept else 1)
    assert jar.for_url("https", HOST, "/login/deep/page")["a"] == "good"


def test_http_cannot_hide_a_secure_cookie_of_a_domain_above(jar):
    jar.store("https", "example.com", "/", "a=good; Secure; Domain=example.com")
    jar.store("http", HOST, "/", "a=evil")
    assert sent(jar) == "a=good"


def test_what_goes_where(jar):
    jar.store("https", "example.com", "/", "host=1")
    jar.store("https", "example.com", "/", "domain=2; Domain=example.com")
    jar.store("https", "example.com", "/", "dir=3; Path=/dir; Domain=example.com")
    assert sent(jar, host="example.com") == "host=1; domain=2"
    assert sent(jar, host="EXAMPLE.com") == "host=1; domain=2"
    assert sent(jar, host="www.example.com") == "domain=2"
    assert sent(jar, "/dir/page?x=/other", host="www.example.com") == "dir=3; domain=2"
    assert sent(jar, "/dir?x", host="www.example.com") == "dir=3; domain=2"
    assert sent(jar, "/direct", host="www.example.com") == "domain=2"
    assert sent(jar, host="example.org") == ""
    assert jar.for_url("https", "example.com", "/dir") == {"dir": "3", "host": "1", "domain": "2"}


def test_longer_paths_come_first_then_older_cookies(jar):
    for value in ("b=1; Path=/", "a=2; Path=/x/y", "c=3; Path=/", "d=4; Path=/x", "b=5; Path=/"):
        jar.store("http", HOST, "/", value)
    assert sent(jar, "/x/y/z") == "a=2; d=4; b=5; c=3"


def test_a_cookie_that_was_removed_and_comes_again_is_young(jar):
    for value in ("a=1", "b=2", "a=; Max-Age=0", "a=3"):
        jar.store("http", HOST, "/", value)
    assert sent(jar) == "b=2; a=3"


def test_a_cookie_is_replaced_by_one_of_the_same_name_domain_and_path(jar):
    jar.store("https", HOST, "/", "a=1; HttpOnly; Secure; Max-Age=5")
    assert sent(jar, scheme="http") == ""
    jar.store("https", HOST, "/", f"a=2; Domain={HOST}")
    assert jar.get_all("a") == [Cookie("a", "2", HOST)]
    assert sent(jar, scheme="http", host=f"below.{HOST}") == "a=2"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a=1", f"a=1; Domain={HOST}", ["", "a=1"]),
        (f"a=1; Domain={HOST}", "a=1", ["a=1", ""]),
        ("a=1; Domain=www.example.com", "a=1; Secure; Domain=www.example.com", ["a=1", ""]),
    ],
)
def test_a_cookie_of_the_same_value_may_go_elsewhere(jar, first, second, expected):
    fields = []
    for value in (first, second):
        jar.store("https", HOST, "/", value)
        fields.append(sent(jar, scheme="http", host=f"below.{HOST}"))
    assert fields == expected


def test_cookies_expire(jar, clock):
    jar.store("http", HOST, "/", "short=1; Max-Age=10")
    jar.store("http", HOST, "/", "long=2; Max-Age=20")
    clock.seconds += 9.5
    assert sent(jar) == "short=1; long=2"
    clock.seconds += 0.5
    assert sent(jar) == "long=2"
    assert (list(jar), len(jar), bool(jar), jar.get_all("short")) == (["long"], 1, True, [])
    clock.seconds += 10
    assert not jar
    assert (list(jar), len(jar), jar.for_url("http", HOST, "/"), sent(jar)) == ([], 0, {}, "")


def test_a_cookie_that_is_set_again_lives_longer(jar, clock):
    jar.store("http", HOST, "/", "a=1; Max-Age=10")
    assert sent(jar) == "a=1"
    jar.store("http", HOST, "/", "a=1; Max-Age=20")
    clock.seconds += 15
    assert sent(jar) == "a=1"
    clock.seconds += 5
    assert sent(jar) == ""


def test_a_field_follows_every_change(jar):
    fields = []

    def look():
        fields.append((sent(jar), sent(jar, "/p/q")))

    look()
    jar.store("http", HOST, "/", "a=1")
    look()
    jar.store("http", HOST, "/", "a=2")
    look()
    jar.store("http", HOST, "/", "b=3; Path=/p")
    look()
    jar.set("c", "4", domain=HOST)
    look()
    jar.delete("a")
    look()
    jar.store("http", HOST, "/", "b=; Path=/p; Max-Age=0")
    look()
    jar.clear()
    look()
    assert fields == [
        ("", ""),
        ("a=1", "a=1"),
        ("a=2", "a=2"),
        ("a=2", "b=3; a=2"),
        ("a=2; c=4", "b=3; a=2; c=4"),
        ("c=4", "b=3; c=4"),
        ("c=4", "c=4"),
        ("", ""),
    ]


def test_a_field_is_made_once_for_all_paths(jar):
    jar.store("http", HOST, "/", "a=1; Path=/")
    first = sent(jar, "/one")
    jar.store("http", HOST, "/", "a=1; Path=/; Max-Age=100")
    assert sent(jar, "/two") is first
    assert sent(jar, "/two", scheme="http") == first


def test_many_hosts_are_answered_rightly(jar):
    jar.store("http", "example.com", "/", "a=1; Domain=example.com")
    for _ in range(2):
        for number in range(250):
            assert sent(jar, host=f"h{number}.example.com") == "a=1"
            assert sent(jar, host=f"h{number}.example.org") == ""


def test_the_oldest_cookie_of_a_domain_gives_way(jar):
    jar.store("http", "example.com", "/", "other=1")
    for number in range(MOST_PER_DOMAIN):
        jar.store("http", HOST, "/", f"n{number}=1")
    jar.store("http", HOST, "/", "n0=2")
    assert len(jar) == MOST_PER_DOMAIN + 1
    jar.store("http", HOST, "/", "new=1")
    assert len(jar) == MOST_PER_DOMAIN + 1
    assert "n0" not in jar
    assert {"other", "n1", "new"} <= set(jar)
    assert sent(jar).startswith("n1=1; n2=1")


def test_the_oldest_cookie_of_all_gives_way(jar):
    for number in range(MOST_COOKIES):
        jar.store("http", f"h{number}.example", "/", f"n{number}=1")
    assert len(jar) == MOST_COOKIES
    jar.store("http", HOST, "/", "new=1")
    assert len(jar) == MOST_COOKIES
    assert "n0" not in jar
    assert {"n1", "new"} <= set(jar)


def test_what_has_expired_gives_way_before_what_has_not(jar, clock):
    jar.store("http", HOST, "/", "old=1")
    jar.store("http", HOST, "/", "short=1; Max-Age=1")
    for number in range(MOST_PER_DOMAIN - 2):
        jar.store("http", HOST, "/", f"n{number}=1")
    clock.seconds += 1
    jar.store("http", HOST, "/", "new=1")
    assert {"old", "new"} <= set(jar)
    assert len(jar) == MOST_PER_DOMAIN


def test_as_a_mapping(jar):
    assert not jar
    assert dict(jar) == {}
    jar.store("https", "example.com", "/", "a=domain; Domain=example.com")
    jar.store("https", HOST, "/", "a=host")
    jar.store("https", "example.com", "/", "b=1; Path=/")
    jar.store("https", "example.com", "/", "a=path; Path=/p")
    assert jar["a"] == "path"
    assert [cookie.value for cookie in jar.get_all("a")] == ["path", "host", "domain"]
    assert (list(jar), len(jar), "a" in jar, "c" in jar) == (["a", "b"], 2, True, False)
    assert jar.get("c", "none") == "none"
    assert dict(jar) == {"a": "path", "b": "1"}
    with pytest.raises(KeyError, match="c"):
        jar["c"]
    jar.delete("a")
    jar.delete("never")
    assert dict(jar) == {"b": "1"}


def test_for_url_gives_the_most_specific(jar):
    jar.store("https", HOST, "/", "a=1; Path=/")
    jar.store("https", HOST, "/", "a=2; Path=/p")
    assert sent(jar, "/p") == "a=2; a=1"
    assert jar.for_url("https", HOST, "/p") == {"a": "2"}
    assert jar.for_url("https", HOST, "/") == {"a": "1"}


def test_a_script_sets_a_cookie(jar, clock):
    jar.set("a", "1", domain=".Example.com", path="/p", secure=True, max_age=10)
    assert jar.get_all("a") == [Cookie("a", "1", "example.com", "/p", secure=True, expires=NOW + 10)]
    assert sent(jar, "/p", host="deep.example.com") == "a=1"
    jar.set("a", "2", domain="example.com", path="/p")
    assert jar.get_all("a") == [Cookie("a", "2", "example.com", "/p", expires=math.inf)]
    jar.set("a", "", domain="example.com", path="/p", max_age=0)
    assert not jar


def test_a_server_replaces_what_a_script_set(jar):
    jar.set("token", "first", domain="example.com")
    jar.store("https", "example.com", "/", "token=second")
    assert sent(jar, host="example.com") == "token=second"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_script_sets_a_cookie_for_one_host(jar, host):
    jar.set("a", "1", domain=host)
    assert sent(jar, host=host) == "a=1"
    assert sent(jar, host=f"www.{host}") == ""


BAD_NAMES = ["", " ", "a b", "a;b", "a=b", "a,b", "a\r\nb", "a\0", "a\t", "a\x7f", "\u0100", None, 1, b"a"]
BAD_VALUES = ["a;b", "a\r", "a\n", "a\0b", "a\tb", "\x1f", "a\x7f", "\u20ac", " a", "a ", None, 1, b"a", "x" * 4096]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused(jar, name):
    with pytest.raises(ValueError, match="cookies: expected a name of Latin-1 text"):
        jar.set(name, "value", domain=HOST)
    with pytest.raises(ValueError, match="cookies: expected a name of Latin-1 text"):
        cookie_pairs({name: "value"})
    assert not jar


@pytest.mark.parametrize("value", BAD_VALUES)
def test_a_bad_value_is_refused(jar, value):
    with pytest.raises(ValueError, match=r"cookies: expected .* for 'name'"):
        jar.set("name", value, domain=HOST)
    with pytest.raises(ValueError, match=r"cookies: expected .* for 'name'"):
        cookie_pairs({"name": value})
    assert not jar


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": ""}, "domain: expected a host name such as 'example.com', found ''"),
        ({"domain": "."}, "domain"),
        ({"domain": "a b"}, "domain"),
        ({"domain": "https://example.com"}, "domain"),
        ({"domain": "a..b"}, "domain"),
        ({"domain": "bücher.example"}, "domain"),
        ({"domain": None}, "domain"),
        ({"domain": HOST, "path": ""}, "path: expected one that begins with '/'"),
        ({"domain": HOST, "path": "a"}, "path"),
        ({"domain": HOST, "path": "/a;b"}, "path"),
        ({"domain": HOST, "path": "/a b"}, "path"),
        ({"domain": HOST, "path": "/\n"}, "path"),
        ({"domain": HOST, "path": None}, "path"),
        ({"domain": HOST, "max_age": "1"}, "max_age: expected seconds or None, found '1'"),
        ({"domain": HOST, "max_age": math.nan}, "max_age"),
    ],
)
def test_bad_options_are_refused(jar, options, message):
    with pytest.raises(ValueError, match=message):
        jar.set("a", "1", **options)
    assert not jar


def test_cookies_of_one_request():
    assert cookie_pairs({}) == ""
    assert cookie_pairs({"a": "1"}) == "a=1"
    pairs = {"cart[1]": "x y", "b": "", "c": '"q,=\\\xfc"'}
    assert cookie_pairs(pairs) == 'cart[1]=x y; b=; c="q,=\\\xfc"'


hosts = st.sampled_from([HOST, "example.com", "localhost", "127.0.0.1", "::1", ""])
paths = st.sampled_from(["/", "/a", "/a/b?c=/d", "", "?"])
near_cookies = st.text(st.sampled_from("ab=;, \t\r\n\0\x7f\x80\"'/.1-\u0100")).map(lambda text: "a=" + text) | st.lists(
    st.sampled_from(
        ["a=b", "Path=/a", "Domain=example.com", "Max-Age=", "-", "9" * 30, "Expires=", "1:2:3 1 jan 99", "Secure"]
    )
).map("; ".join)


@unhurried
@given(st.lists(st.tuples(st.sampled_from(["http", "https"]), hosts, paths, st.text() | near_cookies), max_size=5))
def test_any_text_is_taken_or_ignored_and_never_breaks_a_field(responses):
    jar = CookieJar(lambda: NOW)
    for response in responses:
        jar.store(*response)
    for scheme, host, path, _ in responses:
        field = jar.header(scheme, host, path)
        assert not set(field) & set("\r\n\0\x7f")
        assert field.encode("latin-1").strip(b" \t").decode("latin-1") == field.strip(" \t")
        assert bool(field) == bool(jar.for_url(scheme, host, path))


@unhurried
@given(st.text(), st.text())
def test_what_a_script_may_set_is_read_back_from_the_field(name, value):
    assume(not name.lower().startswith(("__secure-", "__host-")))  # a promise that http does not keep
    try:
        field = cookie_pairs({name: value})
    except ValueError:
        return
    jar = CookieJar(lambda: NOW)
    jar.store("http", HOST, "/", field)
    assert dict(jar) == {name: value}
    assert sent(jar) == field


legal_names = st.text(st.sampled_from("abcXYZ019_-.!#"), min_size=1)


@unhurried
@given(legal_names, st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_what_the_standard_library_writes(name, value):
    cookie = SimpleCookie()
    try:
        cookie[name] = value
    except Exception:  # a name that is an attribute's
        return
    cookie[name]["path"] = "/p"
    cookie[name]["max-age"] = 5
    cookie[name]["httponly"] = True
    jar = CookieJar(lambda: NOW)
    jar.store("http", HOST, "/", cookie[name].OutputString())
    (kept,) = jar.get_all(name)
    assert kept == Cookie(name, cookie[name].coded_value, HOST, "/p", True, False, True, NOW + 5)
    assert SimpleCookie(jar.header("http", HOST, "/p"))[name].value == value


class Answer:
    """A response as `http.cookiejar` wants it."""

    def __init__(self, field):
        self._fields = http.client.parse_headers(io.BytesIO(f"Set-Cookie: {field}\r\n\r\n".encode()))

    def info(self):
        return self._fields


AS_BROWSERS = DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
known_hosts = st.sampled_from(["example.com", "www.example.com", "a.www.example.com", "other.org", "127.0.0.1"])
known_paths = st.sampled_from(["/", "/a", "/a/", "/a/b", "/ab/c", "/b/c"])
known_domains = st.sampled_from([None, "example.com", ".www.example.com", "com", "other.org", "0.0.1"])
settings_of_cookies = st.tuples(
    known_hosts,
    known_paths,
    known_domains,
    st.sampled_from([None, "/", "/a", "/a/b"]),
    st.booleans(),
    st.integers(0, 9),
)


@unhurried
@given(st.lists(settings_of_cookies, max_size=8), known_hosts, known_paths)
def test_the_same_cookies_are_sent_as_by_the_standard_library(responses, host, path):
    standard, jar = StandardJar(AS_BROWSERS), CookieJar(lambda: NOW)
    for set_by, set_at, domain, cookie_path, is_over, value in responses:
        # There a cookie with a Domain attribute and one without never replace each other: give them names of their own.
        field = f"{'host' if domain is None else 'domain'}={value}"
        field += f"; Domain={domain}" if domain else ""
        field += f"; Path={cookie_path}" if cookie_path else ""
        field += "; Max-Age=0" if is_over else ""
        standard.extract_cookies(Answer(field), urllib.request.Request(f"http://{set_by}{set_at}"))
        jar.store("http", set_by, set_at, field)
    request = urllib.request.Request(f"http://{host}{path}")
    standard.add_cookie_header(request)
    expected = request.get_header("Cookie", "")
    assert sorted(jar.header("http", host, path).split("; ")) == sorted(expected.split("; "))
