"""Signing up, in and out, and who one is: over HTTP."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.errors import ApiError
from surgeline_systems.application.exchange import answer, read_json
from surgeline_systems.application.operations import Operation
from surgeline_systems.chat.access import COOKIE, signed_in
from surgeline_systems.chat.bodies import NewUser, SignIn
from surgeline_systems.chat.store import EmailTakenError, User

USERS, SESSIONS = "/api/v1/users", "/api/v1/sessions"

user_decoder = msgspec.json.Decoder(NewUser)
sign_in_decoder = msgspec.json.Decoder(SignIn)


async def post_user(request: Request) -> Response:
    """A new user."""
    given = await read_json(request, user_decoder)
    email = given.email.lower()
    password_hash = await request.state.passwords.hash(given.password)
    try:
        user = await request.state.store.add_user(given.name, email, password_hash)
    except EmailTakenError as error:
        raise ApiError(409, "EMAIL_TAKEN", f"another user has the address {email}") from error
    return answer(user, 201)


async def post_session(request: Request) -> Response:
    """A session for who knows the password. It is not told which of the two was wrong."""
    given = await read_json(request, sign_in_decoder)
    user, password_hash = await request.state.store.user_by_email(given.email.lower()) or (None, None)
    if not await request.state.passwords.check(given.password, password_hash) or user is None:
        raise ApiError(401, "WRONG_CREDENTIALS", "expected an e-mail address and its password, found something else")
    response = answer(user)
    response.set_cookie(COOKIE, await request.state.sessions.begin(user), httponly=True, samesite="lax")
    return response


async def get_session(request: Request) -> Response:
    """Who the caller is."""
    return answer(await signed_in(request))


async def delete_session(request: Request) -> Response:
    """The session ends."""
    await signed_in(request)
    await request.state.sessions.end(request.cookies[COOKIE])
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


OPERATIONS = (
    Operation(
        method="POST",
        path=USERS,
        handler=post_user,
        summary="Sign up",
        body=NewUser,
        answers={201: User},
        errors=(400, 409, 413, 422, 503),
    ),
    Operation(
        method="POST",
        path=SESSIONS,
        handler=post_session,
        summary="Sign in: the answer sets the cookie of a session",
        body=SignIn,
        answers={200: User},
        errors=(400, 401, 413, 422, 503),
    ),
    Operation(
        method="GET",
        path=SESSIONS,
        handler=get_session,
        summary="Who am I?",
        answers={200: User},
        errors=(401, 503),
        secured=True,
    ),
    Operation(
        method="DELETE",
        path=SESSIONS,
        handler=delete_session,
        summary="Sign out",
        answers={204: None},
        errors=(401, 503),
        secured=True,
    ),
)
