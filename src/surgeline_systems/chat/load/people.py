"""Who writes and reads: users that are signed in, each with an application of this run and its chats.

It must not know how often they write and read.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from surgeline import VU, Response
from surgeline_systems.chat.load.following import Following

API = "/api/v1"
COOKIE = "chat_session"
PASSWORD = "a-password-for-load-tests"  # noqa: S105
CHATS = 5
# Of that many users at once; passwords take a service its time.
AT_ONCE = 8
TELL_EVERY = 25


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat: where its messages are, and its id in the database."""

    messages: str
    id: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in; what is written to warm up goes to a chat of its own.

    The cookie is a header that never changes: a jar would look into each answer for what is to be kept.
    """

    headers: Mapping[str, str]
    chats_path: str
    chats: Sequence[Chat]
    warm_up: Chat


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who has an application, and the numbers of its chats."""

    cookie: str
    token: str
    numbers: Sequence[int]


async def ready_people(vu: VU, count: int, following: Following, tell: Callable[[str], None]) -> Sequence[Person]:
    """Sign so many users up, where they are not, and in, and make their chats. Raises: HTTPError."""
    at_once, ready = asyncio.Semaphore(AT_ONCE), 0

    async def enter(number: int) -> Entered:
        nonlocal ready
        async with at_once:
            entered = await _entered(vu, number)
        ready += 1
        if ready % TELL_EVERY == 0 or ready == count:
            tell(f"set-up: {ready:,} of {count:,} users are signed in, with their chats")
        return entered

    entered = await asyncio.gather(*map(enter, range(count)))
    ids = await following.chat_ids([one.token for one in entered])
    return [
        _person(one, [Chat(_messages(one, number), ids[one.token, number]) for number in one.numbers])
        for one in entered
    ]


def _person(entered: Entered, chats: Sequence[Chat]) -> Person:
    *others, warm_up = chats
    return Person(
        {"Cookie": f"{COOKIE}={entered.cookie}"}, f"{API}/applications/{entered.token}/chats", others, warm_up
    )


def _messages(entered: Entered, number: int) -> str:
    return f"{API}/applications/{entered.token}/chats/{number}/messages"


async def _entered(vu: VU, number: int) -> Entered:
    name, email = f"perftest{number}", f"perftest{number}@example.com"
    account = {"name": name, "email": email, "password": PASSWORD}
    await _posted(vu, "/users", account, expect=(201, 409))
    signed_in = await _posted(vu, "/sessions", {"email": email, "password": PASSWORD})
    cookie = signed_in.cookies[COOKIE]
    application = await _posted(vu, "/applications", {"name": f"of {name}"}, cookie=cookie)
    token = application.json()["token"]
    chats = [await _posted(vu, f"/applications/{token}/chats", {}, cookie=cookie) for _ in range(CHATS + 1)]
    return Entered(cookie, token, [chat.json()["number"] for chat in chats])


async def _posted(vu: VU, path: str, body: object, *, cookie: str = "", expect: Sequence[int] = (200, 201)) -> Response:
    cookies = {COOKIE: cookie} if cookie else None
    response = await vu.http.post(f"{API}{path}", json=body, cookies=cookies, expect=expect, name="set up")
    return response.raise_for_status()
