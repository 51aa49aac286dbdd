"""What the tests of the ways to a server share: who runs a private one, and that it leaves nothing behind.

A test module makes the fixtures its own: `folder, identity = ways_support.folder, ways_support.identity`.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from surgeline_systems.servers.identity import NAMESPACE, Identity, nobody, succeeds

UNUSED_PORT = 1
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")
OWNER = """
import importlib, signal, sys, tempfile
tempfile.tempdir = sys.argv[1]
ways = importlib.import_module(sys.argv[2])
with ways.private_server(getattr(ways, sys.argv[3])()) as server:
    print(server.url, flush=True)
    signal.pause()
"""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for temporary folders that other users can pass through, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)
        monkeypatch.undo()


@pytest.fixture(
    params=[
        pytest.param(Identity(), id="ourselves", marks=pytest.mark.skipif(os.geteuid() == 0, reason="never as root")),
        pytest.param(Identity(prefix=NAMESPACE), id="namespace", marks=AS_ROOT),
        pytest.param(nobody(), id="nobody", marks=AS_ROOT),
    ]
)
def identity(request: pytest.FixtureRequest) -> Identity:
    """Everybody as whom a private server may run."""
    if request.param.prefix and not succeeds([*NAMESPACE, "true"]):
        pytest.skip("this machine forbids user namespaces")
    return request.param


def needed(what: object, reason: str) -> None:
    if what is None and os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    if what is None:
        pytest.skip(reason)


def commands_with(text: str) -> list[str]:
    done = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if text in line]


@contextmanager
def nothing_left_in(folder: Path) -> Iterator[None]:
    yield
    assert list(folder.iterdir()) == []
    assert commands_with(str(folder)) == []


def eventually(holds: Callable[[], bool]) -> None:
    """Of processes that are not our children the kernel tells us nothing: look until it is so."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def expect_gone_with_its_owner(
    ways: ModuleType, find: str, folder: Path, number: signal.Signals = signal.SIGKILL
) -> None:
    """Have a process start a private server from what `ways.find()` gives, and end that process by a signal."""
    command = [sys.executable, "-c", OWNER, str(folder), ways.__name__, find]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        try:
            assert ways.KIND.answers(url)
            assert commands_with(str(folder))
        finally:
            owner.send_signal(number)
    eventually(lambda: not commands_with(str(folder)) and not list(folder.iterdir()))
    assert not ways.KIND.answers(url)
