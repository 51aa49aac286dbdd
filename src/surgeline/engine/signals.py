"""SIGINT, SIGTERM and SIGHUP while a loop runs: the first asks the run to stop, the second breaks it off."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

BURST_SECONDS = 2.0
"""Signals that follow a break-off so soon are the same wish once more: what was broken off has this time to end."""


def signals_that_stop() -> list[signal.Signals]:
    """Return the signals that end a run. A closing terminal sends SIGHUP; what `nohup` has ignored stays so."""
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    return [one for one in numbers if one is not signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]


@contextmanager
def signals_handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Give the signals that end a run to this handler; those that were there come back at the end."""
    before = {number: signal.signal(number, handler) for number in signals_that_stop()}
    try:
        yield
    finally:
        for number, one in before.items():
            signal.signal(number, one)


class _Early:
    """Whether a signal came before the run could mind it."""

    came = False


@contextmanager
def signals_kept() -> Iterator[None]:
    """Around a run, which minds the signals itself: one before it does so stops it as soon as it does.

    One more when it has ended does nothing: it must not cost the summary. Not SIG_IGN, which would say that whoever
    started us had the signal ignored.
    """

    def keep(_number: int, _frame: FrameType | None) -> None:
        _Early.came = True

    _Early.came = False
    with signals_handled(keep):
        yield


@contextmanager
def stop_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first signal that ends a run; raise KeyboardInterrupt at the second, even in a stuck script.

    Of those that follow, one in `BURST_SECONDS` raises again. The first may have come already, see `signals_kept`. Does
    nothing outside of the main thread, which gets the signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopping, quiet_until = False, 0.0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping, quiet_until
        if not stopping:
            stopping = True
            stop()
        elif time.monotonic() >= quiet_until:
            quiet_until = time.monotonic() + BURST_SECONDS
            _break_off()

    with _waking(loop), signals_handled(on_signal):
        if _Early.came:
            _Early.came = False
            on_signal(signal.SIGINT, None)
        yield


class _Shield:
    """How many blocks are undisturbed now, and whether a signal waits for them to end."""

    depth = 0
    waiting = False


class _Undisturbed:
    """No generator: flows enter it thousands of times a second, and that costs a fifth."""

    __slots__ = ()

    def __enter__(self) -> None:
        _Shield.depth += 1

    def __exit__(self, *_error: object) -> None:
        _Shield.depth -= 1
        if _Shield.waiting and not _Shield.depth:
            _Shield.waiting = False
            raise KeyboardInterrupt


_UNDISTURBED = _Undisturbed()


def undisturbed() -> _Undisturbed:
    """Let a signal that breaks the run off wait until the block has ended: nothing in it is left half done."""
    return _UNDISTURBED


def _break_off() -> None:
    if not _Shield.depth:
        raise KeyboardInterrupt
    _Shield.waiting = True


@contextmanager
def _waking(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let every signal wake the loop: one that comes just before the loop waits would else be handled only after it."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    loop.add_reader(ours, _drain, ours)
    before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        if not loop.is_closed():
            loop.remove_reader(ours)
        ours.close()
        theirs.close()


def _drain(wakeups: socket.socket) -> None:
    with suppress(BlockingIOError):
        wakeups.recv(4096)
