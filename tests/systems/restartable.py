"""Private servers that a test stops and starts again, with what is in them: PostgreSQL, MariaDB, RabbitMQ.

    server = restartable_rabbitmq(tmp_path)
    with server.running() as url: ...
    with server.running() as url: ...   # the same URL, the same port, the same data

They stop at once, with all that their clients are doing. Where the programs are missing the test is skipped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

from ways_support import needed

from surgeline_systems.servers import mariadb, mariadb_private, postgres, postgres_private, rabbitmq, rabbitmq_private
from surgeline_systems.servers.launch import launched
from surgeline_systems.servers.private import Private


class Restartable:
    """A server whose data stay in its folder from one `running` to the next; so do its URL and its port."""

    def __init__(self, server: Private, stop_signal: Signals) -> None:
        self.url = server.url
        self._first = server.first
        self._launch = replace(server.launch, stop_signals=[stop_signal])

    @contextmanager
    def running(self) -> Iterator[str]:
        """Run it while the block runs; gives its URL."""
        commands, self._first = [*self._first, *self._launch.commands], []
        with launched(replace(self._launch, commands=commands)):
            yield self.url


def restartable_postgres(folder: Path) -> Restartable:
    binaries = postgres.host_binaries() or postgres.wheel_binaries()
    needed(binaries, "no binaries of PostgreSQL on this machine")
    assert binaries is not None
    return Restartable(postgres_private.prepared(binaries, folder, answers=postgres.KIND.answers), SIGINT)


def restartable_mariadb(folder: Path) -> Restartable:
    """Killed, it would forget what it committed in its last second: it leaves that to the end of its process."""
    programs = mariadb.host_programs()
    needed(programs, "no MariaDB programs on this machine")
    assert programs is not None
    return Restartable(mariadb_private.prepared(programs, folder, answers=mariadb.KIND.answers), SIGTERM)


def restartable_rabbitmq(folder: Path) -> Restartable:
    """Killed, it has all that it confirmed."""
    program = rabbitmq.host_program()
    needed(program, "no RabbitMQ on this machine")
    assert program is not None
    return Restartable(rabbitmq_private.prepared(program, folder, answers=rabbitmq.KIND.answers), SIGKILL)
