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
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from surgeline_systems.coupons.rules import Reason
from surgeline_systems.coupons.service import connect_pool, validate
from surgeline_systems.coupons.settings import Settings
from surgeline_systems.coupons.validation_log import LogClosedError, LogRecord, ValidationLog, writer_to
from surgeline_systems.servers.postgres import POSTGRES_ERRORS

logger = logging.getLogger(__name__)

MOST_BODY_BYTES = 4_096
DRAIN_SECONDS = 30.0

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


decode_question = msgspec.json.Decoder(Question).decode


def create_app() -> Starlette:
    """The application, with settings from the environment. Raises: SettingsError."""
    settings = Settings.from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        pool = await connect_pool(settings.database_url, settings.max_connections)
        log = ValidationLog(writer_to(pool))
        yield {"pool": pool, "log": log}
        lost = await log.close(DRAIN_SECONDS)
        if lost:
            logger.error("expected to write all validation logs before the end, found %d unwritten", lost)
            pool.terminate()
        else:
            await pool.close()

    return Starlette(
        routes=[
            Route("/api/coupons/validate", post_validate, methods=["POST"]),
            Route("/api/health", get_health, methods=["GET"]),
        ],
        exception_handlers={
            HTTPException: _told,
            **dict.fromkeys((*POSTGRES_ERRORS, LogClosedError), _unavailable),
        },
        lifespan=lifespan,
    )


async def post_validate(request: Request) -> Response:
    """`POST /api/coupons/validate`: a question is answered 200, whatever the answer; a malformed one is 4xx."""
    question = await _question(request)
    reason = await validate(request.state.pool, question.code, question.user_id)
    # Before the answer goes out: what was answered is in the log.
    await request.state.log.add(
        LogRecord(uuid4(), question.code, question.user_id, reason is None, reason, datetime.now(UTC))
    )
    return _json(Answer(reason is None, reason))


async def get_health(request: Request) -> Response:
    """`GET /api/health`."""
    return _json(Health("healthy", len(request.state.log)))


async def _question(request: Request) -> Question:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            raise HTTPException(413, f"expected at most {MOST_BODY_BYTES} bytes, found more")
    try:
        return decode_question(body)
    except msgspec.ValidationError as error:
        raise HTTPException(422, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(400, str(error)) from error


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json({"error": error.detail}, error.status_code)


async def _unavailable(_request: Request, error: Exception) -> Response:
    logger.warning("a request could not be served: %s", error)
    return _json({"error": "not available now, try again"}, 503)
