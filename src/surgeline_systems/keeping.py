"""Has systems kept up, each by a process of its own, and ended again: the near side of `holder`.

It must not know what a system stands on, nor who asks.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import msgspec

from surgeline import SurgelineError
from surgeline.seeding.steps import Steps
from surgeline_systems.application.server import GRACE_SECONDS, ask_health
from surgeline_systems.standing import USUAL_PORT, Place, Standing, Wish, socket_name
from surgeline_systems.told_steps import show

POLL_SECONDS = 0.05
# The service finishes its work, and after it the servers end.
END_SECONDS = GRACE_SECONDS + 30


def bring_up(wish: Wish, place: Place, steps: Steps) -> tuple[Standing, bool]:
    """Have the system kept up as wished; gives its state, and whether it was up before.

    Ctrl-C stops what was started. Raises: SurgelineError when it is up otherwise, when its service has gone or its
    state cannot be read, or when it does not start.
    """
    while (lock := place.lock()) is None:
        if (standing := place.read()) is not None:
            _expect_same(wish, standing.wish)
            _expect_answer(standing, place)
            return standing, True
        time.sleep(POLL_SECONDS)  # another command brings it up, or down
    place.forget()  # what is left of one that was killed
    try:
        _start(wish, place, lock, steps)
    except BaseException:
        bring_down(place)
        raise
    standing = place.read()
    if standing is None:
        raise SurgelineError(f"{wish.system}: expected it to stay up, found it gone; see {place.log}")
    return standing, False


def bring_down(place: Place) -> bool:
    """End the system, and wait until all of it has ended; False when it was not up. Raises: SurgelineError."""
    told: int | None = None
    deadline = time.monotonic() + END_SECONDS
    while not place.is_free():
        process = place.holder()
        if process is not None and process != told:
            with suppress(ProcessLookupError):  # it has just gone by itself
                os.kill(process, signal.SIGTERM)
            told = process
        if time.monotonic() > deadline:
            raise SurgelineError(
                f"{place.name}: expected process {told} to end within {END_SECONDS:.0f} s, found it running; "
                f"see {place.log}. `kill -9 {told}` ends it, and what it started"
            )
        time.sleep(POLL_SECONDS)
    return told is not None


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a system is: `up`, `changing` (on its way up or down), `dead` (its process was killed) or `down`.

    `health` is what its service says of itself; None when it does not answer.
    """

    name: str
    state: str
    standing: Standing | None
    health: Mapping[str, Any] | None

    @property
    def is_well(self) -> bool:
        """Is it up, and does its service say that it is healthy?"""
        return self.health is not None and self.health.get("status") == "healthy"


def status(place: Place) -> Status:
    """How the system is now. What is left of a dead one is told once, and goes. Raises: SurgelineError."""
    before = place.read()
    if place.is_free():
        return Status(name=place.name, state="dead" if before else "down", standing=before, health=None)
    standing = place.read()
    if standing is None:
        return Status(name=place.name, state="changing", standing=None, health=None)
    return Status(name=place.name, state="up", standing=standing, health=_health(standing.base_url))


def _health(base_url: str) -> Mapping[str, Any] | None:
    answer = ask_health(base_url)
    if answer is None:
        return None
    try:
        found: Mapping[str, Any] = msgspec.json.decode(answer[1], type=dict)  # of a refusal, too
    except msgspec.DecodeError:
        return None
    return found


class RemoteService:
    """The service of a system that is up. Its settings are the usual ones again when this process has gone."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._connection: Connection | None = None

    def start(self, changes: Mapping[str, str]) -> str:
        """Have it started anew with these settings over the usual ones; gives its base URL. Raises: SurgelineError."""
        return self._wish(dict(changes))

    def stop(self) -> None:
        """Have it stopped: it finishes what it has accepted. Raises: SurgelineError."""
        self._wish(None)

    def _wish(self, changes: dict[str, str] | None) -> str:
        try:
            self._connection = self._connection or _connected(self._standing)
            self._connection.send(changes)
            error, base_url = self._connection.recv()
        except (OSError, EOFError, AuthenticationError) as gone:
            raise SurgelineError(
                f"{self._standing.wish.system}: expected process {self._standing.pid} to start the service anew, "
                f"found it gone; `surgeline system status` says what is up"
            ) from gone
        if error:
            raise SurgelineError(error)
        return str(base_url)

    def restore(self) -> None:
        """Have it started with the usual settings, where it has others."""
        if self._connection is not None:
            self.start({})
            self.close()

    def close(self) -> None:
        """The other side restores the usual settings by itself."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connected(standing: Standing) -> Connection:
    with socket_name(Path(standing.control)) as name:
        return Client(name, "AF_UNIX", authkey=standing.key)


def _expect_same(wish: Wish, found: Wish) -> None:
    """Values may be secrets: of settings, the error names those that differ. Raises: SurgelineError."""
    different = []
    if wish.port not in (None, found.port):
        different.append(f"the port (expected {wish.port}, found {found.port or USUAL_PORT})")
    if wish.with_seeds != found.with_seeds:
        different.append(f"seeds (expected {wish.with_seeds}, found {found.with_seeds})")
    if settings := sorted({name for name, _ in wish.environment.items() ^ found.environment.items()}):
        different.append(f"settings ({', '.join(settings)})")
    if different:
        raise SurgelineError(
            f"{wish.system} is up already, and differs in {', '.join(different)}; "
            f"to have it so: `surgeline system down {wish.system}`, then `up` again"
        )


def _expect_answer(standing: Standing, place: Place) -> None:
    """A service can end though the process that keeps it up lives. Raises: SurgelineError."""
    if ask_health(standing.base_url) is None:
        name = standing.wish.system
        raise SurgelineError(
            f"{name} is up already, but its service at {standing.base_url} does not answer; see {place.log}. "
            f"`surgeline system down {name}`, then `up` again"
        )


def _start(wish: Wish, place: Place, lock: int, steps: Steps) -> None:
    """Start the process that keeps the system up and the lock, and show its steps. Raises: SurgelineError."""
    command = [sys.executable, "-m", "surgeline_systems.holder", str(place.folder.resolve()), str(lock)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    try:
        with (
            place.log.open("ab") as log,
            subprocess.Popen(command, **pipes, stderr=log, pass_fds=[lock], start_new_session=True) as holder,
        ):
            assert holder.stdin is not None
            assert holder.stdout is not None
            log.truncate(0)
            with suppress(BrokenPipeError), holder.stdin as told:
                told.write(msgspec.json.encode(wish))
            show(iter(holder.stdout), steps)
    except EOFError:
        raise SurgelineError(
            f"{wish.system}: expected it to come up, found its process ended; see {place.log}"
        ) from None
    finally:
        os.close(lock)
