"""A call: what a script awaits; and the body that comes in pieces."""

from collections.abc import Awaitable

class HttpCall:
    """A call under way; an awaitable of its response."""

    body: bytes | None
    """The request's body, where it is bytes."""
    deadline: int
    """When the call has to be over, on the monotonic clock."""

class BodyStream:
    """The body of a response, read while it comes. A server that is faster than its reader has to wait."""

    ended: bool
    def read(self) -> Awaitable[bytes]:
        """Wait for the next bytes: all that came since the last; b"" after the end, whichever way it came about.

        Raises RuntimeError where another task is waiting.
        """

    def close(self) -> None:
        """Take no more of it. What is not there yet by then never comes, and the connection is closed."""
