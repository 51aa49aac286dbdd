"""A response that is read while it comes: entered when its head is there, left when its body has been read or is not
wanted any more.

What fails on the way does not raise: the body ends, and the response's `error` says why.
"""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import NoReturn

from surgeline.protocols.http.response import Response


class Streaming:
    """`async with` sends the request and gives the response."""

    def __init__(self, send: Callable[[], Awaitable[Response]]) -> None:
        self._send = send
        self._response: Response | None = None

    def __await__(self) -> NoReturn:
        raise TypeError("write: async with vu.http.stream(...) as response:")

    async def __aenter__(self) -> Response:
        self._response = await self._send()
        return self._response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._response is not None and self._response.stream is not None:
            self._response.stream.close()
