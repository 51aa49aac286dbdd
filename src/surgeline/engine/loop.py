"""The event loop: asyncio's own SelectorEventLoop on a selector of ours.

The selector hands every wait to the native poller, which serves our connections and timers in the same step and gives
asyncio's descriptors back as usual, so any asyncio library works beside them. Knows no protocol and no executor.
"""

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

from surgeline._native.poller import Poller

_EPOLLIN, _EPOLLOUT = 0x1, 0x4


class PollerSelector(selectors.BaseSelector):
    """A selector over a `Poller`; what asyncio registers is kept here, what happens is seen there."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._keys: dict[int, selectors.SelectorKey] = {}

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
        """Return the keys by descriptor."""
        return self._keys

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """Return the key of a watched descriptor. Raises KeyError when it is not watched."""
        return self._keys[_descriptor(fileobj)]

    def close(self) -> None:
        """Close the poller."""
        self._keys.clear()
        self._poller.close()


def new_loop() -> tuple[asyncio.SelectorEventLoop, Poller]:
    """Return a loop and the poller that it stands on."""
    poller = Poller()
    loop = asyncio.SelectorEventLoop(PollerSelector(poller))
    poller.attach(loop)
    return loop, poller


def _descriptor(fileobj: Any) -> int:
    return fileobj if isinstance(fileobj, int) else int(fileobj.fileno())


def _to_epoll(events: int) -> int:
    return (_EPOLLIN if events & selectors.EVENT_READ else 0) | (_EPOLLOUT if events & selectors.EVENT_WRITE else 0)


def _from_epoll(events: int) -> int:
    """An error or a hang-up counts as both, as in the standard library's selector."""
    read = selectors.EVENT_READ if events & ~_EPOLLOUT else 0
    write = selectors.EVENT_WRITE if events & ~_EPOLLIN else 0
    return read | write
