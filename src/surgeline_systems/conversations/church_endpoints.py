"""A church as a whole, its figures and its clean-up, and the service as a whole, its health: over HTTP."""

import asyncio
from typing import Any

import asyncpg
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.errors import ApiError
from surgeline_systems.application.exchange import answer, encoded
from surgeline_systems.application.operations import Operation
from surgeline_systems.application.process import memory_bytes
from surgeline_systems.application.server import HEALTH_PATH
from surgeline_systems.conversations.access import caller_of
from surgeline_systems.conversations.analytics import summarise
from surgeline_systems.conversations.bodies import CleanedUp, Health, Summary
from surgeline_systems.conversations.cleanup import StillWritingError, clean_up
from surgeline_systems.servers.postgres import POSTGRES_ERRORS

# A database that does not answer within this time is away: whoever asks for the health wants to know it now.
HEALTH_SECONDS = 1.0
QUEUED_AND_CONNECTIONS = """
    SELECT (SELECT count(*) FROM messages WHERE status = 'queued'),
           (SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = current_setting('application_name'))
"""


async def get_summary(request: Request) -> Response:
    """The figures of the caller's church."""
    caller = caller_of(request)

    async def make() -> bytes:
        return msgspec.json.encode(await summarise(request.state.pool, caller))

    return encoded(await request.state.cache.read(caller.church_id, "summary", make))


async def delete_test_data(request: Request) -> Response:
    """What tests wrote in the caller's church goes."""
    caller = caller_of(request)
    if caller.role != "admin":
        raise ApiError(403, "FORBIDDEN", f"expected an admin, found a {caller.role}")
    try:
        deleted = await clean_up(request.state.pool, caller)
    except StillWritingError as error:
        raise ApiError(409, "STILL_WRITING", "messages came meanwhile; end the load, then try again") from error
    await request.state.cache.forget([caller.church_id])
    return answer(CleanedUp(deleted))


async def get_health(request: Request) -> Response:
    """How the service is: 200 as long as it answers, with the cache or without."""
    state = request.state
    figures, redis_is_up = await asyncio.gather(_figures(state.own_pool), state.redis_link.is_up())
    queued, connections = figures or (None, None)
    health = Health(
        status="unavailable" if figures is None else "healthy" if redis_is_up else "degraded",
        database="down" if figures is None else "up",
        redis="up" if redis_is_up else "down",
        memory_bytes=memory_bytes(),
        database_connections=connections,
        cache_hits=state.cache.hits,
        cache_misses=state.cache.misses,
        queued=queued,
        workers=state.queue.workers,
    )
    return answer(health, 503 if figures is None else 200)


async def _figures(pool: asyncpg.Pool) -> Any:
    """How many messages wait, and how many connections the database counts; None while it is away."""
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            return await pool.fetchrow(QUEUED_AND_CONNECTIONS)
    except POSTGRES_ERRORS:
        return None


OPERATIONS = (
    Operation(
        method="GET",
        path="/analytics/summary",
        handler=get_summary,
        summary="One's church in figures",
        answers={200: Summary},
        errors=(401, 503),
        secured=True,
    ),
    Operation(
        method="DELETE",
        path="/admin/cleanup-test-data",
        handler=delete_test_data,
        summary="Delete what tests wrote in one's church",
        answers={200: CleanedUp},
        errors=(401, 403, 409, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=HEALTH_PATH,
        handler=get_health,
        summary="How the service is",
        answers={200: Health, 503: Health},
    ),
)
