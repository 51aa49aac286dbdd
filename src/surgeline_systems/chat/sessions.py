"""Who is signed in: signed random ids, kept in Redis for as long as they last. It must not know passwords, nor HTTP.

A client shows the same id with each request. Whose it is, is known here for some seconds, so that nobody is asked
meanwhile; for so long a session that ended elsewhere may still be used here.
"""

import asyncio
import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe

import msgspec

from surgeline_systems.application.redis_pipeline import RedisPipeline
from surgeline_systems.chat.store import User

REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 50_000
SIGNATURE_BYTES = 18

_decode = msgspec.json.Decoder(User).decode


class Sessions:
    """Begins sessions that last for `seconds`, knows them again, and ends them."""

    def __init__(self, redis: RedisPipeline, prefix: str, secret: str, seconds: int) -> None:
        self._redis = redis
        self._prefix = f"{prefix}session:"
        self._secret = secret.encode()
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._remembered: dict[str, tuple[User, float]] = {}

    async def begin(self, user: User) -> str:
        """The id of a new session. Raises: RedisAwayError."""
        name = token_urlsafe(18)
        await self._redis.ask(("SET", self._prefix + name, msgspec.json.encode(user), "EX", self._seconds))
        return f"{name}.{self._signature(name)}"

    def remembered(self, session: str) -> User | None:
        """Whose session it is, where that is known without asking anybody."""
        found = self._remembered.get(session)
        return found[0] if found is not None and self._loop.time() < found[1] else None

    async def user(self, session: str) -> User | None:
        """Whose session it is; None where it is nobody's, or has ended. Raises: RedisAwayError."""
        user = self.remembered(session)
        if user is None and (name := self._name(session)):
            (kept,) = await self._redis.ask(("GET", self._prefix + name))
            if kept is not None:
                user = self._remember(session, _decode(kept))
        return user

    async def end(self, session: str) -> None:
        """End it. Raises: RedisAwayError."""
        name = self._name(session)
        if name:
            await self._redis.ask(("DEL", self._prefix + name))
            self._remembered.pop(session, None)

    def _remember(self, session: str, user: User) -> User:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[session] = user, self._loop.time() + REMEMBERED_SECONDS
        return user

    def _name(self, session: str) -> str:
        """What it is called in Redis; nothing where we did not sign it."""
        name, _, signature = session.partition(".")
        return name if hmac.compare_digest(signature.encode(), self._signature(name).encode()) else ""

    def _signature(self, name: str) -> str:
        made = hmac.new(self._secret, name.encode(), sha256).digest()
        return urlsafe_b64encode(made[:SIGNATURE_BYTES]).decode()
