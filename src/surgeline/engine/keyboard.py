"""Steering a run from the terminal: + and - for 10 %, up and down for one, q to stop."""

import asyncio
import os
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from surgeline.engine.steering import Change, Steering, Target
from surgeline.errors import OptionError

KEYS = "+ and - change it by 10 %, up and down by 1, q stops"
_STEPS: dict[bytes, Callable[[int], int]] = {
    b"+": lambda value: value + max(1, value // 10),
    b"-": lambda value: value - max(1, value // 10),
    b"\x1b[A": lambda value: value + 1,
    b"\x1bOA": lambda value: value + 1,
    b"\x1b[B": lambda value: value - 1,
    b"\x1bOB": lambda value: value - 1,
}


@contextmanager
def keyboard(
    steering: Steering, loop: asyncio.AbstractEventLoop, notify: Callable[[str], None], descriptor: int | None = None
) -> Iterator[None]:
    """Take keys while the block lasts; the terminal is as before at its end.

    `descriptor` is standard input unless given. Does nothing when that is no terminal, or not this process's to read.
    """
    fd = _standard_input() if descriptor is None else descriptor
    if fd is None or not _is_ours(fd):
        yield
        return
    before = termios.tcgetattr(fd)

    def take() -> None:
        """Read the terminal, while it is this process's: one in the background would be stopped for touching it."""
        loop.remove_reader(fd)
        if _is_ours(fd):
            tty.setcbreak(fd)
            loop.add_reader(fd, _read, fd, loop, lambda key: press(key, steering, notify))

    def take_again() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(take)

    take()
    try:
        with _continued(take_again):
            notify(f"Keys: {KEYS}.")
            yield
    finally:
        if not loop.is_closed():
            loop.remove_reader(fd)
        if _is_ours(fd):
            termios.tcsetattr(fd, termios.TCSADRAIN, before)


@contextmanager
def _continued(then: Callable[[], None]) -> Iterator[None]:
    """Call `then` when the process goes on after it was stopped by Ctrl-Z: the shell has set the terminal meanwhile.

    Does nothing outside of the main thread, which gets the signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGCONT, lambda _number, _frame: then())
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


def press(key: bytes, steering: Steering, notify: Callable[[str], None]) -> None:
    """Do what a key is for, and say what came of it; other keys do nothing."""
    try:
        if key == b"q":
            steering.change(Change(stopped=True))
            notify("Stopping: what is under way may end.")
        elif key in _STEPS:
            _step(_STEPS[key], steering, notify)
    except OptionError as error:  # it ended between two looks
        notify(str(error))


def keys_in(data: bytes) -> list[bytes]:
    """Return the keys of what a terminal sent: one byte each, or an arrow's three."""
    keys = []
    while data:
        size = 3 if data[:2] in (b"\x1b[", b"\x1bO") else 1
        keys.append(data[:size])
        data = data[size:]
    return keys


def _step(step: Callable[[int], int], steering: Steering, notify: Callable[[str], None]) -> None:
    targets = steering.targets()
    if not targets:
        notify("No scenario is externally controlled: there is nothing to change.")
    for name, target in targets.items():
        value = min(max(step(target.value), 0), target.most)
        steering.change(_to(name, target, value))
        notify(f"{name}: {value:,}{'/s' if target.kind == 'rate' else ' virtual users'}")


def _to(name: str, target: Target, value: int) -> Change:
    return Change(name, rate=value) if target.kind == "rate" else Change(name, vus=value)


def _read(fd: int, loop: asyncio.AbstractEventLoop, on_key: Callable[[bytes], None]) -> None:
    try:
        data = os.read(fd, 64)
    except OSError:  # the terminal is gone
        data = b""
    if not data:
        loop.remove_reader(fd)
    for key in keys_in(data):
        on_key(key)


def _standard_input() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _is_ours(fd: int) -> bool:
    """Is it a terminal, and is this process in front?"""
    try:
        return os.isatty(fd) and os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
