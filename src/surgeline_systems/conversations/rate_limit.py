"""So many times in so many seconds, counted in Redis for all services together. It must not know what is counted.

The seconds begin with the first time. While Redis is away there is no limit: the service goes on.
"""

from surgeline_systems.application.redis_link import RedisLink

# Milliseconds until the next time is allowed; 0 where it is allowed now.
COUNT = """
    local count = redis.call('INCR', KEYS[1])
    if count == 1 then
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
    end
    return count > tonumber(ARGV[1]) and redis.call('PTTL', KEYS[1]) or 0
"""


class RateLimit:
    """At most `most` times in `seconds`, for whatever is named."""

    def __init__(self, link: RedisLink, prefix: str, most: int, seconds: float) -> None:
        self._link = link
        self._prefix = prefix
        self._arguments = [most, int(seconds * 1_000)]
        self._count = link.redis.register_script(COUNT)

    async def seconds_to_wait(self, name: str) -> float:
        """Count once more; gives 0 where that is within the limit."""
        milliseconds = await self._link.ask(lambda: self._count([f"{self._prefix}:{name}"], self._arguments))
        return (milliseconds or 0) / 1_000
