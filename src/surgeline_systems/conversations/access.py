"""Who may go on: by the token that a request shows, and by how often. It must not know what is asked for."""

import math

from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.errors import ApiError, error_answer
from surgeline_systems.conversations.rate_limit import RateLimit
from surgeline_systems.conversations.tokens import Caller, TokenError, Tokens

SCHEME = "Bearer"


def caller_of(request: Request) -> Caller:
    """Who is asking. Raises: ApiError 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME.lower():
        raise unauthorised("expected `Authorization: Bearer <token>`; POST /auth/login gives one")
    tokens: Tokens = request.state.tokens
    try:
        return tokens.verify(token.strip())
    except TokenError as error:
        raise unauthorised(f"{error}; POST /auth/login gives a new one") from error


def unauthorised(error: str) -> ApiError:
    """The answer to somebody whom we do not know."""
    return ApiError(401, "UNAUTHORIZED", error, {"WWW-Authenticate": SCHEME})


async def caller_gone(_request: Request, _error: Exception) -> Response:
    """The answer to somebody whose token outlived the user."""
    gone = unauthorised("the user of this token is gone")
    return error_answer(gone.status, gone.body, gone.headers)


async def expect_within(limit: RateLimit, name: str) -> None:
    """Count once more. Raises: ApiError 429, with the seconds after which it is allowed again."""
    seconds = await limit.seconds_to_wait(name)
    if seconds:
        retry_after = {"Retry-After": str(math.ceil(seconds))}
        raise ApiError(429, "TOO_MANY_REQUESTS", f"too often, try again in {math.ceil(seconds)} s", retry_after)
