"""Authorization: the examples of the RFCs byte for byte, which challenge is answered, and that no secret is shown."""

import hashlib
import itertools
import re
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surgeline.protocols.http.auth import BasicAuth, BearerAuth, DigestAuth, DigestSession, as_auth, is_stale

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SITE = ("http", "example.org", 80)
NONCE = 'Digest realm="r", nonce="n"'
DIRECTIVE = re.compile(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^",]*))(?:, |$)')


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def answer(*challenges, user="u", password="p", method="GET", uri="/", body=None, cnonce="c", count=1):
    return DigestAuth(user, password).answer(challenges, method, uri, body, cnonce=lambda: cnonce, count=count)


def directives(field):
    """Return what a Digest field says, by name, as written."""
    assert field.startswith("Digest ")
    return {name: text if quoted is None else quoted for name, quoted, text in read(field.removeprefix("Digest "))}


def read(text):
    position = 0
    while position < len(text):
        found = DIRECTIVE.match(text, position)
        assert found is not None, text
        yield found.groups()
        position = found.end()


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),  # RFC 7617 2
        ("test", "123\u00a3", "Basic dGVzdDoxMjPCow=="),  # RFC 7617 2.1
        ("", "", "Basic Og=="),
        ("u", "p:q", "Basic dTpwOnE="),
    ],
)
def test_basic(user, password, expected):
    assert BasicAuth(user, password).field() == expected


def test_bearer():
    assert BearerAuth("mF_9.B5f-4.1JqM").field() == "Bearer mF_9.B5f-4.1JqM"  # RFC 6750 2.1


RFC_7616_CHALLENGES = [
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjev0ciny7QMkPqMAFRtzCUYo5tdS"',
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjev0ciny7QMkPqMAFRtzCUYo5tdS"',
]
RFC_7616_ANSWER = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{}", '
    'opaque="FQhe/qaU925kfnzjev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RFC_7616_MD5 = RFC_7616_ANSWER.format("MD5", "8ca523f5e9506fed4657c9700eebdbec")
RFC_7616_SHA_256 = RFC_7616_ANSWER.format("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")


@pytest.mark.parametrize(
    ("challenges", "expected"),
    [
        (RFC_7616_CHALLENGES, RFC_7616_SHA_256),
        (RFC_7616_CHALLENGES[::-1], RFC_7616_SHA_256),
        (RFC_7616_CHALLENGES[1:], RFC_7616_MD5),
        ([", ".join(RFC_7616_CHALLENGES)], RFC_7616_SHA_256),
        (
            ["Negotiate, NTLM abcd==, Basic realm=x", 'Basic realm="a, Digest b"', *RFC_7616_CHALLENGES],
            RFC_7616_SHA_256,
        ),
    ],
)
def test_the_examples_of_rfc_7616(challenges, expected):
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    found = answer(*challenges, user="Mufasa", password="Circle of Life", uri="/dir/index.html", cnonce=cnonce)
    assert found == expected


def has_hash(name):
    try:
        return bool(hashlib.new(name, b""))
    except ValueError:
        return False


@pytest.mark.skipif(not has_hash("sha512_256"), reason="this Python's OpenSSL has no SHA-512/256")
def test_the_example_of_rfc_7616_with_a_hashed_user():
    """With the hashes of the reported erratum 4897: those of the text are of a draft of SHA-512/256."""
    found = answer(
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true',
        user="J\u00e4s\u00f8n Doe",
        password="Secret, or not?",
        uri="/doe.json",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    assert found == (
        'Digest username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", realm="api@example.org", '
        'uri="/doe.json", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, '
        'cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", qop=auth, '
        'response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5", '
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", userhash=true'
    )


def test_the_example_of_rfc_2617():
    found = answer(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        user="Mufasa",
        password="Circle Of Life",
        uri="/dir/index.html",
        cnonce="0a4f113b",
    )
    assert found == (
        'Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", nc=00000001, cnonce="0a4f113b", qop=auth, '
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )


def test_the_example_of_rfc_2069():
    """With the response of its erratum 749: that of the text is wrong."""
    found = answer(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        user="Mufasa",
        password="CircleOfLife",
        uri="/dir/index.html",
    )
    assert found == (
        'Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", response="1949323746fe6a43ef61f9606e7febea", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )


def test_the_body_is_vouched_for_when_the_server_takes_nothing_less():
    for body, octets in ((b"\x00body", b"\x00body"), (b"", b""), (None, b"")):
        found = directives(answer(NONCE + ", qop=auth-int", method="POST", body=body, count=255))
        asked = md5(f"POST:/:{hashlib.md5(octets).hexdigest()}")
        assert (found["qop"], found["nc"]) == ("auth-int", "000000ff")
        assert found["response"] == md5(f"{md5('u:r:p')}:n:000000ff:c:auth-int:{asked}")


def test_a_session_key():
    found = directives(answer(NONCE + ", qop=auth, algorithm=md5-SESS", count=2))
    assert found["algorithm"] == "md5-SESS"
    assert found["response"] == md5(f"{md5(md5('u:r:p') + ':n:c')}:n:00000002:c:auth:{md5('GET:/')}")


def test_text_that_is_not_ascii():
    found = directives(answer('Digest realm="gr\xc3\xbcn", nonce="n"', user="J\u00e4 s/", password="\u20ac"))
    assert found["realm"] == "gr\xc3\xbcn"
    assert found["username*"] == "UTF-8''J%C3%A4%20s%2F"
    assert "username" not in found
    secret = md5("J\u00e4 s/:gr\u00fcn:\u20ac")
    assert found["response"] == md5(f"{secret}:n:{md5('GET:/')}")


def test_quoted_text_is_hashed_without_its_escapes_and_quoted_again():
    found = answer(r'Digest realm="a \"b\", \\ c\d", nonce="n"', user='u"\\')
    assert r'realm="a \"b\", \\ cd", ' in found
    assert r'username="u\"\\", ' in found
    digest = md5('u"\\:a "b", \\ cd:p')
    assert directives(found)["response"] == md5(f"{digest}:n:{md5('GET:/')}")


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        ('digest Realm="r" ,NONCE = "n"', {}),
        ("DIGEST realm=r,nonce=n", {}),
        ("Digest\trealm=r\t,\tnonce\t=\tn", {}),
        (',, Digest , realm="r",, nonce="n" ,', {}),
        ('Digest realm="r", nonce=abc==', {"nonce": "abc=="}),
        ('Digest realm="", nonce=""', {"realm": "", "nonce": ""}),
        (NONCE + ', opaque=""', {"opaque": ""}),
        (NONCE + ', qop=""', {}),
        (NONCE + ", stale=true, charset=UTF-8, domain=/a, new=1, userhash=false", {}),
        (NONCE + ", algorithm=sha-256", {"algorithm": "sha-256"}),
        (NONCE + ', algorithm="MD5"', {"algorithm": "MD5"}),
        (NONCE + ", realm=other", {}),
        ("Basic abc, " + NONCE, {}),
        ("Negotiate abc=, " + NONCE, {}),
        ("Bearer, " + NONCE, {}),
        ('Basic realm="x", ' + NONCE + ', Basic realm="y"', {}),
        ('Basic realm="x\\", Digest ", ' + NONCE, {}),
        (NONCE + ", Negotiate", {}),
        (NONCE + ', @@, opaque="o"', {"opaque": "o"}),
        (NONCE + ', qop="new, auth-int auth"', {"qop": "auth", "nc": "00000001", "cnonce": "c"}),
        (NONCE + ", qop=AUTH", {"qop": "auth", "nc": "00000001", "cnonce": "c"}),
        (NONCE + ", userhash=TRUE", {"username": md5("u:r"), "userhash": "true"}),
        (NONCE + ", algorithm=SHA3, " + 'Digest realm="r2", nonce="n2"', {"realm": "r2", "nonce": "n2"}),
        (NONCE + ', algorithm=MD5, Digest realm="r2", nonce="n2"', {"algorithm": "MD5"}),
    ],
)
def test_challenges_that_are_answered(challenge, expected):
    found = directives(answer(challenge))
    assert found.pop("response")
    assert found == {"username": "u", "realm": "r", "uri": "/", "nonce": "n"} | expected


@pytest.mark.parametrize(
    "challenges",
    [
        (),
        ("",),
        ("Basic realm=r",),
        ("Basic " + NONCE.removeprefix("Digest "),),
        ("Digest",),
        ('Digest realm="r"',),
        ('Digest nonce="n"',),
        ('Digest nonce="n", realm="never ends',),
        ('realm="r", nonce="n"',),
        (NONCE + ", algorithm=SHA3",),
        (NONCE + ", algorithm=",),
        (NONCE + ", algorithm=MD5-sess",),  # without a qop no cnonce may be sent, and the key needs one
        (NONCE + ", algorithm=-sess, qop=auth",),
        (NONCE + ", qop=new",),
        ('Digest realm="r', 'r", nonce="n"'),
        (NONCE + ', opaque="\r\nX: y"',),
        (NONCE + ', opaque="\u0100"',),
    ],
)
def test_challenges_that_are_not_answered(challenges):
    assert answer(*challenges) is None


def test_the_strongest_hash_is_chosen_and_of_equal_ones_the_first():
    def offered(*names):
        return [f'Digest realm="r", nonce="{name}", qop=auth, algorithm={name}' for name in names]

    def chosen(*names):
        return directives(answer(*offered(*names)))["algorithm"]

    assert chosen("MD5", "SHA-256") == chosen("SHA-256", "MD5") == chosen("SHA-256", "SHA-256-sess") == "SHA-256"
    assert chosen("MD5-sess", "MD5", "SHA-512") == "MD5-sess"
    if has_hash("sha512_256"):
        assert chosen("SHA-256", "SHA-512-256-sess", "MD5") == "SHA-512-256-sess"


def test_a_hash_that_this_python_lacks_is_passed_over(monkeypatch):
    real = hashlib.new

    def without(name, *args, **options):
        if name != "md5":
            raise ValueError(f"unsupported hash type {name}")
        return real(name, *args, **options)

    monkeypatch.setattr(hashlib, "new", without)
    assert answer(*RFC_7616_CHALLENGES[:1]) is None
    assert directives(answer(*RFC_7616_CHALLENGES))["algorithm"] == "MD5"


@pytest.mark.parametrize(
    ("challenges", "expected"),
    [
        ([], False),
        ([NONCE], False),
        ([NONCE + ", stale=FALSE"], False),
        ([NONCE + ", stale=true"], True),
        (["Basic realm=r, stale=true", NONCE], False),
        ([NONCE + ', stale="TRUE"'], True),
    ],
)
def test_stale(challenges, expected):
    assert is_stale(challenges) is expected


names = st.sampled_from(["Digest ", "Basic ", "nonce", "opaque=", "a"])
parameters = st.sampled_from(['realm="r"', 'nonce="n"', "qop=auth", "algorithm=MD5-sess", "userhash=true"])
characters = st.sampled_from(["=", ",", ", ", '"', "\\", "\r\n", "\0", "\xff", "\u0100", " "])


@unhurried
@given(st.lists(st.lists(names | parameters | characters).map("".join) | st.text(), max_size=3))
def test_any_challenge_is_answered_in_one_line_or_not_at_all(challenges):
    found = answer(*challenges)
    assert found is None or re.fullmatch(r"[\t\x20-\x7e\x80-\xff]+", found)
    assert is_stale(challenges) in {True, False}


texts = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))


@unhurried
@given(texts, texts, st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_what_was_quoted_is_what_is_answered(realm, opaque, user):
    def quoted(text):
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'

    found = answer(
        f"Basic realm={quoted(opaque)}, Digest realm={quoted(realm)}, nonce=n, opaque={quoted(opaque)}", user=user
    )
    assert f"username={quoted(user)}, realm={quoted(realm)}, uri=" in found
    assert found.endswith(f", opaque={quoted(opaque)}")


def session():
    return DigestSession(DigestAuth("u", "p"), map("c{}".format, itertools.count(1)).__next__)


def asked(field):
    found = directives(field)
    return found["nonce"], found["cnonce"], found["nc"]


def test_a_session_counts_the_answers_to_a_nonce():
    digest = session()
    assert digest.field_for(SITE, "GET", "/", None) is None
    digest.challenged(SITE, [NONCE + ", qop=auth"])
    first = digest.field_for(SITE, "GET", "/", None)
    assert first == answer(NONCE + ", qop=auth", cnonce="c1")
    assert digest.field_for(SITE, "POST", "/a?b", b"x") == answer(
        NONCE + ", qop=auth", method="POST", uri="/a?b", body=b"x", cnonce="c1", count=2
    )
    digest.challenged(SITE, [NONCE + ", qop=auth"])
    assert asked(digest.field_for(SITE, "GET", "/", None)) == ("n", "c1", "00000003")
    digest.challenged(SITE, ['Digest realm="r", nonce="n2", qop=auth, stale=true'])
    assert asked(digest.field_for(SITE, "GET", "/", None)) == ("n2", "c2", "00000001")


def test_a_session_takes_what_is_new_of_a_challenge_with_a_known_nonce():
    digest = session()
    digest.challenged(SITE, [NONCE + ", qop=auth"])
    digest.challenged(SITE, [NONCE + ", qop=auth-int, opaque=o"])
    found = directives(digest.field_for(SITE, "GET", "/", None))
    assert (found["qop"], found["opaque"], found["nc"], found["cnonce"]) == ("auth-int", "o", "00000001", "c1")


def test_a_session_keeps_origins_apart_and_ends_with_a_challenge_that_cannot_be_answered():
    digest = session()
    other = ("https", "example.org", 443)
    digest.challenged(SITE, [NONCE + ", qop=auth"])
    digest.challenged(other, ['Digest realm="r", nonce="other", qop=auth'])
    assert asked(digest.field_for(SITE, "GET", "/", None)) == ("n", "c1", "00000001")
    assert asked(digest.field_for(other, "GET", "/", None)) == ("other", "c2", "00000001")
    digest.challenged(SITE, ["Basic realm=r"])
    assert digest.field_for(SITE, "GET", "/", None) is None
    assert asked(digest.field_for(other, "GET", "/", None)) == ("other", "c2", "00000002")
    digest.challenged(("http", "elsewhere.example", 80), [])


@pytest.mark.parametrize("kind", [BasicAuth, DigestAuth])
@pytest.mark.parametrize("bad", ["a\r", "a\nb", "\0", "\x7f", "\ud800", None, b"a", 1])
def test_credentials_that_cannot_be_sent_are_refused(kind, bad):
    with pytest.raises(ValueError, match=r"^user: expected text without control characters, found .*"):
        kind(bad, "p")
    with pytest.raises(ValueError, match=r"^password: expected text without control characters, found something else$"):
        kind("u", bad)


def test_a_colon_ends_the_user_of_basic_alone():
    with pytest.raises(ValueError, match="user: expected text without ':', which ends it in Basic, found 'a:b'"):
        BasicAuth("a:b", "secret")
    assert DigestAuth("a:b", "p").user == "a:b"


@pytest.mark.parametrize("bad", ["", "a b", "a\r\nX: y", "a\n", "\0", "\xe9", "\u20ac", None, b"a"])
def test_a_token_that_cannot_be_sent_is_refused(bad):
    with pytest.raises(ValueError, match=r"^token: expected ASCII text without spaces and control characters, found"):
        BearerAuth(bad)


def test_a_token_of_none_is_what_a_log_in_left_behind():
    with pytest.raises(ValueError, match=r", found None: did the log-in succeed\?$"):
        BearerAuth(None)


def test_secrets_are_not_shown():
    assert repr(BasicAuth("user", "secret")) == "BasicAuth(user='user')"
    assert repr(DigestAuth("user", "secret")) == "DigestAuth(user='user')"
    assert repr(BearerAuth("secret")) == "BearerAuth()"
    for attempt in (
        lambda: BasicAuth("a:b", "secret"),
        lambda: DigestAuth("user", "secret\n"),
        lambda: BearerAuth("secret secret"),
        lambda: as_auth(["user", "secret"]),
        lambda: as_auth("user:secret"),
    ):
        with pytest.raises((ValueError, TypeError)) as refused:
            attempt()
        assert "secret" not in str(refused.value)


def test_what_a_script_may_give():
    assert as_auth(("u", "p")) == BasicAuth("u", "p")
    for auth in (BasicAuth("u", "p"), BearerAuth("t"), DigestAuth("u", "p")):
        assert as_auth(auth) is auth
        assert auth != as_auth(("other", "p"))


@pytest.mark.parametrize(
    "value", [None, "u:p", ("u",), ("u", "p", "x"), ("u", 1), ["u", "p"], {"u": "p"}, b"u", object]
)
def test_what_a_script_may_not_give(value):
    expected = re.escape(
        "auth: expected ('user', 'password'), BasicAuth('user', 'password'), BearerAuth('token') or "
        f"DigestAuth('user', 'password'), found {type(value).__name__}"
    )
    with pytest.raises(TypeError, match=f"^{expected}$"):
        as_auth(value)


@pytest.fixture(scope="module")
def asking():
    """Return a function that gives curl's answer to challenges, as the server got it."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    challenges, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            answered = self.headers["Authorization"]
            answers.append(answered)
            self.send_response(200 if answered else 401)
            for challenge in () if answered else challenges:
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def ask(challenge, user, password):
        challenges[:] = [challenge]
        answers.clear()
        url = f"http://127.0.0.1:{server.server_port}/dir/page?x=a,b"
        options = ["--digest", "--user", f"{user}:{password}", "--request", "PUT", "--data-binary", "body"]
        command = [curl, "--disable", "--noproxy", "*", "--silent", "--max-time", "60", *options, url]
        subprocess.run(command, check=True)
        return answers[-1]

    yield ask
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "challenge",
    [
        NONCE,
        NONCE + ', qop="auth"',
        NONCE + ', qop="auth,auth-int", opaque="o/=="',
        NONCE + ', qop="auth", algorithm=MD5',
        NONCE + ', qop="auth", algorithm=MD5-sess',
        NONCE + ', qop="auth", algorithm=SHA-256',
        NONCE + ', qop="auth", algorithm=SHA-256-SESS, opaque=""',
        NONCE + ', qop="auth", userhash=true, algorithm=SHA-256',
        r'Digest realm="say \"hi\", \\ then", nonce="n, \"m\"", qop="auth"',
    ],
)
def test_the_answer_is_curls(asking, challenge):
    theirs = directives(asking(challenge, 'us"er', "pass:word \u20ac"))
    ours = directives(
        answer(
            challenge,
            user='us"er',
            password="pass:word \u20ac",
            method="PUT",
            uri="/dir/page?x=a,b",
            body=b"body",
            cnonce=theirs.get("cnonce", ""),
        )
    )
    assert ours["response"] == theirs["response"]
    assert ours == theirs
