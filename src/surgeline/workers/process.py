"""A worker as the coordinator sees it: a process, what it has told, and how it ended. Decides nothing."""

import pickle
import socket
import subprocess
import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from surgeline._native.poller import now_ns
from surgeline.errors import SurgelineError
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.names import BUILTIN
from surgeline.metrics.registry import Registry, Series
from surgeline.workers.link import Link
from surgeline.workers.messages import Draining, Failed, Finishing, Hello, Ready, Report, Task

_STANDARD_ERROR = 2
EXIT_SECONDS = 2.0
"""How long a process may take to end when its work is done."""


class Phase(IntEnum):
    """How far a worker has come."""

    LOADING = 0
    DECLARED = 1
    READY = 2
    RUNNING = 3
    DONE = 4
    LOST = 5
    """It ended, or was ended, before it was done."""


class WorkerProcess:
    """One worker."""

    def __init__(self, loop: AbstractEventLoop, task: Task, take: Callable[["WorkerProcess", Any], None]) -> None:
        """Start it. `take` is given each of its messages, and None when it is gone."""
        self.share = task.share
        self.phase = Phase.LOADING
        self.second = -1
        """The last second that it has told all of."""
        self.heard_ns = now_ns()
        self.health: GeneratorHealth | None = None
        """Told when it is done."""
        self.under_way: int | None = None
        """How many keys of flows it waits for; None before its load has ended."""
        self.failure: SurgelineError | None = None
        """Why it could not begin."""
        self.killed = False
        self.steerable: set[str] = set()
        """Scenarios that it can steer."""
        self._series: list[Series] = []
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "surgeline.workers", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=_STANDARD_ERROR,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the coordinator, which knows what to do
            )
        self._link = Link(loop, ours, lambda message: take(self, message), lambda: take(self, None))
        self.send(Hello(list(sys.path), pickle.dumps(task)))

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"worker {self.share.index + 1} of {self.share.of}"

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Does it carry out its share?"""
        return self.phase is Phase.RUNNING

    def send(self, message: object) -> None:
        """Tell it something; nothing when it is gone."""
        self._link.send(message)

    def note(self, message: Ready | Failed | Finishing | Draining) -> None:
        """Note what it tells of itself."""
        match message:
            case Ready():
                self.phase = Phase.READY
            case Failed():
                self.failure = message.error
            case Finishing():
                self.heard_ns += round(message.seconds * 1e9)
            case Draining():
                self.under_way = message.under_way

    def blocks_of(self, report: Report, registry: Registry) -> list[tuple[Series, Any]]:
        """Return a report's blocks, by the series of this process's registry; histograms are still encoded."""
        for metric, tags in report.series:
            # What was sent here is no longer the object that everyone compares with.
            self._series.append(registry.series(BUILTIN.get(metric.name, metric), tags))
        return [(self._series[number], block) for number, block in report.blocks]

    def kill(self) -> None:
        """End it."""
        self.killed = True
        self._process.kill()

    def end(self, seconds: float = EXIT_SECONDS) -> str:
        """Wait until the process has ended, end it when that takes longer, and return how it did."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def drain(self, seconds: float) -> None:
        """Take what it tells until it ends, without the loop, for so long at most."""
        self._link.drain(seconds)

    def close(self, seconds: float) -> None:
        """Have the process end, with some time for it if it is done, and forget it."""
        if self.phase < Phase.DONE:
            self.kill()
        self.end(seconds)
        self._link.close()
