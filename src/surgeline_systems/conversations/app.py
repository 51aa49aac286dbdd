"""The service put together: its connections, its cache, its limits, its queue, and the endpoints in front of them."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from starlette.applications import Starlette

from surgeline_systems.application.database import connect_pools, key_prefix
from surgeline_systems.application.errors import error_handlers
from surgeline_systems.application.operations import routes
from surgeline_systems.application.passwords import Passwords
from surgeline_systems.application.redis_link import RedisLink
from surgeline_systems.application.server import DRAIN_SECONDS
from surgeline_systems.conversations import account_endpoints, church_endpoints, conversation_endpoints
from surgeline_systems.conversations.access import caller_gone
from surgeline_systems.conversations.cache import Cache
from surgeline_systems.conversations.rate_limit import RateLimit
from surgeline_systems.conversations.sending import send_queue
from surgeline_systems.conversations.settings import Settings
from surgeline_systems.conversations.tokens import CallerGoneError, Tokens

logger = logging.getLogger(__name__)

NAME = "conversations"
OPERATIONS = (*account_endpoints.OPERATIONS, *conversation_endpoints.OPERATIONS, *church_endpoints.OPERATIONS)


def create_app() -> Starlette:
    """The application, with settings from the environment. Raises: SettingsError."""
    settings = Settings.from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        pool, own = await connect_pools(settings.database_url, settings.max_connections, f"surgeline {NAME}")
        state = await _state(settings, pool, own)
        yield state
        late = await state["queue"].close(DRAIN_SECONDS)
        if late:
            logger.warning("%d messages were claimed and not sent in time; the next service sends them", late)
        state["passwords"].close()
        await state["redis_link"].close()
        if late:
            own.terminate()
        await own.close()
        await pool.close()

    return Starlette(
        routes=routes(NAME, OPERATIONS),
        exception_handlers={**error_handlers(), CallerGoneError: caller_gone},
        lifespan=lifespan,
    )


async def _state(settings: Settings, pool: asyncpg.Pool, own: asyncpg.Pool) -> dict[str, Any]:
    """What the endpoints work with. `own` is for what clients must not keep waiting: the queue, and the health."""
    prefix = await key_prefix(settings.database_url, NAME)
    link = RedisLink(settings.redis_url, without="no cache and no rate limits")
    cache = Cache(link, f"{prefix}cache", settings.cache_seconds)
    seconds = settings.limit_seconds
    return {
        "pool": pool,
        "own_pool": own,
        "redis_link": link,
        "cache": cache,
        "send_limit": RateLimit(link, f"{prefix}send", settings.send_limit, seconds),
        "login_limit": RateLimit(link, f"{prefix}login", settings.login_limit, seconds),
        "tokens": Tokens(settings.jwt_secret, settings.jwt_seconds),
        "passwords": Passwords(),
        "queue": send_queue(own, cache, settings.workers, settings.delivery_ms / 1_000),
    }
