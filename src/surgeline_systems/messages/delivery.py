"""Delivers messages: a stand-in for a provider of e-mail, which takes a while for each and sends nothing.

It must not know the table, nor who else delivers at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

# A message that was claimed so often and never finished may be what ends the service each time: it is given up.
MOST_ATTEMPTS = 5


class Message(Protocol):
    """A claimed message, by the names of its columns."""

    def __getitem__(self, column: str, /) -> Any: ...


def is_given_up(message: Message) -> bool:
    """Was it tried too often?"""
    return bool(message["attempts"] > MOST_ATTEMPTS)


def delivery_in(seconds: float) -> Callable[[Message], Awaitable[None]]:
    """Delivers a message, with a provider that takes so long."""

    async def deliver(message: Message) -> None:
        if not is_given_up(message):
            await asyncio.sleep(seconds)

    return deliver
