"""Registering, logging in, and who one is: over HTTP."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.errors import ApiError
from surgeline_systems.application.exchange import answer, read_json
from surgeline_systems.application.operations import Operation
from surgeline_systems.conversations import accounts
from surgeline_systems.conversations.access import caller_of, expect_within, unauthorised
from surgeline_systems.conversations.bodies import Login, Registration, Session, User

registration_decoder = msgspec.json.Decoder(Registration)
login_decoder = msgspec.json.Decoder(Login)


async def post_register(request: Request) -> Response:
    """A new user."""
    given = await read_json(request, registration_decoder)
    email = given.email.lower()
    password_hash = await request.state.passwords.hash(given.password)
    try:
        user = await accounts.register(request.state.pool, email, given.name, password_hash, given.church_id)
    except accounts.EmailTakenError as error:
        raise ApiError(409, "EMAIL_TAKEN", f"another user has the address {email}") from error
    except accounts.UnknownChurchError as error:
        raise ApiError(422, "UNKNOWN_CHURCH", f"expected an existing church, found {given.church_id!r}") from error
    await request.state.cache.forget([user.church_id])
    return _session(request, user, 201)


async def post_login(request: Request) -> Response:
    """A token for who knows the password. It is not told which of the two was wrong."""
    given = await read_json(request, login_decoder)
    email = given.email.lower()
    address = request.client.host if request.client else ""
    await expect_within(request.state.login_limit, f"{email}:{address}")
    user, password_hash = await accounts.with_email(request.state.pool, email) or (None, None)
    if not await request.state.passwords.check(given.password, password_hash) or user is None:
        raise unauthorised("expected an e-mail address and its password, found something else")
    return _session(request, user, 200)


async def get_me(request: Request) -> Response:
    """Who the caller is."""
    return answer(await accounts.of_caller(request.state.pool, caller_of(request)))


def _session(request: Request, user: User, status: int) -> Response:
    return answer(Session(request.state.tokens.issue(accounts.caller(user)), user), status)


OPERATIONS = (
    Operation(
        method="POST",
        path="/auth/register",
        handler=post_register,
        summary="Register, as a member of a church or as the founder of one",
        body=Registration,
        answers={201: Session},
        errors=(400, 409, 413, 422, 503),
    ),
    Operation(
        method="POST",
        path="/auth/login",
        handler=post_login,
        summary="Log in",
        body=Login,
        answers={200: Session},
        errors=(400, 401, 413, 422, 429, 503),
    ),
    Operation(
        method="GET",
        path="/auth/me",
        handler=get_me,
        summary="Who am I?",
        answers={200: User},
        errors=(401, 503),
        secured=True,
    ),
)
