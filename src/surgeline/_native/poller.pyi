"""The engine's heart: one epoll over asyncio's descriptors and our connections, one heap of timers, and awaitables that
wake their task directly.

Times are nanoseconds of the monotonic clock. Everything belongs to one thread: the loop's.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, Generic, TypeVar

T = TypeVar("T")

def now_ns() -> int:
    """Return the monotonic clock, which is also asyncio's and `time.monotonic_ns()`'s."""

def forgotten_waits() -> int:
    """Return how many requests and sleeps of this process nobody ever waited for: an `await` is missing there."""

class Completion(Generic[T]):
    """A future that wakes its task without a turn of the loop.

    Behaves as `asyncio.Future` to whoever awaits it, with two differences. What completes while the loop polls calls
    its callbacks there and then; at any other moment they are called at the next poll. And a second result, or a
    result after a cancellation, is ignored: a server may answer a request that was given up just before.
    """

    _asyncio_future_blocking: bool
    def __init__(self, poller: Poller) -> None: ...
    def __await__(self) -> Generator[Any, None, T]: ...
    def set_result(self, value: T) -> None:
        """Complete it; does nothing when it is done already."""
    def set_exception(self, error: BaseException | type[BaseException]) -> None:
        """Complete it with an exception; does nothing when it is done already. Raises TypeError for StopIteration."""
    def result(self) -> T:
        """Return the result, or raise the exception, CancelledError, or InvalidStateError when there is none yet."""
    def exception(self) -> BaseException | None:
        """Return the exception, if any; raises as `result` does when it is cancelled or not done."""
    def cancel(self, msg: Any = None) -> bool:
        """Give it up; False when it is done already."""
    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def close(self) -> None:
        """Give it up because the coroutine that waits for it is closed."""
    def add_done_callback(self, callback: Callable[[Any], object], *, context: Context | None = None) -> None:
        """Call `callback(self)` once it is done, in `context` or a copy of the current one.

        What the callback raises goes to the loop's exception handler.
        """
    def remove_done_callback(self, callback: Callable[[Any], object]) -> int:
        """Return how many callbacks were equal to this one; none of them will be called."""
    def get_loop(self) -> asyncio.AbstractEventLoop: ...

class Alarm:
    """Calls `callback(now)` at a time, outside of any task; what it returns, if anything, is the next time.

    What the callback raises ends the loop's run. A `precise` alarm is awaited by spinning for its last 30 us.
    """

    def __init__(self, poller: Poller, callback: Callable[[int], int | None], precise: bool = False) -> None: ...
    def set(self, due_ns: int) -> None:
        """Fire at `due_ns`, or at once when that has passed; replaces the time that was set before."""
    def cancel(self) -> None:
        """Do not fire, until set again."""

class Poller:
    """One epoll and one heap of timers."""

    loop: asyncio.AbstractEventLoop
    idle_ns: int
    """How long was spent waiting."""
    steps: int
    """How many times was polled."""
    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say whose poller this is; once, before anything is awaited."""
    def close(self) -> None:
        """Forget every timer and close the epoll; may be called again."""
    def register(self, fd: int, events: int) -> None:
        """Watch a descriptor of asyncio's, for epoll's events. Raises OSError."""
    def modify(self, fd: int, events: int) -> None:
        """Watch it for other events. Raises OSError."""
    def unregister(self, fd: int) -> None:
        """Watch it no longer; also right for a descriptor that is closed."""
    def sleep_until(self, due_ns: int) -> Completion[None]:
        """Return an awaitable that is done at `due_ns`."""
    def poll(self, timeout_ns: int) -> list[tuple[int, int]]:
        """Make one step: wait for the first event or timer, at most `timeout_ns` (below 0: without end), and serve it.

        Returns (descriptor, epoll's events) of asyncio's own descriptors.
        """
