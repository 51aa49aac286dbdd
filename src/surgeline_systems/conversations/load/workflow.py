"""What a user of the service can do: each step is a request with its metrics and checks.

It must not know the order of the steps, nor how many users there are.
"""

from collections.abc import Callable, Mapping
from typing import Any

from surgeline import VU, Response, Trend, check
from surgeline_systems.conversations.load.accounts import Account
from surgeline_systems.conversations.load.measures import Measures

TEXTS = (
    "Can anybody bring chairs on Sunday?",
    "The choir meets an hour earlier this week, in the small hall.",
    "Thank you all for yesterday. We have found a green umbrella and a child's left shoe.",
)

Heard = Callable[[VU, Response], None]
# Is the answer right? Anything that is true says yes.
Right = Callable[[Any], object]


def unheard(_vu: VU, _response: Response) -> None:
    """Nobody listens."""


class User:
    """A person in front of the service. `heard` is told each answer but those to registering and logging in."""

    def __init__(self, vu: VU, account: Account, measures: Measures, heard: Heard = unheard) -> None:
        self._vu = vu
        self._account = account
        self._measures = measures
        self._heard = heard
        self._token = ""

    async def register(self) -> None:
        """Make an account."""
        await self._enter("register", 201, {"name": "Load Test", "churchId": self._account.church_id})

    async def log_in(self) -> None:
        """Get the token that all other steps show."""
        succeeded = await self._enter("login", 200, {})
        (self._measures.auth_successes if succeeded else self._measures.auth_failures).add()

    @property
    def is_in(self) -> bool:
        """Whether there is a token that has not run out, as far as is known."""
        return bool(self._token)

    async def me(self) -> None:
        """See who is logged in."""
        await self._step("GET", "/auth/me", "me", 200, lambda me: me["email"] == self._account.email)

    async def send(self) -> str | None:
        """Begin a conversation; gives its id."""
        message = {"subject": "Sunday", "body": self._text()}
        sent = await self._step("POST", "/messages/send", "message", 202, _is_queued, message)
        self._took(sent, self._measures.message_send_duration)
        return str(sent.json()["conversationId"]) if sent.ok else None

    async def conversations(self) -> list[str]:
        """Look at the list; gives the ids, the latest first."""
        listed = await self._step("GET", "/messages/conversations", "conversations", 200, _is_list)
        self._took(listed, self._measures.conversation_fetch_duration)
        return [str(one["id"]) for one in listed.json()["conversations"]] if listed.ok else []

    async def conversation(self, conversation_id: str) -> None:
        """Open one, with its last messages."""
        path = f"/messages/conversations/{conversation_id}"
        await self._step(
            "GET", path, "conversation", 200, lambda one: one["id"] == conversation_id and bool(one["messages"])
        )

    async def mark_read(self, conversation_id: str) -> None:
        """Say that one has been read."""
        path = f"/messages/conversations/{conversation_id}/read"
        await self._step("POST", path, "read", 200, lambda read: read["conversationId"] == conversation_id)

    async def reply(self, conversation_id: str) -> None:
        """Write an answer."""
        path = f"/messages/conversations/{conversation_id}/reply"
        await self._step("POST", path, "reply", 201, _is_queued, {"body": self._text()})

    async def analytics(self) -> None:
        """Look at the figures of the church."""
        summary = await self._step("GET", "/analytics/summary", "analytics", 200, lambda one: one["members"] > 0)
        self._took(summary, self._measures.analytics_duration)

    def _text(self) -> str:
        return self._vu.random.choice(TEXTS)

    def _took(self, response: Response, trend: Trend) -> None:
        """A refusal is quick, and no service: it has no place in how long the service took."""
        if response.ok:
            trend.add(response.timings.duration)

    async def _enter(self, endpoint: str, status: int, more: Mapping[str, str]) -> bool:
        body = {"email": self._account.email, "password": self._account.password, **more}
        response = await self._ask("POST", f"/auth/{endpoint}", endpoint, status, _has_token, body)
        self._token = response.json()["token"] if response.ok else ""
        return response.ok

    async def _step(
        self, method: str, path: str, endpoint: str, status: int, right: Right, body: object = None
    ) -> Response:
        response = await self._ask(method, path, endpoint, status, right, body)
        if response.status == 401:
            self._token = ""
        self._heard(self._vu, response)
        return response

    async def _ask(self, method: str, path: str, endpoint: str, status: int, right: Right, body: object) -> Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        # A path with an id in it would be a row of its own for each.
        tags = {"endpoint": endpoint}
        response = await self._vu.http.request(method, path, json=body, headers=headers, name=endpoint, tags=tags)
        self._measures.count(response, endpoint)
        check(
            response,
            {
                f"{endpoint}: status {status}": response.status == status,
                f"{endpoint}: right answer": lambda answer: bool(right(answer.json())),
            },
        )
        return response


def _is_queued(message: Any) -> bool:
    return bool(message["messageId"]) and message["status"] == "queued"


def _is_list(answer: Any) -> bool:
    return all("lastMessagePreview" in one for one in answer["conversations"])


def _has_token(session: Any) -> bool:
    return bool(session["token"])
