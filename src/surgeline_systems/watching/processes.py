"""What processes of this machine use: found by the port that they listen on, or by a service that they stand beside.

It must not know what they are for.
"""

import asyncio
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

from surgeline.doctor.listeners import listening, processes_of
from surgeline_systems.watching.figures import Figure, Growth, Level
from surgeline_systems.watching.process_tree import arguments, family, leader, used
from surgeline_systems.watching.source import AwayError

CPU = Growth("process_cpu", unit="s", per_second="cores")
MEMORY = Level("process_memory_mb", unit="MB")
MEGABYTE = 1_000_000


class Processes:
    """Processes in one role. `find` gives their ids; it is asked when the watching begins, and when they have ended."""

    figures: Sequence[Figure] = (CPU, MEMORY)

    def __init__(self, role: str, find: Callable[[], Collection[int]]) -> None:
        self.name = role
        self.tags: Mapping[str, str] = {"process": role}
        self.find = find
        self._pids: Collection[int] = ()

    async def open(self) -> None:
        """Find them. Raises: AwayError."""
        self._pids = await asyncio.to_thread(self.find)
        if not self._pids:
            raise AwayError("no such process on this machine that we may look at")

    async def look(self) -> Mapping[str, float]:
        """What they have used. Raises: AwayError."""
        so_far = used(self._pids)
        if not so_far.memory_bytes:
            raise AwayError("it has ended")
        return {CPU.name: so_far.cpu_seconds, MEMORY.name: so_far.memory_bytes / MEGABYTE}

    async def close(self) -> None:
        """Nothing to let go of."""

    async def details(self) -> Sequence[str]:
        """Nothing more."""
        return ()


def service(role: str, url: str) -> Processes:
    """Who listens at a URL."""
    return Processes(role, partial(_listeners, url))


def companions(role: str, url: str, module: str) -> Processes:
    """The processes that a service at a URL has started to run a module."""
    return Processes(role, partial(_companions, url, module))


def server(role: str, url: str, usual_port: int) -> Processes:
    """Who listens at a server's URL, with all the processes that it has started by now."""
    return Processes(role, partial(_with_families, url, usual_port))


def _companions(url: str, module: str) -> Collection[int]:
    leaders = {leader(pid) for pid in _listeners(url)}
    return {pid for one in leaders for pid in family(one) if module in arguments(pid)}


def _with_families(url: str, usual_port: int) -> Collection[int]:
    return {pid for listener in _listeners(url, usual_port) for pid in family(listener)}


def _listeners(url: str, usual_port: int = 80) -> Collection[int]:
    parts = urlsplit(url)
    try:
        address = socket.gethostbyname(parts.hostname or "localhost")
    except OSError:
        return set()
    if not ip_address(address).is_loopback:  # a port of another machine says nothing of those of this one
        return set()
    return {process.pid for process in processes_of(listening(address, parts.port or usual_port))}
