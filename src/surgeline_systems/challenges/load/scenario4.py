"""Requests and events at once, as in scenario3, and what the database says of itself meanwhile, every second.

    DATABASE_URL=postgresql://user@host:5432/surgeline_demo_challenges surgeline run scenario4.py

Without DATABASE_URL it is looked for on the PostgreSQL that runs on this machine. At the end the statements that took
most of the time are told, where the server counts them (the extension pg_stat_statements).
"""

import sys
from urllib.parse import urlsplit

import asyncpg

from surgeline import VU, Counter, Gauge, SurgelineError, constant_vus, env, scenario, teardown, vu_start, vu_stop
from surgeline_systems.challenges.load import scenario3
from surgeline_systems.challenges.load.watching import State, busiest_statements, done_between, state_of
from surgeline_systems.challenges.system import SYSTEM
from surgeline_systems.servers.postgres import standing_server

LOOK_SECONDS = 1

connections = Gauge("database_connections", unit="connections")
active = Gauge("database_active", unit="connections")
waiting = Gauge("database_waiting_for_locks", unit="connections")
size = Gauge("database_size_mb", unit="MB")
transactions = Counter("database_transactions")
rows_written = Counter("database_rows_written", unit="rows")
cache_hits = Gauge("database_cache_hit_rate")


class Watcher(VU):
    """A virtual user that looks at the database."""

    database: asyncpg.Connection
    last: State


def database_url() -> str:
    """Where the database is. Raises: SurgelineError."""
    given = env("DATABASE_URL", "")
    if given:
        return given
    server = standing_server()
    if server is None:
        raise SurgelineError("DATABASE_URL: expected where the service's database is, found nothing")
    return urlsplit(server.url)._replace(path=f"/{SYSTEM.database}").geturl()


DATABASE_URL = database_url()


@vu_start(scenario="watch")
async def begin_to_watch(vu: Watcher) -> None:
    """A connection of its own, for as long as the load goes on."""
    vu.database = await asyncpg.connect(DATABASE_URL)
    vu.last = await state_of(vu.database)


@vu_stop(scenario="watch")
async def end_watching(vu: Watcher) -> None:
    """Let it go."""
    await vu.database.close()


@scenario(constant_vus(vus=1, duration=scenario3.DURATION))
async def watch(vu: Watcher) -> None:
    """Look once, and record it."""
    await vu.sleep(LOOK_SECONDS)
    before, now = vu.last, await state_of(vu.database)
    vu.last, done = now, done_between(before, now)
    connections.add(now.connections)
    active.add(now.active)
    waiting.add(now.waiting)
    size.add(now.bytes / 1_000_000)
    transactions.add(done.transactions)
    rows_written.add(done.rows_written)
    if done.hit_rate is not None:
        cache_hits.add(done.hit_rate)


@teardown
async def tell_statements() -> None:
    """Say which statements took the database's time."""
    database = await asyncpg.connect(DATABASE_URL)
    try:
        print("statements of the database:", *await busiest_statements(database), sep="\n  ", file=sys.stderr)  # noqa: T201
    finally:
        await database.close()
