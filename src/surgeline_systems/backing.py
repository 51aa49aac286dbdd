"""The servers that a system stands on: found or started in order, and cleaned of what its service has left there.

It must not know the service, nor the load generator.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from surgeline.seeding.steps import Steps
from surgeline_systems.application.database import key_prefix
from surgeline_systems.servers import rabbitmq, redis
from surgeline_systems.servers.databases import DatabaseKind, wanted_kinds
from surgeline_systems.servers.launch import NoServerError, ServerError
from surgeline_systems.servers.ways import Server
from surgeline_systems.system import System

RABBITMQ = "RABBITMQ_URL"
QUEUED_IN_SERVICE = "RabbitMQ: none; messages are queued in the service"
Environment = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Backing:
    """The servers of a system, its own database among them; None for a server that it does without."""

    database: Server
    redis: Server | None
    rabbitmq: Server | None

    @property
    def urls(self) -> dict[str, str]:
        """What the service is told, and the scripts that load it."""
        urls = {"DATABASE_URL": self.database.url}
        if self.redis:
            urls["REDIS_URL"] = self.redis.url
        return {**urls, RABBITMQ: self.rabbitmq.url if self.rabbitmq else ""}

    def forget(self, system: System, settings: Environment) -> None:
        """Delete what a service that has ended, and had these settings, has kept of the data. Raises: ServerError."""
        prefix = asyncio.run(key_prefix(self.database.url, system.name))
        if self.redis:
            redis.forget(self.redis.url, prefix)
        if self.rabbitmq:
            for queue in system.queues(prefix):
                rabbitmq.delete_queue(self.rabbitmq.url, queue)
        if system.forget:
            system.forget(prefix, {**os.environ, **settings, **self.urls})


@contextmanager
def backing(system: System, settings: Environment, steps: Steps) -> Iterator[Backing]:
    """Find or start the servers, for as long as the block runs. `settings` go over the environment.

    Raises: ServerError.
    """
    environment = {**os.environ, **settings}
    with ExitStack() as stack:
        database = _database(system, environment, steps, stack)
        cache = None
        if system.needs_redis:
            with steps.step("Redis"):
                cache = stack.enter_context(redis.redis_server(environment))
        broker = _broker(settings, environment, steps, stack) if system.wants_rabbitmq else None
        yield Backing(database=database, redis=cache, rabbitmq=broker)


def standing_backing(system: System, environment: Environment) -> Backing:
    """The servers that are there without our doing. Raises: ServerError when one is missing that is needed."""
    database = standing_database(system, environment)
    cache = redis.standing_server(environment) if system.needs_redis else None
    if system.needs_redis and cache is None:
        raise ServerError(f"expected a Redis server that stays, found none. {redis.WHAT_TO_DO}")
    broker = rabbitmq.standing_server(environment) if system.wants_rabbitmq else None
    return Backing(database=database, redis=cache, rabbitmq=broker)


def standing_database(system: System, environment: Environment) -> Server:
    """Its database, made if it is missing, on a server that is there without our doing. Raises: ServerError."""
    kinds = wanted_kinds(system.databases, environment)
    found = filter(None, (kind.standing(system.database, environment) for kind in kinds))
    database = next(found, None)
    if database is None:
        names, ways = " or ".join(kind.name for kind in kinds), " ".join(kind.what_to_do for kind in kinds)
        raise ServerError(f"expected a {names} server that stays, found none. {ways}")
    return database


def _database(system: System, environment: Environment, steps: Steps, stack: ExitStack) -> Server:
    """On the first kind of server that can be had; which ones cannot is said."""
    kind, *others = wanted_kinds(system.databases, environment)
    while others:
        try:
            return _opened(kind, system, environment, steps, stack)
        except NoServerError:
            missing, (kind, *others) = kind, others
            steps.remark(f"{missing.name}: none found or started; {kind.name} instead")
    return _opened(kind, system, environment, steps, stack)


def _opened(kind: DatabaseKind, system: System, environment: Environment, steps: Steps, stack: ExitStack) -> Server:
    with steps.step(kind.name):
        return stack.enter_context(kind.opened(system.database, environment))


def _broker(settings: Environment, environment: Environment, steps: Steps, stack: ExitStack) -> Server | None:
    """None where there is none, and where an empty URL says that none is wanted."""
    try:
        if settings.get(RABBITMQ) != "":
            with steps.step("RabbitMQ"):
                return stack.enter_context(rabbitmq.rabbitmq_server(environment))
    except NoServerError:
        pass
    steps.remark(QUEUED_IN_SERVICE)
    return None
