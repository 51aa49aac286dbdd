"""The event handler's buffer as something that is watched. It must not know how often, nor what fills it."""

import asyncio
from collections.abc import Mapping, Sequence

from surgeline_systems.challenges.buffer_depth import buffer_depth
from surgeline_systems.watching.figures import Figure, Level
from surgeline_systems.watching.source import AwayError

DEPTH = Level("handler_buffer_depth", unit="changes")


class EventBuffer:
    """How many changes wait for the next flush, by the event handler's metrics at `host` and `port`."""

    name = "event handler"
    figures: Sequence[Figure] = (DEPTH,)
    tags: Mapping[str, str] = {}

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def open(self) -> None:
        """Each look has a connection of its own."""

    async def look(self) -> Mapping[str, float]:
        """How many there are now. Raises: AwayError."""
        depth = await asyncio.to_thread(buffer_depth, self._host, self._port)
        if depth is None:
            raise AwayError(f"expected the event handler's metrics on port {self._port} of {self._host}, found none")
        return {DEPTH.name: depth}

    async def close(self) -> None:
        """Nothing is kept open."""

    async def details(self) -> Sequence[str]:
        """Nothing more."""
        return ()
