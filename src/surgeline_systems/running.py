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
from surgeline.seeding.clean import clean
from surgeline.seeding.connect import connect
from surgeline.seeding.file import Declarations, load_declarations
from surgeline.seeding.referring import ReferredToError
from surgeline.seeding.reset import reset
from surgeline.seeding.steps import Steps
from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import HOST, expect_free, running_service, settings_of
from surgeline_systems.servers.launch import free_port
from surgeline_systems.servers.postgres import Postgres, postgres
from surgeline_systems.servers.redis import Redis, forget, redis_server
from surgeline_systems.system import System


class Service:
    """The service of a system as a child process, which can be started anew in its place."""

    def __init__(self, system: System, environment: Mapping[str, str], port: int | None, log: Path | None) -> None:
        self._system = system
        self._environment = environment
        self._port = port or free_port()
        self._log = log
        self._changes: Mapping[str, str] = {}
        self._child = ExitStack()

    def start(self, changes: Mapping[str, str] | None = None) -> str:
        """Start with these settings over the usual ones, after the end of the one that runs; gives its base URL.

        Raises: SettingsError before anything ends, ServerError when it does not start.
        """
        environment = {**self._environment, **(changes or {})}
        settings_of(self._system.package, {**os.environ, **environment})
        self.close()
        self._changes = changes or {}
        return self._child.enter_context(running_service(self._system.package, environment, self._port, self._log))

    def restore(self) -> None:
        """Start it with the usual settings, where it has others."""
        if self._changes:
            self.start()

    def close(self) -> None:
        """Stop it; it finishes what it has accepted."""
        self._child.close()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A system that is up. `sizes` are those of the given values that its seeds follow."""

    system: System
    base_url: str
    service: Service
    database: Postgres
    redis: Redis | None
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
    with ExitStack() as stack:
        with steps.step("PostgreSQL"):
            database = stack.enter_context(postgres(system.database))
        redis = None
        if system.needs_redis:
            with steps.step("Redis"):
                redis = stack.enter_context(redis_server())
        urls = {"DATABASE_URL": database.url, **({"REDIS_URL": redis.url} if redis else {})}
        settings_of(system.package, {**os.environ, **settings, **urls})  # before the tables take their time
        with steps.step(f"tables in {database.origin}"):
            asyncio.run(migrate(database.url, system.package))
        if with_seeds:
            with steps.step("seeding"):
                seed(declarations, database.url, steps)
        service = Service(system, {**settings, **urls}, port, log)
        stack.callback(service.close)
        with steps.step("service"):
            base_url = service.start()
        asked_for = {name: value for name, value in sizes.items() if name in declarations.asked_for}
        yield Running(
            system=system, base_url=base_url, service=service, database=database, redis=redis, sizes=asked_for
        )


def seed(declarations: Declarations, database_url: str, steps: Steps) -> None:
    """Do as `surgeline seed apply` does: what is there already stays. Raises: SurgelineError.

    What earlier loads wrote goes first where it refers to rows that are to go, because other sizes are asked for now.
    """
    with connect(database_url) as database:
        try:
            apply(database, declarations, steps)
        except ReferredToError:
            with steps.step("clean"):
                clean(database, declarations, steps)
            apply(database, declarations, steps)


def put_back(system: System, database_url: str, redis_url: str | None, sizes: Mapping[str, str], steps: Steps) -> None:
    """Do as `surgeline seed reset` does: the tables hold what was seeded. Raises: SurgelineError.

    What a service has kept of them in Redis goes too: it would tell of rows that are no longer there.
    """
    with connect(database_url) as database:
        reset(database, load_declarations(system.seeds, sizes), steps)
    if redis_url:
        forget(redis_url, asyncio.run(key_prefix(database_url, system.name)))
