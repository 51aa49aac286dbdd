"""Reads what a request says, and writes answers, both in JSON. It must not know what is asked."""

from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.errors import ApiError

MOST_BODY_BYTES = 65_536
Body = TypeVar("Body")


async def read_json(request: Request, decoder: msgspec.json.Decoder[Body], most_bytes: int = MOST_BODY_BYTES) -> Body:
    """The body as what the decoder makes of it. Raises: ApiError 413 (too long), 400 (no JSON), 422 (other fields)."""
    return decode(await read_body(request, most_bytes), decoder)


async def read_body(request: Request, most_bytes: int = MOST_BODY_BYTES) -> bytes:
    """The body. Raises: ApiError 413.

    Whoever may refuse a request by its headers reads this first: the server closes a connection on which a body was
    left unread, and the client finds that out with its next request.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise ApiError(413, "BODY_TOO_LARGE", f"expected at most {most_bytes:,} bytes, found more")
    return body


def decode(body: bytes, decoder: msgspec.json.Decoder[Body]) -> Body:
    """What the decoder makes of it. Raises: ApiError 400 (no JSON), 422 (other fields)."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ApiError(422, "INVALID_BODY", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "MALFORMED_JSON", str(error)) from error


def read_parameters(request: Request, kind: type[Body]) -> Body:
    """Path and query parameters as fields of a struct. Raises: ApiError 422."""
    given = {**request.query_params, **request.path_params}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(422, "INVALID_PARAMETER", str(error)) from error


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return encoded(msgspec.json.encode(body), status, headers)


def encoded(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer that is JSON already."""
    return Response(body, status, headers, media_type="application/json")
