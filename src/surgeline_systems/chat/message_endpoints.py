"""Messages of a chat, and how the service is: over HTTP."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.database import is_mariadb
from surgeline_systems.application.errors import ApiError
from surgeline_systems.application.exchange import answer, encoded, read_json, read_parameters
from surgeline_systems.application.operations import Operation
from surgeline_systems.application.process import memory_bytes
from surgeline_systems.application.redis_pipeline import RedisAwayError
from surgeline_systems.application.server import HEALTH_PATH
from surgeline_systems.chat.access import chat_of, signed_in
from surgeline_systems.chat.application_endpoints import CHATS
from surgeline_systems.chat.bodies import Accepted, Health, InChat, InMessages, MessagesPage, NewMessage, Search
from surgeline_systems.chat.message_queue import QueueAwayError
from surgeline_systems.chat.store import Message, StoreError

MESSAGES = CHATS + "/{number}/messages"
HEALTH_SECONDS = 1.0

message_decoder = msgspec.json.Decoder(NewMessage)


async def post_message(request: Request) -> Response:
    """A message is answered 201 as soon as it has its number and is in the queue."""
    given = await read_json(request, message_decoder)
    user = await signed_in(request)
    where = read_parameters(request, InChat)
    chat_id = await chat_of(request, where.token, where.number)
    number = request.state.acceptance.accept(chat_id, user.id, given.body)
    return answer(Accepted(await asyncio.shield(number)), 201)


async def get_messages(request: Request) -> Response:
    """The messages of a chat, newest first: the newest ones from where they are kept ready."""
    await signed_in(request)
    page = read_parameters(request, MessagesPage)
    chat_id = await chat_of(request, page.token, page.number)
    if page.before is None:
        return encoded(await asyncio.shield(request.state.hot_reads.messages(chat_id, page.limit)))
    return answer(await request.state.store.messages(chat_id, page.limit, page.before))


async def get_message(request: Request) -> Response:
    """One message of a chat."""
    await signed_in(request)
    wanted = read_parameters(request, InMessages)
    chat_id = await chat_of(request, wanted.token, wanted.number)
    found = await request.state.store.message(chat_id, wanted.message)
    if found is None:
        raise ApiError(404, "NOT_FOUND", f"chat {wanted.number} has no message {wanted.message}")
    return answer(found)


async def get_found(request: Request) -> Response:
    """The messages of a chat that hold some words, newest first."""
    await signed_in(request)
    search = read_parameters(request, Search)
    chat_id = await chat_of(request, search.token, search.number)
    numbers = await request.state.index.find(chat_id, search.q, search.limit)
    found = await asyncio.gather(*[request.state.store.message(chat_id, number) for number in numbers])
    return answer([one for one in found if one is not None])


async def get_health(request: Request) -> Response:
    """How the service is: without its database, its broker or Redis it answers 503; without a writer messages are
    accepted, and wait.
    """
    state = request.state
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            connections, backlog, writers = await asyncio.gather(
                state.store.connections(), state.hot_reads.backlog(), state.queue.consumers()
            )
    except (StoreError, RedisAwayError, QueueAwayError, TimeoutError):
        connections = backlog = writers = None
    health = Health(
        status="unavailable" if writers is None else "healthy" if writers else "degraded",
        backlog=backlog,
        writers=writers,
        database_connections=connections,
        memory_bytes=memory_bytes(),
        queue="RabbitMQ" if state.settings.rabbitmq_url else "in process",
        database="MariaDB" if is_mariadb(state.settings.database_url) else "PostgreSQL",
    )
    return answer(health, 503 if connections is None else 200)


OPERATIONS = (
    Operation(
        method="POST",
        path=MESSAGES,
        handler=post_message,
        summary="Say something in a chat; the answer is its number",
        body=NewMessage,
        parameters=InChat,
        answers={201: Accepted},
        errors=(400, 401, 404, 413, 422, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=MESSAGES,
        handler=get_messages,
        summary="The messages of a chat, newest first",
        parameters=MessagesPage,
        answers={200: list[Message]},
        errors=(401, 404, 422, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=MESSAGES + "/search",
        handler=get_found,
        summary="The messages of a chat that hold all of some words, newest first",
        parameters=Search,
        answers={200: list[Message]},
        errors=(401, 404, 422, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=MESSAGES + "/{message}",
        handler=get_message,
        summary="A message",
        parameters=InMessages,
        answers={200: Message},
        errors=(401, 404, 422, 503),
        secured=True,
    ),
    Operation(
        method="GET",
        path=HEALTH_PATH,
        handler=get_health,
        summary="How the service is",
        answers={200: Health, 503: Health},
    ),
)
