"""The HTTP face of the service: reads questions, writes answers, and keeps the log between them.

It must not know when a coupon is valid.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.database import connect_pool
from surgeline_systems.application.errors import error_handlers
from surgeline_systems.application.exchange import answer, read_json
from surgeline_systems.application.operations import Operation, routes
from surgeline_systems.application.process import memory_bytes
from surgeline_systems.application.server import DRAIN_SECONDS, HEALTH_PATH
from surgeline_systems.coupons.rules import Reason
from surgeline_systems.coupons.service import validate
from surgeline_systems.coupons.settings import Settings
from surgeline_systems.coupons.validation_log import LogClosedError, LogRecord, ValidationLog, writer_to

logger = logging.getLogger(__name__)

MOST_BODY_BYTES = 4_096

# PostgreSQL has no text with NUL in it.
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class Question(msgspec.Struct, rename="camel"):
    """What is asked."""

    code: Key
    user_id: Key


class Answer(msgspec.Struct):
    """What is answered; `reason` is null when the coupon is valid."""

    valid: bool
    reason: Reason | None


class Health(msgspec.Struct, rename="camel"):
    """How the service is; the size counts the answers whose log is not yet in the database."""

    status: str
    validation_log_queue_size: int
    memory_bytes: int


question_decoder = msgspec.json.Decoder(Question)


def create_app() -> Starlette:
    """The application, with settings from the environment. Raises: SettingsError."""
    settings = Settings.from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        pool = await connect_pool(settings.database_url, settings.max_connections, "surgeline coupons")
        log = ValidationLog(writer_to(pool))
        yield {"pool": pool, "log": log}
        lost = await log.close(DRAIN_SECONDS)
        if lost:
            logger.error("expected to write all validation logs before the end, found %d unwritten", lost)
            pool.terminate()
        else:
            await pool.close()

    return Starlette(
        routes=routes("coupons", OPERATIONS), exception_handlers=error_handlers(LogClosedError), lifespan=lifespan
    )


async def post_validate(request: Request) -> Response:
    """A question is answered 200, whatever the answer; a malformed one is 4xx."""
    question = await read_json(request, question_decoder, MOST_BODY_BYTES)
    reason = await validate(request.state.pool, question.code, question.user_id)
    # Before the answer goes out: what was answered is in the log.
    await request.state.log.add(
        LogRecord(uuid4(), question.code, question.user_id, reason is None, reason, datetime.now(UTC))
    )
    return answer(Answer(reason is None, reason))


async def get_health(request: Request) -> Response:
    """How the service is."""
    return answer(Health("healthy", len(request.state.log), memory_bytes()))


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/coupons/validate",
        handler=post_validate,
        summary="May this user use this coupon now?",
        body=Question,
        answers={200: Answer},
        errors=(400, 413, 422, 503),
    ),
    Operation(method="GET", path=HEALTH_PATH, handler=get_health, summary="How the service is", answers={200: Health}),
)
