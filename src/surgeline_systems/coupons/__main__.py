"""The coupons system by hand: `python -m surgeline_systems.coupons seed`, then `serve`.

Both need a PostgreSQL that stays, given by a URL or running on this machine; a demo starts one of its own.
"""

import asyncio
import os
import sys

import click

from surgeline import SurgelineError
from surgeline_systems.coupons import DATABASE, SEEDS
from surgeline_systems.coupons.schema import make_schema
from surgeline_systems.coupons.server import serve
from surgeline_systems.coupons.settings import Settings, SettingsError
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.postgres import WHAT_TO_DO, Postgres, standing_server, with_database

# As for any script or option that is wrong: nothing was sent.
EXIT_WRONG_INPUT = 104


@click.group()
def cli() -> None:
    """Coupon validation, the reference system, step by step."""


@cli.command("seed", context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OF APPLY]...")
def seed_command(options: tuple[str, ...]) -> None:
    """Make the tables, then call `surgeline seed apply`, with options such as -e USERS=20000."""
    environment = {**os.environ, "DATABASE_URL": _database().url}
    command = [sys.executable, "-m", "surgeline", "seed", "apply", str(SEEDS), *options]
    os.execve(sys.executable, command, environment)  # noqa: S606 - its progress, result and exit code are ours


@cli.command("serve")
def serve_command() -> None:
    """Serve on HOST (127.0.0.1) and PORT (3000) until Ctrl-C, with DB_MAX_CONNECTIONS (10)."""
    environment = {**os.environ, "DATABASE_URL": _database().url}
    settings = Settings.from_environment(environment)
    os.environ.update(environment)  # the server's worker process reads it again
    click.echo(f"listening on http://{settings.host}:{settings.port}", err=True)
    serve(settings)


def _database() -> Postgres:
    server = standing_server()
    if server is None:
        raise ServerError(f"expected a PostgreSQL server that stays, found none. {WHAT_TO_DO}")
    database = with_database(server, DATABASE)
    click.echo(database.origin, err=True)
    asyncio.run(make_schema(database.url))
    return database


def main() -> None:
    """Run the command; what a person can put right is told in a line, without a traceback."""
    try:
        cli(prog_name="python -m surgeline_systems.coupons")
    except (SurgelineError, SettingsError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_WRONG_INPUT)


if __name__ == "__main__":
    main()
