"""How calls prove who asks: fields that go at once, and challenges that are answered."""

import hashlib
import re

import pytest
from http_lab import answering, ok, play
from routes_lab import answer, counted, lines, read, received, routes

from surgeline.protocols.http.auth import BasicAuth, BearerAuth, DigestAuth

ASKS = 'WWW-Authenticate: Digest realm="r", nonce="{}", qop="auth"'
DIGEST = DigestAuth("u", "p")


def md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def directives(field: str) -> dict[str, str]:
    assert field.startswith("Digest ")
    return {name: value.strip('"') for name, value in re.findall(r'([\w*]+)=("[^"]*"|[^ ,]+)', field)}


class Guard:
    """A server that asks for Digest, and checks the proof as RFC 7616 3.4.1 has it."""

    def __init__(self, *, qop: str = "auth", users: dict[str, str] | None = None, nonces: list[str] | None = None):
        self.qop = qop
        self.users = users or {"u": "p"}
        self.nonces = nonces or ["first"]
        self.counts: list[tuple[str, str, str]] = []

    def __call__(self, request: bytes) -> bytes:
        sent = read(request)
        if "authorization" not in sent.fields:
            return self.ask()
        said = directives(sent.fields["authorization"])
        self.counts.append((said["username"], said["nonce"], said["nc"]))
        if said["nonce"] != self.nonces[0]:
            return self.ask("stale=true")
        method, uri, _ = sent.line.split(" ")
        asked = [method, uri]
        if self.qop == "auth-int":
            asked.append(hashlib.md5(sent.body).hexdigest())
        secret = md5(said["username"], "r", self.users[said["username"]])
        proof = md5(secret, said["nonce"], said["nc"], said["cnonce"], self.qop, md5(*asked))
        return ok(b"in") if (said["uri"], said["response"]) == (uri, proof) else self.ask()

    def ask(self, *more: str) -> bytes:
        parts = ['realm="r"', f'nonce="{self.nonces[0]}"', f'qop="{self.qop}"', *more]
        return answer(401, f"WWW-Authenticate: Digest {', '.join(parts)}", body=b"who?")


AT_ONCE = {
    "tuple": (("u", "p"), "Basic dTpw"),
    "basic": (BasicAuth("u", "p"), "Basic dTpw"),
    "bearer": (BearerAuth("t0ken"), "Bearer t0ken"),
}


@pytest.mark.parametrize("case", AT_ONCE)
@pytest.mark.parametrize("headers", [None, {"authorization": "other"}])
def test_what_is_said_at_once(case, headers):
    auth, expected = AT_ONCE[case]

    async def scene(lab):
        await lab.http.get("/", auth=auth, headers=headers)
        await lab.http.get("http://x:y@" + lab.server.url[7:], auth=auth)
        return [one.fields["authorization"] for one in received(lab)]

    assert play(answering(ok()), scene) == [expected] * 2


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", b"body"), ("POST", b"")])
def test_a_challenge_is_answered_and_is_no_failure(qop, method, body):
    async def scene(lab):
        response = await lab.http.request(method, "/x?a=b", data=body, auth=DIGEST)
        assert (response.status, response.text, [one.status for one in response.history]) == (200, "in", [401])
        assert response.history[0].ok
        assert [one.body for one in received(lab)] == [body or b""] * 2
        return counted(lab), lab.server.connections

    counts, connections = play(routes({"/x?a=b": Guard(qop=qop)}), scene)
    assert counts == [(method, "/x?a=b", "200", "true"), (method, "/x?a=b", "401", "true")]
    assert connections == 1


def test_the_nonce_is_used_again_with_the_next_count():
    async def scene(lab):
        for number in range(3):
            response = await lab.http.get("/x", auth=DIGEST)
            assert (response.status, len(response.history)) == (200, number == 0)

    guard = Guard()
    play(routes({"/x": guard}), scene)
    assert guard.counts == [("u", "first", f"{n:08x}") for n in (1, 2, 3)]


def test_a_nonce_that_has_grown_old_is_answered_once_more():
    async def scene(lab):
        await lab.http.get("/x", auth=DIGEST)
        guard.nonces.pop(0)
        response = await lab.http.get("/x", auth=DIGEST)
        return response.status, len(response.history), counted(lab)

    guard = Guard(nonces=["first", "second"])
    status, challenges, counts = play(routes({"/x": guard}), scene)
    assert (status, challenges) == (200, 1)
    assert [nonce for _, nonce, _ in guard.counts] == ["first", "first", "second"]
    assert {expected for *_, expected in counts} == {"true"}


def test_a_nonce_that_is_always_old_is_answered_twice():
    async def scene(lab):
        response = await lab.http.get("/x", auth=DIGEST)
        return response.status, response.ok, len(response.history), len(lab.server.requests)

    numbers = iter(range(10))

    def asks(_request):
        return answer(401, f'WWW-Authenticate: Digest realm="r", nonce="{next(numbers)}", qop=auth, stale=true')

    assert play(routes({"/x": asks}), scene) == (401, False, 2, 3)


def test_a_wrong_password_ends_after_one_answer():
    async def scene(lab):
        response = await lab.http.get("/x", auth=DigestAuth("u", "wrong"))
        assert (response.status, response.ok, response.error_code, response.body) == (401, False, 1401, b"who?")
        return counted(lab)

    assert play(routes({"/x": Guard()}), scene) == [("GET", "/x", "401", "false"), ("GET", "/x", "401", "true")]


@pytest.mark.parametrize(
    "asked",
    [
        [],
        ['WWW-Authenticate: Basic realm="r"'],
        ['WWW-Authenticate: Digest realm="r"'],
        ['WWW-Authenticate: Digest realm="r", nonce="n", algorithm=NONE'],
        ["WWW-Authenticate: \x80,,=,"],
    ],
)
def test_a_challenge_that_cannot_be_answered_is_a_failure(asked):
    async def scene(lab):
        response = await lab.http.get("/x", auth=DIGEST)
        assert (response.status, response.ok, response.history) == (401, False, ())
        return counted(lab)

    assert play(routes({"/x": answer(401, *asked)}), scene) == [("GET", "/x", "401", "false")]


def test_of_two_challenges_the_one_that_can_be_answered():
    async def scene(lab):
        return (await lab.http.get("/x", auth=DIGEST)).status, lines(lab)

    both = answer(401, 'WWW-Authenticate: Basic realm="r"', ASKS.format("n"))
    assert play(answering(both, ok()), scene) == (200, ["GET /x"] * 2)


def test_an_expected_401_stays_expected():
    async def scene(lab):
        response = await lab.http.get("/x", auth=DigestAuth("u", "wrong"), expect=401)
        assert (response.status, response.ok) == (401, True)
        return counted(lab)

    assert play(routes({"/x": Guard()}), scene) == [("GET", "/x", "401", "true")] * 2


def test_passwords_of_two_users_are_kept_apart():
    async def scene(lab):
        for user, password in (("u", "p"), ("v", "q"), ("u", "p"), ("v", "q")):
            assert (await lab.http.get("/x", auth=DigestAuth(user, password))).status == 200

    guard = Guard(users={"u": "p", "v": "q"})
    play(routes({"/x": guard}), scene)
    assert guard.counts == [(user, "first", count) for count in ("00000001", "00000002") for user in "uv"]


def test_without_a_challenge_nothing_is_said():
    async def scene(lab):
        response = await lab.http.get("/", auth=DIGEST)
        return response.ok, response.history, "authorization" in received(lab)[0].fields

    assert play(answering(ok()), scene) == (True, (), False)


def test_a_generator_is_not_sent_again():
    async def handler(peer):
        await peer.request()
        assert await peer.reader.readuntil(b"0\r\n\r\n")
        await peer.send(answer(401, ASKS.format("n")))

    async def scene(lab):
        response = await lab.http.post("/", data=iter([b"x"]), auth=DIGEST)
        return response.status, response.history, len(lab.notes)

    assert play(handler, scene) == (401, (), 1)


def test_a_challenge_after_a_redirect_within_the_origin():
    async def scene(lab):
        response = await lab.http.get("/a", auth=DIGEST)
        return response.status, [one.status for one in response.history], lines(lab)

    table = {"/a": answer(302, "Location: /x"), "/x": Guard()}
    assert play(routes(table), scene) == (200, [302, 401], ["GET /a", "GET /x", "GET /x"])


def test_cookies_that_a_challenge_sets_go_with_the_answer():
    async def scene(lab):
        await lab.http.get("/", auth=DIGEST)
        return [one.fields.get("cookie") for one in received(lab)]

    assert play(answering(answer(401, ASKS.format("n"), "Set-Cookie: a=1"), ok()), scene) == [None, "a=1"]


@pytest.mark.parametrize("wrong", [5, "user", ("u",), ("u", 5), ["u", "p"], {"u": "p"}, ("u", "p", "x")])
def test_what_is_no_auth(wrong):
    async def scene(lab):
        with pytest.raises(TypeError, match="auth: expected"):
            lab.http.get("/", auth=wrong)
        return lab.server.connections

    assert play(answering(ok()), scene) == 0


def test_no_password_is_shown():
    async def scene(lab):
        response = await lab.http.get("http://u:geheim@" + lab.server.url[7:], auth=DigestAuth("u", "geheim"))
        return repr((response, response.history, response.url, lab.series(), lab.notes))

    assert "geheim" not in play(answering(answer(401, ASKS.format("n"))), scene)
