"""What everything in one run shares: the loop, the poller, the registry, the seed, and where messages go."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from surgeline._native.poller import Poller, now_ns
from surgeline.metrics.registry import Registry


@dataclass(slots=True)
class RunContext:
    """Shared by all scenarios of a run."""

    loop: asyncio.AbstractEventLoop
    poller: Poller
    registry: Registry
    seed: int
    tags: Mapping[str, str]
    """Tags of every sample of the run."""
    notify: Callable[[str], None]
    """Takes a message for the person who watches."""
    data: object = None
    """What `@setup` returned."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the run should come to its end: no new iterations."""
    last_vu_id: int = 0

    async def pause_until(self, due_ns: int) -> None:
        """Wait until a time, or until the run is stopping."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0, due_ns - now_ns()) / 1e9):
                await self.stopping.wait()

    def next_vu_id(self) -> int:
        """Return the next virtual user's number, from 1."""
        self.last_vu_id += 1
        return self.last_vu_id
