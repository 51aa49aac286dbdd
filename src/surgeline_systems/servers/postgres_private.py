"""A PostgreSQL of our own: made in a temporary folder from given binaries, gone with its data when the block ends.

PostgreSQL refuses to run as root. As `nobody` it runs from a copy of the binaries if `nobody` cannot reach them.
Whatever happens, this module must not change the mode or owner of a folder that it did not make.
"""

import secrets
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from surgeline_systems.servers.identity import Identity, succeeds, usable_identity
from surgeline_systems.servers.launch import Launch, free_port
from surgeline_systems.servers.private import Private, privately

SUPERUSER = "postgres"
GRACE_SECONDS = 5.0
DATA = "data"
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    # No replica will ever read our log; and a checkpoint in the midst of a load test is noise that nobody asked for.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}


@contextmanager
def private_postgres(
    binaries: Path, *, answers: Callable[[str], bool], identity: Identity | None = None
) -> Iterator[str]:
    """Make and run a server from the programs in `binaries`; gives its URL.

    `answers(url)` says whether a server takes connections there. Raises: ServerError when it does not start.
    """
    with privately("postgres", lambda folder: prepared(binaries, folder, answers=answers, identity=identity)) as url:
        yield url


def prepared(
    binaries: Path, folder: Path, *, answers: Callable[[str], bool], identity: Identity | None = None
) -> Private:
    """A server that is ready to be started in a folder, where its data stay from one start to the next."""
    identity = identity or usable_identity()
    binaries = _reachable(binaries, folder, identity)
    password, port = secrets.token_urlsafe(16), free_port()
    url = f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
    command = _serve(binaries, folder, port, identity)
    launch = Launch(
        name=f"a PostgreSQL of our own ({command[len(identity.prefix)]})",
        commands=[command],
        ready=lambda: answers(url),
        # First it lets its clients finish, for they may have been told to stop in the same moment; then it does not.
        stop_signals=[signal.SIGTERM, signal.SIGINT],
        grace_seconds=GRACE_SECONDS,
        identity=identity.process,
    )
    return Private(url=url, first=[_initialise(binaries, folder, password, identity)], launch=launch)


def _reachable(binaries: Path, folder: Path, identity: Identity) -> Path:
    """The folder of the programs, or of a copy of them that the server's user can reach."""
    if identity.user is None:
        return binaries
    folder.chmod(0o711)
    if succeeds([str(binaries / "postgres"), "--version"], identity):
        return binaries
    return _copied(binaries, folder / "copy")


def _copied(binaries: Path, folder: Path) -> Path:
    """Programs look for lib/ and share/ beside their folder, and a wheel's for `<package>.libs` beside the package."""
    installation, package = binaries.parents[0], binaries.parents[1]
    shutil.copytree(installation, folder / package.name / installation.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / installation.name / binaries.name


def _initialise(binaries: Path, folder: Path, password: str, identity: Identity) -> list[str]:
    """The command that makes the data folder, with one superuser who needs the password."""
    data, secret = folder / DATA, folder / "password"
    data.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if identity.user is not None:
        shutil.chown(data, identity.user)
        shutil.chown(secret, identity.user)
    options = ["--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    return [*identity.prefix, str(binaries / "initdb"), "--pgdata", str(data), "--pwfile", str(secret), *options]


def _serve(binaries: Path, folder: Path, port: int, identity: Identity) -> list[str]:
    """The command that is the server."""
    settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]
    return [*identity.prefix, str(binaries / "postgres"), "-D", str(folder / DATA), *settings]
