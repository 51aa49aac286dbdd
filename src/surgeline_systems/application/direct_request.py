"""A request as the direct server reads it, how it may be answered directly, and how by ASGI.

It must not know connections, nor what is asked.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope


@dataclass(slots=True)
class Received:
    """A request: the path as it was sent, the names of headers in small letters."""

    method: str = ""
    path: str = ""
    query: str = ""
    cookie: str = ""
    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    keep_alive: bool = True


class Directly(NamedTuple):
    """An answer that is under way: its status, and JSON made of what the future gives. Nobody cancels the future."""

    status: int
    future: asyncio.Future[Any]
    body: Callable[[Any], bytes]


# What a request is answered directly; None where that is for the application.
Direct = Callable[[Received], Directly | None]


@dataclass(slots=True)
class Answered:
    """What an application has answered."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def encoded(self, date: bytes, *, to_head: bool, is_last: bool) -> bytes:
        """As it is sent."""
        lines = [b"HTTP/1.1 %d %b" % (self.status, HTTPStatus(self.status).phrase.encode()), b"date: " + date]
        lines += [name + b": " + value for name, value in self.headers]
        if is_last:
            lines.append(b"connection: close")
        return b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if to_head else self.body)


def scope_of(request: Received, client: Any, server: Any, state: dict[str, Any]) -> Scope:
    """The request as ASGI says it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": request.headers,
        "client": client,
        "server": server,
        "state": dict(state),
    }


async def ask(app: ASGIApp, scope: Scope, body: bytes) -> Answered:
    """What the application answers, as a whole."""
    answered = Answered()
    messages: list[Message] = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": body, "more_body": False},
    ]

    async def receive() -> Message:
        return messages.pop() if len(messages) > 1 else messages[0]

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.status, answered.headers = message["status"], list(message.get("headers", ()))
        else:
            answered.body += message.get("body", b"")

    await app(scope, receive, send)
    return answered
