"""The direct server: HTTP as clients speak it, also those who do not wait, stop in the middle, or talk nonsense."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from surgeline_systems.application import direct_connection, direct_server
from surgeline_systems.application.direct_request import Directly, Received
from surgeline_systems.application.direct_server import listening
from surgeline_systems.application.errors import ApiError, error_handlers
from surgeline_systems.application.exchange import read_body

HOST = "127.0.0.1"


class Service:
    """Echoes what is posted, and answers `/direct` directly when it may."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[asyncio.Future[bytes]] = asyncio.Queue()
        self.port = 0
        self.app = Starlette(
            routes=[Route("/echo/{name}", self.echo, methods=["GET", "POST"]), Route("/broken", self.broken)],
            exception_handlers=error_handlers(KeyError),
            lifespan=self.lifespan,
        )

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {"direct": self.direct}

    def direct(self, request: Received) -> Directly | None:
        if request.path == "/refused":
            raise ApiError(418, "TEAPOT", "no coffee")
        if request.path != "/direct":
            return None
        answer = asyncio.get_running_loop().create_future()
        self.asked.put_nowait(answer)
        return Directly(200, answer, bytes)

    async def echo(self, request: Request) -> Response:
        body = await read_body(request)
        said = f"{request.method} {request.path_params['name']} {request.query_params} {len(body)}"
        return Response(said, headers={"X-Cookie": request.headers.get("cookie", "")})

    async def broken(self, _request: Request) -> Response:
        raise RuntimeError("a defect")


class Client:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, text: str | bytes) -> None:
        self._writer.write(text.encode() if isinstance(text, str) else text)

    def send_no_more(self) -> None:
        self._writer.write_eof()

    async def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body."""
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = dict(line.lower().split(": ", 1) for line in lines[1:-1])
        size = int(headers.get("content-length", 0)) if has_body else 0
        return int(lines[0].split()[1]), headers, await self._reader.readexactly(size)

    async def ask(self, text: str | bytes) -> tuple[int, dict[str, str], bytes]:
        self.send(text)
        return await self.answer()

    async def is_closed(self) -> bool:
        """Waits until the other end has closed."""
        return await self._reader.read() == b""

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


Story = Callable[[Service, Client], Awaitable[None]]


def scenario(story: Story, drain_seconds: float = 60) -> None:
    async def told() -> None:
        service = Service()
        async with listening(service.app, HOST, 0, drain_seconds) as service.port:
            client = Client(*await asyncio.open_connection(HOST, service.port))
            try:
                await story(service, client)
            finally:
                await client.close()

    asyncio.run(told())


def get(path: str, *headers: str) -> str:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *headers, "", ""])


def post(path: str, body: bytes, *headers: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def test_what_is_for_the_application_gets_there_as_it_was_sent():
    async def story(_service: Service, client: Client) -> None:
        status, headers, body = await client.ask(get("/echo/a%20b?x=1%202", "Cookie: k=v"))
        assert (status, body, headers["x-cookie"]) == (200, b"GET a b x=1+2 0", "k=v")
        assert headers["date"].endswith("gmt")
        assert (await client.ask(post("/echo/y", b"12345")))[2] == b"POST y  5"
        assert (await client.ask(get("/nowhere")))[0] == 404

    scenario(story)


def test_a_body_may_come_in_parts_and_after_a_question_whether_it_may():
    async def story(_service: Service, client: Client) -> None:
        client.send("POST /echo/y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
        assert (await client.answer())[0] == 100
        for part in ("3\r\nabc\r\n", "2\r\nde\r", "\n0\r\n\r\n"):
            client.send(part)
            await asyncio.sleep(0)
        assert (await client.answer())[2] == b"POST y  5"

    scenario(story)


def test_what_follows_a_body_in_chunks_is_no_header():
    async def story(_service: Service, client: Client) -> None:
        head = "POST /echo/y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        status, headers, body = await client.ask(f"{head}1\r\na\r\n0\r\nCookie: k=v\r\nExpect: 100-continue\r\n\r\n")
        assert (status, body, headers["x-cookie"]) == (200, b"POST y  1", "")

    scenario(story)


def test_who_expects_something_else_is_not_told_to_go_on():
    async def story(_service: Service, client: Client) -> None:
        assert (await client.ask(post("/echo/y", b"12345", "Expect: wonders")))[0] == 200

    scenario(story)


def test_a_request_as_one_says_it_to_a_proxy_is_for_this_server():
    async def story(_service: Service, client: Client) -> None:
        assert (await client.ask(get("http://other.example/echo/y?x=1")))[2] == b"GET y x=1 0"
        for nowhere in ("http://other.example", "*"):
            assert (await client.ask(get(nowhere)))[0] == 404

    scenario(story)


def test_a_head_has_no_body_and_says_how_long_it_would_be():
    async def story(_service: Service, client: Client) -> None:
        client.send(get("/echo/y").replace("GET", "HEAD"))
        status, headers, _ = await client.answer(has_body=False)
        assert (status, headers["content-length"]) == (200, "9")
        assert (await client.ask(get("/echo/y")))[0] == 200

    scenario(story)


def test_answers_come_in_the_order_of_the_requests_however_many_are_sent_ahead():
    many = 3 * direct_connection.MOST_AHEAD

    async def story(service: Service, client: Client) -> None:
        client.send(get("/direct") + "".join(get(f"/echo/{number}") for number in range(many)))
        (await service.asked.get()).set_result(b"first")
        assert (await client.answer())[2] == b"first"
        for number in range(many):
            assert (await client.answer())[2] == f"GET {number}  0".encode()

    scenario(story)


def test_a_client_that_does_not_read_gets_all_when_it_does():
    many, size = 64, 100_000

    async def story(service: Service, client: Client) -> None:
        client.send("".join(get("/direct") for _ in range(many)))
        for number in range(1, many + 1):
            if number > 2:  # more is answered only when the first ones are read
                assert (await client.answer())[2] == b"x" * size
            (await service.asked.get()).set_result(b"x" * size)
        for _ in range(2):
            assert (await client.answer())[2] == b"x" * size

    scenario(story)


@pytest.mark.parametrize("error", [KeyError("away"), RuntimeError("a defect")])
def test_a_direct_answer_that_fails_is_answered_as_the_application_does(error: Exception):
    async def story(service: Service, client: Client) -> None:
        client.send(get("/direct"))
        (await service.asked.get()).set_exception(error)
        assert (await client.answer())[0] == (503 if isinstance(error, KeyError) else 500)
        assert (await client.ask(get("/refused")))[0] == 418
        assert (await client.ask(get("/broken")))[0] == 500
        assert (await client.ask(get("/echo/y")))[0] == 200

    scenario(story)


@pytest.mark.parametrize("request_", [get("/echo/y", "Connection: close"), get("/echo/y").replace("1.1", "1.0")])
def test_who_wants_the_connection_closed_has_it_closed(request_: str):
    async def story(_service: Service, client: Client) -> None:
        _, headers, _ = await client.ask(request_)
        assert headers["connection"] == "close"
        assert await client.is_closed()

    scenario(story)


@pytest.mark.parametrize(
    "nonsense",
    [
        "hello\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /echo/y HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        get("/echo/y", f"X: {'x' * direct_connection.MOST_HEAD_BYTES}"),
        f"GET /echo/y HTTP/1.1\r\nX: {'x' * direct_connection.MOST_HEAD_BYTES}",  # and no end of it
        "GET /echo/y HTTP/1.1\r\n\r\n",
        get("/echo/y", "Host: y"),
        get("/echo/y", "Host: y").replace("1.1", "1.0"),
        get("/echo/y", " folded").replace("GET", "G E T"),
    ],
)
def test_what_is_not_http_is_refused_and_the_connection_closed(nonsense: str):
    async def story(_service: Service, client: Client) -> None:
        assert (await client.ask(nonsense))[0] == 400
        assert await client.is_closed()

    scenario(story)


def test_of_a_body_that_is_too_long_no_more_is_kept_than_tells_so():
    async def story(_service: Service, client: Client) -> None:
        assert (await client.ask(post("/echo/y", b"x" * 5_000_000)))[0] == 413
        assert (await client.ask(post("/echo/y", b"x" * 65_536)))[0] == 200

    scenario(story)


def test_nothing_else_than_http_is_spoken_here():
    async def story(_service: Service, client: Client) -> None:
        upgrade = get("/echo/y", "Connection: Upgrade", "Upgrade: websocket")
        assert (await client.ask(upgrade))[0] == 200
        assert await client.is_closed()

    scenario(story)


def test_a_client_that_sends_no_more_is_still_answered():
    async def story(service: Service, client: Client) -> None:
        client.send(get("/direct"))
        answer = await service.asked.get()
        client.send_no_more()
        other = Client(*await asyncio.open_connection(HOST, service.port))
        await other.ask(get("/echo/y"))  # by now the end has been heard of
        answer.set_result(b"here")
        _, headers, body = await client.answer()
        assert (body, headers["connection"]) == (b"here", "close")
        assert await client.is_closed()
        other.send_no_more()
        assert await other.is_closed()
        await other.close()

    scenario(story)


def test_a_client_that_leaves_does_no_harm():
    async def story(service: Service, client: Client) -> None:
        client.send(get("/direct"))
        answer = await service.asked.get()
        await client.close()
        answer.set_result(b"nobody")
        other = Client(*await asyncio.open_connection(HOST, service.port))
        assert (await other.ask(get("/echo/y")))[0] == 200
        await other.close()

    scenario(story)


def test_a_connection_on_which_nothing_comes_is_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(direct_server, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(direct_server, "DATE_SECONDS", 0.01)

    async def story(_service: Service, client: Client) -> None:
        assert await client.is_closed()

    scenario(story)


def test_a_connection_whose_client_does_not_read_is_closed_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(direct_server, "DATE_SECONDS", 0.01)
    left = asyncio.Event()

    class Watched(direct_server.Desk):
        def leave(self, connection: direct_connection.Connection) -> None:
            super().leave(connection)
            left.set()

    monkeypatch.setattr(direct_server, "Desk", Watched)

    async def story(service: Service, client: Client) -> None:
        client.send(get("/direct") + get("/direct"))
        (await service.asked.get()).set_result(b"x" * 50_000_000)
        monkeypatch.setattr(direct_server, "IDLE_SECONDS", 0.0)
        await left.wait()
        with pytest.raises(asyncio.IncompleteReadError):
            await client.answer()

    scenario(story)


def test_at_the_end_who_waits_is_answered_and_who_does_not_is_not_waited_for():
    async def told() -> None:
        service = Service()
        serving = listening(service.app, HOST, 0, 60)
        port = await serving.__aenter__()
        waiting, idle = [Client(*await asyncio.open_connection(HOST, port)) for _ in range(2)]
        waiting.send(get("/direct"))
        answer = await service.asked.get()
        ending = asyncio.create_task(serving.__aexit__(None, None, None))
        assert await idle.is_closed()
        answer.set_result(b"still answered")
        _, headers, body = await waiting.answer()
        assert (body, headers["connection"]) == (b"still answered", "close")
        assert await waiting.is_closed()
        await ending
        for client in (waiting, idle):
            await client.close()

    asyncio.run(told())
