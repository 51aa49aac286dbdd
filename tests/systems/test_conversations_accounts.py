"""Who may use the service: registering, logging in, and tokens; over HTTP, from a real database."""

import time
from uuid import UUID, uuid4

import jwt
import pytest
from conversations_support import (
    CONVERSATIONS,
    FIXTURES,
    MEMBERS,
    SMALL,
    Client,
    People,
    email_of,
    registration,
    seeded_conversation,
)

from conftest import query
from surgeline_systems.application.settings import SettingsError
from surgeline_systems.conversations.app import OPERATIONS
from surgeline_systems.conversations.settings import DEMO_SECRET, Settings
from surgeline_systems.conversations.tokens import Caller, TokenError, Tokens

SYSTEM, SIZES = "conversations", SMALL
people, redis_url, service = FIXTURES

NOWHERE = "00000000-0000-4000-8000-999999999999"
SECURED = [(one.method, one.path.replace("{id}", NOWHERE)) for one in OPERATIONS if one.secured]
MALFORMED_REGISTRATIONS = [
    {"email": "nobody"},
    {"email": "no body@churches.example"},
    {"email": "nobody@churches.example\n"},
    {"email": "a@" + "b" * 260},
    {"email": None},
    {"password": "short"},
    {"password": "x" * 201},
    {"name": ""},
    {"name": "A\x00B"},
    {"name": 1},
    {"churchId": 7},
]


@pytest.fixture(scope="module")
def nobody(people: People) -> Client:
    return people.nobody()


class TestAccounts:
    def test_who_registers_is_a_member_of_the_church_and_can_log_in(self, people: People, nobody: Client):
        given = registration(churchId="church-00002", email=f"Mixed.{uuid4()}@LoadTest.example")
        answer = nobody.request("POST", "/auth/register", given)
        assert answer.status == 201
        user = answer.body["user"]
        assert (user["role"], user["churchId"], user["name"]) == ("member", "church-00002", "Somebody")
        assert user["email"] == str(given["email"]).lower()
        assert people.with_token(answer.body["token"]).get("/auth/me") == user
        assert people.logged_in(str(given["email"]), "secret enough").get("/auth/me") == user

    def test_who_registers_without_a_church_founds_one(self, people: People, nobody: Client):
        first, second = (nobody.request("POST", "/auth/register", registration()).body for _ in range(2))
        assert first["user"]["role"] == second["user"]["role"] == "admin"
        assert first["user"]["churchId"] != second["user"]["churchId"]
        assert people.with_token(first["token"]).get(CONVERSATIONS) == {"conversations": [], "next": None}

    def test_an_address_can_be_registered_once(self, nobody: Client):
        answer = nobody.request("POST", "/auth/register", registration(email=email_of(1).upper()))
        assert (answer.status, answer.body["code"]) == (409, "EMAIL_TAKEN")

    def test_an_unknown_church_is_refused(self, nobody: Client):
        answer = nobody.request("POST", "/auth/register", registration(churchId="nowhere"))
        assert (answer.status, answer.body["code"]) == (422, "UNKNOWN_CHURCH")

    @pytest.mark.parametrize("changes", MALFORMED_REGISTRATIONS, ids=range(len(MALFORMED_REGISTRATIONS)))
    def test_malformed_registrations_are_refused(self, nobody: Client, changes: dict[str, object]):
        answer = nobody.request("POST", "/auth/register", registration(**changes))
        assert (answer.status, answer.body["code"]) == (422, "INVALID_BODY")

    def test_a_wrong_password_is_answered_like_an_unknown_address(self, nobody: Client):
        wrong = nobody.request("POST", "/auth/login", {"email": email_of(1), "password": "wrong enough"})
        unknown = nobody.request("POST", "/auth/login", {"email": "no@one.example", "password": "wrong enough"})
        assert (wrong.status, wrong.body["code"]) == (401, "UNAUTHORIZED")
        assert (unknown.status, unknown.body) == (wrong.status, wrong.body)
        assert wrong.headers["WWW-Authenticate"] == "Bearer"

    def test_one_admin_for_each_church(self, people: People):
        roles = [people.member(3, number + 1).get("/auth/me")["role"] for number in range(MEMBERS)]
        assert roles == ["admin"] + ["member"] * (MEMBERS - 1)


def token(secret: str = DEMO_SECRET, algorithm: str = "HS256", **changes: object) -> str:
    claims = {"sub": "00000000-0000-4000-8000-000000000002", "church": "church-00001", "role": "member"}
    claims = {**claims, "exp": int(time.time()) + 60, **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm)


BAD_TOKENS = {
    "none": lambda: None,
    "not a token": lambda: "token",
    "another secret": lambda: token("another secret, which is long enough"),
    "unsigned": lambda: token("", "none"),
    "expired": lambda: token(exp=int(time.time()) - 1),
    "without an end": lambda: token(exp=None),
    "without a church": lambda: token(church=None),
    "of no user": lambda: token(sub="me"),
    "with an end beyond all numbers": lambda: token(exp=10**400),
}


class TestTokens:
    def test_a_good_one_is_let_in(self, people: People):
        assert people.with_token(token()).request("GET", "/auth/me").status == 200

    def test_one_that_was_good_expires(self, monkeypatch: pytest.MonkeyPatch):
        tokens = Tokens(DEMO_SECRET, seconds=60)
        caller = Caller(UUID(NOWHERE), "church-00001", "member")
        shown, later = tokens.issue(caller), time.time() + 60
        assert tokens.verify(shown) == tokens.verify(shown) == caller
        monkeypatch.setattr(time, "time", lambda: later)
        with pytest.raises(TokenError, match="expired"):
            tokens.verify(shown)

    @pytest.mark.parametrize("name", BAD_TOKENS)
    def test_bad_ones_are_not(self, people: People, name: str):
        answer = people.with_token(BAD_TOKENS[name]()).request("GET", CONVERSATIONS)
        assert (answer.status, answer.body["code"]) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize(("method", "path"), SECURED)
    def test_every_secured_operation_wants_one(self, nobody: Client, method: str, path: str):
        assert nobody.request(method, path).status == 401

    def test_one_that_outlives_its_user_is_worth_nothing(self, people: People):
        gone = people.with_token(token(sub=NOWHERE))
        assert gone.request("GET", "/auth/me").status == 401
        assert gone.send().status == 401
        assert gone.read(seeded_conversation(1)).status == 401


def test_a_secret_that_everybody_knows_is_for_this_machine_alone():
    urls = {"DATABASE_URL": "postgresql://here/db", "REDIS_URL": "redis://here/0"}
    assert Settings.from_environment({**urls, "HOST": "localhost"}).jwt_secret == DEMO_SECRET
    for none in ({}, {"JWT_SECRET": ""}, {"JWT_SECRET": DEMO_SECRET}):
        with pytest.raises(SettingsError, match=r"JWT_SECRET of your own .* \(HOST=0.0.0.0\)"):
            Settings.from_environment({**urls, **none, "HOST": "0.0.0.0"})
    assert Settings.from_environment({**urls, "HOST": "0.0.0.0", "JWT_SECRET": "own"}).jwt_secret == "own"


def test_passwords_are_in_the_database_as_hashes_of_their_own(seeded_database: str, nobody: Client):
    users = [nobody.request("POST", "/auth/register", registration()).body["user"]["id"] for _ in range(2)]
    rows = query(seeded_database, "SELECT password_hash FROM users WHERE id = ANY($1)", [UUID(user) for user in users])
    first, second = (row["password_hash"] for row in rows)
    assert first.startswith("scrypt$4096$8$1$")
    assert first != second
    assert "secret enough" not in first + second
