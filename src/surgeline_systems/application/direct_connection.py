"""One connection of the direct server: requests are answered one after the other, in the order in which they come.

It must not know what is asked, nor what is answered.
"""

import asyncio
import logging
from collections import deque
from typing import Any, Protocol

import httptools
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.types import ASGIApp, Receive, Scope, Send

from surgeline_systems.application.direct_request import Answered, Direct, Directly, Received, ask, scope_of
from surgeline_systems.application.exchange import MOST_BODY_BYTES

logger = logging.getLogger(__name__)

MOST_HEAD_BYTES = 65_536
# Requests that a client may send without waiting for answers; more are read when these are answered.
MOST_AHEAD = 32
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSED = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Desk(Protocol):
    """What all connections have in common. `heads` begin the answers that are JSON, by status."""

    app: Starlette
    state: dict[str, Any]
    direct: Direct
    date: bytes
    heads: dict[int, bytes]

    def enter(self, connection: "Connection") -> None:
        """There is a new one."""

    def leave(self, connection: "Connection") -> None:
        """It has been closed."""


class Connection(asyncio.Protocol):
    """Reads requests, has them answered, and writes the answers."""

    def __init__(self, desk: Desk) -> None:
        self.last_read = 0.0
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._ahead: deque[Received] = deque()
        self._task: asyncio.Task[None] | None = None
        self._unread_bytes = 0
        self._is_busy = False
        self._is_full = False
        self._is_ending = False

    @property
    def is_idle(self) -> bool:
        """Does nobody wait for an answer?"""
        return not self._is_busy

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio says."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.last_read = self._loop.time()
        self._desk.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - so is it called
        """As asyncio says."""
        self._ahead.clear()
        self._desk.leave(self)

    def eof_received(self) -> bool:
        """As asyncio says: the client sends no more, and may still read. True keeps the connection open."""
        self._is_ending = True
        return self._is_busy

    def pause_writing(self) -> None:
        """As asyncio says: the client reads more slowly than we write."""
        self._is_full = True

    def resume_writing(self) -> None:
        """As asyncio says."""
        self._is_full = False
        if not self._is_busy and not self._is_ending:
            self._next()

    def close(self) -> None:
        """Now where nobody waits, else after the answer."""
        self._is_ending = True
        if not self._is_busy:
            self._transport.close()

    def abort(self) -> None:
        """Now, whatever is not sent yet: who does not read it would keep it here for ever."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """As asyncio says."""
        self.last_read = self._loop.time()
        self._unread_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # the request was read, and is answered; nothing else is spoken here
            self._is_ending = True
        except httptools.HttpParserError:
            self._refuse()
        else:
            if self._unread_bytes > MOST_HEAD_BYTES:  # a header that does not end: nobody hears of it before
                self._refuse()

    def on_message_begin(self) -> None:
        """As httptools says."""
        self._request = Received()
        self._head_bytes = 0
        self._hosts = 0
        self._is_in_head = True

    def on_url(self, part: bytes) -> None:
        """As httptools says."""
        self._count(len(part))
        self._request.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """As httptools says."""
        self._count(len(name) + len(value))
        if not self._is_in_head:  # what follows a body in chunks means nothing here
            return
        name = name.lower()
        if name == b"cookie":
            self._request.cookie = str(value, "latin-1")
        elif name == b"host":
            self._hosts += 1
        elif name == b"expect":
            self._expect(value)
        self._request.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """As httptools says."""
        self._is_in_head = False
        self._unread_bytes = 0
        if self._hosts != 1 and (self._hosts or self._parser.get_http_version() != "1.0"):
            raise httptools.HttpParserError(f"expected one Host, found {self._hosts}")

    def on_body(self, part: bytes) -> None:
        """As httptools says."""
        self._unread_bytes = 0
        if len(self._request.body) <= MOST_BODY_BYTES:  # of more it is enough to know that there is more
            self._request.body += part

    def on_message_complete(self) -> None:
        """As httptools says: a request is there as a whole."""
        self._unread_bytes = 0
        request = self._request
        request.method = str(self._parser.get_method(), "ascii")
        if not request.target.startswith(b"/"):
            request.target = _without_place(request.target)
        request.path, _, request.query = str(request.target, "latin-1").partition("?")
        request.keep_alive = self._parser.should_keep_alive() and self._parser.get_http_version() != "1.0"
        if self._is_busy or self._is_full:
            self._ahead.append(request)
            if len(self._ahead) == MOST_AHEAD:
                self._transport.pause_reading()
        else:
            self._answer(request)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MOST_HEAD_BYTES:
            raise httptools.HttpParserError("the head is too long")

    def _expect(self, value: bytes) -> None:
        """Who is not first in line is not told to go on: what he hears next is the answer to somebody else."""
        if value.lower() == b"100-continue" and not self._is_busy:
            self._transport.write(CONTINUE)

    def _refuse(self) -> None:
        """What comes is not HTTP: it is not read any more."""
        self._transport.pause_reading()
        if not self._is_busy:
            self._transport.write(REFUSED)
        self.close()

    def _answer(self, request: Received) -> None:
        self._is_busy = True
        try:
            directly = self._desk.direct(request)
        except Exception as error:
            self._task = self._loop.create_task(self._tell(request, error))
            return
        if directly is None:
            self._task = self._loop.create_task(self._ask(request))
        else:
            directly.future.add_done_callback(lambda _: self._answered(request, directly))

    def _answered(self, request: Received, directly: Directly) -> None:
        error = directly.future.exception()
        if error is not None:
            self._task = self._loop.create_task(self._tell(request, error))
            return
        body = directly.body(directly.future.result())
        if request.keep_alive and not self._is_ending:
            head = self._desk.heads[directly.status]
            self._finish(b"%b%d\r\n\r\n%b" % (head, len(body), body))
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        self._send(request, Answered(directly.status, headers, body))

    async def _ask(self, request: Received) -> None:
        """By the application."""
        await self._say(request, self._desk.app)

    async def _tell(self, request: Received, error: BaseException) -> None:
        """By what the application answers to such an error."""
        handlers = self._desk.app.exception_handlers
        handler: Any = next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)

        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            if handler is None:
                raise error
            response = await handler(HttpRequest(scope), error)
            await response(scope, receive, send)

        await self._say(request, told)

    async def _say(self, request: Received, app: ASGIApp) -> None:
        client, server = (self._transport.get_extra_info(name) for name in ("peername", "sockname"))
        try:
            answered = await ask(app, scope_of(request, client, server, self._desk.state), request.body)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            answered = Answered(500, [(b"content-length", b"0")])
        self._send(request, answered)

    def _send(self, request: Received, answered: Answered) -> None:
        is_last = self._is_ending = self._is_ending or not request.keep_alive
        self._finish(answered.encoded(self._desk.date, to_head=request.method == "HEAD", is_last=is_last))

    def _finish(self, answer: bytes) -> None:
        self._transport.write(answer)
        self._is_busy = False
        if self._is_ending:
            self._transport.close()
        elif self._ahead and not self._is_full:
            self._next()

    def _next(self) -> None:
        """What the client has sent without waiting."""
        if len(self._ahead) == MOST_AHEAD:
            self._transport.resume_reading()
        if self._ahead:
            self._answer(self._ahead.popleft())


def _without_place(target: bytes) -> bytes:
    """As one says it to a proxy, with scheme and host: it is here. `*` stays."""
    _, has_place, rest = target.partition(b"://")
    return b"/" + rest.partition(b"/")[2] if has_place else target
