"""The processes of this machine as Linux tells of them in /proc: who descends from whom, what they were started with,
and what they have used so far.

It must not know what they are for.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
# Behind the name in /proc/PID/stat, which may hold anything: see proc(5).
PARENT, USER_TICKS, CHILDREN_END = 1, 11, 15


@dataclass(frozen=True, slots=True)
class Used:
    """What processes have used: CPU since their start, with that of their children that have ended; memory now."""

    cpu_seconds: float
    memory_bytes: int


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for child in _children(pid):
        yield from family(child)


def arguments(pid: int) -> list[str]:
    """What a process was started with; nothing where it has ended."""
    return _read(pid, "cmdline").split("\0")


def leader(pid: int) -> int:
    """The first ancestor that was started with the same arguments: a server's own, where it has forked."""
    parent = int(_stat(pid)[PARENT])
    return leader(parent) if arguments(parent) == arguments(pid) else pid


def used(pids: Iterable[int]) -> Used:
    """What these processes have used together; memory that they share counts once, nothing where they have ended."""
    cpu_ticks = own_pages = shared_pages = 0
    for pid in pids:
        cpu_ticks += sum(map(int, _stat(pid)[USER_TICKS:CHILDREN_END]))
        resident, shared = map(int, _read(pid, "statm").split()[1:3] or (0, 0))
        own_pages += resident - shared
        shared_pages = max(shared_pages, shared)
    return Used(cpu_ticks / TICKS, (own_pages + shared_pages) * PAGE_BYTES)


def _stat(pid: int) -> list[str]:
    _, _, fields = _read(pid, "stat").rpartition(")")
    return fields.split()


def _children(pid: int) -> Iterator[int]:
    for thread in _threads(pid):
        yield from map(int, _read(pid, f"task/{thread}/children").split())


def _threads(pid: int) -> list[str]:
    try:
        return [entry.name for entry in (PROC / str(pid) / "task").iterdir()]
    except OSError:  # it has ended
        return []


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text(errors="replace")
    except OSError:  # it has ended
        return ""
