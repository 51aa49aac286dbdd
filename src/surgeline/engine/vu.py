"""A virtual user: one asyncio task with its own connections and its own random generator.

Protocols hang their clients on it; this module knows none of them.
"""

from collections.abc import Awaitable
from random import Random
from typing import Protocol

from surgeline._native.iteration import UserState
from surgeline._native.poller import now_ns
from surgeline.engine.context import RunContext


class Client(Protocol):
    """What a protocol gives each virtual user. It reads and writes the user's `UserState`."""

    def close(self) -> None:
        """Close every connection; requests under way are abandoned."""


class VirtualUser(UserState):
    """What a scenario function is given.

    `id` counts from 1 over the run, and is 0 in set-up and tear-down; `number` counts from 1 in the scenario;
    `iteration` from 0 for this user; `scenario` is the scenario's name; `data` is what `@setup` returned.
    """

    __slots__ = ("_context", "_random", "clients", "data", "number", "scenario")

    def __init__(self, context: RunContext, scenario: str, number: int) -> None:
        self._context = context
        self._random: Random | None = None
        self.clients: list[Client] = []
        self.id = context.next_vu_id() if number else 0
        self.number = number
        self.scenario = scenario
        self.data = context.data

    @property
    def random(self) -> Random:
        """This user's own generator, seeded by the run's seed, the scenario and the user's number."""
        if self._random is None:
            self._random = Random(f"{self._context.seed}/{self.scenario}/{self.number}")
        return self._random

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait. Raises ValueError for a negative time."""
        if seconds < 0:
            raise ValueError(f"expected seconds from 0 up, found {seconds!r}")
        return self._context.poller.sleep_until(now_ns() + int(seconds * 1e9))

    def close(self) -> None:
        """Close every client."""
        for client in self.clients:
            client.close()
