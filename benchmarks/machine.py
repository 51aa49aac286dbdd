"""The machine that the figures are taken on: its cores, its limits, its description."""

import os
import platform
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import MissingError

FILES_WANTED = 40_000
QUIET_LOAD = 0.5
WAKEUPS = 2_000
WAKEUP_SECONDS = 0.002


def two_cores() -> tuple[int, int]:
    """One core for the server and one for the generator. Raises MissingError when there is one only."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise MissingError("two cores are needed, one for the server and one for the generator; found one")
    return cores[0], cores[1]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started while the block runs stays on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_file_limit() -> None:
    """Allow as many open files as we may, for ten thousand connections in a server and in a generator."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def require_files(count: int) -> None:
    """Raise MissingError unless this process and those that it starts may have so many files open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        raise MissingError(f"{count:,} open files are needed, found a limit of {soft:,}; raise it: ulimit -Hn {count}")


def describe() -> dict[str, str]:
    """What a reader must know about the machine."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.2f} before the start",
    }


def introduce(facts: Mapping[str, str], more: Sequence[str] = ()) -> None:
    """Print what the figures are taken on, and whether they can be trusted."""
    print("\n".join([*(f"{name}: {fact}" for name, fact in facts.items()), *more]))
    if _is_busy():
        print("The machine has had other work in the last minute: if that goes on, the figures are not to be trusted.")


def late_wakeups(core: int) -> list[float]:
    """How late, in milliseconds and in order, a program wakes that does nothing but sleep: the machine's own share."""
    late = []
    with pinned(core):
        for _ in range(WAKEUPS):
            due = time.monotonic() + WAKEUP_SECONDS
            time.sleep(WAKEUP_SECONDS)
            late.append((time.monotonic() - due) * 1000)
    return sorted(late)


def _is_busy() -> bool:
    return os.getloadavg()[0] > QUIET_LOAD


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"
