"""Writing and reading conversations: over HTTP."""

from typing import TypeVar

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.errors import ApiError
from surgeline_systems.application.exchange import answer, decode, encoded, read_body, read_parameters
from surgeline_systems.application.operations import Operation
from surgeline_systems.conversations import conversation_store as store
from surgeline_systems.conversations.access import caller_of, expect_within
from surgeline_systems.conversations.bodies import (
    Accepted,
    Conversation,
    Conversations,
    InPath,
    NewMessage,
    Page,
    Read,
    Reply,
)
from surgeline_systems.conversations.tokens import Caller

CONVERSATION = "/messages/conversations/{id}"
message_decoder = msgspec.json.Decoder(NewMessage)
reply_decoder = msgspec.json.Decoder(Reply)
Found = TypeVar("Found")


async def post_message(request: Request) -> Response:
    """A message that begins a conversation, or goes to the one it names."""
    caller, given = await _written(request, message_decoder)
    pool = request.state.pool
    accepted: Accepted | None
    if given.conversation_id is None:
        accepted = await store.begin(pool, caller, given.body, given.subject)
    else:
        accepted = await store.reply(pool, caller, given.conversation_id, given.body)
    return await _queued(request, caller, accepted, 202)


async def post_reply(request: Request) -> Response:
    """A message to the conversation of the path."""
    caller, given = await _written(request, reply_decoder)
    conversation_id = read_parameters(request, InPath).id
    accepted = await store.reply(request.state.pool, caller, conversation_id, given.body)
    return await _queued(request, caller, accepted, 201)


async def get_conversations(request: Request) -> Response:
    """A part of the list, as the caller sees it."""
    caller = caller_of(request)
    page = read_parameters(request, Page)

    async def make() -> bytes:
        return msgspec.json.encode(await store.list_page(request.state.pool, caller, page))

    key = f"list:{caller.user_id}:{page.limit}:{'' if page.before is UNSET else page.before}"
    return encoded(await request.state.cache.read(caller.church_id, key, make))


async def get_conversation(request: Request) -> Response:
    """One conversation: the same for everybody in the church."""
    caller = caller_of(request)
    conversation_id = read_parameters(request, InPath).id

    async def make() -> bytes:
        return msgspec.json.encode(_found(await store.get(request.state.pool, caller, conversation_id)))

    return encoded(await request.state.cache.read(caller.church_id, f"conversation:{conversation_id}", make))


async def post_read(request: Request) -> Response:
    """The caller has read it."""
    caller = caller_of(request)
    conversation_id = read_parameters(request, InPath).id
    read = _found(await store.mark_read(request.state.pool, caller, conversation_id))
    await request.state.cache.forget([caller.church_id])
    return answer(read)


async def _written(request: Request, decoder: msgspec.json.Decoder[Found]) -> tuple[Caller, Found]:
    """Who writes, as long as that is not too often, and what."""
    body = await read_body(request)
    caller = caller_of(request)
    await expect_within(request.state.send_limit, str(caller.user_id))
    return caller, decode(body, decoder)


async def _queued(request: Request, caller: Caller, accepted: Accepted | None, status: int) -> Response:
    """The message is in the database: those who send it are told, and those who read see it from now on."""
    found = _found(accepted)
    await request.state.cache.forget([caller.church_id])
    request.state.queue.wake()
    return answer(found, status)


def _found(found: Found | None) -> Found:
    if found is None:
        raise ApiError(404, "CONVERSATION_NOT_FOUND", "expected a conversation of your church, found none")
    return found


OPERATIONS = (
    Operation(
        method="POST",
        path="/messages/send",
        handler=post_message,
        summary="Send a message, in a new conversation or in one that is there",
        body=NewMessage,
        answers={202: Accepted},
        errors=(400, 401, 404, 413, 422, 429, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path="/messages/conversations",
        handler=get_conversations,
        summary="The conversations of one's church, newest first, in parts",
        parameters=Page,
        answers={200: Conversations},
        errors=(401, 422, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=CONVERSATION,
        handler=get_conversation,
        summary="A conversation with its last messages",
        parameters=InPath,
        answers={200: Conversation},
        errors=(401, 404, 422, 503),
        secured=True,
    ),
    Operation(
        method="POST",
        path=f"{CONVERSATION}/reply",
        handler=post_reply,
        summary="Reply",
        parameters=InPath,
        body=Reply,
        answers={201: Accepted},
        errors=(400, 401, 404, 413, 422, 429, 503),
        secured=True,
    ),
    Operation(
        method="POST",
        path=f"{CONVERSATION}/read",
        handler=post_read,
        summary="Mark a conversation as read",
        parameters=InPath,
        answers={200: Read},
        errors=(401, 404, 422, 503),
        secured=True,
    ),
)
