"""Redis as something that may be away: then nothing is known from it, and nobody waits for it.

After a failure it is left alone for a moment, so that a Redis that does not even refuse costs one request its time, and
not each. It must not know what is kept there.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from surgeline_systems.servers.redis import REDIS_ERRORS

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 1.0
PAUSE_SECONDS = 1.0
MOST_CONNECTIONS = 50
Result = TypeVar("Result")


class RedisLink:
    """The connections to a Redis, and whether it is there. `without` is what its users miss while it is away."""

    def __init__(self, url: str, without: str) -> None:
        self._without = without
        connections = BlockingConnectionPool.from_url(
            url,
            # In a rush requests wait for a connection: to go on without one would be to go on without limits.
            max_connections=MOST_CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            # Whoever waits for an answer waits once. Connections that were closed meanwhile are noticed beforehand.
            retry=Retry(NoBackoff(), 0),
        )
        self.redis = Redis.from_pool(connections)
        self._is_away = False
        self._left_alone_until = 0.0

    async def ask(self, question: Callable[[], Awaitable[Result]]) -> Result | None:
        """What Redis answers; None while it is away."""
        if time.monotonic() < self._left_alone_until:
            return None
        try:
            answered = await question()
        except REDIS_ERRORS as error:
            self._failed(error)
            return None
        self._is_away = False
        return answered

    async def is_up(self) -> bool:
        """Is it there now?"""
        return await self.ask(self._ping) is not None

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()

    async def _ping(self) -> bool:
        await self.redis.ping()
        return True

    def _failed(self, error: Exception) -> None:
        if not self._is_away:
            logger.warning("%s, Redis is away: %s", self._without, error)
        self._is_away = True
        self._left_alone_until = time.monotonic() + PAUSE_SECONDS
