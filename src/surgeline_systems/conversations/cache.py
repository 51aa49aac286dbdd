"""Answers that are kept in Redis until something changes in their church. It must not know what they say.

Each church has a version, a random text that is in the keys of its answers. A change puts another version in its place:
from then on the old answers are not found. So an answer that is made before a change and stored after it is stored
under the old version, where nobody looks. A version that Redis loses is replaced by one that never was.

Whoever changes something calls `forget` after the commit and before answering. Where Redis is away at that moment, the
church is remembered here, and forgotten in Redis before anything of it is read from there. Only a service that is
killed between the two leaves an old answer, for as long as answers are kept.
"""

from collections.abc import Awaitable, Callable, Iterable
from uuid import uuid4

from surgeline_systems.application.redis_link import RedisLink

# So that churches which nobody asks for any more do not stay there. Its end is a change like any other.
VERSION_SECONDS = 3_600

# The version, given one if it has none, and the answer that is kept under it; in one visit.
LOOK_UP = """
    local version = redis.call('GET', KEYS[1])
    if not version then
        version = ARGV[1]
        redis.call('SET', KEYS[1], version, 'EX', ARGV[3])
    end
    return {version, redis.call('GET', KEYS[1] .. ':' .. version .. ':' .. ARGV[2])}
"""


class Cache:
    """Answers by church and key, kept for `seconds` at most; counts how often it knew one."""

    def __init__(self, link: RedisLink, prefix: str, seconds: int) -> None:
        self.hits = 0
        self.misses = 0
        self._link = link
        self._prefix = f"{prefix}:church"
        self._seconds = seconds
        self._look_up = link.redis.register_script(LOOK_UP)
        self._to_forget: dict[str, object] = {}

    async def read(self, church_id: str, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer that is kept, else the one that `make` gives, which is then kept."""
        version, kept = await self._kept(church_id, key)
        if kept is not None:
            self.hits += 1
            return kept
        self.misses += 1
        made = await make()
        if version is not None:
            name = f"{self._version_key(church_id)}:{version}:{key}"
            await self._link.ask(lambda: self._link.redis.set(name, made, ex=self._seconds))
        return made

    async def forget(self, church_ids: Iterable[str]) -> None:
        """Something has changed in these churches."""
        changed = {*church_ids}
        if not await self._forgotten(changed):
            self._to_forget.update((church_id, object()) for church_id in changed)

    async def _kept(self, church_id: str, key: str) -> tuple[str | None, bytes | None]:
        """The version of the church, and the answer under it; None for what is not known."""
        if church_id in self._to_forget and not await self._forgotten_late(church_id):
            return None, None
        arguments: list[str | int] = [uuid4().hex, key, VERSION_SECONDS]
        found = await self._link.ask(lambda: self._look_up([self._version_key(church_id)], arguments))
        return (None, None) if found is None else (found[0].decode(), found[1])

    async def _forgotten_late(self, church_id: str) -> bool:
        """Make good for what could not be done; no, where it still cannot, or something else has changed meanwhile."""
        change = self._to_forget[church_id]
        if not await self._forgotten([church_id]) or self._to_forget.get(church_id, change) is not change:
            return False
        self._to_forget.pop(church_id, None)
        return True

    async def _forgotten(self, church_ids: Iterable[str]) -> bool:
        return await self._link.ask(lambda: self._replace_versions(church_ids)) is not None

    async def _replace_versions(self, church_ids: Iterable[str]) -> bool:
        pipeline = self._link.redis.pipeline(transaction=False)
        for church_id in church_ids:
            pipeline.set(self._version_key(church_id), uuid4().hex, ex=VERSION_SECONDS)
        await pipeline.execute()
        return True

    def _version_key(self, church_id: str) -> str:
        return f"{self._prefix}:{church_id}"
