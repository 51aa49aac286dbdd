"""The one shape of an error, `{"code": ..., "error": ...}`, and what becomes one. It must not know any system."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.servers.postgres import POSTGRES_ERRORS

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 1
Handler = Callable[[Request, Exception], Awaitable[Response]]


class ErrorBody(msgspec.Struct):
    """What every error answers: a code for programs, and what happened, for people or in fields of its own."""

    code: str
    error: Any


class ApiError(Exception):
    """An answer that is an error, raised wherever it turns out."""

    def __init__(self, status: int, code: str, error: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {error}")
        self.status = status
        self.body = ErrorBody(code, error)
        self.headers = dict(headers or {})


def error_handlers(*unavailable: type[Exception]) -> Mapping[Any, Handler]:
    """How errors are answered; those of the database, and `unavailable` ones, are 503: asking again may help."""
    return {
        ApiError: _told,
        HTTPException: _told_by_the_framework,
        **dict.fromkeys((*POSTGRES_ERRORS, *unavailable), _unavailable),
    }


def error_answer(status: int, body: ErrorBody, headers: Mapping[str, str]) -> Response:
    """The answer of an error."""
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_answer(error.status, error.body, error.headers)


async def _told_by_the_framework(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).name
    return error_answer(error.status_code, ErrorBody(code, error.detail), error.headers or {})


async def _unavailable(_request: Request, error: Exception) -> Response:
    logger.warning("a request could not be served: %s", error)
    body = ErrorBody("UNAVAILABLE", "not available now, try again")
    return error_answer(503, body, {"Retry-After": str(RETRY_AFTER_SECONDS)})
