"""What carries batches from the service to the writers, whichever it is.

It must not know what is in a batch, nor what becomes of it.
"""

from collections.abc import Callable
from typing import Protocol


class QueueAwayError(Exception):
    """The queue did not confirm, or cannot be asked; trying again later helps."""


class Delivery(Protocol):
    """A payload that has come. Until it is acknowledged it comes again whenever its consumer or the queue has gone."""

    @property
    def payload(self) -> bytes:
        """What was published."""

    @property
    def has_lapsed(self) -> bool:
        """Is the connection gone that brought it? Then it comes again, and acknowledging it is of no effect."""


class MessageQueue(Protocol):
    """A queue of payloads, kept until they are acknowledged."""

    async def publish(self, payload: bytes) -> None:
        """Returns when the queue has it for good. Raises: QueueAwayError."""

    async def set_aside(self, payload: bytes) -> None:
        """Keep what nobody can work off where people find it, confirmed as `publish` does. Raises: QueueAwayError."""

    async def consume(self, take: Callable[[Delivery], None], most: int) -> None:
        """From now on, and after each loss of the connection, give deliveries to `take`; at most so many at a time.

        Raises: QueueAwayError.
        """

    async def stop_consuming(self) -> None:
        """Give no more deliveries; those that were given can still be acknowledged."""

    async def acknowledge(self, delivery: Delivery) -> None:
        """This one, and all that were given before it, never come again."""

    async def depth(self) -> int:
        """How many payloads wait to be given to somebody. Raises: QueueAwayError."""

    async def consumers(self) -> int:
        """How many are given what comes. Raises: QueueAwayError."""

    async def purge(self) -> None:
        """Forget all that wait. Raises: QueueAwayError."""

    async def close(self) -> None:
        """Leave; what was not acknowledged comes again to others."""


async def open_queue(url: str, name: str) -> MessageQueue:
    """The queue `name` of a broker; without a URL one in this process. Raises: QueueAwayError."""
    if url:
        from surgeline_systems.chat.amqp_queue import open_amqp_queue  # noqa: PLC0415 - only where there is a broker

        return await open_amqp_queue(url, name)
    from surgeline_systems.chat.local_queue import LocalQueue  # noqa: PLC0415

    return LocalQueue()
