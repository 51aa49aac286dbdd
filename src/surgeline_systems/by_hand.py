"""A system step by step, `python -m surgeline_systems.NAME`: migrate, seed, serve.

All need a PostgreSQL that stays, given by a URL or running here; `surgeline system up` also starts one of its own.
"""

import asyncio
import os
import sys
from collections.abc import Mapping

import click

from surgeline import SurgelineError
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import expect_free, serve, settings_of
from surgeline_systems.servers import postgres, redis
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.system import System

# As for any script or option that is wrong: nothing was sent.
EXIT_WRONG_INPUT = 104


def commands(system: System) -> click.Group:
    """The commands of a system."""

    @click.group(help=f"{system.about} The reference system {system.name}, step by step.")
    def group() -> None:
        pass

    @group.command("migrate")
    def migrate_command() -> None:
        """Make the database and its tables, as far as they are missing."""
        _migrated(system)

    @group.command("seed", context_settings={"ignore_unknown_options": True})
    @click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OF APPLY]...")
    def seed_command(options: tuple[str, ...]) -> None:
        """Migrate, then call `surgeline seed apply`, with options such as -e USERS=20000."""
        environment = {**os.environ, "DATABASE_URL": _migrated(system).url}
        command = [sys.executable, "-m", "surgeline", "seed", "apply", str(system.seeds), *options]
        os.execve(sys.executable, command, environment)  # noqa: S606 - its progress, result and exit code are ours

    @group.command("serve")
    @click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Tasks that work off the queue.")
    def serve_command(workers: int | None) -> None:
        """Migrate, then serve on HOST (127.0.0.1) and PORT (3000) until Ctrl-C, with DB_MAX_CONNECTIONS (10)."""
        environment = {**os.environ, **system.workers_setting(workers), **_urls(system)}
        settings = settings_of(system.package, environment)
        os.environ.update(environment)  # the server's worker process reads it again
        expect_free(settings.host, settings.port)  # before we say that we listen there
        click.echo(f"listening on http://{settings.host}:{settings.port}", err=True)
        serve(system.package, settings)

    return group


def main(system: System) -> None:
    """Run a command; what a person can put right is told in a line, without a traceback."""
    try:
        commands(system)(prog_name=f"python -m {system.package}")
    except SurgelineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_WRONG_INPUT)


def _urls(system: System) -> Mapping[str, str]:
    database = _migrated(system)
    return {"DATABASE_URL": database.url, **({"REDIS_URL": _redis().url} if system.needs_redis else {})}


def _migrated(system: System) -> postgres.Postgres:
    server = postgres.standing_server()
    if server is None:
        raise ServerError(f"expected a PostgreSQL server that stays, found none. {postgres.WHAT_TO_DO}")
    database = postgres.with_database(server, system.database)
    click.echo(database.origin, err=True)
    for name in asyncio.run(migrate(database.url, system.package)):
        click.echo(f"migrated: {name}", err=True)
    return database


def _redis() -> redis.Redis:
    server = redis.standing_server()
    if server is None:
        raise ServerError(f"expected a Redis server that stays, found none. {redis.WHAT_TO_DO}")
    click.echo(server.origin, err=True)
    return server
