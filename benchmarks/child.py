"""Runs programs, each on one core, and tells what they used: processor time and memory."""

import os
import resource
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.bench import MeasurementError
from benchmarks.machine import pinned
from surgeline_systems.servers.launch import Launch, launched

MARGIN_SECONDS = 60
_TAIL_LINES = 8


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended well.

    `cpu_seconds` is user and system time, from the start of the program. `peak_mb` (of a million bytes) is the most
    memory that was resident; None when that was less than this process has itself, for the kernel counts from the fork.
    """

    output: str
    cpu_seconds: float
    peak_mb: float | None


def run_child(command: Sequence[str], *, core: int, seconds: float) -> Ended:
    """Run a program that should take about `seconds` to its end.

    Raises MeasurementError when it fails, or takes a minute longer.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        with started(command, core=core, output=output, errors=errors) as child:
            usage = _wait(child, seconds + MARGIN_SECONDS)
        text = _text(output)
        if child.returncode != 0:
            tail = "\n".join((text + _text(errors)).splitlines()[-_TAIL_LINES:])
            raise MeasurementError(f"{Path(command[0]).name} ended with {child.returncode}:\n{tail}")
    return Ended(text, usage.ru_utime + usage.ru_stime, _peak_mb(usage.ru_maxrss))


@contextmanager
def started(
    command: Sequence[str], *, core: int, output: IO[bytes], errors: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs while the block runs; killed when it has not ended by itself."""
    with pinned(core):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()


@contextmanager
def launched_on(core: int, launch: Launch) -> Iterator[None]:
    """A server on a core, while the block runs. Raises ServerError when it does not start."""
    with ExitStack() as stack:
        with pinned(core):
            stack.enter_context(launched(launch))
        yield


def accepts(port: int) -> bool:
    """Does somebody listen on this port of 127.0.0.1?"""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(child: subprocess.Popen[bytes], seconds: float) -> resource.struct_rusage:
    """Wait for the end, which comes by force after `seconds`."""
    force = threading.Timer(seconds, os.kill, (child.pid, 9))
    force.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
    finally:
        force.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage


def _peak_mb(peak_kib: int) -> float | None:
    ours_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return None if peak_kib <= ours_kib else peak_kib * 1024 / 1e6


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
