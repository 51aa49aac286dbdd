"""Tokens that are signed here: PyJWT verifies every one, and the same command makes the same."""

import hashlib
import json
import re
import sys

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st
from oauth_server import users

from surgeline.errors import OptionError
from surgeline.fixtures.claims import Validity, claims_of, parse_claim, parse_validity, utc_text
from surgeline.fixtures.keys import MOCK_SECRET, key_id, key_set, make_key, public_pem, read_key, read_secret
from surgeline.fixtures.tokens import sign_tokens, signer_hs256, signer_rs256
from surgeline.fixtures.users import make_users
from surgeline.fixtures.write import write_array

VALIDITY = Validity(1_735_689_600, 2_051_222_400)
NOW = 1_800_000_000
GOLDEN_HS256 = "e9e25cdd5e9a5d9dd012099f724ccd892978f79be0ade0b83018c105bd67e91a"
USER = {"id": 7, "email": "ada@test.com", "level": 3, "tags": ["a"], "sub": "x"}


def plain(user):
    return claims_of(VALIDITY, None, (), (), "id")(user)


def signed(users, sign, threads=1, claims=plain):
    return list(sign_tokens(users, claims, "id", VALIDITY.until, sign, threads))


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "key.pem"
    path.write_bytes(make_key())
    return path


def test_hs256_tokens_are_verified_and_the_bytes_are_those_of_every_version(tmp_path):
    made = make_users(10_000, 1)
    tokens = signed(made, signer_hs256(MOCK_SECRET))
    for user, token in zip(made, tokens, strict=True):
        claims = jwt.decode(token.token, MOCK_SECRET, ["HS256"], options={"verify_iat": False, "verify_exp": False})
        assert claims == {"sub": user["id"], "iat": VALIDITY.issued_at, "exp": VALIDITY.expires_at}
        assert token.user_id == user["id"]
    write_array(tmp_path / "tokens.json", tokens)
    content = (tmp_path / "tokens.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == GOLDEN_HS256
    assert json.loads(content)[0].keys() == {"userId", "token", "expiresAt"}


def test_rs256_tokens_are_verified_by_the_key_set_and_the_public_key(key_file):
    key = read_key(key_file)
    tokens = signed(users(501), signer_rs256(key), threads=4)
    (from_set,) = jwt.PyJWKSet.from_json(key_set(key).decode()).keys
    public = load_pem_public_key(public_pem(key))
    assert [token.user_id for token in tokens] == [user["id"] for user in users(501)]
    for token in tokens:
        assert jwt.get_unverified_header(token.token)["kid"] == from_set.key_id == key_id(key)
        for verifies in (from_set.key, public):
            claims = jwt.decode(token.token, verifies, ["RS256"], options={"verify_iat": False, "verify_exp": False})
            assert claims["sub"] == token.user_id
    assert tokens == signed(users(501), signer_rs256(read_key(key_file)))


def test_a_key_is_named_by_its_thumbprint():
    """The example of RFC 7638, 3.1."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
        "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5haj"
        "rn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    public = jwt.PyJWK({"kty": "RSA", "n": n, "e": "AQAB"}).key

    class Key:
        def public_key(self):
            return public

    assert key_id(Key()) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def pem(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: b"hunter2", "expected a private key as PEM, found none"),
        (
            lambda: pem(rsa.generate_private_key(65537, 2048), BestAvailableEncryption(b"hunter2")),
            "without a passphrase",
        ),
        (lambda: pem(rsa.generate_private_key(65537, 1024)), "expected an RSA key of 2,048 bits or more"),
        (lambda: pem(ec.generate_private_key(ec.SECP256R1())), "expected an RSA key of 2,048 bits or more"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(tmp_path, content, message):
    path = tmp_path / "key.pem"
    path.write_bytes(content())
    with pytest.raises(OptionError, match=message) as refused:
        read_key(path)
    assert "hunter2" not in str(refused.value)


def test_a_key_that_is_not_there_is_told_with_what_makes_it(tmp_path):
    with pytest.raises(OptionError, match=r"cannot be read: No such file.*`surgeline fixtures key --out"):
        read_key(tmp_path / "key.pem")


def test_what_is_not_installed_is_told(monkeypatch, key_file):
    for package in ("jwt", "cryptography"):
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
    for call in (lambda: signer_hs256("x" * 32), make_key, lambda: read_key(key_file)):
        with pytest.raises(OptionError, match=r"pip install 'surgeline\[fixtures\]'"):
            call()


def test_a_short_secret_signs_and_warns_nobody():
    (token,) = signed(users(1), signer_hs256("short"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        assert jwt.decode(token.token, "short", ["HS256"], options={"verify_exp": False})["sub"] == "id-0"


def test_the_secret_comes_from_the_environment():
    assert read_secret({}) == MOCK_SECRET
    assert read_secret({"SURGELINE_JWT_SECRET": "own"}) == "own"
    with pytest.raises(OptionError, match="SURGELINE_JWT_SECRET: expected a secret, found that it is empty"):
        read_secret({"SURGELINE_JWT_SECRET": ""})
    with pytest.raises(OptionError, match="SURGELINE_JWT_SECRET: expected text as a secret for HS256") as refused:
        signer_hs256("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----")
    assert "MIIB" not in str(refused.value)


@pytest.mark.parametrize(
    ("issued_at", "expires", "start", "end"),
    [
        ("2025-01-01T00:00:00Z", "2035-01-01T00:00:00Z", 1_735_689_600, 2_051_222_400),
        ("2025-01-01", "2025-01-02", 1_735_689_600, 1_735_776_000),
        ("2025-01-01T02:00:00+02:00", "1h30m", 1_735_689_600, 1_735_695_000),
        ("now", "12h", NOW, NOW + 43_200),
        ("now", "90", NOW, NOW + 90),
        ("1970-01-01", "10000d", 0, 864_000_000),
    ],
)
def test_when_tokens_are_good(issued_at, expires, start, end):
    validity = parse_validity(issued_at, expires, NOW + 0.7)
    assert (validity.issued_at, validity.expires_at) == (start, end)


@pytest.mark.parametrize(
    ("issued_at", "expires", "message"),
    [
        ("yesterday", "1h", "--issued-at: expected"),
        ("1969-12-31", "1h", "--issued-at: expected"),
        ("2025-13-01", "1h", "--issued-at: expected"),
        ("now", "soon", "--expires: expected a duration"),
        ("now", "-5m", "--expires: expected a duration"),
        ("now", "0s", "--expires: expected a time after"),
        ("now", "2020-01-01", "--expires: expected a time after"),
        ("9999-12-31", "1h", "--expires: expected a time after"),
    ],
)
def test_times_that_cannot_be_are_refused(issued_at, expires, message):
    with pytest.raises(OptionError, match=message):
        parse_validity(issued_at, expires, NOW)


def test_times_are_told_in_utc():
    assert utc_text(VALIDITY.expires_at + 0.9) == "2035-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("role=player", "player"),
        ("role=", ""),
        ("n=3", 3),
        ("n=3.5", 3.5),
        ("b=true", True),
        ("x=null", None),
        ('t="3"', "3"),
        ("e=a=b", "a=b"),
        ("who={email}", "ada@test.com"),
        ("who=mailto:{email}?{id}", "mailto:ada@test.com?7"),
        ("level={level}", 3),
        ("tags={tags}", ["a"]),
        ('deep={"of": ["{id}", {"level": "{level}!"}], "n": 1}', {"of": [7, {"level": "3!"}], "n": 1}),
        ("empty={}", {}),
        ("odd={not a place}", "{not a place}"),
        ("sub={email}", "ada@test.com"),
        ("sub=1", "1"),
        ("sub={id}", "7"),
        ('sub="1"', "1"),
    ],
)
def test_a_claim_of_ones_own(text, value):
    name, parsed = parse_claim(text)
    assert claims_of(VALIDITY, None, (), [(name, parsed)], "id")(USER)[name] == value


@given(st.dictionaries(st.text(min_size=1), st.integers() | st.text("-: {}") | st.lists(st.text("-{}"))))
def test_claims_are_signed_as_they_are_made(own):
    claims = claims_of(VALIDITY, "issuer", ("one",), own.items(), "id")(USER)
    (token,) = signed([USER], signer_hs256(MOCK_SECRET), claims=lambda _: claims)
    assert json.loads(jwt.api_jws.decode(token.token, MOCK_SECRET, ["HS256"])) == claims


def test_issuer_and_audience():
    one = claims_of(VALIDITY, "https://issuer.test", ("game",), (), "id")(USER)
    assert (one["iss"], one["aud"], one["sub"]) == ("https://issuer.test", "game", "7")
    assert claims_of(VALIDITY, None, ("a", "b"), (), "id")(USER)["aud"] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("role", "--claim: expected NAME=VALUE, found 'role'"),
        ("=player", "--claim: expected NAME=VALUE"),
        ("exp=5", "--claim: .*'exp': give --expires"),
        ("aud=x", "--claim: .*'aud': give --audience"),
        ("sub=null", "--claim: expected text for the claim 'sub' .*, found 'null'"),
        ("sub=true", "expected text for the claim 'sub'"),
        ('sub=["{id}"]', "expected text for the claim 'sub'"),
    ],
)
def test_claims_that_cannot_be_are_refused(text, message):
    with pytest.raises(OptionError, match=message):
        parse_claim(text)


def test_a_field_that_users_do_not_have_is_told():
    with pytest.raises(OptionError, match=re.escape("of the users (id, email, level, tags, sub), found '{mail}'")):
        claims_of(VALIDITY, None, (), [("who", "x{mail}")], "id")(USER)
