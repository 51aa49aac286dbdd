"""A Redis or Valkey of our own: started from a given binary, in memory alone, gone when the block ends.

It keeps its secret in a file that only it can read: the command line of a process is for others to read, too.
"""

import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from surgeline_systems.servers.identity import Identity, succeeds, usable_identity
from surgeline_systems.servers.launch import Launch, free_port
from surgeline_systems.servers.private import Private, privately

GRACE_SECONDS = 5.0
CONFIGURATION = "redis.conf"
DATA = "data"


@contextmanager
def private_redis(binary: Path, *, answers: Callable[[str], bool]) -> Iterator[str]:
    """Run a server from this binary; gives its URL.

    `answers(url)` says whether a server takes connections there. Raises: ServerError when it does not start.
    """
    with privately("redis", lambda folder: _prepared(binary, folder, answers)) as url:
        yield url


def _prepared(binary: Path, folder: Path, answers: Callable[[str], bool]) -> Private:
    identity = usable_identity()
    password, port = secrets.token_urlsafe(16), free_port()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    _prepare(folder, password, port, identity)
    program = _reachable(binary, folder, identity)
    launch = Launch(
        name=f"a Redis of our own ({binary})",
        commands=[[*identity.prefix, str(program), str(folder / CONFIGURATION)]],
        ready=lambda: answers(url),
        stop_signals=[signal.SIGTERM],
        grace_seconds=GRACE_SECONDS,
        identity=identity.process,
    )
    return Private(url=url, launch=launch)


def _prepare(folder: Path, password: str, port: int, identity: Identity) -> None:
    """Make what the server needs: its configuration, which only it can read, and the folder it works in."""
    configuration, data = folder / CONFIGURATION, folder / DATA
    configuration.touch(mode=0o600)
    configuration.write_text(
        "bind 127.0.0.1\n"
        f"port {port}\n"
        f"requirepass {password}\n"
        f'dir "{data}"\n'
        # It writes nothing to disk: a snapshot in the midst of a load test is noise that nobody asked for.
        'save ""\n'
        "appendonly no\n"
    )
    data.mkdir(mode=0o700)
    if identity.user is not None:
        folder.chmod(0o711)
        for made in (configuration, data):
            shutil.chown(made, identity.user)


def _reachable(binary: Path, folder: Path, identity: Identity) -> Path:
    """The binary, or a copy of it that the server's user can reach."""
    if identity.user is None or succeeds([str(binary), "--version"], identity):
        return binary
    return Path(shutil.copy2(binary, folder / binary.name))
