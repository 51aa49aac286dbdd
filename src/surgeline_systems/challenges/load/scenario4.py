"""Requests and events at once, as in scenario3, and what that does to service, event handler and database.

    DATABASE_URL=postgresql://user@host:5432/surgeline_demo_challenges surgeline run scenario4.py

Without DATABASE_URL it is looked for on the PostgreSQL that runs on this machine. At the end there is one table of what
was seen every second, and the statements that took most of the time, where the server counts them (the extension
pg_stat_statements).
"""

from urllib.parse import urlsplit

from surgeline import SurgelineError, env
from surgeline_systems.challenges.load import scenario3
from surgeline_systems.challenges.load.event_buffer import EventBuffer
from surgeline_systems.challenges.load.events import event_target
from surgeline_systems.challenges.load.players import base_url
from surgeline_systems.challenges.system import SYSTEM
from surgeline_systems.servers import postgres
from surgeline_systems.watching.postgres import Postgres
from surgeline_systems.watching.processes import server, service
from surgeline_systems.watching.watch import watch


def database_url() -> str:
    """Where the database is. Raises: SurgelineError."""
    given = env("DATABASE_URL", "")
    if given:
        return given
    found = postgres.standing_server()
    if found is None:
        raise SurgelineError("DATABASE_URL: expected where the service's database is, found nothing")
    return urlsplit(found.url)._replace(path=f"/{SYSTEM.database}").geturl()


DATABASE_URL = database_url()
handler = urlsplit(f"http://{event_target()}")

watch(
    Postgres(DATABASE_URL),
    EventBuffer(handler.hostname or "127.0.0.1", env("EVENT_METRICS_PORT", 8081)),
    service("service", base_url()),
    service("event handler", handler.geturl()),
    server("PostgreSQL", DATABASE_URL, postgres.PORT),
    duration=scenario3.DURATION,
)
