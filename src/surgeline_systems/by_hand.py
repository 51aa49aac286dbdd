"""A system step by step, `python -m surgeline_systems.NAME`: migrate, seed, serve.

All need servers that stay, given by URLs or running here; `surgeline system up` also starts one of its own.
"""

import asyncio
import os
import sys
from typing import NoReturn

import click

from surgeline import ExitCode, SurgelineError
from surgeline_systems.application.migrations import migrate
from surgeline_systems.application.server import expect_free, serve, settings_of
from surgeline_systems.backing import QUEUED_IN_SERVICE, Backing, standing_backing, standing_database
from surgeline_systems.servers.ways import Server
from surgeline_systems.system import System


def commands(system: System) -> click.Group:
    """The commands of a system."""

    @click.group(help=f"{system.about} The reference system {system.name}, step by step.")
    def group() -> None:
        pass

    @group.command("migrate")
    def migrate_command() -> None:
        """Make the database and its tables, as far as they are missing."""
        _migrate(system, standing_database(system, os.environ))

    @group.command("seed", context_settings={"ignore_unknown_options": True})
    @click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OF APPLY]...")
    def seed_command(options: tuple[str, ...]) -> None:
        """Migrate, then call `surgeline seed apply`, with options such as -e USERS=20000."""
        database = standing_database(system, os.environ)
        _migrate(system, database)
        environment = {**os.environ, "DATABASE_URL": database.url}
        command = [sys.executable, "-m", "surgeline", "seed", "apply", str(system.seeds), *options]
        os.execve(sys.executable, command, environment)  # noqa: S606 - its progress, result and exit code are ours

    @group.command("serve")
    @click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Tasks that work off the queue.")
    def serve_command(workers: int | None) -> None:
        """Migrate, then serve on HOST (127.0.0.1) and PORT (3000) until Ctrl-C, with DB_MAX_CONNECTIONS (10)."""
        environment = {**os.environ, **system.workers_setting(workers), **_backed(system).urls}
        settings = settings_of(system.package, environment)
        os.environ.update(environment)  # the server's worker process reads it again
        expect_free(settings.host, settings.port)  # before we say that we listen there
        click.echo(f"listening on http://{settings.host}:{settings.port}", err=True)
        serve(system.package, settings)

    return group


def main(system: System, *more: click.Command) -> None:
    """Run a command, which may be one of `more`; what a person can put right is told in a line, without a traceback."""
    group = commands(system)
    for command in more:
        group.add_command(command)
    try:
        group(prog_name=f"python -m {system.package}", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        _fail(f"{error.format_message()} {_expected(group, error)}")
    except SurgelineError as error:
        _fail(str(error))
    except click.Abort:
        sys.exit(ExitCode.STOPPED_BY_SIGNAL)


def _expected(group: click.Group, error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or context.command is group:
        return f"One of {', '.join(group.commands)} is expected, with options as --help says."
    return f"`{context.command_path} --help` says what is expected."


def _fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(ExitCode.WRONG_INPUT)


def _backed(system: System) -> Backing:
    """What a service stands on, with its tables."""
    servers = standing_backing(system, os.environ)
    _migrate(system, servers.database)
    for server in filter(None, (servers.redis, servers.rabbitmq)):
        click.echo(server.origin, err=True)
    if system.wants_rabbitmq and servers.rabbitmq is None:
        click.echo(QUEUED_IN_SERVICE, err=True)
    return servers


def _migrate(system: System, database: Server) -> None:
    click.echo(database.origin, err=True)
    for name in asyncio.run(migrate(database.url, system.package)):
        click.echo(f"migrated: {name}", err=True)
