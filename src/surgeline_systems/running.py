"""Starts all that a system stands on, in order, and stops it in the other order.

It must not know the load generator.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from surgeline.seeding.apply import apply
from surgeline.seeding.compare import InTheWayError
from surgeline.seeding.connect import connect
from surgeline.seeding.file import Declarations, load_declarations
from surgeline.seeding.referring import ReferredToError
from surgeline.seeding.reset import reset
from surgeline.seeding.steps import Steps
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import HOST, expect_free, running_service, settings_of
from surgeline_systems.backing import Backing, backing
from surgeline_systems.servers.launch import free_port
from surgeline_systems.system import System


class Service:
    """The service of a system as a child process, which can be started anew in its place."""

    def __init__(self, system: System, environment: Mapping[str, str], port: int | None, log: Path | None) -> None:
        self._system = system
        self._environment = environment
        self._port = port or free_port()
        self._log = log
        self._changes: Mapping[str, str] = {}
        self._is_started = False
        self._child = ExitStack()

    def start(self, changes: Mapping[str, str] | None = None) -> str:
        """Start with these settings over the usual ones, after the end of the one that runs; gives its base URL.

        Raises: SettingsError before anything ends, ServerError when it does not start.
        """
        environment = {**self._environment, **(changes or {})}
        settings_of(self._system.package, {**os.environ, **environment})
        self.stop()
        self._changes = changes or {}
        service = running_service(self._system.package, environment, self._port, self._log)
        base_url = self._child.enter_context(service)
        self._is_started = True
        return base_url

    def restore(self) -> None:
        """Start it with the usual settings, where it has others, or has been stopped."""
        if self._changes or not self._is_started:
            self.start()

    def stop(self) -> None:
        """End it; it finishes what it has accepted."""
        self._is_started = False
        self._child.close()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A system that is up, with these settings. `sizes` are those of the given values that its seeds follow."""

    system: System
    base_url: str
    service: Service
    backing: Backing
    settings: Mapping[str, str]
    sizes: Mapping[str, str]


@contextmanager
def running_system(
    system: System,
    steps: Steps,
    *,
    settings: Mapping[str, str],
    sizes: Mapping[str, str],
    with_seeds: bool = True,
    port: int | None = None,
    log: Path | None = None,
) -> Iterator[Running]:
    """Find or start its servers, make and fill its tables, and start its service, for as long as the block runs.

    `settings`, of the service, and `sizes`, of the seeds, go over the environment. The service says what it has to say
    in `log`. Whatever happens, Ctrl-C too, nothing stays behind but the database on a server that was there before.
    Raises: SurgelineError.
    """
    declarations = load_declarations(system.seeds, sizes)
    if port:
        expect_free(HOST, port)
    with backing(system, settings, steps) as servers, ExitStack() as stack:
        settings_of(system.package, {**os.environ, **settings, **servers.urls})  # before the tables take their time
        with steps.step(f"tables in {servers.database.origin}"):
            asyncio.run(migrate(servers.database.url, system.package))
        if servers.database.private:
            stack.callback(servers.forget, system, settings)  # nobody else will: it is called by what this database is
        if with_seeds:
            with steps.step("seeding"):
                if seed(declarations, servers.database.url, steps):
                    servers.forget(system, settings)  # it tells of rows that were there before
        service = Service(system, {**settings, **servers.urls}, port, log)
        stack.callback(service.stop)
        with steps.step("service"):
            base_url = service.start()
        asked_for = {name: value for name, value in sizes.items() if name in declarations.asked_for}
        yield Running(
            system=system, base_url=base_url, service=service, backing=servers, settings=settings, sizes=asked_for
        )


def seed(declarations: Declarations, database_url: str, steps: Steps) -> bool:
    """Do as `surgeline seed apply` does: what is there already stays; gives whether any row was written or deleted.

    Where other sizes are asked for now, and what earlier loads wrote is in their place or refers to rows that are to
    go, the tables are emptied first: the database is the system's own. Raises: SurgelineError.
    """
    with connect(database_url) as database:
        try:
            changes = apply(database, declarations, steps)
        except (InTheWayError, ReferredToError):
            with steps.step("what earlier loads wrote, and what was seeded"):
                seeded, written = declarations.tables, declarations.written
                database.empty([*(one.name for one in seeded), *(one.name for one in written)])
            changes = apply(database, declarations, steps)
    return any(one.made or one.changed or one.deleted for one in changes)


def put_back(
    system: System, servers: Backing, settings: Mapping[str, str], sizes: Mapping[str, str], steps: Steps
) -> None:
    """Do as `surgeline seed reset` does: the tables hold what was seeded. Raises: SurgelineError.

    What a service has kept in Redis goes too: it would tell of rows that are no longer there; and what is in its queue:
    it would become a row. No service is to run meanwhile: what it has accepted would come after the reset.
    """
    with connect(servers.database.url) as database:
        reset(database, load_declarations(system.seeds, sizes), steps)
    servers.forget(system, settings)
