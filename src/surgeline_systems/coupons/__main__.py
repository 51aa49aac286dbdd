"""The coupons system by hand: `python -m surgeline_systems.coupons seed`, then `serve`.

Both need a PostgreSQL that stays, given by a URL or running on this machine; a demo starts one of its own.
"""

import asyncio
import os
import sys

import click

from surgeline import SurgelineError
from surgeline_systems.coupons import DATABASE
from surgeline_systems.coupons.catalogue import DEFAULT_COUPONS, DEFAULT_SEED, DEFAULT_USERS, Catalogue
from surgeline_systems.coupons.progress import Steps
from surgeline_systems.coupons.schema import make_schema
from surgeline_systems.coupons.seed import fill
from surgeline_systems.coupons.server import serve
from surgeline_systems.coupons.settings import Settings, SettingsError
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.postgres import WHAT_TO_DO, Postgres, standing_server, with_database

# As for any script or option that is wrong: nothing was sent.
EXIT_WRONG_INPUT = 104


@click.group()
def cli() -> None:
    """Coupon validation, the reference system, step by step."""


@cli.command("seed")
@click.option("--users", default=DEFAULT_USERS, show_default=True, help="How many users.")
@click.option("--coupons", default=DEFAULT_COUPONS, show_default=True, help="How many coupons, a multiple of 40.")
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="The number that all values follow from.")
def seed_command(users: int, coupons: int, seed: int) -> None:
    """Fill the database; what an earlier seeding made is replaced, nothing else."""
    catalogue, steps = Catalogue(seed, users, coupons), Steps()
    with steps.step("seeded"):
        asyncio.run(fill(_database(steps).url, catalogue, steps))


@cli.command("serve")
def serve_command() -> None:
    """Serve on HOST (127.0.0.1) and PORT (3000) until Ctrl-C, with DB_MAX_CONNECTIONS (10)."""
    steps = Steps()
    environment = {**os.environ, "DATABASE_URL": _database(steps).url}
    settings = Settings.from_environment(environment)
    os.environ.update(environment)  # the server's worker process reads it again
    steps.say(f"listening on http://{settings.host}:{settings.port}")
    serve(settings)


def _database(steps: Steps) -> Postgres:
    server = standing_server()
    if server is None:
        raise ServerError(f"expected a PostgreSQL server that stays, found none. {WHAT_TO_DO}")
    database = with_database(server, DATABASE)
    steps.say(database.origin)
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
