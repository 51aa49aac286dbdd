"""A MariaDB of our own: made in a temporary folder from the host's programs, gone with its data when the block ends."""

import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from surgeline_systems.servers.identity import Identity, usable_identity
from surgeline_systems.servers.launch import Launch, free_port
from surgeline_systems.servers.private import Private, privately

GRACE_SECONDS = 15.0
DATA = "data"
# A server deletes at its start what it takes for leftovers of an earlier one: temporary tables, also those that another
# server is just using in the same folder.
TEMPORARY = "temporary"
SETTINGS = {
    "bind-address": "127.0.0.1",
    "skip-name-resolve": "1",
    "local-infile": "1",
    "innodb-buffer-pool-size": "256M",
    "innodb-log-file-size": "256M",
    # Its data goes with it: nothing that a crash of the machine could lose is worth waiting for.
    "innodb-flush-log-at-trx-commit": "0",
}


@dataclass(frozen=True)
class Programs:
    """Where the two programs of a server are."""

    install: Path
    serve: Path

    def __str__(self) -> str:
        return str(self.serve)


@contextmanager
def private_mariadb(programs: Programs, *, answers: Callable[[str], bool]) -> Iterator[str]:
    """Make and run a server; gives its URL, whose database is the server's own, `mysql`.

    `answers(url)` says whether a server takes connections there. Raises: ServerError when it does not start.
    """
    with privately("mariadb", lambda folder: prepared(programs, folder, answers=answers)) as url:
        yield url


def prepared(programs: Programs, folder: Path, *, answers: Callable[[str], bool]) -> Private:
    """A server that is ready to be started in a folder, where its data stay from one start to the next."""
    identity = usable_identity()
    password, port = secrets.token_urlsafe(16), free_port()
    url = f"mysql://root:{password}@127.0.0.1:{port}/mysql"
    _prepare(folder, password, identity)
    launch = Launch(
        name=f"a MariaDB of our own ({programs})",
        commands=[_serve(programs, folder, port, identity)],
        ready=lambda: answers(url),
        stop_signals=[signal.SIGTERM],
        grace_seconds=GRACE_SECONDS,
        environment={"TMPDIR": str(folder / TEMPORARY)},
        identity=identity.process,
    )
    return Private(url=url, first=[_initialise(programs, folder, identity)], launch=launch)


def _prepare(folder: Path, password: str, identity: Identity) -> None:
    """Make what the server needs before its first start: its folders, and the one user, who needs the password."""
    first = folder / "first.sql"
    first.touch(mode=0o600)
    first.write_text(
        f"CREATE OR REPLACE USER root@127.0.0.1 IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON *.* TO root@127.0.0.1 WITH GRANT OPTION;\n"
        "DELETE FROM mysql.global_priv WHERE Host <> '127.0.0.1' AND User <> 'mariadb.sys';\n"
        "FLUSH PRIVILEGES;\n"
    )
    for name in (DATA, TEMPORARY):
        (folder / name).mkdir(mode=0o700)
    if identity.user is not None:
        folder.chmod(0o711)
        for made in (first, folder / DATA, folder / TEMPORARY):
            shutil.chown(made, identity.user)


def _initialise(programs: Programs, folder: Path, identity: Identity) -> list[str]:
    """The command that makes the tables of the server itself."""
    options = [f"--datadir={folder / DATA}", "--auth-root-authentication-method=normal", "--skip-test-db"]
    return [*identity.prefix, str(programs.install), "--no-defaults", *options]


def _serve(programs: Programs, folder: Path, port: int, identity: Identity) -> list[str]:
    """The command that is the server."""
    data = folder / DATA
    settings = {
        **SETTINGS,
        "port": str(port),
        "datadir": str(data),
        "socket": str(data / "socket"),
        "pid-file": str(data / "pid"),
        "init-file": str(folder / "first.sql"),
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [*identity.prefix, str(programs.serve), "--no-defaults", *options]
