"""Redis for those who ask it thousands of times a second: over one connection, many questions at a time.

The client of Redis' makers takes 50 us of Python for each visit and 5 for each answer in it; this takes a tenth. It
connects when it is first asked, and again after each loss. It must not know what is kept there.
"""

import asyncio
import hashlib
import ssl
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
from redis.asyncio.connection import parse_url

from surgeline import SurgelineError

TIMEOUT_SECONDS = 2.0
# After a failure Redis is left alone for a moment: nobody waits for one that does not even refuse.
PAUSE_SECONDS = 0.3

# A name and its arguments: bytes, texts, whole numbers.
Command = tuple[Any, ...]


class RedisAwayError(Exception):
    """Redis is away, or does not do what it is asked; trying again later helps.

    `may_be_done` says whether it may have been carried out all the same.
    """

    def __init__(self, text: str, *, may_be_done: bool = False) -> None:
        super().__init__(text)
        self.may_be_done = may_be_done


class RedisPipeline:
    """The connection to the Redis of a URL, and the scripts that are ready there. Raises: SurgelineError."""

    def __init__(self, url: str) -> None:
        self._place = _place(url)
        self._scripts: dict[str, str] = {}
        self._link: _Link | None = None
        self._connecting = asyncio.Lock()
        self._left_alone_until = 0.0

    def script(self, text: str) -> str:
        """The name of a script, for EVALSHA; to be called before the first question."""
        name = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self._scripts[name] = text
        return name

    async def ask(self, *commands: Command) -> list[Any]:
        """The answers to the commands, in their order. Raises: RedisAwayError."""
        link = self._link
        if link is None or link.is_lost:
            link = await self._connected()
        return await link.send(commands)

    async def close(self) -> None:
        """Leave."""
        if self._link is not None:
            self._link.abort()

    async def _connected(self) -> "_Link":
        async with self._connecting:
            if self._link is None or self._link.is_lost:
                if time.monotonic() < self._left_alone_until:
                    raise RedisAwayError("Redis was away a moment ago")
                self._link = await self._connect()
            return self._link

    async def _connect(self) -> "_Link":
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                link = await _open(self._place)
                await link.send(self._greeting())
        except (OSError, RedisAwayError) as error:  # a TimeoutError is an OSError
            self._left_alone_until = time.monotonic() + PAUSE_SECONDS
            raise RedisAwayError(f"Redis is away: {error or type(error).__name__}") from error
        return link

    def _greeting(self) -> list[Command]:
        place = self._place
        commands: list[Command] = [("SCRIPT", "LOAD", text) for text in self._scripts.values()]
        if place.get("db"):
            commands.insert(0, ("SELECT", place["db"]))
        if place.get("password"):
            commands.insert(0, ("AUTH", place.get("username") or "default", place["password"]))
        return commands or [("PING",)]


class _Link(asyncio.Protocol):
    """One connection. Answers come in the order of the commands; after an unexpected one nothing more is asked here."""

    def __init__(self) -> None:
        self.is_lost = False
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[asyncio.Future[list[Any]], int, float]] = deque()
        self._answers: list[Any] = []
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._loop = asyncio.get_running_loop()
        self._transport = transport

    def send(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """The answers are the result; RedisAwayError where one is an error, or where there is none in time."""
        future = self._loop.create_future()
        if self.is_lost:
            future.set_exception(RedisAwayError("Redis has closed the connection"))
            return future
        now = self._loop.time()
        self._waiting.append((future, len(commands), now))
        self._transport.write(b"".join([hiredis.pack_command(command) for command in commands]))
        if self._watch is None:
            self._watch = self._loop.call_at(now + TIMEOUT_SECONDS, self._look)
        return future

    def abort(self) -> None:
        """Close without waiting for answers."""
        self._fail("the connection was closed")

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            self._take()
        except hiredis.ProtocolError as error:
            self._fail(f"expected it to speak RESP, found {error}")

    def _take(self) -> None:
        """Give the answers that are there to whoever waits for them."""
        answers, answer = self._answers, self._reader.gets()
        while answer is not False:  # which says: no more yet
            if not self._waiting:  # it tells what nobody has asked: that it has too many clients, for one
                self._fail(str(answer))
                return
            answers.append(answer)
            if len(answers) == self._waiting[0][1]:
                self._settle(answers)
                answers = self._answers = []
            answer = self._reader.gets()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(str(exc or "it has closed the connection"))

    def _settle(self, answers: list[Any]) -> None:
        future, _, _ = self._waiting.popleft()
        refusal = next((answer for answer in answers if isinstance(answer, hiredis.ReplyError)), None)
        if refusal is not None:
            # Whatever it is, a new connection begins with all that is needed: scripts that were forgotten, for one.
            self._transport.abort()
        if future.done():
            return
        if refusal is None:
            future.set_result(answers)
        else:
            future.set_exception(RedisAwayError(f"Redis refuses: {refusal}", may_be_done=True))

    def _look(self) -> None:
        """Has the oldest question waited for too long?"""
        self._watch = None
        if not self._waiting:
            return
        due = self._waiting[0][2] + TIMEOUT_SECONDS
        if due <= self._loop.time():
            self._fail(f"no answer in {TIMEOUT_SECONDS:g} s")
        else:
            self._watch = self._loop.call_at(due, self._look)

    def _fail(self, reason: str) -> None:
        self._transport.abort()
        self._lose(reason)

    def _lose(self, reason: str) -> None:
        self.is_lost = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        while self._waiting:
            future, _, _ = self._waiting.popleft()
            if not future.done():
                future.set_exception(RedisAwayError(f"Redis is away: {reason}", may_be_done=True))


def _place(url: str) -> dict[str, Any]:
    try:
        return {**parse_url(url)}
    except ValueError:  # its text may show the password
        raise SurgelineError("expected redis://user:password@host:6379/0 as the URL of Redis, found no such") from None


async def _open(place: dict[str, Any]) -> _Link:
    loop = asyncio.get_running_loop()
    if "path" in place:
        return (await loop.create_unix_connection(_Link, place["path"]))[1]
    secure = ssl.create_default_context() if "connection_class" in place else None
    return (await loop.create_connection(_Link, place.get("host", "localhost"), place.get("port", 6379), ssl=secure))[1]
