"""What everything in one run shares: the loop, the poller, the registry, the seed, and where messages go."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from surgeline._native.iteration import Tally
from surgeline._native.poller import Poller, now_ns
from surgeline.engine.missing_parents import MissingParents
from surgeline.errors import ExitCode
from surgeline.metrics.registry import Registry
from surgeline.schedule.share import Share

environment: ContextVar[Mapping[str, str]] = ContextVar("environment", default=os.environ)
"""What a script's `env` reads while it runs; the process's environment outside of a run."""
asked_for: ContextVar[dict[str, str] | None] = ContextVar("asked_for", default=None)
"""Where `env` notes what it returns while the script runs, by name; None where nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Why a run was ended before its time, and what to exit with."""

    reason: str
    exit_code: ExitCode = ExitCode.ABORTED


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
    share: Share = field(default_factory=Share)
    """What part of the plan this process carries out."""
    coordinates: bool = False
    """Do other processes carry it out, and this one set-up and tear-down alone?"""
    data: object = None
    """What `@setup` returned."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the run should come to its end: no new iterations."""
    aborting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, with `stopping`, when iterations under way should not be waited for either."""
    abort: Abort | None = None
    """Why the run was aborted; None where it was not."""
    stopped_ns: int = 0
    """When the run was asked to end before its time; 0 where it was not."""
    started_ns: int = 0
    """When the load began; 0 before."""
    controls: dict[str, Any] = field(default_factory=dict)
    """What can be changed while it goes on, by the scenario's name."""
    missing_parents: MissingParents = field(default_factory=MissingParents)
    """What failing answers said of rows that refer to nothing."""
    tally: Tally = field(init=False)
    last_vu: int = 0

    def __post_init__(self) -> None:
        self.tally = Tally(self.share.index, self.share.of)

    def stop(self) -> None:
        """Let no iteration start any more; those under way may end."""
        self.stopped_ns = self.stopped_ns or now_ns()
        self.stopping.set()

    def end(self, abort: Abort) -> None:
        """End the run at once, tear-down excepted; the first reason counts."""
        self.abort = self.abort or abort
        self.stop()
        self.aborting.set()

    async def pause_until(self, due_ns: int) -> None:
        """Wait until a time, or until the run is stopping."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0, due_ns - now_ns()) / 1e9):
                await self.stopping.wait()

    async def unless_aborting(self, waiting: Coroutine[Any, Any, Any]) -> None:
        """Wait for something, or until the run is being aborted."""
        task, aborting = self.loop.create_task(waiting), self.loop.create_task(self.aborting.wait())
        try:
            await asyncio.wait({task, aborting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            aborting.cancel()

    def next_vu_id(self) -> int:
        """Return the next virtual user's number in the run, from 1; no other worker has it."""
        self.last_vu += 1
        return self.share.nth(self.last_vu - 1) + 1
