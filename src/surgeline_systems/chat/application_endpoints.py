"""Applications and their chats: over HTTP."""

import asyncio
from secrets import token_hex

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.exchange import answer, encoded, read_json, read_parameters
from surgeline_systems.application.operations import Operation
from surgeline_systems.chat.access import application_of, no_application, signed_in
from surgeline_systems.chat.bodies import ChatsPage, InApplication, Named, NewChat, ToldApplication, ToldChat
from surgeline_systems.chat.store import Application, Chat

APPLICATIONS = "/api/v1/applications"
APPLICATION = APPLICATIONS + "/{token}"
CHATS = APPLICATION + "/chats"

name_decoder = msgspec.json.Decoder(Named)
chat_decoder = msgspec.json.Decoder(NewChat)


async def post_application(request: Request) -> Response:
    """A new application of the caller's."""
    given = await read_json(request, name_decoder)
    owner = await signed_in(request)
    return answer(_told(await request.state.store.add_application(owner.id, given.name, token_hex(16))), 201)


async def get_applications(request: Request) -> Response:
    """The caller's applications."""
    owner = await signed_in(request)
    return answer([_told(one) for one in await request.state.store.applications_of(owner.id)])


async def get_application(request: Request) -> Response:
    """One application."""
    await signed_in(request)
    token = read_parameters(request, InApplication).token
    found = await request.state.store.application(token)
    if found is None:
        raise no_application(token)
    return answer(_told(found))


async def put_application(request: Request) -> Response:
    """Another name for an application."""
    given = await read_json(request, name_decoder)
    await signed_in(request)
    token = read_parameters(request, InApplication).token
    found = await request.state.store.rename_application(token, given.name)
    if found is None:
        raise no_application(token)
    return answer(_told(found))


async def post_chat(request: Request) -> Response:
    """The next chat of an application."""
    given = await read_json(request, chat_decoder)
    await signed_in(request)
    token = read_parameters(request, InApplication).token
    application_id = await application_of(request, token)
    chat = await request.state.store.add_chat(application_id, given.name)
    if chat is None:
        raise no_application(token)
    await request.state.hot_lists.added(application_id, chat)
    return answer(_told_chat(chat), 201)


async def get_chats(request: Request) -> Response:
    """The chats of an application, newest first: the newest ones from where they are kept ready."""
    await signed_in(request)
    page = read_parameters(request, ChatsPage)
    application_id = await application_of(request, page.token)
    if page.before is None:
        return encoded(await asyncio.shield(request.state.hot_reads.chats(application_id, page.limit)))
    return answer(
        [_told_chat(chat) for chat in await request.state.store.chats(application_id, page.limit, page.before)]
    )


def _told(application: Application) -> ToldApplication:
    return ToldApplication(application.token, application.name, application.chats_count)


def _told_chat(chat: Chat) -> ToldChat:
    return ToldChat(chat.number, chat.name, chat.messages_count)


OPERATIONS = (
    Operation(
        method="POST",
        path=APPLICATIONS,
        handler=post_application,
        summary="Make an application",
        body=Named,
        answers={201: ToldApplication},
        errors=(400, 401, 413, 422, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=APPLICATIONS,
        handler=get_applications,
        summary="One's applications",
        answers={200: list[ToldApplication]},
        errors=(401, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=APPLICATION,
        handler=get_application,
        summary="An application",
        parameters=InApplication,
        answers={200: ToldApplication},
        errors=(401, 404, 422, 503),
        secured=True,
    ),
    Operation(
        method="PUT",
        path=APPLICATION,
        handler=put_application,
        summary="Rename an application",
        body=Named,
        parameters=InApplication,
        answers={200: ToldApplication},
        errors=(400, 401, 404, 413, 422, 503),
        secured=True,
    ),
    Operation(
        method="POST",
        path=CHATS,
        handler=post_chat,
        summary="Begin a chat; it gets the next number",
        body=NewChat,
        parameters=InApplication,
        answers={201: ToldChat},
        errors=(400, 401, 404, 413, 422, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=CHATS,
        handler=get_chats,
        summary="The chats of an application, newest first",
        parameters=ChatsPage,
        answers={200: list[ToldChat]},
        errors=(401, 404, 422, 503),
        secured=True,
    ),
)
