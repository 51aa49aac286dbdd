"""One question to a token endpoint: what is sent, and what each answer of a real server, good or bad, comes to."""

import ssl
import threading
from contextlib import closing

import pytest
import trustme
from oauth_server import CLIENT_ID, CLIENT_SECRET, CREDENTIALS, PASSWORD, refused, serving, token_for

from surgeline.errors import OptionError
from surgeline.fixtures.oauth import (
    Blame,
    Grant,
    Question,
    Refusal,
    fingerprint,
    parse_endpoint,
    read_credentials,
    token_clients,
)
from surgeline.fixtures.tokens import Token

USER = {"id": 7, "username": "ada", "email": "ada@test.com", "pin": "0123 hunter2"}
WALL = 1_800_000_000.5
"""Now, in seconds: 2027-01-15T08:00:00.5Z."""


def question(url, grant=Grant.PASSWORD, scope=None, username_field="username", password_field=None):
    return Question(parse_endpoint(url), grant, scope, "id", username_field, password_field)


def client_of(server, *, without=(), timeout=30.0, **more):
    asked = question(server.url, **more)
    environment = {name: value for name, value in CREDENTIALS.items() if name not in without}
    return token_clients(asked, read_credentials(asked, environment), timeout)()


def ask(server, **more):
    client = client_of(server, **more)
    try:
        return client.ask(USER, WALL)
    finally:
        client.close()


def test_a_password_is_exchanged_for_a_token(server):
    assert ask(server, scope="play read") == Token("7", "token-of-ada", "2027-01-15T09:00:00Z")
    (asked,) = server.asked
    assert asked.form == {"grant_type": "password", "username": "ada", "password": PASSWORD, "scope": "play read"}
    assert asked.login == (CLIENT_ID, CLIENT_SECRET)
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_users_own_name_and_password(server):
    ask(server, username_field="email", password_field="pin", without=["OAUTH_PASSWORD"])
    assert (server.asked[0].form["username"], server.asked[0].form["password"]) == ("ada@test.com", "0123 hunter2")


def test_a_clients_own_token(server):
    token = ask(server, grant=Grant.CLIENT_CREDENTIALS, without=["OAUTH_PASSWORD"])
    assert (token.user_id, token.token) == ("7", "token-of-client-0")
    assert server.asked[0].form == {"grant_type": "client_credentials"}
    assert server.asked[0].login == (CLIENT_ID, CLIENT_SECRET)


def test_a_public_client_says_its_id_alone(server):
    ask(server, without=["OAUTH_CLIENT_SECRET"])
    assert server.asked[0].form["client_id"] == CLIENT_ID
    assert server.asked[0].login is None


def test_a_connection_is_kept(server):
    client = client_of(server)
    for _ in range(5):
        assert isinstance(client.ask(USER, WALL), Token)
    client.close()
    assert len({asked.connection for asked in server.asked}) == 1


def test_a_kept_connection_that_the_server_closed_is_no_failure(server):
    closed = threading.Event()

    def answer(asked):
        if asked.number == 1 and not closed.is_set():
            closed.set()
            return None
        return token_for(asked)

    server.answer = answer
    client = client_of(server)
    assert [type(client.ask(USER, WALL)) for _ in range(2)] == [Token, Token]
    client.close()
    assert closed.is_set()
    assert len({asked.connection for asked in server.asked}) == 2


@pytest.mark.parametrize(
    ("lifetime", "expires_at"),
    [
        (60, "2027-01-15T08:01:00Z"),
        ("60", "2027-01-15T08:01:00Z"),
        (None, None),
        (-1, None),
        ("soon", None),
        (10**12, None),
        (True, None),
    ],
)
def test_when_a_token_ends(server, lifetime, expires_at):
    server.answer = lambda asked: (200, {}, {"access_token": "t", "expires_in": lifetime})
    assert ask(server).expires_at == expires_at


NO_TOKEN = "200 without a token"
ANSWERS = {
    "wrong password": (refused("invalid_grant", error_description="no such user"), "400 invalid_grant", Blame.USER),
    "wrong password, said with 401": (refused("invalid_grant", 401), "401 invalid_grant", Blame.USER),
    "wrong secret": (refused("invalid_client", 401), "401 invalid_client", Blame.CLIENT),
    "wrong scope": (refused("invalid_scope"), "400 invalid_scope", Blame.CLIENT),
    "wrong URL": ((404, {}, b"<html>"), "404", Blame.CLIENT),
    "wrong method": ((405, {}, b""), "405", Blame.CLIENT),
    "redirect": ((302, {"Location": "/login"}, b""), "302", Blame.CLIENT),
    "403 of a page": ((403, {}, b"<html>"), "403", Blame.USER),
    "too many": ((429, {}, b""), "429", Blame.SERVER),
    "defect": ((500, {}, {"error": "server_error"}), "500 server_error", Blame.SERVER),
    "bad gateway": ((502, {}, b"<html>"), "502", Blame.SERVER),
    "error that is no text": ((400, {}, {"error": ["x"]}), "400 ['x']", Blame.USER),
    "error that steers terminals": ((400, {}, {"error": "\x1b[2J"}), "400", Blame.USER),
    "a page": ((200, {}, b"<html>hello</html>"), NO_TOKEN, Blame.SERVER),
    "nothing": ((200, {}, b""), NO_TOKEN, Blame.SERVER),
    "no object": ((200, {}, b"[1]"), NO_TOKEN, Blame.SERVER),
    "no token": ((200, {}, {"token": "t"}), NO_TOKEN, Blame.SERVER),
    "token that is no text": ((200, {}, {"access_token": 5}), NO_TOKEN, Blame.SERVER),
    "token with a line end": ((200, {}, {"access_token": "t\r\nX: y"}), NO_TOKEN, Blame.SERVER),
    "no UTF-8": ((200, {}, b'{"access_token": "\xff"}'), NO_TOKEN, Blame.SERVER),
    "deep": ((200, {}, b'{"a":' + b"[" * 100_000), NO_TOKEN, Blame.SERVER),
    "cut off": ((200, {"Content-Length": "1000", "Connection": "close"}, b'{"access_token"'), NO_TOKEN, Blame.SERVER),
    "endless": ((200, {}, b" " * 2_000_000), "no HTTP answer", Blame.SERVER),
    "garbage": (b"\x00\x01\x02\x03\n" * 10, "no HTTP answer", Blame.SERVER),
    "garbled status": (b"HTTP/1.1 abc\r\n\r\n", "no HTTP answer", Blame.SERVER),
    "endless headers": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000, "no HTTP answer", Blame.SERVER),
    "long header": (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000, "no HTTP answer", Blame.SERVER),
    "bad chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "no HTTP answer", Blame.SERVER),
    "hangs up": (None, "connection closed", Blame.SERVER),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_holds_no_token(server, name):
    answer, kind, blame = ANSWERS[name]
    server.answer = lambda asked: answer
    refusal = ask(server)
    assert isinstance(refusal, Refusal)
    assert (refusal.user_id, refusal.kind, refusal.blame) == ("7", kind, blame)
    assert refusal.detail == ("no such user" if name == "wrong password" else "")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0", 0.0), ("Fri, 15 Jan 2027 08:00:10 GMT", 9.5), ("Fri, 15 Jan 2021 08:00:10 GMT", 0.0),
     ("soon", None), ("-1", None), ("1.5", None), ("", None)],
)  # fmt: skip
def test_how_long_to_wait(server, value, seconds):
    server.answer = lambda asked: (429, {"Retry-After": value}, b"")
    refusal = ask(server)
    assert refusal.retry_after == seconds
    assert refusal.too_many


def test_a_server_that_says_nothing_is_not_waited_for(server):
    done = threading.Event()
    server.answer = lambda asked: done.wait(60) and None
    refusal = ask(server, timeout=0.2)
    done.set()
    assert (refusal.kind, refusal.blame) == ("timed out", Blame.SERVER)


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"])
def test_a_server_that_says_one_byte_after_another_is_not_waited_for(server, beginning):
    done = threading.Event()

    def drips(asked):
        yield beginning
        while not done.wait(0.02):
            yield b"b"

    server.answer = drips
    refusal = ask(server, timeout=0.3)
    done.set()
    assert refusal.kind == "timed out"


def test_nobody_there():
    with serving() as server:
        pass
    assert ask(server).kind == "connection refused"


def test_secrets_that_a_server_quotes_are_not_told(server):
    for secret in (PASSWORD, CLIENT_SECRET, CLIENT_ID, "us3rs%27+p%26ssword"):
        for field in ("error", "error_description"):
            server.answer = lambda asked, said={field: f"wrong: {secret}!"}: (400, {}, said)
            assert secret not in repr(ask(server)), (secret, field)
            assert "withheld" in repr(ask(server))
    server.answer = lambda asked: (400, {}, {"error": asked.headers["authorization"]})
    assert ask(server).kind == "400 withheld, for it quotes a secret"
    server.answer = lambda asked: (400, {}, {"error": "x", "error_description": asked.form["password"]})
    assert "hunter2" not in repr(ask(server, password_field="pin"))


def test_a_client_that_is_named_as_errors_are_is_told_its_own(server):
    asked = question(server.url)
    credentials = read_credentials(asked, {**CREDENTIALS, "OAUTH_CLIENT_ID": "client"})
    server.answer = lambda asked: refused("invalid_client", 401, error_description="client is wrong")
    with closing(token_clients(asked, credentials, 30.0)()) as client:
        refusal = client.ask(USER, WALL)
    assert (refusal.kind, refusal.blame) == ("401 invalid_client", Blame.CLIENT)
    assert "withheld" in refusal.detail


def test_long_details_are_cut(server):
    server.answer = lambda asked: (400, {}, {"error": "e" * 10_000, "error_description": "d" * 10_000})
    refusal = ask(server)
    assert len(refusal.kind + refusal.detail) < 500


def test_credentials_are_not_shown():
    asked = question("http://127.0.0.1/token")
    shown = repr(read_credentials(asked, CREDENTIALS))
    assert not [secret for secret in CREDENTIALS.values() if secret in shown]


@pytest.mark.parametrize(
    ("environment", "grant", "missing"),
    [
        ({}, Grant.CLIENT_CREDENTIALS, "OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET"),
        ({"OAUTH_CLIENT_ID": "x"}, Grant.CLIENT_CREDENTIALS, "OAUTH_CLIENT_SECRET"),
        ({"OAUTH_CLIENT_ID": "x", "OAUTH_CLIENT_SECRET": ""}, Grant.CLIENT_CREDENTIALS, "OAUTH_CLIENT_SECRET"),
        ({}, Grant.PASSWORD, "OAUTH_CLIENT_ID and OAUTH_PASSWORD"),
    ],
)
def test_what_is_missing_is_named(environment, grant, missing):
    with pytest.raises(OptionError, match=f"--from: expected {missing} in the environment, found nothing there"):
        read_credentials(question("http://127.0.0.1/", grant), environment)


def test_what_is_no_text_is_told_and_not_sent():
    for name in CREDENTIALS:
        with pytest.raises(OptionError, match=f"{name}: expected text in UTF-8"):
            read_credentials(question("http://127.0.0.1/"), CREDENTIALS | {name: "\udcff"})


def test_a_user_without_a_name_is_told(server):
    with pytest.raises(OptionError, match="--username-field: expected text in the field 'nick' of every user"):
        ask(server, username_field="nick")
    with pytest.raises(OptionError, match="--password-field: expected text in the field 'id'"):
        ask(server, password_field="id")
    assert server.asked == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("auth.test/token", "expected an absolute URL"),
        ("ftp://auth.test/token", "expected an http"),
        ("https://auth.test/a b", "without spaces"),
        ("https://auth.test:port/", "expected a URL"),
        ("https://auth..test/", r"expected a host whose parts .*, found 'auth\.\.test'"),
        (f"https://{'a' * 64}.test/", "expected a host whose parts"),
        ("https://client:hunter2@auth.test/", "expected a URL without a log-in"),
    ],
)
def test_an_endpoint_that_is_none_is_refused(url, message):
    with pytest.raises(OptionError, match=f"--from: .*{message}"):
        parse_endpoint(url)


@pytest.mark.parametrize(
    ("url", "clear"),
    [("https://auth.test/", False), ("http://auth.test/", True), ("http://127.1.2.3/", False), ("http://[::1]/", False),
     ("http://localhost:8080/", False)],
)  # fmt: skip
def test_where_secrets_would_leave_this_machine_as_they_are(url, clear):
    assert parse_endpoint(url).in_the_clear is clear


def test_what_is_no_url_is_told_in_words_of_this_command():
    with pytest.raises(OptionError) as refusal:
        parse_endpoint("ada:hunter2@auth.test")
    assert str(refusal.value) == "--from: expected an absolute URL such as https://auth.test/token, found none"


def test_tokens_of_another_question_are_told_apart():
    base = {"url": "https://auth.test/token", "grant": Grant.PASSWORD, "scope": "a", "username_field": "username"}
    others = [
        {"url": "https://auth.test/other"},
        {"grant": Grant.CLIENT_CREDENTIALS},
        {"scope": None},
        {"username_field": "id"},
    ]
    marks = {
        fingerprint(question(**base | other), read_credentials(question(**base), CREDENTIALS))
        for other in [{}, *others]
    }
    other_client = read_credentials(question(**base), CREDENTIALS | {"OAUTH_CLIENT_ID": "other"})
    assert len(marks | {fingerprint(question(**base), other_client)}) == 6
    assert CLIENT_ID not in "".join(marks)


def test_certificates_are_verified(monkeypatch, tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def wrap(socket):
        return context.wrap_socket(socket, server_side=True, do_handshake_on_connect=False)

    with serving(wrap=wrap) as server:
        refusal = ask(server)
        assert (refusal.kind, refusal.blame) == ("certificate refused", Blame.CLIENT)
        assert "SSL_CERT_FILE" in refusal.detail
        assert server.asked == []
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert isinstance(ask(server), Token)
