"""A virtual user: one asyncio task with its own connections and its own random generator.

Protocols hang their clients on it; this module knows none of them.
"""

from collections.abc import Awaitable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from surgeline._native.iteration import UserState
from surgeline._native.poller import now_ns
from surgeline.engine.context import RunContext
from surgeline.engine.scope import UserTags, group, scope_here
from surgeline.engine.timed import Timing
from surgeline.errors import OptionError
from surgeline.schedule.duration import parse_duration
from surgeline.schedule.share import Share


class Client(Protocol):
    """What a protocol gives each virtual user. It reads and writes the user's `UserState`."""

    def close(self) -> None:
        """Close every connection; requests under way are abandoned."""


class Wait(Protocol):
    """A distribution of waiting times."""

    def draw(self, random: Random) -> float:
        """Return seconds, from 0 up."""


class Place(Protocol):
    """Where a virtual user lives: its scenario as it runs, or set-up."""

    @property
    def name(self) -> str:
        """The scenario's name."""

    @property
    def data(self) -> Any:
        """What its users are given as `data`."""

    def stage_at(self, time_ns: int) -> int | None:
        """Return the stage at a time; None without stages."""


@dataclass(frozen=True, slots=True)
class HookPlace:
    """Where the virtual user of a hook lives: set-up, tear-down, the watcher of a flow."""

    name: str
    data: Any

    def stage_at(self, _time_ns: int) -> int | None:
        """There are no stages."""
        return None


class VirtualUser(UserState):
    """What a scenario function is given.

    `id` counts from 1 over the run, and is 0 in set-up and tear-down; `number` counts from 1 in the scenario.
    Iterations count from 0: `iteration` those of this user, `scenario_iteration` those of all users of the scenario,
    `run_iteration` those of all scenarios. `scenario` is the scenario's name; `data` is what `@setup` returned.
    """

    __slots__ = ("_context", "_place", "_random", "clients", "data", "number", "scenario")

    def __init__(self, context: RunContext, place: "Place", number: int) -> None:
        self._context = context
        self._place = place
        self._random: Random | None = None
        self.clients: list[Client] = []
        self.id = context.next_vu_id() if number else 0
        self.number = number
        self.scenario = place.name
        self.data = place.data

    @property
    def tags(self) -> UserTags:
        """This user's tags; what is set here is on each later sample that it takes: requests, checks, own metrics."""
        return UserTags()

    @property
    def share(self) -> Share | None:
        """What part of the run this process carries out; None in set-up and tear-down where several others do."""
        return None if self._context.coordinates else self._context.share

    @property
    def elapsed(self) -> float:
        """Seconds since the load began; 0 in set-up."""
        started = self._context.started_ns
        return (now_ns() - started) / 1e9 if started else 0.0

    @property
    def stage(self) -> int | None:
        """Which stage of its executor the scenario is in, from 0; None where it has none."""
        return self._place.stage_at(now_ns())

    @property
    def random(self) -> Random:
        """This user's own generator, seeded by the run's seed, the scenario and the user's number."""
        if self._random is None:
            self._random = Random(f"{self._context.seed}/{self.scenario}/{self.number}")
        return self._random

    def sleep(self, seconds: float | str) -> Awaitable[None]:
        """Wait for so many seconds, or for a duration such as "1m30s".

        Raises ValueError for a negative time and for text that is no duration, TypeError for what is neither.
        """
        try:
            negative = seconds < 0  # type: ignore[operator] # users sleep often, and hardly ever by a text
        except TypeError:
            return self.sleep(_in_seconds(seconds))
        if negative:
            raise ValueError(f"sleep: expected seconds from 0 up, found {seconds!r}")
        return self._context.poller.sleep_until(now_ns() + int(seconds * 1e9))  # type: ignore[operator]

    def think(self, wait: Wait) -> Awaitable[None]:
        """Wait as a person does who reads and types: `await vu.think(uniform(1, 3))`."""
        if not hasattr(wait, "draw"):
            raise TypeError(f"think: expected constant(...), uniform(...) or exponential(...), found {wait!r}")
        return self.sleep(wait.draw(self.random))

    def group(self, name: str, tags: Mapping[str, str] | None = None) -> AbstractContextManager[None]:
        """Tag the samples of the `with` block with `group` (and more), and record `group_duration`. Groups nest."""
        return group(name, tags)

    def timed(self, name: str, tags: Mapping[str, str] | None = None) -> Timing:
        """Count and time the block as one operation of this name: `async with vu.timed("place-order"):`, or `with`.

        Raises ValueError for a bad name or tag, RuntimeError where no virtual user is running.
        """
        return Timing(self, scope_here("vu.timed()"), name, tags)

    def close(self) -> None:
        """Close every client."""
        for client in self.clients:
            client.close()


def _in_seconds(duration: Any) -> float:
    try:
        return parse_duration(duration, "sleep") / 1e9
    except OptionError as error:
        raise (ValueError if isinstance(duration, str) else TypeError)(str(error)) from None
