"""Who is asking, by the token of a request. It must not know what is asked for."""

import math
from typing import Any
from uuid import UUID

import jwt
from starlette.requests import Request

from surgeline_systems.application.errors import ApiError

ALGORITHM = "HS256"
SCHEME = "Bearer"
# A client shows the same token with each request; verifying it once is enough, as long as it lasts.
MOST_REMEMBERED = 20_000


class Tokens:
    """Knows users by their tokens.

    Without `verifying`, for tests with tokens of any maker, a token is believed whoever signed it, and whenever.
    """

    def __init__(self, secret: str, *, verifying: bool) -> None:
        self._secret = secret
        self._verifying = verifying
        self._remembered: dict[str, tuple[UUID, float]] = {}

    def user_of(self, token: str, now: float) -> UUID:
        """Whose token it is. Raises: ValueError, with the reason."""
        user, until = self._remembered.get(token) or self._remember(token)
        if now >= until:
            raise ValueError("the token has expired")
        return user

    def _remember(self, token: str) -> tuple[UUID, float]:
        try:
            claims = self._verified(token) if self._verifying else _believed(token)
        except jwt.InvalidTokenError as error:
            raise ValueError(str(error)) from error
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        until = float(claims["exp"]) if self._verifying else math.inf
        known = self._remembered[token] = _user(claims.get("sub")), until
        return known

    def _verified(self, token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token, self._secret, [ALGORITHM], options={"require": ["sub", "exp"], "verify_aud": False}
        )
        return claims


def _user(subject: object) -> UUID:
    try:
        return UUID(str(subject))
    except ValueError:
        raise ValueError(f"expected the token's `sub` to be a UUID, found {subject!r}") from None


def _believed(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def token_of(request: Request) -> str:
    """The token that a request shows. Raises: ApiError 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME.lower():
        raise unauthorised("expected `Authorization: Bearer <token>`")
    return token.strip()


def unauthorised(error: str) -> ApiError:
    """The answer to somebody whom we do not know."""
    return ApiError(401, "UNAUTHORIZED", error, {"WWW-Authenticate": SCHEME})
