"""The event loop: asyncio's own SelectorEventLoop on a selector of ours.

The selector hands every wait to the native poller, which serves our connections and timers in the same step and gives
asyncio's descriptors back as usual, so any asyncio library works beside them. Knows no protocol and no executor.
"""

import asyncio
import selectors
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from surgeline._native.poller import Completion, Poller

_EPOLLIN, _EPOLLOUT = 0x1, 0x4


class PollerSelector(selectors.BaseSelector):
    """A selector over a `Poller`; what asyncio registers is kept here, what happens is seen there."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._map = _KeyMap(self._keys)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a descriptor. Raises KeyError when it is watched already."""
        fd = _descriptor(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} (descriptor {fd}) is registered already")
        self._poller.register(fd, _to_epoll(events))
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch a descriptor no longer. Raises KeyError when it is not watched."""
        key = self.get_key(fileobj)
        del self._keys[key.fd]
        self._poller.unregister(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch for other events. Raises KeyError when the descriptor is not watched."""
        key = self.get_key(fileobj)
        if events != key.events:
            self._poller.modify(key.fd, _to_epoll(events))
        key = self._keys[key.fd] = key._replace(events=events, data=data)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Make one step of the poller; return what happened on asyncio's descriptors."""
        timeout_ns = -1 if timeout is None else max(0, int(timeout * 1e9))
        ready = self._poller.poll(timeout_ns)
        if not ready:
            return []
        keys = self._keys
        return [(key, _from_epoll(events) & key.events) for fd, events in ready if (key := keys.get(fd))]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return the keys, by descriptor or by the object that has it."""
        return self._map

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """Return the key of a watched descriptor. Raises KeyError when it is not watched."""
        return self._map[fileobj]

    def close(self) -> None:
        """Close the poller."""
        self._keys.clear()
        self._poller.close()


class _KeyMap(Mapping[Any, selectors.SelectorKey]):
    """asyncio looks keys up by descriptor, and since Python 3.13 by the object as well."""

    def __init__(self, keys: Mapping[int, selectors.SelectorKey]) -> None:
        self._keys = keys

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        fd = _descriptor(fileobj)
        if fd >= 0:
            return self._keys[fd]
        # It was closed before it was unregistered.
        found = [key for key in self._keys.values() if key.fileobj is fileobj]
        if not found:
            raise KeyError(fileobj)
        return found[0]

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)


class _Loop(asyncio.SelectorEventLoop):
    """Takes what the engine's clients return wherever asyncio takes a coroutine for a task."""

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        # A completion is a future to asyncio.wait(), which refuses coroutines; so it cannot be a coroutine as well.
        return super().create_task(_await(coro) if isinstance(coro, Completion) else coro, **options)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        # The one that ends the program has left the loop already: nobody needs to ask the task for it as well.
        if not isinstance(context.get("exception"), KeyboardInterrupt):
            super().call_exception_handler(context)


async def _await(completion: Completion[Any]) -> Any:
    return await completion


def new_loop() -> tuple[asyncio.SelectorEventLoop, Poller]:
    """Return a loop and the poller that it stands on."""
    poller = Poller()
    loop = _Loop(PollerSelector(poller))
    poller.attach(loop)
    return loop, poller


def close_loop(loop: asyncio.AbstractEventLoop, patience: float = 5.0) -> int:
    """Cancel the tasks that are left, wait `patience` seconds for them, and close the loop.

    Returns how many tasks did not end. Unlike `asyncio.Runner`, no task and no thread can hold it for ever.
    """
    left = asyncio.all_tasks(loop)
    try:
        for task in left:
            task.cancel()
        _run_one_turn(loop)
        if left:
            _, left = loop.run_until_complete(asyncio.wait(left, timeout=patience))
        loop.run_until_complete(_close_generators(loop, patience))
    finally:
        if any(not task.done() for task in left):
            # Python would complain of each when it is collected; whoever closes the loop is told how many there are.
            loop.set_exception_handler(lambda _loop, _context: None)
        loop.close()
    return len(left)


def _run_one_turn(loop: asyncio.AbstractEventLoop) -> None:
    """Use up a stop that was asked for when the loop was broken off: it would end the next run before its time."""
    loop.call_soon(loop.stop)
    loop.run_forever()


async def _close_generators(loop: asyncio.AbstractEventLoop, patience: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await loop.shutdown_asyncgens()


def _descriptor(fileobj: Any) -> int:
    return fileobj if isinstance(fileobj, int) else int(fileobj.fileno())


def _to_epoll(events: int) -> int:
    return (_EPOLLIN if events & selectors.EVENT_READ else 0) | (_EPOLLOUT if events & selectors.EVENT_WRITE else 0)


def _from_epoll(events: int) -> int:
    """An error or a hang-up counts as both, as in the standard library's selector."""
    read = selectors.EVENT_READ if events & ~_EPOLLOUT else 0
    write = selectors.EVENT_WRITE if events & ~_EPOLLIN else 0
    return read | write
