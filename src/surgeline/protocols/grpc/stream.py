"""A stream of messages: those that a script sends, and those that the server sends when it likes.

One class for all three kinds. Must not know how a stream is opened.
"""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from google.protobuf.message import Message

from surgeline._native.grpc_call import StreamingCall
from surgeline.metrics import names
from surgeline.protocols.grpc.messages import encoded
from surgeline.protocols.grpc.outcome import BROKEN_OFF, INTERNAL, Outcome, decoded, end_of
from surgeline.protocols.grpc.response import Response
from surgeline.protocols.grpc.samples import CallSample
from surgeline.protocols.grpc.schema import Method

Opened = tuple[Method, CallSample, Callable[[], StreamingCall]]


class Stream:
    """A stream that is open in its block: `async with client.stream(vu, "package.Service/Method") as stream:`.

    Where the block ends first, the stream ends too. One that takes messages only, or is done with sending, is read to
    its end. Another is broken off, which is the script's wish and no failure.
    """

    def __init__(self, opened: Callable[[], Awaitable[Opened]]) -> None:
        self._opened = opened
        self._call: StreamingCall
        self._method: Method
        self._sample: CallSample
        self._outcome: Outcome | None = None
        self._is_done_sending = False
        self._is_half_closed = False
        self._is_cancelled = False
        self._is_opened = False
        self.response: Response | None = None
        """What the stream came to, when it has ended: its status, trailers, timings."""

    async def __aenter__(self) -> Self:
        if self._is_opened:
            raise RuntimeError("stream: expected a stream(...) for each block, found one a second time")
        self._is_opened = True
        self._method, self._sample, call = await self._opened()
        self._sample.__enter__()
        self._call = self._sample.call = call()
        self._sample.count(names.GRPC_STREAMS)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        try:
            if error is None and (self._is_done_sending or self._method.rpc_type == "client_stream"):
                await self._read_to_the_end()
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._close(error)

    async def send(self, message: Mapping[str, Any] | Message | None = None) -> bool:
        """Send a message; to a server that takes one only, nothing can follow. False: the stream has ended.

        Raises ValueError for a message that cannot be sent, RuntimeError after the last one.
        """
        if self._is_half_closed:
            raise RuntimeError(f"{self._method.path}: expected no message after the last, found another send")
        raw = encoded(message, self._method)
        if self._outcome is not None or self._is_cancelled:
            return False
        is_last = self._method.rpc_type == "server_stream"
        self._is_half_closed = is_last
        with self._cancelled_together():
            if not await self._call.write(raw, is_last):
                return False
        self._sample.count(names.GRPC_STREAMS_MSGS_SENT)
        self._sample.count_traffic()
        return True

    async def done_sending(self) -> None:
        """Say that there is nothing more to send; the server may go on."""
        self._is_done_sending = self._is_half_closed = True
        self._call.half_close()

    async def receive(self) -> Any:
        """Return the next message; None when the stream has ended."""
        if self._outcome is not None or self._is_cancelled:
            return None
        with self._cancelled_together():
            raw = await self._call.read()
        if raw is None:
            return self._end(end_of(self._call))
        message, wrong = decoded(raw, self._method)
        if wrong:
            self._call.cancel()
            return self._end(Outcome(INTERNAL, wrong))
        self._sample.count(names.GRPC_STREAMS_MSGS_RECEIVED)
        self._sample.count_traffic()
        return message

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        message = await self.receive()
        if message is None:
            raise StopAsyncIteration
        return message

    @contextmanager
    def _cancelled_together(self) -> Iterator[None]:
        """Whoever cancels what the script waits for, by a time limit say, cancels the stream."""
        try:
            yield
        except CancelledError:
            self._is_cancelled = True
            self._call.cancel()
            raise

    async def _read_to_the_end(self) -> None:
        await self.done_sending()
        while await self.receive() is not None:
            pass

    def _end(self, outcome: Outcome, *, left: bool = False) -> None:
        """Count the stream: it has ended, whatever the script does afterwards."""
        self._outcome = outcome
        self._sample.settle(outcome, left=left)
        self._sample.__exit__(None, None, None)
        self.response = self._sample.response(outcome)

    def _close(self, error: BaseException | None) -> None:
        if self._outcome is not None:
            return
        self._call.cancel()
        if error is None:
            self._end(BROKEN_OFF, left=not self._is_cancelled)
        else:
            self._sample.__exit__(type(error), error, None)
