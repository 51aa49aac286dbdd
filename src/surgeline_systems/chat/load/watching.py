"""What is looked at beside the load: the processes of the service, its writers, and the servers that they stand on.

It must not know the load.
"""

from collections.abc import Iterator

from surgeline_systems.application.database import is_mariadb
from surgeline_systems.chat.load.places import Places, queue_of
from surgeline_systems.watching import processes
from surgeline_systems.watching.machine import Machine
from surgeline_systems.watching.mariadb import MariaDB
from surgeline_systems.watching.postgres import Postgres
from surgeline_systems.watching.rabbitmq import RabbitMQ
from surgeline_systems.watching.redis import Redis
from surgeline_systems.watching.source import Source
from surgeline_systems.watching.watch import watch

WRITER = "surgeline_systems.chat.writer"


def watch_all(places: Places, *, duration: float, start_time: float) -> None:
    """Declare that all of it is watched for so many seconds, from `start_time` on."""
    watch(*_processes(places), *_servers(places), duration=duration, start_time=start_time)


def _processes(places: Places) -> Iterator[Source]:
    yield Machine()
    yield processes.service("service", places.service)
    if places.rabbitmq:
        yield processes.companions("writer", places.service, WRITER)
    name, port = ("MariaDB", 3306) if is_mariadb(places.database) else ("PostgreSQL", 5432)
    yield processes.server(name, places.database, port)
    if places.redis:
        yield processes.server("Redis", places.redis, 6379)
    if places.rabbitmq:
        yield processes.server("RabbitMQ", places.rabbitmq, 5672)


def _servers(places: Places) -> Iterator[Source]:
    yield MariaDB(places.database) if is_mariadb(places.database) else Postgres(places.database)
    if places.redis:
        yield Redis(places.redis)
    if places.rabbitmq:
        yield RabbitMQ(places.rabbitmq, queue_of(places.database))
