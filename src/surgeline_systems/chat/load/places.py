"""Where the service is, and what it stands on: as it is given, else what `serve` would find on this machine.

It must not know what is asked of them.
"""

import asyncio
import os
from dataclasses import dataclass

from surgeline import SurgelineError, env
from surgeline_systems.application.database import key_prefix
from surgeline_systems.backing import standing_database
from surgeline_systems.chat.system import SYSTEM
from surgeline_systems.servers import rabbitmq, redis
from surgeline_systems.servers.mariadb import MARIADB_ERRORS
from surgeline_systems.servers.postgres import POSTGRES_ERRORS
from surgeline_systems.servers.ways import Server

UNTOLD = "the one that runs here"
DATABASE_ERRORS = (*MARIADB_ERRORS, *POSTGRES_ERRORS)


@dataclass(frozen=True, slots=True)
class Places:
    """Where all of it is; empty for a server that the service does without."""

    service: str
    database: str
    redis: str
    rabbitmq: str


def places() -> Places:
    """Where all of it is. Raises: SurgelineError."""
    return Places(
        service=env("BASE_URL", "http://127.0.0.1:3000"),
        database=env("DATABASE_URL", "") or standing_database(SYSTEM, os.environ).url,
        redis=env("REDIS_URL", "") or _url(redis.standing_server()),
        rabbitmq=_rabbitmq(),
    )


def queue_of(database_url: str) -> str:
    """The broker's queue of the messages that go to this database. Raises: SurgelineError."""
    try:
        return SYSTEM.queues(asyncio.run(key_prefix(database_url, SYSTEM.name)))[0]
    except DATABASE_ERRORS as error:
        raise SurgelineError(f"DATABASE_URL: expected the database of a service that is up, found: {error}") from error


def _rabbitmq() -> str:
    """Empty where an empty URL says that the service has its queue in itself."""
    told = env("RABBITMQ_URL", UNTOLD)
    return _url(rabbitmq.standing_server()) if told == UNTOLD else told


def _url(server: Server | None) -> str:
    return server.url if server else ""
