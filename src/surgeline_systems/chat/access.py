"""Who is asking, by the session that a request shows, and which chat is meant. It must not know what is asked for."""

from starlette.requests import Request

from surgeline_systems.application.errors import ApiError
from surgeline_systems.chat.store import User

COOKIE = "chat_session"
SESSION = {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}}


async def signed_in(request: Request) -> User:
    """Who is asking. Raises: ApiError 401, RedisAwayError."""
    user: User | None = await request.state.sessions.user(request.cookies.get(COOKIE, ""))
    if user is None:
        raise ApiError(401, "NOT_SIGNED_IN", "expected the cookie of a session; POST /api/v1/sessions gives one")
    return user


async def application_of(request: Request, token: str) -> int:
    """The id of the application of a token. Raises: ApiError 404, StoreError."""
    application_id: int | None = await request.state.directory.application(token)
    if application_id is None:
        raise no_application(token)
    return application_id


async def chat_of(request: Request, token: str, number: int) -> int:
    """The id of a chat. Raises: ApiError 404, StoreError."""
    chat_id: int | None = await request.state.directory.chat(token, number)
    if chat_id is None:
        raise ApiError(404, "NOT_FOUND", f"no application has the token {token!r} and a chat {number}")
    return chat_id


def no_application(token: str) -> ApiError:
    """The answer where there is none."""
    return ApiError(404, "NOT_FOUND", f"no application has the token {token!r}")
