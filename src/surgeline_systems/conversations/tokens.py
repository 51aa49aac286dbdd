"""Signs and verifies the tokens that users show: JSON Web Tokens with HS256. It must not know HTTP, nor any table."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

ALGORITHM = "HS256"
CLAIMS = ["sub", "church", "role", "exp"]
# A client shows the same token with each request; verifying it once is enough, as long as it lasts.
MOST_REMEMBERED = 10_000


class TokenError(Exception):
    """A token is not one of ours, or no longer; the text says why."""


class CallerGoneError(Exception):
    """A token is good, but the user whose it is is no longer in the database."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, by the token."""

    user_id: UUID
    church_id: str
    role: str


class Tokens:
    """Issues tokens that last for `seconds`, and knows them again."""

    def __init__(self, secret: str, seconds: int) -> None:
        self._secret = secret
        self._seconds = seconds
        self._remembered: dict[str, tuple[Caller, float]] = {}

    def issue(self, caller: Caller) -> str:
        """A token for the caller."""
        claims = {"sub": str(caller.user_id), "church": caller.church_id, "role": caller.role}
        now = int(time.time())
        return jwt.encode({**claims, "iat": now, "exp": now + self._seconds}, self._secret, ALGORITHM)

    def verify(self, token: str) -> Caller:
        """Whose token it is. Raises: TokenError."""
        caller, until = self._remembered.get(token) or self._remember(token)
        if time.time() >= until:
            self._remembered.pop(token, None)
            raise TokenError("the token has expired")
        return caller

    def _remember(self, token: str) -> tuple[Caller, float]:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        verified = self._remembered[token] = _read(token, self._secret)
        return verified


def _read(token: str, secret: str) -> tuple[Caller, float]:
    try:
        claims: dict[str, Any] = jwt.decode(token, secret, [ALGORITHM], options={"require": CLAIMS})
        return Caller(UUID(claims["sub"]), str(claims["church"]), str(claims["role"])), float(claims["exp"])
    except (jwt.InvalidTokenError, ValueError, OverflowError) as error:
        raise TokenError(str(error)) from error
