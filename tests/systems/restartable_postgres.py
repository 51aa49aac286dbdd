"""A private PostgreSQL that a test stops and starts again, with what is in it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from signal import SIGINT

from surgeline_systems.servers import postgres_private as private
from surgeline_systems.servers.identity import usable_identity
from surgeline_systems.servers.launch import free_port, launched
from surgeline_systems.servers.postgres import KIND


class RestartablePostgres:
    """Its data stay in `folder` from one `running` to the next; so do its URL and its port."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        identity = usable_identity()
        binaries = private._reachable(binaries, folder, identity)
        password, port = secrets.token_urlsafe(16), free_port()
        self.url = f"postgresql://{private.SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
        self._first = [private._initialise(binaries, folder, password, identity)]
        self._always = [private._serve(binaries, folder, port, identity)]
        launch = private._launch(folder, self._always, identity, lambda: KIND.answers(self.url))
        # At once, with all that its clients are doing.
        self._launch = replace(launch, stop_signals=[SIGINT], remove=())

    @contextmanager
    def running(self) -> Iterator[str]:
        """Run it while the block runs; gives its URL."""
        commands, self._first = [*self._first, *self._always], []
        with launched(replace(self._launch, commands=commands)):
            yield self.url
