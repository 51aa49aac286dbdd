"""Runs commands, the last of them a server, and stops them as soon as their owner is gone, however it went.

Run as a script: its one argument is a plan in JSON, its standard input is a pipe that only the owner holds. The kernel
closes that pipe when the owner ends, by `kill -9` too, which no handler in the owner could notice. Nothing is ever
written to the pipe: its end is the message.

This file must not import anything but the standard library: it starts without site-packages, so that it starts fast.
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import Any

# A terminal's signals do not reach us, for we lead a session of our own; these come from people and init systems.
STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> int:
    """Run the commands of the plan one after the other, until one fails or we are to stop; clean up."""
    plan: dict[str, Any] = json.loads(sys.argv[1])
    wakeups = _wake_on_signals()
    try:
        for command in plan["commands"]:
            code = _run(command, plan, wakeups)
            if code != 0:
                return code
        return 0
    finally:
        for folder in plan["remove"]:
            shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], plan: dict[str, Any], wakeups: socket.socket) -> int:
    """Run a command until it ends, or until we are to stop; gives its exit code, as a shell does."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **plan["identity"])
    _wait_for_end(child, wakeups)
    _stop(child, plan["stop_signals"], plan["grace_seconds"])
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _wake_on_signals() -> socket.socket:
    """A socket on which the number of a signal arrives: a stopping one, or that of the child's end."""
    readable, writable = socket.socketpair()
    writable.setblocking(False)
    signal.set_wakeup_fd(writable.detach())
    for number in (signal.SIGCHLD, *STOPPING_SIGNALS):
        signal.signal(number, lambda _number, _frame: None)
    return readable


def _wait_for_end(child: subprocess.Popen[bytes], wakeups: socket.socket) -> None:
    """Until the child has ended, the owner has ended, or somebody wants us to.

    The signal of the child's end also comes when the child only pauses, as after `kill -STOP`.
    """
    message: int | None = signal.SIGCHLD
    while message == signal.SIGCHLD and child.poll() is None:
        message = _next_message(wakeups)


def _next_message(wakeups: socket.socket) -> int | None:
    """The number of the next signal; None when the owner has ended."""
    readable, _, _ = select.select([sys.stdin, wakeups], [], [])
    return wakeups.recv(1)[0] if wakeups in readable else None


def _stop(child: subprocess.Popen[bytes], stop_signals: list[int], grace_seconds: float) -> None:
    """Ask the child to end, more urgently after each grace time, and leave none of its own children behind."""
    for number in stop_signals:
        if child.poll() is None:
            child.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(grace_seconds)
            break
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


if __name__ == "__main__":
    sys.exit(main())
