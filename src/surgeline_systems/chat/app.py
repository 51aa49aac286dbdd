"""The service put together: its stores, its queue, what is kept ready, and the endpoints in front of them."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from surgeline import SurgelineError
from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.errors import RETRY_AFTER_SECONDS, ErrorBody, error_answer, error_handlers
from surgeline_systems.application.operations import routes
from surgeline_systems.application.passwords import Passwords
from surgeline_systems.application.redis_pipeline import RedisAwayError, RedisPipeline
from surgeline_systems.application.server import DRAIN_SECONDS
from surgeline_systems.chat import account_endpoints, application_endpoints, message_endpoints
from surgeline_systems.chat.acceptance import Acceptance, NotAcceptedError, TooBusyError
from surgeline_systems.chat.access import SESSION
from surgeline_systems.chat.directory import Directory
from surgeline_systems.chat.fast_lane import FastLane
from surgeline_systems.chat.hot_lists import HotLists
from surgeline_systems.chat.hot_reads import HotReads
from surgeline_systems.chat.message_queue import QueueAwayError, open_queue
from surgeline_systems.chat.numbering import Numbering, UnknownChatsError
from surgeline_systems.chat.search import SearchError, open_index
from surgeline_systems.chat.sessions import Sessions
from surgeline_systems.chat.settings import NAME, Settings
from surgeline_systems.chat.store import StoreAwayError, StoreError, open_store
from surgeline_systems.chat.writer import writing
from surgeline_systems.servers.mariadb import MARIADB_ERRORS
from surgeline_systems.servers.postgres import POSTGRES_ERRORS

logger = logging.getLogger(__name__)

OPERATIONS = (*account_endpoints.OPERATIONS, *application_endpoints.OPERATIONS, *message_endpoints.OPERATIONS)


async def too_busy(_request: Request, error: Exception) -> Response:
    """The answer while too many messages wait."""
    return error_answer(503, ErrorBody("TOO_BUSY", str(error)), {"Retry-After": str(RETRY_AFTER_SECONDS)})


ERRORS = {
    **error_handlers(RedisAwayError, StoreAwayError, UnknownChatsError, NotAcceptedError, SearchError),
    TooBusyError: too_busy,
}


def create_app() -> Starlette:
    """The application, with settings from the environment. Raises: SettingsError; its lifespan SurgelineError."""
    settings = Settings.from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            try:
                state = await _state(settings, stack)
            except (StoreError, QueueAwayError, *MARIADB_ERRORS, *POSTGRES_ERRORS) as error:
                raise SurgelineError(f"expected the database and the queue of {NAME}, found: {error}") from error
            yield state

    return Starlette(routes=routes(NAME, OPERATIONS, SESSION), exception_handlers=ERRORS, lifespan=lifespan)


async def _state(settings: Settings, stack: AsyncExitStack) -> dict[str, Any]:
    """What the endpoints work with, closed with the stack: first what accepts messages, then what carries them."""
    store = await open_store(settings.database_url, settings.max_connections, f"surgeline {NAME}")
    stack.push_async_callback(store.close)
    prefix = await key_prefix(settings.database_url, NAME)
    queue = await open_queue(settings.rabbitmq_url, f"{prefix}messages")
    stack.push_async_callback(queue.close)
    index = open_index(settings, prefix)
    stack.push_async_callback(index.close)
    redis = RedisPipeline(settings.redis_url)
    hot_lists = HotLists(redis, prefix)
    stack.push_async_callback(hot_lists.close)  # and the connection with them
    passwords = Passwords()
    stack.callback(passwords.close)
    if not settings.rabbitmq_url:
        await stack.enter_async_context(writing(settings, store, queue))
    acceptance = Acceptance(Numbering(redis, prefix, store.last_number), queue)
    stack.push_async_callback(_finish, acceptance)
    sessions = Sessions(redis, prefix, settings.session_secret, settings.session_seconds)
    directory, reads = Directory(store), HotReads(redis, prefix, store)
    return {
        "settings": settings,
        "store": store,
        "queue": queue,
        "index": index,
        "passwords": passwords,
        "sessions": sessions,
        "directory": directory,
        "acceptance": acceptance,
        "hot_reads": reads,
        "hot_lists": hot_lists,
        "direct": FastLane(sessions, directory, reads, acceptance),
    }


async def _finish(acceptance: Acceptance) -> None:
    late = await acceptance.close(DRAIN_SECONDS)
    if late:
        logger.warning("%d batches are numbered and not yet in the queue; the next service brings them there", late)
