"""`surgeline system` as people use it: a process of its own in a folder of its own, and what it leaves running."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from healthy_generator import COMMAND
from surgeline_systems.servers.launch import free_port

WAIT_SECONDS = 120
"""What only hangs takes so long."""
MARK = "TEST_THAT_STARTED_IT"
SMALL = ("-e", "USERS=300", "-e", "COUPONS=40")


class Desk:
    """A folder in which somebody gives commands. All processes that come of them carry its mark."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.told: subprocess.CompletedProcess[str] | None = None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SURGELINE_")}
        self._environment = {**kept, "SURGELINE_POSTGRES_URL": database_url, MARK: str(folder)}

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen([*COMMAND, *arguments], cwd=self.folder, env=self._environment, **pipes) as process:
            try:
                yield process
            finally:
                process.kill()  # of one that has ended nothing comes

    def do(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            return ended(process)

    def up(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self.do("system", "up", "coupons", "--port", str(self.port), *SMALL, *options)

    def running(self) -> dict[int, str]:
        """The processes that came of our commands, by their ids, and what they are."""
        found = {}
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and f"{MARK}={self.folder}".encode() in _read(process / "environ").split(b"\0"):
                found[int(process.name)] = _read(process / "cmdline").replace(b"\0", b" ").decode()
        return found


@contextmanager
def desk_in(folder: Path, database_url: str) -> Iterator[Desk]:
    """A desk that leaves nothing running; what was left is ended, and fails the test."""
    desk = Desk(folder, database_url)
    try:
        yield desk
        left = desk.running()
    finally:
        for process in desk.running():
            os.kill(process, signal.SIGKILL)
    assert left == {}


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, err = process.communicate(timeout=WAIT_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def say_until(process: subprocess.Popen[str], text: str) -> None:
    """Read what it says on standard error until a line holds the text."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return
    raise AssertionError("".join(seen))


def eventually(holds: Callable[[], bool]) -> None:
    """Of processes that are not our children the kernel tells us nothing: look until it is so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
