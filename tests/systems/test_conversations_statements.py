"""How many statements a request takes: one, however much there is to show. Counted where they go to the pool."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from conversations_support import CONVERSATIONS, FIXTURES, SMALL, email_of, registration, seeded_conversation
from starlette.applications import Starlette

from surgeline_systems.application.database import connect_pools
from surgeline_systems.conversations import app as module
from surgeline_systems.conversations.seeds import PASSWORD

SYSTEM, SIZES = "conversations", SMALL
_, redis_url, _ = FIXTURES
LOGIN = {"email": email_of(1), "password": PASSWORD}
SEEDED = f"{CONVERSATIONS}/{seeded_conversation(1)}"
REQUESTS = {
    "register": ("POST", "/auth/register", registration(churchId="church-00001"), 201),
    "found": ("POST", "/auth/register", registration(), 201),
    "log in": ("POST", "/auth/login", LOGIN, 200),
    "me": ("GET", "/auth/me", None, 200),
    "send": ("POST", "/messages/send", {"body": "Hello"}, 202),
    "list": ("GET", f"{CONVERSATIONS}?limit=100", None, 200),
    "get": ("GET", SEEDED, None, 200),
    "reply": ("POST", f"{SEEDED}/reply", {"body": "Hello"}, 201),
    "read": ("POST", f"{SEEDED}/read", None, 200),
    "summary": ("GET", "/analytics/summary", None, 200),
    "health": ("GET", "/api/health", None, 200),
}


class CountingPool:
    """A pool that counts what is asked of it."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.statements = 0
        self._pool = pool

    def __getattr__(self, name: str) -> Any:
        if name not in {"fetch", "fetchrow", "fetchval", "execute", "acquire"}:
            return getattr(self._pool, name)
        self.statements += 1
        return getattr(self._pool, name)


async def ask(app: Starlette, state: dict[str, Any], request: tuple[str, str, object], token: str) -> tuple[int, Any]:
    """Have the application answer, in this process."""
    method, path, body = request
    path, _, asked = path.partition("?")
    headers = [(b"authorization", b"Bearer " + token.encode())]
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "state": state}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({**scope, "query_string": asked.encode()}, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))


def statements(state: dict[str, Any]) -> int:
    return sum(state[pool].statements for pool in ("pool", "own_pool"))


@pytest.fixture
def in_process(
    seeded_database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Starlette, dict[str, Any]], Awaitable[None]]], None]:
    """Runs a scenario with the application, whose pool counts; its queue is not worked off meanwhile."""

    async def connect_counting_pools(*options: Any) -> list[CountingPool]:
        return [CountingPool(pool) for pool in await connect_pools(*options)]

    async def run(scenario: Callable[[Starlette, dict[str, Any]], Awaitable[None]]) -> None:
        app = module.create_app()
        async with app.router.lifespan_context(app) as state:
            await state["queue"].close(60)
            await scenario(app, dict(state))

    monkeypatch.setattr(module, "connect_pools", connect_counting_pools)
    monkeypatch.setenv("DATABASE_URL", seeded_database)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DB_MAX_CONNECTIONS", "2")
    return lambda scenario: asyncio.run(run(scenario))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_one_statement(in_process: Any, name: str):
    *request, expected = REQUESTS[name]

    async def scenario(app: Starlette, state: dict[str, Any]) -> None:
        _, session = await ask(app, state, ("POST", "/auth/login", LOGIN), "")
        before = statements(state)
        status, _ = await ask(app, state, tuple(request), session["token"])
        assert (status, statements(state) - before) == (expected, 1)

    in_process(scenario)


def test_what_is_known_is_none(in_process: Any):
    async def scenario(app: Starlette, state: dict[str, Any]) -> None:
        _, session = await ask(app, state, ("POST", "/auth/login", LOGIN), "")
        paths = (CONVERSATIONS, SEEDED, "/analytics/summary")
        first = [await ask(app, state, ("GET", path, None), session["token"]) for path in paths]
        before = statements(state)
        assert [await ask(app, state, ("GET", path, None), session["token"]) for path in paths] == first
        assert statements(state) == before

    in_process(scenario)
