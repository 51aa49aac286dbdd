"""HTTP/2 for clients: channels to servers, and their connections, which only native code makes."""

from collections.abc import Callable, Iterable

from surgeline._native.http_origin import Origin
from surgeline._native.poller import Completion, Poller

def literals(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return header fields as HPACK has them where no table is asked: for a stream of any connection."""

class Head:
    """Header fields that many streams begin with; each connection compresses them once."""

    fields: tuple[tuple[bytes, bytes], ...]
    def __init__(self, fields: Iterable[tuple[bytes, bytes]]) -> None: ...

class Stream(Completion[None]):
    """One stream; what is made of it, subclasses say."""

class Channel:
    """The way to a server: one connection, opened by the first stream, and by the next when it was lost.

    `describe_error(stage, number, detail)` gives (code, words) for the stages of `http_connection`. With `resumes`,
    each connection takes up the TLS session of the last.
    """

    def __init__(
        self,
        poller: Poller,
        origin: Origin,
        describe_error: Callable[[str, int, object], tuple[int, str]],
        resumes: bool = False,
    ) -> None: ...
    def close(self) -> None:
        """Close every connection; streams under way are cancelled."""
