"""Calls of gRPC on streams of HTTP/2: bytes of messages both ways, and the status that each call came to."""

from surgeline._native.http2_connection import Channel, Head, Stream
from surgeline._native.poller import Completion

class GrpcCall(Stream):
    """A call; what waits for it, waits until it is over.

    `fields` are those that only this call begins with, as `literals` writes them. `timeout_ns` is from now on, None for
    ever. `message` is the only one, where it is given. A call that is cancelled is broken off.
    """

    code: int
    """Of the status; -1 before the end."""
    error: str
    """What the server says of it, or why there is no answer."""
    headers: list[tuple[bytes, bytes]] | None
    trailers: list[tuple[bytes, bytes]] | None
    is_over: bool
    def __init__(
        self, channel: Channel, head: Head, fields: bytes, timeout_ns: int | None, message: bytes | None = None
    ) -> None: ...
    def take_traffic(self) -> tuple[int, int]:
        """Return how many bytes were sent and received since this was last asked.

        Those that a connection spends on itself count for the call that asks next.
        """

class UnaryCall(GrpcCall):
    """One message each way."""

    message: bytes | None
    """The answer."""

class StreamingCall(GrpcCall):
    """Messages both ways; one task at a time may read."""

    def read(self) -> Completion[bytes | None]:
        """The next message; None when there are no more, because the call is over."""

    def write(self, message: bytes, is_last: bool = False) -> Completion[bool]:
        """Send a message; True when it is on its way, False where the call is over."""

    def half_close(self) -> None:
        """Say that no message follows."""
