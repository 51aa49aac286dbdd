"""Serves an application over HTTP/1.1 where every microsecond counts: in one thread, on asyncio, parsed by httptools.

Granian hands each request from a thread of its own to the one of the application, for 20 us of processor time and more;
this takes 7. What the application has to say it says as ASGI, as behind any server. What it can say directly, it says
by `direct` in the state that its lifespan gives: a function from a request to its answer, or to nothing where that is
for ASGI. It must not know what is asked, nor what is answered.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette

from surgeline_systems.application.direct_connection import Connection
from surgeline_systems.application.direct_request import Direct
from surgeline_systems.application.stop_signals import stop_signalled

BACKLOG = 1_024
# A connection on which nothing comes for so long is closed.
IDLE_SECONDS = 75.0
DATE_SECONDS = 1.0
# What direct answers may be.
STATUSES = (HTTPStatus.OK, HTTPStatus.CREATED)


def run(app: Starlette, host: str, port: int, drain_seconds: float) -> None:
    """Serve until SIGTERM or SIGINT; what has come by then is answered, for at most `drain_seconds`."""
    asyncio.run(_serve(app, host, port, drain_seconds))


async def _serve(app: Starlette, host: str, port: int, drain_seconds: float) -> None:
    stopped = stop_signalled()  # also while it starts: then it ends as soon as it has
    async with listening(app, host, port, drain_seconds):
        await stopped.wait()


@asynccontextmanager
async def listening(app: Starlette, host: str, port: int, drain_seconds: float) -> AsyncIterator[int]:
    """Serve while the block runs; gives the port, which is any free one for 0."""
    async with app.router.lifespan_context(app) as state:
        desk = Desk(app, dict(state or {}))
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(desk), host, port, backlog=BACKLOG)
        looking = asyncio.create_task(desk.look_after())
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            listener.close()
            await desk.close(drain_seconds)
            looking.cancel()


class Desk:
    """What all connections have in common."""

    def __init__(self, app: Starlette, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state
        self.direct: Direct = state["direct"]
        self._connections: set[Connection] = set()
        self._all_gone = asyncio.Event()
        self._is_closing = False
        self._set_date()

    def enter(self, connection: Connection) -> None:
        """There is a new one."""
        self._connections.add(connection)
        if self._is_closing:
            connection.close()

    def leave(self, connection: Connection) -> None:
        """It has been closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    async def look_after(self) -> None:
        """Keep the date right, and close connections that nobody uses."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(DATE_SECONDS)
            self._set_date()
            for connection in list(self._connections):
                if connection.is_idle and connection.last_read < clock() - IDLE_SECONDS:
                    connection.abort()

    async def close(self, timeout: float) -> None:
        """Answer what has come, for at most so many seconds."""
        self._is_closing = True
        self._all_gone.clear()
        for connection in list(self._connections):
            connection.close()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), timeout)

    def _set_date(self) -> None:
        self.date = formatdate(usegmt=True).encode()
        self.heads = {int(status): _head(status, self.date) for status in STATUSES}


def _head(status: HTTPStatus, date: bytes) -> bytes:
    start = b"HTTP/1.1 %d %b\r\ndate: %b" % (status, status.phrase.encode(), date)
    return start + b"\r\ncontent-type: application/json\r\ncontent-length: "
