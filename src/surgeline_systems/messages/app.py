"""The HTTP face of the service: takes messages in, tells what became of them, and keeps the workers.

It must not know the tables, nor how a message is delivered.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.database import connect_pools
from surgeline_systems.application.errors import ApiError, error_handlers
from surgeline_systems.application.exchange import answer, read_json, read_parameters
from surgeline_systems.application.operations import Operation, routes
from surgeline_systems.application.process import memory_bytes
from surgeline_systems.application.server import DRAIN_SECONDS, HEALTH_PATH
from surgeline_systems.application.work_queue import WorkQueue
from surgeline_systems.messages.claims import Claims
from surgeline_systems.messages.delivery import delivery_in
from surgeline_systems.messages.message_log import KeyReusedError, MessageLog, Status
from surgeline_systems.messages.settings import Settings

logger = logging.getLogger(__name__)

# PostgreSQL has no text with NUL in it. The longest of both, with every character escaped, fit into a body.
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, msgspec.Meta(max_length=5_000, pattern=r"^[^\x00]*$")]
MessageType = Literal["BIRTHDAY", "ANNIVERSARY"]


class NewMessage(msgspec.Struct, rename="camel"):
    """A message to a user. The key makes it one message, however often it is sent."""

    user_id: UUID
    message_type: MessageType
    idempotency_key: Key
    message: Text | None = None


class Receipt(msgspec.Struct):
    """The message is in the queue, or was: then it is a duplicate."""

    id: UUID
    status: Status
    duplicate: bool


class MessageId(msgspec.Struct):
    """Which message."""

    id: UUID


class Told(msgspec.Struct, rename="camel"):
    """What became of a message."""

    id: UUID
    user_id: UUID
    message_type: MessageType
    idempotency_key: str
    status: Status
    attempts: int
    created_at: datetime
    sent_at: datetime | None


class Stats(msgspec.Struct):
    """How many messages there are by status, and how many workers deliver at the same time."""

    workers: int
    pending: int = 0
    processing: int = 0
    sent: int = 0
    failed: int = 0


class Health(msgspec.Struct, rename="camel"):
    """How the service is."""

    status: str
    pending: int
    processing: int
    workers: int
    database_connections: int
    memory_bytes: int


message_decoder = msgspec.json.Decoder(NewMessage)


def create_app() -> Starlette:
    """The application, with settings from the environment. Raises: SettingsError."""
    settings = Settings.from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        pool, own = await connect_pools(settings.database_url, settings.max_connections, "surgeline messages")
        claims = Claims(own)
        deliver = delivery_in(settings.delivery_ms / 1000)
        queue = WorkQueue(claim=claims.claim, work=deliver, finish=claims.finish, workers=settings.workers)
        yield {"log": MessageLog(pool), "own_log": MessageLog(own), "queue": queue, "pools": (pool, own)}
        left = await queue.close(DRAIN_SECONDS)
        if left:
            logger.error("expected to finish all claimed messages before the end, found %d unfinished", left)
            own.terminate()
        await own.close()
        await pool.close()

    return Starlette(routes=routes("messages", OPERATIONS), exception_handlers=error_handlers(), lifespan=lifespan)


async def post_message(request: Request) -> Response:
    """A message is answered 202 as soon as it is in the table."""
    new = await read_json(request, message_decoder)
    try:
        accepted = await request.state.log.accept(new.user_id, new.message_type, new.idempotency_key, new.message)
    except KeyReusedError as error:
        raise ApiError(409, "IDEMPOTENCY_KEY_REUSED", "expected a new idempotencyKey for another message") from error
    except asyncpg.ForeignKeyViolationError as error:
        raise ApiError(409, "DATABASE_ERROR", _as_the_database_says(error)) from error
    if not accepted.duplicate:
        request.state.queue.wake()
    return answer(Receipt(accepted.id, accepted.status, accepted.duplicate), 202)


async def get_stats(request: Request) -> Response:
    """How many messages there are, by status."""
    return answer(Stats(request.state.queue.workers, **await request.state.log.counts()))


async def get_message(request: Request) -> Response:
    """What became of a message."""
    wanted = read_parameters(request, MessageId)
    row = await request.state.log.find(wanted.id)
    if row is None:
        raise ApiError(404, "NOT_FOUND", f"no message has the id {wanted.id}")
    return answer(Told(**row))


async def get_health(request: Request) -> Response:
    """How the service is; without its database it is not well, and answers 503. It waits behind no client."""
    counts = await request.state.own_log.counts()
    health = Health(
        status="healthy",
        pending=counts.get("pending", 0),
        processing=counts.get("processing", 0),
        workers=request.state.queue.workers,
        database_connections=sum(pool.get_size() for pool in request.state.pools),
        memory_bytes=memory_bytes(),
    )
    return answer(health)


def _as_the_database_says(error: asyncpg.PostgresError) -> dict[str, Any]:
    return {
        "name": "PostgresError",
        "code": error.sqlstate,
        "detail": error.detail,
        "constraint_name": error.constraint_name,
    }


OPERATIONS = (
    Operation(
        method="POST",
        path="/internal/process-message",
        handler=post_message,
        summary="Send a message to a user, once for each idempotency key",
        body=NewMessage,
        answers={202: Receipt},
        errors=(400, 409, 413, 422, 503),
    ),
    Operation(
        method="GET",
        path="/internal/messages/stats",
        handler=get_stats,
        summary="How many messages wait, and how many were sent",
        answers={200: Stats},
        errors=(503,),
    ),
    Operation(
        method="GET",
        path="/internal/messages/{id}",
        handler=get_message,
        summary="What became of a message",
        parameters=MessageId,
        answers={200: Told},
        errors=(404, 422, 503),
    ),
    Operation(
        method="GET",
        path=HEALTH_PATH,
        handler=get_health,
        summary="How the service is",
        answers={200: Health},
        errors=(503,),
    ),
)
