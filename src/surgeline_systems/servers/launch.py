"""Starts a server process, waits until it is ready, and stops it: what all servers have in common.

The process runs under `guard.py`, so that neither it nor its files outlive us. This module must not know which server
it starts.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from surgeline import SurgelineError

READY_TIMEOUT_SECONDS = 30.0
READY_POLL_SECONDS = 0.02
LOG_TAIL_LINES = 15
# The guard insists after the child's grace times; this much later it is the guard itself that hangs.
GUARD_MARGIN_SECONDS = 10.0


class ServerError(SurgelineError):
    """A server could not be found, started or used; the text says what was expected and what to do."""


class NoServerError(ServerError):
    """There is no server of a kind, nor programs that could be started; none was given either."""


@dataclass(frozen=True)
class Launch:
    """How to run a server: the last of `commands`, after those that prepare it.

    `ready` is asked until it says yes; it must not raise. To end it, each of `stop_signals` is tried for
    `grace_seconds`, and then SIGKILL. `identity` goes to `subprocess.Popen`: user, group and the like. `remove` names
    folders, all of them ours, that go when the server has ended. What it says is added to `log`; without one it is kept
    while it runs, for errors.
    """

    name: str
    commands: Sequence[Sequence[str]]
    ready: Callable[[], bool]
    stop_signals: Sequence[int]
    grace_seconds: float
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[Path] = ()
    log: Path | None = None


@contextmanager
def launched(launch: Launch) -> Iterator[None]:
    """Run the server while the block runs; also stopped when this process is killed.

    Raises: ServerError when it ends, or is not ready in time, or does not end when it is to.
    """
    with launch.log.open("a+b") if launch.log else tempfile.TemporaryFile() as log:
        guard = _start_guard(launch, log)
        try:
            _await_ready(launch, guard, log)
            yield
        finally:
            _stop_guard(launch, guard)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start_guard(launch: Launch, log: IO[bytes]) -> subprocess.Popen[bytes]:
    plan = {
        "commands": [list(command) for command in launch.commands],
        "identity": dict(launch.identity),
        "stop_signals": [int(number) for number in launch.stop_signals],
        "grace_seconds": launch.grace_seconds,
        "remove": [str(folder) for folder in launch.remove],
    }
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")), json.dumps(plan)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env={**os.environ, **launch.environment},
        start_new_session=True,  # Ctrl-C is for us: we decide in which order the servers stop
    )


def _await_ready(launch: Launch, guard: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while not launch.ready():
        if guard.poll() is not None:
            raise ServerError(f"{launch.name} ended with exit code {guard.returncode} at its start:\n{_tail(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"{launch.name} was not ready within {READY_TIMEOUT_SECONDS:.0f} s:\n{_tail(log)}")
        time.sleep(READY_POLL_SECONDS)


def _stop_guard(launch: Launch, guard: subprocess.Popen[bytes]) -> None:
    assert guard.stdin is not None
    guard.stdin.close()
    patience = launch.grace_seconds * len(launch.stop_signals) + GUARD_MARGIN_SECONDS
    try:
        guard.wait(patience)
    except subprocess.TimeoutExpired:
        raise ServerError(
            f"{launch.name}: expected it to end within {patience:.0f} s, found process {guard.pid}, which is to see to "
            f"that, still running; `ps --forest` shows what it waits for"
        ) from None


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])
