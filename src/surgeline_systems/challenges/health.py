"""How the service is, and what it stands on. It must not know challenges.

Without the database nothing can be answered: 503. Without the event handler, or its journal, users still see and claim
what they have reached: 200, and the status says "degraded".
"""

import asyncio
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.exchange import answer
from surgeline_systems.application.operations import Operation
from surgeline_systems.application.process import memory_bytes
from surgeline_systems.application.redis_link import RedisLink
from surgeline_systems.application.server import HEALTH_PATH
from surgeline_systems.challenges.buffer_depth import buffer_depth
from surgeline_systems.challenges.settings import Settings, is_listening

Presence = Literal["up", "down", "none"]
"""None: the settings want none."""


class Healthy(msgspec.Struct):
    """Is all well, or only what users ask over HTTP?"""

    status: Literal["healthy", "degraded"]


class Health(msgspec.Struct, rename="camel"):
    """How the service is. `buffered_changes` are those that events made and the database has not confirmed."""

    status: Literal["healthy", "degraded"]
    event_handler: Presence
    redis: Presence
    database_connections: int
    buffered_changes: int | None
    memory_bytes: int


async def get_healthz(request: Request) -> Response:
    """Is the service well? Without its database it is not, and answers 503."""
    return answer(Healthy((await _health(request)).status))


async def get_health(request: Request) -> Response:
    """How the service is."""
    return answer(await _health(request))


async def _health(request: Request) -> Health:
    state = request.state
    _, (handler, buffered), redis = await asyncio.gather(
        state.pool.fetchval("SELECT 1"), asyncio.to_thread(_event_handler, state.settings), _redis(state.redis_link)
    )
    return Health(
        status="degraded" if "down" in (handler, redis) else "healthy",
        event_handler=handler,
        redis=redis,
        database_connections=state.pool.get_size(),
        buffered_changes=buffered,
        memory_bytes=memory_bytes(),
    )


async def _redis(link: RedisLink | None) -> Presence:
    if link is None:
        return "none"
    return "up" if await link.is_up() else "down"


def _event_handler(settings: Settings) -> tuple[Presence, int | None]:
    """Whether it is there, and how many changes are in its buffer; None where it does not say so."""
    if not settings.event_port:
        return "none", None
    if not is_listening(settings.host, settings.event_port):
        return "down", None
    port = settings.event_metrics_port
    return "up", buffer_depth(settings.host, port) if port else None


OPERATIONS = (
    Operation(
        method="GET",
        path="/challenge/healthz",
        handler=get_healthz,
        summary="Is the service well?",
        answers={200: Healthy},
        errors=(503,),
    ),
    Operation(
        method="GET",
        path=HEALTH_PATH,
        handler=get_health,
        summary="How the service is, and what it stands on",
        answers={200: Health},
        errors=(503,),
    ),
)
