"""A queue in this process, where there is no broker: it is gone with the process. It must not know what it carries."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from surgeline_systems.chat.message_queue import Delivery, QueueAwayError

MOST_KEPT = 10_000
PUBLISH_SECONDS = 5.0

Take = Callable[[Delivery], None]


@dataclass(frozen=True, slots=True, eq=False)
class LocalDelivery:
    """As the protocol `Delivery` says."""

    payload: bytes
    given: dict["LocalDelivery", None]

    @property
    def has_lapsed(self) -> bool:
        """As `Delivery` says."""
        return self not in self.given


class LocalQueue:
    """Keeps at most `capacity` payloads; whoever publishes more waits for room. As the protocol `MessageQueue` says."""

    def __init__(self, capacity: int = MOST_KEPT, publish_seconds: float = PUBLISH_SECONDS) -> None:
        self.aside: list[bytes] = []
        self._publish_seconds = publish_seconds
        self._room = asyncio.Semaphore(capacity)
        self._waiting: deque[bytes] = deque()
        self._given: dict[LocalDelivery, None] = {}
        self._take: Take | None = None
        self._most = 0

    async def publish(self, payload: bytes) -> None:
        """As `MessageQueue` says; nothing is away here, but there may be no room for too long."""
        try:
            async with asyncio.timeout(self._publish_seconds):
                await self._room.acquire()
        except TimeoutError as error:
            raise QueueAwayError(f"expected room in the queue, found none in {self._publish_seconds:g} s") from error
        self._waiting.append(payload)
        self._give()

    async def set_aside(self, payload: bytes) -> None:
        """As `MessageQueue` says."""
        self.aside.append(payload)

    async def consume(self, take: Take, most: int) -> None:
        """As `MessageQueue` says."""
        self._waiting.extendleft(delivery.payload for delivery in reversed(self._given))
        self._given.clear()
        self._take, self._most = take, most
        self._give()

    async def stop_consuming(self) -> None:
        """As `MessageQueue` says, but first it gives all that waits: nobody else would ever get it."""
        self._most = len(self._given) + len(self._waiting)
        self._give()
        self._take = None

    async def acknowledge(self, delivery: Delivery) -> None:
        """As `MessageQueue` says."""
        while not delivery.has_lapsed:
            del self._given[next(iter(self._given))]
            self._room.release()
        self._give()

    async def depth(self) -> int:
        """As `MessageQueue` says."""
        return len(self._waiting)

    async def consumers(self) -> int:
        """As `MessageQueue` says."""
        return int(self._take is not None)

    async def purge(self) -> None:
        """As `MessageQueue` says."""
        while self._waiting:
            self._waiting.popleft()
            self._room.release()

    async def close(self) -> None:
        """As `MessageQueue` says."""
        self._take = None

    def _give(self) -> None:
        while self._take is not None and self._waiting and len(self._given) < self._most:
            delivery = LocalDelivery(self._waiting.popleft(), self._given)
            self._given[delivery] = None
            self._take(delivery)
