"""What Redis says of itself while it is under load: the part of `INFO` that tells of work, memory and clients.

It must not know what the load is, nor how often anybody looks.
"""

from collections.abc import Mapping, Sequence

from redis import asyncio as redis

from surgeline_systems.servers.redis import REDIS_ERRORS
from surgeline_systems.watching.figures import Figure, Growth, Level, Share
from surgeline_systems.watching.source import AwayError

MEGABYTE = 1_000_000
VALUES = {
    "connected_clients": "redis_connections",
    "total_commands_processed": "redis_commands",
    "keyspace_hits": "hits",
    "keyspace_misses": "misses",
}


class Redis:
    """A Redis or Valkey server: what it counts is of all its users."""

    name = "Redis"
    tags: Mapping[str, str] = {}
    figures: Sequence[Figure] = (
        Level("redis_connections", unit="connections"),
        Growth("redis_commands"),
        Share("redis_keyspace_hit_rate", Growth("hits"), Growth("misses")),
        Level("redis_memory_mb", unit="MB"),
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: redis.Redis | None = None

    async def open(self) -> None:
        """Make a client, which connects when it is first asked. Raises: AwayError."""
        try:
            self._client = redis.Redis.from_url(self._url)
        except ValueError as error:
            raise AwayError(f"expected redis://host:port/0: {error}") from error

    async def look(self) -> Mapping[str, float]:
        """How the server is now. Raises: AwayError."""
        assert self._client is not None
        try:
            told = await self._client.info()
        except REDIS_ERRORS as error:
            raise AwayError(str(error)) from error
        found = {name: float(told[key]) for key, name in VALUES.items()}
        return {**found, "redis_memory_mb": told["used_memory"] / MEGABYTE}

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def details(self) -> Sequence[str]:
        """Nothing more."""
        return ()
