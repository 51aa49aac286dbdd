"""What the chat service answers: what is in order, and what is not."""

from collections.abc import Iterator

import pytest
from chat_stores import KINDS, chat_database
from chat_support import PASSWORD, Client, all_written, bodies, rabbitmq_url, redis_url, serving
from ways_support import eventually

fixtures = rabbitmq_url, redis_url
USERS, SESSIONS, APPLICATIONS = "/api/v1/users", "/api/v1/sessions", "/api/v1/applications"
NOWHERE = f"{APPLICATIONS}/{'0' * 32}"


@pytest.fixture(scope="module", params=[(kind, broker) for kind in KINDS for broker in ("RabbitMQ", "in process")])
def base_url(request: pytest.FixtureRequest, redis_url: str) -> Iterator[str]:
    kind, broker = request.param
    broker_url = request.getfixturevalue("rabbitmq_url") if broker == "RabbitMQ" else ""
    with chat_database(kind) as url, serving(url, redis_url, broker_url) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def ann(base_url: str) -> Iterator[Client]:
    with Client(base_url) as client:
        yield client.sign_up()


@pytest.fixture
def nobody(base_url: str) -> Iterator[Client]:
    with Client(base_url) as client:
        yield client


@pytest.fixture(scope="module")
def chat(ann: Client) -> str:
    """Where its messages are."""
    return ann.chat()


def test_a_user_signs_up_in_and_out(nobody: Client):
    nobody.sign_up()
    assert nobody.get(SESSIONS)["email"] == nobody.email
    assert nobody.ask("DELETE", SESSIONS).status == 204
    assert nobody.ask("GET", SESSIONS).body["code"] == "NOT_SIGNED_IN"


def test_the_session_is_a_cookie_that_scripts_do_not_see(ann: Client):
    answer = ann.ask("POST", SESSIONS, {"email": ann.email.upper(), "password": PASSWORD})
    assert answer.headers["Set-Cookie"].partition("; ")[2].lower().split("; ") == ["httponly", "path=/", "samesite=lax"]


@pytest.mark.parametrize("cookie", ["", "chat_session=", "chat_session=a.b", "chat_session=é", "other=1"])
def test_a_cookie_that_is_no_session_lets_nobody_in(nobody: Client, cookie: str):
    nobody.cookie = cookie
    assert nobody.ask("GET", APPLICATIONS).status == 401


def test_other_cookies_do_no_harm(ann: Client, nobody: Client, chat: str):
    nobody.cookie = f"theme=dark; {ann.cookie}"
    assert nobody.ask("GET", chat).status == 200


def test_an_address_is_somebodys_whatever_its_case(ann: Client, nobody: Client):
    answer = nobody.ask("POST", USERS, {"name": "Ann", "email": ann.email.upper(), "password": PASSWORD})
    assert (answer.status, answer.body["code"]) == (409, "EMAIL_TAKEN")


@pytest.mark.parametrize("who", ["ann", "stranger"])
def test_who_gives_a_wrong_password_is_told_as_little_as_a_stranger(ann: Client, nobody: Client, who: str):
    email = ann.email if who == "ann" else "stranger@chat.example"
    answer = nobody.ask("POST", SESSIONS, {"email": email, "password": "wrong"})
    assert (answer.status, answer.body["code"]) == (401, "WRONG_CREDENTIALS")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", SESSIONS),
        ("GET", APPLICATIONS),
        ("POST", APPLICATIONS),
        ("GET", NOWHERE),
        ("PUT", NOWHERE),
        ("GET", f"{NOWHERE}/chats"),
        ("POST", f"{NOWHERE}/chats"),
        ("GET", f"{NOWHERE}/chats/1/messages"),
        ("POST", f"{NOWHERE}/chats/1/messages"),
        ("GET", f"{NOWHERE}/chats/1/messages/1"),
        ("GET", f"{NOWHERE}/chats/1/messages/search?q=x"),
    ],
)
def test_nothing_is_for_strangers_and_what_is_not_there_for_nobody(ann: Client, nobody: Client, method: str, path: str):
    body = None if method in {"GET", "DELETE"} else {"name": "x", "body": "x"}
    assert nobody.ask(method, path, body).status == 401
    if path.startswith(NOWHERE):
        assert ann.ask(method, path, body).status == 404


def test_applications_are_listed_shown_and_renamed(nobody: Client):
    nobody.sign_up()
    made = [nobody.made(APPLICATIONS, name=name) for name in ("One", "Two")]
    assert nobody.get(APPLICATIONS) == made
    path = f"{APPLICATIONS}/{made[0]['token']}"
    assert nobody.ask("PUT", path, {"name": "Other"}).body == {**made[0], "name": "Other"}
    nobody.made(f"{path}/chats", name="First")
    assert nobody.get(path) == {**made[0], "name": "Other", "chats_count": 1}


def test_chats_are_numbered_and_listed_newest_first(ann: Client):
    chats = f"{ann.application()}/chats"
    assert ann.get(chats) == []
    made = []
    for name in ("One", 'Two "2"', ""):
        made.append(ann.made(chats, name=name))
        assert ann.get(chats) == made[::-1]
    assert [chat["number"] for chat in made] == [1, 2, 3]
    assert ann.get(f"{chats}?limit=2") == [made[2], made[1]]
    assert ann.get(f"{chats}?limit=2&before=2") == [made[0]]


def test_messages_are_numbered_written_listed_found_and_counted(ann: Client):
    chat = ann.chat()
    assert ann.get(chat) == []
    said = [f"Hello {name}" for name in ("Böb", 'the "other"', "a\nb", "😀", "5")]
    assert [ann.say(chat, text) for text in said] == [1, 2, 3, 4, 5]
    all_written(ann)
    assert bodies(ann, chat) == said
    assert [message["number"] for message in ann.get(f"{chat}?limit=2")] == [5, 4]
    older = ann.get(f"{chat}?limit=2&before=4")
    assert [message["number"] for message in older] == [3, 2]
    assert ann.get(f"{chat}/3") == older[0]
    assert older[0]["creator_id"] == ann.get(SESSIONS)["id"]
    assert ann.ask("GET", f"{chat}/6").status == 404
    assert ann.get(chat.removesuffix("/1/messages"))[0]["messages_count"] == 5
    eventually(lambda: [message["body"] for message in ann.get(f"{chat}/search?q=hello+other")] == [said[1]])


def test_who_knows_the_token_takes_part(ann: Client, nobody: Client):
    chat = ann.chat()
    nobody.sign_up()
    nobody.say(chat, "Here I am")
    all_written(ann)
    assert bodies(ann, chat) == ["Here I am"]


def test_of_very_many_messages_the_newest_are_kept_ready_and_all_are_there(ann: Client):
    chat = ann.chat()
    ann.get(chat)
    for number in range(1, 131):
        assert ann.say(chat, str(number)) == number
    all_written(ann)
    assert bodies(ann, chat) == [str(number) for number in range(31, 131)]
    assert [message["number"] for message in ann.get(f"{chat}?limit=100&before=31")] == list(range(30, 0, -1))


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"body": "\xff"}', 400),
        (b"{}", 422),
        (b"[]", 422),
        (b'{"body": ""}', 422),
        (b'{"body": 1}', 422),
        (b'{"body": "\\u0000"}', 422),
        (b'{"body": "%b"}' % (b"x" * 10_001), 422),
        (b'{"body": "%b"}' % (b"x" * 65_536), 413),
        (b'{"body": "%b"}' % (b"x" * 10_000), 201),
        ('{"body": "%s"}' % ("😀" * 10_000), 201),
    ],
)
def test_a_message_has_from_one_to_ten_thousand_characters(ann: Client, chat: str, raw: bytes | str, status: int):
    sent = raw.encode() if isinstance(raw, str) else raw
    assert ann.ask("POST", chat, raw=sent).status == status
    assert ann.ask("GET", chat).status == 200  # over the same connection


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "before=0", "limit=", "before=9999999999"])
def test_a_page_that_cannot_be_is_refused(ann: Client, chat: str, query: str):
    for path in (chat, chat.removesuffix("/1/messages")):
        assert ann.ask("GET", f"{path}?{query}").status == 422


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999", "01"])
def test_a_chat_that_cannot_be_is_refused(ann: Client, chat: str, number: str):
    path = chat.replace("/chats/1/", f"/chats/{number}/")
    assert ann.ask("GET", path).status in {404, 422}
    assert ann.ask("POST", path, {"body": "x"}).status in {404, 422}


@pytest.mark.parametrize("token", ["0", "%00", "%ff", f"{'0' * 32}%20", f"{'A' * 32}", "x" * 5_000])
@pytest.mark.parametrize("path", ["", "/chats", "/chats/1/messages"])
def test_a_token_that_cannot_be_is_refused(ann: Client, token: str, path: str):
    assert ann.ask("GET", f"{APPLICATIONS}/{token}{path}").status == 422


def test_a_search_for_nothing_finds_nothing_and_for_too_much_is_refused(ann: Client, chat: str):
    assert ann.get(f"{chat}/search?q=%20") == []
    assert ann.ask("GET", f"{chat}/search?q={'x' * 201}").status == 422
    assert ann.ask("GET", f"{chat}/search").status == 422


def test_the_health_says_what_it_stands_on(base_url: str, nobody: Client, request: pytest.FixtureRequest):
    eventually(lambda: nobody.get("/api/health")["status"] == "healthy")  # as soon as there is a writer
    health = nobody.get("/api/health")
    assert health["writers"] == 1
    assert (health["database"], health["queue"]) == request.node.callspec.params["base_url"]
